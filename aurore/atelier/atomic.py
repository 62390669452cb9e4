"""N'écrire que des choses entières : à côté d'abord, sous leur nom ensuite."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Donne un chemin provisoire, voisin de `path`, où écrire un fichier ou un dossier ; le renomme à la fin.

    Si le bloc échoue ou est interrompu, ce qui était sous `path` reste tel quel et le provisoire est effacé. Même un
    arrêt brutal (kill -9) laisse l'ancien ou le nouveau, entier : voir `restored`.
    """
    restored(path)
    partial = path.with_name(f".{path.name}.partial")
    _remove(partial)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield partial
        if path.is_dir():  # un dossier ne se remplace pas d'un seul geste : l'ancien s'écarte, puis disparaît
            previous = _previous(path)
            _remove(previous)
            try:
                os.rename(path, previous)
                os.rename(partial, path)
            except BaseException:
                restored(path)
                raise
            with suppress(
                OSError
            ):  # le nouveau est en place ; un antivirus peut tenir l'ancien, qui s'en ira plus tard
                _remove(previous)
        else:
            os.replace(partial, path)
    finally:
        _remove(partial)


def restored(path: Path) -> Path:
    """Rend `path`, après y avoir remis l'ancien dossier si un arrêt brutal l'a surpris écarté. À appeler avant de lire."""
    previous = _previous(path)
    if previous.exists() and not path.exists():
        os.rename(previous, path)
    return path


def _previous(path: Path) -> Path:
    return path.with_name(f".{path.name}.previous")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
