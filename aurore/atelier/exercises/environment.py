"""Cet ordinateur est-il prêt pour l'atelier ? À demander chez soi, quelques jours avant."""

import importlib.metadata
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from atelier import machine, settings
from atelier.console import command, number, shown, variable
from atelier.models import choice
from atelier.settings import FOLDER, HOME, IN_CONTAINER
from atelier.text import books

PYTHONS = ((3, 11), (3, 13))
MINI_MEMORY, HUB_MEMORY = 2e9, 6e9  # octets, pour entraîner
DISK = 5e9  # les livres, le modèle de base, et pendant l'entraînement de quoi le reprendre
IMPORT_SECONDS = 12


def check() -> None:
    """Une ligne par chose à savoir, [OK] ou [À FAIRE] et que faire ; sort avec le code 1 s'il manque de quoi commencer."""
    necessary = [_python(), _packages(), _tensorflow(), _memory(), _disk(), _writable()]
    comfortable = [_books(), _base_model(), _port()]
    for fault, line in necessary + comfortable:
        print(f"[À FAIRE] {line} : {fault}" if fault else f"[OK]      {line}", flush=True)
    if any(fault for fault, _ in necessary):
        raise SystemExit(1)
    if any(fault for fault, _ in comfortable):
        print("\nL'atelier peut commencer ; ce qui reste à faire évite d'attendre le wifi de la salle.")
    else:
        print("\nTout est prêt.")


def _python() -> tuple[str, str]:
    version = sys.version_info[:2]
    fault = "" if PYTHONS[0] <= version <= PYTHONS[1] else "il faut Python 3.11, 3.12 ou 3.13, ou Docker"
    return fault, f"Python {version[0]}.{version[1]}"


def _packages() -> tuple[str, str]:
    requirements = FOLDER.parent / "requirements.txt"
    if not requirements.exists():
        return (f"il devrait être dans {FOLDER.parent}", "requirements.txt manque, les paquets ne sont pas vérifiés")
    wanted = re.findall(r"^([\w-]+)==(\S+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    wrong = []
    for name, version in wanted:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "absent"
        if found != version:
            wrong.append(f"{name} {found} au lieu de {version}")
    line = f"les {len(wanted)} paquets de requirements.txt"
    if not wrong:
        return "", line
    return f"{', '.join(wrong)}. {sys.executable} -m pip install -r requirements.txt", line


def _tensorflow() -> tuple[str, str]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.append({str(FOLDER)!r}); import atelier.quiet"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=IMPORT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "", f"TensorFlow se charge, mais il lui faut plus de {IMPORT_SECONDS} s la première fois"
    if not done.returncode:
        return "", "TensorFlow se charge"
    lines = done.stderr.strip().splitlines()
    silence = f"Python s'arrête (code {done.returncode}) : ce processeur a-t-il les instructions AVX ?"
    return lines[-1] if lines else silence, "TensorFlow se charge"


def _memory() -> tuple[str, str]:
    free = machine.available_memory()
    line = f"{number(free / 1e9, 1)} Go de mémoire libre"
    if free < MINI_MEMORY:
        return (
            f"il en faut {MINI_MEMORY / 1e9:.0f} pour entraîner mini : fermez d'autres programmes, ou donnez plus de mémoire à Docker",
            line,
        )
    if free < HUB_MEMORY:
        line += f" : assez pour mini ({variable('AURORE_MODEL', 'mini')}), pas pour le modèle du hub, qui en veut {HUB_MEMORY / 1e9:.0f}"
    return "", line


def _disk() -> tuple[str, str]:
    free = shutil.disk_usage(_existing(HOME)).free
    remedy = "libérez de la place, ou choisissez un autre disque avec AURORE_HOME"
    fault = f"il en faut {DISK / 1e9:.0f}. Pour cela, {remedy}" if free < DISK else ""
    return fault, f"{free / 1e9:.0f} Go libres sur le disque de {shown(HOME)}"


def _existing(folder):
    return folder if folder.exists() else _existing(folder.parent)


def _writable() -> tuple[str, str]:
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=HOME):
            pass
    except OSError as error:
        return (
            f"{error.strerror}. Ce dossier doit être à vous (sous Linux et macOS : `sudo chown -R $USER {shown(HOME)}`), et le volume monté "
            "sans « :ro » ; sinon, choisissez un autre dossier avec AURORE_HOME",
            f"écriture dans {shown(HOME)}",
        )
    return "", f"écriture dans {shown(HOME)}"


def _books() -> tuple[str, str]:
    library = books.book_list()
    here = sum(books.cached(book) is not None for book in library)
    fault = "" if here == len(library) else command("1_prepare_dataset_solution.py")
    return fault, f"livres déjà téléchargés : {here} sur {len(library)}"


def _base_model() -> tuple[str, str]:
    name = settings.BASE_MODEL
    if choice.is_here(name):
        return "", f"le modèle de base est déjà là ({name})"
    return f"{command('2_tokenize_solution.py')} (665 Mo)", f"{name} n'est pas encore téléchargé"


def _port() -> tuple[str, str]:
    port = 80 if IN_CONTAINER else 8080
    remedy = "-p 8080:80 au lieu de -p 80:80" if IN_CONTAINER else command("5_flask.py", "--port", "8081")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return f"un autre programme l'occupe. Pour la page web : {remedy}", f"le port {port} est pris"
    return "", f"le port {port} est libre"
