"""Attendre un tableau de NumPy : les mêmes nombres, à l'arrondi près, dans la même forme."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from atelier.exercises.calls import NOT_EXPECTED, Wrong, call, reject
from atelier.exercises.shown import show


def expect_array(
    function: Callable, *arguments, expected: np.ndarray, mistakes: dict[str, Any], errors: dict[str, str]
) -> None:
    """`calls.expect`, pour des tableaux. `mistakes` : {la phrase qui nomme l'erreur : le tableau qui la trahit, ou une
    fonction qui la reconnaît}."""
    given = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
    result = call(function, *given, errors=errors)
    if any(not np.array_equal(before, after) for before, after in zip(arguments, given)):
        raise Wrong(
            "Le tableau reçu a changé (`-=`, `+=` ou `[…] =` le modifient sur place) : renvoyez-en un autre.",
            result.call,
        )
    value = result.value
    if not isinstance(value, np.ndarray | np.generic):
        reject(result, expected)
    if not _same(value, expected):
        sentence = next((sentence for sentence, wrong in mistakes.items() if _betrays(value, wrong)), "")
        if value.shape != expected.shape:
            sentence = sentence or f"La forme est {value.shape}, et il faut {expected.shape} : (lignes, colonnes)."
        raise Wrong(sentence or NOT_EXPECTED, result.call, show(np.asarray(value)), show(expected))


def _same(value, expected: np.ndarray) -> bool:
    return value.shape == expected.shape and np.allclose(value, expected)


def _betrays(value, wrong) -> bool:
    if not callable(wrong):
        return _same(value, wrong)
    with suppress(ValueError, IndexError):  # des formes qui ne vont pas ensemble
        return bool(wrong(value))
    return False
