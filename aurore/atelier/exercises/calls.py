"""Appeler la fonction de la personne comme le fera le script, et dire ce qui ne va pas dans ce qu'elle a fait."""

import contextlib
import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from atelier.errors import Todo
from atelier.exercises import learner_code, likeness, python_errors
from atelier.exercises.likeness import kind
from atelier.exercises.shown import contrast, one_line, show

LONGEST_SCREEN = 100_000  # caractères gardés de ce qu'une fonction affiche
NOT_EXPECTED = "Ce n'est pas le résultat attendu : comparez-les."
HARD_CODED = (
    "Même réponse que pour l'appel précédent : est-elle écrite d'avance ? Servez-vous de ce que la fonction reçoit."
)


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
    function: Callable


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
    except SyntaxError as error:  # la fonction ne se lit pas : ni l'appel, ni l'anglais de Python n'en diraient plus
        raise Wrong(python_errors.explain(error, errors)) from error
    except (Exception, SystemExit) as error:
        raise Wrong(
            python_errors.explain(error, errors), shown, one_line(f"{type(error).__name__} : {error}")
        ) from error
    if before != [argument for argument in arguments if isinstance(argument, list)]:
        raise Wrong(
            "La liste reçue a changé : construisez-en une autre, celui qui l'a donnée en a peut-être besoin.", shown
        )
    return Result(shown, value, screen.getvalue(), function)


def expect(function: Callable, *arguments, expected, mistakes: dict[str, Any] | None = None, **options) -> Result:
    """Le résultat de l'appel, s'il vaut `expected` ; sinon lève `Wrong`.

    `mistakes` : ce que donnent les erreurs habituelles, {la phrase qui nomme l'erreur : la valeur qui la trahit, ou une
    fonction qui la reconnaît}.
    """
    result = call(function, *arguments, **options)
    if not _same(result.value, expected):
        reject(result, expected, mistakes)
    return result


def expect_failure(function: Callable, *arguments, why: str, **options) -> None:
    """Lève `Wrong` si la fonction tait ce qui l'empêche de faire son travail. `why` : ce qui l'en empêche, « Quand… »."""
    try:
        result = call(function, *arguments, **options)
    except Wrong:
        return
    silent = learner_code.catches(function)
    raise Wrong(
        f"{why}, la fonction doit échouer : "
        + (
            "un `except` tait l'erreur, et la suite s'arrêterait sans qu'on sache pourquoi."
            if silent
            else "elle finit sans rien dire de l'erreur."
        ),
        result.call,
        show(result.value),
    )


def reject(result: Result, expected, mistakes: dict[str, Any] | None = None) -> NoReturn:
    """Lève `Wrong`, en nommant l'erreur si elle est de celles qu'on connaît."""
    raise Wrong(_mistake(result, expected, mistakes or {}), result.call, *contrast(result.value, expected))


def _same(value, expected) -> bool:
    return type(value) is type(expected) and value == expected


def _mistake(result: Result, expected, mistakes: dict[str, Any]) -> str:
    if named := named_by(mistakes, result.value):
        return named
    if result.value is None:
        return learner_code.nothing(result.function, result.printed)
    if type(result.value) is not type(expected):
        return f"Il faut {kind(expected)}, et la fonction renvoie {kind(result.value)}."
    if isinstance(expected, list) and result.value == expected[:1] and learner_code.stops_in_loop(result.function):
        return "Seul le premier élément de la liste est là : `return` est dans la boucle, et l'arrête."
    if isinstance(expected, str) and learner_code.writes(result.function, result.value):
        return "Ce texte est écrit tel quel, entre guillemets, dans votre code : il ne dépend pas de ce que la fonction reçoit."
    return likeness.difference(result.value, expected) or NOT_EXPECTED


def named_by(mistakes: dict[str, Any], value) -> str:
    """La phrase qui nomme l'erreur que trahit cette valeur ; rien si aucune n'en est trahie."""
    return next((sentence for sentence, wrong in mistakes.items() if _betrays(value, wrong)), "")


def _betrays(value, wrong) -> bool:
    if not callable(wrong):
        return _same(value, wrong)
    if hasattr(value, "__next__") or isinstance(value, (set, dict)):  # la regarder l'épuiserait ; elle n'a pas d'ordre
        return False
    with contextlib.suppress(Exception):  # une valeur d'une autre espèce que celle qu'on cherche à reconnaître
        return bool(wrong(value))
    return False


def _shown_call(function: Callable, arguments: tuple, options: dict) -> str:
    shown = [*map(show, arguments), *(f"{name}={show(value)}" for name, value in options.items())]
    return one_line(f"{function.__name__}({', '.join(shown)})")
