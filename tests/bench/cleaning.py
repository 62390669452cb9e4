"""Ce que le nettoyage de l'étape 1 garde et perd des vrais livres, à côté des lignes marquées à la main.

    python tests/bench/cleaning.py MIROIR

MIROIR : un dossier disposé comme le projet Gutenberg. Code 1 si un livre perd un centième de ses mots.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS.parent / "aurore")]

from marks import MARKS, MarkedBook, marked_book

from atelier.text.blocks import blocks
from atelier.text.markup import without_markup
from atelier.text.sentences import sentence_tokenizer
from atelier.text.typography import normalize

MOST_LOST = 0.01
split = sentence_tokenizer().tokenize


def sentences(book: MarkedBook, numbers: set[int]) -> int:
    """Le nombre de phrases de ces lignes."""
    text = "\n".join(line if number in numbers else "" for number, line in enumerate(book.lines))
    return sum(len(split(normalize(without_markup(block.text)))) for block in blocks(text))


library = {mark["file"]: book for mark in MARKS if (book := marked_book(Path(sys.argv[1]), mark))}
print(f"{'':<24} {'mots':>16} {'phrases':>16} {'mots perdus':>16} {'étrangers':>10}")
print(f"{'':<24} {'marqués':>8} {'gardés':>7} {'marquées':>8} {'gardées':>7}")
for name, book in library.items():
    print(
        f"{name:<24} {book.words(book.hers):>8} {book.words(book.kept):>7} {sentences(book, book.hers):>8} {sentences(book, book.kept):>7}"
        f" {book.lost:>7} {100 * book.lost / book.words(book.hers):>6.2f} % {book.foreign:>10}"
    )
print(f"{len(library)} livres sur {len(MARKS)}.")
sys.exit(not library or any(book.lost >= MOST_LOST * book.words(book.hers) for book in library.values()))
