"""Les phrases : les couper, en tirer quelques-unes (1.7 et 1.9)."""

import re
from collections.abc import Callable

from atelier.exercises.calls import Wrong, call, expect, reject, show
from atelier.text.sentences import sentence_tokenizer

TOKENIZE_ERRORS = {
    r"Elsewhere|LookupError": "NLTK cherche ici des données à télécharger. `sentence_tokenizer`, en haut du fichier, a déjà les siennes.",
    r"TypeError: sequence item \d+|TypeError: .*(?:startswith|decoding|str, not list|not list)": "`tokenize` veut un texte : `text`, sans crochets autour.",
    r"TypeError: expected string or bytes-like object, got '(\w+)'": "`tokenize` veut un texte, `text`, et c'est un objet `{0}` qu'il reçoit.",
    r"TypeError: '\w+' object is not callable": "Des parenthèses de trop : `sentence_tokenizer` ne s'appelle pas, c'est sa méthode `tokenize` qui s'appelle.",
}


def exercise_7(split_text_to_list, solution) -> None:
    for text in (
        "M. de Mauprat entra. « Où est-elle ? » dit-il. Personne ne répondit…",
        "Elle partit pour Nohant. Mme Sand l'y attendait !",
        "« Viens ! » Elle le suivit.",
        "S. A. le prince entra. Il salua.",
    ):
        expected = solution(text)
        expect(
            split_text_to_list,
            text,
            errors=TOKENIZE_ERRORS,
            expected=expected,
            mistakes=_split_mistakes(split_text_to_list, text, expected),
        )


def _split_mistakes(split_text_to_list: Callable, text: str, expected: list[str]) -> dict:
    """Les erreurs habituelles de 1.7."""
    tokenizer = sentence_tokenizer()
    return {
        "Le guillemet qui se ferme part avec la phrase suivante : appelez `tokenize` sans autre option.": tokenizer.tokenize(
            text, realign_boundaries=False
        ),
        "`text` est entre guillemets : c'est le mot « text » qui est coupé, non le texte reçu.": ["text"],
        "Le texte n'est pas coupé : c'est encore un seul morceau.": lambda found: (
            "".join(found).strip() == text and len(found) == 1 < len(expected)
        ),
        "Les majuscules ont disparu : coupez `text` tel quel, c'est par elles que commencent les phrases.": lambda found: (
            found != expected and text.lower() == " ".join(found)
        ),
        "Le texte est coupé à chaque point : « M. » n'est pas une phrase. `sentence_tokenizer` le sait.": lambda found: (
            [piece.strip() for piece in found if piece.strip()] == BLIND.split(text)
        ),
        "Le texte est coupé à chaque point : « M. » n'est pas une phrase, et les points ont disparu.": lambda found: (
            [piece.strip() for piece in found if piece.strip()]
            in ([piece.strip() for piece in cut.split(text) if piece.strip()] for cut in (POINTS, MARKS, THREE))
        ),
        "Le texte est coupé à chaque point suivi d'une espace : « M. » n'est pas une phrase, et les points ont disparu.": text.split(
            ". "
        ),
        "Ce sont des mots, non des phrases.": lambda found: found in (text.split(), re.findall(r"\w+", text)),
        "Ce sont des caractères, non des phrases.": list(text),
        "C'est le nombre des phrases : il en faut la liste.": len(expected),
        "Ce sont les places des phrases : `tokenize` donne les phrases elles-mêmes.": lambda found: (
            isinstance(found[0], tuple) and len(found[0]) == 2
        ),
        "Seule la première phrase est revenue : il faut la liste de toutes.": expected[0],
        "La première phrase seule est dans la liste : il les faut toutes.": expected[:1],
        "Certaines abréviations sont prises pour des fins de phrase : c'est la méthode `tokenize`, de `sentence_tokenizer`, qui les connaît toutes.": (
            tokenizer.sentences_from_text(text)
        ),
        "La ponctuation de la fin a changé : gardez les phrases telles que `tokenize` les renvoie.": lambda found: (
            isinstance(found, list)
            and [piece.strip(ENDS) for piece in found] == [piece.strip(ENDS) for piece in expected]
        ),
        "Le texte est coupé à d'autres endroits : `sentence_tokenizer`, en haut du fichier, connaît les abréviations des romans.": lambda found: (
            isinstance(found, list) and " ".join(found) == text
        ),
    }


