"""Faire juger les exercices d'une étape par un autre processus, et survivre à ce qui peut lui arriver."""

import json
import os
import queue
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby

from atelier import exercises
from atelier.console import command
from atelier.errors import AuroreError
from atelier.exercises import source
from atelier.exercises.judge import NOT_STARTED, WRONG, Verdict
from atelier.settings import FOLDER

POLL = 0.3  # secondes ; les événements du système de fichiers ne traversent ni Docker, ni WSL, ni Windows
IMPORTS = 180  # secondes laissées aux imports : un disque lent, au premier lancement
SECONDS = 6  # de calcul pour un exercice ; le plus long en prend deux
GRACE = 30  # secondes de plus, avant de tuer un processus qui attend, ou qui n'écoute plus


# Le dossier des scripts vient en dernier : un `code.py` que la personne y a mis ne cache pas celui de Python.
START = f"import sys; sys.path.append({str(FOLDER)!r}); from atelier.exercises import judge; judge.main(*sys.argv[1:])"


def launch(arguments: list[str], **options) -> subprocess.Popen:
    """Le juge, dans un Python neuf."""
    return subprocess.Popen([sys.executable, "-c", START, *arguments], **options)


class Changed(Exception):
    """Le fichier a changé pendant qu'on le jugeait : le verdict ne serait plus le sien."""


class Judge:
    """Un processus qui a importé ce qui est long, et qui attend qu'on lui dise quoi juger. Il ne sert qu'une fois."""

    launch = staticmethod(launch)  # les essais, qui jugent beaucoup, en ont une plus prompte

    def __init__(self, step: str):
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
            [str(exercises.stub_of(step)), step, str(SECONDS)],
            env=os.environ | variables,
            cwd=home,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            start_new_session=True,  # lui et les processus qu'il lancerait finiront ensemble
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

    def verdicts(self, numbers: list[str], changed: Callable[[], bool]) -> dict[str, Verdict]:
        """Les verdicts, dans l'ordre où ils sont tombés ; sous le nom "", ce qui empêche de lire le fichier.

        S'il en manque, le dernier est celui de l'exercice qui a arrêté ou bloqué le processus. Lève `Changed` si `changed()`.
        """
        found, current, patience = {}, None, IMPORTS
        try:
            self.process.stdin.write(" ".join(numbers) + "\n")
            self.process.stdin.close()
            while not found.keys() >= {*numbers} and "" not in found and (answer := self._answer(patience, changed)):
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
                f"La vérification ({exercises.name_of(self.step)}) n'a pas pu commencer :\n{self._complaint().strip()}\n"
                f"Relancez-la ; si cela recommence, voyez si cet ordinateur est prêt : {command('check.py', '--environment')}"
            )
        return found

    def _answer(self, patience: float, changed: Callable[[], bool]) -> dict | None:
        """La réponse suivante ; None s'il n'y en a plus. Lève `queue.Empty` au bout de `patience` secondes."""
        end = time.monotonic() + patience
        while not changed():
            try:
                return self.answers.get(timeout=POLL)
            except queue.Empty:
                if time.monotonic() > end:
                    raise
        raise Changed

    def _complaint(self) -> str:
        self.errors.seek(0)
        return "".join(self.errors.readlines()[-3:]) or "le processus n'a rien dit."

    @property
    def is_over(self) -> bool:
        return self.process.returncode is not None

    def close(self) -> None:
        """Arrête le processus et, là où le système le permet (pas sous Windows), ceux que le code de la personne a lancés."""
        with suppress(AttributeError, OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def judge_step(
    step: str, numbers: list[str], judge: Judge | None = None, changed: Callable[[], bool] = lambda: False
) -> dict[str, Verdict]:
    """Le verdict de chaque exercice demandé et, sous le numéro de l'étape, celui d'un fichier qui ne se lit pas.

    `judge` : un processus déjà prêt, s'il y en a un ; il ne sert pas si rien n'est commencé. `changed` : faut-il tout
    recommencer ? Lève alors `Changed`.
    """
    started = _started(step, numbers)
    found = {number: Verdict(NOT_STARTED) for number in numbers if number not in started}
    while left := [number for number in started if number not in found]:
        found |= (judge or Judge(step)).verdicts(left, changed)
        judge = None
        if "" in found:
            return found | dict.fromkeys((step, *started), found.pop(""))
    return found


def _started(step: str, numbers: list[str]) -> list[str]:
    """Les exercices où la personne a écrit quelque chose : les autres n'ont pas besoin de juge."""
    path = exercises.stub_of(step)
    return [number for number in numbers if not source.is_untouched(exercises.find(number), path)]


def judge_all(numbers: list[str]) -> Iterator[dict[str, Verdict]]:
    """Les verdicts d'une étape, puis de la suivante, dont le juge importe pendant ce temps ce qu'il lui faut."""
    by_step = {step: list(those) for step, those in groupby(numbers, key=exercises.step_of)}
    to_judge = [step for step, those in by_step.items() if _started(step, those)]
    judges = {}
    try:
        for step, those in by_step.items():
            for soon in [one for one in to_judge if one >= step][:2]:
                if soon not in judges:
                    judges[soon] = Judge(soon)
            yield judge_step(step, those, judges.pop(step, None))
    finally:
        for judge in judges.values():
            judge.close()
