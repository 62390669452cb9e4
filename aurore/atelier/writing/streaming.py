"""Écrire un token à la fois, et montrer chacun dès qu'il est choisi : seul, ou plusieurs textes ensemble.

Lire les poids du réseau prend plus de temps que de calculer avec : huit textes écrits ensemble prennent deux fois le temps d'un seul.
"""

import codecs
import weakref
from dataclasses import dataclass, field

import numpy as np
from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

from atelier.models.decoder import Decoder
from atelier.models.sampling import Sampling, draw, most_likely

# Les lettres par lesquelles GPT-2 écrit les octets.
BYTES = {letter: byte for byte, letter in bytes_to_unicode().items()}
ALTERNATIVES = 5
_known = (
    weakref.WeakKeyDictionary()
)  # pour chaque tokenizer, les octets de ses tokens ; un modèle qu'on ne garde pas s'en va avec


@dataclass(frozen=True)
class Token:
    """Un token, et ce que le modèle en pensait avant tout réglage du tirage.

    `piece` : ce qu'il ajoute au texte, vide tant qu'un caractère n'est pas entier ; `logprob` : le logarithme naturel de sa
    probabilité, None pour le premier d'un texte, que rien ne précède ; `alternatives` : les plus probables à sa place (texte,
    probabilité), dans l'ordre.
    """

    id: int
    piece: str
    logprob: float | None
    alternatives: tuple[tuple[str, float], ...] = ()


class Pieces:
    """Ce que chaque token ajoute au texte : jamais la moitié d'un caractère, dont un token n'a parfois qu'un octet."""

    def __init__(self, tokenizer):
        self.tokenizer, self.decoder = tokenizer, codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, id: int) -> str:
        return self.decoder.decode(_bytes(self.tokenizer, id))

    def end(self) -> str:
        """Ce qui restait d'un caractère que le modèle n'a pas fini : « � », ou rien."""
        return self.decoder.decode(b"", final=True)


def _bytes(tokenizer, id: int) -> bytes:
    """Les octets que ce token écrit ; la fin de texte, et un identifiant que le tokenizer ne connaît pas, n'en écrivent aucun."""
    known = _known.setdefault(tokenizer, {})
    if id not in known:
        known[id] = _compute_bytes(tokenizer, id)
    return known[id]


def _compute_bytes(tokenizer, id: int) -> bytes:
    letters = None if id == tokenizer.eos_token_id else tokenizer.convert_ids_to_tokens(int(id))
    if not letters or id in tokenizer.added_tokens_decoder:  # un token ajouté est écrit en clair
        return (letters or "").encode("utf-8")
    return bytes(BYTES[letter] for letter in letters)


def token(tokenizer, id: int, piece: str, logits: np.ndarray) -> Token:
    """`id`, et ce que valaient les autres, d'après les logits (vocabulaire,) qui l'ont précédé."""
    normalizer = np.log(np.exp(logits - logits.max()).sum()) + logits.max()
    alternatives = tuple(
        (_bytes(tokenizer, other).decode("utf-8", "replace"), float(np.exp(logits[other] - normalizer)))
        for other in most_likely(logits, ALTERNATIVES)
    )
    return Token(id, piece, float(logits[id] - normalizer), alternatives)


def read(model, tokenizer, text: str) -> list[Token]:
    """Les tokens d'un texte déjà écrit, tels que le modèle les attendait."""
    ids, pieces = tokenizer(text)["input_ids"], Pieces(tokenizer)
    logits = model(np.array([ids])).logits.numpy()[0]
    first = Token(ids[0], pieces.add(ids[0]), None)
    return [first, *(token(tokenizer, id, pieces.add(id), row) for id, row in zip(ids[1:], logits))]


@dataclass(eq=False)
class Text:
    """Un texte à écrire : son amorce, en tokens, et ce qu'on en veut ; puis ce qui en est écrit."""

    prompt: list[int]
    max_new_tokens: int
    sampling: Sampling = Sampling()
    seed: int | None = None
    written: str = field(default="", init=False)
    ids: list[int] = field(default_factory=list, init=False)
    finished: bool = field(default=False, init=False)

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)

    @property
    def length(self) -> int:
        """Ce qu'il aura de tokens à la fin, au plus."""
        return len(self.prompt) + self.max_new_tokens


class Batch:
    """Des textes qui s'écrivent ensemble : chacun entre et sort quand il veut, entre deux tokens, avec son propre hasard."""

    def __init__(self, decoder: Decoder, tokenizer):
        self.decoder, self.tokenizer = decoder, tokenizer
        self.texts: list[Text] = []  # dans l'ordre des places du décodeur
        self.waiting: list[Text] = []
        self.pieces: dict[Text, Pieces] = {}
        self.cleared = decoder.cleared

    def join(self, text: Text) -> None:
        """Lève `ValueError` si l'amorce est vide ou d'un autre vocabulaire, ou si le texte entier ne tient pas dans le contexte."""
        if not text.prompt or text.max_new_tokens < 1 or text.length > self.decoder.context:
            raise ValueError(
                f"L'amorce fait {len(text.prompt)} tokens et sa suite {text.max_new_tokens} : il en faut au moins un à chacune, "
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
            del self.pieces[text]

    def step(self) -> list[tuple[Text, Token]]:
        """Un token de plus pour chacun ; ceux qui ont fini sortent. Lève `RuntimeError` si un autre a pris le décodeur entre-temps."""
        if self.cleared != self.decoder.cleared:
            raise RuntimeError("Le décodeur de ce modèle a commencé autre chose : ce texte ne peut plus continuer.")
        rows = list(self.decoder.step([text.ids[-1] for text in self.texts])) if self.texts else []
        if self.waiting:
            longest = max(text.length for text in self.waiting)
            rows += list(self.decoder.start([text.prompt for text in self.waiting], longest))
            self.texts += self.waiting
            self.pieces |= {text: Pieces(self.tokenizer) for text in self.waiting}
            self.waiting = []
        steps = [(text, self._write(text, logits)) for text, logits in zip(self.texts, rows)]
        for text in reversed(self.texts.copy()):  # du dernier au premier : le dernier ne change pas de place
            if text.finished:
                self.leave(text)
        return steps

    def _write(self, text: Text, logits: np.ndarray) -> Token:
        id, pieces = draw(logits, text.sampling, text.random), self.pieces[text]
        text.ids.append(id)
        text.finished = id == self.tokenizer.eos_token_id or len(text.ids) == text.max_new_tokens
        piece = pieces.add(id)
        if text.finished:
            piece += pieces.end()
        text.written += piece
        return token(self.tokenizer, id, piece, logits)
