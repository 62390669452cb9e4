"""De quoi reprendre un entraînement interrompu, où il en était."""

import time
from contextlib import suppress
from pathlib import Path

from atelier.quiet import keras, tf

import h5py

from atelier.training import history as histories

BEST = "best.h5"  # les poids seuls ; « .weights.h5 » garderait aussi l'état de l'optimiseur, deux fois plus gros
SAVE_EVERY = 45  # secondes : ce qu'un arrêt brutal fait perdre au plus, à peu près
SHOW_EVERY = 2  # secondes entre deux écritures de l'historique seul, pour la page qui dessine la courbe à mesure


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
    """Enregistre de quoi reprendre : l'historique, les poids, l'état de l'optimiseur, le pas où l'on est.

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
                histories.write(self.folder, self.history)

    def on_epoch_end(self, epoch, logs=None):
        self.save()

    def step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def save(self) -> None:
        """L'historique d'abord : `restore` en ôtera ce qui suit l'état enregistré."""
        histories.write(self.folder, self.history)
        self.manager.save(checkpoint_number=self.step())
        self.saved = self.written = time.perf_counter()

    def restore(self) -> int:
        """Remet le modèle et son optimiseur dans l'état enregistré ; renvoie le pas où l'on en était, et oublie ce qui le suivait."""
        self.manager.checkpoint.restore(self.manager.latest_checkpoint).assert_existing_objects_matched()
        step = self.history["resumed_at"] = self.step()
        for steps, *measures in (("loss_steps", "loss", "loss_seconds"), ("val_steps", "val_loss")):
            kept = sum(seen <= step for seen in self.history[steps])
            for name in (steps, *measures):
                del self.history[name][kept:]
        self.history.pop("interrupted", None)
        best = self.folder / BEST
        if best.exists() and not h5py.is_hdf5(best):  # l'arrêt l'a surpris à moitié écrit : il se refera au même pas
            best.unlink()
        return step
