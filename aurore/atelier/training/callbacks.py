"""Pendant `fit` : s'arrêter à temps, noter les pertes, montrer le modèle qui apprend."""

import math
import sys
import time

from atelier.quiet import keras

import numpy as np

from atelier.console import duration, is_screen, number
from atelier.errors import AuroreError
from atelier.models.sampling import TEMPERATURE, TOP_K, TOP_P
from atelier.training.curves import perplexity
from atelier.training.history import PROMPT

EVALUATIONS = 5  # au long d'un entraînement
POINTS = 400  # de la courbe de perte


def evaluations_left(history: dict) -> int:
    """Combien de tours il reste, chacun suivi d'une évaluation ; un au moins."""
    return max(1, EVALUATIONS + 1 - len(history["val_loss"]))


def say(line: str) -> None:
    """Une ligne qui reste, à la place de celle qui avance."""
    print(f"\r\033[K{line}" if is_screen(sys.stdout) else line, flush=True)


class StopOnNaN(keras.callbacks.Callback):
    """Arrête tout si la perte n'est plus un nombre (le TerminateOnNaN de Keras le dirait en anglais, et continuerait)."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise Diverged(
                "La perte n'est plus un nombre : l'apprentissage a divergé. Recommencez avec un taux plus petit "
                "(--learning-rate). Le modèle précédent est intact."
            )


class Diverged(AuroreError):
    """L'entraînement ne peut plus aboutir, ni se reprendre."""


class Losses(keras.callbacks.Callback):
    """Note dans `history` la perte de l'entraînement, en `POINTS` moyennes à peu près, et celle de chaque évaluation.

    À chaque moyenne, aussi, depuis combien de secondes on s'entraîne, sans compter le temps passé interrompu.
    """

    def __init__(self, history: dict):
        super().__init__()
        self.history, self.pending = history, []

    def on_train_begin(self, logs=None):
        self.begun = time.perf_counter() - (self.history["loss_seconds"] or [0.0])[-1]

    def on_epoch_begin(self, epoch, logs=None):
        self.total = 0.0

    def on_train_batch_end(self, batch, logs=None):
        total = logs["loss"] * (batch + 1)  # Keras donne la moyenne depuis le début du tour
        self.pending.append(total - self.total)
        self.total = total
        step = int(self.model.optimizer.iterations.numpy())
        if step % max(1, self.history["steps"] // POINTS) == 0:
            self.history["loss"].append(float(np.mean(self.pending)))
            self.history["loss_steps"].append(step)
            self.history["loss_seconds"].append(round(time.perf_counter() - self.begun, 2))
            self.pending = []

    def on_epoch_end(self, epoch, logs=None):
        self.history["val_loss"].append(float(logs["val_loss"]))
        self.history["val_steps"].append(int(self.model.optimizer.iterations.numpy()))


class Rounds(keras.callbacks.Callback):
    """Finit chaque tour après `length` pas (le modèle est alors évalué), et l'entraînement au pas que dit `history`.

    Arrêter `fit` au milieu d'un tour finit le tour : Keras évalue, puis en commence un autre si on l'a repris entre-temps.
    """

    def __init__(self, history: dict, length: int):
        super().__init__()
        self.history, self.length = history, length

    def step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = self.step()

    def on_train_batch_end(self, batch, logs=None):
        step = self.step()
        self.model.stop_training = step - self.begun >= self.length or step >= self.history["steps"]

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = self.step() >= self.history["steps"]


class Progress(keras.callbacks.Callback):
    """Une ligne qui avance : vitesse, temps qui reste, perte ; et après chaque évaluation, la perplexité.

    Avec un `tokenizer`, une phrase aussi du modèle tel qu'il est, que `history` garde en face de la perte de validation.
    """

    def __init__(self, history: dict, tokens_per_step: int, tokenizer=None):
        super().__init__()
        self.history, self.tokens_per_step, self.tokenizer = history, tokens_per_step, tokenizer
        self.on_screen = is_screen(sys.stdout)
        self.compiled = False

    def on_epoch_begin(self, epoch, logs=None):
        self.done = self.model.optimizer.iterations.numpy()
        self.begun = self.shown = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now, step, steps = time.perf_counter(), int(self.model.optimizer.iterations.numpy()), self.history["steps"]
        if not self.compiled:  # le premier pas compile : il ne dit rien de la vitesse
            self.compiled, self.begun, self.shown, self.done = True, now, now, step
            return
        if now - self.shown < (0.2 if self.on_screen else 15) and step < steps:
            return
        self.shown = now
        seconds = (now - self.begun) / (step - self.done)
        line = (
            f"pas {number(step)} sur {number(steps)} · {number(self.tokens_per_step / seconds)} tokens/s · reste {duration((steps - step) * seconds)}"
            f" · perte {number(logs['loss'], 2)} · perplexité {perplexity(logs['loss'])}"
        )
        print(f"\r\033[K{line}" if self.on_screen else line, end="" if self.on_screen else "\n", flush=True)

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" not in logs:
            return
        step = int(self.model.optimizer.iterations.numpy())
        line = f"pas {number(step)} · perplexité de validation {perplexity(logs['val_loss'])}"
        if self.tokenizer:
            sentence = write(self.model, self.tokenizer, seed=step)
            sentences = self.history["sentences"]
            sentences += [""] * (len(self.history["val_steps"]) - 1 - len(sentences)) + [sentence]
            line += f" · « {sentence} »"
        say(line)


def write(model, tokenizer, seed: int, prompt: str = PROMPT, max_new_tokens: int = 24) -> str:
    """L'amorce, et ce que le modèle écrit ensuite, en une ligne. `seed` ne sème que ce tirage."""
    inputs = tokenizer(prompt, return_tensors="tf", return_token_type_ids=False)
    ids = model.generate(
        **inputs,
        max_new_tokens=max_new_tokens,
        do_sample=True,
        temperature=TEMPERATURE,
        top_p=TOP_P,
        top_k=TOP_K,
        seed=[seed, 0],
    )
    return " ".join(tokenizer.decode(ids[0], skip_special_tokens=True, clean_up_tokenization_spaces=False).split())
