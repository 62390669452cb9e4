"""Les textes par paquets (2.5)."""

from atelier.exercises import learner_code
from atelier.exercises.calls import Wrong, call, named_by, reject
from atelier.exercises.shown import contrast

OTHERWISE = "Chaque paquet est une liste, `texts[start : start + batch_size]`, et ceux-là n'en sont pas."
ERRORS = {
    r"TypeError: slice indices must be integers": "Une borne de la tranche n'est pas un nombre entier : `start + batch_size`, où `start` vient de `range`.",
    r"TypeError: .*'list' object cannot be interpreted as an integer": "`range` veut des nombres : la longueur de la liste est `len(texts)`.",
    r"TypeError: .*range expected at": "`range` veut un début, une fin et un pas : `range(0, len(texts), batch_size)`.",
    r"TypeError: .*'(?:list|generator)' object is not an iterator": "`next` veut un itérateur : `iter(texts)` en fait un.",
    r"IndexError: ": "Un numéro dépasse la fin de la liste : une tranche, `texts[début:fin]`, peut la dépasser, un numéro seul non.",
    r"RuntimeError: generator raised StopIteration": "`next` n'a plus rien à prendre, et arrête tout : donnez-lui une valeur de repli, `next(…, None)`.",
}


def exercise_5(get_training_corpus, _) -> None:
    for length, batch_size in ((7, 3), (4, 2), (2, 1000)):
        texts = [f"Phrase {number}." for number in range(length)]
        expected = [texts[start : start + batch_size] for start in range(0, length, batch_size)]
        result = call(get_training_corpus, texts, batch_size, errors=ERRORS)
        if result.value is None:
            raise Wrong(_nothing(result), result.call)
        if isinstance(result.value, (list, str, tuple)) or not hasattr(result.value, "__iter__"):
            reject(result, (batch for batch in expected), _not_generated(texts, expected, batch_size))
        shown = f"list({result.call})"
        batches = call(list, result.value, shown=shown, errors=ERRORS).value
        if len(texts) != length:
            raise Wrong("La liste reçue s'est vidée : prenez-y des tranches, sans rien en ôter.", shown)
        batches = [list(batch) if isinstance(batch, tuple) else batch for batch in batches]
        if batches != expected:
            wrong = _wrong_batches(get_training_corpus, texts, expected, batch_size)
            raise Wrong(named_by(wrong, batches) or OTHERWISE, shown, *contrast(batches, expected))


def _nothing(result) -> str:
    """Pourquoi rien n'est donné : `yield` manque, et `return` n'en tiendrait pas lieu."""
    if result.printed:
        return "Les paquets s'affichent, et personne ne les reçoit : `yield` à la place de `print`."
    return "Rien n'est donné : il manque `yield`, devant chaque paquet."


def _not_generated(texts: list, expected: list[list], batch_size: int) -> dict:
    return {
        "La liste des paquets est faite d'avance : donnez-les un à un, avec `yield`.": lambda value: (
            list(value) == expected
        ),
        "Seul le premier paquet est revenu : `return` termine la fonction, `yield` la reprend où elle était.": expected[
            0
        ],
        "Ce sont tous les textes d'un coup : donnez-les par paquets, avec `yield`.": texts,
        "C'est une liste, faite d'avance : donnez les paquets un à un, avec `yield`, dans une boucle.": lambda value: (
            isinstance(value, (list, tuple))
        ),
    }


