"""Ce qu'une personne demande à la page, vérifié avant de servir."""

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from atelier.errors import AuroreError
from atelier.models import sampling
from atelier.text.language import seems_french
from atelier.web.insults import insults
from atelier.writing import generation

LONGEST_PROMPT = 2000  # en caractères
LAST_SEED = 2**32 - 1
BOUNDS = {
    "max_new_tokens": (int, 1, 200),
    "temperature": (float, 0, 5),
    "top_p": (float, 0.01, 1),
    "top_k": (int, 0, 100_000),
    "seed": (int, 0, LAST_SEED),
}


class Refused(AuroreError):
    """Ce qui ne va pas dans la demande. `reason` : « prompt », « french », « insult », « option » ou « json »."""

    def __init__(self, sentence: str, reason: str):
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class Demand:
    """Une amorce à continuer. `model` : son nom, None pour le premier ; `force` : même si ce n'est pas du français ; `sentence` :
    finir à la fin d'une phrase ; `slide` : d'une amorce trop longue, ne relire que la fin ; `logprobs`, `echo` et `stream` ont le sens des interfaces de complétion usuelles."""

    prompt: str
    max_new_tokens: int = sampling.MAX_NEW_TOKENS
    temperature: float = sampling.TEMPERATURE
    top_p: float = sampling.TOP_P
    top_k: int = sampling.TOP_K
    seed: int | None = field(default_factory=lambda: random.randrange(10_000))  # courte : on la recopie à la main
    model: str | None = None
    logprobs: bool = False
    echo: bool = False
    stream: bool = False
    force: bool = False
    sentence: bool = False
    slide: bool = False


DEFAULTS = {each.name: each.default for each in fields(Demand)}
FIELDS = {"bounds": BOUNDS, "defaults": DEFAULTS, "longest_prompt": LONGEST_PROMPT}  # ce que le formulaire en montre
KINDS = {each.name: each.type for each in fields(Demand)}


def from_json(body: bytes) -> Demand:
    """La demande d'un programme. Lève `Refused`."""
    try:
        asked = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused("Le corps de la requête n'est pas du JSON en UTF-8.", "json") from error
    if not isinstance(asked, dict):
        raise Refused(
            'Le corps de la requête doit être un objet JSON, par exemple {"prompt": "Il était une fois"}.', "json"
        )
    if unknown := sorted(asked.keys() - KINDS.keys()):
        raise Refused(f"Option inconnue : « {unknown[0][:40]} ». Celles qui existent : {', '.join(KINDS)}.", "option")
    if not isinstance(asked.get("prompt"), str):
        raise Refused("Il manque l'amorce : « prompt », un texte.", "prompt")
    for name, value in asked.items():
        if KINDS[name] is bool and not isinstance(value, bool):
            raise Refused(f"« {name} » vaut true ou false.", "option")
    if not isinstance(asked.get("model"), str | None):
        raise Refused("« model » est le nom d'un modèle.", "option")
    return checked(asked)


def from_form(form: Mapping[str, str]) -> Demand:
    """La demande d'une personne, dans les champs du formulaire ; un champ vide garde sa valeur par défaut. Lève `Refused`."""
    asked: dict[str, Any] = {name: form[name].strip() for name in ("model", *BOUNDS) if form.get(name, "").strip()}
    for name in BOUNDS.keys() & asked:
        try:
            asked[name] = BOUNDS[name][0](asked[name][:20].replace(",", "."))
        except ValueError as error:
            raise Refused(f"« {LABELS[name]} » doit être un nombre.", "option") from error
    # Le navigateur envoie CR LF à la fin d'une ligne.
    return checked(
        asked | {"prompt": form.get("amorce", "").replace("\r\n", "\n"), "force": "force" in form, "sentence": True}
    )


LABELS = {
    "max_new_tokens": "Longueur",
    "temperature": "Température",
    "top_p": "Top-p",
    "top_k": "Top-k",
    "seed": "Graine",
}


def checked(asked: Mapping[str, Any]) -> Demand:
    """Lève `Refused` si un réglage sort de ses bornes, ou si l'amorce n'est pas à continuer."""
    asked = {name: value for name, value in asked.items() if value is not None}
    for name in BOUNDS.keys() & asked:
        kind, lowest, highest = BOUNDS[name]
        number = isinstance(asked[name], (int, kind)) and not isinstance(asked[name], bool)
        if not number or not lowest <= asked[name] <= highest or not math.isfinite(asked[name]):
            whole, bounds = " entier" * (kind is int), f"de {lowest} à {highest}".replace(".", ",")
            raise Refused(f"{LABELS[name]} ({name}) : il faut un nombre{whole} {bounds}.", "option")
    demand = Demand(**asked)
    if len(demand.prompt) > LONGEST_PROMPT and not demand.slide:
        raise Refused(
            f"L'amorce fait {len(demand.prompt)} caractères : {LONGEST_PROMPT} au plus, une amorce n'est pas un roman.",
            "prompt",
        )
    try:
        generation.check_characters(demand.prompt)
    except AuroreError as error:
        raise Refused(str(error), "prompt") from error
    if found := insults(demand.prompt):
        raise Refused(f"« {found[0][0]} » est une insulte, ou y ressemble : reformulez votre phrase.", "insult")
    if not (demand.force or seems_french(demand.prompt)):
        raise Refused("Cela ne ressemble pas à du français, la seule langue que ce réseau ait apprise.", "french")
    return demand
