"""Ce que l'on peut faire de pas dans le temps donné : mesurer la machine, et choisir si compiler en vaut la peine."""

import time
from dataclasses import dataclass

from atelier.quiet import keras, tf

import numpy as np

from atelier.machine import giving_back_memory
from atelier.training.backup import SAVE_EVERY
from atelier.training.batches import BLOCK_SIZE, in_rounds
from atelier.training.callbacks import EVALUATIONS, StopOnNaN, write

MEASURED_STEPS = 4
COMPILE_ABOVE = 120  # secondes d'entraînement au-dessus desquelles XLA regagne le temps qu'il prend à compiler
USUAL_FLOPS = 2e11  # opérations par seconde d'un portable, pour savoir d'avance si l'entraînement sera long


def worth_compiling(model, batch_size: int, steps: int | None, seconds: float) -> bool:
    """XLA fusionne les calculs d'un pas, qui va plus vite ; mais il lui faut une demi-minute, qu'un entraînement court ne regagne pas.

    L'entraînement dure `seconds`, ou `steps` pas : alors le temps se devine, six opérations par paramètre et par token
    (Kaplan et al., 2020). XLA ne sait pas ajouter les gradients de plusieurs machines.
    """
    if steps:
        seconds = 6 * model.count_params() * steps * batch_size * BLOCK_SIZE / USUAL_FLOPS
    return seconds > COMPILE_ABOVE and model.distribute_strategy.num_replicas_in_sync == 1


@dataclass
class Pace:
    """Ce que chaque chose prend sur cette machine, en secondes : un pas, une évaluation et sa phrase, une sauvegarde."""

    step: float
    evaluation: float
    saving: float = 0.0

    def seconds_for(self, steps: int) -> float:
        return (
            steps * self.step * SAVE_EVERY / max(1.0, SAVE_EVERY - self.saving)
            + EVALUATIONS * self.evaluation
            + 2 * self.saving
        )

    def steps_in(self, seconds: float) -> int:
        left = seconds - self.seconds_for(0)
        return max(1, int(left / (self.seconds_for(1) - self.seconds_for(0))))


def measure_pace(model, tokenizer, batches: tf.data.Dataset, tf_eval_dataset: tf.data.Dataset) -> Pace:
    """Fait quelques pas pour rien, montre une première phrase, et renvoie ce que chaque chose prend.

    Aucun poids ne change : le taux de `WarmupCosine` est encore nul. Si quelqu'un lui a préféré un taux fixe, les poids sont
    remis comme ils étaient. L'optimiseur est remis à zéro.
    """
    durations = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            durations.append(time.perf_counter() - self.start)

    with giving_back_memory(), model.distribute_strategy.scope():
        # Bâti ici plutôt que pendant la compilation, qui découperait la mémoire autrement.
        model.optimizer.build(model.trainable_variables)
        weights = model.get_weights() if model.optimizer.learning_rate.numpy() else None
        model.fit(in_rounds(batches, MEASURED_STEPS), verbose=0, callbacks=[StopOnNaN(), Clock()])
    if weights:
        model.set_weights(weights)
    for state in model.optimizer.variables:
        state.assign(tf.zeros_like(state))
    step = float(np.median(durations[1:]))  # le premier pas compile : il ne compte pas
    print(f"Avant : « {write(model, tokenizer, seed=0)} »")
    start = time.perf_counter()
    write(model, tokenizer, seed=0)  # la première phrase aussi compile
    # Évaluer, c'est un aller sans retour : le tiers d'un pas.
    return Pace(step, evaluation=time.perf_counter() - start + len(tf_eval_dataset) * step / 3)
