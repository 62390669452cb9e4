"""Où sont les choses : les dossiers, et ce que disent les variables d'environnement."""

import os
from pathlib import Path

QUOTES = str.maketrans("", "", "\"'«»“”\u00a0")


def _bare(value: str) -> str:
    """La valeur sans les espaces ni les guillemets qui l'entourent : `set X="C:\\y"`, sous Windows, les y laisse."""
    value = value.strip()
    ends = (value[:1] + value[-1:]).translate(QUOTES)
    return value if ends or not value else _bare(value[1:-1])


for name in [name for name in os.environ if name.startswith(("AURORE_", "HF_"))]:
    if value := _bare(os.environ[name]):
        os.environ[name] = value
    else:
        del os.environ[name]  # une variable vide n'est pas un réglage : HF_HOME serait le dossier où l'on est

FOLDER = Path(__file__).resolve().parents[1]
EXCERPTS = FOLDER / "extraits"
MINI = FOLDER / "mini"
LESSONS = FOLDER / "lessons"
STEPS = ("1_prepare_dataset", "2_tokenize", "3_train", "4_generate")  # chacune a un stub, et sa solution

HOME = Path(os.path.expandvars(os.environ.get("AURORE_HOME", FOLDER))).expanduser().resolve()
DATA = HOME / "data"
TOKENIZER = HOME / "tokenizer"
MODELS = HOME / "model"
CACHE = HOME / ".cache"

DEFAULT_MODEL = "benjamin/gpt2-wechsel-french"
BASE_MODEL = os.environ.get("AURORE_MODEL", DEFAULT_MODEL)
PUBLIC_MIRRORS = ("https://www.gutenberg.org", "https://gutenberg.pglaf.org", "https://aleph.gutenberg.org")
MIRRORS = (os.environ["AURORE_GUTENBERG"],) if "AURORE_GUTENBERG" in os.environ else PUBLIC_MIRRORS

DEBUG = os.environ.get("AURORE_DEBUG", "0").lower() not in ("0", "false", "no", "non", "off")
IN_CONTAINER = "AURORE_CONTAINER" in os.environ  # posée par le Dockerfile
SEED = 1804  # l'année de naissance d'Aurore Dupin, dite George Sand
