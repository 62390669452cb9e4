"""Les phrases : les couper, les compter, en tirer quelques-unes (1.7 à 1.9)."""

import re

from atelier.exercises.calls import Wrong, call, expect, reject, show
from atelier.text.sentences import sentence_tokenizer


def exercise_7(split_text_to_list, solution) -> None:
    for text in (
        "M. de Mauprat entra. « Où est-elle ? » dit-il. Personne ne répondit…",
        "Elle partit pour Nohant. Mme Sand l'y attendait !",
        "« Viens ! » Elle le suivit.",
        "S. A. le prince entra. Il salua.",
    ):
        expected, blind = (solution(text), [piece for piece in re.split(r"(?<=[.!?…])\s+", text) if piece])
        expect(
            split_text_to_list,
            text,
            expected=expected,
            mistakes={
                "Le guillemet qui se ferme part avec la phrase suivante : appelez `tokenize` sans autre option.": sentence_tokenizer().tokenize(
                    text, realign_boundaries=False
                ),
                "Le texte n'est pas coupé : c'est encore un seul morceau.": [text],
                "Le texte est coupé à chaque point : « M. » n'est pas une phrase. `sentence_tokenizer` le sait.": blind,
                "Le texte est coupé à chaque point : « M. » n'est pas une phrase, et les points ont disparu.": text.split(
                    "."
                ),
                "Le texte est coupé à chaque point suivi d'une espace : « M. » n'est pas une phrase, et les points ont disparu.": text.split(
                    ". "
                ),
                "Ce sont des mots, non des phrases.": text.split(),
                "Ce sont des caractères, non des phrases.": list(text),
                "Seule la première phrase est revenue : il faut la liste de toutes.": expected[0],
                "La première phrase seule est dans la liste : il les faut toutes.": expected[:1],
                "Certaines abréviations sont prises pour des fins de phrase : c'est la méthode `tokenize`, de `sentence_tokenizer`, qui les connaît toutes.": sentence_tokenizer().sentences_from_text(
                    text
                ),
            },
        )


def exercise_8(count, _) -> None:
    for texts in (
        ["Le 12 mai, le cœur lui battait", "Où vas-tu, mon enfant ?", "Où vas-tu, mon enfant ?"],
        ["Oui ! Non."],
    ):
        words, last, first = (
            sum(len(re.findall(r"\w+", text)) for text in some) for some in (texts, texts[-1:], texts[:1])
        )
        result = call(count, list(texts))
        # « vas-tu » fait un mot ou deux, et « ? » peut en être un : ces définitions se défendent.
        defensible = {
            sum(len(re.findall(word, text)) for text in texts)
            for word in (r"\w+", r"[\w']+", r"[\w-]+", r"[\w'-]+", r"\S+")
        }
        value = result.value
        if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == len(texts) and value[1] in defensible:
            continue
        reject(
            result,
            (len(texts), words),
            {
                "Les deux nombres sont intervertis : d'abord les phrases, ensuite les mots.": (words, len(texts)),
                "Le second nombre compte les caractères, non les mots.": (len(texts), sum(map(len, texts))),
                "Le nombre de phrases manque : il en faut deux, séparés par une virgule.": words,
                "Le nombre de mots manque : il en faut deux, séparés par une virgule.": len(texts),
                "Seuls les mots de la dernière phrase sont comptés : il faut les additionner.": (len(texts), last),
                "Seuls les mots de la première phrase sont comptés : `return` est-il dans la boucle ?": (
                    len(texts),
                    first,
                ),
                "Les deux nombres sont les mêmes, celui des phrases.": (len(texts), len(texts)),
                "Un mot, ou une phrase, qui revient compte chaque fois : pas d'ensemble (`set`).": (
                    len(texts),
                    len({w for text in texts for w in re.findall(r"\w+", text)}),
                ),
                "Une phrase qui revient compte chaque fois : pas d'ensemble (`set`).": (
                    len(texts),
                    sum(len(re.findall(r"\w+", text)) for text in set(texts)),
                ),
                "Les lettres manquent d'accents, ou d'« œ » : `\\w` les connaît toutes.": (
                    len(texts),
                    sum(len(re.findall(r"[a-zA-ZÀ-ÿ0-9]+", text)) for text in texts),
                ),
                "Les nombres aussi sont des mots : `\\w` les compte.": (
                    len(texts),
                    sum(len(re.findall(r"[^\W\d_]+", text)) for text in texts),
                ),
                "Le dernier mot d'une phrase se colle au premier de la suivante : comptez phrase par phrase.": (
                    len(texts),
                    len(re.findall(r"\w+", "".join(texts))),
                ),
            },
        )


def exercise_9(random_sentences, _) -> None:
    texts = [f"Phrase numéro {number}." for number in range(12)]
    draws = []
    for _ in range(20):
        result = call(random_sentences, list(texts), 4)
        drawn = result.value
        if not isinstance(drawn, list):
            reject(result, expected=texts[:4])
        if not all(one in texts for one in drawn):
            raise Wrong("Ce ne sont pas des éléments de `texts`.", result.call, show(drawn))
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
    if all(draw == texts[(start := texts.index(draw[0])) : start + 4] for draw in draws):
        raise Wrong(
            "Les phrases se suivent : tirez chacune au hasard, non la première seulement.", result.call, show(draws[0])
        )
    result = call(random_sentences, texts[:3], 5)
    if not isinstance(result.value, list) or sorted(map(str, result.value)) != texts[:3]:
        raise Wrong("Quand il y a moins de phrases que demandé, renvoyez-les toutes.", result.call, show(result.value))
