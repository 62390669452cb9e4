"""Le nom que la personne voulait sans doute écrire, quand celui qu'elle a écrit n'existe pas."""

import builtins
import contextlib
import difflib
import re
import sys
import types

NEAR = 0.72  # ressemblance à partir de laquelle un nom en rappelle un autre (difflib)
OFTEN_IMPORTED = ("itertools", "collections", "functools", "math", "pathlib", "json", "transformers", "datasets")
INSTALLED = ("datasets", "nltk", "numpy", "tensorflow", "transformers")
NICKNAMES = {"np": "numpy as np", "pd": "pandas as pd", "tf": "tensorflow as tf", "urllib": "urllib.request"}
NO_IDEA = "un nom mal écrit, des guillemets ou un `import` qui manquent ?"


def near(error: BaseException, frame: types.FrameType | None, line: str) -> str:
    """Ce qui complète « `x` n'existe pas ici : », ou « n'a rien qui s'appelle `x` » ; `frame` : où c'était, et sa ligne."""
    if isinstance(error, NameError) and frame and error.name:
        return _meant(error.name, frame, line) or _received(frame)
    if isinstance(error, AttributeError) and error.name:
        return _meant_attribute(error.obj, error.name)
    return NO_IDEA if isinstance(error, NameError) else ""


def owner(error: BaseException, frame: types.FrameType | None) -> str:
    """L'objet auquel il manque un attribut, comme l'appelle la personne."""
    names = {**frame.f_globals, **frame.f_locals} if frame else {}
    found = [name for name, value in names.items() if value is error.obj and not isinstance(value, (str, int, list))]
    own = getattr(error.obj, "__name__", type(error.obj).__name__)
    return found[-1] if found else own.rpartition(".")[-1]


def _meant(name: str, frame: types.FrameType, line: str) -> str:
    """Le nom voulu, cherché du plus proche au plus lointain : dans la fonction, dans le script, dans Python."""
    here = frame.f_code.co_name
    mine = [local for local in frame.f_locals if not local.startswith("_")]
    script = [known for known in frame.f_globals if not known.startswith("_") and known != here]
    if re.match(rf"{name} *==[^=]", line):
        return "pour lui donner une valeur, un seul `=` (`==` compare)."
    for known in (mine, script, dir(builtins)):
        if same := [one for one in known if one.lower() == name.lower()]:
            return f"`{same[0]}`, à la majuscule près."
    for owner, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
        if _offers(value, name) and not owner.startswith("_"):
            return f"il est dans `{owner}`. Écrivez `{owner}.{name}`."
    if f"{name}." in line and name in NICKNAMES:
        return f"il manque `import {NICKNAMES[name]}`."
    if f"{name}." in line and (name in sys.stdlib_module_names or name in INSTALLED):
        return f"il manque `import {name}`."
    for close in (_longer(name, mine), _close(name, mine), _close(name, script)):
        if close:
            return f"est-ce {' ou '.join(f'`{one}`' for one in close)} ?"
    if hasattr(str, name) or hasattr(list, name):
        return f"c'est une méthode, qui suit ce à quoi elle s'applique, et un point : `….{name}(…)`."
    for module in OFTEN_IMPORTED:
        if module in sys.modules and _offers(sys.modules[module], name):
            return f"il est dans `{module}`. Avant de s'en servir, `from {module} import {name}`."
    if line == f"return {name}":
        return f"aucune ligne `{name} = …` ne lui a donné de valeur."
    close = difflib.get_close_matches(name, dir(builtins), 1, 0.8) if len(name) > 3 else []
    return f"est-ce `{close[0]}` ?" if close else ""


def _offers(owner, name: str) -> bool:
    """Ce module, ou cet objet, a-t-il une fonction, une classe ou un motif de ce nom ?"""
    if isinstance(owner, type) or type(owner).__module__ == "builtins" and not isinstance(owner, types.ModuleType):
        return False
    value = None
    with contextlib.suppress(Exception):  # un module qui charge à la demande peut échouer
        value = getattr(owner, name, None)
    return (callable(value) or isinstance(value, re.Pattern)) and not isinstance(value, types.ModuleType)


def _longer(name: str, known: list[str]) -> list[str]:
    """Les noms qui prolongent celui-là : `model_name` pour `model`."""
    return [one for one in known if len(name) > 3 and (one.startswith(f"{name}_") or one.endswith(f"_{name}"))][:2]


def _close(name: str, known: list[str]) -> list[str]:
    """Les noms qui ressemblent à celui-là."""
    lower = difflib.get_close_matches(name.lower(), [one.lower() for one in known], 2, NEAR)
    return [one for one in known if one.lower() in lower][:2]


def _received(frame: types.FrameType) -> str:
    """À défaut d'un nom voisin, ceux que la fonction reçoit."""
    code = frame.f_code
    names = [f"`{name}`" for name in code.co_varnames[: code.co_argcount]]
    if code.co_name == "<module>" or not names or any("." in name for name in names):
        return NO_IDEA
    return f"{NO_IDEA} La fonction reçoit {' et '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)}."


def _meant_attribute(obj, name: str) -> str:
    names = [known for known in dir(obj) if not known.startswith("_")]
    if close := difflib.get_close_matches(name, names, 1, NEAR):
        return f" : est-ce `{close[0]}` ?"
    if isinstance(obj, types.ModuleType):
        for inside, part in vars(obj).items():
            if isinstance(part, types.ModuleType) and not inside.startswith("_") and name in vars(part):
                return f" : il est dans `{inside}`, `{inside}.{name}`."
    return "."
