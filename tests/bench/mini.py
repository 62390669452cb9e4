"""Ce qu'écrit un petit modèle : de vrais mots, sans se répéter, et sans réciter les romans qu'il a lus.

    python tests/bench/mini.py ROMANS… [--model DOSSIER]

ROMANS : ceux dont le modèle a été entraîné, dossiers et fichiers, comme les prend `aurore/mini/pretrain.py` ; la fiche
`aurore/mini/README.md` dit lesquels. 200 textes de 100 mots (l'amorce n'est pas comptée), tirés comme à l'étape 4, mais sans fin de
texte. Un mot est une suite de lettres, en minuscules ; pour ce qui se récite, c'est aussi ce que séparent des espaces, comme dans un
traitement de texte : « qu'est-ce que c'est que cette maison » a cinq mots, ou neuf. Les deux comptes sont dits, et la barre porte sur
les mots entre espaces. Code 1 si une barre n'est pas tenue.
"""

import argparse
import re
import sys
from pathlib import Path

AURORE = Path(__file__).parents[2] / "aurore"
sys.path[:0] = [str(AURORE), str(AURORE / "mini")]

import atelier.quiet

import numpy as np
from novels import novel_files, read

from atelier import settings
from atelier.console import number
from atelier.text.words import LETTERS
from atelier.writing import generation

PROMPTS = (
    "Ce matin-là,",
    "Elle ouvrit la porte et",
    "Il y avait dans le village",
    "Le vieil homme",
    "La lettre disait",
    "Pendant tout l'hiver,",
    "Au bout du chemin,",
    "Je me souviens",
    "Les deux frères",
    "La nuit tombait quand",
    "— Pourquoi",
    "On racontait que",
    "Depuis trois jours,",
    "Sa mère",
    "Après le dîner,",
    "Le jardin était",
    "Personne ne savait",
    "Un soir de juin,",
    "Quand il revint,",
    "Dans la grande salle,",
)
TEXTS_OF_A_PROMPT, WORDS, SEED = 10, 100, 1804
BATCH_SIZE = 50
TOKENS = 240  # de quoi faire 100 mots, et tenir avec l'amorce dans un contexte de 256
EDGES = re.compile(r"^\W+|\W+$")
RECITED = 9  # mots de suite : une tournure en a moins, une phrase apprise par cœur davantage

LEAST_KNOWN, LEAST_DISTINCT, MOST_RECITING = 0.99, 0.98, 0.02  # les barres


def words(text: str) -> list[str]:
    return LETTERS.findall(text.lower())


def spaced(text: str) -> list[str]:
    """Les mots que séparent des espaces, sans la ponctuation qui les entoure."""
    return [word for each in text.lower().split() if (word := EDGES.sub("", each))]


def runs(text: list[str], length: int) -> list[tuple[str, ...]]:
    """Les suites de `length` mots consécutifs."""
    return list(zip(*(text[start:] for start in range(length))))


def write(folder: Path) -> list[str]:
    """Les textes que le modèle écrit, sans leur amorce."""
    pipe = generation.load_pipeline(folder)
    tokenizer, model = pipe.tokenizer, pipe.model
    tokenizer.padding_side = "left"
    generation.seed_everything(SEED)
    sampling = generation.sampling_options(max_new_tokens=TOKENS)
    del sampling["clean_up_tokenization_spaces"]  # celui-là est au pipeline
    prompts, texts = PROMPTS * TEXTS_OF_A_PROMPT, []
    for first in range(0, len(prompts), BATCH_SIZE):
        batch = tokenizer(list(prompts[first : first + BATCH_SIZE]), padding=True, return_tensors="tf")
        written = model.generate(**batch, **sampling, suppress_tokens=[tokenizer.eos_token_id])
        texts += tokenizer.batch_decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        print(f"{len(texts)} textes écrits sur {len(prompts)}.", flush=True)
    assert all(len(words(text)) > WORDS + len(words(prompt)) for prompt, text in zip(prompts, texts)), (
        "TOKENS est trop petit"
    )
    return [text[len(prompt) :] for prompt, text in zip(prompts, texts)]


def percent(share: float) -> str:
    return f"{number(100 * share, 2)} %"


parser = argparse.ArgumentParser()
parser.add_argument("novels", type=Path, nargs="+")
parser.add_argument("--model", type=Path, default=settings.MINI)
options = parser.parse_args()

written = write(options.model)
texts = [words(text)[:WORDS] for text in written]
by_spaces = [spaced(text)[:WORDS] for text in written]
known_words, number_of_words, files = set(), 0, novel_files(options.novels)
in_texts = [{run for text in side for run in runs(text, RECITED)} for side in (texts, by_spaces)]
recited = [set(), set()]
for novel in ("\n".join(read(file)) for file in files):
    letters = words(novel)
    number_of_words += len(letters)
    known_words.update(letters)
    for found, looked_for, side in zip(recited, in_texts, (letters, spaced(novel))):
        found.update(looked_for.intersection(runs(side, RECITED)))

known = np.mean([word in known_words for text in texts for word in text])
distinct = [len(set(runs(text, 4))) / len(runs(text, 4)) for text in texts]
by_letters, reciting = (
    np.mean([not found.isdisjoint(runs(text, RECITED)) for text in side])
    for found, side in zip(recited, (texts, by_spaces))
)
measures = (
    ("mots qui sont dans les romans", known, "au moins", LEAST_KNOWN, known >= LEAST_KNOWN),
    (
        "suites de 4 mots distinctes, en moyenne",
        np.mean(distinct),
        "au moins",
        LEAST_DISTINCT,
        np.mean(distinct) >= LEAST_DISTINCT,
    ),
    (f"textes qui récitent {RECITED} mots de suite", reciting, "au plus", MOST_RECITING, reciting <= MOST_RECITING),
)
print(f"\n{len(texts)} textes de {WORDS} mots ; {len(files)} romans, {number_of_words} mots.")
for title, value, side, bar, held in measures:
    print(f"  {title:<42} {percent(value):>9}   {side:<8} {percent(bar):>8}   {'tenu' if held else 'NON TENU'}")
print(f"  {'les mêmes, en suites de lettres':<42} {percent(by_letters):>9}")
print(f"  {'suites distinctes du texte le moins varié':<42} {percent(min(distinct)):>9}")
sys.exit(not all(held for *_, held in measures))
