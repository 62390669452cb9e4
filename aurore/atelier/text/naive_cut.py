"""Ce que vaut une coupe à l'aveugle : ôter les 50 premières lignes d'un livre et les 100 dernières, sans les lire."""

from collections.abc import Iterable
from pathlib import Path

from atelier.console import number
from atelier.text import books
from atelier.text.books import Book
from atelier.text.cleaning import author_blocks

FIRST, LAST = 50, 100


def author_lines(lines: list[str]) -> set[int]:
    """Les numéros (à partir de 0) des lignes du fichier que le nettoyage laisse à l'autrice."""
    book = books.between(lines)
    text = "\n".join(line.rstrip() for line in lines[book])
    return {book.start + number for block in author_blocks(text) for number in block.numbers}


def compare(path: Path) -> tuple[int, int]:
    """(lignes étrangères qu'une coupe à l'aveugle laisse dans le livre, lignes de l'autrice qu'elle perd)."""
    lines = books.read_text(path).split("\n")
    hers = author_lines(lines)
    cut = {number for number in range(FIRST, len(lines) - LAST) if lines[number].strip()}
    return len(cut - hers), len(hers - cut)


def show(library: Iterable[tuple[Book, Path]]) -> None:
    """Le tableau, livre par livre."""
    print(
        f"Couper les {FIRST} premières lignes et les {LAST} dernières laisse des lignes qui ne sont pas de l'autrice\n"
        "(licence, titres, notes, images), et perd des siennes :\n"
    )
    counts = [(book.title, *compare(path)) for book, path in library]
    counts.append(("en tout", sum(left for _, left, _ in counts), sum(lost for *_, lost in counts)))
    print(f"  {'':<32} {'laissées':>9} {'perdues':>9}")
    for title, left, lost in counts:
        print(f"  {title:<32} {number(left):>9} {number(lost):>9}")
