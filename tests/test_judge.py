"""Juger le fichier d'une personne, quoi qu'elle y ait écrit : des fautes de frappe, des boucles sans fin, rien du tout."""

import hashlib
import re
import sys
import threading
import time
from pathlib import Path

import attempts
import pytest

from atelier import exercises
from atelier.exercises import calls, judge, process, python_errors


@pytest.mark.parametrize(
    "source, explanation",
    [
        ("def f(:\n    pass\n", "Python ne comprend pas cette ligne"),
        ("def f()\n    pass\n", r"Il manque « : » .*ligne 1 : `def f\(\)`"),
        ("x = (1,\n", r"`\(` n'est jamais refermé"),
        ("x = 'oui\n", "guillemet s'ouvre"),
        ("x = “oui”\n", "`“` ne convient pas"),
        ("def f():\nreturn 1\n", "au moins une ligne en retrait"),
        ("if 1:\n        x = 1\n    y = 2\n", "ne s'aligne"),
        ("if 1:\n\tx = 1\n        y = 2\n", "tabulations et des espaces"),
        ("  x = 1\n", "trop à droite"),
        ("return 1\n", "`return` n'est plus dans sa fonction"),
        ("x = 'é'\n".encode("cp1252"), "n'est pas en UTF-8"),
        ("x = 'é'\n".encode("utf-16"), "n'est pas en UTF-8"),
        ("import sis\n", "`sis`"),
        ("print(inconnu)\n", "`inconnu` n'existe pas"),
        ("exit()\n", "appelle `exit"),
    ],
)
def test_a_file_that_does_not_load_is_explained(source, explanation, tmp_path):
    path = tmp_path / "1_prepare_dataset.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with pytest.raises((Exception, SystemExit)) as failed:
        judge.load(path)
    assert re.search(explanation, python_errors.explain(failed.value))


GUARD = 'if __name__ == "__main__":\n    launch.run(main)\n'


@pytest.mark.parametrize(
    "launched", ["main()\n", "launch.run(main)\n", f"main()\n\n\n{GUARD}", "import sys\nmain(sys.argv)\n"]
)
def test_a_file_that_runs_as_soon_as_it_is_read_is_told_which_line(stub_file, launched):
    source = exercises.stub("2").replace(GUARD, launched)
    stub_file.write_text(source, "utf-8")
    with pytest.raises(judge.Unguarded) as refusal:
        judge.load(stub_file)
    line = next(
        number for number, line in enumerate(source.splitlines(), 1) if line.startswith(("main(", "launch.run("))
    )
    assert f"La ligne {line}, `" in str(refusal.value) and "__main__" in str(refusal.value)


def test_the_judge_repeats_it(stub_file):
    stub_file.write_text(attempts.completed(exercises.stub("2"), "2.2").replace(GUARD, "main()\n"), "utf-8")
    assert "lance tout le script" in process.judge_step("2", ["2.2"])["2.2"].mistake


@pytest.fixture
def stub_file(tmp_path, monkeypatch):
    """Le fichier que la vérification prend pour celui de la personne, à l'étape 2."""
    path = tmp_path / "2_tokenize.py"
    monkeypatch.setattr(exercises, "stub_of", lambda step: path)
    return path


def test_what_never_ends_ends_everything_or_is_gone_does_not_stop_the_others(stub_file, monkeypatch):
    monkeypatch.setattr(process, "SECONDS", 0.3)
    monkeypatch.setattr(process, "GRACE", 8)
    source = exercises.stub("2")
    for before, after in {
        r'console\.todo\("2.1"\)': "while True: pass",
        r'console\.todo\("2.2"\)': "'Bonjour'",
        r'console\.todo\("2.3"\)': "exit()",
        r'console\.todo\("2.4"\)': "__import__('os')._exit(0)",
        r'console\.todo\("2.5"\)': "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass",
        r"def retrain\(": "def rentrain(",
    }.items():
        source, found = re.subn(before, after, source)
        assert found == 1
    stub_file.write_text(source, "utf-8")
    verdicts = process.judge_step("2", ["2.1", "2.2", "2.3", "2.6", "2.4", "2.5"])
    assert "boucle sans fin (ligne" in verdicts["2.1"].mistake and "while True" in verdicts["2.1"].mistake
    assert verdicts["2.2"].mark == judge.RIGHT
    assert "`exit()`" in verdicts["2.3"].mistake
    assert "`retrain` n'est plus dans le fichier" in verdicts["2.6"].mistake
    assert "arrêté net" in verdicts["2.4"].mistake
    assert "Toujours pas fini au bout de" in verdicts["2.5"].mistake


