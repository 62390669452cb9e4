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
    texts = list(texts)
    words = [word for text in texts for word in LETTERS.findall(text)]
    number_of_tokens = sum(len(ids) for ids in tokenizer(texts)["input_ids"])
    # Avec son espace : c'est ainsi qu'un mot se présente au milieu d'une phrase.
    whole = sum(len(ids) == 1 for ids in tokenizer([f" {word}" for word in words])["input_ids"])
    return number_of_tokens / len(words), whole / len(words)
