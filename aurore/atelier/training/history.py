"""Ce qu'un entraînement laisse écrit de lui : `history.json`, la courbe de perte, et s'il est fini."""

import json
import time
from pathlib import Path

from atelier.atomic import atomic_write
from atelier.console import exact, number
from atelier.training import curves

START = "start"  # dans le dossier d'un entraînement, le modèle dont il est parti, tant qu'il n'est pas fini
STATE = Path("state", "checkpoint")  # et de quoi le reprendre
PROMPT = "Elle regarda longtemps la rivière, et"  # ce que le modèle continue après chaque évaluation


def new(base_model: str, settings: dict, loss_before: float, **details) -> dict:
    """Ce que `history.json` dira de l'entraînement : le contrat, les pas où chaque perte a été vue, et quand.

    `steps` y est dès le début le nombre de pas prévu ; la page en tire, avec `loss_seconds`, la vitesse et le temps qui reste.
    `plan` dit à quel pas l'on s'est promis combien de pas. `sentences` : ce que le modèle écrivait à chaque évaluation.
    """
    return {
        "base_model": base_model,
        "settings": settings,
        **details,
        "steps": 0,
        "plan": [],
        "resumed_at": 0,
        "loss": [],
        "loss_steps": [],
        "loss_seconds": [],
        "val_loss": [loss_before],
        "val_steps": [0],
        "sentences": [],
    }


def completed(history: dict) -> dict:
    """Un historique, avec ce que n'y écrivaient pas les premières versions de l'atelier."""
    return {"plan": [[0, history["steps"]]], "sentences": []} | history


def write(folder: Path, history: dict) -> None:
    text = json.dumps(history, ensure_ascii=False, indent=1)
    for last in (False, True):
        try:
            with atomic_write(folder / "history.json") as partial:
                partial.write_text(text, encoding="utf-8")
            return
        except PermissionError:  # sous Windows, un fichier que la page est en train de lire ne se remplace pas
            if last:
                raise
            time.sleep(0.1)


def unfinished(folder: Path, history: dict) -> bool:
    """Un entraînement qui a cet historique peut-il se reprendre ? Il a de quoi, et n'a pas été mené à son terme.

    Sa dernière perte ne s'écrit qu'une fois le modèle retenu : les restes d'un ménage interrompu n'y changent rien.
    """
    return bool(history) and "final_val_loss" not in history and (folder / STATE).exists()


def began(folder: Path, history: dict) -> tuple[float, str]:
    """De quoi ranger les entraînements : quand celui-ci a commencé, à défaut ce qu'en dit son nom, puis ce nom.

    L'horloge d'un conteneur est à l'heure universelle : les noms de ce qu'on y entraîne ne se classent pas avec les autres.
    """
    try:
        return float(history["began"]), folder.name
    except (KeyError, TypeError, ValueError):
        pass
    try:
        return time.mktime(time.strptime(folder.name[:19], "%Y-%m-%d_%Hh%Mm%S")), folder.name
    except (ValueError, OverflowError):  # un dossier que la personne a nommé
        return 0.0, folder.name


def ladder(history: dict) -> list[curves.Rung]:
    """À chaque évaluation, le moment, la perplexité de validation, et ce que le modèle écrivait après `PROMPT`."""
    return [
        (f"pas {number(step)}" if step else "avant", curves.perplexity(loss), "…" + sentence.removeprefix(PROMPT))
        for step, loss, sentence in zip(history["val_steps"], history["val_loss"], history["sentences"])
        if sentence
    ]


def draw(folder: Path, history: dict) -> None:
    """La courbe de perte, en image, et dessous ce que le modèle écrivait à mesure : `loss.svg`."""
    curve = curves.Curve(folder.name, history["loss_steps"], history["loss"], history["val_steps"], history["val_loss"])
    rate = exact(float(f"{history['settings']['learning_rate']:.2g}"))
    subtitle = f"{history['base_model']} · {number(history['steps'])} pas de {history['settings']['batch_size']} passages · taux d'apprentissage {rate}"
    picture = curves.picture(
        "Ce que le modèle apprend en lisant", [curve], subtitle, prompt=PROMPT, ladder=ladder(history)
    )
    with atomic_write(folder / "loss.svg") as partial:
        partial.write_text(picture, encoding="utf-8")