@pytest.mark.skipif(sys.platform != "linux", reason="Linux seul borne la mémoire d'un processus")
def test_what_grows_without_end_is_stopped_and_memory_is_named(stub_file):
    source = exercises.stub("2")
    for before, after in {
        r'text = console\.todo\("2.2"\)': "text = 'Bonjour '\n    while True: text += text",
        r'console\.todo\("2.3"\)': "list(range(10**9))",
        r'console\.todo\("2.4"\)': "[0] * 10**12",
        r'console\.todo\("2.5"\)': "__import__('os').kill(__import__('os').getpid(), 9)",  # ce que fait le noyau
    }.items():
        source, found = re.subn(before, after, source)
        assert found == 1
    stub_file.write_text(source, "utf-8")
    for number, verdict in process.judge_step("2", ["2.2", "2.3", "2.4", "2.5"]).items():
        assert "mémoire" in verdict.mistake, (number, verdict)


def test_what_is_printed_while_the_judge_begins_is_no_answer(stub_file, tmp_path, monkeypatch):
    """Un `usercustomize.py`, une bibliothèque bavarde."""
    (tmp_path / "sitecustomize.py").write_text("print('essai')\nprint('[1]')\nprint('{}', flush=True)\n", "utf-8")
    stub_file.write_text(attempts.completed(exercises.stub("2"), "2.2"), "utf-8")
    begin = process.Judge.launch

    def launch(arguments, env, **options):
        return begin(arguments, env=env | {"PYTHONPATH": str(tmp_path)}, **options)

    monkeypatch.setattr(process.Judge, "launch", staticmethod(launch))
    assert process.judge_step("2", ["2.2"])["2.2"].mark == judge.RIGHT


@pytest.fixture
def no_judge(monkeypatch):
    monkeypatch.setattr(process, "Judge", lambda step: pytest.fail("rien n'est à juger"))


def test_what_is_not_begun_needs_no_judge(stub_file, no_judge):
    stub_file.write_text("# Mon essai\n" + exercises.stub("2").replace("\n\n\n", "\n\n"), "utf-8")
    assert {verdict.mark for verdict in process.judge_step("2", ["2.1", "2.2"]).values()} == {judge.NOT_STARTED}


def test_a_slip_belongs_to_its_function_and_the_others_are_judged(stub_file):
    """Une parenthèse, une ligne trop à gauche : chacune est dite, à sa ligne, et les autres fonctions se jugent."""
    source = exercises.stub("2")
    for number, code in {"2.1": "return len((", "2.2": "", "2.3": "ids = []"}.items():
        source = attempts.completed(source, number, code)
    source = source.replace("    ids = []\n", "ids = []\n")
    stub_file.write_text(source, "utf-8")
    learner, solution = judge.load(stub_file), judge.load(exercises.solution_of("2"))
    verdicts = {
        number: judge.judge(exercises.find(number), learner, solution) for number in ("2.1", "2.2", "2.3", "2.4")
    }
    lines = [""] + source.splitlines()
    assert f"n'est jamais refermé. (ligne {lines.index('    return len((')} : " in verdicts["2.1"].mistake
    assert "trop à droite, ou celle d'avant trop à gauche" in verdicts["2.3"].mistake
    assert f"(ligne {lines.index('    return ids')} : " in verdicts["2.3"].mistake
    assert verdicts["2.2"].mark == judge.RIGHT and verdicts["2.4"].mark == judge.NOT_STARTED
    stub_file.write_text(source.replace("import ", "import (", 1), "utf-8")
    with pytest.raises(SyntaxError):
        judge.load(stub_file)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ne réunit pas les processus d'un même parent")
def test_what_an_answer_has_launched_ends_with_it(stub_file, tmp_path):
    code = f"""import subprocess
text = "Bonjour"
child = subprocess.Popen(["sleep", "1000"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))"""
    stub_file.write_text(attempts.completed(exercises.stub("2"), "2.2", code), "utf-8")
    assert process.judge_step("2", ["2.2"])["2.2"].mark == judge.RIGHT
    child = int((tmp_path / "pid").read_text())
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        time.sleep(0.1)  # le signal est parti ; un processus qui ne meurt pas se verra au temps que prend l'essai


def test_a_missing_file_can_be_found_again(stub_file):
    assert "--reset" in process.judge_step("2", ["2.1"])["2.1"].mistake


def test_what_a_function_prints_cannot_fill_the_memory():
    printed = calls.call(lambda: [print("x" * 1000) for _ in range(10_000)]).printed
    assert len(printed) < 200_000


def test_what_other_threads_compute_does_not_count(interruptible):
    def compute(until: float) -> None:
        while time.process_time() < until:
            hashlib.sha256(bytes(10_000_000))  # sans le verrou de Python

    with judge.time_limit(0.5):
        thread = threading.Thread(target=compute, args=(time.process_time() + 1.5,))
        thread.start()
        thread.join()


def test_what_the_main_thread_computes_counts(interruptible):
    with pytest.raises(KeyboardInterrupt), judge.time_limit(0.2):
        while True:
            pass
