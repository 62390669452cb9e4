"""L'historique d'un entraînement (`history.json`), lu avec prudence, et ce qu'on en dit : ses chiffres, sa courbe."""

import json
import math
import re
import statistics
from itertools import pairwise
from pathlib import Path

from atelier.console import duration, exact, number
from atelier.models import choice
from atelier.training.curves import Curve, perplexity, picture

RECENT = 20  # mesures d'où se tire la vitesse
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SETTINGS = {
    "batch_size": "Taille des lots",
    "learning_rate": "Taux d'apprentissage",
    "freeze": "Couches gelées",
    "seed": "Graine du hasard",
}
# Ce que lève un historique abîmé, quand on le lit ou qu'on en tire des chiffres.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError)


def read(folder: Path) -> dict:
    """L'historique d'un entraînement, où les listes sont bien des listes de nombres. Lève l'une des erreurs `UNREADABLE` sinon."""
    history = json.loads((folder / "history.json").read_text(encoding="utf-8-sig"))
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
    history["sentences"] = [_sentence(value) for value in history.get("sentences", [])]
    history["settings"] = dict(history.get("settings", {}))
    for name in ("resumed_at", "block_size", "tokens"):
        history[name] = _count(history.get(name, 0))
    return history


def _count(value) -> float:
    if not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ValueError(f"{value!r} ne compte ni des pas, ni des tokens, ni des secondes")
    return value


def _sentence(value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} n'est pas une phrase")
    return "".join(letter for letter in value if letter.isprintable())


def steps_done(history: dict) -> float:
    return max(history["loss_steps"], default=0)


def step_seconds(history: dict) -> tuple[float | None, float | None]:
    """Ce que prend un pas, ces temps-ci ; puis en moyenne depuis le départ ou la reprise, évaluations et sauvegardes comprises."""
    measures = [(0, 0.0), *zip(history["loss_steps"], history["loss_seconds"])]
    before = [measure for measure in measures if measure[0] <= history["resumed_at"]]
    since = before[-1:] + [measure for measure in measures if measure[0] > history["resumed_at"]]
    spans = [
        (end - start) / (after - step)
        for (step, start), (after, end) in pairwise(since)
        if after > step and end >= start
    ]
    if not spans:
        return None, None
    # La médiane laisse de côté les évaluations : c'est la vitesse que montre l'étape 3.
    return statistics.median(spans[-RECENT:]), (since[-1][1] - since[0][1]) / (since[-1][0] - since[0][0])


def drawing(name: str, history: dict) -> str:
    """La courbe de perte d'un entraînement, en SVG."""
    measured = Curve(name, history["loss_steps"], history["loss"], history["val_steps"], history["val_loss"])
    return picture("La perte, pas à pas", [measured], f"{_model_name(history)} · {number(history['steps'])} pas")


def alternative(history: dict) -> str:
    """Ce que la courbe montre, pour qui ne la voit pas."""
    losses, evaluated = ([loss for loss in history[name] if math.isfinite(loss)] for name in ("loss", "val_loss"))
    sentences = ["Courbe de la perte."]
    if losses:
        sentences.append(f"À l'entraînement : de {number(losses[0], 2)} à {number(losses[-1], 2)}.")
    if evaluated:
        sentences.append(f"Perplexité de validation : de {perplexity(evaluated[0])} à {perplexity(evaluated[-1])}.")
    return " ".join(sentences)


def title(name: str) -> str:
    """« 2026-07-26_13h32m15 » se lit « Entraînement du 26 juillet 2026 à 13 h 32 »."""
    date = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])-(\d\d)_(\d\d)h(\d\d)m\d\d(?:-\d+)?", name, re.ASCII)
    if not date:
        return f"Entraînement {name}"
    year, month, day, hour, minute = map(int, date.groups())
    return f"Entraînement du {'1er' if day == 1 else day} {MONTHS[month - 1]} {year} à {hour} h {minute:02}"


def figures(history: dict, state: str) -> dict[str, str]:
    """Les chiffres d'un entraînement, par leur nom."""
    rows = {"Modèle de base": _model_name(history), "Avancement": _progress(history, state)}
    tokens_per_step = _count(history["settings"].get("batch_size", 0)) * history["block_size"]
    recent, _ = step_seconds(history)
    if tokens_per_step:
        rows["Texte lu"] = _text_read(history, tokens_per_step)
    if tokens_per_step and recent:
        rows["Vitesse"] = f"{number(tokens_per_step / recent)} tokens par seconde"
    if state == "running":
        rows["Temps restant"] = _time_left(history)
    if history["loss_seconds"]:
        rows["Temps passé"] = duration(history["loss_seconds"][-1])
    if history["val_loss"]:
        rows["Perplexité de validation"] = _perplexities(history)
    if history["loss"]:
        loss = history["loss"][-1]
        rows["Dernière perte"] = f"{number(loss, 2)} par token" if abs(loss) < 1e6 else "plus un nombre"
    if history["resumed_at"]:
        rows["Repris"] = f"au pas {number(history['resumed_at'])}"
    for name, value in history["settings"].items():
        rows[SETTINGS.get(name, name)] = _setting(name, value, history)
    return rows


def _model_name(history: dict) -> str:
    return choice.short_name(str(history.get("base_model", "?")))


def _progress(history: dict, state: str) -> str:
    total = number(history["steps"])
    return f"{total} pas" if state == "finished" else f"pas {number(steps_done(history))} sur {total}"


def _text_read(history: dict, tokens_per_step: float) -> str:
    tokens = steps_done(history) * tokens_per_step
    if not history["tokens"]:
        return f"{number(tokens)} tokens"
    return f"{number(tokens)} tokens ({number(100 * tokens / history['tokens'])} % d'une époque)"


def _time_left(history: dict) -> str:
    done, total = steps_done(history), history["steps"]
    if done >= total > 0:
        return "dernière évaluation, enregistrement du modèle"
    _, mean = step_seconds(history)
    return f"encore {duration((total - done) * mean)} environ" if mean else "pas encore mesuré"


def _perplexities(history: dict) -> str:
    before, *after = history["val_loss"]
    if "final_val_loss" in history:
        return f"{perplexity(before)} avant, {perplexity(float(history['final_val_loss']))} après"
    if after:
        return f"{perplexity(before)} avant, {perplexity(after[-1])} au pas {number(history['val_steps'][-1])}"
    return f"{perplexity(before)} avant"


def _setting(name: str, value, history: dict) -> str:
    if name == "batch_size":
        return f"{value} passages de {history['block_size']} tokens" if history["block_size"] else f"{value} passages"
    if name == "freeze" and value == 0:
        return "aucune"
    return exact(float(f"{value:.3g}")) if isinstance(value, float) and math.isfinite(value) else str(value)
