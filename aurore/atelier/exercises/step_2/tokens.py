"""Du texte aux identifiants, et des identifiants aux tokens (2.2 à 2.4)."""

from transformers import PreTrainedTokenizerBase

from atelier.exercises import learner_code
from atelier.exercises.calls import HARD_CODED, Wrong, call, expect, reject, show
from atelier.exercises.french import is_french
from atelier.exercises.step_2.samples import TEXTS, mini_tokenizer, small_tokenizer

TEXT_ERRORS = {
    r"NameError: .*name '(?!text'|console')(\w+)'": "`{0}` n'existe pas ici : un texte s'écrit entre guillemets.",
    r"UnboundLocalError: .*'text'": '`text` n\'a pas reçu de valeur : `text = "…"`, avec un seul `=`.',
}


def exercise_2(simple_text, _) -> None:
    result = call(simple_text, errors=TEXT_ERRORS)
    if result.value is None and not result.printed:
        raise Wrong(
            "`text` ne contient rien (None) : donnez-lui une phrase.",
            result.call,
            "None",
            "une phrase, entre guillemets",
        )
    if not isinstance(result.value, str):
        reject(
            result,
            "une phrase",
            {
                "C'est un tuple : une virgule, hors des guillemets, coupe le texte en deux.": lambda value: isinstance(
                    value, tuple
                )
            },
        )
    if not any(letter.isalpha() for letter in result.value):
        raise Wrong(
            "Le texte n'a pas un mot : écrivez-y une phrase.",
            result.call,
            show(result.value),
            "une phrase, entre guillemets",
        )
    if not is_french(result.value):
        raise Wrong(
            "Ce texte n'est pas en français : écrivez-le dans la langue du modèle.", result.call, show(result.value)
        )
    if len(result.value) > 300:
        raise Wrong(
            "Un texte simple tient sur une ligne ou deux : on veut en lire tous les tokens.",
            result.call,
            show(result.value),
        )


VOCAB = {
    r"\.(?:vocab|get_vocab\(\))\[": "Le vocabulaire contient des tokens, non des textes : `tokenizer(text)` coupe d'abord le texte en tokens."
}
IDS_ERRORS = {
    r"(?:ImportError|ValueError|RuntimeError): .*(?:convert output to|[Uu]nable to (?:convert|create) )|ValueError: .*is not a valid TensorType": "C'est un tenseur qui est demandé : ôtez `return_tensors`, il faut une simple liste.",
    r"ValueError: Asking to pad": "Un texte seul n'a pas à être complété : ôtez `padding`.",
    r"NameError: .*name '(input_ids|attention_mask)'": '`{0}` est une clé : elle s\'écrit entre guillemets, `["{0}"]`.',
    r"AttributeError: 'BatchEncoding' object has no attribute '(\w+)'": "Ce que renvoie le tokenizer n'a rien qui s'appelle `{0}` : les identifiants sont sous la clé `input_ids`.",
    r"KeyError: (.*)": "Le tokenizer ne renvoie rien sous la clé {0} : les identifiants sont sous `input_ids`.",
    r"TypeError: '\w*Tokenizer\w*' object is not subscriptable": "Des crochets au lieu de parenthèses : un tokenizer s'appelle comme une fonction, `tokenizer(text)`.",
    r"AttributeError: '?\w*Tokenizer\w*'? .*attribute '?input_ids": 'Les identifiants sont dans ce que renvoie le tokenizer, non en lui : `tokenizer(text)["input_ids"]`.',
    r"TypeError: argument 'ids'": "`decode` va des identifiants au texte, et c'est l'inverse qu'il faut : `tokenizer(text)`.",
    r"(?:ValueError|TypeError): .*(?:[Tt]ext|TextEncodeInput|TextInputSequence)": "Le tokenizer veut un texte, et c'est autre chose qu'il reçoit : donnez-lui `text`.",
}


