"""N'écrire que des choses entières : à côté d'abord, sous leur nom ensuite, même à plusieurs processus."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from atelier.errors import AuroreError

STALE = 3600  # secondes : un chantier plus vieux n'est plus à personne, son processus a été tué
TRIES = 20
PAUSE = 0.1  # secondes entre deux essais : sous Windows, un fichier qu'on lit ne se remplace pas


@contextmanager
def provisional(path: Path) -> Iterator[Path]:
    """Donne un chemin provisoire, voisin de `path`, que nul autre processus n'a ; ce qui y reste à la fin est effacé."""
    restored(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    worksite = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial"))
    now = worksite.stat().st_mtime  # l'heure du disque : celle d'un partage de réseau n'est pas toujours la nôtre
    for abandoned in _worksites(path):
        with suppress(FileNotFoundError):  # un autre processus vient de l'effacer
            if now - abandoned.stat().st_mtime > STALE:
                shutil.rmtree(abandoned, ignore_errors=True)
    try:
        yield worksite / path.name
    finally:
        restored(path)
        shutil.rmtree(worksite, ignore_errors=True)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Donne un chemin provisoire, où écrire un fichier ou un dossier, qui prend à la fin la place de `path`.

    Si le bloc échoue ou est interrompu, ce qui était sous `path` reste tel quel. Même un arrêt brutal (kill -9) laisse
    l'ancien ou le nouveau, entier : voir `restored`. De plusieurs processus qui écrivent `path`, le dernier l'emporte.
    """
    with provisional(path) as partial:
        yield partial
        for attempt in range(1, TRIES + 1):
            try:
                _take_place(partial, path)
                return
            except OSError as error:  # un autre a pris la place entre deux gestes, ou tient ce qui s'y trouve
                restored(path)
                if attempt == TRIES and _is_held(path, error):
                    raise AuroreError(
                        f"{path} ne peut être remplacé : un autre programme s'en sert (la page web ? un entraînement ? un "
                        "antivirus ?). Arrêtez-le, puis relancez la même commande."
                    ) from error
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE)


def _take_place(partial: Path, path: Path) -> None:
    """Un dossier ne se remplace pas d'un seul geste : l'ancien s'écarte, sous le nom de `previous`."""
    previous = partial.with_name("previous")
    if path.is_dir():
        _withdraw(previous)
        os.rename(path, previous)
    os.replace(partial, path)
    _withdraw(previous)


def _withdraw(previous: Path) -> None:
    """Ôte à `restored` un ancien dossier qui va s'effacer : il n'en prendrait que la moitié."""
    if previous.exists():
        os.rename(previous, Path(tempfile.mkdtemp(dir=previous.parent), "old"))


def _is_held(path: Path, error: OSError) -> bool:
    """On a le droit d'écrire, et pourtant c'est refusé : un autre programme s'en sert."""
    return isinstance(error, PermissionError) and os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)


def restored(path: Path) -> Path:
    """Renvoie `path`, après y avoir remis l'ancien dossier si un arrêt brutal l'a surpris écarté. À appeler avant de lire."""
    if not path.exists():
        with suppress(OSError):  # un autre processus l'a remis avant nous, ou un nouveau a pris la place
            previous = [worksite / "previous" for worksite in _worksites(path) if (worksite / "previous").exists()]
            if previous:
                os.rename(max(previous, key=os.path.getmtime), path)
    return path


def _worksites(path: Path) -> list[Path]:
    """Les dossiers provisoires où quelqu'un écrit `path`, ou l'écrivait."""
    name = re.compile(rf"\.{re.escape(path.name)}\.\w+\.partial")
    return [folder for folder in path.parent.glob(".*.partial") if name.fullmatch(folder.name)]
