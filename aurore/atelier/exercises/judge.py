"""Juger les exercices d'une étape : ce fichier s'exécute dans un processus à part, que le code de la personne peut perdre.

    judge.main(FICHIER, ÉTAPE, SECONDES)

Il importe d'abord ce qui est long, puis lit sur son entrée les numéros des exercices à juger ; le fichier n'est lu qu'à
cet instant. Un exercice a tant de secondes. Sur sa sortie, une ligne de JSON quand un exercice commence, une autre quand il est jugé.
"""

import ast
import contextlib
import functools
import importlib
import importlib.util
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

from atelier import exercises
from atelier.console import command
from atelier.errors import Todo
from atelier.exercises import python_errors, source
from atelier.exercises.calls import Wrong
from atelier.exercises.shown import one_line

MEMORY = 1 << 30  # octets de plus que le juge n'en a, une fois ses imports faits ; aucun exercice n'en prend le dixième
RIGHT, WRONG, NOT_STARTED = "right", "wrong", "not started"


@dataclass(frozen=True)
class Verdict:
    """Ce qu'il en est d'un exercice. `call`, `got`, `expected` : l'appel qui a montré l'erreur, son résultat, celui attendu."""

    mark: str
    mistake: str = ""
    call: str = ""
    got: str = ""
    expected: str = ""


class Elsewhere(Exception):
    """Le code de la personne a voulu joindre une autre machine."""


class Unguarded(Exception):
    """Le fichier de la personne se lance dès qu'on le lit."""


def load(path: Path) -> types.ModuleType:
    """Le fichier de la personne comme un module. Lève ce qu'il lève ; `Unguarded` s'il se lance dès qu'on le lit.

    Une faute de frappe dans une fonction n'empêche pas de juger les autres : on ne la dit qu'à qui appelle cette fonction.
    """
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    for function, part in source.parts(path):
        try:
            code, tree = compile(part, str(path), "exec"), ast.parse(part)
        except SyntaxError as error:
            if function not in {exercise.function for exercise in exercises.all_exercises() if exercise.judged}:
                raise
            module.__dict__[function] = _unreadable(function, error)
            continue
        _refuse_to_launch(tree)
        exec(code, module.__dict__)
    return module


def _unreadable(name: str, error: SyntaxError) -> Callable:
    """Ce qui tient lieu d'une fonction que Python ne comprend pas."""

    def unreadable(*_, **__):
        raise error

    unreadable.__name__ = name
    return unreadable


def _refuse_to_launch(tree: ast.Module) -> None:
    for node in tree.body:
        if isinstance(node, ast.Expr) and re.fullmatch(r"main\(.*\)|(launch\.)?run\(main\)", ast.unparse(node)):
            raise Unguarded(
                f"La ligne {node.lineno}, `{ast.unparse(node)}`, lance tout le script dès qu'on lit le fichier : effacez-la, et gardez à "
                'la fin du fichier `if __name__ == "__main__":`, puis, en retrait, `launch.run(main)`.'
            )


def _expected(step: str) -> types.ModuleType:
    """Ce qu'on attend des exercices d'une étape, ou d'une leçon : `step_1`, `lesson_1`."""
    return importlib.import_module(f"atelier.exercises.step_{step}".replace("step_L", "lesson_"))


def judge(exercise: exercises.Exercise, learner: types.ModuleType, solution: types.ModuleType) -> Verdict:
    """Essaie la fonction de la personne comme l'étape s'en servira."""
    expectation = getattr(_expected(exercise.step), f"exercise_{exercise.number.rpartition('.')[2]}")
    function = getattr(learner, exercise.function, None)
    if not callable(function):
        return Verdict(
            WRONG,
            f"La fonction `{exercise.function}` n'est plus dans le fichier : effacée, ou renommée ? Remettez-lui son nom.",
        )
    try:
        with mock.patch("socket.getaddrinfo", _only_here):
            expectation(function, getattr(solution, exercise.function))
    except Todo as todo:
        if todo.number == exercise.number and source.is_untouched(exercise, Path(learner.__file__)):
            return Verdict(NOT_STARTED)
        if todo.number == exercise.number or not exercises.find(str(todo.number)):
            return Verdict(WRONG, "La ligne `console.todo(…)` est encore là, et elle arrête tout : effacez-la.")
        return Verdict(WRONG, f"Cette fonction appelle celle de l'exercice {todo.number}, qui n'est pas encore faite.")
    except Wrong as wrong:
        return Verdict(WRONG, wrong.mistake, wrong.call, wrong.got, wrong.expected)
    except KeyboardInterrupt as interrupt:
        return Verdict(WRONG, _too_long(interrupt))
    except MemoryError as error:  # en regardant le résultat, ou en l'attendant
        return Verdict(WRONG, python_errors.explain(error))
    except Exception as surprise:  # un résultat si inattendu que l'exercice ne sait pas le regarder
        return Verdict(
            WRONG,
            "Le résultat n'a pas du tout la forme attendue : relisez le but de l'exercice, puis le premier indice.",
            got=one_line(f"{type(surprise).__name__} : {surprise}"),
        )
    return Verdict(RIGHT)


