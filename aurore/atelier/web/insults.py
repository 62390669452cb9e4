"""Les insultes : demander à qui en écrit de reformuler, et masquer celles que le réseau écrirait."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from atelier.text.words import LETTERS, plain, word_list
from atelier.writing.streaming import Token

INSULTS = frozenset(word_list("insults"))


def insults(text: str) -> list[re.Match]:
    """Où sont les insultes de ce texte ; un pluriel en est une."""
    return [word for word in LETTERS.finditer(text) if not INSULTS.isdisjoint(_forms(word[0]))]


def _forms(word: str) -> set[str]:
    """Le mot tel que la liste peut le nommer : avec ses accents ou sans, et au singulier."""
    forms = {word.lower(), plain(word)}
    return forms | {form.rstrip("sx") for form in forms}


def masked(text: str) -> str:
    """Le texte, de la même longueur, où d'une insulte ne reste que la première lettre."""
    for word in insults(text):
        text = text[: word.start() + 1] + "•" * (len(word[0]) - 1) + text[word.end() :]
    return text


def mask(tokens: Iterable, before: str) -> Iterator:
    """Les mêmes tokens, où les insultes sont masquées ; ce qui n'est pas un token passe. `before` : ce qui précède le premier.

    Une insulte tient parfois à plusieurs tokens : ceux d'un mot attendent donc que le mot soit fini, c'est-à-dire le token suivant.
    """
    held, tail = [], re.search(r"[^\W\d_]*$", before)[0]
    for token in tokens:
        if not isinstance(token, Token):
            yield token
            continue
        if held and not token.piece[:1].isalpha() and token.piece:
            yield from _masked(held, tail)
            held, tail = [], ""
        held.append(token)
    yield from _masked(held, tail)


def _masked(tokens: list[Token], tail: str) -> Iterator[Token]:
    text, place = masked(tail + "".join(token.piece for token in tokens)), len(tail)
    for token in tokens:
        alternatives = tuple((masked(other), probability) for other, probability in token.alternatives)
        yield dataclasses.replace(token, piece=text[place : place + len(token.piece)], alternatives=alternatives)
        place += len(token.piece)
