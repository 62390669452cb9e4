"""Les erreurs de Python, dites en français à qui les a faites."""

import re
import tomllib
import traceback
import types
from pathlib import Path

from atelier import exercises
from atelier.exercises import names
from atelier.exercises.shown import one_line

MEANINGS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["errors"]
LONGEST_LINE = 60  # caractères d'une ligne de code citée


def explain(error: BaseException, here: dict[str, str] | None = None) -> str:
    """Ce que l'erreur veut dire et, si elle passe par le fichier de la personne, la ligne en cause.

    `here` : ce que certaines erreurs veulent dire dans cet exercice, {motif : phrase}, qui l'emporte sur python_errors.toml.
    """
    while _raised_by_the_learner(error) and error.__context__:  # `except … : raise …` : la première est la bonne
        error = error.__context__
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, AttributeError) and not said and error.name:  # des bibliothèques n'en disent pas plus
        said = f"'{type(error.obj).__name__}' object has no attribute '{error.name}'"
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if _raised_by_the_learner(error):
        text = f"raise {text}"
    frame = learner_frame(error)
    if frame is None and re.match(r"TypeError: .*(?:takes .*positional|missing .*positional|unexpected keyword)", text):
        return "La fonction ne prend plus ce qu'elle doit prendre : remettez-lui sa première ligne d'origine."
    for pattern, meaning in (*(here or {}).items(), *MEANINGS):
        if match := re.match(pattern, text, re.DOTALL):
            return _said(meaning, match, error) + _line(error, frame)
    return f"Python s'est arrêté sur une erreur ({one_line(text)})." + _line(error, frame)


def _said(meaning: str, match: re.Match, error: BaseException) -> str:
    """La phrase, avec les groupes du motif et, si elle les demande, les noms voisins de celui qui n'existe pas."""
    stack, line = _stack(error), getattr(learner_frame(error), "line", "")
    where = stack[-1] if stack else None
    guesses = {"near": names.near(error, where, line)} if "{near}" in meaning else {}
    if "{owner}" in meaning:
        guesses["owner"] = names.owner(error, where)
    return meaning.format(*(one_line(group or "") for group in match.groups()), **guesses)


def _line(error: BaseException, frame: traceback.FrameSummary | None) -> str:
    """« (ligne 42 : `return lines.join("\\n")`) » : où, dans le fichier de la personne, l'erreur s'est produite."""
    if isinstance(error, SyntaxError) and error.lineno:
        return _place(error.lineno, error.text)
    return _place(frame.lineno, frame.line) if frame else ""


def _place(number: int, code: str | None) -> str:
    code = (code or "").strip()
    shown = code if len(code) <= LONGEST_LINE else f"{code[:LONGEST_LINE]}…"
    return f" (ligne {number} : `{shown}`)" if shown else f" (ligne {number})"


def learner_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Où, dans un stub, l'erreur s'est produite ; None si elle n'y est pas passée."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_learners(frame.filename)]
    return frames[-1] if frames else None


def _is_learners(filename: str) -> bool:
    return bool(exercises.completed_in(Path(filename)))


def _stack(error: BaseException) -> list[types.FrameType]:
    """Par où l'erreur est passée, dans le fichier de la personne."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in frames if _is_learners(frame.f_code.co_filename)]


def _raised_by_the_learner(error: BaseException) -> bool:
    """Est-ce une ligne `raise` de la personne qui l'a levée, et non une fonction qu'elle appelle ?"""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and _is_learners(frames[-1].filename) and frames[-1].line.startswith(("raise", "assert"))
