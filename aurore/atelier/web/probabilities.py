"""Ce que le réseau attend après un début : ses probabilités, ce que l'entraînement y change, et un jeu qui en vient."""

import numpy as np
from flask import Blueprint, jsonify, render_template, request

from atelier.console import command
from atelier.models.continuation import Text
from atelier.web import requests, server
from atelier.web.insults import masked
from atelier.web.loaded import LoadedModel
from atelier.writing import comparison, streaming
from atelier.writing.beginnings import beginnings

CANDIDATES = 20  # tokens, les plus probables d'abord
TEMPERATURES = [tenth / 10 for tenth in range(1, 21)]

probabilities = Blueprint("probabilities", __name__)


@probabilities.post("/api/next")
def next_token():
    """Les tokens les plus probables après `prompt`, et de quoi en calculer la probabilité à chaque température (`temperatures`).

    À la température T, celle d'un token de probabilité p est p^(1/T), divisé par la somme de ces puissances sur tout le
    vocabulaire ; `log_sums` en donne le logarithme, une par température.
    """
    asked = requests.from_json(request.get_data())
    model = server.engine().load(asked.model)
    tokenizer = model.pipe.tokenizer
    text = Text(tokenizer, tokenizer(asked.prompt)["input_ids"], 1, whole_words=not asked.inside_word)
    logits = text.allowed(_last_logits(model, text.prompt))
    likeliest = streaming.token(tokenizer, int(logits.argmax()), "", logits, CANDIDATES)
    log_probabilities = logits - logits.max() + likeliest.logprob
    sums = [float(np.log(np.exp(log_probabilities / temperature).sum())) for temperature in TEMPERATURES]
    return jsonify(
        alternatives=[
            {"text": masked(text), "probability": probability} for text, probability in likeliest.alternatives
        ],
        temperatures=TEMPERATURES,
        log_sums=sums,
    )


def _last_logits(model: LoadedModel, ids: list[int]) -> np.ndarray:
    """Les logits (vocabulaire,) du token qui suivrait, d'après ce que le contexte tient de ces tokens."""
    read = np.array([ids[-model.decoder.context :]])
    return server.engine().look(lambda: model.pipe.model(read).logits.numpy()[0, -1])


@probabilities.post("/api/tokens")
def tokens():
    """Ce que ce début fait de tokens, ce que le modèle en relira pour écrire la suite demandée, et les caractères qu'il oubliera."""
    asked = requests.from_json(request.get_data())
    model = server.engine().load(asked.model)
    offsets = model.pipe.tokenizer(asked.prompt, return_offsets_mapping=True)["offset_mapping"]
    room = max(1, model.decoder.context - asked.max_new_tokens)
    forgotten = offsets[-room][0] if len(offsets) > room else 0
    return jsonify(tokens=len(offsets), room=room, forgotten=forgotten, context=model.decoder.context)


@probabilities.post("/api/next-words")
def next_words():
    """Les mots les plus probables après `prompt`, avec leur probabilité avant l'entraînement et après."""
    asked, engine = requests.from_json(request.get_data()), server.engine()
    pipes = {name: engine.load(name).pipe for name in engine.compared()}
    if len(pipes) < 2:
        raise requests.Refused("Il faut deux modèles pour comparer : entraînez le vôtre à l'étape 3.", "option")
    words = engine.look(lambda: comparison.before_and_after(pipes, asked.prompt))
    return jsonify(words=[word._asdict() for word in words])


@probabilities.get("/avant-apres")
def game():
    """« Avant ou après ? » : deux suites à l'aveugle, dix manches."""
    shown = {"health": server.health(), "beginnings": beginnings(), "command": command("3_train_solution.py")}
    return render_template("game.html", **shown)
