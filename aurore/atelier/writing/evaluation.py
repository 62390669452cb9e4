"""L'examen : ce qu'un modèle prévoit d'un texte qu'il n'a pas lu, en mesures qui se comparent d'un tokenizer à l'autre.

Une perplexité par token dépend de ce qu'est un token : plus ils sont courts, plus elle est basse, et un modèle ne se
compare ainsi qu'à un autre de même tokenizer. Les octets et les mots du texte, eux, ne dépendent que du texte.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from atelier.quiet import keras, tf

import numpy as np
from transformers import Pipeline

from atelier.console import progress
from atelier.models.vocabulary import readable
from atelier.text.words import LETTERS
from atelier.writing import learned
from atelier.writing.next_words import words

WINDOW, CONTEXT = 128, 64  # tokens d'une fenêtre ; ceux, au moins, d'après lesquels chaque token est prévu
BATCH_SIZE = 16
LEARNED = 10  # mots appris, et autant de noms, que l'on montre
LEAST_TIMES, LEAST_GAIN = 1, 1.25  # attendu une fois au moins dans le livre, et un quart de fois plus souvent qu'avant
MOSTLY = 0.5  # la part de ce qu'un token commence qui doit être un seul mot
NOT_SCORED = -100  # à la place d'un token que la fenêtre ne prévoit pas ; celui de transformers


class Expectations(NamedTuple):
    """Ce qu'un modèle attendait au fil d'un texte : de quoi dire les mots que l'entraînement lui a appris.

    `times`, (vocabulaire,) : combien de fois il s'attendait à chaque token, la somme des probabilités qu'il lui a données.
    `contexts`, (vocabulaire, CONTEXT) : ce qu'il venait de lire quand il s'y attendait le plus.
    """

    times: np.ndarray
    contexts: np.ndarray


@dataclass(frozen=True)
class Score:
    """Ce qu'un modèle a obtenu : plus c'est bas, mieux il prévoit le texte. `tokens` : en combien il le lit."""

    tokens: int
    bits_per_byte: float
    perplexity_per_token: float
    perplexity_per_word: float
    expectations: Expectations | None = None


def score(model, tokenizer, texts: Sequence[str]) -> Score:
    """Ce que `model` obtient sur des textes, dont chacun suit une fin de texte.

    La perplexité par mot est l'exponentielle de ce que coûte le texte entier, en nats, par suite de lettres.
    Les bits par octet (UTF-8) : la taille du texte compressé par ce modèle, en bits, divisée par sa taille en octets. C'est celle de
    *The Pile* (Gao et al., 2020), faite comme celle-ci pour comparer des modèles qui n'ont pas le même tokenizer.
    """
    ids = ([tokenizer.eos_token_id, *tokenizer(text)["input_ids"]] for text in texts)
    inputs, labels = map(np.concatenate, zip(*map(windows, ids)))
    nats, expectations = read(model, inputs, labels)
    tokens = np.count_nonzero(labels != NOT_SCORED)
    return Score(
        tokens=tokens,
        bits_per_byte=nats / math.log(2) / sum(len(text.encode("utf-8")) for text in texts),
        perplexity_per_token=_exp(nats / tokens),
        perplexity_per_word=_exp(nats / sum(len(LETTERS.findall(text)) for text in texts)),
        expectations=expectations,
    )


def _exp(nats: float) -> float:
    return math.exp(min(nats, 700.0))  # au-delà, Python refuse ; un modèle qui a divergé peut y venir


def windows(ids: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """(tokens lus, tokens à prévoir) : deux tableaux de forme (fenêtres, WINDOW), NOT_SCORED où rien n'est à prévoir.

    Chaque token de `ids`, sauf le premier, est prévu une fois et une seule. Les fenêtres se chevauchent : hors de la
    première, les CONTEXT premières positions ne servent qu'à lire. Sans cela, les premiers tokens de chaque fenêtre
    seraient devinés d'après presque rien, et le modèle semblerait moins bon qu'il n'est quand il écrit. (La fenêtre
    glissante de « Perplexity of fixed-length models », dans la documentation de transformers.)
    """
    starts = range(0, max(len(ids) - 1 - CONTEXT, 1), WINDOW - CONTEXT)
    # À droite d'un texte fini, un zéro que rien ne lit : GPT-2 ne lit qu'à gauche.
    inputs = np.zeros((len(starts), WINDOW), np.int32)
    labels = np.full((len(starts), WINDOW), NOT_SCORED, np.int32)
    for row, start in enumerate(starts):
        window, first = ids[start : start + WINDOW + 1], CONTEXT if start else 0
        inputs[row, : len(window) - 1] = window[:-1]
        labels[row, first : len(window) - 1] = window[first + 1 :]
    return inputs, labels


def read(model, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, Expectations]:
    """La somme, en nats, de ce que coûte chaque token à prévoir (l'opposé du logarithme de sa probabilité), et ce qui était attendu."""

    @tf.function  # tous les lots ont la même forme : le graphe n'est bâti qu'une fois
    def predict(batch_inputs, batch_labels):
        scored = batch_labels != NOT_SCORED
        # Les scores du vocabulaire entier, pour les seules positions notées : un cinquième du calcul de moins. Comme dans
        # tout GPT-2, la matrice qui les donne est celle des plongements.
        hidden = tf.boolean_mask(model.transformer(batch_inputs, training=False).last_hidden_state, scored)
        logits = tf.matmul(hidden, model.get_input_embeddings().weights[0], transpose_b=True)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.boolean_mask(batch_labels, scored), logits)
        chances = tf.nn.softmax(logits)
        highest, place = tf.reduce_max(chances, axis=0), tf.argmax(chances, axis=0)
        return tf.reduce_sum(nats), tf.reduce_sum(chances, axis=0), highest, tf.gather(tf.where(scored), place)

    missing = -len(inputs) % BATCH_SIZE
    inputs = np.pad(inputs, ((0, missing), (0, 0)))
    labels = np.pad(labels, ((0, missing), (0, 0)), constant_values=NOT_SCORED)
    vocabulary = model.get_input_embeddings().weights[0].shape[0]
    total, times, highest = 0.0, np.zeros(vocabulary), np.zeros(vocabulary)
    places = np.zeros((vocabulary, 2), int)  # la fenêtre et la position où chaque token était le plus attendu
    bar = keras.utils.Progbar(len(inputs) // BATCH_SIZE, verbose=progress(), unit_name="lot")
    for first in range(0, len(inputs), BATCH_SIZE):
        batch = slice(first, first + BATCH_SIZE)
        nats, batch_times, chances, batch_places = (each.numpy() for each in predict(inputs[batch], labels[batch]))
        total, times = total + float(nats), times + batch_times
        better = chances > highest
        highest[better], places[better] = chances[better], batch_places[better] + [first, 0]
        bar.add(1)
    windows, positions = places.T[:, :, None]
    columns = positions + np.arange(1 - CONTEXT, 1)
    return total, Expectations(times, np.where(columns < 0, inputs[:, :1][windows[:, 0]], inputs[windows, columns]))


def learned_words(pipe: Pipeline, before: Expectations, after: Expectations) -> list[learned.Word]:
    """Les mots que l'entraînement a rendus les plus fréquents dans ce que le modèle attend, le plus appris d'abord.

    `pipe` : le modèle d'après. Ce que chaque mot a gagné est un rapport : la différence ne montrerait que « et », « ne »,
    « de », que tout français attend. Un mot coupé en tokens compte pour son premier ; le mot est celui que le modèle en fait là où il
    s'y attendait le plus. Un token qui commence plusieurs mots sans que l'un domine n'en montre aucun.
    """
    model, tokenizer = pipe.model, pipe.tokenizer
    starts = np.array([text[:1] == " " and text[1:].isalpha() for text in readable(tokenizer, range(len(tokenizer)))])
    times = np.stack([before.times, after.times])[:, : len(starts)]
    gains = times[1] / np.maximum(times[0], 1e-9)
    chosen = np.flatnonzero(starts & (times[1] >= LEAST_TIMES) & (gains >= LEAST_GAIN))
    names, others = {}, {}
    for id in chosen[np.argsort(-gains[chosen])]:
        ((text, share),) = words(model, tokenizer, after.contexts[id].tolist(), {int(id): 1.0}, 1)
        kept = names if text[1].isupper() else others
        if share >= MOSTLY and len(kept) < LEARNED:
            kept.setdefault(text.strip(), learned.Word(text.strip(), *map(float, times[:, id])))
        if len(names) == len(others) == LEARNED:
            break
    return sorted([*names.values(), *others.values()], key=lambda word: -word.after / word.before)
