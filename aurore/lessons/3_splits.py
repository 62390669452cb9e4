"""Leçon 3 : apprentissage, validation, test. Un réseau ne sait que ce qu'il a lu.

Additionner deux chiffres : qui n'a vu que des sommes égales à 6 répond 6 ; qui en a vu de variées
répond juste au test, qu'il n'a jamais lu. Qui apprend par cœur retient les fautes : son erreur
baisse, celle de validation remonte, et c'est le surapprentissage. Enfin mini, qui n'a lu que des
romans français : savoir écrire du Sand n'est pas savoir écrire du Woolf.
"""

import importlib
import sys
import tomllib
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # c'est là qu'est `atelier`

import atelier.quiet  # avant TensorFlow, pour taire ses messages

import numpy as np

from atelier import console, drawing, launch, settings
from atelier.text import books, typography
from atelier.writing import evaluation, generation

lesson_1 = importlib.import_module("lessons.1_neuron_solution")  # son réseau, sa rétropropagation

HIDDEN, RATE, EPOCHS, MEASURED = 20, 0.2, 3000, 30
# Des additions mélangées : pour apprendre, pour choisir, pour l'examen ; et quelques-unes.
TRAIN, VALIDATION, TEST, FEW = slice(0, 60), slice(60, 80), slice(80, 100), slice(0, 30)
STORY, READ = (
    settings.EXCERPTS / "la-fontaine-aux-trois-chemins.txt",
    4000,
)  # ses premiers caractères


def forward(layers: list, digits: np.ndarray) -> list[np.ndarray]:
    """Une couche cachée, puis un neurone sans sigmoïde : sa réponse est un nombre, la somme."""
    outputs = lesson_1.forward(layers[:1], digits)
    return [*outputs, lesson_1.weighted_sum(outputs[-1], *layers[1])]


def train(digits: np.ndarray, sums: np.ndarray, watched: tuple) -> tuple[list, dict[str, list]]:
    """Le réseau entraîné, et l'erreur au fil des époques : la sienne, et celle de `watched`."""
    chance = np.random.default_rng(settings.SEED)
    layers = [(0.1 * weights, bias) for weights, bias in lesson_1.network(chance, 2, HIDDEN, 1)]
    errors = {"apprentissage": [], "validation": []}
    for epoch in range(EPOCHS + 1):
        if epoch % MEASURED == 0:
            for path, (seen, truth) in zip(errors.values(), ((digits, sums), watched)):
                path.append((epoch, float(abs(forward(layers, seen)[-1] - truth).mean())))
        gradients = lesson_1.backward(layers, forward(layers, digits), sums)
        layers = [
            tuple(map(lesson_1.update, layer, found, (RATE, RATE)))
            for layer, found in zip(layers, gradients)
        ]
    return layers, errors


def examine(digits: np.ndarray, sums: np.ndarray, watched: tuple) -> list[str]:
    """Deux réseaux au même test : ils n'ont pas lu les mêmes additions."""
    test, truth = digits[TEST], sums[TEST]
    frame = drawing.Frame(80, 390, 200, 410, (0, 18), (0, 18))
    drawn = drawing.axes(frame, "vraie somme", "réponse", "● variées   □ que des 6")
    for name, read in (("N'a vu que des 6", sums[:, 0] == 6), ("En a vu de variées", TRAIN)):
        layers, _ = train(digits[read], sums[read], watched)
        answers = forward(layers, test)[-1].round()
        right, (one, other) = int((answers == truth).sum()), test[0]
        score = f"au test, {right} justes sur {len(test)}"
        print(f"{name} : {one} + {other} = {answers[0, 0]:.0f} ; {score}")
        drawn += drawing.dots(frame, np.hstack([truth, answers]), [read is TRAIN] * len(test))
    return [drawing.text(46, 148, "Qu'a-t-il vu ? L'examen", font_size=21), *drawn]


def learn_by_heart(digits: np.ndarray, sums: np.ndarray, watched: tuple) -> list[str]:
    """Peu d'additions, mal recopiées : le réseau finit par retenir les fautes aussi."""
    mistakes = np.random.default_rng(settings.SEED).integers(-3, 4, sums[FEW].shape)
    _, errors = train(digits[FEW], sums[FEW] + mistakes, watched)
    learnt, validated = ([error for _, error in path] for path in errors.values())
    best, end = (console.number(error, 2) for error in (min(validated), validated[-1]))
    print(f"Par cœur : erreur sur ce qu'il a lu, {console.number(learnt[-1], 2)} à la fin.")
    epoch = validated.index(min(validated)) * MEASURED
    print(f"  Sur la validation, {best} à l'époque {epoch}, {end} à la fin.")
    frame = drawing.Frame(540, 790, 200, 410, (0, EPOCHS), (0, 3))
    title = drawing.text(506, 148, "Apprendre par cœur", font_size=21)
    return [title, *drawing.axes(frame, "époques", "erreur", most=3), *drawing.lines(frame, errors)]


def read_others() -> list[str]:
    """Ce que mini devine de trois textes : les bits qu'il lui faudrait pour en écrire un octet."""
    texts = {"À la manière de Sand": books.author_text(STORY)[:READ]}
    texts |= tomllib.loads(Path(__file__).with_name("3_texts.toml").read_text(encoding="utf-8"))
    pipe, bits = generation.load_pipeline(settings.MINI), {}
    for name, text in texts.items():
        text = typography.normalize(text)
        bits[name] = evaluation.score(pipe.model, pipe.tokenizer, [text]).bits_per_byte
        print(f"  {name} : {console.number(bits[name], 2)} bits par octet")
    title = "Ce que mini devine, en bits par octet : moins il en faut, mieux il sait"
    values = [console.number(value, 2) for value in bits.values()]
    return [drawing.text(46, 510, title, font_size=21), *drawing.bars(80, 550, 700, bits, values)]


def main() -> None:
    console.argument_parser(__doc__).parse_args()
    pairs = [(one, other) for one in range(10) for other in range(10)]
    digits = np.random.default_rng(settings.SEED).permutation(pairs)
    sums = digits.sum(axis=1, keepdims=True)
    watched = digits[VALIDATION], sums[VALIDATION]
    drawn = examine(digits, sums, watched) + learn_by_heart(digits, sums, watched) + read_others()
    said = "Un réseau ne sait que ce qu'il a lu"
    drawing.leave("3_splits", "Apprentissage, validation, test", said, drawn, 740)


if __name__ == "__main__":
    launch.run(main)
