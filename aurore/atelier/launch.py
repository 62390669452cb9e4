"""Lancer un script : une phrase claire quand quelque chose échoue, et rien de perdu quand on l'interrompt.

Ce qui est réglé ici vaut pour tout le programme : Ctrl-C et SIGTERM, ce qui échoue pendant le ménage de Python, et ce
ménage lui-même. Deux autres réglages sont ailleurs, parce qu'il les faut avant que `run` ne commence : ce qui échoue
pendant les imports (`atelier/__init__.py`), et le français d'argparse (`console.argument_parser`).
"""

import _thread
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from atelier import console, exercises, shadows
from atelier.console import command, tell
from atelier.errors import AuroreError, Todo
from atelier.exercises import python_errors
from atelier.settings import DEBUG

START_AGAIN = "Rien n'est resté à moitié écrit ; la même commande recommencera."


def run(main: Callable[[], None]) -> None:
    """Exécute `main()` et termine le programme : code 0, ou un code non nul après une phrase (130 après Ctrl-C).

    L'erreur peut dire elle-même la suite (`next_step`) : c'est alors la seule.
    """
    for stream in (sys.stdout, sys.stderr):
        # Une console Windows (cp1252) ne connaît pas tous les caractères : mieux vaut un « ? » qu'un plantage. Ceux d'IDLE, de
        # Spyder et de Jupyter ne se règlent pas, et les connaissent tous.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    interrupted = _watch_for_interruption()
    shadows.tell_shadows()
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # « … | head » a refermé notre sortie : ce n'est pas une erreur
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except SystemExit as error:  # SIGTERM, ou des options qui ne conviennent pas
        if what_next := getattr(error, "next_step", ""):
            tell(f"\nArrêté. {what_next}")
        raise
    except (Exception, KeyboardInterrupt) as error:
        what_next = getattr(error, "next_step", "")
        if interrupted.is_set() or isinstance(error, KeyboardInterrupt):
            tell(f"\nInterrompu. {what_next or START_AGAIN}")
            sys.exit(130)
        if DEBUG:
            raise
        tell(f"\n{explain(error)}" + (f"\n{what_next}" if what_next else ""))
        sys.exit(1)
    finally:
        gc.freeze()  # à quoi bon ranger tout TensorFlow avant de partir ? Une seconde de moins


def _watch_for_interruption() -> threading.Event:
    """Veille à ce qu'un Ctrl-C ne se perde pas ; renvoie de quoi savoir s'il y en a eu un.

    TensorFlow peut changer le KeyboardInterrupt en une autre erreur, d'où l'`Event` ; et s'il tombe pendant le ménage
    de Python (un destructeur), il est oublié, d'où le `unraisablehook`, qui le renvoie un instant plus tard. SIGTERM de même.
    """
    interrupted = threading.Event()

    def interrupt(*_) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def send_again(unraisable) -> None:
        forgotten = {KeyboardInterrupt: signal.SIGINT, SystemExit: signal.SIGTERM}.get(unraisable.exc_type)
        if not forgotten:
            sys.__unraisablehook__(unraisable)
            return
        timer = threading.Timer(0.1, _thread.interrupt_main, (forgotten,))
        timer.daemon = True
        timer.start()

    if threading.current_thread() is threading.main_thread():  # un éditeur peut lancer le script dans un autre fil
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # une tâche de fond (« & ») n'écoute pas Ctrl-C
            signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = send_again
    return interrupted


def explain(error: Exception) -> str:
    """La phrase qui dit à la personne ce qu'une erreur signifie pour elle ; au besoin, dans quel exercice elle est née."""
    if isinstance(error, Todo):
        return _what_to_do(error)
    frame = None if isinstance(error, AuroreError) else python_errors.learner_frame(error)
    if not frame or console.from_the_machine(error):
        return console.explain(error)
    path = Path(frame.filename)
    if any(frame.name == exercise.function for exercise in exercises.all_exercises()):
        what = python_errors.explain(error)
    else:
        what = f"une fonction a-t-elle renvoyé autre chose que prévu ? ({type(error).__name__} : {error})"
    check = command("check.py", exercises.completed_in(path))
    return f"{exercises.place(path, frame.lineno)} : {what}\nPour savoir quel exercice est en cause : {check}"


def _what_to_do(todo: Todo) -> str:
    """L'exercice sur lequel un stub s'est arrêté : lequel, où, son but, un premier indice, et comment le vérifier."""
    exercise = exercises.find(todo.number)
    return (
        f"Exercice {exercise.number} à faire : {exercises.place(todo.path, todo.line)}\n"
        f"  But : {exercise.goal}\n"
        f"  À utiliser : {exercise.use}\n"
        f"  Indice : {exercise.hints[0]}\n"
        f"Pour un autre indice : {command('check.py', exercise.number, '--hint')}\n"
        f"Pour vérifier ce que vous avez écrit : {command('check.py', exercise.number)}"
    )
