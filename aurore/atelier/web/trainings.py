"""Les entraînements sur la page : leurs courbes et leurs chiffres, tels que l'étape 3 les écrit à mesure.

Rien ne passe de l'une à l'autre que les fichiers de `settings.MODELS` : l'étape 3 peut tourner à côté, ailleurs, ou plus du tout.
Rien ici n'a besoin de TensorFlow. Quarante pages ouvertes redemandent leur état toutes les deux secondes : ce qui se lit d'un
fichier se garde tant que le fichier ne change pas (`Stamp`).
"""

import functools
import time
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, abort, jsonify, render_template

from atelier import settings
from atelier.console import command, number
from atelier.training.history import PROMPT, START, began, ladder, unfinished
from atelier.web import histories
from atelier.writing import learned

PREPARATION = (
    600  # secondes : au-delà, un dossier sans historique est celui d'un entraînement arrêté avant son premier pas
)
SILENCE, SILENT_STEPS = 60, 20  # secondes, et pas, sans nouvelles d'un entraînement avant de le croire arrêté
STATES = {
    "preparing": "se prépare",
    "running": "en cours",
    "finished": "fini",
    "interrupted": "interrompu",
    "unreadable": "illisible",
}

trainings = Blueprint("trainings", __name__)


@trainings.get("/entrainement")
def page():
    runs = [run | {"learned": what_it_learned(run["name"])} for run in all_runs()]
    told = {"prompt": PROMPT, "number": number, "command": command("3_train_solution.py")}
    return render_template("training.html", runs=runs, live=live(runs), **told)


@trainings.get("/entrainement/state")
def state():
    runs = all_runs()
    return jsonify(live=live(runs), runs=runs)


@trainings.get("/entrainement/<run>.svg")
def curve(run: str):
    folder = next((folder for folder in folders() if folder.name == run), None) or abort(404)
    try:
        return Response(drawing(folder, stamp(folder)), mimetype="image/svg+xml")
    except histories.UNREADABLE:
        abort(404)


def live(runs: list[dict]) -> bool:
    """Est-ce que quelque chose change ?"""
    return any(run["state"] in ("preparing", "running") for run in runs)


def folders() -> list[Path]:
    """Les dossiers des entraînements, le plus récent d'abord.

    Un lien symbolique n'en est pas un : il peut mener n'importe où.
    """
    try:
        found = [folder for folder in settings.MODELS.iterdir() if folder.is_dir() and not folder.is_symlink()]
    except OSError:  # l'étape 3 n'a encore rien fait ici
        return []
    visible = [folder for folder in found if not folder.name.startswith(".")]
    return sorted(visible, key=_began, reverse=True)


def _began(folder: Path) -> tuple[float, str]:
    written = _stamp_or_none(folder)
    return began(folder, written and read(folder, written) or {})


class Stamp(NamedTuple):
    """Ce qui change quand `history.json` change : il est réécrit d'un bloc, à côté, puis mis à la place de l'ancien."""

    time: int  # en nanosecondes
    inode: int
    size: int


def stamp(folder: Path) -> Stamp:
    """Lève `OSError` si le dossier n'a pas encore d'historique."""
    written = (folder / "history.json").stat()
    return Stamp(written.st_mtime_ns, written.st_ino, written.st_size)


def resumable(folder: Path, written: Stamp) -> bool:
    return unfinished(folder, read(folder, written) or {})


def all_runs() -> list[dict]:
    """Ce que la page montre de chaque entraînement. Un dossier qui n'en est pas un, ou qui s'efface, n'y est pas."""
    runs = [(folder, _stamp_or_none(folder)) for folder in folders()]
    waiting = [(written.time, folder) for folder, written in runs if written and resumable(folder, written)]
    _, next_resumed = max(waiting, default=(0, None))  # celui que choisit --resume
    described = []
    for folder, written in runs:
        if written:
            run = describe(folder, written, _state(folder, written))
            described.append(
                run | _how_to_resume(folder, written, next_resumed) if run["state"] == "interrupted" else run
            )
        elif _is_preparing(folder):
            note = "L'étape 3 mesure la vitesse de la machine et compile le modèle : la courbe commence avec le premier pas."
            described.append(_run(folder, "preparing", note=note))
    return described


