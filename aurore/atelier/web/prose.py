"""La typographie de l'imprimé."""

import re

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
