"""De quoi reprendre un entraînement interrompu, où il en était."""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from atelier.quiet import keras, tf

import h5py

from atelier.atomic import atomic_write
from atelier.console import number, shown
from atelier.errors import AuroreError
from atelier.training import history as histories
from atelier.training.history import STATE

BEST = "best.h5"  # les poids seuls ; « .weights.h5 » garderait aussi l'état de l'optimiseur, deux fois plus gros
LOCK = "lock"
SAVE_EVERY = 45  # secondes : ce qu'un arrêt brutal fait perdre au plus, à peu près
SHOW_EVERY = 2  # secondes entre deux écritures de l'historique seul, pour la page qui dessine la courbe à mesure


def check_disk(model, models: Path) -> None:
    """Lève `AuroreError` si le disque ne peut recevoir deux fois l'état de l'entraînement, et trois modèles : le premier, le meilleur, le dernier."""
    needed = 9 * sum(weight.shape.num_elements() * weight.dtype.size for weight in model.weights)
    models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(models).free
    if free < needed:
        raise AuroreError(
            f"Il faut {number(needed / 1e6)} Mo sur le disque pour enregistrer ce modèle et de quoi reprendre son entraînement, et il n'en "
            f"reste que {number(free / 1e6)} dans {shown(models)}. Libérez de la place, puis relancez la même commande."
        )


def check_state(folder: Path) -> None:
    """Lève `AuroreError` si ce qu'un entraînement avait enregistré ne se relit pas."""
    if not h5py.is_hdf5(folder / STATE):
        raise AuroreError(
            f"L'entraînement {folder.name} ne peut plus se reprendre : ce qu'il avait enregistré est abîmé, ou vient d'une "
            "version plus ancienne de l'atelier. Pour en commencer un autre, ôtez --resume."
        )


def best_checkpoint(folder: Path, history: dict) -> keras.callbacks.ModelCheckpoint:
    """Le callback de Keras qui garde, après chaque évaluation, les poids dont la perte de validation est la plus basse."""
    return keras.callbacks.ModelCheckpoint(
        str(folder / BEST).replace("{", "{{").replace("}", "}}"),  # Keras met entre accolades l'époque et la perte
        monitor="val_loss",
        save_best_only=True,
        save_weights_only=True,
        initial_value_threshold=min(history["val_loss"][1:], default=None),
    )


class Backup(keras.callbacks.Callback):
    """Enregistre de quoi reprendre : l'historique, les poids, l'état de l'optimiseur, le pas où l'on est.

    BackupAndRestore, de Keras, reprendrait les données à leur début. L'optimiseur retient le nombre de pas (`iterations`) ; le
    taux et la place dans les données s'en déduisent. Un `tf.train.Checkpoint` prend le chemin de son fichier pour un motif : il
    ne se relit pas dans un dossier nommé « Atelier [2026] ».
    """

    def __init__(self, model, folder: Path, history: dict):
        super().__init__()
        self.set_model(model)
        self.folder, self.history = folder, history

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if now - self.saved > SAVE_EVERY and not self.model.stop_training:  # au dernier pas, après l'évaluation
            self.save()
        elif now - self.written > SHOW_EVERY:
            self.written = now
            with suppress(OSError):  # ce n'est que pour la page : l'entraînement n'en dépend pas
                histories.write(self.folder, self.history)

    def on_epoch_end(self, epoch, logs=None):
        self.save()

    def step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def _variables(self) -> Iterator[tuple[str, tf.Variable]]:
        for rank, variable in enumerate([*self.model.weights, *self.model.optimizer.variables]):
            yield str(rank), variable

    def save(self) -> None:
        """L'historique d'abord : `restore` en ôtera ce qui suit l'état enregistré."""
        histories.write(self.folder, self.history)
        with atomic_write(self.folder / STATE) as partial, h5py.File(partial, "w") as file:
            for name, variable in self._variables():
                file[name] = variable.numpy()
        self.saved = self.written = time.perf_counter()

    def restore(self) -> int:
        """Remet le modèle et son optimiseur dans l'état enregistré ; renvoie le pas où l'on en était, et oublie ce qui le suivait.

        Le nombre de pas en tout, lui, reste celui du dernier plan.
        """
        with h5py.File(self.folder / STATE) as file:
            for name, variable in self._variables():
                variable.assign(file[name][()])
        step = self.history["resumed_at"] = self.step()
        for steps, *measures in (("loss_steps", "loss", "loss_seconds"), ("val_steps", "val_loss", "sentences")):
            kept = sum(seen <= step for seen in self.history[steps])
            for name in (steps, *measures):
                del self.history[name][kept:]
        self.history["plan"] = [plan for plan in self.history["plan"] if plan[0] <= step]
        self.history.pop("interrupted", None)
        best = self.folder / BEST
        if best.exists() and not h5py.is_hdf5(best):  # l'arrêt l'a surpris à moitié écrit : il se refera au même pas
            best.unlink()
        return step


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Le temps d'un bloc `with`, aucun autre programme n'entraîne dans ce dossier. Lève `AuroreError` s'il y en a un.

    Le système ôte le verrou d'un programme qui finit, même tué. Un disque partagé qui n'en connaît pas n'arrête personne.
    """
    with open(folder / LOCK, "w") as file:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise AuroreError(
                    f"L'entraînement {folder.name} tourne déjà, dans un autre terminal : laissez-le finir, ou arrêtez-le (Ctrl-C) "
                    "avant de le reprendre ici."
                ) from error
        try:
            yield
        finally:
            file.close()
            with suppress(OSError):
                (folder / LOCK).unlink()
                folder.rmdir()  # s'il n'y reste rien
