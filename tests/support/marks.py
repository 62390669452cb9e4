"""Ce que le nettoyage garde des vrais livres, comparé à ce qu'une personne y a lu.

`marks.json` donne, pour chaque fichier (son sha256 dit lequel), les lignes qui ne sont pas de l'auteur, marquées à la
main (« 1-83 129-136 », à partir de 1), et celles sur lesquelles on peut hésiter. Tout le reste est de l'auteur.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from atelier.text import books
from atelier.text.naive_cut import author_lines

MARKS = json.loads(Path(__file__).with_name("marks.json").read_text("utf-8"))


@dataclass
class MarkedBook:
    """Un livre, ligne par ligne ; des ensembles de numéros de ligne, à partir de 0."""

    lines: list[str]
    hers: set[int]  # marquées comme de l'auteur
    kept: set[int]  # gardées par le nettoyage
    uncertain: set[int]

    def words(self, numbers: set[int]) -> int:
        return sum(len(re.findall(r"\w+", self.lines[number])) for number in numbers)

    @property
    def lost(self) -> int:
        """Les mots de l'auteur que le nettoyage perd."""
        return self.words(self.hers - self.uncertain - self.kept)

    @property
    def foreign(self) -> int:
        """Les mots d'un autre qu'il garde."""
        return self.words(self.kept - self.hers - self.uncertain)


def numbers(ranges: str) -> set[int]:
    """Les numéros de ligne, à partir de 0, de « 1-83 129-136 »."""
    bounds = (list(map(int, text.split("-"))) for text in ranges.split())
    return {number - 1 for bound in bounds for number in range(bound[0], bound[-1] + 1)}


def marked_book(mirror: Path, mark: dict) -> MarkedBook | None:
    """Le livre, nettoyé ; None si le miroir ne l'a pas, ou en a une autre édition."""
    path = mirror / mark["file"]
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != mark["sha256"]:
        return None
    lines = books.read_text(path).split("\n")
    written = {number for number, line in enumerate(lines) if line.strip()}
    return MarkedBook(
        lines=lines,
        hers=written - numbers(mark["not_author"]),
        kept=author_lines(lines),
        uncertain=numbers(mark["uncertain"]),
    )
