"""Rester à côté de la personne : vérifier l'exercice suivant chaque fois qu'elle enregistre, jusqu'au dernier."""

import os
import queue
import sys
import threading
import time
from itertools import groupby
from pathlib import Path

from atelier.console import command, is_screen
from atelier.exercises import Exercise, progress, report, stub_of
from atelier.exercises.judge import RIGHT, Verdict
from atelier.exercises.process import Judge, judge_step

POLL = 0.3  # secondes ; les événements du système de fichiers ne traversent ni Docker, ni WSL, ni Windows
RULE = "\n" + "─" * 72


def follow_all(chosen: list[Exercise]) -> None:
    """Suit la personne d'un exercice à l'autre, à partir de celui où elle en était, jusqu'au dernier ou à Ctrl-C."""
    enter = _enter_key()
    try:
        for number, exercises in groupby(_in_order(chosen), key=lambda exercise: exercise.step):
            exercises = list(exercises)
            _follow_step(exercises, enter)
            if len(exercises) > 1:
                print(f"\nÉtape {number} : tout est juste. Lancez-la : {command(stub_of(number).name)}", flush=True)
    except KeyboardInterrupt:
        print(f"\nÀ bientôt. Pour reprendre où vous en êtes : {command('check.py', '--watch')}")


def _in_order(chosen: list[Exercise]) -> list[Exercise]:
    """Ceux qui se jugent, en commençant par l'étape où l'on en était ; les bonus, à la fin d'une étape choisie seule."""
    judged = [exercise for exercise in chosen if exercise.judged]
    if len({exercise.step for exercise in judged}) > 1:
        judged = [exercise for exercise in judged if not exercise.bonus]
    reached = progress.current()
    return sorted(
        judged,
        key=lambda one: (one.step < int(reached[:1] or 0), one.step, one.bonus, one.number < reached, one.number),
    )


def _follow_step(exercises: list[Exercise], enter: queue.SimpleQueue) -> None:
    number, path = exercises[0].step, stub_of(exercises[0].step)
    seen = _content(path)
    verdicts = judge_step(number, [exercise.number for exercise in exercises])
    judge = Judge(number)  # il importe ce qui est long pendant que la personne écrit
    try:
        while left := [exercise for exercise in exercises if verdicts[exercise.number].mark != RIGHT]:
            progress.set_current(left[0].number)
            marks = [f"{report.sign(verdicts[one.number].mark)} {one.number}" for one in exercises]
            print(f"Étape {number}   {'  '.join(marks)}\n")
            seen = _wait_for_a_save(left[0], verdicts[left[0].number], seen, enter)
            new = judge_step(number, [exercise.number for exercise in exercises], judge)
            judge = Judge(number)
            if str(number) in new:  # le fichier ne se lit plus : cela n'ôte rien à ce qui était juste
                new = verdicts | {left[0].number: new[str(number)]}
            verdicts = new
            _clear()
            for exercise in left:
                if verdicts[exercise.number].mark == RIGHT:
                    print(f"{report.detail(exercise, verdicts[exercise.number])}\n{RULE}", flush=True)
    finally:
        judge.close()


def _wait_for_a_save(exercise: Exercise, verdict: Verdict, seen: bytes, enter: queue.SimpleQueue) -> bytes:
    """Montre l'exercice, et ce qu'il en est, jusqu'à ce que le fichier change ; renvoie son nouveau contenu."""
    path = stub_of(exercise.step)
    while True:
        print(report.detail(exercise, verdict))
        print(f"\nÉcrivez, puis enregistrez {path.name} : la réponse vient d'elle-même.", end=" ")
        if _has_keyboard():
            print("Entrée : un indice de plus.", end=" ")
        print("Ctrl-C : arrêter.", flush=True)
        shown = progress.hints(exercise)
        while progress.hints(exercise) == shown:
            if (content := _content(path)) != seen:
                return content
            if not enter.empty() and enter.get():
                progress.give_hint(exercise)
            time.sleep(POLL)
        _clear()


def _clear() -> None:
    """Une page blanche, si c'est un écran."""
    if is_screen(sys.stdout):
        os.system("cls" if os.name == "nt" else "clear")
    else:
        print(RULE)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # certains éditeurs effacent le fichier avant de le réécrire
        return b""


def _enter_key() -> queue.SimpleQueue:
    """Une file où tombe chaque ligne tapée au clavier."""
    typed = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            typed.put(line)

    if _has_keyboard():
        threading.Thread(target=listen, daemon=True).start()
    return typed


def _has_keyboard() -> bool:
    """Quelqu'un peut-il taper quelque chose ?"""
    return bool(sys.stdin and sys.stdin.isatty())
