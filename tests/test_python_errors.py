"""Les erreurs de Python, dites en français : leur cause, la ligne, et le nom que l'on voulait écrire."""

import types

import pytest

from atelier.exercises import likeness, python_errors, shown


@pytest.fixture
def said(tmp_path):
    """Ce qui est dit d'un fichier de la personne, quand on l'exécute."""

    def explanation(source: str) -> str:
        path = tmp_path / "1_prepare_dataset.py"
        path.write_text(source, "utf-8")
        try:
            exec(compile(source, str(path), "exec"), types.ModuleType("learner").__dict__)
        except BaseException as error:
            return python_errors.explain(error)
        raise AssertionError("aucune erreur")

    return explanation


@pytest.mark.parametrize(
    "source, meaning",
    [
        ("[0] * 10**13", "trop de mémoire"),
        ("1 / 0", "division par zéro"),
        ("assert 1 > 2", "Votre `assert`"),
        ("next(iter([]))", "`next` n'a plus rien"),
        ("max([])", "`max` n'a rien à comparer"),
        ("float('1,5')", "un point, non une virgule"),
        ("[1].remove(2)", "`remove` ne trouve pas"),
        ("import re\nre.compile('(a')", "motif (expression régulière)"),
        ("'é'.encode('ascii')", "ne peut s'écrire dans cet encodage"),
        ("try:\n    x = 1\ny = 2", "il manque son `except`"),
        ("break", "que dans une boucle"),
        ("def f():\n    continue", "que dans une boucle"),
        ("x = f'{a'", "chaque accolade"),
        ("def f(a=1, b): pass", "vient après ce qui n'en a pas"),
        ("1a = 2", "commencer par un chiffre"),
        ("x = 08", "ne commence pas par un zéro"),
        ("len('a') = 1", "À gauche de `=`, il faut un nom"),
        ("5 = x", "À gauche de `=`, il faut un nom"),
        ("open('C:\\Users')", "Une barre `\\`"),
        ("if x = 1: pass", "le signe est `==`"),
        ("1 + 'a'", "un objet `int` et un objet `str` : une virgule"),
        ("import random\nrandom.shuffle([1])[:1]", "`shuffle` et `sort` changent la liste sur place"),
        ("print[1]", "une fonction s'appelle avec des parenthèses"),
        ("[1][5]", "dépasse la fin de la liste"),
        ("def f(): f()\nf()", "s'appelle elle-même trop de fois"),
        ("raise NotImplementedError", "remplacez-le par votre code"),
        ("raise ValueError('non')", "C'est votre `raise`"),
        ("raise SystemExit", "appelle `exit()`"),
    ],
)
def test_an_error_is_told_by_its_cause(said, source, meaning):
    assert meaning in said(source) and "(ligne " in said(source)


@pytest.mark.parametrize(
    "source, guess",
    [
        ("def f(lines):\n    return line\nf([])", "est-ce `lines` ?"),
        ("def f(model_name):\n    return MODEL_NAME\nf('')", "`model_name`, à la majuscule près"),
        ("def f(model_name):\n    return model\nf('')", "est-ce `model_name` ?"),
        ("import math\nsqrt(2)", "Écrivez `math.sqrt`"),
        ("itertools.chain()", "il manque `import itertools`"),
        ("np.array(1)", "il manque `import numpy as np`"),
        ("join([])", "c'est une méthode"),
        ("Counter()", "`from collections import Counter`"),
        ("prnt(1)", "est-ce `print` ?"),
        ("text == 'a'", "un seul `=`"),
        ("def f(texts, number):\n    return len(zzz)\nf([], 1)", "La fonction reçoit `texts` et `number`."),
        ("import math\nmath.sqr(2)", "`math` n'a rien qui s'appelle `sqr` : est-ce `sqrt` ?"),
        ("'a'.rstripp()", "est-ce `rstrip` ?"),
    ],
)
def test_a_name_that_does_not_exist_recalls_another(said, source, guess):
    assert guess in said(source)


def test_a_library_s_own_error_is_not_the_learner_s(said):
    """`NotImplementedError` levé par une bibliothèque ne demande pas à la personne de remplacer quoi que ce soit."""
    assert "remplacez-le" not in said("import asyncio\nasyncio.AbstractEventLoop().time()")


def test_an_error_raised_again_is_told_by_the_first(said):
    assert "division par zéro" in said("try:\n    1 / 0\nexcept Exception as e:\n    raise RuntimeError('oh') from e")


def test_what_no_rule_knows_is_told_in_one_line():
    class Odd(Exception):
        pass

    told = python_errors.explain(Odd("x " * 5000))
    assert "Python s'est arrêté sur une erreur (Odd: x" in told and len(told) < 200


def test_two_values_are_shown_where_they_differ():
    lines = [f"Phrase {number} du livre.\n" for number in range(20)]
    got, expected = shown.contrast(lines[1:], lines)
    assert got == "19 éléments ; [0] : 'Phrase 1 du livre.\\n'" and "20 éléments ; [0] : 'Phrase 0" in expected
    assert shown.contrast(lines[:5], lines)[0] == "5 éléments ; [5] : rien"
    got, expected = shown.contrast("a" * 100 + "b" * 100, "a" * 100 + "c" * 100)
    assert "ab" in got and "ac" in expected and max(len(got), len(expected)) < 90
    assert shown.contrast([1], [2]) == ("[1]", "[2]")


@pytest.mark.parametrize(
    "value, expected, difference",
    [
        (["a"], ["a", "b"], "Seul le premier"),
        (["a", "b"], ["a", "b", "c"], "s'arrête trop tôt : 2 sur 3"),
        (["b", "c"], ["a", "b", "c"], "Il manque le début"),
        (["b", "a"], ["a", "b"], "pas dans l'ordre"),
        (["a", "b", "b"], ["a", "b"], "De trop, à la fin"),
        ([["a", "b"]], ["a", "b"], "Une liste dans une liste"),
        (list("abcd"), ["ab", "cd"], "`append` l'ajoute entier"),
        ([None, None], ["a", "b"], "valeurs vides (None)"),
        ([" a", "b "], ["a", "b"], "les blancs qui les bordent"),
        ("Ab", "ab", "majuscules"),
        ("a  b", "a b", "pas les blancs"),
        ("ab", "abc", "Il manque la fin"),
    ],
)
def test_what_two_values_have_of_different_is_said(value, expected, difference):
    assert difference in likeness.difference(value, expected)
