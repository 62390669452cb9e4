"""Ce que l'on attend des exercices de l'étape 2, et les erreurs qu'on y fait d'habitude."""

import functools
import tempfile
from pathlib import Path
from unittest import mock

from atelier import settings  # isort: skip (avant transformers, dont `atelier` règle l'environnement)

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier.exercises.calls import HARD_CODED, Wrong, call, expect, reject, show

TEXTS = ("Bonjour Madame, où est l'été ?", "Elle lui répondit.")
CORPUS = [
    f"La fauvette de Nohant chantait, et {name} l'écoutait sans bouger."
    for name in ("Fadette", "Landry", "Sylvinet", "Madelon")
]


@functools.cache
def mini_tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(settings.MINI)


@functools.cache
def small_tokenizer() -> PreTrainedTokenizerBase:
    """Un autre tokenizer, pour que personne ne réponde d'avance."""
    return mini_tokenizer().train_new_from_iterator([CORPUS], 280, show_progress=False)


def exercise_1(load_tokenizer, _) -> None:
    with tempfile.TemporaryDirectory() as other:
        small_tokenizer().save_pretrained(other)
        for name in (other, str(settings.MINI)):
            result = call(load_tokenizer, name)
            if not isinstance(result.value, PreTrainedTokenizerBase):
                reject(result, mini_tokenizer())
            if result.value.get_vocab() != AutoTokenizer.from_pretrained(name).get_vocab():
                raise Wrong(
                    "Ce n'est pas le tokenizer de ce modèle : le nom est-il écrit en dur ? Il est dans `model_name`.",
                    result.call,
                    f"un vocabulaire de {len(result.value)} tokens",
                    f"un vocabulaire de {len(AutoTokenizer.from_pretrained(name))} tokens",
                )


def exercise_2(simple_text, _) -> None:
    result = call(simple_text)
    if result.value is None and not result.printed:
        raise Wrong(
            "`text` ne contient rien (None) : donnez-lui une phrase.",
            result.call,
            "None",
            "une phrase, entre guillemets",
        )
    if not isinstance(result.value, str):
        reject(result, "une phrase")
    if not any(letter.isalpha() for letter in result.value):
        raise Wrong(
            "Le texte n'a pas un mot : écrivez-y une phrase.",
            result.call,
            show(result.value),
            "une phrase, entre guillemets",
        )
    if len(result.value) > 300:
        raise Wrong(
            "Un texte simple tient sur une ligne ou deux : on veut en lire tous les tokens.",
            result.call,
            show(result.value),
        )


def exercise_3(tokens_analysis, _) -> None:
    for text, tokenizer in zip(TEXTS, (mini_tokenizer(), small_tokenizer())):
        encoding = tokenizer(text)
        result = call(tokens_analysis, tokenizer, text)
        if getattr(result.value, "keys", None) and "input_ids" in result.value.keys():
            raise Wrong(
                "C'est tout ce que renvoie le tokenizer : les identifiants y sont sous la clé `input_ids`.",
                result.call,
                show(dict(result.value)),
                show(encoding["input_ids"]),
            )
        if hasattr(result.value, "numpy") or type(result.value).__name__ == "ndarray":
            raise Wrong(
                "C'est un tenseur : ôtez `return_tensors`, il faut une simple liste.",
                result.call,
                show(result.value),
                show(encoding["input_ids"]),
            )
        expect(
            tokens_analysis,
            tokenizer,
            text,
            expected=encoding["input_ids"],
            mistakes={
                "Ce sont les tokens : il faut leurs identifiants, des nombres.": tokenizer.tokenize(text),
                "C'est l'`attention_mask`, qui dit quels tokens regarder : les identifiants sont sous la clé `input_ids`.": encoding[
                    "attention_mask"
                ],
                "Une liste dans une liste : donnez au tokenizer le texte seul, et non une liste de textes.": [
                    encoding["input_ids"]
                ],
                "Ce sont les identifiants de chaque caractère : donnez au tokenizer le texte entier.": [
                    tokenizer(letter)["input_ids"] for letter in text
                ],
                "C'est le nombre des tokens : il faut leurs identifiants.": len(encoding["input_ids"]),
                "Seul le premier identifiant est là : il les faut tous.": encoding["input_ids"][0],
                "Ce sont les identifiants d'un autre texte : servez-vous de celui qu'on reçoit, `text`.": tokenizer(
                    TEXTS[0]
                )["input_ids"],
                HARD_CODED: mini_tokenizer()(TEXTS[0])["input_ids"],
            },
        )


