"""Avant et après l'entraînement : les deux modèles à comparer, les mots qu'ils attendent, et leurs textes côte à côte."""

import shutil
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import atelier.quiet  # avant transformers, qui importe TensorFlow

from transformers import Pipeline

from atelier import settings
from atelier.console import drawn, number, shown, step, tell
from atelier.errors import AuroreError
from atelier.models import choice, hub
from atelier.training.history import began
from atelier.writing import generation
from atelier.writing.beginnings import beginnings
from atelier.writing.next_words import next_words, probability

GAP = "  "  # entre deux colonnes
WORD, PERCENT = 18, 8  # la largeur d'un mot, et d'une probabilité
SHOWN = 3  # amorces comparées, si l'on n'en dit aucune
NARROWEST = 20  # caractères : un écran plus étroit coupera les lignes


def candidates() -> dict[str, Path]:
    """Les modèles à comparer : « avant », « après », ou l'un des deux si l'autre manque. Dit pourquoi il manque."""
    run = choice.latest_run()
    if not run:
        tell(f"Rien n'a encore été entraîné : il n'y a pas d'« après ». Pour en avoir un : {step(3)}")
        return {"avant": choice.base_model()}
    before = _before(run)
    tell(f"Modèle entraîné : {run.name}.")
    return ({"avant": before} if before else {}) | {"après": run}


def available() -> dict[str, Path]:
    """Les modèles qui peuvent écrire, par leur nom : celui de l'étape 4 ; puis, s'ils sont là, celui dont il est parti et les autres entraînements."""
    first = choice.model_to_write()
    if first.parent != settings.MODELS:
        return {choice.short_name(choice.name(first)): first}
    found = {first.name: first}
    base = choice.history(first).get("base_model", "")
    is_here = base == "mini" or Path(base).is_absolute() or hub.cached_folder(base)  # la page ne télécharge rien
    if is_here and (before := _before(first)):
        found.setdefault(choice.short_name(base), before)
    for folder in sorted(
        (path.parent for path in settings.MODELS.glob("*/model.safetensors")), key=_began, reverse=True
    ):
        try:
            found.setdefault(folder.name, choice.checked(folder))
        except AuroreError as error:
            tell(f"{folder.name} est laissé de côté : {error}")
    return found


def _began(folder: Path) -> tuple[float, str]:
    try:
        return began(folder, choice.history(folder))
    except (OSError, ValueError):  # un historique abîmé
        return began(folder, {})


def _before(run: Path) -> Path | None:
    """Le modèle dont cet entraînement est parti ; s'il manque, dit pourquoi."""
    try:
        return base_of(run)
    except AuroreError as error:
        tell(f"Il n'y a pas d'« avant » : {error} On continue sans lui ; pour en avoir un, relancez l'étape 3.")
        return None


def base_of(run: Path) -> Path:
    """Le modèle dont cet entraînement est parti. Lève `AuroreError` s'il ne peut plus être obtenu."""
    name = choice.history(run).get("base_model", "")
    if not name:
        raise AuroreError(f"rien, dans {shown(run)}, ne dit de quel modèle cet entraînement est parti.")
    if Path(name).is_absolute() and not Path(name).is_dir():
        raise AuroreError(f"cet entraînement est parti du modèle de {name}, un dossier qui n'est plus là.")
    folder = choice.base_model(name)
    # Hors ligne, `mini` remplace le modèle par défaut ; ce n'est pas de lui qu'on est parti.
    if choice.name(folder) != name:
        raise AuroreError(f"cet entraînement est parti de {name}, et {choice.name(folder)} n'en tient pas lieu.")
    return folder


