"""Les entraînements sur la page : leurs courbes et leurs chiffres, tels que l'étape 3 les écrit à mesure.

Rien ne passe de l'une à l'autre que les fichiers de `settings.MODELS` : l'étape 3 peut tourner à côté, ailleurs, ou plus du tout.
Rien ici n'a besoin de TensorFlow.
"""

import json
import math
import re
import statistics
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, render_template

from atelier import settings
from atelier.console import command, decimal
from atelier.models import choice
from atelier.training.curves import Curve, picture

PREPARATION = (
    600  # secondes : au-delà, un dossier encore sans histoire est celui d'un entraînement arrêté avant son premier pas
)
SILENCE, SILENT_STEPS = (60, 20)  # secondes, et pas, sans nouvelles d'un entraînement avant de le croire arrêté
RECENT = 20  # mesures d'où se tire la vitesse
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RecursionError,
)  # ce que lève un history.json abîmé
STATES = {
    "preparing": "se prépare",
    "running": "en cours",
    "finished": "fini",
    "interrupted": "interrompu",
    "unreadable": "illisible",
}
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SETTINGS = {
    "batch_size": "Taille des lots",
    "learning_rate": "Taux d'apprentissage",
    "freeze": "Blocs gelés",
    "seed": "Graine du hasard",
}

trainings = Blueprint("trainings", __name__)


@trainings.get("/entrainement")
def page():
    runs = all_runs()
    return render_template("training.html", runs=runs, live=live(runs), command=command("3_train_solution.py"))


@trainings.get("/entrainement/state")
def state():
    runs = all_runs()
    return jsonify(live=live(runs), runs=runs)


@trainings.get("/entrainement/<run>.svg")
def curve(run: str):
    folder = next((folder for folder in folders() if folder.name == run), None) or abort(404)
    try:
        return Response(drawing(folder.name, read_history(folder)), mimetype="image/svg+xml")
    except UNREADABLE:
        abort(404)


def live(runs: list[dict]) -> bool:
    """Est-ce que quelque chose change ?"""
    return any(run["state"] in ("preparing", "running") for run in runs)


def folders() -> list[Path]:
    """Les dossiers des entraînements, le plus récent d'abord : leur nom est l'heure où ils ont commencé.

    Un lien symbolique n'en est pas un : il peut mener n'importe où.
    """
    try:
        found = [folder for folder in settings.MODELS.iterdir() if folder.is_dir() and not folder.is_symlink()]
    except OSError:  # l'étape 3 n'a encore rien fait ici
        return []
    return sorted(
        (folder for folder in found if not folder.name.startswith(".")), key=lambda folder: folder.name, reverse=True
    )


def all_runs() -> list[dict]:
    """Ce que la page montre de chaque entraînement. Un dossier qui n'en est pas un, ou qui s'efface, n'y est pas."""
    found, resumable = folders(), []
    for folder in found:
        try:
            if (folder / "state" / "checkpoint").exists():
                resumable.append(((folder / "history.json").stat().st_mtime, folder))
        except OSError:
            continue
    next_resumed = max(resumable, default=(0, None))[1]  # celui que choisit --resume
    described = (describe(folder, folder == next_resumed) for folder in found)
    return [run for run in described if run]


def describe(folder: Path, next_resumed: bool) -> dict | None:
    """Un entraînement, en textes et en nombres qui passent en JSON ; None si `folder` n'en est pas un."""
    run = {
        "name": folder.name,
        "title": title(folder.name),
        "version": "",
        "figures": [],
        "alt": "",
        "done": 0,
        "total": 0,
    }
    run |= {"note": "", "command": ""}
    try:
        written = (folder / "history.json").stat()
    except OSError:
        return _preparing(folder, run)
    run["version"] = str(written.st_mtime_ns)
    try:
        history = read_history(folder)
        run |= _told(folder, history, time.time() - written.st_mtime, next_resumed)
    except UNREADABLE:
        run |= {
            "state": "unreadable",
            "note": "Son fichier history.json est abîmé, ou n'est pas celui d'un entraînement.",
        }
    return run | {"word": STATES[run["state"]]}


