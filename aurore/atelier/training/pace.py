"""Ce que l'on peut faire de pas dans le temps donné : mesurer la machine, annoncer le plan, le revoir si elle change d'allure."""

import math
import statistics
import time
from dataclasses import dataclass

from atelier.quiet import keras, tf

import numpy as np

from atelier.console import command, duration, number, shown, tell, variable
from atelier.machine import giving_back_memory
from atelier.settings import FOLDER, IN_CONTAINER, STEPS
from atelier.training.backup import SAVE_EVERY
from atelier.training.batches import BLOCK_SIZE, in_rounds
from atelier.training.callbacks import EVALUATIONS, Rounds, StopOnNaN, evaluations_left, say, write
from atelier.training.schedule import WarmupCosine

MEASURED_STEPS = 4
COMPILE_ABOVE = 120  # secondes d'entraînement au-dessus desquelles XLA regagne le temps qu'il prend à compiler
USUAL_FLOPS = 2e11  # opérations par seconde d'un portable, pour savoir d'avance si l'entraînement sera long
FEW_STEPS = 20  # au-dessous, la perte n'a pas le temps de baisser
LONG = 150  # secondes d'entraînement au-dessus desquelles on cherche que faire en attendant
REVISIONS = 20  # fois, au long d'un entraînement, où l'on regarde l'heure
TOLERANCE = 0.05  # part du temps donné dont on peut être en retard, ou en avance, sans changer de plan
ASLEEP = 60  # secondes, et vingt fois plus que d'habitude : l'ordinateur dormait, et ce temps ne compte pas


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

    def seconds_for(self, steps: int, evaluations: int = EVALUATIONS) -> float:
        return (
            steps * self.step * SAVE_EVERY / max(1.0, SAVE_EVERY - self.saving)
            + evaluations * self.evaluation
            + 2 * self.saving
        )

    def steps_in(self, seconds: float, evaluations: int = EVALUATIONS) -> int:
        left = seconds - self.seconds_for(0, evaluations)
        return max(1, int(left / (self.seconds_for(1) - self.seconds_for(0))))


def measure_pace(model, tokenizer, batches: tf.data.Dataset, tf_eval_dataset: tf.data.Dataset) -> Pace:
    """Fait quelques pas pour rien, écrit une phrase pour rien, et renvoie ce que chaque chose prend.

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
    write(model, tokenizer, seed=0)  # la première phrase aussi compile
    start = time.perf_counter()
    write(model, tokenizer, seed=0)
    # Évaluer, c'est un aller sans retour : le tiers d'un pas.
    return Pace(step, evaluation=time.perf_counter() - start + len(tf_eval_dataset) * step / 3)


def plan(history: dict, rate: WarmupCosine, steps: int, since: int) -> None:
    """L'entraînement fera `steps` pas en tout, décide-t-on au pas `since` : l'historique le retient, le taux s'y règle."""
    if not int(tf.convert_to_tensor(rate.steps)):  # une reprise : le taux repasse par les plans d'avant
        for before, planned in history["plan"]:
            rate.plan(planned, before)
    if not history["plan"] or history["plan"][-1][1] != steps:
        history["plan"].append([since, steps])
    history["steps"] = steps
    rate.plan(steps, since)


def announce(steps: int, share: float, seconds: float, by_time: bool, base_model: str) -> None:
    """Dit combien de pas on fera, quelle part d'une époque (en pour cent), et ce que cela prendra ; au besoin, que faire."""
    print(
        f"Entraînement de {number(steps)} pas, soit {number(share)} % d'une époque : environ {duration(seconds)}{_until(seconds)}."
    )
    if steps < FEW_STEPS:
        smaller = "" if base_model == "mini" else f", ou un plus petit modèle ({variable('AURORE_MODEL', 'mini')})"
        tell(
            "En si peu de pas, le modèle n'apprendra presque rien : "
            + (f"donnez plus de minutes{smaller}." if by_time else "donnez-en plus.")
        )
    if seconds > LONG:
        print(
            f"Pendant ce temps, réfléchissez aux questions 3.a à 3.c : elles sont dans {shown(FOLDER / (STEPS[2] + '.py'))}.\n"
            "La page web dessine la courbe à mesure (/entrainement), montre l'intérieur du réseau (/dedans), et fait jouer contre lui "
            f"(/jeu). Dans un autre terminal : {command('5_flask.py')}"
        )


def _until(seconds: float) -> str:
    """« , jusque vers 10 h 47 » ; rien si c'est dans un instant, ni dans un conteneur, qui est à l'heure universelle."""
    if seconds < LONG or IN_CONTAINER:
        return ""
    end = time.localtime(time.time() + seconds)
    return f", jusque vers {end.tm_hour} h {end.tm_min:02}"


class Revised(Rounds):
    """Des tours qui suivent l'allure de la machine : qu'elle ralentisse ou accélère, on fera moins de pas, ou plus, et l'on finira à
    l'heure dite, `deadline`. Le taux d'apprentissage s'étend alors sur ce qui reste de pas."""

    def __init__(self, history: dict, length: int, rate: WarmupCosine, measured: Pace, deadline: float):
        super().__init__(history, length)
        self.rate, self.measured, self.deadline = rate, measured, deadline
        self.tolerated = TOLERANCE * (deadline - time.perf_counter())
        self.durations, self.evaluation, self.round_ended = [], measured.evaluation, None

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        if self.round_ended:
            self.evaluation = self._awake(time.perf_counter() - self.round_ended, self.evaluation)

    def on_train_batch_begin(self, batch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.durations.append(self._awake(time.perf_counter() - self.start, self.measured.step))
        step, planned = self.step(), self.history["steps"]
        if step < planned and len(self.durations) > max(2, planned / REVISIONS):
            self.revise(step, planned)
        super().on_train_batch_end(batch, logs)
        self.round_ended = time.perf_counter()

    def _awake(self, seconds: float, usual: float) -> float:
        """Ce que cela a pris ; si l'ordinateur s'est endormi, ce que cela prend d'habitude, et l'heure de la fin recule d'autant."""
        if seconds < max(ASLEEP, 20 * usual):
            return seconds
        self.deadline += seconds - usual
        return usual

    def revise(self, step: int, planned: int) -> None:
        """Si l'on ne finirait pas à l'heure, choisit un autre nombre de pas, et le dit."""
        duration = statistics.mean(self.durations)
        now = Pace(duration, self.evaluation, self.measured.saving * duration / self.measured.step)
        self.durations, left = [], self.deadline - time.perf_counter()
        # Le temps qui reste est d'abord pour apprendre : la moitié, au plus, pour évaluer.
        evaluations = max(1, min(evaluations_left(self.history), int(left / 2 / now.evaluation)))
        late = now.seconds_for(planned - step, evaluations) - left
        steps = step + now.steps_in(left, evaluations)
        if abs(late) < self.tolerated or steps == planned:
            return
        plan(self.history, self.rate, steps, step)
        self.length = math.ceil((steps - self.begun) / evaluations)
        say(
            f"La machine va {'moins' if late > 0 else 'plus'} vite que prévu : pour finir à l'heure, l'entraînement fera "
            f"{number(steps)} pas au lieu de {number(planned)}."
        )
