"""Une machine occupée : ce qui reste à l'entraînement et à la page, à côté de programmes qui calculent sans cesse.

    python tests/bench/busy.py

Le modèle embarqué, sur les récits embarqués, comme dans la démonstration. Chaque tour mesure l'un et l'autre, seuls, puis à côté d'une, deux et quatre boucles. La
part équitable d'un programme qui a autant de fils que la machine de cœurs est cœurs / (cœurs + boucles) ; la table dit ce que l'on en
a eu, à la médiane des tours. Code 1 si c'est moins de la moitié à côté de deux boucles.
"""

import asyncio
import contextlib
import importlib
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import page
import server

sys.path.insert(0, str(Path(__file__).parents[2] / "aurore"))
LOOPS, ROUNDS, BAR = (0, 1, 2, 4), 3, 0.5
STEPS, VISITORS = 8, 8


def train() -> None:
    """Le pas de l'étape 3 : à chaque ligne reçue, STEPS pas ; rend leur vitesse, en tokens par seconde."""
    import atelier.quiet

    from transformers import AutoTokenizer

    from atelier import settings
    from atelier.models.gpt2 import GPT2
    from atelier.text import corpus
    from atelier.training import batches

    step_3 = importlib.import_module("3_train_solution")
    model, tokenizer = GPT2.from_pretrained(settings.MINI), AutoTokenizer.from_pretrained(settings.MINI)
    step_3.compile_model(model, 1e-4)
    blocks = step_3.pack(tokenizer, corpus.texts(corpus.load_data(corpus.folder())["train"]))
    dataset = batches.in_order(blocks[: step_3.BATCH_SIZE * STEPS], step_3.BATCH_SIZE)
    tokens = step_3.BATCH_SIZE * STEPS * blocks.shape[1]
    model.fit(dataset, verbose=0)
    for _ in sys.stdin:
        start = time.perf_counter()
        model.fit(dataset, verbose=0)
        print(tokens / (time.perf_counter() - start), flush=True)


@contextlib.contextmanager
def busy(loops: int):
    """Autant de programmes qui calculent sans cesse, le temps d'un bloc `with`."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def main() -> None:
    cores = os.cpu_count()
    trainer = subprocess.Popen(
        [sys.executable, __file__, "train"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def training() -> float:
        print(file=trainer.stdin, flush=True)
        return float(trainer.stdout.readline())

    with server.started() as site:
        site.wait_idle()
        sides = {
            "entraînement": training,
            f"page, {VISITORS} visiteurs": lambda: asyncio.run(page.together(site.port, [*range(VISITORS)]))[0],
            "page, un visiteur": lambda: asyncio.run(page.alone(site.port, [0]))[0],
        }
        speeds = {(side, loops): [] for side in sides for loops in LOOPS}
        for round in range(-1, ROUNDS):  # le premier, pour que tout soit tracé
            for loops in LOOPS:
                with busy(loops):
                    for side, measure in sides.items():
                        speed = measure()
                        if round >= 0:
                            speeds[side, loops].append(speed)
    trainer.stdin.close()
    trainer.wait()

    held = True
    print(f"{'tokens/s':<22}" + "".join(f"{f'{loops} boucles':>12}" for loops in LOOPS))
    for side in sides:
        medians = {loops: statistics.median(speeds[side, loops]) for loops in LOOPS}
        print(f"{side:<22}" + "".join(f"{medians[loops]:>12.0f}" for loops in LOOPS))
        shares = {
            loops: statistics.median(
                with_loops / alone * (cores + loops) / cores
                for alone, with_loops in zip(speeds[side, 0], speeds[side, loops])
            )
            for loops in LOOPS
        }
        print(f"{'  de sa part':<22}" + "".join(f"{shares[loops]:>12.2f}" for loops in LOOPS), flush=True)
        held = held and shares[2] >= BAR
    sys.exit(not held)


if __name__ == "__main__":
    train() if sys.argv[1:] == ["train"] else main()
