"""Lire les tokens comme un humain, et comparer deux tokenizers."""

import re
from collections.abc import Iterable

LETTERS = re.compile(r"[^\W\d_]+")


def readable(tokenizer, ids: list[int]) -> list[str]:
    """Le texte de chaque token, avec son espace de tête ; un caractère coupé en deux garde l'écriture du vocabulaire.

    Un BPE d'octets n'a ni espace ni accent dans son vocabulaire : il écrit chacun des 256 octets avec un caractère
    visible, « Ġ » pour l'espace, « Ã© » pour les deux octets UTF-8 de « é ».
    """
    pieces = []
    for token in tokenizer.convert_ids_to_tokens(ids):
        text = tokenizer.convert_tokens_to_string([token])
        pieces.append(token if "\ufffd" in text else text)
    return pieces


def efficiency(tokenizer, texts: Iterable[str]) -> tuple[float, float]:
    """(tokens par mot, part des mots laissés entiers) sur des textes ; un mot est une suite de lettres."""
    number_of_words = number_of_tokens = whole = 0
    for text in texts:
        # Les bornes de chaque token dans le texte, sans l'espace qu'il peut avoir en tête.
        spans = {
            (start + text[start:end].startswith(" "), end)
            for start, end in tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
        }
        words = [word.span() for word in LETTERS.finditer(text)]
        number_of_words += len(words)
        number_of_tokens += len(spans)
        whole += sum(span in spans for span in words)
    return number_of_tokens / number_of_words, whole / number_of_words
