"""Trouver les livres : la liste, les miroirs du projet Gutenberg, le téléchargement d'un fichier entier."""

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from atelier.console import AuroreError
from atelier.settings import CACHE, EXCERPTS

BOOKS = CACHE / "books"
TIMEOUT = 20  # secondes sans un octet : au-delà, le serveur ne répond plus
PAUSE = 2  # secondes entre deux requêtes, demandées aux robots par https://www.gutenberg.org/policy/robot_access.html

START = re.compile(r"\*\*\* ?START OF TH(?:E|IS) ", re.IGNORECASE)
END = re.compile(r"\*\*\* ?END OF TH(?:E|IS) ", re.IGNORECASE)


@dataclass(frozen=True)
class Book:
    """Un livre : son numéro au projet Gutenberg, son titre, et la partie des données (`train`, `test`) où il va."""

    id: str
    title: str
    split: str


class MirrorDown(AuroreError):
    """Le site ne répond pas : inutile de lui demander les autres livres."""

    def __init__(self, host: str, answer: str):
        super().__init__(
            f"{host} {answer}. Les livres déjà téléchargés sont gardés. Réessayez plus tard, donnez un miroir "
            "(--mirror ADRESSE_OU_DOSSIER), ou continuez sans réseau avec --offline."
        )


def book_list(offline: bool = False) -> list[Book]:
    """Les livres de l'atelier ; hors ligne, ceux qui sont déjà là s'ils suffisent, sinon les récits embarqués."""
    workshop = _read_list(Path(__file__).with_name("books.json"))
    if not offline:
        return workshop
    here = [book for book in workshop if cached(book)]
    enough = {book.split for book in here} == {"train", "test"}
    return here if enough else _read_list(EXCERPTS / "books.json")


def _read_list(path: Path) -> list[Book]:
    return [Book(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]


def cached(book: Book) -> Path | None:
    """Le fichier du livre, s'il est déjà là (téléchargé auparavant, ou embarqué)."""
    return next((path for path in (BOOKS / f"{book.id}.txt", EXCERPTS / f"{book.id}.txt") if path.exists()), None)


def candidates(book: Book, mirror: str) -> list[str]:
    """Les adresses où le livre peut se trouver, de la plus courante à celle des vieux miroirs.

    `mirror` est l'adresse d'un site ou le chemin d'un dossier qui en a la disposition.
    """
    if "://" in mirror:
        base = mirror.rstrip("/")
    elif Path(mirror).expanduser().is_dir():
        base = Path(mirror).expanduser().resolve().as_uri()
    else:
        raise AuroreError(f"Le miroir « {mirror} » n'est ni une adresse (http://…) ni un dossier qui existe.")
    number = book.id
    old_form = "/".join([*(number[:-1] or "0"), number])  # 13380 est rangé dans 1/3/3/8/13380
    return [
        f"{base}/cache/epub/{number}/pg{number}.txt",
        f"{base}/files/{number}/{number}-0.txt",
        f"{base}/files/{number}/{number}-8.txt",
        f"{base}/{old_form}/{number}-0.txt",
        f"{base}/{old_form}/{number}-8.txt",
    ]


def fetch(book: Book, mirror: str, download_file: Callable[[str, Path], None]) -> Path:
    """Le fichier du livre, téléchargé une seule fois : à côté d'abord, puis sous son nom s'il est entier.

    `download_file(url, path)` est celui de la leçon. Lève `AuroreError` si le livre n'est à aucune des adresses,
    `MirrorDown` si le site ne répond pas.
    """
    if path := cached(book):
        return path
    urls = candidates(book, mirror)
    partial = BOOKS / ".partial" / f"{book.id}.txt"
    shutil.rmtree(partial.parent, ignore_errors=True)
    partial.parent.mkdir(parents=True)
    socket.setdefaulttimeout(TIMEOUT)
    forbidden, broken = [], []
    try:
        for url in urls:
            if urlsplit(url).hostname in ("www.gutenberg.org", "gutenberg.org"):
                time.sleep(PAUSE)
            try:
                download_file(url, partial)
            except Exception as error:
                if _status_if_absent(error, url) == 403:
                    forbidden.append(url)
            else:
                if is_whole(partial):
                    os.replace(partial, BOOKS / f"{book.id}.txt")
                    return BOOKS / f"{book.id}.txt"
                broken.append(url)
            partial.unlink(missing_ok=True)
    finally:
        shutil.rmtree(partial.parent, ignore_errors=True)
    if forbidden == urls:
        raise MirrorDown(urlsplit(mirror).netloc, "refuse nos requêtes (403), peut-être parce que toute la salle a la même adresse")
    if broken:
        raise AuroreError(f"{broken[0]} n'a pas donné un livre entier (coupé, ou remplacé par une autre page).")
    raise AuroreError(f"ce livre n'est pas sur {mirror}.")


def _status_if_absent(error: Exception, url: str) -> int:
    """Le code d'un fichier absent, qui mène à l'adresse suivante ; un site qui ne répond pas arrête tout."""
    cause = error.__context__ or error  # get_file emballe l'erreur d'urllib dans une simple Exception
    host = urlsplit(url).netloc
    if isinstance(cause, HTTPError):
        if cause.code not in (403, 404, 410):
            raise MirrorDown(host, f"répond par l'erreur {cause.code}") from error
        return cause.code
    if url.startswith("file:") and isinstance(cause, URLError):
        return 404
    if isinstance(cause, (URLError, TimeoutError, ConnectionError, HTTPException)):
        raise MirrorDown(host, "ne répond pas") from error
    raise error


def detect_encoding(path: Path) -> str:
    """L'encodage du fichier : UTF-8 (avec ou sans marque d'ordre), sinon celui des vieilles éditions « -8 ».

    cp1252 plutôt que Latin-1, qui en est presque une partie : les guillemets anglais et « œ » n'existent que là.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            path.read_text(encoding=encoding)
            return encoding
        except UnicodeDecodeError:
            pass
    return "latin-1"  # tout octet y est un caractère


def is_whole(path: Path) -> bool:
    """Le fichier a-t-il sa ligne START et sa ligne END ? get_file accepte en silence une réponse tronquée."""
    text = path.read_text(encoding=detect_encoding(path))
    return bool(START.search(text) and END.search(text))
