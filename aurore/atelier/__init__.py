"""Ce que les scripts de l'atelier importent : un dossier par étape.

Importer `atelier` règle d'abord l'environnement des bibliothèques, qui le lisent au moment où elles sont importées :
c'est pourquoi les scripts importent `atelier` avant TensorFlow et transformers.
"""

import atelier.shadows  # isort: skip (avant tout ce qu'un fichier de la personne pourrait cacher)

import os
import sys
import warnings

from atelier import opening, proxies
from atelier.settings import CACHE, DEBUG, FOLDER

# Les classes TensorFlow de transformers sont écrites pour Keras 2, que TensorFlow nomme désormais tf-keras.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["USE_TF"], os.environ["USE_TORCH"] = "1", "AUTO"  # ce qu'un autre cours a pu y mettre ne vaut pas ici
# Les téléchargements vont dans le volume, sinon chaque conteneur les recommencerait.
os.environ.setdefault("HF_HOME", str(CACHE / "huggingface"))
# Un seul programme écrit un fichier HDF5 ; un partage de réseau ou une clé USB refusent souvent de le verrouiller.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
# Le protocole Xet sait moins bien reprendre un téléchargement coupé que le simple HTTP.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_SYMLINKS_WARNING", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
proxies.spare_nearby()
try:
    os.getcwd()
except OSError:  # le dossier d'où l'on lance a été effacé : rien d'ici n'en dépend, mais les bibliothèques le demandent
    os.chdir(FOLDER)


def _explain_failed_import(kind, error, trace) -> None:
    """Ce qui arrive pendant les imports, avant que `launch.run` ne veille : Ctrl-C, ou un paquet qui manque."""
    if issubclass(kind, KeyboardInterrupt):
        print("\nInterrompu.", file=sys.stderr)
    elif issubclass(kind, ModuleNotFoundError):
        print(
            f"Le paquet « {error.name} » manque à {sys.executable}. Lancez les scripts avec le Python du dossier .venv, "
            "ou dans le conteneur ; README.md dit comment les installer.",
            file=sys.stderr,
        )
    elif issubclass(kind, ImportError):
        print(
            f"Le paquet « {error.name} » est installé mais ne se charge pas ({error}). Sous Windows, il lui faut "
            "« Microsoft Visual C++ Redistributable » ; sinon, refaites le dossier .venv, ou prenez Docker.",
            file=sys.stderr,
        )
    else:
        sys.__excepthook__(kind, error, trace)


for name in ("stdout", "stderr"):
    if (
        getattr(sys, name) is None
    ):  # un programme sans console (pythonw) : les bibliothèques y écrivent sans le demander
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
if sys.platform == "darwin":  # le Python de python.org n'y a pas de certificats pour urllib, donc pour get_file
    import certifi

    os.environ.setdefault("SSL_CERT_FILE", certifi.where())
if not DEBUG:
    sys.excepthook = _explain_failed_import
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", module=r"(transformers|tf_keras|huggingface_hub)\b")
opening.raise_the_curtain()
