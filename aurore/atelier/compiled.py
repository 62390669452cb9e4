"""Ce que XLA a compilé, gardé d'un lancement à l'autre : compiler prend des secondes, le relire n'en prend guère.

TensorFlow sait le faire (`--tf_xla_persistent_cache_directory`), et lit ce réglage quand on l'importe. Il nomme chaque fichier d'après
ce qu'il compile, et l'écrit à côté avant de le mettre en place ; mais il s'arrête si le dossier lui est interdit ou si un fichier y
est tronqué, n'en oublie aucun, et ne voit pas qu'ils viennent d'un autre processeur. Le dossier peut s'effacer à tout moment.
"""

import hashlib
import os
import platform
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from atelier.settings import CACHE

FOLDER = CACHE / "xla"
MOST = 400 << 20  # octets gardés ; GPT-2 small, entraînement et page, en prend moins de la moitié
ROOM = 1 << 30  # octets à laisser au disque
FLAG = "--tf_xla_persistent_cache_directory"


def reuse() -> None:
    """À appeler avant d'importer TensorFlow. Si le dossier ne peut servir, rien ne change : XLA compilera chaque fois."""
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if FLAG in flags:
        return
    folder = FOLDER / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # peut-on y écrire ?
        _clean()
        if shutil.disk_usage(folder).free < ROOM:
            return
    except OSError:
        return
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    os.environ["TF_XLA_FLAGS"] = f'{flags} {FLAG}="{quoted}"'.strip()


def _machine() -> str:
    """Cette version de TensorFlow, sur ce processeur : ce qui est compilé pour l'un arrêterait net un autre."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        processor = "\n".join(
            dict.fromkeys(line for line in lines if line.startswith(("model name", "flags", "Features")))
        )
    except OSError:  # ni Linux, ni un conteneur
        processor = f"{platform.node()} {platform.processor()}"
    known = f"{metadata.version('tensorflow')} {platform.machine()} {processor}"
    return hashlib.sha256(known.encode()).hexdigest()[:12]


def _clean() -> None:
    """Efface ce qui est tronqué, et ce qui est le plus ancien, jusqu'à n'en garder que `MOST` octets."""
    files = sorted(FOLDER.glob("*/*.*"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > MOST or not _is_whole(path):
            path.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    """Est-ce un message protobuf dont les champs, tous de longueur dite, vont juste au bout du fichier ?

    https://protobuf.dev/programming-guides/encoding/
    """
    with path.open("rb") as file:

        def varint() -> int:
            value = shift = 0
            while byte := file.read(1):
                value |= (byte[0] & 0x7F) << shift
                shift += 7
                if byte[0] < 0x80:
                    break
            return value

        size = path.stat().st_size
        while file.tell() < size:
            varint()  # quel champ
            file.seek(varint(), os.SEEK_CUR)
        return file.tell() == size
