"""« Ce que Sand lui a appris » : les mots que le modèle entraîné attend plus souvent qu'avant, tels que l'examen les laisse écrits.

Le fichier, `learned.json`, est dans le dossier de l'entraînement ; la page des entraînements le montre.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

from atelier.atomic import atomic_write

FILE = "learned.json"


class Word(NamedTuple):
    """Un mot, et combien de fois chaque modèle s'y attendait au fil de l'examen, avant et après l'entraînement."""

    word: str
    before: float
    after: float


class Learned(NamedTuple):
    """`title` : qui lui a appris, et quoi ; `book` : le livre de l'examen ; `words` : les mots, le plus appris d'abord."""

    title: str
    book: str
    words: list[Word]

    @property
    def columns(self) -> list[list[Word]]:
        """Les mots à majuscule, presque tous des noms, et les autres."""
        names = [word for word in self.words if word.word[0].isupper()]
        return [names, [word for word in self.words if word not in names]]


def write(folder: Path, learned: Learned) -> None:
    content = {
        **learned._asdict(),
        "words": [
            {**word._asdict(), "before": round(word.before, 4), "after": round(word.after, 4)} for word in learned.words
        ],
    }
    with atomic_write(folder / FILE) as partial:
        partial.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def read(folder: Path) -> Learned:
    """Lève `OSError`, `ValueError`, `LookupError` ou `TypeError` si le fichier manque, ou n'est pas ce que `write` écrit."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    words = [Word(str(each["word"]), float(each["before"]), float(each["after"])) for each in content["words"]]
    if not all(word.word and math.isfinite(word.before + word.after) for word in words):
        raise ValueError(f"{FILE} a des mots vides, ou des nombres qui n'en sont pas")
    return Learned(str(content["title"]), str(content["book"]), words)
