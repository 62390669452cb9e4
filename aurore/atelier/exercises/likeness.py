"""En quoi un résultat n'est pas celui qu'il fallait, quand aucune erreur habituelle de l'exercice ne l'explique."""

import difflib
import os
import re

KINDS = {
    "builtin_function_or_method": "une méthode, sans ses parenthèses",
    "bytes": "des octets (bytes)",
    "Dataset": "une seule des parties",
    "Column": "une seule colonne",
    "DatasetDict": "un `DatasetDict`, les trois parties ensemble",
    "dict": "un dictionnaire",
    "function": "une fonction, sans ses parenthèses",
    "generator": "un générateur (`yield`, ou des parenthèses au lieu de crochets)",
    "History": "l'historique, que `fit` renvoie",
    "int": "un nombre entier",
    "list": "une liste",
    "float": "un nombre à virgule",
    "bool": "vrai ou faux (`True`, `False`)",
    "PreTrainedTokenizerFast": "un tokenizer",
    "TextIOWrapper": "un fichier ouvert, et non ses lignes",
    "method": "une méthode, sans ses parenthèses",
    "map": "un `map`, qui n'est pas encore une liste : `list(map(…))`",
    "ndarray": "un tableau de NumPy",
    "NoneType": "rien (None)",
    "coroutine": "une coroutine : ôtez `async`, et `await`",
    "filter": "un `filter`, qui n'est pas encore une liste : `list(filter(…))`",
    "range": "un `range`, qui n'est pas encore une liste : `list(range(…))`",
    "Witness": "le pipeline lui-même, qu'il reste à appeler",
    "zip": "un `zip`, qui n'est pas encore une liste : `list(zip(…))`",
    "takewhile": "un itérateur, qui n'est pas encore une liste : `list(…)` en fait une",
    "set": "un ensemble (des accolades)",
    "str": "une chaîne (str)",
    "tuple": "un tuple (des valeurs séparées par une virgule)",
    "type": "une classe, sans ses parenthèses",
}


def kind(value) -> str:
    """L'espèce d'une valeur, dite en français."""
    name = type(value).__name__
    return KINDS.get(name, f"un objet de type `{name}`")


def difference(value, expected) -> str:
    """Ce qui distingue deux valeurs de la même espèce ; rien si l'on ne sait le dire."""
    if isinstance(expected, str):
        return _between_texts(value, expected)
    return _between_lists(value, expected) if isinstance(expected, list) and expected else ""


OBJECT = re.compile(r"<(?:built-in method|bound method|function|generator object|class|map object|filter object) ")


def _between_texts(text: str, expected: str) -> str:
    if OBJECT.search(text):
        return (
            "C'est un objet de Python, écrit en texte (`<…>`) : des parenthèses manquent, ou il reste à le parcourir."
        )
    if text == repr(expected):
        return "C'est le texte tel que Python l'écrit, avec ses guillemets : sans `repr`."
    if text != expected and letters(text) == letters(expected):
        return "Les accents, ou d'autres caractères, sont abîmés."
    if text.casefold() == expected.casefold():
        return "Seules les majuscules diffèrent."
    if text.split() == expected.split():
        return "Les mots sont les bons, mais pas les blancs ou les sauts de ligne qui les séparent."
    if text and expected.startswith(text):
        return "Il manque la fin du texte."
    if text and expected.endswith(text):
        return "Il manque le début du texte."
    if text.startswith(expected):
        return "Il y a du texte en trop, à la fin."
    if text.endswith(expected):
        return "Il y a du texte en trop, au début."
    if not text:
        return "Le texte est vide."
    common = os.path.commonprefix([text, expected])
    return f"Le début est bon, jusqu'à « {common[-12:].strip()} », mais non la suite." if common.strip() else ""


def letters(text: str) -> str:
    """Ce qu'un texte garde quand son encodage est mal lu : ses caractères les plus simples."""
    return re.sub(r"[^\x00-\x7f]+", "", text)


def _between_lists(values: list, expected: list) -> str:
    if not values:
        return "La liste est vide."
    if None in values and None not in expected:
        return "La liste contient des valeurs vides (None) : elles viennent d'une fonction qui ne renvoie rien."
    if values == [expected]:
        return "Une liste dans une liste : des crochets de trop ?"
    if isinstance(expected[0], str) and all(isinstance(one, str) for one in values):
        if sorted("".join(values)) == sorted("".join(expected)) and max(map(len, values)) == 1 < max(
            map(len, expected)
        ):
            return "Ce sont des caractères : `+=` ajoute à une liste les lettres d'un texte une à une, `append` l'ajoute entier."
        if [one.strip() for one in values] == [one.strip() for one in expected]:
            return "Les éléments sont les bons, mais non les blancs qui les bordent."
        if [one.casefold() for one in values] == [one.casefold() for one in expected]:
            return "Seules les majuscules diffèrent."
    if type(values[0]) is not type(expected[0]):
        return f"La liste contient {kind(values[0])}, et non {kind(expected[0])}."
    return _between_places(values, expected)


def _between_places(values: list, expected: list) -> str:
    """Ce qui distingue deux listes dont les éléments sont de la même espèce : ce qui manque, ce qui est de trop, l'ordre."""
    few, many = len(values), len(expected)
    if values == expected[:1]:
        return "Seul le premier élément de la liste est là : il les faut tous."
    if values == expected[:few]:
        return f"La liste s'arrête trop tôt : {few} sur {many}."
    if values == expected[-few:]:
        return f"Il manque le début de la liste : {few} sur {many}, les derniers."
    if values[:many] == expected:
        return f"De trop, à la fin de la liste : {few - many}."
    if values[-many:] == expected:
        return f"De trop, au début de la liste : {few - many}."
    if sorted(map(repr, values)) == sorted(map(repr, expected)):
        return "Les éléments sont les bons, mais pas dans l'ordre."
    if few < many and all(one in expected for one in values):
        return f"Il manque des éléments : {few} sur {many}."
    if few > many and all(one in expected for one in values):
        return f"Des éléments sont là plusieurs fois : {few} en tout, au lieu de {many}."
    if few != many:
        return f"La liste n'a pas la bonne longueur : {few} au lieu de {many}."
    place, one, other = next((place, *pair) for place, pair in enumerate(zip(values, expected)) if pair[0] != pair[1])
    alike = isinstance(one, str) and isinstance(other, str) and difflib.SequenceMatcher(None, one, other).ratio() > 0.6
    if alike and (why := _between_texts(one, other)):
        return f"L'élément [{place}] n'est pas le bon. {why}"
    return f"L'élément [{place}] n'est pas le bon." if place else "Dès le premier, les éléments ne sont pas les bons."