def _ids_mistakes(tokenizer: PreTrainedTokenizerBase, text: str) -> dict:
    """Les erreurs habituelles de 2.3."""
    right = tokenizer(text)["input_ids"]
    return {
        "Ce sont les tokens : il faut leurs identifiants, des nombres.": tokenizer.tokenize(text),
        "C'est l'`attention_mask`, qui dit quels tokens regarder : les identifiants sont sous la clé `input_ids`.": tokenizer(
            text
        )["attention_mask"],
        "Une liste dans une liste : donnez au tokenizer le texte seul, et non une liste de textes.": [right],
        "Ce sont les identifiants de chaque caractère : donnez au tokenizer le texte entier.": [
            tokenizer(letter)["input_ids"] for letter in text
        ],
        "C'est le nombre des tokens : il faut leurs identifiants.": len(right),
        "Le premier identifiant manque.": right[1:],
        "Le dernier identifiant manque.": right[:-1],
        "Seul le premier identifiant est là : il les faut tous.": right[0],
        "Ce sont les identifiants d'un autre texte : servez-vous de celui qu'on reçoit, `text`.": tokenizer(TEXTS[0])[
            "input_ids"
        ],
        "Ce sont les identifiants des mots, un à un : donnez au tokenizer le texte entier.": lambda found: (
            found
            in ([tokenizer(word)["input_ids"] for word in text.split()], tokenizer.convert_tokens_to_ids(text.split()))
        ),
        "C'est tout à la suite, mais mot par mot : les espaces sont perdues. Donnez au tokenizer le texte entier.": lambda found: (
            found == [index for word in text.split() for index in tokenizer(word)["input_ids"]]
        ),
        "Ce sont les bons identifiants, mais non une fois chacun, ou non dans l'ordre : gardez ce que le tokenizer donne.": lambda found: (
            isinstance(found, list) and set(found) == set(right)
        ),
        "Une espace de trop, au début, change le premier token : donnez au tokenizer `text`, tel quel.": lambda found: (
            found == tokenizer(" " + text)["input_ids"]
        ),
        "Les majuscules ont disparu : donnez au tokenizer `text`, tel quel.": lambda found: (
            found == tokenizer(text.lower())["input_ids"]
        ),
        "La fin de texte est ajoutée : donnez au tokenizer `text`, tel quel.": lambda found: (
            found == [*right, tokenizer.eos_token_id]
        ),
        "C'est le nom `text` qui est analysé : ôtez les guillemets.": lambda found: (
            found == tokenizer("text")["input_ids"]
        ),
        "Ce sont les places des tokens dans la phrase : il faut leurs numéros dans le vocabulaire.": lambda found: (
            list(found) == list(range(len(right)))
        ),
        "Ce sont les codes des caractères : le tokenizer a ses propres numéros.": lambda found: (
            found in ([ord(letter) for letter in text], list(text.encode()))
        ),
        HARD_CODED: mini_tokenizer()(TEXTS[0])["input_ids"],
        "Ce sont les identifiants d'un texte qui n'est pas tout à fait le même : donnez au tokenizer `text`, tel quel.": lambda found: (
            isinstance(found, list) and not set(found) <= set(right) and tokenizer.decode(found) != text
        ),
    }


def exercise_3(tokens_analysis, _) -> None:
    for text, tokenizer in zip(TEXTS, (mini_tokenizer(), small_tokenizer())):
        encoding = tokenizer(text)
        result = call(tokens_analysis, tokenizer, text, errors=learner_code.causes(tokens_analysis, VOCAB) | IDS_ERRORS)
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
            tokens_analysis, tokenizer, text, expected=encoding["input_ids"], mistakes=_ids_mistakes(tokenizer, text)
        )


