"""Ce qu'une personne demande à la page, vérifié avant de servir."""

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from atelier.console import exact, number
from atelier.errors import AuroreError
from atelier.models import sampling
from atelier.text.language import seems_french
from atelier.web.insults import insults
from atelier.writing import generation
from atelier.writing.beginnings import beginnings

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
    """Ce qui ne va pas dans la demande. `reason` : « prompt », « french », « insult », « option » ou « json » ; `field` : laquelle."""

    def __init__(self, sentence: str, reason: str, field: str = ""):
        super().__init__(sentence)
        self.reason, self.field = reason, field


@dataclass(frozen=True)
class WritingRequest:
    """Une amorce à continuer, telle que le modèle la lira. `model` : son nom, None pour le premier ; `force` : même si ce n'est pas
    du français, ou si une insulte s'y trouve ; `sentence` : finir avec la phrase, quitte à dépasser un peu la longueur ; `slide` :
    d'une amorce trop longue, ne relire que la fin ; `inside_word` : la suite peut allonger le dernier mot de l'amorce ;
    `logprobs`, `echo` et `stream` ont le sens des interfaces de complétion usuelles."""

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
    inside_word: bool = False


DEFAULTS = {each.name: each.default for each in fields(WritingRequest)}
FIELDS = {"bounds": BOUNDS, "defaults": DEFAULTS, "beginnings": beginnings()}  # ce que le formulaire en montre
KINDS = {each.name: each.type for each in fields(WritingRequest)}


def json_object(body: bytes) -> dict[str, Any]:
    """Le corps d'une requête, un objet JSON. Lève `Refused`."""
    try:
        asked = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refused(
            'Le corps de la requête n\'est pas du JSON en UTF-8 : corrigez-le, par exemple {"prompt": "Il était une fois"}.',
            "json",
        ) from error
    if not isinstance(asked, dict):
        raise Refused(
            'Le corps de la requête doit être un objet JSON, par exemple {"prompt": "Il était une fois"}.', "json"
        )
    return asked


def from_json(body: bytes) -> WritingRequest:
    """La demande d'un programme. Lève `Refused`."""
    asked = json_object(body)
    if unknown := sorted(asked.keys() - KINDS.keys()):
        raise Refused(f"Option inconnue : « {unknown[0][:40]} ». Celles qui existent : {', '.join(KINDS)}.", "option")
    if not isinstance(asked.get("prompt"), str):
        raise Refused("Il manque l'amorce : « prompt », un texte.", "prompt")
    for name, value in asked.items():
        if KINDS[name] is bool and not isinstance(value, bool):
            raise Refused(f"« {name} » vaut true ou false.", "option")
    if not isinstance(asked.get("model"), str | None):
        raise Refused("« model » doit être un nom, l'un de ceux que donne /healthz.", "option")
    return validated(asked)


def from_form(form: Mapping[str, str]) -> WritingRequest:
    """La demande d'une personne, dans les champs du formulaire ; un champ vide garde sa valeur par défaut. Lève `Refused`."""
    asked: dict[str, Any] = {name: form[name].strip() for name in ("model", *BOUNDS) if form.get(name, "").strip()}
    for name in BOUNDS.keys() & asked:
        try:
            asked[name] = BOUNDS[name][0](asked[name][:20].replace(",", "."))
        except ValueError as error:
            raise Refused(f"« {LABELS[name]} » doit être un nombre.", "option", name) from error
    # Le navigateur envoie CR LF à la fin d'une ligne. Une case laissée vide part du début qu'elle propose.
    prompt = form.get("debut") or form.get("amorce", "").replace("\r\n", "\n").strip() or beginnings()[0]
    return validated(asked | {"prompt": prompt, "force": "force" in form, "sentence": True, "slide": True})


LABELS = {
    "max_new_tokens": "Longueur",
    "temperature": "Température",
    "top_p": "Top-p",
    "top_k": "Top-k",
    "seed": "Graine",
}


def validated(asked: Mapping[str, Any]) -> WritingRequest:
    """Lève `Refused` si un réglage sort de ses bornes, ou si l'amorce n'est pas à continuer."""
    asked = {name: value for name, value in asked.items() if value is not None}
    for name in BOUNDS.keys() & asked:
        kind, lowest, highest = BOUNDS[name]
        is_number = isinstance(asked[name], (int, kind)) and not isinstance(asked[name], bool)
        if not is_number or not lowest <= asked[name] <= highest or not math.isfinite(asked[name]):
            wanted = "un nombre entier" if kind is int else "un nombre"
            bounds = f"de {exact(lowest)} à {exact(highest)}"
            raise Refused(f"{LABELS[name]} ({name}) : il faut {wanted} {bounds}.", "option", name)
    request = WritingRequest(**asked)
    if len(request.prompt) > LONGEST_PROMPT and not request.slide:
        raise Refused(
            f"L'amorce fait {number(len(request.prompt))} caractères : {number(LONGEST_PROMPT)} au plus, une amorce n'est pas un roman.",
            "prompt",
        )
    try:
        request = replace(request, prompt=generation.as_learned(request.prompt))
    except AuroreError as error:
        raise Refused(str(error), "prompt") from error
    if request.force:
        return request
    if found := insults(request.prompt):
        raise Refused(f"« {found[0][0]} » est une insulte, ou y ressemble : reformulez votre phrase.", "insult")
    if not seems_french(request.prompt):
        raise Refused("Cela ne ressemble pas à du français, la langue de cet atelier.", "french")
    return request
