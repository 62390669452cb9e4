"""Le dossier d'un modèle est-il entier ? transformers le chargerait sans le demander."""

import codecs
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from atelier.console import shown, variable
from atelier.errors import AuroreError
from atelier.models import hub

BLOCK_WEIGHTS = tuple(
    f"{layer}.{kind}"
    for layer in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for kind in ("weight", "bias")
)


def checked(folder: Path, remedy: str = "") -> Path:
    """Renvoie `folder` si c'est un GPT-2 complet ; sinon lève `AuroreError`, qui dit quoi faire (`remedy`).

    transformers charge sans s'arrêter un fichier auquel il manque des poids : il les tire au hasard, et le modèle
    écrit n'importe quoi.
    """
    remedy = remedy or f"Choisissez un autre modèle, par exemple mini : {variable('AURORE_MODEL', 'mini')}."
    for file in folder.glob("*.json"):
        if file.read_bytes()[:3] == codecs.BOM_UTF8:
            raise AuroreError(
                f"{file} commence par une marque d'ordre (BOM), que le Bloc-notes ajoute et que transformers ne lit pas : enregistrez-le "
                "de nouveau, en « UTF-8 » et non « UTF-8 avec BOM »."
            )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AuroreError(
            f"{shown(folder)} n'est pas le dossier d'un modèle : config.json y manque ou ne se lit pas. {remedy}"
        ) from error
    if config.get("model_type") != "gpt2":
        raise AuroreError(
            f"{shown(folder)} contient un modèle « {config.get('model_type')} » : l'atelier n'entraîne que des GPT-2. {remedy}"
        )
    weights = folder / hub.WEIGHTS
    if not weights.exists():
        raise AuroreError(f"{shown(folder)} n'a pas de poids : {hub.WEIGHTS} y manque. {remedy}")
    try:
        with safe_open(weights, framework="np") as file:
            shapes = {name.removeprefix("transformer."): file.get_slice(name).get_shape() for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise AuroreError(f"Les poids de {shown(folder)} sont abîmés ({error}). {remedy}") from error
    blocks = range(config.get("n_layer", 12))
    expected = {"wte.weight", "wpe.weight", "ln_f.weight", "ln_f.bias"}
    expected |= {f"h.{block}.{name}" for block in blocks for name in BLOCK_WEIGHTS}
    if missing := sorted(expected - shapes.keys()):
        raise AuroreError(
            f"Les poids de {shown(folder)} sont incomplets : il en manque {len(missing)}, dont {missing[0]}. {remedy}"
        )
    if (
        shapes["wte.weight"] != [config["vocab_size"], config["n_embd"]]
        or shapes["wpe.weight"][0] != config["n_positions"]
    ):
        raise AuroreError(
            f"Les poids de {shown(folder)} ne sont pas de la taille que dit sa configuration : ce n'est pas son fichier. {remedy}"
        )
    if not any((folder / name).exists() for name in ("tokenizer.json", "vocab.json")):
        raise AuroreError(f"{shown(folder)} n'a pas de tokenizer : tokenizer.json y manque. {remedy}")
    return folder
