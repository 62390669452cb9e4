"""Dire où l'on en est : une ligne par exercice, ou tout sur un seul."""

import shutil
import sys
import textwrap
from itertools import groupby

from atelier import exercises, settings
from atelier.console import command
from atelier.exercises import Exercise, progress
from atelier.exercises.judge import NOT_STARTED, RIGHT, WRONG, Verdict

SIGNS = {RIGHT: "✔", WRONG: "✘", NOT_STARTED: "·"}
PLAIN_SIGNS = {RIGHT: "v", WRONG: "x", NOT_STARTED: "."}  # pour une console qui ne connaît pas ces caractères


def sign(mark: str) -> str:
    try:
        SIGNS[mark].encode(getattr(sys.stdout, "encoding", None) or "ascii")
        return SIGNS[mark]
    except UnicodeEncodeError:
        return PLAIN_SIGNS[mark]


def line(exercise: Exercise, verdict: Verdict) -> str:
    """« ✔ 1.5  Renvoyer une nouvelle liste… », à la largeur de l'écran."""
    width = shutil.get_terminal_size((110, 24)).columns - 1
    text = f"  {sign(verdict.mark)} {exercise.number}  {exercise.goal}"
    return text if len(text) <= width else text[: width - 1] + "…"


def listing(verdicts: dict[str, Verdict]) -> str:
    """Les exercices jugés, et les questions de leurs étapes, étape par étape."""
    lines = []
    shown = [exercise for exercise in exercises.all_exercises() if exercise.number in verdicts]
    for step, of_this_step in groupby(shown, key=lambda exercise: exercise.step):
        lines.append(f"\nÉtape {step} : {settings.FOLDER.name}/{exercises.stub_of(step).name}")
        lines += [line(exercise, verdicts[exercise.number]) for exercise in of_this_step]
    return "\n".join(lines)


def share(verdicts: dict[str, Verdict]) -> str:
    """« Fait : 7 exercices sur 18 (39 %). En bonus : 1 sur 5. »"""
    done = {}
    for exercise in exercises.all_exercises():
        if exercise.judged and exercise.number in verdicts:
            done.setdefault(exercise.bonus, []).append(verdicts[exercise.number].mark == RIGHT)
    required, bonus = done.get(False, []), done.get(True, [])
    text = f"Fait : {sum(required)} sur {len(required)} ({100 * sum(required) // len(required)} %)." if required else ""
    return " ".join([text, f"En bonus : {sum(bonus)} sur {len(bonus)}."] if bonus else [text]).strip()


def detail(exercise: Exercise, verdict: Verdict) -> str:
    """Tout ce qu'il faut savoir d'un exercice : ce qui ne va pas, et comment avancer ; ou ce que l'on a appris."""
    lines = [f"{sign(verdict.mark)} {exercise.number}  {exercise.goal}"]
    if not exercise.judged:
        seen = progress.tried(exercise.number)
        lines += [f"  Essayé : {seen}."] if seen else []
        return "\n".join([*lines, f"  Pour la réponse : {command('check.py', exercise.number, '--solution')}"])
    lines.append(f"  {progress.where(exercise)}")
    if verdict.mark == RIGHT:
        return "\n".join([*lines, f"  {exercise.learnt}", "  La solution, pour comparer :", solution(exercise)])
    if verdict.mark == WRONG:
        lines.append(f"  {verdict.mistake}")
        for name, value in (("appel", verdict.call), ("obtenu", verdict.got), ("attendu", verdict.expected)):
            if value:
                lines.append(f"    {name:<8} {textwrap.indent(value.strip(), ' ' * 13).strip()}")
    lines.append(f"  À utiliser : {exercise.use}")
    return "\n".join([*lines, *hints(exercise)])


def hints(exercise: Exercise) -> list[str]:
    given = progress.hints(exercise)
    lines = [f"  Indice {rank} sur {len(exercise.hints)} : {hint}" for rank, hint in enumerate(given, 1)]
    if len(given) < len(exercise.hints):
        lines.append(f"  Un indice de plus : {command('check.py', exercise.number, '--hint')}")
    else:
        solution = command("check.py", exercise.number, "--solution")
        lines.append(f"  C'est le dernier. Une fois que vous avez essayé, la solution : {solution}")
    return lines


def solution(exercise: Exercise) -> str:
    return textwrap.indent(exercise.solution.strip("\n"), "      ")
