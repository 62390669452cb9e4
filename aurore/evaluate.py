"""L'examen : ce que l'entraînement a changé.

Le modèle de base et le dernier entraîné devinent, token par token, un livre mis de côté pendant l'entraînement, et continuent les
mêmes amorces ; puis viennent les mots que l'entraînement a appris au modèle.
"""

import itertools

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from transformers import Pipeline

from atelier import console, launch, settings
from atelier.console import number
from atelier.models import choice, sampling
from atelier.text import books, corpus
from atelier.writing import comparison, evaluation, learned

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


def learn(pipes: dict[str, Pipeline], scores: dict[str, evaluation.Score], ids: list[str]) -> learned.Learned:
    """Les mots que l'entraînement a appris au modèle, au fil des livres `ids`."""
    words = evaluation.learned_words(pipes["après"], *(score.expectations for score in scores.values()))
    is_sand = not {*ids} & {book.id for book in books.embedded()}
    title = "Ce que Sand lui a appris" if is_sand else "Ce que les récits lui ont appris"
    return learned.Learned(title, ", ".join(map(books.title, ids)), words)


def show_learned(found: learned.Learned) -> None:
    """Les mots en deux colonnes : ceux qui ont une majuscule, et les autres."""
    print(f"\n{found.title} : les mots auxquels il s'attend bien plus souvent qu'avant,")
    print(f"et combien de fois il s'y attendait, du début à la fin de {found.book}.\n")
    print("    ".join([f"{'':<16}{'avant':>7}{'après':>7}"] * 2))
    for both in itertools.zip_longest(*found.columns):
        cells = [
            f"{word.word:<16}{number(word.before, 1):>7}{number(word.after, 1):>7}" if word else " " * 30
            for word in both
        ]
        print("    ".join(cells).rstrip())


def main() -> None:
    options = parse_options()
    test = corpus.load_data(corpus.folder())["test"]
    texts, ids = list(corpus.texts(test)), [*dict.fromkeys(test["book"])]
    pipes, prompts = comparison.load_pipelines(options.prompt, sampling.MAX_NEW_TOKENS)

    titles = ", ".join(map(books.title, ids))
    print(f"L'examen : prévoir, token par token, un livre que l'entraînement n'a pas lu, {titles}.", flush=True)
    scores = {label: examine(label, pipe, texts) for label, pipe in pipes.items()}
    show_scores(scores)
    comparison.show_texts({label: comparison.write(pipe, prompts, options.seed) for label, pipe in pipes.items()})
    if comparison.are_comparable(pipes) and (found := learn(pipes, scores, ids)).words:
        show_learned(found)
        learned.write(choice.latest_run(), found)


if __name__ == "__main__":
    launch.run(main)
