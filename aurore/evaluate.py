"""L'examen : ce que l'entraînement a changé.

Le modèle de base et le dernier entraîné prévoient le même livre, qu'aucun des deux n'a lu, et continuent les mêmes amorces.
"""

import importlib
import shutil
import textwrap
from itertools import zip_longest
from pathlib import Path

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from transformers import Pipeline

from atelier import books, catch_up, console, corpus, evaluation, generation, models, settings
from atelier.console import AuroreError, decimal, step, tell

GAP = "  "  # entre deux colonnes
MEASURES = {  # le titre de chaque mesure, et ses chiffres après la virgule
    "bits_per_byte": ("bits par octet", 3),
    "perplexity_per_token": ("perplexité par token", 1),
    "perplexity_per_word": ("perplexité par mot", 1),
}


def parse_options():
    parser = console.argument_parser("L'examen : compare, sur un livre jamais lu, le modèle de base et le dernier entraîné.")
    parser.add_argument("--prompt", action="append", metavar="TEXTE", help="une amorce à continuer (option répétable)")
    parser.add_argument(
        "--seed", type=console.number(int, 0, 2**32 - 1), default=settings.SEED, metavar="N",
        help="graine du hasard (%(default)s par défaut)",
    )  # fmt: skip
    return parser.parse_args()


def candidates() -> dict[str, Path]:
    """Les modèles à examiner : « avant », « après », ou l'un des deux si l'autre manque. Dit pourquoi il manque."""
    run = models.latest_run()
    if not run:
        tell(f"Rien n'a encore été entraîné : l'examen n'a pas d'« après ». Pour en avoir un : {step(3)}")
        return {"avant": models.base_model()}
    try:
        before = {"avant": base_of(run)}
    except AuroreError as error:
        tell(f"L'examen n'a pas d'« avant » : {error}")
        before = {}
    tell(f"Modèle entraîné : {run.name}.")
    return before | {"après": run}


def base_of(run: Path) -> Path:
    """Le modèle dont cet entraînement est parti. Lève `AuroreError` s'il ne peut plus être obtenu."""
    name = models.history(run).get("base_model", "")
    if not name:
        raise AuroreError(f"rien, dans {run}, ne dit de quel modèle cet entraînement est parti.")
    if Path(name).is_absolute() and not Path(name).is_dir():
        raise AuroreError(f"cet entraînement est parti du modèle de {name}, un dossier qui n'est plus là.")
    folder = models.base_model(name)
    if models.name(folder) != name:  # hors ligne, `mini` remplace le modèle par défaut ; ce n'est pas de lui qu'on est parti
        raise AuroreError(f"cet entraînement est parti de {name}, et {models.name(folder)} n'en tient pas lieu.")
    return folder


def titles(ids: list[str]) -> str:
    """Les titres des livres que ces numéros désignent ; le numéro lui-même s'il n'est d'aucune liste."""
    known = {book.id: book.title for book in (*books.book_list(), *books.embedded())}
    return ", ".join(known.get(id, id) for id in dict.fromkeys(ids))


def examine(label: str, pipe: Pipeline, texts: list[str]) -> evaluation.Score:
    print(f"Le modèle, {label} l'entraînement :", flush=True)
    return evaluation.score(pipe.model, pipe.tokenizer, texts)


def gain(measure: str, before: evaluation.Score, after: evaluation.Score) -> str:
    """Ce dont la mesure a baissé, en pour cent ; rien si elle compte des tokens qui ne sont pas les mêmes."""
    if measure == "perplexity_per_token" and before.tokens != after.tokens:
        return "—"
    return f"{decimal(100 * (1 - getattr(after, measure) / getattr(before, measure)))} %"


def show_scores(scores: dict[str, evaluation.Score]) -> None:
    """Une ligne par mesure, une colonne par modèle, et le gain s'ils sont deux."""
    columns = {
        label: [decimal(getattr(score, measure), digits) for measure, (_, digits) in MEASURES.items()] for label, score in scores.items()
    }
    if len(scores) == 2:
        columns["gain"] = [gain(measure, *scores.values()) for measure in MEASURES]
    print(f"\n{'':<20}" + "".join(f"{label:>10}" for label in columns))
    for (title, _), *values in zip(MEASURES.values(), *columns.values()):
        print(f"{title:<20}" + "".join(f"{value:>10}" for value in values))
    print("Le plus bas est le meilleur. La perplexité par token ne se compare qu'entre modèles de même tokenizer.")


def show_texts(texts: dict[str, list[str]]) -> None:
    """Les suites d'une même amorce, côte à côte, à la largeur de l'écran."""
    width = shutil.get_terminal_size().columns // len(texts) - len(GAP)
    print("\n" + GAP.join(f"{label:<{width}}" for label in texts).rstrip())
    for same_prompt in zip(*texts.values()):
        print()
        for lines in zip_longest(*(textwrap.wrap(text, width) for text in same_prompt), fillvalue=""):
            print(GAP.join(f"{line:<{width}}" for line in lines).rstrip())


def write(pipe: Pipeline, prompts: list[str], seed: int) -> list[str]:
    """Ce que le modèle écrit après chaque amorce : ce que dirait l'étape 4 avec la même graine."""
    return [output[0]["generated_text"] for output in pipe(prompts, **generation.sampling(seed=seed))]


def main() -> None:
    options = parse_options()
    prompts = options.prompt or importlib.import_module("4_generate_solution").two_prompts()
    test = corpus.load_data(catch_up.data_folder())["test"]
    texts = list(corpus.texts(test))
    pipes = {label: generation.load_pipeline(folder) for label, folder in candidates().items()}
    for pipe in pipes.values():
        prompts = [generation.check_prompt(prompt, pipe, generation.MAX_NEW_TOKENS) for prompt in prompts]

    print(f"L'examen : prévoir, token par token, un livre que l'entraînement n'a pas lu, {titles(test['book'])}.", flush=True)
    show_scores({label: examine(label, pipe, texts) for label, pipe in pipes.items()})
    show_texts({label: write(pipe, prompts, options.seed) for label, pipe in pipes.items()})


if __name__ == "__main__":
    console.run(main)
