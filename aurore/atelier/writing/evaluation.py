"""L'examen : ce qu'un modèle prévoit d'un texte qu'il n'a pas lu, en mesures qui se comparent d'un tokenizer à l'autre.

Une perplexité par token dépend de ce qu'est un token : plus ils sont courts, plus elle est basse, et un modèle ne se
compare ainsi qu'à un autre de même tokenizer. Les octets et les mots du texte, eux, ne dépendent que du texte.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from atelier.quiet import keras, tf

import numpy as np

from atelier.console import progress
from atelier.text.words import LETTERS

WINDOW, CONTEXT = 128, 64  # tokens d'une fenêtre ; ceux, au moins, d'après lesquels chaque token est prévu
BATCH_SIZE = 16
NOT_SCORED = -100  # à la place d'un token que la fenêtre ne prévoit pas ; celui de transformers


@dataclass(frozen=True)
class Score:
    """Ce qu'un modèle a obtenu : plus c'est bas, mieux il prévoit le texte. `tokens` : en combien il le lit."""

    tokens: int
    bits_per_byte: float
    perplexity_per_token: float
    perplexity_per_word: float


def score(model, tokenizer, texts: Sequence[str]) -> Score:
    """Ce que `model` obtient sur des textes, dont chacun suit une fin de texte.

    La perplexité par mot est l'exponentielle de ce que coûte le texte entier, en nats, par suite de lettres.
    Les bits par octet (UTF-8) : la taille du texte compressé par ce modèle, en bits, divisée par sa taille en octets. C'est celle de
    *The Pile* (Gao et al., 2020), faite comme celle-ci pour comparer des modèles qui n'ont pas le même tokenizer.
    """
    ids = ([tokenizer.eos_token_id, *tokenizer(text)["input_ids"]] for text in texts)
    inputs, labels = map(np.concatenate, zip(*map(windows, ids)))
    nats, tokens = negative_log_likelihood(model, inputs, labels), np.count_nonzero(labels != NOT_SCORED)
    return Score(
        tokens=tokens,
        bits_per_byte=nats / math.log(2) / sum(len(text.encode("utf-8")) for text in texts),
        perplexity_per_token=_exp(nats / tokens),
        perplexity_per_word=_exp(nats / sum(len(LETTERS.findall(text)) for text in texts)),
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


def negative_log_likelihood(model, inputs: np.ndarray, labels: np.ndarray) -> float:
    """La somme, en nats, de ce que coûte chaque token à prévoir : l'opposé du logarithme de sa probabilité."""

    @tf.function  # tous les lots ont la même forme : le graphe n'est bâti qu'une fois
    def nats(batch_inputs, batch_labels):
        scored = batch_labels != NOT_SCORED
        # Les scores du vocabulaire entier, pour les seules positions notées : un cinquième du calcul de moins. Comme dans
        # tout GPT-2, la matrice qui les donne est celle des plongements.
        hidden = tf.boolean_mask(model.transformer(batch_inputs, training=False).last_hidden_state, scored)
        logits = tf.matmul(hidden, model.get_input_embeddings().weights[0], transpose_b=True)
        return tf.reduce_sum(
            tf.nn.sparse_softmax_cross_entropy_with_logits(tf.boolean_mask(batch_labels, scored), logits)
        )

    missing = -len(inputs) % BATCH_SIZE
    inputs = np.pad(inputs, ((0, missing), (0, 0)))
    labels = np.pad(labels, ((0, missing), (0, 0)), constant_values=NOT_SCORED)
    total, bar = 0.0, keras.utils.Progbar(len(inputs) // BATCH_SIZE, verbose=progress(), unit_name="lot")
    for first in range(0, len(inputs), BATCH_SIZE):
        batch = slice(first, first + BATCH_SIZE)
        total += float(nats(inputs[batch], labels[batch]))
        bar.add(1)
    return total
