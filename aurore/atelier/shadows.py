"""Un fichier de la personne, à côté des scripts, qui porte le nom d'un module : `random.py`, `tokenize.py`, `datasets.py`.

Python cherche d'abord dans le dossier du script : c'est ce fichier qu'une bibliothèque importerait. Importer ce module-ci règle
cela ; il n'importe lui-même que `os` et `sys`, déjà là quand Python commence.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
LESSONS = os.path.join(FOLDER, "lessons")
LIBRARIES = {
    *("datasets", "transformers", "tensorflow", "keras", "tf_keras", "nltk", "flask", "pytest", "numpy", "tokenizers"),
    *(
        "safetensors",
        "huggingface_hub",
        "pyarrow",
        "pandas",
        "requests",
        "h5py",
        "werkzeug",
        "jinja2",
        "regex",
        "click",
    ),
}


def libraries_first() -> None:
    """Python cherche désormais les modules dans le dossier des scripts en dernier : rien de ce qui s'y trouve n'en cache un autre.

    Ce qui est déjà importé ne se rattrape pas : le programme s'arrête là, et dit quel fichier renommer.
    """
    here = [place for place in sys.path if place and os.path.realpath(place) in (FOLDER, LESSONS)]
    sys.path[:] = [place for place in sys.path if place not in here] + here
    for name in _named_like_a_module():
        imported = getattr(sys.modules.get(name), "__file__", None) or ""
        if os.path.realpath(imported).startswith(os.path.join(FOLDER, name)):
            sys.exit(f"{_sentence(name)} Il a pris sa place : renommez-le, puis relancez la même commande.")


def tell_shadows() -> None:
    """Dit quels fichiers renommer, bien qu'ils ne cachent plus rien : ils ne peuvent pas non plus s'importer."""
    for name in _named_like_a_module():
        print(f"{_sentence(name)} Renommez-le : sous ce nom, il ne peut pas s'importer.", file=sys.stderr)


def _named_like_a_module() -> list[str]:
    files = sorted(os.path.splitext(file)[0] for file in os.listdir(FOLDER) if file.endswith(".py"))
    return [name for name in files if name in LIBRARIES or name in sys.stdlib_module_names]


def _sentence(name: str) -> str:
    folder = os.path.basename(FOLDER)
    kind = "d'une bibliothèque dont l'atelier se sert" if name in LIBRARIES else "d'un module de Python"
    return f"{folder}/{name}.py a le nom {kind}."


libraries_first()
