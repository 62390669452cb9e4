"""Pendant `fit` : s'arrêter à temps, noter les pertes, montrer le modèle qui apprend."""

import math
import sys
import time

from atelier.quiet import keras

import numpy as np

from atelier import settings
from atelier.console import duration, is_screen, number, tell, variable
from atelier.errors import AuroreError
from atelier.models.sampling import TEMPERATURE, TOP_K, TOP_P
from atelier.training.curves import perplexity

EVALUATIONS = 5  # au long d'un entraînement
FEW_STEPS = 20  # au-dessous, la perte n'a pas le temps de baisser
POINTS = 400  # de la courbe de perte
PROMPT = "Elle regarda longtemps la rivière, et"


def warn_if_short(steps: int) -> None:
    """Dit que le modèle n'aura presque rien appris, et que faire."""
    smaller = "" if settings.BASE_MODEL == "mini" else f", ou un plus petit modèle ({variable('AURORE_MODEL', 'mini')})"
    if steps < FEW_STEPS:
        tell(f"En si peu de pas, le modèle n'apprendra presque rien : donnez plus de minutes{smaller}.")


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


class StopAt(keras.callbacks.Callback):
    """Arrête `fit` au dernier pas de l'entraînement, qui peut tomber au milieu d'un tour."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() >= self.steps:
            self.model.stop_training = True


class Progress(keras.callbacks.Callback):
    """Une ligne qui avance : vitesse, temps qui reste, perte ; et après chaque évaluation, une phrase du modèle tel qu'il est."""

    def __init__(self, tokenizer, steps: int, tokens_per_step: int):
        super().__init__()
        self.tokenizer, self.steps, self.tokens_per_step = tokenizer, steps, tokens_per_step
        self.on_screen = is_screen(sys.stdout)
        self.begun = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self.done = self.model.optimizer.iterations.numpy()
        self.begun = self.shown = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now, step = time.perf_counter(), int(self.model.optimizer.iterations.numpy())
        if now - self.shown < (0.2 if self.on_screen else 15) and step < self.steps:
            return
        self.shown = now
        seconds = (now - self.begun) / (step - self.done)
        line = (
            f"pas {number(step)} sur {number(self.steps)} · {number(self.tokens_per_step / seconds)} tokens/s · reste {duration((self.steps - step) * seconds)}"
            f" · perte {number(logs['loss'], 2)} · perplexité {perplexity(logs['loss'])}"
        )
        print(f"\r\033[K{line}" if self.on_screen else line, end="" if self.on_screen else "\n", flush=True)

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            step = int(self.model.optimizer.iterations.numpy())
            erase = "\r\033[K" if self.on_screen else ""
            sentence = write(self.model, self.tokenizer, seed=step)
            print(
                f"{erase}pas {number(step)} · perplexité de validation {perplexity(logs['val_loss'])} · « {sentence} »",
                flush=True,
            )


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
