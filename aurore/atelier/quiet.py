"""Importer TensorFlow (`from atelier.quiet import keras, tf`) sans ses messages, et ménager le ramasse-miettes de Python.

Au chargement, la partie C++ de TensorFlow écrit sur la sortie d'erreur (oneDNN, CUDA, absl) avant de lire le moindre
réglage. On détourne donc le descripteur 2 le temps de l'import, et de lui seul : une vraie erreur se verra encore.
"""

import gc
import os
import sys
from contextlib import contextmanager

from atelier import compiled
from atelier.settings import DEBUG


@contextmanager
def quiet_stderr():
    """Fait taire le descripteur 2, celui des bibliothèques C++, le temps d'un bloc `with`."""
    if DEBUG:
        yield
        return
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # une fenêtre sans console (pythonw) n'a pas ce descripteur : il n'y a rien à faire taire
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


# Python cherche des objets à jeter chaque fois qu'il en est né 700. Les imports en créent 600 000, qui restent : les
# relire sans cesse prendrait un quart du temps de démarrage.
gc.set_threshold(50_000)
compiled.reuse()
with quiet_stderr():
    import tensorflow as tf

keras = tf.keras  # celui de tf-keras : `atelier/__init__.py` l'a choisi

if not DEBUG:
    tf.get_logger().setLevel("ERROR")
    tf.autograph.set_verbosity(0)
