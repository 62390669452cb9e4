"""`check.py --watch`, tel qu'il se suit dans un terminal : ce qui s'y tape, ce qui s'y lit."""

import os
import re
import signal
import subprocess
import sys

import pytest
from attempts import answer
from scripts import environment, run

from atelier import exercises

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows n'a pas de pseudo-terminal")
COLUMNS = 70
CODE = " " * 6  # le retrait d'une solution
CLEAR = r"\x1b\[\d?[HJ]"


@pytest.fixture
def terminal(workshop, interruptible):
    """`check.py 2 --watch`, dans un terminal de `COLUMNS` colonnes."""
    ours, theirs = os.openpty()
    subprocess.run(["stty", "cols", str(COLUMNS), "rows", "50"], stdin=theirs, check=True)
    process = subprocess.Popen(
        [sys.executable, workshop / "check.py", "2", "--watch"],
        cwd=workshop,
        env=environment(workshop) | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    yield Terminal(ours, process)
    process.kill()
    process.wait()
    os.close(ours)


class Terminal:
    """Ce qu'une personne y tape, et ce qu'elle y lit."""

    def __init__(self, descriptor: int, process: subprocess.Popen):
        self.descriptor, self.process = descriptor, process

    def until(self, sought: str) -> str:
        """Ce qui s'écrit, jusqu'à ces mots."""
        written = ""
        while sought not in " ".join(written.split()):
            try:
                written += os.read(self.descriptor, 1 << 16).decode("utf-8", errors="replace")
            except OSError:  # le programme est fini
                pytest.fail(f"« {sought} » n'est pas venu :\n{written}")
        written = re.sub(CLEAR, "", written)
        sentences = [line for line in written.replace("\r", "").splitlines() if not line.startswith(CODE)]
        assert max(map(len, sentences)) <= COLUMNS, "aucune phrase n'est coupée par l'écran"
        return " ".join(written.split())

    def types(self, line: str) -> None:
        os.write(self.descriptor, f"{line}\n".encode())


def test_watch_follows_the_learner_from_one_exercise_to_the_next(workshop, terminal):
    shown = terminal.until("Ctrl-C : arrêter.")
    assert shown.startswith("Étape 2 : ouvrez aurore/2_tokenize.py. Je vérifie…") and "· 2.1" in shown
    assert "check.py" not in shown, "une seule façon de demander un indice : Entrée"
    terminal.types("")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "Étape 2 · 2.1" in shown and "Indice 2 sur 3" in shown

    answer(workshop, _2_1="return AutoTokenizer.from_pretrained('gpt2')")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert shown.startswith("Je vérifie…") and "✘ 2.1 Charger" in shown and "écrit en dur" in shown

    path = workshop / "2_tokenize.py"
    path.write_text(path.read_text("utf-8").replace("('gpt2')", "(model_name)"), "utf-8")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "✔ 2.1 Charger" in shown and exercises.find("2.1").learnt in shown and "✔ 2.1 · 2.2" in shown

    answer(workshop, _2_2="text = (")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "n'est jamais refermé" in shown and "✔ 2.1 ✘ 2.2" in shown
    assert run(str(workshop / "check.py"), "2.2", "--hint", home=workshop).returncode == 0
    assert "Indice 2 sur 3" in terminal.until("Ctrl-C : arrêter."), "un indice demandé dans une autre fenêtre"
    terminal.types("")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "Indice 3 sur 3" in shown and "Entrée : la solution." in shown
    terminal.types("")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "je m'appelle George Sand" in shown and "Entrée : la solution." not in shown

    path.write_text(path.read_text("utf-8").replace("text = (", "while True: pass"), "utf-8")
    terminal.until("Je vérifie…")
    path.write_text(path.read_text("utf-8").replace("while True: pass", "text = 'Bonjour Madame'"), "utf-8")
    answer(workshop, _2_3="", _2_4="")
    shown = terminal.until("Ctrl-C : arrêter.")
    assert "✔ 2.2 Un texte" in shown and "boucle sans fin" not in shown, (
        "enregistrer pendant qu'il juge le fait recommencer"
    )
    assert "Étape 2 : tout est juste. Pour la lancer" in shown and "· 2.5 (bonus)" in shown
    terminal.types("p")
    terminal.until("C'est tout.")
    assert terminal.process.wait() == 0


def test_ctrl_c_says_how_to_come_back(terminal):
    terminal.until("Ctrl-C : arrêter.")
    terminal.process.send_signal(signal.SIGINT)
    assert "check.py --watch" in terminal.until("check.py --watch")
    assert terminal.process.wait() == 0
