"""Les erreurs de Python, dites en français à qui les a faites."""

import re
import tomllib
import traceback
from pathlib import Path

from atelier.settings import STEPS

ERRORS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["errors"]
MEANINGS = [(each["error"], each["meaning"]) for each in ERRORS]


def explain(error: BaseException, here: dict[str, str] | None = None) -> str:
    """Ce que l'erreur veut dire et, si elle passe par le fichier de la personne, la ligne en cause.

    `here` : ce que certaines erreurs veulent dire dans cet exercice, {motif : phrase}, qui l'emporte sur python_errors.toml.
    """
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frame = learner_frame(error)
    if frame is None and re.match(r"TypeError: .*(?:takes .*positional|missing .*positional|unexpected keyword)", text):
        return "La fonction ne prend plus ce qu'elle doit prendre : remettez-lui sa première ligne d'origine."
    for pattern, meaning in (*(here or {}).items(), *MEANINGS):
        if match := re.match(pattern, text, re.DOTALL):
            return meaning.format(*match.groups()) + _line(error, frame)
    return f"Python s'est arrêté sur une erreur ({text.splitlines()[0]})." + _line(error, frame)


def _line(error: BaseException, frame: traceback.FrameSummary | None) -> str:
    """« (ligne 42 : `return lines.join("\\n")`) » : où, dans le fichier de la personne, l'erreur s'est produite."""
    if isinstance(error, SyntaxError) and error.lineno:
        code = f" : `{error.text.strip()}`" if error.text else ""
        return f" (ligne {error.lineno}{code})"
    return f" (ligne {frame.lineno} : `{frame.line}`)" if frame else ""


def learner_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Où, dans un stub, l'erreur s'est produite ; None si elle n'y est pas passée."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).stem in STEPS]
    return frames[-1] if frames else None
