"""Autour de `fit` : évaluer, mesurer la machine, tenir dans le temps donné, montrer le modèle qui apprend."""

import math
import sys
import time
from pathlib import Path

from atelier.quiet import keras, tf

import numpy as np

from atelier.console import decimal, tell, variable
from atelier.errors import AuroreError
from atelier.machine import giving_back_memory
from atelier.models.sampling import TEMPERATURE, TOP_K, TOP_P
from atelier.training import distribution
from atelier.training.packing import BLOCK_SIZE, in_rounds

EVALUATIONS = 5  # au long d'un entraînement
EVALUATION_BLOCKS = 48  # assez pour voir la perte baisser, assez peu pour ne pas faire attendre
FEW_STEPS = 20  # au-dessous, la perte n'a pas le temps de baisser
POINTS = 400  # de la courbe de perte
SAVE_EVERY = 45  # secondes : ce qu'un arrêt brutal fait perdre au plus, à peu près
SHOW_EVERY = 2  # secondes entre deux écritures de l'histoire seule, pour la page qui dessine la courbe à mesure
KEPT = 0.7  # part de ce que l'entraînement a changé dans les poids, et qu'on garde
PROMPT = "Elle regarda longtemps la rivière, et"


def sample_blocks(blocks: np.ndarray, number: int = EVALUATION_BLOCKS) -> np.ndarray:
    """Au plus `number` blocs, répartis sur toute la longueur."""
    return blocks[np.linspace(0, len(blocks) - 1, min(number, len(blocks))).astype(int)]


def evaluate(model, tf_eval_dataset: tf.data.Dataset) -> float:
    """La perte, en nats par token."""
    return float(model.evaluate(tf_eval_dataset, verbose=0))


def perplexity(loss: float) -> float:
    """Entre combien de tokens, tous aussi probables, le modèle hésite en moyenne : l'exponentielle de la perte."""
    return math.exp(min(loss, 100.0))


def pull_back(model, start: Path) -> None:
    """Ramène les poids vers ceux du départ, que `start` a gardés : départ + `KEPT` × (arrivée - départ).

    En apprenant un auteur, un modèle oublie un peu des autres : entre les deux, il est meilleur que l'un et l'autre sur un livre
    qu'il n'a pas lu (WiSE-FT, Wortsman et al., « Robust fine-tuning of zero-shot models », 2022). Mesuré sur mini, une époque :
    à l'examen, 2,3 % de mieux sans cela, 3,0 % ainsi, pour une perplexité de 33,5 au lieu de 33,1 sur la suite des livres lus.
    """
    learnt = model.get_weights()
    model.load_weights(start)
    for weight, value in zip(model.weights, learnt):
        weight.assign_add(KEPT * (value - weight))


def warn_if_short(steps: int) -> None:
    """Dit que le modèle n'aura presque rien appris, et que faire."""
    if steps < FEW_STEPS:
        tell(
            f"En si peu de pas, il n'apprendra presque rien : donnez plus de minutes, ou un plus petit modèle ({variable('AURORE_MODEL', 'mini')})."
        )


def duration(seconds: float) -> str:
    """« 45 s », « 9 min 40 »."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02}" if minutes else f"{rest} s"


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
        self.on_screen = sys.stdout.isatty()
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
            f"pas {step}/{self.steps} · {self.tokens_per_step / seconds:.0f} tokens/s · reste {duration((self.steps - step) * seconds)}"
            f" · perte {decimal(logs['loss'], 2)} · perplexité {decimal(perplexity(logs['loss']))}"
        )
        print(f"\r\033[K{line}" if self.on_screen else line, end="" if self.on_screen else "\n", flush=True)

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            step = int(self.model.optimizer.iterations.numpy())
            erase = "\r\033[K" if self.on_screen else ""
            sentence = write(self.model, self.tokenizer, seed=step)
            print(
                f"{erase}pas {step} · perplexité de validation {decimal(perplexity(logs['val_loss']))} · « {sentence} »",
                flush=True,
            )


def write(model, tokenizer, seed: int, prompt: str = PROMPT, max_new_tokens: int = 24) -> str:
    """L'amorce, et ce que le modèle écrit ensuite, en une ligne."""
    keras.utils.set_random_seed(seed)
    inputs = tokenizer(prompt, return_tensors="tf", return_token_type_ids=False)
    ids = model.generate(
        **inputs, max_new_tokens=max_new_tokens, do_sample=True, temperature=TEMPERATURE, top_p=TOP_P, top_k=TOP_K
    )
    return " ".join(tokenizer.decode(ids[0], skip_special_tokens=True, clean_up_tokenization_spaces=False).split())
