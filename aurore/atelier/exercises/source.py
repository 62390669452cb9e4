"""Le fichier de la personne, lu sans l'exécuter : ce qui n'y est pas commencé, ce que Python n'y comprend pas."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from atelier import exercises

FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)
PART = re.compile(r"^(?=def |if __name__)", re.MULTILINE)


def parts(path: Path) -> Iterator[tuple[str, str]]:
    """Le fichier entier, sans nom, si Python le comprend ; sinon un morceau par fonction, (son nom, son code).

    Chaque morceau commence par autant de lignes vides qu'il en a avant lui : les erreurs y ont leur vrai numéro de ligne.
    Lève `SyntaxError`, comme `compile`, si le fichier n'est pas du texte en UTF-8.
    """
    content = path.read_bytes()
    try:
        compile(content, str(path), "exec")
        yield "", importlib.util.decode_source(content)
        return
    except SyntaxError as error:
        not_understood = error
    try:
        text = importlib.util.decode_source(content)
    except (SyntaxError, UnicodeDecodeError):
        raise not_understood from None
    line = 0
    for part in PART.split(text):
        yield _name(part), "\n" * line + part
        line += part.count("\n")


def is_untouched(exercise: exercises.Exercise, path: Path) -> bool:
    """La fonction de l'exercice est-elle encore, dans ce fichier, celle du stub, aux commentaires et aux blancs près ?"""
    try:
        text = importlib.util.decode_source(path.read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return False
    return _tree(text, exercise.function) == _tree(exercises.stub(exercise.step), exercise.function) != ""


def _tree(text: str, function: str) -> str:
    """L'arbre de la fonction ; rien si elle manque, ou si Python ne la comprend pas."""
    for part in reversed(PART.split(text)):  # de deux fonctions du même nom, Python garde la dernière
        if _name(part) == function:
            try:
                return ast.dump(ast.parse(part).body[0])
            except (SyntaxError, ValueError):  # ValueError : un caractère nul
                return ""
    return ""


def _name(part: str) -> str:
    found = FUNCTION.match(part)
    return found[1] if found else ""
