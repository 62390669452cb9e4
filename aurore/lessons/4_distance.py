"""Leçon 4 : l'erreur entre deux textes. De combien l'un s'éloigne-t-il de l'autre ?

Un paragraphe sur George Sand, propre, puis mal orthographié, puis écrit comme on l'entend : pour
qui le lit à voix haute, c'est le même. Puis le même encore, où un seul mot a changé : « assise » y
est devenu « debout », et il dit le contraire. Quatre façons de mesurer, dont aucune ne lit comme
nous.
"""

import sys
import tomllib
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # c'est là qu'est `atelier`

import atelier.quiet  # avant TensorFlow, pour taire ses messages

import numpy as np
from transformers import Pipeline

from atelier import console, drawing, launch, settings
from atelier.text import typography
from atelier.writing import evaluation, generation

# Ce que chaque façon voit, et ce qu'elle ne voit pas.
SEEN = {
    "Caractères à changer, en %": "Voit chaque faute, et compte autant un accent qu'un contresens.",
    "Tokens perdus, en %": "Une lettre fausse suffit à couper un mot en d'autres tokens.",
    "Perplexité par token": "Voit ce qui ne s'écrit pas ainsi, non ce qui est faux : debout se dit",
    "Distance des vecteurs, en %": "Voit de quoi l'on parle, et mal ce que l'on en dit.",
}


def edit_distance(one: str, other: str) -> int:
    """Combien de caractères ôter, ajouter ou remplacer, au moins, pour passer de l'un à l'autre.

    Une ligne par lettre de `one`, une case par lettre de `other` : dans chaque case, la distance
    entre les deux débuts qui finissent là.
    """
    above = list(range(len(other) + 1))  # de rien à chaque début d'`other` : tout ajouter
    for rank, letter in enumerate(one, 1):
        row = [rank]  # d'un début de `one` à rien : tout ôter
        for place, facing in enumerate(other, 1):
            up, left, diagonal = above[place], row[-1], above[place - 1]
            # TODO L4.1 : Le moins cher de trois chemins : d'en haut ou de gauche, un geste ; de la
            # diagonale, un geste si `letter` n'est pas `facing`, sinon aucun.
            # À utiliser : min, up, left, diagonal
            cheapest = console.todo("L4.1")
            row.append(cheapest)
        above = row
    return above[-1]


def lost_tokens(pipe: Pipeline, one: str, other: str) -> float:
    """La part des tokens de `one` qui ne sont pas dans `other`."""
    expected, found = (Counter(pipe.tokenizer(text)["input_ids"]) for text in (one, other))
    return (expected - found).total() / expected.total()


def vector(pipe: Pipeline, text: str) -> np.ndarray:
    """Le sens d'un texte, pour mini : la moyenne des vecteurs de ses tokens, à la sortie."""
    ids = pipe.tokenizer(text, return_tensors="tf")["input_ids"]
    return pipe.model.transformer(ids).last_hidden_state[0].numpy().mean(axis=0)


def vector_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Un moins le cosinus de leur angle : rien si les deux vecteurs vont dans le même sens."""
    return float(1 - one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def measures(pipe: Pipeline, clean: str, text: str) -> list[float]:
    """Les quatre façons, dans l'ordre de `SEEN`."""
    return [
        100 * edit_distance(clean, text) / len(clean),
        100 * lost_tokens(pipe, clean, text),
        evaluation.score(pipe.model, pipe.tokenizer, [text]).perplexity_per_token,
        100 * vector_distance(vector(pipe, clean), vector(pipe, text)),
    ]


def main() -> None:
    console.argument_parser(__doc__).parse_args()
    written = Path(__file__).with_name("4_texts.toml").read_text(encoding="utf-8")
    texts = {name: typography.normalize(text) for name, text in tomllib.loads(written).items()}
    texts["debout, non assise"] = texts["propre"].replace("assise", "debout")
    pipe = generation.load_pipeline(settings.MINI)
    table = [measures(pipe, texts["propre"], text) for text in texts.values()]
    drawn = []
    for rank, (title, seen) in enumerate(SEEN.items()):
        values = [row[rank] for row in table]
        shown = [console.number(value, 1) for value in values]
        print(f"\n{title} ({seen})")
        for name, value in zip(texts, shown):
            print(f"  {name:<20}{value:>7}")
        left, top = 50 + 450 * (rank % 2), 150 + 300 * (rank // 2)
        drawn.append(drawing.text(left, top, title, font_size=21))
        drawn += drawing.bars(left, top + 40, 300, dict(zip(texts, values)), shown)
    said = "Le même paragraphe, quatre fois : de combien s'éloigne-t-il du texte propre ?"
    drawing.leave("4_distance", "L'erreur entre deux textes", said, drawn, 740)


if __name__ == "__main__":
    launch.run(main)
