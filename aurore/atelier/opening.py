"""Le lever de rideau : ce qu'un script dit avant de charger TensorFlow, et `--help`, qui ne le charge pas."""

import ast
import importlib.abc
import importlib.machinery
import os
import sys
import types
from pathlib import Path

from atelier.settings import FOLDER, LESSONS

HEAVY = {"datasets", "h5py", "nltk", "numpy", "tensorflow", "tf_keras", "transformers"}
QUICK = {"check", "demo"}  # ces scripts ne chargent rien de long


def raise_the_curtain() -> None:
    """Dit ce que le script va faire, tout de suite : les bibliothèques mettront cinq secondes à se charger. À ne pas dire deux fois.

    Si l'on ne demande que les options, elles n'ont pas besoin de ces bibliothèques : des modules creux en tiennent lieu.
    """
    script = Path(sys.argv[0])
    if script.suffix != ".py" or script.resolve().parent not in (FOLDER, LESSONS) or script.stem in QUICK:
        return
    if {"-h", "--help"} & {*sys.argv[1:]}:
        sys.meta_path.insert(0, Hollow())
    elif "AURORE_DEMO" not in os.environ:  # la démonstration dit elle-même où elle en est
        source = ast.parse(script.read_bytes())
        title = ast.get_docstring(source).splitlines()[0]
        if script.resolve().parent != LESSONS or "atelier.quiet" in ast.unparse(source):
            title += " Quelques secondes, le temps de tout charger…"
        print(title, file=sys.stderr, flush=True)


class Hollow(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Des modules où l'on trouve tout ce qu'on y cherche, et qui ne font rien."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in HEAVY else None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = anything
        return module

    def exec_module(self, module) -> None:
        pass


class Anything(type):
    """Une classe dont on hérite, qu'on appelle, dont on prend un attribut ou un élément : c'en est toujours une autre."""

    def __call__(cls, *_, **__):
        return anything("appelée")

    def __getattr__(cls, name: str):
        return anything(name)

    def __getitem__(cls, _):
        return cls

    def __iter__(cls):
        return iter(())


def anything(name: str) -> Anything:
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything(name, (), {})
