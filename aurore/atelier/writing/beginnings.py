"""Les débuts à proposer, ceux où l'entraînement s'entend : `beginnings.txt`, dans l'ordre."""

from pathlib import Path


def beginnings() -> list[str]:
    """Des amorces de quelques mots, la plus parlante d'abord."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