NAMES_ERRORS = {
    r"ValueError: invalid literal for int.*'ids'": "`ids` est entre guillemets : ôtez-les.",
    r"NameError: .*name 'text'": "La fonction ne reçoit pas le texte, seulement `ids` : `convert_ids_to_tokens` en fait des tokens.",
    r"KeyError: \d+|TypeError: unhashable type": "Le vocabulaire va des tokens aux identifiants : `convert_ids_to_tokens` va dans l'autre sens.",
    r"(?:ValueError|TypeError): .*(?:[Tt]ext input|TextInputSequence|TextEncodeInput|argument 'sequence')": "Un tokenizer coupe un texte, et `ids` est une liste de nombres : `convert_ids_to_tokens(ids)`.",
    r"TypeError: .*(?:not 'list'|'list' object cannot|argument must be.*'list')": "`convert_ids_to_tokens` veut la liste `ids` elle-même, sans crochets autour.",
    r"TypeError: argument 'token'": "`convert_tokens_to_ids` va des tokens aux identifiants : c'est l'inverse qu'il faut, `convert_ids_to_tokens`.",
    r"TypeError: 'int' object is not iterable|TypeError: .*cannot be interpreted as an integer|ValueError: .*invalid literal": "`convert_ids_to_tokens` veut la liste `ids`, ou l'un de ses nombres.",
    r"TypeError: argument 'ids'": "`decode` et `convert_ids_to_tokens` veulent des identifiants : `ids`.",
}


def _names_mistakes(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> dict:
    """Les erreurs habituelles de 2.4."""
    names, mini = tokenizer.convert_ids_to_tokens(ids), mini_tokenizer()
    return {
        "C'est le texte : `decode` le refait. `convert_ids_to_tokens` donne les tokens, un à un.": tokenizer.decode(
            ids
        ),
        "C'est le texte refait d'un bloc : il faut les tokens, un à un.": tokenizer.convert_tokens_to_string(names),
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
        "Ce sont encore les identifiants, écrits en texte : `convert_ids_to_tokens` en fait des tokens.": list(
            map(str, ids)
        ),
        "Ce sont les caractères qui portent ces numéros dans Unicode : le vocabulaire a les siens.": lambda found: (
            found == list(map(chr, ids))
        ),
        "Ce sont les mots du texte refait : il faut les tokens, tels que le vocabulaire les écrit.": lambda found: (
            found in (tokenizer.decode(ids).split(), tokenizer.decode(ids).split(" "))
        ),
        "Ce sont les tokens réunis en un texte : il en faut la liste, sans `join`.": lambda found: (
            isinstance(found, str) and "".join(found.split()) == "".join("".join(names).split())
        ),
        "Ce sont les bons tokens, mais non une fois chacun, ou non dans l'ordre : gardez ceux de `ids`, comme ils viennent.": lambda found: (
            isinstance(found, list) and set(found) == set(names)
        ),
        "Les « Ġ » ont disparu : ils sont dans les tokens, tels que le vocabulaire les écrit.": lambda found: (
            found in ([name.replace("Ġ", new) for name in names] for new in ("", " ", "_", "▁"))
        ),
        "C'est le nombre des tokens : il en faut la liste.": len(names),
        "Une liste par token : il faut les tokens eux-mêmes.": [[name] for name in names],
        "Ce sont des couples : il faut les tokens seuls.": lambda found: (
            found and all(isinstance(one, tuple) for one in found)
        ),
        HARD_CODED: mini.tokenize(TEXTS[0]),
        "Ce sont des tokens, mais non ceux de ces identifiants : `convert_ids_to_tokens(ids)` va des uns aux autres.": lambda found: (
            isinstance(found, list) and len(found) == len(names) and set(found) <= tokenizer.get_vocab().keys()
        ),
    }


def exercise_4(vocabulary_of, _) -> None:
    mini, small = mini_tokenizer(), small_tokenizer()
    first, second = mini(TEXTS[0])["input_ids"], small(TEXTS[1])["input_ids"]
    letters = mini.convert_tokens_to_ids([*"le", mini.eos_token, *"soir"])
    for ids, tokenizer in ((first, mini), (second, small), (letters, mini)):
        names = tokenizer.convert_ids_to_tokens(ids)
        expect(
            vocabulary_of, tokenizer, ids, errors=NAMES_ERRORS, expected=names, mistakes=_names_mistakes(tokenizer, ids)
        )