def exercise_4(vocabulary_of, _) -> None:
    mini, small = mini_tokenizer(), small_tokenizer()
    first, second = mini(TEXTS[0])["input_ids"], small(TEXTS[1])["input_ids"]
    letters = mini.convert_tokens_to_ids([*"le", mini.eos_token, *"soir"])
    for ids, tokenizer in ((first, mini), (second, small), (letters, mini)):
        names = tokenizer.convert_ids_to_tokens(ids)
        expect(
            vocabulary_of,
            tokenizer,
            ids,
            expected=names,
            mistakes={
                "C'est le texte : `decode` le refait. `convert_ids_to_tokens` donne les tokens, un à un.": tokenizer.decode(
                    ids
                ),
                "C'est le texte refait d'un bloc : il faut les tokens, un à un.": tokenizer.convert_tokens_to_string(
                    names
                ),
                "Ce sont des morceaux de texte lisibles. `convert_ids_to_tokens` donne les tokens tels que le vocabulaire les écrit (« Ġ » pour une espace).": [
                    tokenizer.decode([index]) for index in ids
                ],
                "Ce sont encore des identifiants : `convert_ids_to_tokens` en fait des tokens.": ids,
                "Seul le premier token est là : il les faut tous.": names[0],
                "Le premier token manque.": names[1:],
                "Le dernier token manque.": names[:-1],
                "La fin de texte est un token comme les autres : sans `skip_special_tokens`.": tokenizer.convert_ids_to_tokens(
                    ids, skip_special_tokens=True
                ),
                "Refaire le texte, puis le recouper, ne redonne pas toujours les mêmes tokens : partez de `ids`.": tokenizer.tokenize(
                    tokenizer.decode(ids)
                ),
                HARD_CODED: mini.tokenize(TEXTS[0]),
            },
        )


def exercise_5(get_training_corpus, _) -> None:
    for length, batch_size in ((7, 3), (4, 2), (2, 1000)):
        texts = [f"Phrase {number}." for number in range(length)]
        expected = [texts[start : start + batch_size] for start in range(0, length, batch_size)]
        result = call(get_training_corpus, texts, batch_size)
        mistakes = {
            "La liste des paquets est faite d'avance : donnez-les un à un, avec `yield`.": expected,
            "Seul le premier paquet est revenu : `return` termine la fonction, `yield` la reprend où elle était.": expected[
                0
            ],
            "Ce sont tous les textes d'un coup : donnez-les par paquets, avec `yield`.": texts,
        }
        if isinstance(result.value, (list, str, type(None))) or not hasattr(result.value, "__iter__"):
            reject(result, (batch for batch in expected), mistakes)
        batches = call(list, result.value, shown=f"list({result.call})").value
        if len(texts) != length:
            raise Wrong(
                "La liste reçue s'est vidée : prenez-y des tranches, sans rien en ôter.", f"list({result.call})"
            )
        mistakes = {
            "Le dernier paquet, incomplet, est perdu : une tranche peut dépasser la fin de la liste.": [
                batch for batch in expected if len(batch) == batch_size
            ],
            "Les textes viennent un à un : il les faut par paquets de `batch_size`.": texts,
            "Les textes viennent un à un : chaque paquet doit en contenir `batch_size`.": [[text] for text in texts],
            "Tous les textes sont dans un seul paquet : où est `batch_size` ?": [texts],
            "Tous les textes viennent d'un coup, l'un après l'autre : où sont les paquets ?": [texts[:1000]],
            "Les paquets se chevauchent : `range` avance-t-il de `batch_size` ?": [
                texts[start : start + batch_size] for start in range(length)
            ],
            "Chaque paquet prend un texte de trop : la tranche s'arrête à `start + batch_size`.": [
                texts[start : start + batch_size + 1] for start in range(0, length, batch_size)
            ],
            "Chaque paquet part du début de la liste : la tranche commence à `start`.": [
                texts[: start + batch_size] for start in range(0, length, batch_size)
            ],
            "Le premier paquet manque : `range` commence à 0.": expected[1:],
            "Un paquet vide à la fin.": [*expected, []],
            "Un seul paquet est donné : `yield` va dans la boucle, sans `return`.": expected[:1],
            "Un texte au lieu d'un paquet : il y faut une tranche, `texts[start : …]`.": texts[::batch_size],
            "La tranche finit à `start + batch_size`.": [
                texts[start:batch_size] for start in range(0, length, batch_size)
            ],
        }
        if [list(batch) if isinstance(batch, tuple) else batch for batch in batches] != expected:
            named = next(
                (sentence for sentence, wrong in mistakes.items() if batches == wrong),
                "Ce ne sont pas les paquets attendus.",
            )
            raise Wrong(named, f"list({result.call})", show(batches), show(expected))


