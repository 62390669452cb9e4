"""Le mot qui suit : les probabilités des tokens, réunies en probabilités de mots entiers.

Un mot fait souvent plusieurs tokens : « Fadette » est « F », « ad », « ette ». La probabilité qu'il suive est le produit de celles
de ses tokens, chacun après les précédents, et de celle qu'il finisse là.
"""

import heapq
import math
from collections import Counter

import atelier.quiet  # avant transformers, qui importe TensorFlow

import numpy as np

from atelier.models.continuation import inside_words

LEAST = 1e-4  # une suite moins probable ne se cherche pas
TOGETHER = 32  # débuts de mots que le réseau lit d'un coup
STARTED = (
    "\ufffd",
    " ",
)  # un caractère dont un token n'a qu'une partie, une espace sans son mot : quelque chose doit suivre
JOINS = ["'", "-"]  # après une lettre, ils sont de son mot, et le finissent : « qu' », « très- »


def next_words(model, tokenizer, prompt: str, number: int) -> list[tuple[str, float]]:
    """Les `number` suites les plus probables de l'amorce, et leurs probabilités : un mot, avec l'espace qui le précède, ou un signe."""
    chances = next_token(model, tokenizer, prompt)
    begun = {int(id): chances[id] for id in np.flatnonzero(chances > LEAST)}
    return words(model, tokenizer, tokenizer(prompt)["input_ids"], begun, number)


def words(model, tokenizer, context: list[int], begun: dict[int, float], number: int) -> list[tuple[str, float]]:
    """Les `number` mots les plus probables après ces tokens, de ceux que commence un token de `begun`, dont on donne la probabilité.

    La recherche va du plus probable au moins probable (« uniform-cost search ») : un début de mot qui l'est moins que les mots déjà
    trouvés n'en donnera pas de meilleur.
    """
    found, unfinished, continues = Counter(), {}, _continuations(tokenizer)

    def add(ids: tuple[int, ...], probability: float) -> None:
        if can_go_on(text := tokenizer.decode(ids)):
            unfinished[ids] = probability
        else:
            found[text] += probability

    for id, chances in begun.items():
        add((id,), chances)
    while True:
        least = sorted(found.values())[-number] if len(found) >= number else LEAST
        likely = [ids for ids in heapq.nlargest(TOGETHER, unfinished, unfinished.get) if unfinished[ids] > least]
        if not likely:
            return [(text, float(chances)) for text, chances in found.most_common(number)]
        for ids, chances in zip(likely, _read(model, tokenizer, [[*context, *ids] for ids in likely])):
            probability = unfinished.pop(ids)
            if not (text := tokenizer.decode(ids)).endswith(STARTED):
                found[text] += probability * chances[~continues].sum()
                chances = np.where(continues, chances, 0)
            for id in np.flatnonzero(probability * chances > least):
                add((*ids, int(id)), probability * chances[id])


def probability(model, tokenizer, prompt: str, word: str) -> float:
    """La probabilité que `word`, tel que `next_words` l'écrit, suive l'amorce."""
    start, ids = tokenizer(prompt)["input_ids"], tokenizer(word)["input_ids"]
    first, *others = _read(model, tokenizer, [[*start, *ids[:length]] for length in range(len(ids) + 1)])
    chances = [_after(tokenizer, prompt, first)[ids[0]], *(each[id] for each, id in zip(others, ids[1:]))]
    return float(math.prod(chances) * (others[-1][~_continuations(tokenizer)].sum() if can_go_on(word) else 1))


def next_token(model, tokenizer, prompt: str) -> np.ndarray:
    """La probabilité de chaque token, (vocabulaire,), après l'amorce, dont le dernier mot est entier."""
    return _after(tokenizer, prompt, _read(model, tokenizer, [tokenizer(prompt)["input_ids"]])[0])


def _after(tokenizer, prompt: str, chances: np.ndarray) -> np.ndarray:
    """Ces probabilités, (vocabulaire,), sans les tokens qui allongeraient le dernier mot de l'amorce : l'étape 4 ne les tire pas."""
    if prompt[-1:].isalnum():
        chances = np.where(inside_words(tokenizer), 0, chances)
    return chances / chances.sum()


def _read(model, tokenizer, texts: list[list[int]]) -> np.ndarray:
    """Les probabilités du token qui suit chaque texte, (textes, vocabulaire)."""
    ids = np.zeros((len(texts), max(map(len, texts))), np.int32)  # à droite d'un texte, un zéro que rien ne lit
    for row, text in zip(ids, texts):
        row[: len(text)] = text
    logits = model(ids).logits.numpy()[np.arange(len(texts)), [len(text) - 1 for text in texts]].astype(np.float64)
    logits = logits[:, : len(tokenizer)]  # sans les lignes en trop d'une table (`vocabulary.PADDED`)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def can_go_on(text: str) -> bool:
    """Le mot, ou le signe, par lequel ce texte finit, peut-il être plus long ?"""
    return text[-1:].isalpha() or text.endswith(STARTED)


def _continuations(tokenizer) -> np.ndarray:
    """Pour chaque token, (vocabulaire,), écrit après une lettre, est-il du même mot ?"""
    continues = inside_words(tokenizer).copy()
    continues[tokenizer.convert_tokens_to_ids(JOINS)] = True
    return continues
