"""Ce qui se dit à l'écran : des durées, des lignes à taper, ce qui manque à la machine."""

import errno
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
            def write(self, text): return self.screen.write(text)
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
