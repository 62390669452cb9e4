"""Écrire ou réciter ? La plus longue suite de mots d'un texte qui se trouve telle quelle dans les livres."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import Dataset

from atelier.console import tell
from atelier.models import choice
from atelier.text import books, corpus
from atelier.text.words import LETTERS

FEW = 8  # mots : sept qui se suivent sont à tout le monde (« en lui prenant la main d'un air »)
BACK = 50


@dataclass(frozen=True)
class Quotation:
    """`words` mots du texte, de `start` à `end` (en caractères), qui sont dans le livre `book`."""

    words: int
    start: int
    end: int
    book: str


def longest_quotation(
    text: str, shelf: Mapping[str, str], known: np.ndarray | None = None, after: int = 0
) -> Quotation | None:
    """La plus longue des suites de mots communes à `text` et à l'un des livres de `shelf` ; None s'il n'y en a pas.

    Seuls comptent les mots : ni la ponctuation, ni les majuscules. `shelf` : pour chaque titre, ce que renvoie `comparable`.
    `known`, ce que renvoie `known_sequences`, fait aller six fois plus vite, et laisse les suites de moins de `FEW` mots.
    `after` : ne compte que ce qui finit après tant de caractères, sans remonter de plus de `BACK` mots avant eux.
    """
    found, best = list(LETTERS.finditer(text)), None
    words = [match[0].lower() for match in found]
    likely = np.ones(len(words), bool) if known is None else _among(known, words)
    first = next((number for number, word in enumerate(found) if word.end() > after), len(words))
    for title, book in shelf.items():
        start, length = max(0, first - BACK), best.words if best else 0
        while (end := max(start + length, first) + 1) <= len(words):  # on ne cherche que plus long que ce qu'on a
            if likely[start] and f" {' '.join(words[start:end])} " in book:
                length = end - start
                best = Quotation(length, found[start].start(), found[start + length - 1].end(), title)
            else:
                start += 1
    return best


def known_sequences(shelf: Mapping[str, str]) -> np.ndarray:
    """Les suites de `FEW` mots de tous les livres, un nombre chacune, dans l'ordre : de quoi en chercher une sans tout relire."""
    return np.unique(np.concatenate([_sequences([]), *(_sequences(book.split()) for book in shelf.values())]))


def _sequences(words: list[str]) -> np.ndarray:
    return np.array([hash(" ".join(words[start : start + FEW])) for start in range(len(words) - FEW + 1)], np.int64)


def _among(known: np.ndarray, words: list[str]) -> np.ndarray:
    """Pour chaque mot, une suite de `FEW` mots des livres commence-t-elle là ?"""
    sequences, found = _sequences(words), np.zeros(len(words), bool)
    if len(known):
        found[: len(sequences)] = known[np.searchsorted(known, sequences) % len(known)] == sequences
    return found


def comparable(text: str) -> str:
    """Les mots du texte, en minuscules, une espace entre deux et aux deux bouts."""
    return f" {' '.join(LETTERS.findall(text.lower()))} "


def training_shelf(train: Dataset) -> dict[str, str]:
    """Les livres que l'entraînement a lus : pour chaque titre, ses mots."""
    sentences = {}
    for id, text in zip(train["book"], train["text"]):
        sentences.setdefault(id, []).append(text)
    return {books.title(id): comparable(" ".join(texts)) for id, texts in sentences.items()}


def reading_shelf() -> dict[str, str]:
    """Les livres que lirait l'étape 3 : ceux de l'étape 1, ou les récits embarqués. Dit lesquels."""
    return training_shelf(corpus.load_data(corpus.folder())["train"])


def titles_read(folder: Path) -> set[str]:
    """Les livres que l'étape 3 a fait lire au modèle de ce dossier ; aucun à un modèle de base, qui n'a pas lu ceux-là."""
    return {books.title(id) for id in choice.history(folder).get("books", [])}


def tell_quotations(texts: list[str], folder: Path) -> None:
    """Dit, de chaque texte, ce qui se trouve tel quel dans les livres que le modèle de `folder` a lus à l'étape 3."""
    if not (titles := titles_read(folder)):
        return tell("Ce modèle n'a lu aucun de nos livres : il ne peut rien en réciter.")
    shelf = {title: words for title, words in reading_shelf().items() if title in titles}
    for text in texts:
        beginning = f"« {' '.join(text.split())[:30]}… »"
        if found := longest_quotation(text, shelf):
            words = " ".join(text[found.start : found.end].split())
            tell(
                f"{beginning} : la plus longue suite de mots reprise telle quelle d'un livre est « {words} » "
                f"({found.words} mots, dans {found.book})."
            )
        else:
            tell(f"{beginning} : rien n'est repris tel quel d'un livre lu.")
