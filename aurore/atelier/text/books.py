"""Les livres : leur liste, le fichier de chacun, et ce que ce fichier dit de lui-même."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atelier.settings import CACHE, EXCERPTS
from atelier.text.words import plain

BOOKS = CACHE / "books"

# Les éditions d'avant 2004 n'ont pas toutes ces lignes, mais finissent leur licence, et le livre, autrement.
START = re.compile(r"^[ \t]*(?:\*\*\* ?START OF TH(?:E|IS) |\*END\*? ?THE SMALL PRINT)", re.IGNORECASE | re.MULTILINE)
END = re.compile(
    r"^[ \t]*(?:\*\*\* ?END OF TH(?:E|IS) |(?:End of|Fin de) (?:the |this )?Project Gutenberg)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Book:
    """Un livre : son numéro au projet Gutenberg, qui l'a écrit, et la partie des données (`train`, `test`) où il va."""

    id: str
    title: str
    author: str
    split: str


def book_list(offline: bool = False) -> list[Book]:
    """Les livres de l'atelier ; hors ligne, ceux qui sont déjà là s'ils suffisent, sinon les récits embarqués."""
    workshop = _read_list(Path(__file__).with_name("books.json"))
    if not offline:
        return workshop
    here = [book for book in workshop if cached(book)]
    enough = {book.split for book in here} == {"train", "test"}
    return here if enough else embedded()


def embedded() -> list[Book]:
    """Les récits écrits pour l'atelier, qui sont toujours là."""
    return _read_list(EXCERPTS / "books.json")


def title(id: str) -> str:
    """Le titre du livre de ce numéro ; le numéro lui-même s'il n'est d'aucune liste."""
    return next((book.title for book in (*book_list(), *embedded()) if book.id == id), id)


def _read_list(path: Path) -> list[Book]:
    return [Book(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]


def cached(book: Book) -> Path | None:
    """Le fichier du livre, s'il est déjà là (téléchargé auparavant, ou embarqué)."""
    return next((path for path in (BOOKS / f"{book.id}.txt", EXCERPTS / f"{book.id}.txt") if path.exists()), None)


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


def read_text(path: Path) -> str:
    """Le texte du fichier, dans son encodage."""
    return path.read_text(encoding=detect_encoding(path))


def between(lines: list[str]) -> slice:
    """Où sont, dans les lignes d'un fichier, celles qui vont de START à END : tout le livre, et rien du projet Gutenberg."""
    start = next(number for number, line in enumerate(lines) if START.match(line)) + 1
    return slice(start, next(number for number, line in enumerate(lines) if number >= start and END.match(line)))


def author_text(path: Path) -> str:
    """Le texte du fichier, sans rien de ce que le projet Gutenberg met autour."""
    lines = read_text(path).split("\n")
    return "\n".join(lines[between(lines)])


ACCENTS = re.compile("[éèêëàâçîïôùûœ]")
CONTINUATION = "".join(bytes([byte]).decode("cp1252", "ignore") + chr(byte) for byte in range(0x80, 0xC0))
TWICE = re.compile(f"[\u00c2-\u00df][{CONTINUATION}]|[\u00e0-\u00ef][{CONTINUATION}]{{2}}")  # « Ã© », « â€™ »
FEW = 10


def mend_encoding(path: Path) -> str:
    """Réécrit en UTF-8 un livre que `detect_encoding` lirait de travers ; rend ce qu'il y avait à dire, ou rien.

    Quelques octets abîmés dans de l'UTF-8, où chaque « é » deviendrait « Ã© » ; un texte codé deux fois ; les codages du DOS et du
    vieux Macintosh, que rien n'annonce, mais où seul le bon donne les accents du français.
    """
    content = path.read_bytes()
    text = content.decode("utf-8", errors="replace")
    damaged, accents = text.count("\ufffd"), sum(character > "\x7f" for character in text)
    if damaged < accents / 100:
        twice = len(TWICE.findall(text))
        if twice > max(FEW, len(ACCENTS.findall(text))):
            path.write_bytes(TWICE.sub(_decoded_once, text).encode("utf-8"))
            return "codé deux fois (« Ã© » pour « é ») : remis d'aplomb."
        if damaged:
            path.write_bytes(text.encode("utf-8"))
    elif damaged:
        counts = {encoding: len(ACCENTS.findall(content.decode(encoding, "replace"))) for encoding in OLD_ENCODINGS}
        likeliest = max(counts, key=counts.get)
        if counts[likeliest] > FEW + 2 * counts["cp1252"]:
            path.write_bytes(content.decode(likeliest).encode("utf-8"))
            return f"écrit dans le codage {OLD_ENCODINGS[likeliest]} : lu ainsi."
    return ""


OLD_ENCODINGS = {"cp1252": "de Windows", "cp850": "du DOS (cp850)", "mac_roman": "du vieux Macintosh (mac_roman)"}


def _decoded_once(found: re.Match) -> str:
    """« é », de « Ã© » : les octets que chaque caractère était, lus pour ce qu'ils sont."""
    letters = b"".join(letter.encode("cp1252", "ignore") or letter.encode("latin-1") for letter in found[0])
    return letters.decode("utf-8", "replace")


def differences(book: Book, path: Path) -> Iterator[str]:
    """En quoi l'en-tête du fichier ne parle pas du livre attendu : de quoi s'apercevoir qu'on en a pris un autre."""
    header = START.split(read_text(path), maxsplit=1)[0]
    for field, pattern, expected in (
        ("titre", r"^Title: *(.+)", book.title),
        ("autrice", r"^Author: *(.+)", book.author),
        ("numéro", r"\[e(?:book|text) *#(\d+)\]", book.id),
    ):
        found = re.search(pattern, header, re.MULTILINE | re.IGNORECASE)
        if found and not _same_words(found[1], expected):
            yield f"{field} « {found[1].strip()} » au lieu de « {expected} »"


def _same_words(found: str, expected: str) -> bool:
    """Les mêmes mots, ou davantage : « LÉLIA, tome 1 » est bien « Lelia »."""
    first, last = (re.findall(r"[a-z0-9]+", plain(text)) for text in (found, expected))
    return first[: len(last)] == last
