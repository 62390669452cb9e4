"""Autour de `fit` : combien de pas tiennent dans le temps donné, le taux d'apprentissage, la sauvegarde du meilleur."""

import json
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from transformers import AutoConfig, GPT2Config, TFAutoModelForCausalLM, TFGPT2LMHeadModel

import atelier.quiet  # noqa: F401
import tensorflow as tf
from tensorflow import keras

from atelier import models, settings
from atelier.checkpoints import same_weights, save_model
from atelier.console import AuroreError
from atelier.whole import written_whole

WARMUP_SHARE = 0.1  # part des pas où le taux d'apprentissage monte, avant de redescendre jusqu'à zéro
EVALUATION_BLOCKS = 64  # assez pour voir la perte baisser, assez peu pour ne pas faire attendre
MEASURED_STEPS = 4


def show_sizes(folder: Path) -> None:
    """La taille d'un modèle, à côté de GPT-2 small et medium, bâtis d'après leur configuration, sans leurs poids."""
    configurations = {
        models.name(folder): AutoConfig.from_pretrained(folder),
        "GPT-2 small": GPT2Config(n_layer=12, n_embd=768, n_head=12),
        "GPT-2 medium": GPT2Config(n_layer=24, n_embd=1024, n_head=16),
    }
    print(f"{'':<32} blocs largeur vocabulaire  paramètres  mémoire des poids")
    for title, config in configurations.items():
        with tf.Graph().as_default():  # un graphe connaît la forme des poids sans les mettre en mémoire
            model = TFAutoModelForCausalLM.from_config(config)
            model.build_in_name_scope()
            parameters = model.count_params()
        size = f"{4 * parameters / 1e6:.0f} Mo"
        print(f"{title:<32} {config.n_layer:>5} {config.n_embd:>7} {config.vocab_size:>11} {parameters:>11} {size:>18}")


def sample_blocks(blocks: np.ndarray, number: int = EVALUATION_BLOCKS) -> np.ndarray:
    """Au plus `number` blocs, répartis sur toute la longueur."""
    return blocks[np.linspace(0, len(blocks) - 1, min(number, len(blocks))).astype(int)]


def default_learning_rate(model) -> float:
    """Le taux le plus haut : plus un modèle est large, plus ses pas doivent être petits.

    En raison inverse de la largeur, comme chez Yang et al. (« Tensor Programs V », 2022) : 1,3e-4 pour GPT-2 small.
    """
    return 0.1 / model.config.n_embd


def evaluate(model, tf_eval_dataset: tf.data.Dataset) -> tuple[float, float]:
    """(perte en nats par token, secondes passées à la calculer)."""
    start = time.perf_counter()
    return float(model.evaluate(tf_eval_dataset, verbose=0)), time.perf_counter() - start


def perplexity(loss: float) -> float:
    """Entre combien de tokens, tous aussi probables, le modèle hésite en moyenne : l'exponentielle de la perte."""
    return math.exp(min(loss, 100.0))


def steps_that_fit(model, tf_train_dataset: tf.data.Dataset, deadline: float, evaluation_seconds: float) -> int:
    """Le nombre de pas que cette machine fait d'ici `deadline` (`time.perf_counter`), une évaluation par époque comprise.

    Mesuré sur quelques pas à taux nul, qui ne changent aucun poids ; l'optimiseur est ensuite remis à zéro.
    """
    durations = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            durations.append(time.perf_counter() - self.start)

    model.optimizer.learning_rate = 0.0
    model.fit(tf_train_dataset.repeat().take(MEASURED_STEPS), verbose=0, callbacks=[Clock()])
    for variable in model.optimizer.variables:
        variable.assign(tf.zeros_like(variable))
    measured = np.median(durations[1:])  # le premier pas compile : il ne compte pas
    left = deadline - time.perf_counter()
    return max(1, int(left / (measured + evaluation_seconds / len(tf_train_dataset))))


def learning_rate_at(step: int, steps: int, peak: float) -> float:
    """Le taux au pas `step` sur `steps` : montée en ligne droite, puis demi-cosinus jusqu'à zéro."""
    warmup = max(1, round(steps * WARMUP_SHARE))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


class WarmupCosine(keras.callbacks.Callback):
    """Règle le taux d'apprentissage avant chaque pas, et arrête `fit` au dernier."""

    def __init__(self, steps: int, peak: float):
        super().__init__()
        self.steps, self.peak = steps, peak

    def on_train_batch_begin(self, batch, logs=None):
        step = int(self.model.optimizer.iterations.numpy())
        self.model.optimizer.learning_rate = learning_rate_at(step, self.steps, self.peak)

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) >= self.steps:
            self.model.stop_training = True


class StopOnNaN(keras.callbacks.Callback):
    """Arrête tout si la perte n'est plus un nombre (le TerminateOnNaN de Keras le dirait en anglais, et continuerait)."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise AuroreError(
                "La perte n'est plus un nombre : l'apprentissage a divergé. Recommencez avec un taux plus petit "
                "(--learning-rate). Le modèle précédent est intact."
            )


def check_disk(model) -> None:
    """Lève `AuroreError` si le disque ne peut recevoir les poids trois fois : les meilleurs, leur copie, le modèle."""
    needed = 3 * 4 * model.count_params()
    settings.MODELS.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.MODELS).free
    if free < needed:
        raise AuroreError(
            f"Il faut {needed / 1e6:.0f} Mo sur le disque pour enregistrer ce modèle, et il n'en reste que "
            f"{free / 1e6:.0f} dans {settings.MODELS}. Libérez de la place, puis relancez."
        )


@contextmanager
def run_folder() -> Iterator[Path]:
    """Le dossier d'un nouvel entraînement, nommé d'après l'heure (sans « : », que Windows refuse) ; effacé s'il échoue."""
    name = time.strftime("%Y-%m-%d_%Hh%Mm%S")
    folder, number = settings.MODELS / name, 2
    while folder.exists():
        folder, number = settings.MODELS / f"{name}-{number}", number + 1
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def best_checkpoint(folder: Path) -> keras.callbacks.ModelCheckpoint:
    """Le callback de Keras qui garde, à la fin de chaque époque, les poids dont la perte de validation est la plus basse."""
    return keras.callbacks.ModelCheckpoint(
        str(folder / "best.weights.h5"), monitor="val_loss", save_best_only=True, save_weights_only=True
    )


def save_run(model, tokenizer, folder: Path, **history) -> None:
    """Écrit le meilleur modèle dans `folder`, le relit, le compare, puis seulement le nomme dans `model/latest`.

    `history` devient `history.json` : `base_model`, `settings`, `steps`, et les listes `loss` et `val_loss`.
    """
    best = folder / "best.weights.h5"
    if best.exists():
        model.load_weights(best)
    save_model(model, tokenizer, folder)
    with written_whole(folder / "history.json") as partial:
        partial.write_text(json.dumps(history | {"resumed_at": 0}, ensure_ascii=False, indent=2), encoding="utf-8")

    if not same_weights(model, TFGPT2LMHeadModel.from_pretrained(folder)):
        raise AuroreError(f"Le modèle relu dans {folder} n'est pas celui qui a été écrit : il n'est pas retenu.")
    best.unlink(missing_ok=True)
    with written_whole(settings.MODELS / "latest") as partial:
        partial.write_text(folder.name + "\n", encoding="utf-8")
