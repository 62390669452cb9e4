"""Dire où l'on en est : une ligne par exercice, ou tout sur un seul."""

import shutil
import sys
import textwrap
from itertools import groupby

from atelier import exercises, settings
from atelier.console import command, drawn, is_screen
from atelier.exercises import Exercise, progress
from atelier.exercises.judge import NOT_STARTED, RIGHT, WRONG, Verdict

SIGNS = {RIGHT: ("✔", "v"), WRONG: ("✘", "x"), NOT_STARTED: ("·", ".")}


FIRST_LESSON = next((step for step in exercises.SCRIPTS if step.startswith("L")), "")


def sign(mark: str) -> str:
    return drawn(*SIGNS[mark])


def width() -> int:
    """Les colonnes où l'on écrit : celles de l'écran ; autant qu'on veut dans un fichier, qui se lira ailleurs."""
    return shutil.get_terminal_size().columns - 1 if is_screen(sys.stdout) else sys.maxsize


def paragraph(text: str, first: str = "", following: str = "") -> str:
    """Le texte, coupé entre deux mots à la largeur de l'écran. `first`, `following` : ce qui commence ses lignes."""
    lines = exercises.wrapped(text, max(20, width() - len(following)))
    return "\n".join(f"{following if rank else first}{line}" for rank, line in enumerate(lines))


def rule() -> str:
    return "─" * min(72, width())


def line(exercise: Exercise, verdict: Verdict) -> str:
    """« ✔ 1.5  Renvoyer une nouvelle liste… », sur une ligne de l'écran."""
    text = f"  {sign(verdict.mark)} {exercise.number}  {exercise.goal}"
    return text if len(text) <= width() else text[: width() - 1] + "…"


def listing(verdicts: dict[str, Verdict]) -> str:
    """Les exercices jugés, et les questions de leurs étapes, étape par étape."""
    lines = []
    shown = [exercise for exercise in exercises.all_exercises() if exercise.number in verdicts]
    for step, of_this_step in groupby(shown, key=lambda exercise: exercise.step):
        if step == FIRST_LESSON:
            lines.append("\nLeçons, à côté de l'atelier :")
        name = exercises.name_of(step).capitalize()
        lines.append(f"\n{name} : {settings.FOLDER.name}/{exercises.script(exercises.stub_of(step))}")
        lines += [line(exercise, verdicts[exercise.number]) for exercise in of_this_step]
    return "\n".join(lines)


def share(verdicts: dict[str, Verdict]) -> str:
    """« Fait : 7 sur 18 (38 %). En bonus : 1 sur 5. Leçons : 0 sur 4. »"""
    done = {}
    for exercise in exercises.all_exercises():
        if exercise.judged and exercise.number in verdicts:
            kind = "Leçons" if exercise.of_lesson else "En bonus" if exercise.bonus else "Fait"
            done.setdefault(kind, []).append(verdicts[exercise.number].mark == RIGHT)
    percent = {kind: f" ({100 * sum(right) // len(right)} %)" for kind, right in done.items() if kind == "Fait"}
    return " ".join(f"{kind} : {sum(right)} sur {len(right)}{percent.get(kind, '')}." for kind, right in done.items())


def detail(exercise: Exercise, verdict: Verdict, by_command: bool = True) -> str:
    """Tout ce qu'il faut savoir d'un exercice : ce qui ne va pas, et comment avancer ; ou ce que l'on a appris.

    `by_command` : les indices se demandent-ils par une commande ? Sinon, c'est à l'appelant de dire comment.
    """
    text = [paragraph(exercise.goal, f"{sign(verdict.mark)} {exercise.number}  ", " " * 7)]
    if not exercise.judged:
        seen = progress.tried(exercise.number)
        text += [_indented(f"Essayé : {seen}.")] if seen else []
        return "\n".join([*text, f"  Pour la réponse : {command('check.py', exercise.number, '--solution')}"])
    text.append(f"  {progress.where(exercise)}")
    if verdict.mark == RIGHT:
        return "\n".join([*text, _indented(exercise.learnt), "  La solution, pour comparer :", solution(exercise)])
    if verdict.mark == WRONG:
        text.append(_indented(verdict.mistake))
        for name, value in (("appel", verdict.call), ("obtenu", verdict.got), ("attendu", verdict.expected)):
            lines = [paragraph(line, " " * 13, " " * 13) for line in value.strip().splitlines() if line.strip()]
            text += [f"    {name:<8} " + "\n".join(lines).lstrip()] if lines else []
    text.append(_indented(f"À utiliser : {exercise.use}"))
    return "\n".join([*text, *hints(exercise), *([how_to_go_on(exercise)] if by_command else [])])


def hints(exercise: Exercise) -> list[str]:
    given = progress.hints(exercise)
    return [_indented(f"Indice {rank} sur {len(exercise.hints)} : {hint}") for rank, hint in enumerate(given, 1)]


def how_to_go_on(exercise: Exercise) -> str:
    """La commande qui donne un indice de plus ; après le dernier, celle qui montre la solution."""
    if len(progress.hints(exercise)) < len(exercise.hints):
        return f"  Un indice de plus : {command('check.py', exercise.number, '--hint')}"
    return f"  La solution, une fois que vous avez essayé : {command('check.py', exercise.number, '--solution')}"


def _indented(text: str) -> str:
    return paragraph(text, "  ", "    ")


def solution(exercise: Exercise) -> str:
    return textwrap.indent(exercise.solution.strip("\n"), "      ")