def _too_long(interrupt: KeyboardInterrupt) -> str:
    frame = python_errors.learner_frame(interrupt)
    where = f" (ligne {frame.lineno} : `{frame.line}`)" if frame else ""
    return f"Toujours pas fini, après plusieurs secondes : une boucle sans fin{where} ?"


def limit_memory() -> None:
    """Borne ce que ce processus prendra encore de mémoire : au-delà, Python lève `MemoryError`, et la machine ne souffre pas.

    Linux seul sait le faire (`setrlimit(2)`, RLIMIT_DATA) ; ailleurs, le temps borne seul une boucle qui s'emballe.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
        used = int(status["VmData"].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrompt le bloc `with`, comme le ferait Ctrl-C, si le fil principal y calcule plus de `seconds`.

    Ce que calculent les autres fils (ceux de TensorFlow, des tokenizers) ne compte pas, ni l'attente sur une machine chargée.
    """
    clock, done = _main_thread_clock(), threading.Event()
    start = clock()

    def interrupt() -> None:
        while not done.wait(0.1):
            if clock() - start > seconds:
                if hasattr(signal, "pthread_kill"):
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                else:
                    signal.raise_signal(signal.SIGINT)
                return

    threading.Thread(target=interrupt, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _main_thread_clock() -> Callable[[], float]:
    """De quoi lire, d'un autre fil, le temps de calcul du fil principal ; là où le système ne le dit pas, l'heure."""
    if not hasattr(time, "pthread_getcpuclockid"):  # Windows, macOS
        return time.monotonic
    return functools.partial(time.clock_gettime, time.pthread_getcpuclockid(threading.main_thread().ident))


def _only_here(host, *arguments, _getaddrinfo=socket.getaddrinfo, **options):
    """Rien ne sort de cette machine : la vérification se fait hors ligne, et une adresse écrite en dur se voit tout de suite."""
    if host not in (None, "127.0.0.1", "localhost"):
        raise Elsewhere(str(host))
    return _getaddrinfo(host, *arguments, **options)


def main(file: str, step: str, limit: str) -> None:
    path, seconds = Path(file), float(limit)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # ce qu'un import affiche n'est pas une réponse
    solution = load(exercises.solution_of(step))
    _expected(step)
    numbers = sys.stdin.readline().split()
    for descriptor in (0, 2):  # ce que lirait ou écrirait le code de la personne ne dérange personne
        os.dup2(nowhere, descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def answer(number: str, verdict: Verdict | None) -> None:
        print(json.dumps({"number": number} | (asdict(verdict) if verdict else {})), file=answers, flush=True)

    answer("", None)
    limit_memory()
    if not path.exists():
        answer(
            "",
            Verdict(
                WRONG,
                f"{path.name} n'existe plus. Pour le retrouver comme au début : {command('check.py', step, '--reset')}",
            ),
        )
        return
    try:
        with time_limit(seconds):
            learner = load(path)
    except BaseException as error:
        if isinstance(error, Unguarded):
            explained = str(error)
        else:
            explained = _too_long(error) if isinstance(error, KeyboardInterrupt) else python_errors.explain(error)
        answer("", Verdict(WRONG, explained))
        return
    for number in numbers:
        answer(number, None)
        with time_limit(seconds):
            verdict = judge(exercises.find(number), learner, solution)
        answer(number, verdict)


if __name__ == "__main__":
    main(*sys.argv[1:])
