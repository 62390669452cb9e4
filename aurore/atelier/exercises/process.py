"""Faire juger les exercices d'une étape par un autre processus, et survivre à ce qui peut lui arriver."""

import json
import os
import queue
import site
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress

from atelier import exercises
from atelier.console import command
from atelier.errors import AuroreError
from atelier.exercises.judge import WRONG, Verdict
from atelier.settings import FOLDER

IMPORTS = 180  # secondes laissées aux imports : un disque lent, au premier lancement
SECONDS = 6  # de calcul pour un exercice ; le plus long en prend deux
GRACE = 30  # secondes de plus, avant de tuer un processus qui attend, ou qui n'écoute plus


# Le dossier des scripts vient en dernier : un `code.py` que la personne y a mis ne cache pas celui de Python.
START = f"import sys; sys.path.append({str(FOLDER)!r}); from atelier.exercises import judge; judge.main(*sys.argv[1:])"


def launch(arguments: list[str], **options) -> subprocess.Popen:
    """Le juge, dans un Python neuf."""
    return subprocess.Popen([sys.executable, "-c", START, *arguments], **options)


class Judge:
    """Un processus qui a importé ce qui est long, et qui attend qu'on lui dise quoi juger. Il ne sert qu'une fois."""

    launch = staticmethod(launch)  # les essais, qui jugent beaucoup, en ont une plus prompte

    def __init__(self, step: int):
        self.step = step
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        home = self.folder.name  # le code de la personne y écrira, et nulle part ailleurs
        variables = {
            "AURORE_HOME": home,
            "AURORE_MODEL": "mini",
            "HF_HUB_OFFLINE": "1",
            "no_proxy": "*",  # le juge ne demande rien qu'à lui-même
            "NO_PROXY": "*",
            "HOME": home,
            "USERPROFILE": home,
            "PYTHONPATH": "",
            "PYTHONUSERBASE": site.getuserbase(),
            "PYTHONUTF8": "1",
        }
        self.process = self.launch(
            [str(exercises.stub_of(step)), str(step), str(SECONDS)],
            env=os.environ | variables,
            cwd=home,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.answers = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            with suppress(
                ValueError
            ):  # une ligne qui n'est pas du juge : ce que Python charge en commençant peut écrire aussi
                if isinstance(answer := json.loads(line), dict) and "number" in answer:
                    self.answers.put(answer)
        self.answers.put(None)

    def verdicts(self, numbers: list[str]) -> dict[str, Verdict]:
        """Les verdicts, dans l'ordre où ils sont tombés ; sous le nom "", ce qui empêche de lire le fichier.

        S'il en manque, le dernier est celui de l'exercice qui a arrêté ou bloqué le processus.
        """
        found, current, patience = {}, None, IMPORTS
        try:
            self.process.stdin.write(" ".join(numbers) + "\n")
            self.process.stdin.close()
            while answer := self.answers.get(timeout=patience):
                current, patience = answer.pop("number"), SECONDS + GRACE
                if answer:
                    found[current] = Verdict(**answer)
                    current = None
        except queue.Empty:
            if current is not None:
                found[current] = Verdict(
                    WRONG,
                    f"Toujours pas fini au bout de {SECONDS + GRACE} secondes : une boucle sans fin, une attente ?",
                )
        except OSError:  # le processus est mort avant de lire
            pass
        else:
            if current is not None:
                why = "le code appelle-t-il `os._exit()`" if self.process.wait() >= 0 else "la mémoire a-t-elle manqué"
                found[current] = Verdict(WRONG, f"Python s'est arrêté net : {why} ?")
        finally:
            self.close()
        if not found:
            raise AuroreError(
                f"La vérification de l'étape {self.step} n'a pas pu commencer :\n{self._complaint().strip()}\n"
                f"Relancez-la ; si cela recommence, voyez si cet ordinateur est prêt : {command('check.py', '--environment')}"
            )
        return found

    def _complaint(self) -> str:
        self.errors.seek(0)
        return "".join(self.errors.readlines()[-3:]) or "le processus n'a rien dit."

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def judge_step(step: int, numbers: list[str], judge: Judge | None = None) -> dict[str, Verdict]:
    """Le verdict de chaque exercice demandé et, sous le numéro de l'étape, celui d'un fichier qui ne se lit pas.

    `judge` : un processus déjà prêt, s'il y en a un.
    """
    found = {}
    while left := [number for number in numbers if number not in found]:
        found |= (judge or Judge(step)).verdicts(left)
        judge = None
        if "" in found:
            return {number: found[""] for number in (str(step), *numbers)}
    return found


def judge_all(numbers: list[str]) -> dict[str, Verdict]:
    """Le verdict de chaque exercice, étape par étape ; pendant que l'une est jugée, la suivante importe ce qu'il lui faut."""
    found, waiting = {}, None
    steps = sorted({int(number[0]) for number in numbers})
    try:
        for step, following in zip(steps, [*steps[1:], None]):
            judge, waiting = waiting or Judge(step), Judge(following) if following else None
            found |= judge_step(step, [number for number in numbers if int(number[0]) == step], judge)
    finally:
        if waiting:
            waiting.close()
    return found