ENDS = " .!?…»"
BLIND, POINTS, MARKS, THREE = (re.compile(cut) for cut in (r"(?<=[.!?…])\s+", r"\.", r"[.!?…]", r"[.!?]"))


TOO_FEW = "Quand il y a moins de phrases que demandé, renvoyez-les toutes."
SAMPLE_ERRORS = {
    r"TypeError: .*missing 1 required (?:positional|keyword-only) argument: 'k'": "`random.sample` veut aussi combien en tirer.",
    r"TypeError: Population must be a sequence.*": "`random.sample` tire dans une liste : `texts` d'abord, tel quel, puis le nombre.",
    r"TypeError: .*not supported between instances of": "Le nombre à tirer doit être un nombre : `min(number, len(texts))`.",
    r"TypeError: 'int' object is not iterable": "Un nombre ne se parcourt pas. Pour le plus petit de deux nombres : `min(number, len(texts))`.",
    r"TypeError: .*(?:random|choice)\(\) takes|TypeError: .*choices|TypeError: The number of choices": "`random.sample` est la fonction qui tire plusieurs éléments : `texts` d'abord, puis le nombre.",
}


def exercise_9(random_sentences, _) -> None:
    texts = [f"Phrase numéro {number}." for number in range(12)]
    draws = []
    for _ in range(20):
        result = call(random_sentences, list(texts), 4, errors=SAMPLE_ERRORS)
        drawn = result.value
        if not isinstance(drawn, list):
            reject(result, expected=texts[:4])
        if not all(one in texts for one in drawn):
            numbers = all(isinstance(one, int) for one in drawn)
            if any(isinstance(one, list) for one in drawn):
                raise Wrong(
                    "Chaque phrase est dans une liste de trop : `random.sample` en renvoie déjà une.",
                    result.call,
                    show(drawn),
                )
            sentence = (
                "Ce sont des numéros : il faut les phrases, `texts[numéro]`."
                if numbers
                else "Ce ne sont pas des phrases de `texts` : tirez-les sans les changer."
            )
            raise Wrong(sentence, result.call, show(drawn))
        if len(drawn) != 4:
            raise Wrong(
                f"Il faut 4 phrases, comme le dit `number`, et il y en a {len(drawn)}.", result.call, show(drawn)
            )
        if len(set(drawn)) < 4:
            raise Wrong(
                "La même phrase est tirée deux fois : `random.sample` ne le fait pas, `random.choices` si.",
                result.call,
                show(drawn),
            )
        draws.append(drawn)
    if all(draw == draws[0] for draw in draws):
        raise Wrong("Toujours les mêmes phrases : ce n'est pas un tirage au hasard.", result.call, show(draws[0]))
    if all(sorted(draw) == sorted(draws[0]) for draw in draws):
        raise Wrong(
            "Toujours les mêmes phrases, dans un autre ordre : tirez-les parmi toutes.", result.call, show(draws[0])
        )
    if all(draw == texts[(start := texts.index(draw[0])) : start + 4] for draw in draws):
        raise Wrong(
            "Les phrases se suivent : tirez chacune au hasard, non la première seulement.", result.call, show(draws[0])
        )
    result = call(random_sentences, texts[:3], 5, errors={r"raise \w+": TOO_FEW} | SAMPLE_ERRORS)
    if not isinstance(result.value, list) or sorted(map(str, result.value)) != texts[:3]:
        raise Wrong(TOO_FEW, result.call, show(result.value))
