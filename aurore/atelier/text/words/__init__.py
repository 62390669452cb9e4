"""Ce qu'est un mot, et des listes de mots : une par fichier, un mot par ligne, et la raison de la liste dans ses lignes « # »."""

import re
import unicodedata
from pathlib import Path

LETTERS = re.compile(r"[^\W\d_]+")  # un mot : une suite de lettres


def word_list(name: str) -> list[str]:
    """Les mots du fichier `name`, dans l'ordre."""
    lines = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def plain(text: str) -> str:
    """Le texte sans accents ni majuscules : « É » devient « e »."""
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
