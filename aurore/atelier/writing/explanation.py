"""Expliquer un tirage : comment chaque réglage change les probabilités, token par token."""

import atelier.quiet  # avant transformers, qui importe TensorFlow

import numpy as np
from transformers import Pipeline

from atelier.console import exact, number
from atelier.models.sampling import Sampling, adjusted
from atelier.models.vocabulary import readable
from atelier.writing.generation import check_prompt

NEXT = 8  # tokens que le modèle attendait le plus, montrés à la fin
COLUMNS = ("token", "rang", "modèle", "température", "top-k", "top-p")


def stages(logits: np.ndarray, sampling: Sampling) -> list[np.ndarray]:
    """Les probabilités du vocabulaire, (vocabulaire,) : celles du modèle, puis après la température, top-k, et top-p."""
    cumulated = (
        Sampling(),
        Sampling(sampling.temperature),
        Sampling(sampling.temperature, top_k=sampling.top_k),
        Sampling(sampling.temperature, sampling.top_p, sampling.top_k),
    )
    probabilities = np.zeros((len(cumulated), len(logits)))
    for row, settings in zip(probabilities, cumulated):
        tokens, chances = adjusted(logits, settings)
        row[tokens] = chances
    return list(probabilities)


def explain(pipe: Pipeline, sentence: str, sampling: Sampling) -> str:
    """Un tableau : les tokens de la phrase, ce que chacun avait de chances d'être tiré à sa place, et ce qui suivrait."""
    model, tokenizer = pipe.model, pipe.tokenizer
    ids = tokenizer(check_prompt(sentence, pipe, 0))["input_ids"]
    pieces, logits = readable(tokenizer, ids), model(np.array([ids])).logits.numpy()[0]
    limit = number(sampling.top_k) if sampling.top_k else "sans limite"
    lines = [
        "La probabilité d'être tiré, pour le modèle, puis après chaque réglage, l'un après l'autre :",
        "",
        _line(*COLUMNS),
    ]
    lines += [
        _line("", "", "", exact(sampling.temperature), limit, exact(sampling.top_p)),
        _line(_visible(pieces[0]), "", "le premier : rien ne le précède"),
    ]
    lines += [_row(tokenizer, id, row, stages(row, sampling)) for id, row in zip(ids[1:], logits)]
    last, after = logits[-1], stages(logits[-1], sampling)
    lines += ["", "Ensuite, le modèle attendait :"]
    lines += [_row(tokenizer, int(id), last, after) for id in np.argsort(-last, kind="stable")[:NEXT]]
    kept = [int((chances > 0).sum()) for chances in after]
    lines += [_line("tokens possibles", "", *map(number, kept))]
    return "\n".join(lines)


def _row(tokenizer, id: int, logits: np.ndarray, chances: list[np.ndarray]) -> str:
    rank = int((logits > logits[id]).sum()) + 1
    return _line(_visible(readable(tokenizer, [id])[0]), number(rank), *(_percent(each[id]) for each in chances))


def _visible(piece: str) -> str:
    """Le token entre guillemets, son espace et ses sauts de ligne visibles."""
    return f"« {piece.replace(' ', '␣').replace(chr(10), '⏎')} »"


def _percent(chance: float) -> str:
    if chance == 0:
        return "—"
    return "< 0,01 %" if chance < 1e-4 else f"{number(100 * chance, 2)} %"


def _line(token: str, rank: str, *columns: str) -> str:
    return f"{token:<22}{rank:>6}" + "".join(f"{column:>13}" for column in columns)
