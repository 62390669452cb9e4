"""La mise en page d'une suite : la typographie de l'imprimé, et où l'on s'arrête."""

import re

from atelier.text.sentences import ends_a_sentence

FINE, FIXED = "\u202f", "\u00a0"  # l'espace fine insécable, et l'espace insécable ordinaire
PRINTED = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in ((" (?=[;!?])", FINE), (" (?=[:»])", FIXED), ("(?<=[«—]) ", FIXED), ("'", "’"))
)


def printed(text: str) -> str:
    """Le texte comme un livre l'imprime : l'apostrophe courbe, et des espaces où la ligne ne se coupe pas. De la même longueur."""
    for pattern, replacement in PRINTED:
        text = pattern.sub(replacement, text)
    return text


def kept(prompt: str, pieces: list[str]) -> int:
    """Combien de ces morceaux garder pour finir à la fin d'une phrase : tous, si l'on devait y perdre plus de la moitié."""
    for number in range(len(pieces), max(1, (len(pieces) + 1) // 2) - 1, -1):
        if pieces[number - 1].strip() and ends_a_sentence(prompt + "".join(pieces[:number])):
            return number
    return len(pieces)
