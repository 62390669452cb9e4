"""Avant et après l'entraînement : les deux modèles à comparer, et leurs textes côte à côte."""

import shutil
import textwrap
from itertools import zip_longest
from pathlib import Path

import atelier.quiet  # avant transformers, qui importe TensorFlow

from transformers import Pipeline

from atelier import settings
from atelier.console import shown, step, tell
from atelier.errors import AuroreError
from atelier.models import choice, hub
from atelier.training.history import began
from atelier.writing import generation

GAP = "  "  # entre deux colonnes
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


def load_pipelines(prompts: list[str], max_new_tokens: int) -> tuple[dict[str, Pipeline], list[str]]:
    """Les modèles à comparer, prêts à écrire, et les amorces, que chacun d'eux peut continuer."""
    pipes = {label: generation.load_pipeline(folder) for label, folder in candidates().items()}
    for pipe in pipes.values():
        prompts = [generation.check_prompt(prompt, pipe, max_new_tokens) for prompt in prompts]
    return pipes, prompts


def compare(prompts: list[str], seed: int, **chosen) -> None:
    """Les suites que les deux modèles donnent aux mêmes amorces, avec la même graine. `chosen` : les réglages du tirage."""
    pipes, prompts = load_pipelines(prompts, chosen["max_new_tokens"])
    show_texts({label: write(pipe, prompts, seed, **chosen) for label, pipe in pipes.items()})


def write(pipe: Pipeline, prompts: list[str], seed: int, **chosen) -> list[str]:
    """Ce que le modèle écrit après chaque amorce : ce que dirait l'étape 4 avec la même graine."""
    generation.seed_everything(seed)
    return [output[0]["generated_text"] for output in pipe(prompts, **generation.sampling_options(**chosen))]
