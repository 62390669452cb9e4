"""Le pas d'entraînement de l'atelier, à côté de la recette de 2023 et de PyTorch : tokens réels par seconde, mémoire.

    python tests/bench/training.py [DOSSIER]

DOSSIER : un dossier de travail dont l'étape 1 a préparé `data` (par défaut, celui de l'atelier, sinon les récits embarqués).
GPT-2 small, poids au hasard, sans dropout. Chaque côté est un processus ; deux sont prêts à la fois (12 Go de mémoire) et font
quelques pas tour à tour : leur tour le plus rapide compte, car une machine occupée ne fait que ralentir. Le côté de PyTorch
demande `pip install torch`. Code 1 si une barre n'est pas atteinte.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "aurore"))
BATCH, LENGTH, TRUNCATED, STEPS, ROUNDS = 8, 128, 100, 3, 8
LEARNING_RATE, WEIGHT_DECAY, CLIP = 1e-4, 0.01, 1.0
SETTINGS = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


def sentences() -> tuple[list[list[int]], list]:
    """Les phrases en tokens, et le même texte en blocs pleins."""
    from transformers import AutoTokenizer

    from atelier import settings
    from atelier.text import corpus

    tokenizer = AutoTokenizer.from_pretrained(settings.MINI)
    train = corpus.load_data(corpus.folder())["train"]
    return tokenizer(train["text"][:2000], truncation=True, max_length=TRUNCATED)["input_ids"], importlib.import_module(
        "3_train_solution"
    ).pack(tokenizer, corpus.texts(train))


def recipe_2023():
    """Une phrase par exemple, coupée à 100 tokens, complétée jusqu'à la plus longue de son lot ; le modèle de transformers."""
    import tensorflow as tf
    from tensorflow import keras
    from transformers import GPT2Config, TFGPT2LMHeadModel

    model = TFGPT2LMHeadModel(GPT2Config(**SETTINGS))
    model.build_in_name_scope()
    model.compile(optimizer=keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP))
    examples = [ids for ids in sentences()[0] if len(ids) > 1][100 : 100 + BATCH * STEPS * 4]

    def generate():
        for ids in examples:
            yield {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": ids}

    signature = {name: tf.TensorSpec([None], tf.int32) for name in ("input_ids", "attention_mask", "labels")}
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    dataset = dataset.padded_batch(BATCH, padding_values={"input_ids": 0, "attention_mask": 0, "labels": -100}).cache()
    return lambda: model.fit(dataset, verbose=0), sum(map(len, examples))


def workshop(freeze: int = 0):
    """Le pas de l'étape 3, sur des blocs pleins, compilé par XLA."""
    from tensorflow import keras
    from transformers import GPT2Config

    from atelier import machine
    from atelier.models import sizes
    from atelier.models.gpt2 import GPT2
    from atelier.training import batches

    model = GPT2(GPT2Config(**SETTINGS))
    model.build_in_name_scope()
    sys.stdout = sys.stderr
    sizes.freeze(model, freeze)
    sys.stdout = sys.__stdout__
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP)
    model.compile(optimizer=optimizer, jit_compile=True)
    dataset = batches.in_order(sentences()[1][: BATCH * STEPS], BATCH)
    with machine.giving_back_memory():  # comme l'étape 3, quand elle mesure ses premiers pas
        optimizer.build(model.trainable_variables)
        model.fit(dataset.take(1), verbose=0)
    return lambda: model.fit(dataset, verbose=0), BATCH * STEPS * LENGTH


def pytorch():
    """Le modèle de transformers pour PyTorch, à ses réglages ordinaires : attention « sdpa », AdamW fusionné."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(**SETTINGS)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    blocks = torch.from_numpy(sentences()[1][: BATCH * STEPS]).long().split(BATCH)

    def steps():
        for block in blocks:
            optimizer.zero_grad(set_to_none=True)
            model(block, labels=block, use_cache=False).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()

    return steps, BATCH * STEPS * LENGTH


SIDES = {"atelier": workshop, "gelé à moitié": lambda: workshop(6), "recette de 2023": recipe_2023, "PyTorch": pytorch}


def work(side: str) -> None:
    """Un côté : prêt une fois tout tracé, il fait ses pas à chaque ligne reçue, et dit (tokens réels par seconde, mémoire)."""
    import resource

    import atelier.quiet

    steps, tokens = SIDES[side]()
    steps()
    print("prêt", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        steps()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # des Kio sous Linux
        print(json.dumps([tokens / (time.perf_counter() - start), memory]), flush=True)


def race(*sides: str) -> list[tuple[float, float]]:
    """(tokens réels par seconde au meilleur tour, octets au plus haut) de chaque côté."""
    processes = []
    for side in sides:
        # L'atelier se passe de torch : là où il est installé, transformers l'importerait sans qu'il serve.
        process = subprocess.Popen(
            [sys.executable, __file__, "--side", side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"USE_TORCH": "1" if side == "PyTorch" else "0"},
        )
        if process.stdout.readline() != "prêt\n":
            raise SystemExit(f"Le côté « {side} » n'a pas pu commencer.")
        processes.append(process)
    rounds = []
    for _ in range(ROUNDS):
        for process in processes:
            print(file=process.stdin, flush=True)
            rounds.append(json.loads(process.stdout.readline()))
    for process in processes:
        process.stdin.close()
        process.wait()
    return [tuple(max(figures) for figures in zip(*rounds[index :: len(sides)])) for index in range(len(sides))]


def main() -> None:
    if len(sys.argv) > 1:
        os.environ["AURORE_HOME"] = sys.argv[1]
    bars = {"recette de 2023": ("atelier", 2.0), "PyTorch": ("atelier", 1.0), "gelé à moitié": ("gelé à moitié", 1.4)}
    below = 0
    print(f"{'':<34} {'tokens/s':>9} {'mémoire':>9} {'rapport':>8} {'barre':>6}")
    for other, (winner, bar) in bars.items():
        try:
            (ours, our_memory), (theirs, their_memory) = race("atelier", other)
        except SystemExit as error:
            print(f"{other:<34} {error}")
            continue
        ratio = ours / theirs if winner == "atelier" else theirs / ours
        below += ratio < bar
        print(f"{'atelier':<34} {ours:>9.0f} {our_memory / 1e9:>6.2f} Go")
        print(f"{other:<34} {theirs:>9.0f} {their_memory / 1e9:>6.2f} Go {ratio:>8.2f} {bar:>6.1f}", flush=True)
        limit = {"gelé à moitié": (their_memory, 3e9)}.get(other, (our_memory, 4e9))
        below += limit[0] > limit[1]
    sys.exit(below > 0)


if __name__ == "__main__":
    work(sys.argv[2]) if sys.argv[1:2] == ["--side"] else main()
