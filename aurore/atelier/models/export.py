"""Écrire un modèle que TensorFlow et PyTorch lisent tous deux.

`save_pretrained` de transformers écrit les poids sous les noms de TensorFlow, que PyTorch ne sait pas lire. Le
format « pt » de safetensors est le même fichier, avec les noms que tout le monde connaît (ceux du hub).
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

RENAMES = (
    (r"^.*?/?transformer/", "transformer."),
    (r"h_\._(\d+)/", r"h.\1."),
    (r"/(gamma|embeddings)$", "/weight"),
    (r"/beta$", "/bias"),
    ("/", "."),
)


def hub_name(variable_name: str) -> str:
    """Traduit « tfgpt2lm_head_model/transformer/h_._0/ln_1/gamma:0 » en « transformer.h.0.ln_1.weight »."""
    name = variable_name.removesuffix(":0")
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def state_dict(model, dtype: str = "float32") -> dict[str, np.ndarray]:
    """Les poids du modèle sous leurs noms du hub. Les biais de TensorFlow, de forme (1, n), redeviennent (n)."""
    state = {}
    for variable in model.weights:
        name, value = hub_name(variable.name), variable.numpy().astype(dtype)
        state[name] = value.reshape(-1) if name.endswith(".bias") else value
    return state


def same_weights(model, other) -> bool:
    """Les deux modèles ont-ils exactement les mêmes poids ? Comparés un à un, pour ne pas les copier tous."""
    mine, theirs = ({hub_name(variable.name): variable for variable in each.weights} for each in (model, other))
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def save_model(model, tokenizer, folder: Path, dtype: str = "float32") -> None:
    """Écrit dans `folder` un modèle Hugging Face complet : configuration, `model.safetensors` (« pt »), tokenizer.

    Les fichiers sont écrits dans un dossier provisoire, puis rejoignent `folder` : les poids en dernier.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["GPT2LMHeadModel"]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as partial:
        partial = Path(partial)
        model.config.save_pretrained(partial)
        model.generation_config.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        save_file(state_dict(model, dtype), partial / "model.safetensors", metadata={"format": "pt"})
        # safetensors crée ses fichiers en 0600 (https://github.com/huggingface/safetensors/issues/782) : la
        # personne à qui appartient le volume ne pourrait pas lire ce qu'écrit le conteneur.
        for file in sorted(partial.iterdir(), key=lambda file: file.name == "model.safetensors"):
            with suppress(
                OSError
            ):  # une clé USB, un partage de réseau : ils n'ont pas de ces droits, et n'en ont pas besoin
                file.chmod(0o644)
            os.replace(file, folder / file.name)
