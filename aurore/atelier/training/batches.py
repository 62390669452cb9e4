"""Les lots que lit `fit` : dans l'ordre pour évaluer, mélangés pour apprendre."""

from atelier.quiet import tf

import numpy as np

BLOCK_SIZE = 128  # tokens d'un passage
EVALUATION_BLOCKS = 48  # assez pour voir la perte baisser, assez peu pour ne pas faire attendre


def sample_blocks(blocks: np.ndarray, number: int = EVALUATION_BLOCKS) -> np.ndarray:
    """Au plus `number` passages, répartis sur toute la longueur."""
    return blocks[np.linspace(0, len(blocks) - 1, min(number, len(blocks))).astype(int)]


def in_order(blocks: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Des lots de `batch_size` passages au plus, `{"input_ids": (lot, longueur)}`, dans l'ordre : pour évaluer."""
    return tf.data.Dataset.from_tensor_slices({"input_ids": blocks}).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def shuffled(blocks: np.ndarray, batch_size: int, seed: int) -> tf.data.Dataset:
    """Les lots d'un entraînement, époque après époque et sans fin : l'ordre des passages ne dépend que de la graine.

    Un entraînement repris au pas 300 passe donc les 300 premiers lots (`skip`), et lit ce que le premier aurait lu. Tous
    les lots sont pleins : celui qui finit une époque commence la suivante.
    """

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        numbers = tf.range(len(blocks))
        return tf.data.Dataset.from_tensor_slices(
            tf.random.experimental.stateless_shuffle(numbers, seed=[tf.constant(seed, tf.int64), epoch])
        )

    numbers = tf.data.Dataset.counter().flat_map(order).batch(batch_size, drop_remainder=True)
    return numbers.map(lambda chosen: {"input_ids": tf.gather(blocks, chosen)}).prefetch(tf.data.AUTOTUNE)


def in_rounds(batches: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """Les lots par tours de `steps` : chaque lecture de ce jeu de données, donc chaque « époque » de Keras, en lit la suite.

    Une époque de nos livres est trop longue pour n'évaluer le modèle qu'à sa fin. Un tour peut s'arrêter avant ses `steps` pas :
    le suivant lit la suite, sans rien sauter.
    """
    following, nothing_ahead = iter(batches), tf.data.Options()
    nothing_ahead.experimental_optimization.inject_prefetch = False  # le lot lu d'avance se perdrait à la fin du tour
    return tf.data.Dataset.range(steps).map(lambda _: next(following)).with_options(nothing_ahead)
