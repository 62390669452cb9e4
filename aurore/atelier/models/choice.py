"""Quel modèle, et le charger sans surprise : le modèle de base, le dernier entraîné, leur tokenizer."""

import json
import re
from pathlib import Path

from safetensors import SafetensorError, safe_open

from atelier import settings
from atelier.atomic import restored
from atelier.console import tell, variable
from atelier.errors import AuroreError
from atelier.models import hub

BLOCK_WEIGHTS = tuple(
    f"{layer}.{kind}"
    for layer in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for kind in ("weight", "bias")
)


def base_model(name: str | None = None) -> Path:
    """Le dossier du modèle de base : `name`, sinon celui d'AURORE_MODEL, et `mini` si le modèle du hub ne peut être obtenu.

    Dit lequel, et pourquoi. Lève `AuroreError` si le modèle demandé n'existe pas ou n'est pas utilisable.
    """
    name = name or settings.BASE_MODEL
    if name == "mini":
        tell("Modèle de base : mini, embarqué avec l'atelier.")
        return checked(settings.MINI)
    if Path(name).expanduser().is_dir():
        tell(f"Modèle de base : le dossier {name}.")
        return checked(Path(name).expanduser().resolve())
    if not re.fullmatch(r"\w[\w.-]*/[\w.-]+", name):
        raise AuroreError(
            f"AURORE_MODEL : « {name} » n'est ni un dossier, ni un modèle du hub (« auteur/nom »), ni « mini »."
        )
    if folder := hub.cached_folder(name):
        tell(f"Modèle de base : {name} (déjà téléchargé).")
        return checked(folder, f"Effacez {folder.parents[1]} et recommencez : il sera téléchargé de nouveau.")
    try:
        hub.probe(name)
    except hub.HubUnreachable as error:
        if name != settings.DEFAULT_MODEL:
            raise AuroreError(
                f"{name} n'est pas encore téléchargé, et {error}. Réessayez avec du réseau, ou continuez avec mini : "
                f"{variable('AURORE_MODEL', 'mini')}."
            ) from error
        tell(f"{name} n'est pas encore téléchargé, et {error} : le modèle de base sera mini, embarqué avec l'atelier.")
        return checked(settings.MINI)
    return checked(hub.download(name))


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
    name = latest.read_text(encoding="utf-8").strip()
    if not name or not (settings.MODELS / name).is_dir():
        raise AuroreError(
            f"{latest} nomme « {name} », qui n'est plus dans {settings.MODELS}. Effacez ce fichier, ou relancez l'étape 3."
        )
    return checked(settings.MODELS / name, f"Relancez l'étape 3, ou effacez {latest} pour revenir au modèle de base.")


def model_to_write() -> Path:
    """Le modèle qui écrit aux étapes 4 et 5 : le dernier entraîné, sinon le modèle de base. Dit lequel."""
    if folder := latest_run():
        tell(f"Modèle : {folder.name}, le dernier entraîné (à partir de {history(folder).get('base_model', '?')}).")
        return folder
    tell("Aucun modèle entraîné pour l'instant (étape 3) : c'est le modèle de base qui écrit.")
    return base_model()


def history(folder: Path) -> dict:
    """L'histoire d'un entraînement (`history.json`), vide pour un modèle qui n'en a pas."""
    path = folder / "history.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def tokenizer_to_train(base: Path) -> Path:
    """Le dossier du tokenizer de l'étape 3 : celui que l'étape 2 a réentraîné, sinon celui du modèle de base."""
    if (restored(settings.TOKENIZER) / "tokenizer.json").exists():
        tell(f"Tokenizer : celui que l'étape 2 a réentraîné ({settings.TOKENIZER}).")
        return settings.TOKENIZER
    return base


def checked(folder: Path, remedy: str = "") -> Path:
    """Rend `folder` si c'est un GPT-2 complet ; sinon lève `AuroreError`, qui dit quoi faire (`remedy`).

    transformers charge sans s'arrêter un fichier auquel il manque des poids : il les tire au hasard, et le modèle
    écrit n'importe quoi.
    """
    remedy = remedy or f"Choisissez un autre modèle, par exemple mini : {variable('AURORE_MODEL', 'mini')}."
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AuroreError(
            f"{folder} n'est pas le dossier d'un modèle : config.json y manque ou ne se lit pas. {remedy}"
        ) from error
    if config.get("model_type") != "gpt2":
        raise AuroreError(
            f"{folder} contient un modèle « {config.get('model_type')} » : l'atelier n'entraîne que des GPT-2. {remedy}"
        )
    weights = folder / hub.WEIGHTS
    if not weights.exists():
        raise AuroreError(f"{folder} n'a pas de poids : {hub.WEIGHTS} y manque. {remedy}")
    try:
        with safe_open(weights, framework="np") as file:
            shapes = {name.removeprefix("transformer."): file.get_slice(name).get_shape() for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise AuroreError(f"Les poids de {folder} sont abîmés ({error}). {remedy}") from error
    blocks = range(config.get("n_layer", 12))
    expected = {"wte.weight", "wpe.weight", "ln_f.weight", "ln_f.bias"}
    expected |= {f"h.{block}.{name}" for block in blocks for name in BLOCK_WEIGHTS}
    if missing := sorted(expected - shapes.keys()):
        raise AuroreError(
            f"Les poids de {folder} sont incomplets : il en manque {len(missing)}, dont {missing[0]}. {remedy}"
        )
    if (
        shapes["wte.weight"] != [config["vocab_size"], config["n_embd"]]
        or shapes["wpe.weight"][0] != config["n_positions"]
    ):
        raise AuroreError(
            f"Les poids de {folder} ne sont pas de la taille que dit sa configuration : ce n'est pas son fichier. {remedy}"
        )
    if not any((folder / name).exists() for name in ("tokenizer.json", "vocab.json")):
        raise AuroreError(f"{folder} n'a pas de tokenizer : tokenizer.json y manque. {remedy}")
    return folder
