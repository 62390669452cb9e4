"""Appeler la fonction de la personne comme le fera le script, et dire ce qui ne va pas dans ce qu'elle a fait."""

import contextlib
import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from atelier.errors import Todo
from atelier.exercises import python_errors

LONGEST = 400  # caractères d'une valeur montrée
LONGEST_SCREEN = 100_000  # caractères gardés de ce qu'une fonction affiche
NOT_EXPECTED = "Ce n'est pas le résultat attendu : comparez-les."
HARD_CODED = (
    "Même réponse que pour l'appel précédent : est-elle écrite d'avance ? Servez-vous de ce que la fonction reçoit."
)


KINDS = {
    "builtin_function_or_method": "une méthode, sans ses parenthèses",
    "bytes": "des octets (bytes)",
    "dict": "un dictionnaire",
    "function": "une fonction, sans ses parenthèses",
    "generator": "un générateur (`yield`, ou des parenthèses au lieu de crochets)",
    "int": "un nombre entier",
    "list": "une liste",
    "PreTrainedTokenizerFast": "un tokenizer",
    "TextIOWrapper": "un fichier ouvert, et non ses lignes",
    "method": "une méthode, sans ses parenthèses",
    "set": "un ensemble (des accolades)",
    "str": "une chaîne (str)",
    "tuple": "un tuple (des valeurs séparées par une virgule)",
    "type": "une classe, sans ses parenthèses",
}


class Wrong(Exception):
    """Une réponse qui n'est pas juste : pourquoi et, s'il y a lieu, l'appel, ce qu'il a donné, ce qu'on attendait."""

    def __init__(self, mistake: str, call: str = "", got: str = "", expected: str = ""):
        super().__init__(mistake)
        self.mistake, self.call, self.got, self.expected = mistake, call, got, expected


@dataclass(frozen=True)
class Result:
    call: str
    value: Any
    printed: str


class Screen(io.StringIO):
    """Ce qui s'affiche, sans excès : un `print` dans une boucle sans fin remplirait la mémoire."""

    def write(self, text: str) -> int:
        return super().write(text) if self.tell() < LONGEST_SCREEN else len(text)


def call(function: Callable, *arguments, shown: str = "", errors: dict[str, str] | None = None, **options) -> Result:
    """Le résultat de l'appel. Lève `Wrong` si la fonction échoue, ou change les listes qu'elle reçoit.

    `errors` : ce que veulent dire ici certaines erreurs de Python, {motif de « Classe: message » : phrase}.
    """
    shown = shown or _shown_call(function, arguments, options)
    before, screen = (copy.deepcopy([argument for argument in arguments if isinstance(argument, list)]), Screen())
    try:
        with contextlib.redirect_stdout(screen):
            value = function(*arguments, **options)
    except (Todo, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        raise Wrong(
            python_errors.explain(error, errors), shown, f"{type(error).__name__} : {_short(str(error))}"
        ) from error
    if before != [argument for argument in arguments if isinstance(argument, list)]:
        raise Wrong(
            "La liste reçue a changé : construisez-en une autre, celui qui l'a donnée en a peut-être besoin.", shown
        )
    return Result(shown, value, screen.getvalue())


def expect(function: Callable, *arguments, expected, mistakes: dict[str, Any] | None = None, **options) -> Result:
    """Le résultat de l'appel, s'il vaut `expected` ; sinon lève `Wrong`.

    `mistakes` : ce que donnent les erreurs habituelles, {la phrase qui nomme l'erreur : la valeur qui la trahit}.
    """
    result = call(function, *arguments, **options)
    if not _same(result.value, expected):
        reject(result, expected, mistakes)
    return result


def reject(result: Result, expected, mistakes: dict[str, Any] | None = None) -> NoReturn:
    """Lève `Wrong`, en nommant l'erreur si elle est de celles qu'on connaît."""
    raise Wrong(_mistake(result, expected, mistakes or {}), result.call, show(result.value), show(expected))


def show(value) -> str:
    """Une valeur telle que Python l'écrit, sans le milieu si elle est longue ; d'un objet, sa classe."""
    if value is None or isinstance(value, (bool, bytes, dict, float, int, list, str, tuple)):
        return _short(repr(value))
    return f"Path('…/{value.name}')" if isinstance(value, Path) else f"<{type(value).__name__}>"


def _same(value, expected) -> bool:
    return type(value) is type(expected) and value == expected


def _mistake(result: Result, expected, mistakes: dict[str, Any]) -> str:
    if result.value is None and result.printed.strip():
        return "Le résultat s'affiche au lieu d'être renvoyé : `print(…)` ne renvoie rien. Remplacez `print(…)` par `return …`."
    if result.value is None:
        return "La fonction ne renvoie rien : il manque `return`, ou bien elle en sort sans passer par lui."
    for sentence, wrong in mistakes.items():
        if _same(result.value, wrong):
            return sentence
    if type(result.value) is not type(expected):
        return f"Il faut {_kind(expected)}, et la fonction renvoie {_kind(result.value)}."
    return _list_mistake(result.value, expected) if isinstance(expected, list) and expected else NOT_EXPECTED


def _list_mistake(value: list, expected: list) -> str:
    """Ce qui ne va pas dans une liste qu'aucune erreur habituelle n'explique."""
    if not value:
        return "La liste est vide."
    if type(value[0]) is not type(expected[0]):
        return f"La liste contient {_kind(value[0])}, et non {_kind(expected[0])}."
    if value == expected[:1]:
        return "Seul le premier élément de la liste est là : `return` est-il dans la boucle ?"
    if len(value) != len(expected):
        return f"La liste n'a pas la bonne longueur : {len(value)} au lieu de {len(expected)}."
    return NOT_EXPECTED


def _kind(value) -> str:
    """L'espèce d'une valeur, dite en français."""
    kind = type(value).__name__
    return KINDS.get(kind, f"un objet de type `{kind}`")


def _shown_call(function: Callable, arguments: tuple, options: dict) -> str:
    shown = [*map(show, arguments), *(f"{name}={show(value)}" for name, value in options.items())]
    return f"{function.__name__}({', '.join(shown)})"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
