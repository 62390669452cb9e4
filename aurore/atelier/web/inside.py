"""`/dedans` : ce qu'une phrase devient dans le réseau, pas à pas, sur le modèle que l'on a."""

import base64

import numpy as np
from flask import Blueprint, jsonify, render_template, request

from atelier.models.inside import look
from atelier.models.vocabulary import readable
from atelier.web import requests, server
from atelier.web.insults import masked
from atelier.web.requests import Refused

LONGEST = 40  # tokens
SENTENCE = "Cette jeune femme était assise à la"  # celle qu'on voit en arrivant
LISTED = 40  # tokens dont le nom accompagne la probabilité

inside = Blueprint("inside", __name__)


@inside.get("/dedans")
def page():
    return render_template("inside.html", health=server.health(), sentence=SENTENCE, longest=LONGEST)


@inside.post("/api/inside")
def look_inside():
    """Une phrase, `prompt`, et les tokens `ids` qu'on y a ajoutés ; `block` : celui dont on veut l'attention, 0 pour le premier."""
    asked = _asked(request.get_data())
    ids, block = asked.pop("ids", []), asked.pop("block", 0)
    sentence = requests.validated(asked | {"slide": True, "force": True})
    model = server.engine().load(sentence.model)
    tokenizer, config = model.pipe.tokenizer, model.pipe.model.config
    if not isinstance(block, int) or not 0 <= block < config.n_layer:
        raise Refused(f"Ce modèle a {config.n_layer} blocs : « block » va de 0 à {config.n_layer - 1}.", "option")
    if not isinstance(ids, list) or not all(isinstance(id, int) and 0 <= id < len(tokenizer) for id in ids):
        raise Refused("« ids » est une liste d'identifiants de tokens de ce modèle.", "option")
    ids = [*tokenizer(sentence.prompt)["input_ids"], *ids]
    if len(ids) > LONGEST:
        raise Refused(
            f"Cette phrase fait {len(ids)} tokens, et l'on n'en montre que {LONGEST} : raccourcissez-la.", "prompt"
        )
    seen = server.engine().look(lambda: look(model.pipe.model, ids, block))
    listed = np.argsort(-seen.logits, kind="stable")[:LISTED]
    return jsonify(
        ids=ids,
        pieces=_pieces(tokenizer, ids),
        blocks=config.n_layer,
        width=config.n_embd,
        tokens=_packed(seen.tokens, np.float16),
        positions=_packed(seen.positions, np.float16),
        attention=_packed(seen.attention, np.float16),
        heads=config.n_head,
        guesses=[
            [
                [[piece, round(float(chance), 4)] for piece, chance in zip(_pieces(tokenizer, row), chances)]
                for row, chances in zip(*layer)
            ]
            for layer in zip(seen.guesses, seen.chances)
        ],
        logits=_packed(seen.logits, np.float32),
        listed=[[int(id), piece] for id, piece in zip(listed, _pieces(tokenizer, listed))],
    )


def _asked(body: bytes) -> dict:
    asked = requests.json_object(body)
    if asked.keys() - {"prompt", "model", "ids", "block"}:
        raise Refused("Il faut un objet JSON : « prompt », et s'il y a lieu « model », « ids » et « block ».", "json")
    if not isinstance(asked.get("prompt"), str) or not isinstance(asked.get("model"), str | None):
        raise Refused("« prompt » est un texte, et « model » un nom que donne /healthz.", "prompt")
    return asked


def _pieces(tokenizer, ids) -> list[str]:
    return [masked(piece) for piece in readable(tokenizer, [int(id) for id in ids])]


def _packed(numbers: np.ndarray, kind: type) -> str:
    """Les nombres à la suite, en base 64, petit-boutistes : quatre fois moins long qu'en chiffres."""
    return base64.b64encode(np.ascontiguousarray(numbers, dtype=np.dtype(kind).newbyteorder("<")).tobytes()).decode()
