"""Quel modèle, et le charger sans surprise : le modèle de base, le dernier entraîné, leur tokenizer."""

import json
import re
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from atelier import hub, settings
from atelier.console import AuroreError, tell, variable
from atelier.whole import restored

BLOCK_WEIGHTS = tuple(
    f"{layer}.{kind}"
    for layer in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for kind in ("weight", "bias")
)
PADDED = 128  # des tables sont arrondies à un multiple de 128 lignes : ces tokens en trop, aucun tokenizer ne les connaît


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
        raise AuroreError(f"{folder} n'est pas le dossier d'un modèle : config.json y manque ou ne se lit pas. {remedy}") from error
    if config.get("model_type") != "gpt2":
        raise AuroreError(f"{folder} contient un modèle « {config.get('model_type')} » : l'atelier n'entraîne que des GPT-2. {remedy}")
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
        raise AuroreError(f"Les poids de {folder} sont incomplets : il en manque {len(missing)}, dont {missing[0]}. {remedy}")
    if shapes["wte.weight"] != [config["vocab_size"], config["n_embd"]] or shapes["wpe.weight"][0] != config["n_positions"]:
        raise AuroreError(f"Les poids de {folder} ne sont pas de la taille que dit sa configuration : ce n'est pas son fichier. {remedy}")
    if not any((folder / name).exists() for name in ("tokenizer.json", "vocab.json")):
        raise AuroreError(f"{folder} n'a pas de tokenizer : tokenizer.json y manque. {remedy}")
    return folder


def set_end_of_text(model, tokenizer) -> None:
    """Donne au modèle les identifiants de son tokenizer, le seul endroit où ils sont sûrs.

    La configuration publiée de gpt2-wechsel-french dit 50256 pour la fin de texte, son tokenizer dit 0 : sans ceci,
    le modèle n'arrêterait jamais d'écrire. GPT-2 n'a pas de remplissage (padding) : la fin de texte en tient lieu.
    """
    if not 0 <= model.config.vocab_size - len(tokenizer) < PADDED:
        raise AuroreError(
            f"Ce tokenizer ({len(tokenizer)} tokens) n'est pas celui de ce modèle, qui en connaît {model.config.vocab_size} : "
            f"leurs fichiers ont été mêlés. Refaites le dossier du modèle, ou choisissez-en un autre : {variable('AURORE_MODEL', 'mini')}."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    for config in (model.config, model.generation_config):
        config.bos_token_id = config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id


def adapt_embeddings(model, old_tokenizer, new_tokenizer) -> int:
    """Passe le modèle au vocabulaire d'un nouveau tokenizer ; rend le nombre de tokens repris tels quels.

    Un token que l'ancien vocabulaire connaissait garde sa ligne dans la matrice des plongements (embeddings) ; un
    nouveau reçoit la moyenne de ses anciens morceaux. Sinon chaque identifiant désignerait un autre mot qu'avant.
    """
    old_vocabulary, new_vocabulary = old_tokenizer.get_vocab(), new_tokenizer.get_vocab()
    if old_vocabulary == new_vocabulary:
        return len(new_vocabulary)
    old_rows = model.get_input_embeddings().weights[0].numpy()
    rows, kept = np.empty((len(new_tokenizer), old_rows.shape[1]), np.float32), 0
    for token, index in new_vocabulary.items():
        if token in old_vocabulary:
            rows[index], kept = old_rows[old_vocabulary[token]], kept + 1
        else:
            pieces = [piece.id for piece in old_tokenizer.backend_tokenizer.model.tokenize(token)]
            rows[index] = old_rows[pieces].mean(axis=0) if pieces else old_rows.mean(axis=0)
    model.resize_token_embeddings(len(new_tokenizer))
    model.get_input_embeddings().weights[0].assign(rows)
    tell(f"Vocabulaire : {kept} tokens gardent ce que le modèle en savait, {len(rows) - kept} nouveaux le déduisent de leurs morceaux.")
    return kept
