"""Rapporter des livres entiers d'un miroir du projet Gutenberg, par le wifi d'une salle : lent, coupé, gardé par un portail."""

import os
import re
import ssl
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from http.client import HTTPException, InvalidURL
from pathlib import Path, PurePath
from urllib.error import ContentTooShortError, HTTPError, URLError
from urllib.parse import urlsplit

from atelier import proxies
from atelier.atomic import provisional
from atelier.console import command, number, tell
from atelier.errors import AuroreError
from atelier.settings import PUBLIC_MIRRORS
from atelier.text import books
from atelier.text.books import Book

PAUSE = 2  # secondes entre deux requêtes, demandées aux robots par https://www.gutenberg.org/policy/robot_access.html
TIMEOUT = 15  # secondes sans un octet : au-delà, le serveur ne répond plus
PATIENCE = 30  # secondes après lesquelles un téléchargement doit avoir montré…
SLOWEST = 1000  # … au moins tant d'octets par seconde
TRIES = 3  # pour un livre que la connexion coupe au milieu
NO_NAME = (
    "ne peut être joint : le proxy veut un nom et un mot de passe (http://NOM:MOT_DE_PASSE@ADRESSE, dans la variable)"
)


class Fault(Enum):
    """Ce qu'une adresse a donné au lieu d'un livre entier."""

    ABSENT = "n'a pas ce livre"
    FORBIDDEN = "refuse nos requêtes (403), peut-être parce que toute la salle a la même adresse"
    CUT = "n'en a donné que le début : la connexion est coupée avant la fin"
    DROPPED = "coupe la connexion à chaque tentative"
    WEB_PAGE = "donne une page web au lieu du livre (le portail du wifi ? un navigateur permet de s'y connecter)"
    NOT_TEXT = "donne un fichier qui n'est pas du texte"
    NO_START = "donne un livre où aucune ligne START ne dit où il commence, et cette édition ne peut servir"
    NOT_A_BOOK = "donne un texte qui n'est pas un livre du projet Gutenberg (il n'a pas de ligne START)"


class MirrorDown(AuroreError):
    """Ce miroir ne donnera rien, ni ce livre ni les autres."""

    def __init__(self, mirror: str, answer: str):
        self.summary = f"{urlsplit(mirror).netloc or mirror} {answer}{proxies.who_answers(mirror)}"
        super().__init__(
            f"{self.summary}. Les livres déjà téléchargés sont gardés. Réessayez plus tard, donnez un autre miroir "
            "(--mirror ADRESSE_OU_DOSSIER), ou continuez hors ligne, avec --offline."
        )


class TooSlow(TimeoutError):
    """Un téléchargement qui n'avance presque plus."""


def fetch_all(
    library: list[Book], mirrors: Sequence[str], download_file: Callable[[str, Path], None]
) -> list[tuple[Book, Path]]:
    """Les livres et leurs fichiers ; un livre qui manque, ou une autre édition que prévu, sont dits et n'arrêtent rien."""
    found, mirrors = [], list(dict.fromkeys(mirrors))
    for mirror in mirrors:
        base_url(mirror)  # une adresse mal écrite se dit tout de suite
    for book in library:
        try:
            path = fetch(book, mirrors, download_file)
        except MirrorDown:
            raise
        except AuroreError as error:
            print(f"  {book.title} ({book.id}) manque : {error}")
            continue
        for difference in books.differences(book, path):
            print(f"  {book.title} : ce n'est pas l'édition prévue, {difference}.")
        found.append((book, path))
    return found


def fetch(book: Book, mirrors: list[str], download_file: Callable[[str, Path], None]) -> Path:
    """Le fichier du livre, téléchargé une seule fois, et jamais sous son nom tant qu'il n'est pas entier.

    `mirrors` : adresses de sites ou chemins de dossiers, essayés dans l'ordre ; un miroir en panne est ôté de la liste.
    `download_file(url, path)` est celui de la leçon. Lève `AuroreError` si aucun miroir n'a le livre, `MirrorDown`
    quand il ne reste plus de miroir.
    """
    if path := books.cached(book):
        return path
    bases = {mirror: base_url(mirror) for mirror in mirrors}
    urllib.request.install_opener(_opener())
    faults = []
    for mirror, base in bases.items():
        try:
            if not (fault := _fetch_from(base, book, download_file)):
                return books.cached(book)
            faults.append(f"{urlsplit(base).netloc or mirror} {fault.value}")
        except MirrorDown as down:
            mirrors.remove(mirror)
            if not mirrors:
                raise
            tell(f"  {down.summary} : miroir suivant.")
    raise AuroreError(" ; ".join(faults) + ".")


