"""Quel modèle : le modèle de base, le dernier entraîné, leur tokenizer."""

import json
import re
from pathlib import Path

from atelier import settings
from atelier.atomic import restored
from atelier.console import shown, tell, variable
from atelier.errors import AuroreError
from atelier.models import hub
from atelier.models.integrity import checked


def base_model(name: str | None = None) -> Path:
    """Le dossier du modèle de base : `name`, sinon celui d'AURORE_MODEL, et `mini` si le modèle du hub ne peut être obtenu.

    Dit lequel, et pourquoi. Lève `AuroreError` si le modèle demandé n'existe pas ou n'est pas utilisable.
    """
    asked_by = "" if name else "AURORE_MODEL : "
    name = name or settings.BASE_MODEL
    if name == "mini":
        tell("Modèle de base : mini, embarqué avec l'atelier.")
        return checked(settings.MINI)
    if Path(name).expanduser().is_dir():
        tell(f"Modèle de base : le dossier {name}.")
        return checked(Path(name).expanduser().resolve())
    if not re.fullmatch(r"\w[\w.-]*/[\w.-]+", name):
        raise AuroreError(
            f"{asked_by}« {name} » n'est ni un dossier, ni un modèle du hub (« auteur/nom »), ni « mini ». "
            f"Corrigez-la, par exemple : {variable('AURORE_MODEL', 'mini')}."
        )
    if folder := hub.cached_folder(name):
        tell(f"Modèle de base : {name} (déjà téléchargé).")
        return checked(folder, f"Effacez {shown(folder.parents[1])} et recommencez : il sera téléchargé de nouveau.")
    try:
        hub.probe(name)
    except hub.Unavailable as error:
        if name != settings.DEFAULT_MODEL:
            raise AuroreError(
                f"{name} n'est pas encore téléchargé, et {error}. {error.remedy}, ou continuez avec mini : "
                f"{variable('AURORE_MODEL', 'mini')}."
            ) from error
        tell(f"{name} n'est pas encore téléchargé, et {error} : le modèle de base sera mini, embarqué avec l'atelier.")
        return checked(settings.MINI)
    return checked(hub.download(name))


def is_here(name: str) -> bool:
    """Ce modèle de base est-il sur cette machine : embarqué, dans un dossier, ou déjà téléchargé ?"""
    return name == "mini" or Path(name).expanduser().is_dir() or hub.cached_folder(name) is not None


def name(folder: Path) -> str:
    """Le nom sous lequel la personne connaît ce modèle de base."""
    hub_folder = re.search(r"models--(.+?)--([^/\\]+)", str(folder))  # …/models--auteur--nom/snapshots/…
    return "mini" if folder == settings.MINI else "/".join(hub_folder.groups()) if hub_folder else str(folder)


def short_name(name: str) -> str:
    """Le nom d'un modèle de base ; s'il est dans un dossier, le nom de ce dernier : le reste du chemin ne regarde pas la salle."""
    return re.split(r"[/\\]", name)[-1] if re.match(r"[/\\]|\w:", name) else name


def latest_run() -> Path | None:
    """Le dossier du dernier modèle entraîné, celui que nomme `model/latest` ; None si rien n'a été entraîné."""
    latest = settings.MODELS / "latest"
    if not latest.exists():
        return None
    name = latest.read_text(encoding="utf-8-sig").strip()
    if not name or not (settings.MODELS / name).is_dir():
        raise AuroreError(
            f"{shown(latest)} nomme « {name} », qui n'est plus dans {shown(settings.MODELS)}. Effacez ce fichier, ou relancez l'étape 3."
        )
    return checked(
        settings.MODELS / name, f"Relancez l'étape 3, ou effacez {shown(latest)} pour revenir au modèle de base."
    )


def model_to_write() -> Path:
    """Le modèle qui écrit aux étapes 4 et 5 : le dernier entraîné, sinon le modèle de base. Dit lequel."""
    if folder := latest_run():
        tell(f"Modèle : {folder.name}, le dernier entraîné (à partir de {history(folder).get('base_model', '?')}).")
        return folder
    tell("Aucun modèle entraîné pour l'instant (étape 3) : c'est le modèle de base qui écrit.")
    return base_model()


def history(folder: Path) -> dict:
    """L'historique d'un entraînement (`history.json`), vide pour un modèle qui n'en a pas."""
    path = folder / "history.json"
    return json.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}


def tokenizer_to_train(base: Path) -> Path:
    """Le dossier du tokenizer de l'étape 3 : celui que l'étape 2 a réentraîné, sinon celui du modèle de base."""
    if folder := retrained_tokenizer():
        tell(f"Tokenizer : celui que l'étape 2 a réentraîné ({shown(folder)}).")
    return folder or base


def retrained_tokenizer() -> Path | None:
    """Le dossier du tokenizer que l'étape 2 a réentraîné ; None si elle n'en a rien fait."""
    return settings.TOKENIZER if (restored(settings.TOKENIZER) / "tokenizer.json").exists() else None
