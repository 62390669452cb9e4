"""Écrire tout ou rien : un bloc qui échoue, un arrêt brutal, deux processus qui écrivent le même dossier."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import AURORE

from atelier import atomic
from atelier.errors import AuroreError

FILES = 20


def write(target: Path, content: str, files: int = 1) -> None:
    with atomic.atomic_write(target) as partial:
        partial.mkdir()
        for number in range(files):
            (partial / str(number)).write_text(content)


def content(folder: Path) -> str:
    """Ce que contiennent tous les fichiers du dossier."""
    (only,) = {path.read_text() for path in folder.iterdir()}
    return only


@pytest.fixture
def process():
    """`process(code, *arguments)` : un Python qui exécute ce code, où `atomic_write`, `write` et `content` sont connues."""
    started = []
    header = f"import sys; sys.path[:0] = {[str(AURORE), *sys.path]!r}\n"
    header += (
        "from pathlib import Path\nfrom atelier.atomic import atomic_write\nfrom test_atomic import content, write\n"
    )

    def start(code: str, *arguments) -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", header + code, *map(str, arguments)],
                cwd=Path(__file__).parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path):
    target = tmp_path / "data"
    for text in ("un", "deux"):
        write(target, text)
    with pytest.raises(KeyboardInterrupt), atomic.atomic_write(target) as partial:
        partial.mkdir()
        raise KeyboardInterrupt
    assert content(target) == "deux" and os.listdir(tmp_path) == ["data"]


SLOW_WRITER = f"""
with atomic_write(Path(sys.argv[1])) as partial:
    partial.mkdir()
    for number in range({FILES}):
        if number == {FILES // 2}:
            print("à moitié", flush=True)
            input()
        (partial / str(number)).write_text("lent")
"""


def test_of_two_processes_that_write_a_folder_the_last_to_end_wins_and_nothing_is_mixed(process, tmp_path):
    target = tmp_path / "data"
    slow = process(SLOW_WRITER, target)
    assert slow.stdout.readline()
    write(target, "rapide", FILES)
    assert content(target) == "rapide"
    slow.communicate("\n")
    assert slow.returncode == 0 and content(target) == "lent" and len(list(target.iterdir())) == FILES
    assert os.listdir(tmp_path) == ["data"]


OFTEN = f"""
for _ in range(100):
    write(Path(sys.argv[1]), sys.argv[2], {FILES})
"""


def test_two_processes_that_never_stop_writing_a_folder_leave_it_whole(process, tmp_path):
    target = tmp_path / "data"
    writers = [process(OFTEN, target, name) for name in ("un", "deux")]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert content(target) in ("un", "deux") and len(list(target.iterdir())) == FILES
    assert os.listdir(tmp_path) == ["data"]


KILLED = """
import os, signal
target, moment, seen = Path(sys.argv[1]), int(sys.argv[2]), 0
def watch(event, arguments):
    global seen
    if event.startswith(("open", "os.", "shutil.", "tempfile.")) and str(target.parent) in str(arguments):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)
for moment in range(1, 1000):
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, content(atomic_restored(target)), flush=True)
        if code == 0:
            break
    else:
        sys.addaudithook(watch)
        write(target, "nouveau", 3)
        os._exit(0)
    write(target, "ancien", 3)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="il faut dédoubler le processus")
def test_killed_at_any_moment_it_leaves_the_old_folder_or_the_new_one(process, tmp_path):
    target = tmp_path / "data"
    write(target, "ancien", 3)
    code = "from atelier.atomic import restored as atomic_restored\n" + KILLED
    outcomes = [line.split() for line in process(code, target, 0).communicate()[0].splitlines()]
    assert len(outcomes) > 10 and {code for code, _ in outcomes[:-1]} == {"-9"} and outcomes[-1] == ["0", "nouveau"]
    assert {left for _, left in outcomes} == {"ancien", "nouveau"}

    assert len(os.listdir(tmp_path)) > 1, "ce que les morts ont laissé"
    for left in tmp_path.glob("*.partial"):
        os.utime(left, (0, 0))
    write(target, "ancien")
    assert os.listdir(tmp_path) == ["data"], "et qui ne reste pas"


def test_what_another_process_is_writing_is_not_swept(tmp_path):
    with atomic.atomic_write(tmp_path / "data") as partial:
        write(tmp_path / "data", "un")
        write(tmp_path / "data.json", "autre chose")
        partial.mkdir()
    assert sorted(os.listdir(tmp_path)) == ["data", "data.json"]


def test_the_disk_and_this_machine_may_disagree_about_the_hour(tmp_path, monkeypatch):
    now = atomic.time.time()
    with atomic.provisional(tmp_path / "data") as theirs:
        monkeypatch.setattr(atomic.time, "time", lambda: now + 10 * atomic.STALE)
        write(tmp_path / "data", "à moi")
        assert theirs.parent.exists()


def test_a_folder_that_cannot_take_its_place_gives_the_old_one_back(tmp_path, monkeypatch):
    write(tmp_path / "data", "ancien")

    def refuse(source, destination):
        raise PermissionError("l'antivirus le tient ouvert")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(atomic, "PAUSE", 0)
    with pytest.raises(AuroreError, match="un autre programme s'en sert"):
        write(tmp_path / "data", "nouveau")
    assert content(tmp_path / "data") == "ancien" and os.listdir(tmp_path) == ["data"]


def test_a_folder_that_is_held_for_an_instant_is_waited_for(tmp_path, monkeypatch):
    write(tmp_path / "data", "ancien")
    rename, refusals = os.rename, [1, 2, 3]

    def hold(source, destination):
        if refusals:
            refusals.pop()
            raise PermissionError("un lecteur")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", hold)
    monkeypatch.setattr(atomic, "PAUSE", 0)
    write(tmp_path / "data", "nouveau")
    assert content(tmp_path / "data") == "nouveau" and os.listdir(tmp_path) == ["data"]
