"""Du texte aux lots d'entraînement : des blocs pleins, sans remplissage.

Compléter chaque phrase jusqu'à la plus longue de son lot gaspille la moitié du calcul. On met donc les textes bout à
bout, une fin de texte entre deux, et l'on coupe en blocs égaux : chaque position apprend quelque chose.
"""

from collections.abc import Iterable

import numpy as np

import atelier.quiet  # noqa: F401
import tensorflow as tf

from atelier.console import AuroreError

BLOCK_SIZE = 128  # tokens par bloc


def pack(tokenizer, texts: Iterable[str], block_size: int = BLOCK_SIZE) -> np.ndarray:
    """Les textes en blocs d'identifiants, de forme (nombre de blocs, block_size).

    La fin de texte suit chaque texte : elle s'apprend comme un autre token. Seul le dernier bloc, incomplet, se perd.
    """
    ids = []
    for text in texts:
        ids += tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]
    if len(ids) < block_size:
        raise AuroreError(f"Trop peu de texte : {len(ids)} tokens, il en faut au moins {block_size}. Relancez l'étape 1.")
    return np.array(ids[: len(ids) // block_size * block_size], np.int32).reshape(-1, block_size)


def to_tf_dataset(blocks: np.ndarray, batch_size: int, shuffle_seed: int | None = None) -> tf.data.Dataset:
    """Des lots de `batch_size` blocs, mélangés à chaque époque si `shuffle_seed` est donné.

    Les étiquettes sont les entrées elles-mêmes : le modèle les décale d'un rang, une seule fois, pour calculer sa perte.
    """
    dataset = tf.data.Dataset.from_tensor_slices({"input_ids": blocks, "labels": blocks})
    if shuffle_seed is not None:
        dataset = dataset.shuffle(len(blocks), seed=shuffle_seed)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)