def base_url(mirror: str) -> str:
    """L'adresse d'un miroir, qu'il soit donné par une adresse ou par un dossier."""
    if "://" in mirror:
        with suppress(ValueError):  # un port qui n'est pas un nombre, des crochets qui ne se ferment pas
            if urlsplit(mirror).scheme in ("http", "https", "file") and urlsplit(mirror).port != 0:
                return mirror.rstrip("/")
        raise AuroreError(f"Le miroir « {mirror} » n'est pas une adresse : http://MACHINE, ou http://MACHINE:PORT.")
    if Path(mirror).expanduser().is_dir():
        return folder_url(Path(mirror).expanduser().resolve())
    raise AuroreError(
        f"Le miroir « {mirror} » n'est ni une adresse (http://…) ni un dossier qui existe. Corrigez --mirror, ou ôtez-le."
    )


def folder_url(folder: PurePath) -> str:
    """L'adresse d'un dossier, même sur un partage de Windows (`\\\\serveur\\partage`), où urllib verrait une autre machine."""
    return re.sub(r"^file://(?=[^/])", "file:////", folder.as_uri())


def candidates(book: Book, base: str) -> list[str]:
    """Les adresses où le livre peut se trouver, de la plus courante à celle des vieux miroirs."""
    number = book.id
    old_form = "/".join([*(number[:-1] or "0"), number])  # 13380 est rangé dans 1/3/3/8/13380
    return [
        f"{base}/cache/epub/{number}/pg{number}.txt",
        f"{base}/files/{number}/{number}-0.txt",
        f"{base}/files/{number}/{number}-8.txt",
        f"{base}/{old_form}/{number}-0.txt",
        f"{base}/{old_form}/{number}-8.txt",
    ]


def _fetch_from(base: str, book: Book, download_file: Callable[[str, Path], None]) -> Fault | None:
    """Essaie les adresses d'un miroir ; None quand le livre est là, sinon la faute qui en dit le plus."""
    faults = []
    for url in candidates(book, base):
        for attempt in range(1, TRIES + 1):
            fault = _download(url, books.BOOKS / f"{book.id}.txt", download_file)
            if not fault:
                return None
            if fault not in (Fault.CUT, Fault.DROPPED) or url.startswith("file:"):
                break
            tell(f"  {book.title} : connexion coupée, tentative {attempt} sur {TRIES}.")
        if fault is Fault.DROPPED:
            raise MirrorDown(base, fault.value)
        if fault is Fault.ABSENT:  # Keras vient de dire où il le cherche
            print(f"  {book.title} n'est pas à cette adresse.", flush=True)
        faults.append(fault)
    for everywhere in (Fault.FORBIDDEN, Fault.WEB_PAGE, Fault.NOT_A_BOOK):
        if set(faults) == {everywhere}:
            raise MirrorDown(base, everywhere.value)
    return next((fault for fault in faults if fault is not Fault.ABSENT), Fault.ABSENT)


def _download(url: str, path: Path, download_file: Callable[[str, Path], None]) -> Fault | None:
    """Télécharge à côté, et ne donne son nom au fichier que si c'est un livre entier."""
    if url.startswith(PUBLIC_MIRRORS):
        time.sleep(PAUSE)
    try:
        with provisional(path) as partial:
            download_file(url, partial)
            if not partial.exists():
                raise AuroreError(
                    f"download_file n'a rien écrit dans {partial}. Vérifiez-le : {command('check.py', '1.1')}"
                )
            if seen := books.mend_encoding(partial):
                tell(f"  {url} : {seen}")
            if not (fault := content_fault(partial)):
                os.replace(partial, path)
            return fault
    except AuroreError:
        raise
    except Exception as error:
        return _connection_fault(error, url)