def _preparing(folder: Path, run: dict) -> dict | None:
    try:  # ce que l'étape 3 écrit dès le début, avant de mesurer la machine
        age = time.time() - (folder / "start.h5").stat().st_mtime
    except OSError:
        return None
    note = "La machine se mesure, le modèle se compile : la courbe commence avec le premier pas."
    return run | {"state": "preparing", "word": STATES["preparing"], "note": note} if age < PREPARATION else None


def _told(folder: Path, history: dict, silence: float, next_resumed: bool) -> dict:
    """Où en est un entraînement dont l'histoire se lit, et ce qu'on en dit."""
    done, total = int(max(history["loss_steps"], default=0)), int(history["steps"])
    _, step_seconds = pace(history)
    resumable = (folder / "state" / "checkpoint").exists()
    told = {"done": min(done, total), "total": total, "alt": alternative(history)}
    if (folder / "model.safetensors").exists() and not resumable:
        told["state"] = "finished"
    elif not history.get("interrupted") and silence < SILENCE + SILENT_STEPS * (step_seconds or 0):
        told["state"] = "running" if total else "preparing"  # le nombre de pas se choisit une fois la machine mesurée
    else:
        told |= {
            "state": "interrupted",
            "note": "Il s'est arrêté avant d'enregistrer de quoi reprendre : il ne se reprendra pas.",
        }
        if resumable:
            told["note"] = (
                "Pour le reprendre où il en était :"
                if next_resumed
                else "On pourra le reprendre une fois fini le plus récent :"
            )
            told["command"] = f"{command('3_train_solution.py')} --resume"
    rows = figures(history, told["state"])
    if told["state"] == "running":  # l'essentiel, au-dessus de la courbe
        told["note"] = " · ".join(value for name, value in rows if name in ("Avancement", "Vitesse", "Temps restant"))
    return told | {"figures": rows}


def read_history(folder: Path) -> dict:
    """L'histoire d'un entraînement, où les listes sont bien des listes de nombres. Lève l'une des erreurs `UNREADABLE` sinon."""
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    for name in ("loss", "val_loss"):
        history[name] = [float(value) for value in history[name]]
    history["steps"] = _count(history["steps"])
    losses, validations = len(history["loss"]), len(history["val_loss"])
    # Le contrat ne promet que les pertes : sans leurs pas, elles se répartissent d'un bout à l'autre.
    spread = {
        "loss_steps": [history["steps"] * (rank + 1) / losses for rank in range(losses)],
        "val_steps": [history["steps"] * rank / max(1, validations - 1) for rank in range(validations)],
    }
    for name, default in spread.items():
        history[name] = [_count(value) for value in history.get(name, default)]
    history["loss_seconds"] = [_count(value) for value in history.get("loss_seconds", [])]
    history["settings"] = dict(history.get("settings", {}))
    for name in ("resumed_at", "block_size", "tokens"):
        history[name] = _count(history.get(name, 0))
    return history


def _count(value) -> float:
    if not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ValueError(f"{value!r} ne compte ni des pas, ni des tokens, ni des secondes")
    return value


def drawing(name: str, history: dict) -> str:
    """La courbe de perte d'un entraînement, en SVG."""
    measured = Curve(name, history["loss_steps"], history["loss"], history["val_steps"], history["val_loss"])
    return picture("La perte, pas à pas", [measured], f"{model_name(history)} · {number(history['steps'])} pas")


def title(name: str) -> str:
    """« 2026-07-26_13h32m15 » se lit « Entraînement du 26 juillet 2026 à 13 h 32 »."""
    date = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])-(\d\d)_(\d\d)h(\d\d)m\d\d(?:-\d+)?", name, re.ASCII)
    if not date:
        return f"Entraînement {name}"
    year, month, day, hour, minute = map(int, date.groups())
    return f"Entraînement du {'1er' if day == 1 else day} {MONTHS[month - 1]} {year} à {hour} h {minute:02}"


def model_name(history: dict) -> str:
    return choice.short_name(str(history.get("base_model", "?")))


