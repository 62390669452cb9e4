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
    Tant qu'il est à zéro, le taux aussi : un pas ne change aucun poids. Il peut changer en chemin (`plan`) : ce qui reste du
    taux s'étend alors sur ce qui reste de pas, sans saut.
    """

    def __init__(self, peak: float):
        self.peak = peak
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        # Au pas `since`, le dernier où le plan a changé, la part `done` de l'entraînement était faite.
        self.since = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.done = tf.Variable(0.0, trainable=False)

    def plan(self, steps: int, since: int = 0) -> None:
        """L'entraînement fera `steps` pas en tout : on l'apprend au pas `since`."""
        self.done.assign(self.progress(since))
        self.since.assign(since)
        self.steps.assign(steps)

    def progress(self, step) -> tf.Tensor:
        """La part de l'entraînement faite à ce pas, de 0 à 1."""
        step, steps, since = (tf.cast(value, tf.float32) for value in (step, self.steps, self.since))
        share = (step - since) / tf.maximum(1.0, steps - since)
        return tf.clip_by_value(self.done + (1 - self.done) * share, 0.0, 1.0)

    def __call__(self, step) -> tf.Tensor:
        progress, steps = self.progress(step), tf.maximum(1.0, tf.cast(self.steps, tf.float32))
        climb = tf.minimum(1.0, (progress + 1 / steps) / WARMUP_SHARE)  # le premier pas, déjà, corrige un peu
        descent = tf.maximum(0.0, progress - WARMUP_SHARE) / (1 - WARMUP_SHARE)
        share = tf.where(progress < WARMUP_SHARE, climb, (1 + tf.cos(math.pi * descent)) / 2)
        return tf.where(self.steps > 0, self.peak * share, 0.0)
