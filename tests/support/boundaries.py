"""La table des coupures (`boundaries.txt`), et le score d'un découpeur sur elle."""

from collections.abc import Callable, Iterator
from pathlib import Path

LINES = Path(__file__).with_name("boundaries.txt").read_text("utf-8").splitlines()
MISSED = "? "  # en tête d'un cas que le découpeur de l'atelier manque
CASES = [line.removeprefix(MISSED).split(" | ") for line in LINES if line and not line.startswith("#")]
EXACT = [line.split(" | ") for line in LINES if line and not line.startswith(("#", MISSED))]


def ends(text: str, sentences: list[str]) -> Iterator[int]:
    """Où commence chaque phrase, sauf la première."""
    place = 0
    for sentence in sentences[:-1]:
        place = text.index(sentence, place) + len(sentence)
        yield place


def score(split: Callable[[str], list[str]]) -> tuple[float, float, float]:
    """(précision, rappel, F1) des coupures de `split` sur toute la table."""
    right = found = expected = 0
    for sentences in CASES:
        text = " ".join(sentences)
        hers, his = set(ends(text, sentences)), set(ends(text, split(text)))
        right, found, expected = right + len(hers & his), found + len(his), expected + len(hers)
    precision, recall = right / found, right / expected
    return precision, recall, 2 * precision * recall / (precision + recall)
