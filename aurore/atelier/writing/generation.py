"""Faire écrire un modèle : les réglages du tirage, et ce qu'une amorce doit être pour qu'on la continue."""

import itertools
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from atelier.quiet import keras

from transformers import AutoConfig, AutoTokenizer, Pipeline, TextStreamer, TFAutoModelForCausalLM, pipeline

import atelier.models.gpt2  # TFAutoModelForCausalLM renvoie alors un modèle qui écrit vite
from atelier.console import is_screen, number, tell
from atelier.errors import AuroreError
from atelier.models import vocabulary
from atelier.models.sampling import MAX_NEW_TOKENS, TEMPERATURE, TOP_K, TOP_P
from atelier.text import typography


def load_pipeline(folder: Path) -> Pipeline:
    """Le pipeline « text-generation » sur le modèle de `folder`."""
    config = AutoConfig.from_pretrained(folder)
    model = TFAutoModelForCausalLM.from_pretrained(folder, config=config)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vocabulary.set_end_of_text(model, tokenizer)
    return pipeline("text-generation", model=model, tokenizer=tokenizer)


def seed_everything(seed: int | None = None) -> None:
    """Sème le hasard avec `seed` ; sans elle, autrement à chaque fois."""
    keras.utils.set_random_seed(int.from_bytes(os.urandom(3)) if seed is None else seed)


def sampling_options(
    temperature: float = TEMPERATURE, top_p: float = TOP_P, top_k: int = TOP_K, max_new_tokens: int = MAX_NEW_TOKENS
) -> dict:
    """Les options du pipeline pour un tirage ; à température 0, le token le plus probable. `top_k` à 0 ne limite rien."""
    # Sans ce « nettoyage », les espaces restent devant ! et ?
    options = {"max_new_tokens": max_new_tokens, "clean_up_tokenization_spaces": False}
    if temperature == 0:
        return options | {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    return options | {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": top_k}


def as_learned(prompt: str) -> str:
    """L'amorce dans la typographie où le modèle a appris : un téléphone ou Word en ont une autre, qu'il lirait mal.

    Toute amorce passe par ici avant d'aller au tokenizer. Lève `AuroreError` si elle n'est pas du texte.
    """
    if prompt := typography.normalize_lines(typography.only_text(prompt, "L'amorce")):
        return prompt
    raise AuroreError("L'amorce est vide : écrivez quelques mots que le modèle continuera.")


def check_prompt(prompt: str, pipe: Pipeline, max_new_tokens: int) -> str:
    """`as_learned`, qui lève aussi `AuroreError` si l'amorce et sa suite n'entrent pas dans le contexte."""
    prompt = as_learned(prompt)
    length, context = len(pipe.tokenizer(prompt)["input_ids"]), pipe.model.config.n_positions
    if length + max_new_tokens > context:
        raise AuroreError(
            f"L'amorce « {prompt[:40]}{'…' if len(prompt) > 40 else ''} » fait {number(length)} tokens, et l'on en demande "
            f"{number(max_new_tokens)} de plus : ce modèle n'en tient que {number(context)} en tout. Raccourcissez l'amorce ou la suite."
        )
    return prompt


class Draft(TextStreamer):
    """Les textes à mesure qu'ils s'écrivent, sur la sortie d'erreur, si c'est un écran ; `end_all` les en ôte, pour la version
    définitive, et dit à quelle vitesse ils sont venus."""

    def __init__(self, tokenizer):
        super().__init__(tokenizer, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        self.visible = is_screen(sys.stdout) and is_screen(sys.stderr)
        self.shown, self.times, self.pauses = "", [], []

    def put(self, value) -> None:
        self.times.append(time.perf_counter())
        super().put(value)

    def end(self) -> None:
        super().end()
        _, *tokens = self.times  # d'abord vient l'amorce
        self.pauses += [after - before for before, after in itertools.pairwise(tokens)]
        self.times = []

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        if stream_end:
            text += "\n\n"
        if self.visible:
            self.shown += text
            print(text, end="", file=sys.stderr, flush=True)

    def end_all(self) -> None:
        if self.shown:
            width = shutil.get_terminal_size().columns
            lines = sum(max(1, -(-len(line) // width)) for line in self.shown.split("\n")) - 1
            print(f"\033[{lines}A\033[J", end="", file=sys.stderr, flush=True)
        if self.pauses:
            tell(f"{number(1 / statistics.median(self.pauses))} tokens par seconde.")