def pace(history: dict) -> tuple[float | None, float | None]:
    """Les secondes d'un pas, ces temps-ci ; puis en moyenne depuis le départ ou la reprise, évaluations et sauvegardes comprises."""
    measures = [(0, 0.0), *zip(history["loss_steps"], history["loss_seconds"])]
    before = [measure for measure in measures if measure[0] <= history["resumed_at"]]
    since = before[-1:] + [measure for measure in measures if measure[0] > history["resumed_at"]]
    spans = [
        ((end - start) / (after - step))
        for (step, start), (after, end) in pairwise(since)
        if after > step and end >= start
    ]
    if not spans:
        return None, None
    # La médiane laisse de côté les évaluations : c'est la vitesse que montre l'étape 3.
    return statistics.median(spans[-RECENT:]), (since[-1][1] - since[0][1]) / (since[-1][0] - since[0][0])


def perplexity(loss: float) -> str:
    return decimal(math.exp(loss)) if loss < 13.8 else "plus d'un million"  # un nombre qui n'en est pas un, aussi


def alternative(history: dict) -> str:
    """Ce que la courbe montre, pour qui ne la voit pas."""
    losses, evaluated = ([loss for loss in history[name] if math.isfinite(loss)] for name in ("loss", "val_loss"))
    told = (
        f"Courbe de la perte. À l'entraînement : de {decimal(losses[0], 2)} à {decimal(losses[-1], 2)}."
        if losses
        else "Courbe de la perte."
    )
    return (
        f"{told} Perplexité de validation : de {perplexity(evaluated[0])} à {perplexity(evaluated[-1])}."
        if evaluated
        else told
    )


def figures(history: dict, state: str) -> list[tuple[str, str]]:
    """Les chiffres d'un entraînement : leur nom, leur valeur."""
    done, total, seconds = (max(history["loss_steps"], default=0), history["steps"], history["loss_seconds"])
    tokens_per_step = _count(history["settings"].get("batch_size", 0)) * history["block_size"]
    recent, mean = pace(history)
    rows = [("Modèle de base", model_name(history))]
    rows.append(
        ("Avancement", f"{number(total)} pas" if state == "finished" else f"pas {number(done)} sur {number(total)}")
    )
    if tokens_per_step:
        epoch = (
            f" ({decimal(100 * done * tokens_per_step / history['tokens'], 0)} % d'une époque)"
            if history["tokens"]
            else ""
        )
        rows.append(("Texte lu", f"{number(done * tokens_per_step)} tokens{epoch}"))
    if recent and tokens_per_step:
        rows.append(("Vitesse", f"{number(tokens_per_step / recent)} tokens par seconde"))
    if state == "running" and done >= total > 0:
        rows.append(("Temps restant", "dernière évaluation, enregistrement du modèle"))
    elif state == "running":
        rows.append(
            ("Temps restant", f"encore {duration((total - done) * mean)} environ" if mean else "pas encore mesuré")
        )
    if seconds:
        rows.append(("Temps passé", duration(seconds[-1])))
    if history["val_loss"]:
        rows.append(("Perplexité de validation", _perplexities(history)))
    if history["loss"]:
        rows.append(
            (
                "Dernière perte",
                f"{decimal(history['loss'][-1], 2)} nats par token"
                if abs(history["loss"][-1]) < 1e6
                else "plus un nombre",
            )
        )
    if history["resumed_at"]:
        rows.append(("Repris", f"au pas {number(history['resumed_at'])}"))
    return rows + [
        (SETTINGS.get(name, name), _setting(name, value, history)) for name, value in history["settings"].items()
    ]


def _perplexities(history: dict) -> str:
    before, *after = history["val_loss"]
    told = f"{perplexity(before)} avant"
    if "final_val_loss" in history:
        return f"{told}, {perplexity(float(history['final_val_loss']))} après"
    return f"{told}, {perplexity(after[-1])} au pas {number(history['val_steps'][-1])}" if after else told


def _setting(name: str, value, history: dict) -> str:
    if name == "batch_size":
        return f"{value} blocs" + (f" de {history['block_size']} tokens" if history["block_size"] else "")
    if name == "freeze" and value == 0:
        return "aucun"
    return f"{Decimal(f'{value:.3g}'):f}".replace(".", ",") if isinstance(value, float) else str(value)


def number(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")  # une espace fine, insécable


def duration(seconds: float) -> str:
    """« 45 s », « 9 min 40 s », « 2 h 05 min »."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
