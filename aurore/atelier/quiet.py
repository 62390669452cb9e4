"""Importer TensorFlow sans ses messages.

Au chargement, la partie C++ de TensorFlow écrit sur la sortie d'erreur (oneDNN, CUDA, absl) avant de lire le moindre
réglage. On détourne donc le descripteur 2 le temps de l'import, et de lui seul : une vraie erreur se verra encore.
"""

import os
import sys
from contextlib import contextmanager

from atelier.settings import DEBUG


@contextmanager
def quiet_stderr():
    """Fait taire le descripteur 2, celui des bibliothèques C++, le temps d'un bloc `with`."""
    if DEBUG:
        yield
        return
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


with quiet_stderr():
    import tensorflow as tf

if not DEBUG:
    tf.get_logger().setLevel("ERROR")
    tf.autograph.set_verbosity(0)
