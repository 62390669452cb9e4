"""Des entraînements de l'étape 3, commencés ou finis."""

import argparse
import json
import time
from pathlib import Path

from atelier.quiet import keras  # isort: skip (avant transformers)

import numpy as np
from scripts import load

from atelier.training import runs
from atelier.training.schedule import WarmupCosine

BLOCKS = np.arange(4 * 128, dtype=np.int32).reshape(4, 128)
OPTIONS = {"batch_size": 2, "freeze": 0, "seed": 1, "resume": "", "minutes": 60, "epochs": None, "max_steps": None}


def begin(folder: Path, model: keras.Model, tokenizer, blocks: np.ndarray, **changes) -> runs.Run:
    """Un entraînement qui a son dossier, et n'a pas encore son plan ; `changes` : des options, autres que celles d'habitude."""
    options = argparse.Namespace(**OPTIONS | {"begun": time.perf_counter()} | changes)
    rate = WarmupCosine(0.01)
    load("3_train_solution.py").compile_model(model, rate)
    return runs.Run(folder, model, tokenizer, rate, blocks, blocks[:1], options)


def finished(home: Path) -> dict:
    """L'histoire du dernier entraînement fini dans ce dossier de travail."""
    run = home / "model" / (home / "model" / "latest").read_text("utf-8").strip()
    return json.loads((run / "history.json").read_text("utf-8"))