def what_it_learned(run: str) -> learned.Learned | None:
    """Ce que l'examen a laissé écrit de cet entraînement ; None si le fichier manque, ou est abîmé."""
    try:
        return learned.read(settings.MODELS / run)
    except histories.UNREADABLE:
        return None


def _stamp_or_none(folder: Path) -> Stamp | None:
    try:
        return stamp(folder)
    except OSError:
        return None


def _is_preparing(folder: Path) -> bool:
    """L'étape 3 enregistre dès le début le modèle dont elle part, avant de mesurer la machine."""
    try:
        return time.time() - (folder / START).stat().st_mtime < PREPARATION
    except OSError:
        return False


def _state(folder: Path, written: Stamp) -> str:
    """Où en est un entraînement qui a un historique."""
    history, silence = read(folder, written), time.time() - written.time / 1e9
    if not history:
        return "unreadable"
    if (folder / "model.safetensors").exists() and not resumable(folder, written):
        return "finished"
    _, mean = histories.step_seconds(history)
    if history.get("interrupted") or silence > SILENCE + SILENT_STEPS * (mean or 0):
        return "interrupted"
    return "running" if history["steps"] else "preparing"  # le nombre de pas se choisit une fois la machine mesurée


def _how_to_resume(folder: Path, written: Stamp, next_resumed: Path | None) -> dict:
    if not resumable(folder, written):
        return {"note": "Il s'est arrêté avant d'enregistrer de quoi reprendre : il ne se reprendra pas."}
    resume = f"{command('3_train_solution.py')} --resume"
    if folder == next_resumed:
        return {"note": "Pour le reprendre où il en était :", "command": resume}
    return {"note": "On pourra le reprendre une fois fini le plus récent :", "command": resume}


@functools.lru_cache(256)
def read(folder: Path, written: Stamp) -> dict | None:
    """L'historique de cet entraînement, à ne pas modifier ; None s'il est abîmé."""
    try:
        return histories.read(folder)
    except histories.UNREADABLE:
        return None


@functools.lru_cache(64)
def drawing(folder: Path, written: Stamp) -> str:
    """La courbe d'un entraînement. Lève l'une des erreurs `UNREADABLE` s'il n'y en a pas."""
    return histories.drawing(folder.name, histories.read(folder))


@functools.lru_cache(256)
def describe(folder: Path, written: Stamp, state: str) -> dict:
    """Un entraînement qui a un historique, en textes et en nombres qui passent en JSON ; à ne pas modifier."""
    version = str(written.time)
    try:
        if history := read(folder, written):
            return _run(folder, state, version=version, **_summary(history, state))
    except histories.UNREADABLE:
        pass
    note = "Son fichier history.json est abîmé, ou n'est pas celui d'un entraînement. Pour ne plus le voir, effacez son dossier."
    return _run(folder, "unreadable", version=version, note=note)


def _summary(history: dict, state: str) -> dict:
    """Ce qu'on dit d'un historique qui se lit."""
    figures, total, note = histories.figures(history, state), int(history["steps"]), ""
    if state == "running":  # l'essentiel, au-dessus de la courbe
        note = " · ".join(figures[name] for name in ("Avancement", "Vitesse", "Temps restant") if name in figures)
    return {
        "note": note,
        "done": min(int(histories.steps_done(history)), total),
        "total": total,
        "alt": histories.alternative(history),
        "figures": list(figures.items()),
        "ladder": ladder(history),
    }


def _run(folder: Path, state: str, **known) -> dict:
    """Ce que la page attend d'un entraînement ; `known` : ce qu'on en sait."""
    unknown = {"version": "", "note": "", "command": "", "done": 0, "total": 0, "alt": "", "figures": [], "ladder": []}
    names = {"name": folder.name, "title": histories.title(folder.name), "state": state, "word": STATES[state]}
    return names | unknown | known