def exercise_6(retrain, _) -> None:
    for vocab_size in (270, 290):
        result = call(retrain, mini_tokenizer(), iter([CORPUS[:2], CORPUS[2:]]), vocab_size)
        if not isinstance(result.value, PreTrainedTokenizerBase):
            reject(result, mini_tokenizer())
        got = f"un vocabulaire de {len(result.value)} tokens"
        if result.value.get_vocab() == mini_tokenizer().get_vocab():
            raise Wrong(
                "C'est le tokenizer de départ : `train_new_from_iterator` en renvoie un nouveau, c'est lui qu'il faut renvoyer.",
                result.call,
                got,
            )
        if len(result.value) < vocab_size:
            raise Wrong(
                "Le vocabulaire est plus petit que demandé : trop peu de textes, ou une autre taille ? `batches` ne se lit qu'une fois.",
                result.call,
                got,
                f"un vocabulaire de {vocab_size} tokens",
            )
        if len(result.value) != vocab_size:
            raise Wrong(
                "Le vocabulaire n'a pas la taille demandée : elle est dans `vocab_size`.",
                result.call,
                got,
                f"un vocabulaire de {vocab_size} tokens",
            )
        expected = mini_tokenizer().train_new_from_iterator(
            iter([CORPUS[:2], CORPUS[2:]]), vocab_size, show_progress=False
        )
        if result.value.get_vocab() != expected.get_vocab():
            raise Wrong(
                "Le vocabulaire ne vient pas de tous les textes reçus : ils sont dans `batches`.",
                result.call,
                show(result.value.tokenize(CORPUS[-1])),
                show(expected.tokenize(CORPUS[-1])),
            )


def exercise_7(save_tokenizer, _) -> None:
    small = small_tokenizer()
    with (
        tempfile.TemporaryDirectory() as temporary,
        mock.patch.object(settings, "TOKENIZER", Path(temporary, "tokenizer")) as folder,
    ):
        try:
            result = call(save_tokenizer, small)
        except Wrong as wrong:
            if not isinstance(wrong.__cause__, FileNotFoundError):
                raise
            raise Wrong(
                "Rien n'a été écrit dans `folder` : c'est lui qu'il faut donner à `save_pretrained`.", wrong.call
            ) from wrong
        if not (folder / "tokenizer.json").exists() or not (folder / "tokenizer_config.json").exists():
            raise Wrong(
                "Il manque des fichiers dans `aurore/tokenizer` : `save_pretrained` les écrit tous.",
                result.call,
                show(sorted(path.name for path in folder.iterdir())),
            )
        if result.value is small or not isinstance(result.value, PreTrainedTokenizerBase):
            raise Wrong(
                "Pas de `return` ici : la fonction doit aller jusqu'à sa dernière ligne, qui relit le tokenizer.",
                result.call,
                show(result.value),
            )
        if AutoTokenizer.from_pretrained(folder).get_vocab() != small.get_vocab():
            raise Wrong("Le tokenizer enregistré n'est pas celui qui a été reçu.", result.call)