def content_fault(path: Path) -> Fault | None:
    """Ce qui ne va pas dans un fichier téléchargé : get_file accepte en silence une réponse tronquée, ou une autre page."""
    text = books.read_text(path).lstrip()
    if re.match(r"<[a-z!?]", text, re.IGNORECASE):
        return Fault.WEB_PAGE
    if "\0" in text:
        return Fault.NOT_TEXT
    end = books.END.search(text)
    if not (start := books.START.search(text)):
        return Fault.CUT if not text else Fault.NO_START if end else Fault.NOT_A_BOOK
    if not books.END.search(text, start.end()):
        return Fault.NO_START if end else Fault.CUT
    return None


def _connection_fault(error: Exception, url: str) -> Fault:
    """Ce que veut dire une erreur de téléchargement ; lève `MirrorDown` si elle vaut pour tous les livres."""
    # get_file emballe l'erreur d'urllib dans une simple Exception.
    cause = next((one for one in (error, error.__context__) if isinstance(one, (OSError, HTTPException))), error)
    if isinstance(cause, HTTPError):
        if cause.code in (404, 410):
            return Fault.ABSENT
        if cause.code == 403:
            return Fault.FORBIDDEN
        if cause.code == 407:
            raise MirrorDown(url, NO_NAME) from error
        if cause.code == 511:  # « Network Authentication Required »
            raise MirrorDown(url, Fault.WEB_PAGE.value) from error
        raise MirrorDown(url, f"répond par l'erreur {cause.code}") from error
    reason = getattr(cause, "reason", cause)
    if url.startswith("file:") and isinstance(cause, URLError):
        return Fault.ABSENT
    if isinstance(cause, ContentTooShortError):
        return Fault.CUT
    if isinstance(reason, (InvalidURL, UnicodeError)) or "unknown url type" in str(reason):
        raise MirrorDown(url, f"n'est pas une adresse qui se demande, ou son proxy ({reason})") from error
    if isinstance(reason, (ConnectionResetError, HTTPException)):
        return Fault.DROPPED
    if "Tunnel connection failed" in str(reason):  # en https, c'est au proxy seul qu'on a parlé
        refusal = NO_NAME if "407" in str(reason) else f"ne peut être joint : le proxy s'y refuse ({reason})"
        raise MirrorDown(url, refusal) from error
    if isinstance(reason, TooSlow):
        raise MirrorDown(url, f"est trop lent ({reason})") from error
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise MirrorDown(
            url,
            "n'a pas le bon certificat (le portail du wifi, un proxy qui lit les connexions, l'horloge de cet ordinateur ?)"
            + (
                f" ; la variable SSL_CERT_FILE nomme {os.environ['SSL_CERT_FILE']}"
                if "SSL_CERT_FILE" in os.environ
                else ""
            ),
        ) from error
    if isinstance(cause, (URLError, TimeoutError, ConnectionError)):
        raise MirrorDown(url, "ne répond pas") from error
    raise error


def _opener() -> urllib.request.OpenerDirector:
    """L'ouvreur d'urllib, dont `get_file` se sert : lui-même n'a ni délai ni nom."""
    opener = urllib.request.build_opener(_Patience, proxies.NearbyDirect)
    opener.addheaders = [("User-Agent", "Aurore (atelier de formation)")]
    return opener


class _Patience(urllib.request.BaseHandler):
    """Borne l'attente : un délai sans un octet, et une vitesse sous laquelle le livre n'arriverait jamais."""

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        request.timeout = TIMEOUT
        return request

    def http_response(self, request: urllib.request.Request, response):
        start, received = time.monotonic(), 0

        def read(size: int = -1) -> bytes:
            nonlocal received
            block = b""
            # read1 renvoie ce qui est arrivé ; read attendrait le bloc entier, octet après octet s'il le faut.
            while len(block) != size and (piece := response.read1(size - len(block) if size > 0 else -1)):
                block += piece
                received += len(piece)
                elapsed = time.monotonic() - start
                if elapsed > PATIENCE and received < SLOWEST * elapsed:
                    raise TooSlow(f"{number(received / elapsed / 1000, 1)} ko/s")
            return block

        if response.status == 200:
            response.read = read
        return response

    https_request, https_response = http_request, http_response
