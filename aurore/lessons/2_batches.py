"""Leçon 2 : apprendre par lots. Quand corriger les poids, et de combien ?

Le réseau de la leçon précédente, les mêmes animaux. Il en lit autant chaque fois : ce qui change,
c'est quand il se corrige, et de combien. Un seul exemple renseigne mal, et la perte tremble ; tous
à la fois renseignent bien, mais ne corrigent qu'une fois par époque. Un lot est entre les deux :
presque aussi prompt que des exemples un par un, plus calme, et plus vite calculé.
"""

import importlib
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # c'est là qu'est `atelier`

import numpy as np

from atelier import console, drawing, launch, settings

# Un nom qui commence par un chiffre ne s'importe pas autrement.
lesson_1 = importlib.import_module("lessons.1_neuron_solution")

EPOCHS, ANIMALS, BATCH, RATE = 20, 160, 8, 2.0
HIDDEN, MEASURED = 6, 32  # les neurones cachés ; combien d'exemples lus d'une mesure à la suivante

# Ce que l'on compare : un nom, la taille des lots, le taux d'apprentissage.
WHEN = [
    ("un par un", 1, RATE),
    (f"par lots de {BATCH}", BATCH, RATE),
    ("par époque", ANIMALS, RATE),
]
HOW_MUCH = [
    ("0,1 : trop petit", BATCH, 0.1),
    ("2 : juste", BATCH, RATE),
    ("40 : trop grand", BATCH, 40.0),
]


def batches(chance: np.random.Generator, size: int) -> list[np.ndarray]:
    """Une époque : les numéros de tous les animaux, mélangés, coupés en lots."""
    return np.split(chance.permutation(ANIMALS), range(size, ANIMALS, size))


def train(size: int, rate: float) -> tuple[list[tuple[float, float]], int, float]:
    """La perte selon ce qui a été lu, le nombre de corrections, les secondes de calcul."""
    chance = np.random.default_rng(settings.SEED)  # le même hasard, donc le même départ, pour tous
    measures, truth = lesson_1.animals(chance)
    layers = lesson_1.network(chance, 2, HIDDEN, 1)
    losses, read, updates, seconds = [(0, lesson_1.loss(layers, measures, truth))], 0, 0, 0.0
    for _ in range(EPOCHS):
        for batch in batches(chance, size):
            begun = time.perf_counter()
            layers = lesson_1.step(layers, measures[batch], truth[batch], rate)
            seconds += time.perf_counter() - begun
            read, updates = read + len(batch), updates + 1
            if read - losses[-1][0] >= MEASURED:
                losses.append((read, lesson_1.loss(layers, measures, truth)))
    return losses, updates, seconds


def compare(
    title: str, trials: list[tuple[str, int, float]], left: float, y_name: str
) -> list[str]:
    """Entraîne chaque réseau, dit ce qu'il en est, et dessine les courbes."""
    print(f"\n{title}")
    paths = {}
    for name, size, rate in trials:
        losses, updates, seconds = train(size, rate)
        paths[name] = losses
        print(
            f"  {name:<16} taux {console.exact(rate)}, {console.number(updates)} corrections : "
            f"perte {console.number(losses[-1][1], 2)}, {1000 * seconds:.0f} ms de calcul"
        )
    frame = drawing.Frame(left, left + 260, 180, 440, (0, EPOCHS * ANIMALS), (0, 1.5))
    return [
        drawing.text(left - 34, 142, title, font_size=21),
        *drawing.axes(frame, "exemples lus", y_name, most=3),
        *drawing.lines(frame, paths),
    ]


def main() -> None:
    console.argument_parser(__doc__).parse_args()
    read = console.number(EPOCHS * ANIMALS)
    print(f"{ANIMALS} animaux, {EPOCHS} époques : {read} exemples lus, chaque fois.")
    drawn = compare("Corriger quand ?", WHEN, 80, "perte")
    drawn += compare(f"Par lots de {BATCH}, à quel taux ?", HOW_MUCH, 540, "perte")
    said = f"Autant d'exemples lus, {read}, et le même départ pour tous"
    drawing.leave("2_batches", "Apprendre par lots", said, drawn, 520)


if __name__ == "__main__":
    launch.run(main)