def show_texts(texts: dict[str, list[str]]) -> None:
    """Les suites d'une même amorce, côte à côte, à la largeur de l'écran."""
    width = max(NARROWEST, shutil.get_terminal_size().columns // len(texts) - len(GAP))
    print("\n" + GAP.join(f"{label:<{width}}" for label in texts).rstrip())
    for same_prompt in zip(*texts.values()):
        print()
        for lines in zip_longest(*(textwrap.wrap(text, width) for text in same_prompt), fillvalue=""):
            print(GAP.join(f"{line:<{width}}" for line in lines).rstrip())


class Word(NamedTuple):
    """Un mot qui peut suivre une amorce, et sa probabilité, de 0 à 1, avant et après l'entraînement."""

    word: str
    before: float
    after: float


def before_and_after(pipes: dict[str, Pipeline], prompt: str, count: int = 5) -> list[Word]:
    """Les mots que l'un ou l'autre des deux modèles attend le plus après l'amorce : d'abord ceux qu'attend le modèle entraîné.

    `pipes` : ce que renvoie `load_pipelines`, quand ils sont deux ; leurs tokenizers peuvent différer.
    """
    found = [dict(next_words(pipe.model, pipe.tokenizer, prompt, count)) for pipe in pipes.values()]
    chances = {
        word: [
            known[word] if word in known else probability(pipe.model, pipe.tokenizer, prompt, word)
            for known, pipe in zip(found, pipes.values())
        ]
        for word in found[0] | found[1]
    }
    ends = {pipe.tokenizer.eos_token for pipe in pipes.values()}
    kept = sorted(chances, key=lambda word: -max(chances[word]))[:count]
    words = [Word(_readable(word, ends), *chances[word]) for word in kept]
    return sorted(words, key=lambda word: -word.after)


def _readable(word: str, ends: set[str]) -> str:
    """Le mot sans son espace ; ce qui ne se voit pas est dit."""
    return "fin du texte" if word in ends else word.strip() or "à la ligne"


def show_next_words(prompt: str, words: list[Word]) -> None:
    """Les probabilités d'avant et d'après, en barres de part et d'autre de chaque mot, à la largeur de l'écran."""
    columns = shutil.get_terminal_size().columns
    length = max(1, (columns - 2 * PERCENT - WORD) // 2 - 1)
    block = drawn("█", "#")
    longest = max(max(word.before, word.after) for word in words)
    start = textwrap.shorten(prompt[::-1], max(NARROWEST, columns - 32), placeholder=" …")[::-1]  # la fin compte
    print(f"\nAprès « {start} », le mot suivant :")
    print(f"{'avant':>{length + PERCENT}}{'':{WORD}}{'après':>{PERCENT}}")
    for word in words:
        before, after = (block * round(length * chance / longest) for chance in word[1:])
        print(
            f"{before:>{length}}{percent(word.before):>{PERCENT}}{word.word:^{WORD}}{percent(word.after):>{PERCENT}} {after}".rstrip()
        )


def percent(chance: float) -> str:
    return "< 0,1 %" if chance < 0.0005 else f"{number(100 * chance, 1)} %"


def telling(pipes: dict[str, Pipeline]) -> list[str]:
    """Les débuts à montrer : de ceux de `beginnings`, ceux où un mot gagne le plus à cet entraînement-ci."""
    if len(pipes) < 2:
        return beginnings()[:SHOWN]
    gains = {
        prompt: max(word.after - word.before for word in before_and_after(pipes, prompt)) for prompt in beginnings()
    }
    return sorted(gains, key=lambda prompt: -gains[prompt])[:SHOWN]


def are_comparable(pipes: dict[str, Pipeline]) -> bool:
    """Sont-ils deux, de même vocabulaire, pour comparer leurs tokens un à un ?"""
    vocabularies = [pipe.tokenizer.get_vocab() for pipe in pipes.values()]
    return len(pipes) == 2 and vocabularies[0] == vocabularies[1]


def load_pipelines(prompts: list[str] | None, max_new_tokens: int) -> tuple[dict[str, Pipeline], list[str]]:
    """Les modèles à comparer, prêts à écrire, et les amorces, que chacun d'eux peut continuer ; sans elles, les plus parlantes."""
    pipes = {label: generation.load_pipeline(folder) for label, folder in candidates().items()}
    prompts = prompts or telling(pipes)
    for pipe in pipes.values():
        prompts = [generation.check_prompt(prompt, pipe, max_new_tokens) for prompt in prompts]
    return pipes, prompts


def compare(prompts: list[str] | None, seed: int, **chosen) -> None:
    """Les mots que les deux modèles attendent après les mêmes amorces, puis les suites qu'ils leur donnent, avec la même graine.

    `chosen` : les réglages du tirage.
    """
    pipes, prompts = load_pipelines(prompts, chosen["max_new_tokens"])
    if len(pipes) == 2:
        for prompt in prompts:
            show_next_words(prompt, before_and_after(pipes, prompt))
    show_texts({label: write(pipe, prompts, seed, **chosen) for label, pipe in pipes.items()})


def write(pipe: Pipeline, prompts: list[str], seed: int, **chosen) -> list[str]:
    """Ce que le modèle écrit après chaque amorce : ce que dirait l'étape 4 avec la même graine."""
    generation.seed_everything(seed)
    outputs = pipe(prompts, **generation.sampling_options(**chosen), tokenizer=pipe.tokenizer)
    return [output[0]["generated_text"] for output in outputs]
