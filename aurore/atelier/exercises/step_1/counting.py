"""Compter les phrases et les mots (1.8) : la définition d'un mot se devine à ce qu'elle compte, texte après texte."""

import dataclasses
import re
from collections.abc import Callable

from atelier.exercises.calls import call, named_by, reject

WORD = r"\w+"
PROBES = {  # ce qu'on donne à compter, et ce qui ne va pas si c'est là le premier compte faux
    "Le compte n'est pas juste : un mot est une suite de lettres ou de chiffres, que trouve `\\w+`, dans chaque phrase.": [
        "Elle chantait encore.",
        "Le soir tombait sur la vallée.",
        "Elle chantait encore.",
        "Non.",
    ],
    "Le compte n'est pas juste quand il y a un nombre : « 1830 » est un mot.": [
        "En 1830, le bal de Nohant dura 3 jours."
    ],
    "Le compte n'est pas juste quand il y a des accents : « été » est un seul mot.": [
        "À Nohant, cet été fut très chaud."
    ],
    "Le compte n'est pas juste quand il y a « œ » : « cœur » est un seul mot.": ["Son cœur et sa sœur."],
    "Le compte n'est pas juste quand il y a une apostrophe : « l'âme » fait deux mots.": [
        "Elle dit que l'âme d'Élise dort."
    ],
    "Le compte n'est pas juste quand il y a un trait d'union : « vas-tu » fait deux mots.": ["Où vas-tu donc ?"],
    "Le compte n'est pas juste quand il y a d'autres ponctuations : elles ne sont pas des mots.": [
        "« Ah\u00a0! » dit Landry… — Oui."
    ],
    "Le compte n'est pas juste quand une phrase finit sans point : comptez phrase par phrase.": ["À Nohant", "Ô mer"],
    "Le compte n'est pas juste pour une phrase d'une seule lettre : elle compte aussi.": ["À"],
    "Le compte n'est pas juste quand un mot est répété : il compte à chaque fois.": ["Loin, loin, bien loin."],
    "Le compte n'est pas juste quand il y a des majuscules : elles sont des lettres.": [
        "George Sand et Alfred de Musset."
    ],
}
DEFINED = "Ce compte se défend, mais la docstring définit un mot autrement : "
APART = "Les lettres accentuées ne sont pas comptées comme des lettres"
WORDS = {  # ce que comptent d'autres motifs
    f"{DEFINED}« l'âme » en fait deux, et c'est un seul morceau entre deux espaces. `\\w+` les trouve.": r"\S+",
    f"{DEFINED}« l'âme » en fait deux, car l'apostrophe n'est pas une lettre. `\\w+` les trouve.": r"[\w'’]+",
    f"{DEFINED}« vas-tu » en fait deux, car le trait d'union n'est pas une lettre. `\\w+` les trouve.": r"[\w-]+",
    f"{DEFINED}« l'âme » et « vas-tu » en font deux chacun. `\\w+` les trouve.": r"[\w'’-]+",
    "Chaque lettre est comptée à part : il manque le `+` après `\\w`.": r"\w",
    "Les ponctuations sont comptées aussi : un mot est une suite de lettres ou de chiffres, `\\w+`.": r"\w+|[^\w\s]",
    "Les groupes de ponctuations sont comptés aussi : un mot est une suite de lettres ou de chiffres, `\\w+`.": r"\w+|[^\w\s]+",
    "`\\W`, en majuscule, est ce qui n'est pas une lettre : les mots sont `\\w+`, en minuscule.": r"\W+",
    "C'est chaque caractère qui n'est pas une lettre : les mots sont `\\w+`, en minuscule.": r"\W",
    "Ce sont les blancs qui sont comptés, non les mots.": r"\s",
    "Ce sont les suites de blancs qui sont comptées, non les mots.": r"\s+",
    f"{APART}, ni les chiffres : `\\w` les connaît.": r"[a-zA-Z]+",
    f"{APART}, ni les chiffres, ni les majuscules : `\\w` les connaît.": r"[a-z]+",
    f"{APART} : `\\w` les connaît.": r"[a-zA-Z0-9_]+",
    "« œ » n'est pas compté comme une lettre : `\\w` le connaît.": r"[a-zA-ZÀ-ÿ0-9]+",
    "« œ » n'est pas compté comme une lettre, ni les chiffres : `\\w` les connaît.": r"[a-zA-ZÀ-ÿ]+",
    "Les nombres aussi sont des mots : `\\w` compte les chiffres.": r"[^\W\d_]+",
    "Les mots d'une seule lettre comptent aussi : `\\w+` les trouve.": r"\b\w{2,}",
    "Les mots de deux lettres ou moins comptent aussi : `\\w+` les trouve.": r"\b\w{3,}",
    "Seuls les nombres sont comptés : `\\d` est un chiffre, `\\w` une lettre ou un chiffre.": r"\d+",
    "Seuls les mots qui commencent par une majuscule sont comptés.": r"\b[A-ZÀ-Ý]\w*",
}


