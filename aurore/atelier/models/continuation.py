"""Un texte qui s'écrit, token par token : par quoi sa suite commence, ce que chaque token y ajoute, où elle finit."""

import codecs
import functools
import re
import weakref
from dataclasses import dataclass, field

import numpy as np
from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

from atelier.models.sampling import Sampling, draw
from atelier.text.sentence_ends import ends_a_sentence

CLAUSE = re.compile(r"[,;:!?…»]$")  # là où une phrase peut se suspendre
EXTRA = 40  # tokens de plus, au plus, pour finir la phrase commencée
# Les lettres par lesquelles GPT-2 écrit les octets.
BYTES = {letter: byte for byte, letter in bytes_to_unicode().items()}
# Pour chaque tokenizer, tant qu'on le garde : les octets de ses tokens, et ceux qui continuent un mot.
_known, _inside = weakref.WeakKeyDictionary(), weakref.WeakKeyDictionary()


def token_bytes(tokenizer, id: int) -> bytes:
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


def inside_words(tokenizer) -> np.ndarray:
    """(vocabulaire,) : ce token, écrit après une lettre, allonge-t-il le mot qu'elle finit ?"""
    if tokenizer not in _inside:
        _inside[tokenizer] = np.array([_goes_on(token_bytes(tokenizer, id)) for id in range(len(tokenizer))])
    return _inside[tokenizer]


def _goes_on(written: bytes) -> bool:
    first = written.decode("utf-8", "replace")[:1]
    if first == "\ufffd":  # un bout de caractère : la suite d'un autre, ou le début d'une lettre, mais non de « ou de —
        return written[0] < 0xC2 or 0xC3 <= written[0] < 0xE0
    return first.isalnum()


class Pieces:
    """Ce que chaque token ajoute au texte : jamais la moitié d'un caractère, dont un token n'a parfois qu'un octet."""

    def __init__(self, tokenizer):
        self.tokenizer, self.decoder = tokenizer, codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, id: int) -> str:
        return self.decoder.decode(token_bytes(self.tokenizer, id))

    def end(self) -> str:
        """Ce qui restait d'un caractère que le modèle n'a pas fini : « � », ou rien."""
        return self.decoder.decode(b"", final=True)


@dataclass(eq=False)
class Text:
    """Un texte à écrire : son amorce, en tokens, et ce qu'on en veut ; puis ce qui en est écrit.

    `whole_words` : si l'amorce finit par une lettre, le réseau n'allonge pas ce mot, qui est à la personne. `extra` : ce qu'on
    lui laisse de tokens, passé `max_new_tokens`, pour finir la phrase où il en est.
    """

    tokenizer: object
    prompt: list[int]
    max_new_tokens: int
    sampling: Sampling = Sampling()
    seed: int | None = None
    whole_words: bool = False
    extra: int = 0
    ids: list[int] = field(default_factory=list, init=False)
    pieces: list[str] = field(default_factory=list, init=False)
    finished: bool = field(default=False, init=False)

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        self.decoded = Pieces(self.tokenizer)

    @property
    def length(self) -> int:
        """Ce qu'il aura de tokens à la fin, au plus."""
        return len(self.prompt) + self.max_new_tokens + self.extra

    @property
    def written(self) -> str:
        return "".join(self.pieces)

    @functools.cached_property
    def before(self) -> str:
        """L'amorce."""
        return b"".join(token_bytes(self.tokenizer, id) for id in self.prompt).decode("utf-8", "replace")

    def allowed(self, logits: np.ndarray) -> np.ndarray:
        """Les mêmes logits (vocabulaire,), à moins l'infini pour les tokens qui ne peuvent venir ici."""
        if self.whole_words and not self.ids and self.before[-1:].isalnum():
            logits = logits.copy()
            logits[: len(self.tokenizer)][inside_words(self.tokenizer)] = -np.inf
        return logits

    def add(self, logits: np.ndarray) -> int:
        """Tire le token suivant, d'après des logits `allowed`, et l'ajoute."""
        self.ids.append(draw(logits, self.sampling, self.random))
        self.pieces.append(self.decoded.add(self.ids[-1]))
        self.finished = self.ids[-1] == self.tokenizer.eos_token_id or self._is_long_enough()
        if self.finished:
            self.pieces[-1] += self.decoded.end()
        return self.ids[-1]

    def _is_long_enough(self) -> bool:
        missing = self.max_new_tokens - len(self.ids)
        return missing <= -self.extra or (missing <= 0 and ends_a_sentence(self.before + self.written))


def kept(prompt: str, pieces: list[str]) -> int:
    """Combien de ces morceaux garder pour finir avec une phrase ; si l'on devait y perdre plus de la moitié du texte, à une virgule, ou
    à tout autre signe ; et tous, s'il n'y en a pas non plus."""
    least = max(1, (len(pieces) + 1) // 2)
    written = {number: prompt + "".join(pieces[:number]) for number in range(len(pieces), least - 1, -1)}
    for ends in (ends_a_sentence, CLAUSE.search):
        for number, text in written.items():
            if pieces[number - 1].strip() and ends(text):
                return number
    return len(pieces)
