"""Des listes de mots : une par fichier, un mot par ligne, et la raison de la liste dans ses lignes « # »."""

from pathlib import Path


def word_list(name: str) -> list[str]:
    """Les mots du fichier `name`, dans l'ordre."""
    lines = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
