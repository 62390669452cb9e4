"""Les entraînements, chacun dans son dossier : ce qui s'enregistre en chemin, ce qu'on reprend, ce qu'on garde à la fin."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from atelier.quiet import keras, tf

import h5py

from atelier import settings
from atelier.atomic import atomic_write
from atelier.console import command, decimal, tell
from atelier.errors import AuroreError
from atelier.models import choice
from atelier.models.export import same_weights, save_model
from atelier.models.gpt2 import GPT2
from atelier.training import curves
from atelier.training.callbacks import SAVE_EVERY, SHOW_EVERY, Diverged
from atelier.training.packing import BLOCK_SIZE

START, BEST = (
    "start.h5",
    "best.h5",
)  # les poids seuls ; « .weights.h5 » garderait aussi l'état de l'optimiseur, deux fois plus gros


def check_disk(model) -> None:
    """Lève `AuroreError` si le disque ne peut recevoir l'état de l'entraînement deux fois, et trois modèles : celui de départ, le meilleur, le dernier."""
    needed = 9 * sum(weight.shape.num_elements() * weight.dtype.size for weight in model.weights)
    settings.MODELS.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.MODELS).free
    if free < needed:
        raise AuroreError(
            f"Il faut {needed / 1e6:.0f} Mo sur le disque pour enregistrer ce modèle et de quoi reprendre son entraînement, et il n'en "
            f"reste que {free / 1e6:.0f} dans {settings.MODELS}. Libérez de la place, puis relancez."
        )


def unfinished() -> Path | None:
    """Le plus récent des entraînements qu'on peut reprendre, s'il y en a."""
    folders = [folder for folder in settings.MODELS.glob("*") if tf.train.latest_checkpoint(folder / "state")]
    return max(folders, key=lambda folder: (folder / "history.json").stat().st_mtime, default=None)


def to_resume(options) -> Path:
    """Le dossier de l'entraînement à reprendre, dont les réglages remplacent ceux d'`options`. Lève `AuroreError` s'il n'y en a pas."""
    folder = unfinished()
    if not folder:
        raise AuroreError(
            f"Aucun entraînement à reprendre dans {settings.MODELS}. Pour en commencer un, ôtez --resume."
        )
    for name, value in choice.history(folder)["settings"].items():
        option = f"--{name.replace('_', '-')}"
        if getattr(options, name) != value and any(word.split("=")[0] == option for word in sys.argv):
            raise AuroreError(
                f"{option} ne se change pas en chemin : cet entraînement a commencé à {value}. Ôtez {option}, ou --resume."
            )
        setattr(options, name, value)
    tell(f"Reprise de l'entraînement {folder.name}, avec ses réglages.")
    return folder


def check_same_data(history: dict, tokens: int) -> None:
    """Lève `AuroreError` si les données, dont on a maintenant `tokens`, ne sont plus celles de cet entraînement."""
    if tokens != history["tokens"]:
        raise AuroreError(
            f"Les données ont changé depuis que cet entraînement a commencé ({history['tokens']} tokens alors, {tokens} maintenant) : "
            "il ne peut plus se reprendre. Pour en commencer un autre, ôtez --resume."
        )


@contextmanager
def run_folder(resumed: Path | None = None) -> Iterator[Path]:
    """Le dossier d'un entraînement : `resumed`, ou un nouveau, nommé d'après l'heure (sans « : », que Windows refuse).

    S'il échoue, le dossier reste s'il contient de quoi reprendre, et s'efface sinon.
    """
    folder = resumed or _new_folder()
    try:
        yield folder
    except BaseException as error:
        if isinstance(error, Diverged) or not tf.train.latest_checkpoint(folder / "state"):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            with suppress(OSError, ValueError):  # la page le dira tout de suite ; sinon, quand plus rien ne s'écrira
                write_history(folder, choice.history(folder) | {"interrupted": True})
            tell(f"\nPour reprendre cet entraînement où il en était : {command(Path(sys.argv[0]).name)} --resume")
        raise


def _new_folder() -> Path:
    if waiting := unfinished():
        tell(f"L'entraînement {waiting.name} n'est pas fini : --resume le reprend. Pour l'oublier, effacez {waiting}.")
    name = time.strftime("%Y-%m-%d_%Hh%Mm%S")
    folder, number = settings.MODELS / name, 2
    while folder.exists():
        folder, number = settings.MODELS / f"{name}-{number}", number + 1
    folder.mkdir(parents=True)
    return folder


def new_history(base_model: str, chosen: dict, tokens: int, loss_before: float) -> dict:
    """Ce que `history.json` dira de l'entraînement : le contrat, les pas où chaque perte a été vue, et quand.

    `steps` y est dès le début le nombre de pas prévu ; la page en tire, avec `loss_seconds`, la vitesse et le temps qui reste.
    """
    return {
        "base_model": base_model,
        "settings": chosen,
        "tokens": tokens,
        "block_size": BLOCK_SIZE,
        "steps": 0,
        "resumed_at": 0,
        "loss": [],
        "loss_steps": [],
        "loss_seconds": [],
        "val_loss": [loss_before],
        "val_steps": [0],
    }


def write_history(folder: Path, history: dict) -> None:
    text = json.dumps(history, ensure_ascii=False, indent=1)
    for last in (False, True):
        try:
            with atomic_write(folder / "history.json") as partial:
                partial.write_text(text, encoding="utf-8")
            return
        except PermissionError:  # sous Windows, un fichier que la page est en train de lire ne se remplace pas
            if last:
                raise
            time.sleep(0.1)


def best_checkpoint(folder: Path, history: dict) -> keras.callbacks.ModelCheckpoint:
    """Le callback de Keras qui garde, après chaque évaluation, les poids dont la perte de validation est la plus basse."""
    return keras.callbacks.ModelCheckpoint(
        str(folder / BEST),
        monitor="val_loss",
        save_best_only=True,
        save_weights_only=True,
        initial_value_threshold=min(history["val_loss"][1:], default=None),
    )


class Backup(keras.callbacks.Callback):
    """Enregistre de quoi reprendre : l'histoire, les poids, l'état de l'optimiseur, le pas où l'on est.

    BackupAndRestore, de Keras, reprendrait les données à leur début. Un `tf.train.Checkpoint` retient le nombre de pas
    (`optimizer.iterations`) ; le taux et la place dans les données s'en déduisent.
    """

    def __init__(self, model, folder: Path, history: dict):
        super().__init__()
        self.set_model(model)
        self.folder, self.history = folder, history
        checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
        # Un seul état reste : l'ancien ne s'efface qu'une fois le nouveau entier.
        self.manager = tf.train.CheckpointManager(checkpoint, str(folder / "state"), max_to_keep=1)

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if now - self.saved > SAVE_EVERY and not self.model.stop_training:  # au dernier pas, après l'évaluation
            self.save()
        elif now - self.written > SHOW_EVERY:
            self.written = now
            with suppress(OSError):  # ce n'est que pour la page : l'entraînement n'en dépend pas
                write_history(self.folder, self.history)

    def on_epoch_end(self, epoch, logs=None):
        self.save()

    def step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def save(self) -> float:
        """Rend les secondes que cela a pris. L'histoire d'abord : `restore` en ôtera ce qui suit l'état enregistré."""
        start = time.perf_counter()
        write_history(self.folder, self.history)
        self.manager.save(checkpoint_number=self.step())
        self.saved = self.written = time.perf_counter()
        return self.saved - start

    def restore(self) -> int:
        """Remet le modèle et son optimiseur dans l'état enregistré ; rend le pas où l'on en était, et oublie ce qui le suivait."""
        self.manager.checkpoint.restore(self.manager.latest_checkpoint).assert_existing_objects_matched()
        step = self.history["resumed_at"] = self.step()
        self.history.setdefault(
            "loss_seconds", [0.0] * len(self.history["loss"])
        )  # un entraînement commencé avant qu'on les note
        for steps, *measures in (("loss_steps", "loss", "loss_seconds"), ("val_steps", "val_loss")):
            kept = sum(seen <= step for seen in self.history[steps])
            for name in (steps, *measures):
                del self.history[name][kept:]
        self.history.pop("interrupted", None)
        best = self.folder / BEST
        if best.exists() and not h5py.is_hdf5(best):  # l'arrêt l'a surpris à moitié écrit : il se refera au même pas
            best.unlink()
        return step