def _words(texts: list[str], pattern: str = WORD) -> int:
    return sum(len(re.findall(pattern, text)) for text in texts)


COUNTS: dict[str, Callable[[list[str]], object]] = {  # ce que donnent d'autres façons de compter
    "Les deux nombres sont intervertis : d'abord les phrases, ensuite les mots.": lambda texts: (
        _words(texts),
        len(texts),
    ),
    "Le nombre de phrases manque : il en faut deux, séparés par une virgule.": _words,
    "Le nombre de mots manque : il en faut deux, séparés par une virgule.": len,
    "Les deux nombres sont additionnés : renvoyez-les séparés par une virgule.": lambda texts: (
        len(texts) + _words(texts)
    ),
    "Les deux nombres sont les mêmes, celui des phrases.": lambda texts: (len(texts), len(texts)),
    "Les deux nombres sont les mêmes, celui des mots : le premier est le nombre de phrases, `len(texts)`.": lambda texts: (
        _words(texts),
        _words(texts),
    ),
    "Le second nombre compte les caractères, non les mots.": lambda texts: (len(texts), sum(map(len, texts))),
    "Seuls les mots de la dernière phrase sont comptés : il faut les additionner.": lambda texts: (
        len(texts),
        _words(texts[-1:]),
    ),
    "Seuls les mots de la première phrase sont comptés : il faut les additionner.": lambda texts: (
        len(texts),
        _words(texts[:1]),
    ),
    "Seuls les mots de la plus longue phrase sont comptés : il faut les additionner.": lambda texts: (
        len(texts),
        max(_words([text]) for text in texts),
    ),
    "Les mots de la première phrase manquent.": lambda texts: (len(texts), _words(texts[1:])),
    "Les mots de la dernière phrase manquent.": lambda texts: (len(texts), _words(texts[:-1])),
    "Un mot, ou une phrase, qui revient compte chaque fois : pas d'ensemble (`set`).": lambda texts: (
        len(texts),
        len({word for text in texts for word in re.findall(WORD, text)}),
    ),
    "Un mot qui revient compte chaque fois : pas d'ensemble (`set`).": lambda texts: (
        len(texts),
        sum(len(set(re.findall(WORD, text))) for text in texts),
    ),
    "Une phrase qui revient compte chaque fois : pas d'ensemble (`set`).": lambda texts: (
        len(texts),
        _words(set(texts)),
    ),
    "Une phrase qui revient est une phrase de plus : pas d'ensemble (`set`).": lambda texts: (
        len(set(texts)),
        _words(texts),
    ),
    "Une phrase qui revient compte chaque fois, elle et ses mots : pas d'ensemble (`set`).": lambda texts: (
        len(set(texts)),
        _words(set(texts)),
    ),
    "Le dernier mot d'une phrase se colle au premier de la suivante : comptez phrase par phrase.": lambda texts: (
        len(texts),
        len(re.findall(WORD, "".join(texts))),
    ),
    f"{DEFINED}« l'âme » en fait deux, et c'est un seul morceau entre deux espaces. Comptez par `\\w+`.": lambda texts: (
        len(texts),
        sum(len(text.split(" ")) for text in texts),
    ),
    "Compter les espaces ne compte pas les mots : « Ah ! » n'en fait qu'un, « l'âme » deux. `\\w+` les trouve.": lambda texts: (
        len(texts),
        sum(text.count(" ") for text in texts),
    ),
    "Le nombre de mots d'une phrase en moyenne n'est pas demandé : c'est leur somme qu'il faut.": lambda texts: (
        len(texts),
        _words(texts) / len(texts),
    ),
}
SHAPES = {
    "Le second n'est pas un nombre, mais un générateur : tout le calcul va entre les parenthèses de `sum`.": lambda value: (
        hasattr(value[1], "__next__")
    ),
    "Le second nombre n'est pas entier : c'est la somme des mots qu'il faut.": lambda value: isinstance(
        value[1], float
    ),
    "Il faut deux nombres, le nombre des phrases et celui des mots, et rien d'autre.": lambda value: (
        isinstance(value, tuple) and (len(value) != 2 or value[1] is None)
    ),
    "Ce sont deux textes : il faut deux nombres, sans `str`.": lambda value: (
        isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    ),
    "Les deux nombres sont réunis en un texte : renvoyez-les séparés par une virgule.": lambda value: isinstance(
        value, str
    ),
    "Le premier est la liste des phrases : il en faut le nombre, `len(texts)`.": lambda value: isinstance(
        value[0], list
    ),
    "Le second est une liste : il faut le nombre de tous les mots.": lambda value: isinstance(value[1], (list, set)),
}
ERRORS = {
    r"TypeError: expected string or bytes-like object|AttributeError: 'list' object has no attribute": "`texts` est une liste de phrases : parcourez-la, et comptez les mots d'une phrase à la fois.",
    r"TypeError: object of type '(?:generator|map)' has no len": "`len` compte les éléments d'une liste : pour additionner, `sum(len(…) for text in texts)`.",
    r"TypeError: object of type '(?:re.Match|NoneType)' has no len|AttributeError: 're.Match'": "`re.match` ne trouve que le premier mot : `re.findall` les trouve tous.",
    r"LookupError": 'NLTK cherche ici des données à télécharger : `re.findall(r"\\w+", text)` s\'en passe.',
    r"TypeError: 'int' object is not iterable": "`sum` additionne une suite de nombres, et c'est un seul nombre qu'il reçoit : `sum(… for text in texts)`.",
    r"TypeError: unsupported operand type\(s\) for \+=?: 'int' and 'list'": "On additionne des nombres, non des listes de mots : `len(…)` en donne le nombre.",
    r"TypeError: unsupported operand type\(s\) for \+=?: 'int' and 'str'": "`sum` additionne des nombres, et ce sont des textes qu'il reçoit.",
}


