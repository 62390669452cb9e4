"""Écrire un token à la fois, et montrer chacun dès qu'il est choisi : seul, ou plusieurs textes ensemble.

Lire les poids du réseau prend plus de temps que de calculer avec : huit textes écrits ensemble prennent deux fois le temps d'un seul.
"""

from dataclasses import dataclass

import numpy as np

from atelier.models.continuation import Pieces, Text, token_bytes
from atelier.models.decoder import Decoder
from atelier.models.sampling import most_likely

ALTERNATIVES = 5


@dataclass(frozen=True)
class Token:
    """Un token, et ce que le modèle en pensait avant tout réglage du tirage, parmi ceux qui pouvaient venir là.

    `piece` : ce qu'il ajoute au texte, vide tant qu'un caractère n'est pas entier ; `logprob` : le logarithme naturel de sa
    probabilité, None pour le premier d'un texte, que rien ne précède ; `alternatives` : les plus probables à sa place (texte,
    probabilité), dans l'ordre.
    """

    id: int
    piece: str
    logprob: float | None
    alternatives: tuple[tuple[str, float], ...] = ()


def token(tokenizer, id: int, piece: str, logits: np.ndarray, number: int = ALTERNATIVES) -> Token:
    """`id`, et ce que valaient les autres, d'après les logits (vocabulaire,) qui l'ont précédé."""
    normalizer = np.log(np.exp(logits - logits.max()).sum()) + logits.max()
    alternatives = tuple(
        (token_bytes(tokenizer, other).decode("utf-8", "replace"), float(np.exp(logits[other] - normalizer)))
        for other in most_likely(logits, number)
    )
    return Token(id, piece, float(logits[id] - normalizer), alternatives)


def read(model, tokenizer, text: str) -> list[Token]:
    """Les tokens d'un texte déjà écrit, tels que le modèle les attendait."""
    ids, pieces = tokenizer(text)["input_ids"], Pieces(tokenizer)
    logits = model(np.array([ids])).logits.numpy()[0]
    first = Token(ids[0], pieces.add(ids[0]), None)
    return [first, *(token(tokenizer, id, pieces.add(id), row) for id, row in zip(ids[1:], logits))]


class Batch:
    """Des textes qui s'écrivent ensemble : chacun entre et sort quand il veut, entre deux tokens, avec son propre hasard."""

    def __init__(self, decoder: Decoder):
        self.decoder = decoder
        self.texts: list[Text] = []  # dans l'ordre des places du décodeur
        self.waiting: list[Text] = []
        self.cleared = decoder.cleared

    def join(self, text: Text) -> None:
        """Lève `ValueError` si l'amorce est vide ou d'un autre vocabulaire, ou si le texte entier ne tient pas dans le contexte."""
        if not text.prompt or text.max_new_tokens < 1 or text.length > self.decoder.context:
            raise ValueError(
                f"L'amorce fait {len(text.prompt)} tokens et sa suite {text.max_new_tokens + text.extra} : il en faut au moins un à chacune, "
                f"et au plus {self.decoder.context} en tout."
            )
        if not 0 <= min(text.prompt) <= max(text.prompt) < self.decoder.embeddings.shape[0]:
            raise ValueError("L'amorce a des tokens que ce modèle ne connaît pas : son tokenizer est celui d'un autre.")
        self.waiting.append(text)

    def leave(self, text: Text) -> None:
        """Le texte s'arrête là ; s'il est déjà sorti, ne fait rien."""
        text.finished = True
        if text in self.waiting:
            self.waiting.remove(text)
        elif text in self.texts:
            row = self.texts.index(text)
            self.decoder.stop(row)
            self.texts[row] = self.texts[-1]
            self.texts.pop()

    def step(self) -> list[tuple[Text, Token]]:
        """Un token de plus pour chacun ; ceux qui ont fini sortent. Lève `RuntimeError` si un autre a pris le décodeur entre-temps."""
        if self.cleared != self.decoder.cleared:
            raise RuntimeError("Le décodeur de ce modèle a commencé autre chose : ce texte ne peut plus continuer.")
        rows = list(self.decoder.step([text.ids[-1] for text in self.texts])) if self.texts else []
        if self.waiting:
            longest = max(text.length for text in self.waiting)
            rows += list(self.decoder.start([text.prompt for text in self.waiting], longest))
            self.texts += self.waiting
            self.waiting = []
        steps = [(text, self._write(text, logits)) for text, logits in zip(self.texts, rows)]
        for text in reversed(self.texts.copy()):  # du dernier au premier : le dernier ne change pas de place
            if text.finished:
                self.leave(text)
        return steps

    def _write(self, text: Text, logits: np.ndarray) -> Token:
        logits = text.allowed(logits)
        id = text.add(logits)
        return token(text.tokenizer, id, text.pieces[-1], logits)
