"""Où sont les choses : les dossiers, et ce que disent les variables d'environnement."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
EXCERPTS = FOLDER / "extraits"
MINI = FOLDER / "mini"
STEPS = ("1_prepare_dataset", "2_tokenize", "3_train", "4_generate")  # chacune a un stub, et sa solution

HOME = Path(os.environ.get("AURORE_HOME") or FOLDER).expanduser().resolve()
DATA = HOME / "data"
TOKENIZER = HOME / "tokenizer"
MODELS = HOME / "model"
CACHE = HOME / ".cache"

DEFAULT_MODEL = "benjamin/gpt2-wechsel-french"
BASE_MODEL = os.environ.get("AURORE_MODEL") or DEFAULT_MODEL
PUBLIC_MIRRORS = ("https://www.gutenberg.org", "https://gutenberg.pglaf.org", "https://aleph.gutenberg.org")
MIRRORS = (os.environ["AURORE_GUTENBERG"],) if os.environ.get("AURORE_GUTENBERG") else PUBLIC_MIRRORS

DEBUG = os.environ.get("AURORE_DEBUG", "0") not in ("", "0")
IN_CONTAINER = "AURORE_CONTAINER" in os.environ  # posée par le Dockerfile
SEED = 1804  # l'année de naissance d'Aurore Dupin, dite George Sand
