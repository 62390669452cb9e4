"""Rester à côté de la personne : vérifier l'exercice suivant chaque fois qu'elle enregistre, jusqu'au dernier."""

import os
import queue
import sys
import threading
import time
from itertools import groupby
from pathlib import Path

from atelier.console import command, is_screen
from atelier.exercises import Exercise, name_of, progress, report, script, step_of, stub_of
from atelier.exercises.judge import RIGHT, WRONG, Verdict
from atelier.exercises.process import POLL, Changed, Judge, judge_step
from atelier.settings import FOLDER

PASS = "p"  # ce que tape qui passe les bonus


def follow_all(chosen: list[Exercise]) -> None:
    """Suit la personne d'un exercice à l'autre, à partir de celui où elle en était, jusqu'au dernier ou à Ctrl-C."""
    typed = _keyboard()
    try:
        for _, exercises in groupby(_in_order(chosen), key=lambda exercise: exercise.step):
            _follow_step(list(exercises), typed)
        print(f"C'est tout. Pour revoir où vous en êtes : {command('check.py')}")
    except KeyboardInterrupt:
        print(f"\nÀ bientôt. Pour reprendre où vous en êtes :\n  {command('check.py', '--watch')}")


def _in_order(chosen: list[Exercise]) -> list[Exercise]:
    """Ceux qui se jugent, en commençant par l'étape où l'on en était ; à la fin de chaque étape, ses bonus.

    Une leçon se suit si on la demande, ou si l'on y était.
    """
    reached = progress.current()
    judged = [exercise for exercise in chosen if exercise.judged]
    if len({exercise.step for exercise in judged}) > 1:
        judged = [one for one in judged if not one.of_lesson or one.step == step_of(reached)]
    if not _has_keyboard() and len({exercise.step for exercise in judged}) > 1:  # personne ne pourrait les passer
        judged = [exercise for exercise in judged if not exercise.bonus]
    return sorted(
        judged, key=lambda one: (one.step < step_of(reached), one.step, one.bonus, one.number < reached, one.number)
    )


def _follow_step(exercises: list[Exercise], typed: queue.SimpleQueue) -> None:
    """Suit la personne jusqu'à ce que tout soit juste, ou qu'elle passe les bonus."""
    step, path = exercises[0].step, stub_of(exercises[0].step)
    name = name_of(step).capitalize()
    print(f"\n{name} : ouvrez {FOLDER.name}/{script(path)}. Je vérifie…\n", flush=True)
    judge = Judge(step)  # il importe ce qui est long, pendant que la personne écrit
    verdicts, left = {}, []
    try:
        while True:
            content, new = _judge_what_is_saved(exercises, judge)
            if left and step in new:  # le fichier ne se lit plus : cela n'ôte rien à ce qui était juste
                new = verdicts | {left[0].number: new[step]}
            if verdicts:
                _clear()
            verdicts = new
            for exercise in left:
                if verdicts[exercise.number].mark == RIGHT:
                    print(f"{report.detail(exercise, verdicts[exercise.number])}\n{report.rule()}", flush=True)
            left = [exercise for exercise in exercises if verdicts[exercise.number].mark != RIGHT]
            if len(exercises) > 1 and all(exercise.bonus for exercise in left):
                print(f"{name} : tout est juste. Pour la lancer :\n  {command(script(path))}\n")
            if not left:
                return
            if judge.is_over:
                judge = Judge(step)
            marks = "  ".join(f"{report.sign(verdicts[one.number].mark)} {one.number}" for one in exercises)
            if not _wait_for_a_save(left[0], verdicts[left[0].number], f"{name}   {marks}", content, typed):
                return
            print("\nJe vérifie…", flush=True)
    finally:
        judge.close()


def _judge_what_is_saved(exercises: list[Exercise], judge: Judge | None) -> tuple[bytes, dict[str, Verdict]]:
    """Le contenu du fichier, et les verdicts ; si la personne enregistre entre-temps, tout recommence."""
    path, numbers = stub_of(exercises[0].step), [exercise.number for exercise in exercises]
    while True:
        content = _content(path)
        try:
            return content, judge_step(
                exercises[0].step, numbers, judge, lambda judged=content: _content(path) != judged
            )
        except Changed:
            judge = None


def _wait_for_a_save(
    exercise: Exercise, verdict: Verdict, heading: str, content: bytes, typed: queue.SimpleQueue
) -> bool:
    """Montre l'exercice, et ce qu'il en est, tant que le fichier est `content` ; False si la personne passe les bonus."""
    progress.set_current(exercise.number)
    path, shown, with_solution = stub_of(exercise.step), "", False
    while _content(path) == content:
        key = None if typed.empty() else typed.get()
        if key == PASS and exercise.bonus:
            return False
        if key == "" and not progress.give_hint(exercise):
            with_solution = verdict.mark == WRONG
        page = [heading, report.detail(exercise, verdict, by_command=False)]
        page += [report.solution(exercise)] if with_solution else []
        page = "\n\n".join([*page, report.paragraph(_what_to_type(exercise, verdict, with_solution))])
        if page != shown:
            if shown:
                _clear()
            print(page, flush=True)
            shown = page
        time.sleep(POLL)
    return True


def _what_to_type(exercise: Exercise, verdict: Verdict, with_solution: bool) -> str:
    keys = []
    if _has_keyboard():
        if len(progress.hints(exercise)) < len(exercise.hints):
            keys.append("Entrée : un indice de plus.")
        elif verdict.mark == WRONG and not with_solution:
            keys.append("Entrée : la solution.")
        if exercise.bonus:
            keys.append(f"{PASS}, puis Entrée : passer les bonus.")
    saved = f"Écrivez, puis enregistrez {stub_of(exercise.step).name} : le verdict s'affiche tout seul."
    return " ".join([saved, *keys, "Ctrl-C : arrêter."])


def _clear() -> None:
    """Une page blanche, si c'est un écran."""
    if is_screen(sys.stdout):
        os.system("cls" if os.name == "nt" else "clear")
    else:
        print(f"\n{report.rule()}")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # certains éditeurs effacent le fichier avant de le réécrire
        return b""


def _keyboard() -> queue.SimpleQueue:
    """Une file où tombe chaque ligne tapée au clavier, sans les blancs qui l'entourent."""
    typed = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            typed.put(line.strip())

    if _has_keyboard():
        threading.Thread(target=listen, daemon=True).start()
    return typed


def _has_keyboard() -> bool:
    """Quelqu'un peut-il taper quelque chose ?"""
    return bool(sys.stdin and sys.stdin.isatty())
