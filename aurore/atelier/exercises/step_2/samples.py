"""De quoi essayer les réponses : des textes, et deux tokenizers."""

import functools

from atelier import settings  # isort: skip (avant transformers, dont `atelier` règle l'environnement)

from transformers import AutoTokenizer, PreTrainedTokenizerBase

TEXTS = ("Bonjour Madame, où est l'été ?", "Elle lui répondit.")
CORPUS = [
    f"La fauvette de Nohant chantait, et {name} l'écoutait sans bouger."
    for name in ("Fadette", "Landry", "Sylvinet", "Madelon")
]


@functools.cache
def mini_tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(settings.MINI)


@functools.cache
def small_tokenizer() -> PreTrainedTokenizerBase:
    """Un autre tokenizer, pour que personne ne réponde d'avance."""
    return mini_tokenizer().train_new_from_iterator([CORPUS], 280, show_progress=False)
