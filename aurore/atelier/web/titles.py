"""Le nom d'un modèle tel qu'on le dit à voix haute : « entraîné le 30 novembre à 10 h 06, 1 époque »."""

import re
from pathlib import Path

from atelier.console import number
from atelier.web import histories


def title(name: str, folder: Path) -> str:
    """Celui d'un modèle de base est `name` : « mini », « auteur/nom »."""
    try:
        history = histories.read(folder)
    except histories.UNREADABLE:  # un modèle de base n'a pas d'historique
        return name
    when = re.sub(r" \d{4}(?= à )", "", histories.title(name))
    read = history["steps"] * history["settings"].get("batch_size", 0) * history["block_size"]
    epochs = round(read / history["tokens"], 1) if history["tokens"] else 0
    said = f", {number(epochs, 1).removesuffix(',0')} époque{'s' if epochs >= 2 else ''}" if epochs else ""
    return f"{re.sub('^Entraînement( du)?', lambda found: 'entraîné le' if found[1] else 'entraînement', when)}{said}"