def _wrong_batches(get_training_corpus, texts: list[str], expected: list[list[str]], batch_size: int) -> dict:
    """Ce que donnent les erreurs habituelles."""
    starts = range(0, len(texts), batch_size)
    return {
        "Rien n'est donné : la boucle ne fait pas un tour, ou sa condition n'est jamais vraie.": [],
        "`range` prend un début, une fin, un pas : `range(0, len(texts), batch_size)`.": lambda value: (
            learner_code.says(get_training_corpus, r"range\((?:0, batch_size|batch_size, len|len\(texts\), )")
            or learner_code.says(get_training_corpus, r"range\(batch_size\)")
        ),
        "Le dernier paquet, incomplet, est perdu : une tranche peut dépasser la fin de la liste.": [
            batch for batch in expected if len(batch) == batch_size
        ],
        "Les textes viennent un à un : il les faut par paquets de `batch_size`.": texts,
        "Les textes viennent un à un : chaque paquet doit en contenir `batch_size`.": [[text] for text in texts],
        "Tous les textes sont dans un seul paquet : où est `batch_size` ?": [texts],
        "Tous les textes viennent d'un coup, l'un après l'autre : où sont les paquets ?": [texts[:1000]],
        "Les paquets se chevauchent : `range` avance-t-il de `batch_size` ?": [
            texts[start : start + batch_size] for start in range(len(texts))
        ],
        "Chaque paquet prend un texte de trop : la tranche s'arrête à `start + batch_size`.": [
            texts[start : start + batch_size + 1] for start in starts
        ],
        "Il manque un texte à la fin de chaque paquet : la tranche s'arrête d'elle-même avant `start + batch_size`.": [
            texts[start : start + batch_size - 1] for start in starts
        ],
        "C'est toujours le premier paquet : la tranche commence à `start`.": [texts[:batch_size] for _ in starts],
        "Chaque paquet part du début de la liste : la tranche commence à `start`.": [
            texts[: start + batch_size] for start in starts
        ],
        "Le premier texte n'est dans aucun paquet : `range` commence à 0.": [
            texts[start : start + batch_size] for start in range(1, len(texts), batch_size)
        ],
        "Le premier paquet manque : `range` commence à 0.": expected[1:],
        "Un paquet vide à la fin.": [*expected, []],
        "Un seul paquet est donné : `yield` va dans la boucle, sans `return`.": expected[:1],
        "Le dernier paquet seul est donné : `yield` va dans la boucle.": expected[-1:],
        "Un texte au lieu d'un paquet : il y faut une tranche, `texts[start : …]`.": texts[::batch_size],
        "La tranche finit à `start + batch_size`.": [texts[start:batch_size] for start in starts],
        "Chaque paquet va jusqu'à la fin de la liste : la tranche s'arrête à `start + batch_size`.": [
            texts[start:] for start in starts
        ],
        "C'est la liste de tous les paquets, d'un coup : `yield` va dans la boucle, un paquet à chaque tour.": [
            expected
        ],
        "Chaque paquet est dans une liste de trop : `yield texts[…]`, sans crochets autour.": [
            [batch] for batch in expected
        ],
        "Chaque paquet est devenu un seul texte : il faut une liste, `texts[début:fin]`, sans `join`.": lambda value: (
            all(isinstance(batch, str) for batch in value) and "".join(value).count("Phrase") == len(texts) > len(value)
        ),
        "Les textes viennent un à un, et pas tous : il les faut tous, par paquets de `batch_size`.": lambda value: all(
            batch in texts for batch in value
        ),
        "Ce sont des nombres : il faut les textes, `texts[début:fin]`.": lambda value: all(
            isinstance(one, (int, range)) or all(isinstance(each, int) for each in one) for one in value
        ),
        "Le paquet donné change après coup, car c'est toujours la même liste : commencez-en une neuve, `paquet = []`.": lambda value: (
            len(value) > 1 and all(batch is value[0] for batch in value)
        ),
        "Chaque paquet garde ceux d'avant : après `yield`, recommencez un paquet vide.": lambda value: (
            len(value[0]) < len(value[-1]) and all(batch == texts[: len(batch)] for batch in value)
        ),
        "Le paquet est donné à chaque texte ajouté : `yield` seulement quand il en contient `batch_size`.": lambda value: (
            len(value) == len(texts)
        ),
        "Les paquets n'ont pas `batch_size` textes.": lambda value: sum(value, []) == texts and value != expected,
        "Des textes manquent entre les paquets, ou à la fin : chacun va dans un paquet, et un seul.": lambda value: (
            set(sum(value, [])) < set(texts)
        ),
        "Des textes sont dans plusieurs paquets : chacun va dans un seul.": lambda value: (
            len(sum(value, [])) > len(texts)
        ),
    }
