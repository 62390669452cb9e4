"""Leçon 1 : un neurone, puis un réseau. Chien ou chat ?

On ne sait que le poids et le museau. Les grands chiens pèsent plus qu'un chat, les tout petits,
moins : un neurone ne trace qu'une droite, et en oublie ; à plusieurs, la frontière se courbe.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # c'est là qu'est `atelier`

import numpy as np

from atelier import console, drawing, launch, settings

LEARNING_RATE, HIDDEN, SHOWN = 2.0, 6, (1, 10, 1000)  # le taux, les neurones cachés, les époques
Layer = tuple[np.ndarray, np.ndarray]  # les poids d'une couche, une colonne par neurone ; ses biais


def animals(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Deux mesures par animal, en kg et en cm ; et la vérité, une colonne : vrai pour un chien."""
    kinds = [(2.0, 2.6), (8.0, 4.2), (5.0, 2.7)]  # les tout petits chiens, les grands, les chats
    usual = np.repeat(kinds, (40, 40, 80), axis=0)
    return usual + chance.normal(0, 0.6, usual.shape), np.arange(len(usual))[:, None] < 80


def weighted_sum(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Chaque mesure est multipliée par son poids, et l'on additionne. Le biais déplace le seuil."""
    # >>> L1.1 Renvoyer la somme pondérée : le produit de `inputs` par `weights`, plus le biais.
    return inputs @ weights + bias
    # <<< L1.1


def activation(total: np.ndarray) -> np.ndarray:
    """La sigmoïde : un seuil qui a une pente. Zéro loin au-dessous, un loin au-dessus."""
    # >>> L1.2 Renvoyer la sigmoïde de `total` : un sur un plus l'exponentielle de `-total`.
    return 1 / (1 + np.exp(-total))
    # <<< L1.2


def update(values: np.ndarray, gradients: np.ndarray, learning_rate: float) -> np.ndarray:
    """Un pas : w ← w − (η/m)·Σ∇w. `gradients` en a un par exemple du lot, m en tout."""
    # >>> L1.3 Renvoyer `values`, moins le taux sur m fois la somme des gradients.
    return values - learning_rate / len(gradients) * gradients.sum(axis=0)
    # <<< L1.3


def network(chance: np.random.Generator, *sizes: int) -> list[Layer]:
    """Un réseau neuf, aux poids tirés au hasard. `sizes` : les mesures, puis chaque couche."""
    return [(chance.normal(0, 1, pair), np.zeros(pair[1])) for pair in zip(sizes, sizes[1:])]


def forward(layers: list[Layer], measures: np.ndarray) -> list[np.ndarray]:
    """La propagation : ce qui entre, puis ce que répond chaque couche à la précédente."""
    outputs = [(measures - (5.0, 3.0)) / 2.0]  # autour de zéro, où la sigmoïde a sa pente
    for weights, bias in layers:
        outputs.append(activation(weighted_sum(outputs[-1], weights, bias)))
    return outputs


def loss(layers: list[Layer], measures: np.ndarray, truth: np.ndarray) -> float:
    """La perte : moins le logarithme de la probabilité donnée à la vérité, en moyenne."""
    answers = forward(layers, measures)[-1]
    return float(-np.log(np.where(truth, answers, 1 - answers)).mean())


def backward(layers: list[Layer], outputs: list[np.ndarray], truth: np.ndarray) -> list[Layer]:
    """La rétropropagation : de la dernière couche à la première, un gradient par exemple."""
    error, gradients = outputs[-1] - truth, []  # réponse moins vérité : la pente de la perte
    for (weights, _), entered in zip(reversed(layers), reversed(outputs[:-1])):
        gradients.append((entered[:, :, None] * error[:, None, :], error))
        # L'erreur remonte par le poids qui l'a portée, fois la pente de la sigmoïde où elle arrive.
        error = error @ weights.T * entered * (1 - entered)
    return gradients[::-1]


def step(layers: list[Layer], measures: np.ndarray, truth: np.ndarray, rate: float) -> list[Layer]:
    """Propager, rétropropager l'erreur, corriger : apprendre, c'est recommencer cela."""
    gradients = backward(layers, forward(layers, measures), truth)
    return [
        tuple(map(update, layer, found, (rate, rate))) for layer, found in zip(layers, gradients)
    ]


def is_dog(layers: list[Layer], measures: np.ndarray) -> np.ndarray:
    """Le seuil : « chien », si la réponse dépasse la moitié."""
    return forward(layers, measures)[-1] > 0.5


def panel(column: int, row: int, title: str, layers: list[Layer], measures, truth) -> list[str]:
    """Les animaux, et des hachures là où le réseau répond « chien »."""
    left, top = 70 + 300 * column, 186 + 290 * row
    frame = drawing.Frame(left, left + 240, top, top + 170, (0, 12), (0, 8))
    axes = drawing.axes(frame, "poids (kg)", "" if column else "museau (cm)", title)
    hatching = drawing.hatching(frame, lambda points: is_dog(layers, np.array(points)))
    return [hatching, *axes, *drawing.dots(frame, measures, truth)]


def main() -> None:
    console.argument_parser(__doc__).parse_args()
    chance = np.random.default_rng(settings.SEED)
    measures, truth = animals(chance)
    alone, deep = network(chance, 2, 1), network(chance, 2, HIDDEN, 1)
    kinds = [("Un neurone", alone), (f"{HIDDEN} neurones cachés", deep)]
    drawn = []
    for row, (kind, layers) in enumerate(kinds):
        drawn.append(drawing.text(36, 148 + 290 * row, kind, font_size=21))
        for epoch in range(1, SHOWN[-1] + 1):
            layers = step(layers, measures, truth, LEARNING_RATE)
            if epoch in SHOWN:
                right = console.number(100 * (is_dog(layers, measures) == truth).mean())
                title = f"époque {console.number(epoch)} : {right} % justes"
                print(f"{kind}, {title}, perte {console.number(loss(layers, measures, truth), 2)}")
                drawn += panel(SHOWN.index(epoch), row, title, layers, measures, truth)
    said = "disques : chiens · carrés : chats · hachures : le réseau répond « chien »"
    drawing.leave("1_neuron", "Chien ou chat ?", said, drawn, 740)


if __name__ == "__main__":
    launch.run(main)
