"""L'examen : ce que l'entraînement a changé.

Le modèle de base et le dernier entraîné devinent, token par token, un livre mis de côté pendant l'entraînement, et continuent les
mêmes amorces.
"""

import importlib

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from transformers import Pipeline

from atelier import console, launch, settings
from atelier.console import number
from atelier.models import sampling
from atelier.text import books, corpus
from atelier.writing import comparison, evaluation

MEASURES = {  # le titre de chaque mesure, et ses chiffres après la virgule
    "bits_per_byte": ("bits par octet", 3),
    "perplexity_per_token": ("perplexité par token", 1),
    "perplexity_per_word": ("perplexité par mot", 1),
}

EXPLANATION = """
Plus c'est bas, mieux c'est. Entre parenthèses, pour comparer : les résultats de mini sur La Mare au Diable, au départ, puis une
fois lus les onze livres.
  bits par octet         combien de bits il faudrait par octet de texte, si ce modèle le compressait ; se compare
                         d'un tokenizer à l'autre (mini : 1,22, puis 1,20 ; un fichier .zip : 3)
  perplexité par token   entre combien de tokens, tous aussi probables, le modèle hésite ; ne se compare qu'entre modèles
                         de même tokenizer (mini : 25,6, puis 24,3)
  perplexité par mot     la même chose, mais par mot ; plus haute, car un mot fait souvent plusieurs tokens"""


def parse_options():
    parser = console.argument_parser(
        "L'examen : compare, sur un livre mis de côté pendant l'entraînement, le modèle de base et le dernier entraîné."
    )
    parser.add_argument("--prompt", action="append", metavar="TEXTE", help="une amorce à continuer (option répétable)")
    parser.add_argument(
        "--seed",
        type=console.number_option(int, 0, 2**32 - 1),
        default=settings.SEED,
        metavar="N",
        help="graine du hasard (%(default)s par défaut)",
    )
    return parser.parse_args()


def examine(label: str, pipe: Pipeline, texts: list[str]) -> evaluation.Score:
    print(f"Le modèle, {label} l'entraînement :", flush=True)
    return evaluation.score(pipe.model, pipe.tokenizer, texts)


def gain(measure: str, before: evaluation.Score, after: evaluation.Score) -> str:
    """Ce dont la mesure a baissé, en pour cent ; rien si elle compte des tokens qui ne sont pas les mêmes."""
    if measure == "perplexity_per_token" and before.tokens != after.tokens:
        return "—"
    return f"{number(100 * (1 - getattr(after, measure) / getattr(before, measure)), 1)} %"


def show_scores(scores: dict[str, evaluation.Score]) -> None:
    """Une ligne par mesure, une colonne par modèle, et le gain s'ils sont deux."""
    columns = {
        label: [number(getattr(score, measure), digits) for measure, (_, digits) in MEASURES.items()]
        for label, score in scores.items()
    }
    if len(scores) == 2:
        columns["gain"] = [gain(measure, *scores.values()) for measure in MEASURES]
    print(f"\n{'':<20}" + "".join(f"{label:>10}" for label in columns))
    for (title, _), *values in zip(MEASURES.values(), *columns.values()):
        print(f"{title:<20}" + "".join(f"{value:>10}" for value in values))
    print(EXPLANATION)


def main() -> None:
    options = parse_options()
    prompts = options.prompt or importlib.import_module("4_generate_solution").two_prompts()
    test = corpus.load_data(corpus.folder())["test"]
    texts = list(corpus.texts(test))
    pipes, prompts = comparison.load_pipelines(prompts, sampling.MAX_NEW_TOKENS)

    titles = ", ".join(books.title(id) for id in dict.fromkeys(test["book"]))
    print(f"L'examen : prévoir, token par token, un livre que l'entraînement n'a pas lu, {titles}.", flush=True)
    show_scores({label: examine(label, pipe, texts) for label, pipe in pipes.items()})
    comparison.show_texts({label: comparison.write(pipe, prompts, options.seed) for label, pipe in pipes.items()})


if __name__ == "__main__":
    launch.run(main)
