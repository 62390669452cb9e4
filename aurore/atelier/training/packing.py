"""Du texte aux lots d'entraînement : des blocs pleins, sans remplissage.

Compléter chaque phrase jusqu'à la plus longue de son lot gaspille la moitié du calcul. On met donc les textes bout à
bout, une fin de texte entre deux, et l'on coupe en blocs égaux : chaque position apprend quelque chose.
"""

from collections.abc import Iterable

from atelier.quiet import tf

import numpy as np

from atelier.errors import AuroreError

BLOCK_SIZE = 128  # tokens par bloc


def pack(tokenizer, texts: Iterable[str], block_size: int = BLOCK_SIZE) -> np.ndarray:
    """Les textes en blocs d'identifiants, de forme (nombre de blocs, block_size).

    La fin de texte suit chaque texte : elle s'apprend comme un autre token. Seul le dernier bloc, incomplet, se perd.
    """
    ids = []
    for text in texts:
        ids += tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]
    if len(ids) < block_size:
        raise AuroreError(
            f"Trop peu de texte : {len(ids)} tokens, il en faut au moins {block_size}. Relancez l'étape 1."
        )
    return np.array(ids[: len(ids) // block_size * block_size], np.int32).reshape(-1, block_size)


def to_tf_dataset(blocks: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Des lots de `batch_size` blocs au plus, `{"input_ids": (lot, longueur)}`, dans l'ordre : pour évaluer."""
    return tf.data.Dataset.from_tensor_slices({"input_ids": blocks}).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def shuffled_batches(blocks: np.ndarray, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
    """Les lots d'un entraînement, époque après époque et sans fin, à partir du pas `first_step`.

    L'ordre des blocs ne dépend que de la graine et du numéro de l'époque : un entraînement repris au pas 300 lit ce que le
    premier aurait lu. Tous les lots sont pleins : celui qui finit une époque commence la suivante.
    """

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        numbers = tf.range(len(blocks))
        return tf.data.Dataset.from_tensor_slices(
            tf.random.experimental.stateless_shuffle(numbers, seed=[tf.constant(seed, tf.int64), epoch])
        )

    epoch, read = divmod(first_step * batch_size, len(blocks))
    numbers = tf.data.Dataset.counter(epoch).flat_map(order).skip(read).batch(batch_size, drop_remainder=True)
    return numbers.map(lambda chosen: {"input_ids": tf.gather(blocks, chosen)}).prefetch(tf.data.AUTOTUNE)


def in_rounds(batches: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """Les lots par tours de `steps` : chaque lecture de ce jeu de données, donc chaque « époque » de Keras, en lit la suite.

    Une époque de nos livres est trop longue pour n'évaluer le modèle qu'à sa fin.
    """
    following = iter(batches)
    return tf.data.Dataset.range(steps).map(lambda _: next(following))