def exercise_8(count, _) -> None:
    results = {}
    for sentence, texts in PROBES.items():
        result = call(count, list(texts), errors=ERRORS)
        if isinstance(result.value, list):  # le script s'en sert aussi bien
            result = dataclasses.replace(result, value=tuple(result.value))
        results[sentence] = result
    expected = {sentence: (len(texts), _words(texts)) for sentence, texts in PROBES.items()}
    wrong = [sentence for sentence, result in results.items() if result.value != expected[sentence]]
    if not wrong:
        return
    result = results[wrong[0]]
    sentence = _counted([result.value for result in results.values()]) or named_by(SHAPES, result.value)
    if not sentence and _two_numbers(result.value):
        others = result.value[1] == expected[wrong[0]][1]
        sentence = "Le nombre de phrases est celui de la liste, `len(texts)`." if others else wrong[0]
    reject(result, expected[wrong[0]], {sentence: result.value} if sentence else None)


def _counted(values: list) -> str:
    """La façon de compter qui donne toutes ces valeurs, et elle seule."""
    counts = COUNTS | {
        sentence: lambda texts, pattern=pattern: (len(texts), _words(texts, pattern))
        for sentence, pattern in WORDS.items()
    }
    return next(
        (sentence for sentence, count in counts.items() if [count(texts) for texts in PROBES.values()] == values), ""
    )


def _two_numbers(value) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(one, int) for one in value)
