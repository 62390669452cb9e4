"""Montrer une valeur en une ligne d'écran : entière si elle y tient, sinon là où elle n'est pas celle qu'il fallait."""

import itertools
from pathlib import Path

LONGEST = 82  # caractères : une ligne de 100 colonnes, où « attendu » prend sa part
BEFORE = 24  # caractères montrés avant l'endroit où deux textes diffèrent
MISSING = object()


def show(value) -> str:
    """Une valeur telle que Python l'écrit, sans le milieu si elle est longue ; d'un objet, sa classe."""
    if type(value).__name__ == "ndarray":
        value = value.round(3).tolist()
    if value is None or isinstance(value, (bool, bytes, dict, float, int, list, set, str, tuple)):
        return one_line(repr(value))
    return f"Path('…/{value.name}')" if isinstance(value, Path) else f"<{type(value).__name__}>"


def one_line(text: str) -> str:
    """Ce texte sur une ligne, sans son milieu s'il est trop long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 + 3 :]}"


def screen(printed: str) -> str:
    """Ce qui s'est affiché, en deux lignes."""
    lines = [line for line in printed.splitlines() if line.strip()]
    return "\n".join(map(one_line, lines if len(lines) < 3 else (lines[0], f"… et {len(lines) - 1} autres lignes")))


def contrast(value, expected) -> tuple[str, str]:
    """Ce qu'on a et ce qu'il fallait : entiers s'ils tiennent chacun sur une ligne, sinon là où ils diffèrent."""
    whole = repr(value), repr(expected)
    if type(value) is type(expected) and max(map(len, whole)) > LONGEST and value != expected:
        if isinstance(value, str):
            return _around(value, expected)
        if isinstance(value, (list, tuple)):
            return _first_difference(value, expected)
    return show(value), show(expected)


def _around(text: str, expected: str) -> tuple[str, str]:
    """Deux textes, autour du premier caractère qui diffère."""
    pairs = itertools.zip_longest(text, expected)
    start = max(0, next(place for place, (one, other) in enumerate(pairs) if one != other) - BEFORE)
    return tuple(
        f"{'…' if start else ''}{show(some[start : start + 2 * BEFORE])}{'…' if some[start + 2 * BEFORE :] else ''}"
        for some in (text, expected)
    )


def _first_difference(value, expected) -> tuple[str, str]:
    """Deux listes, à leur premier élément qui diffère : « 10 éléments ; [3] : '…' »."""
    pairs = enumerate(itertools.zip_longest(value, expected, fillvalue=MISSING))
    place, (one, other) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
    shown = (
        ("rien", show(other)) if one is MISSING else (show(one), "rien") if other is MISSING else contrast(one, other)
    )
    return tuple(f"{len(some)} éléments ; [{place}] : {each}" for some, each in zip((value, expected), shown))