def load_best(model, folder: Path) -> None:
    """Rend au modèle les poids de sa meilleure évaluation."""
    if (folder / BEST).exists():
        model.load_weights(folder / BEST)


def save_run(model, tokenizer, folder: Path, history: dict) -> None:
    """Écrit le modèle dans `folder`, le relit, le compare, puis seulement le nomme dans `model/latest`."""
    save_model(model, tokenizer, folder)
    write_history(folder, history)
    draw(folder, history)
    if not same_weights(model, GPT2.from_pretrained(folder)):
        raise AuroreError(f"Le modèle relu dans {folder} n'est pas celui qui a été écrit : il n'est pas retenu.")
    with atomic_write(settings.MODELS / "latest") as partial:
        partial.write_text(folder.name + "\n", encoding="utf-8")
    for weights in (START, BEST):
        (folder / weights).unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)


def draw(folder: Path, history: dict) -> None:
    """La courbe de perte, en image : `loss.svg`."""
    curve = curves.Curve(folder.name, history["loss_steps"], history["loss"], history["val_steps"], history["val_loss"])
    rate = f"taux d'apprentissage {decimal(history['settings']['learning_rate'], 6).rstrip('0')}"
    subtitle = f"{history['base_model']} · {history['steps']} pas de {history['settings']['batch_size']} blocs · {rate}"
    with atomic_write(folder / "loss.svg") as partial:
        partial.write_text(
            curves.picture("Ce que le modèle apprend en lisant George Sand", [curve], subtitle), encoding="utf-8"
        )
