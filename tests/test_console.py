"""Ce qui se dit à l'écran : des durées, des lignes à taper, ce qui manque à la machine."""

import errno
import re
import subprocess
import sys

import pytest

from atelier import console, launch, settings
from atelier.exercises import judge


def test_a_duration_is_told_in_the_two_units_that_matter():
    told = {0.4: "0 s", 45: "45 s", 59.6: "1 min 00 s", 580: "9 min 40 s", 3600: "1 h 00 min", 7530: "2 h 05 min"}
    assert {seconds: console.duration(seconds) for seconds in told} == told


def test_a_command_is_typed_from_the_project_with_the_python_that_runs(monkeypatch):
    monkeypatch.chdir("/")
    monkeypatch.setattr(console, "IN_CONTAINER", False)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python")
    assert console.command("check.py 1") == "python aurore/check.py 1"
    python = settings.FOLDER.parent / ".venv" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    assert console.command("check.py 1") == f"{python.relative_to(settings.FOLDER.parent)} aurore/check.py 1"


def test_in_a_container_a_command_is_the_line_of_the_other_terminal(monkeypatch):
    monkeypatch.setattr(console, "IN_CONTAINER", True)
    monkeypatch.setenv("AURORE_MODEL", "mini")
    assert console.command("5_flask.py") == (
        'docker run --rm -it -p 80:80 -e AURORE_MODEL=mini -v "$PWD/aurore:/aurore" text-gen python aurore/5_flask.py'
    )


def test_in_a_container_a_file_is_where_the_person_has_it(monkeypatch):
    data, elsewhere = settings.FOLDER / "data", settings.FOLDER.parent / "ailleurs"
    assert console.shown(data) == str(data)
    monkeypatch.setattr(console, "IN_CONTAINER", True)
    assert console.shown(data) == "aurore/data" and console.shown(elsewhere) == str(elsewhere)


def test_the_demonstration_goes_to_the_next_step_by_itself(monkeypatch):
    monkeypatch.delenv("AURORE_DEMO", raising=False)
    assert console.next_step("Ensuite : …") == "Ensuite : …"
    monkeypatch.setenv("AURORE_DEMO", "1")
    assert console.next_step("Ensuite : …") == ""


def test_a_number_is_written_as_in_french():
    shown = [console.number(1068739), console.number(42.36, 1), console.number(999), console.number(-1234.5, 2)]
    assert shown == ["1\u00a0068\u00a0739", "42,4", "999", "-1\u00a0234,50"]
    assert [console.exact(value) for value in (2**32 - 1, 0.5, 2e-5)] == [
        "4\u00a0294\u00a0967\u00a0295",
        "0,5",
        "0,00002",
    ]


def test_numbers_are_put_in_french_in_one_place():
    by_hand = re.compile(r""":,[.\d]*f?\}|replace\("\.", ","\)|u202f""")
    sources = [path for path in settings.FOLDER.rglob("*.py") if path.parent.name != "mini"]
    assert {path.name for path in sources if by_hand.search(path.read_text("utf-8"))} <= {"console.py", "prose.py"}


def refusal(code: int, path) -> OSError:
    return OSError(code, "refusé", str(path))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_the_working_folder_is_blamed_only_for_itself(code):
    said = console.explain(refusal(code, settings.HOME / "data" / "x"))
    assert str(settings.HOME) in said and "AURORE_HOME" in said
    said = console.explain(refusal(code, "/etc/shadow"))
    assert "/etc/shadow" in said and "AURORE_HOME" not in said


def test_a_full_disk_is_the_one_where_we_were_writing():
    assert f"le disque de {settings.HOME}." in console.explain(refusal(errno.ENOSPC, settings.HOME / "data"))
    assert "le disque de /elsewhere/x." in console.explain(refusal(errno.ENOSPC, "/elsewhere/x"))


def test_mini_is_not_advised_to_who_has_it(monkeypatch):
    assert "AURORE_MODEL" in console.explain(MemoryError())
    monkeypatch.setattr(console, "BASE_MODEL", "mini")
    assert "AURORE_MODEL" not in console.explain(MemoryError()) and "--batch-size 4" in console.explain(MemoryError())


def test_a_learner_who_opens_a_forbidden_file_is_told_the_line(tmp_path, monkeypatch):
    path = tmp_path / "1_prepare_dataset.py"
    path.write_text("def read_lines(path):\n    raise PermissionError(13, 'refusé', '/root/x')\n", "utf-8")
    with pytest.raises(PermissionError) as failed:
        judge.load(path).read_lines(path)
    said = launch.explain(failed.value)
    assert "aurore/1_prepare_dataset.py:2" in said and "AURORE_HOME" not in said


EDITORS = {  # ce qu'un éditeur met à la place de la console
    "IDLE": "sys.stdout, sys.stderr = Shell(sys.__stdout__), Shell(sys.__stderr__)",
    "une fenêtre sans console": "sys.stdout = sys.stderr = None",
    "un autre fil": "elsewhere = threading.Thread",
}


@pytest.mark.parametrize("editor", EDITORS)
def test_a_script_runs_in_an_editor(editor, tmp_path):
    program = f"""if True:
        import io, sys, threading
        class Shell(io.TextIOBase):  # comme les siens, il dit être un terminal et ne se règle pas
            def __init__(self, screen): self.screen = screen
            def isatty(self): return True
            def write(self, text): print(text, end="", file=self.screen, flush=True)
        elsewhere = None
        {EDITORS[editor]}
        sys.path.insert(0, {str(settings.FOLDER)!r})
        from atelier import console, launch, quiet
        from atelier.exercises import report
        def main():
            print(report.sign("right"), console.progress())
            console.tell("dit")
            open({str(tmp_path / "done")!r}, "w").close()
        if elsewhere:
            thread = elsewhere(target=launch.run, args=(main,))
            thread.start()
            thread.join()
        else:
            launch.run(main)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert (tmp_path / "done").exists() and not done.returncode, done.stderr
    assert "Traceback" not in done.stderr and (editor == "une fenêtre sans console" or " 2\n" in done.stdout)
