"""Le taux d'apprentissage : jusqu'où il monte, et comment il monte et redescend."""

import math

from atelier.quiet import keras, tf

WARMUP_SHARE = 0.1  # part des pas où le taux monte, avant de redescendre jusqu'à zéro


def default_learning_rate(model) -> float:
    """Le taux le plus haut : plus un modèle est large, plus ses pas doivent être petits.

    En raison inverse de la largeur, comme chez Yang et al. (« Tensor Programs V », 2022) ; choisi sur la validation. Mesuré sur
    un mini de largeur 256, en trois époques des récits : perte de validation 3,745 au départ, au mieux 3,647 au taux 0,0001,
    3,616 à 0,0002, 3,619 à 0,0004, 3,671 à 0,0008.
    """
    return 0.05 / model.config.n_embd


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Montée en ligne droite jusqu'à `peak`, puis demi-cosinus jusqu'à zéro au dernier pas de toutes les époques.

    Le nombre de pas, `steps`, est une variable : il se choisit après avoir mesuré la machine, sans recompiler le modèle.
    Tant qu'il est à zéro, le taux aussi : un pas ne change aucun poids.
    """

    def __init__(self, peak: float):
        self.peak = peak
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def __call__(self, step) -> tf.Tensor:
        step, steps = tf.cast(step, tf.float32), tf.cast(self.steps, tf.float32)
        warmup = tf.maximum(1.0, tf.round(steps * WARMUP_SHARE))
        descent = tf.clip_by_value((step - warmup) / tf.maximum(1.0, steps - warmup), 0.0, 1.0)
        share = tf.where(step < warmup, (step + 1) / warmup, (1 + tf.cos(math.pi * descent)) / 2)
        return tf.where(steps > 0, self.peak * share, 0.0)
