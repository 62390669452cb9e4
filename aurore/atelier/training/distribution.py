"""Plusieurs machines, ou plusieurs cartes graphiques : les stratégies de TensorFlow, sans rien changer aux scripts.

Chaque machine lit sa part de chaque lot ; les gradients s'ajoutent, et toutes corrigent de même leur copie des poids.
"""

import atexit
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from atelier.quiet import quiet_stderr, tf

from atelier import settings
from atelier.console import tell
from atelier.errors import AuroreError


def use(options) -> Path:
    """Choisit la stratégie que disent TF_CONFIG (plusieurs machines) et les cartes graphiques d'ici. À appeler avant tout calcul.

    Elle vaut pour tout ce qui se bâtit ensuite, jusqu'à `leave`.
    Renvoie le dossier où cette machine enregistre ses modèles : la première (chief) seule montre et garde ; les autres écrivent
    dans un dossier qui s'efface. Lève `AuroreError` si TF_CONFIG ne se lit pas, ou si plusieurs machines ne peuvent pas suivre
    ces `options`. (https://www.tensorflow.org/tutorials/distribute/multi_worker_with_keras)
    """
    if not os.environ.get("TF_CONFIG"):
        if len(tf.config.list_physical_devices("GPU")) > 1:
            tf.distribute.experimental_set_strategy(tf.distribute.MirroredStrategy())
        return settings.MODELS
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        machines = [address for kind in ("chief", "worker") for address in config["cluster"].get(kind, [])]
        mine = config["cluster"][config["task"]["type"]][config["task"]["index"]]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AuroreError(
            'TF_CONFIG ne se lit pas. Sur la première de deux machines : {"cluster": {"worker": ["hôte1:2222", "hôte2:2222"]}, '
            '"task": {"type": "worker", "index": 0}} ; sur l\'autre, "index": 1.'
        ) from error
    if options.batch_size % len(machines):
        raise AuroreError(
            f"--batch-size {options.batch_size} ne se partage pas également entre {len(machines)} machines. "
            f"Choisissez un multiple de {len(machines)}."
        )
    if options.resume:
        raise AuroreError(
            "Un entraînement se reprend sur une seule machine, celle qui l'a enregistré : ôtez TF_CONFIG, ou --resume."
        )
    rank = machines.index(mine)
    tell(f"Machine {rank + 1} sur {len(machines)} ({mine}). Elle attend les autres : lancez-y la même commande.")
    try:
        with quiet_stderr():
            tf.distribute.experimental_set_strategy(tf.distribute.MultiWorkerMirroredStrategy())
    except tf.errors.OpError as error:
        raise AuroreError(
            f"{mine} ne s'ouvre pas : ce n'est pas une adresse de cette machine, ou son port est déjà pris. Corrigez TF_CONFIG."
        ) from error
    if not rank:
        return settings.MODELS
    tell(f"La machine 1 ({machines[0]}) dit où l'on en est, et enregistre le modèle.")
    sys.stdout = open(os.devnull, "w", encoding="utf-8")
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def leave() -> None:
    """Ce qui suit se fait sur chaque machine. Le modèle et son optimiseur, déjà bâtis, restent répartis entre toutes."""
    tf.distribute.experimental_set_strategy(None)


def mean(strategy: tf.distribute.Strategy, value: float) -> float:
    """La moyenne de ce qu'ont mesuré les machines, la même sur toutes."""
    replica = tf.distribute.get_replica_context
    means = strategy.run(lambda mine: replica().all_reduce("MEAN", mine), args=(tf.constant(float(value)),))
    return float(tf.nest.flatten(means)[0])
