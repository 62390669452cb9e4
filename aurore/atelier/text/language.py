"""Reconnaître le français au texte lui-même : l'en-tête d'un livre peut se tromper de langue, ou n'en rien dire."""

import unicodedata
from collections.abc import Iterable

from atelier.errors import AuroreError
from atelier.text.words import LETTERS, word_list

COMMON, FOREIGN = frozenset(word_list("common")), frozenset(word_list("foreign"))
LEAST_SHARE = 0.08  # mesurée sur 29 romans français : de 0,14 à 0,18 ; sur un roman anglais : 0,000


def check_french(paragraphs: Iterable[str]) -> None:
    """Lève `AuroreError` si trop peu des mots sont parmi les plus courants du français."""
    words = [word for paragraph in paragraphs for word in LETTERS.findall(paragraph.lower())]
    if not words:
        raise AuroreError("le nettoyage n'en a laissé aucune phrase : ce n'est sans doute pas un livre en prose.")
    share = sum(word in COMMON for word in words) / len(words)
    if share < LEAST_SHARE:
        raise AuroreError(
            f"ce texte n'est pas en français ({100 * share:.0f} % de ses mots sont parmi les plus courants du français, "
            "au lieu de 15 % d'ordinaire) : c'est sans doute une édition dans une autre langue."
        )


def seems_french(prompt: str) -> bool:
    """Cette amorce peut-elle être du français ? Quelques mots ne prouvent rien : seul compte ce qui prouve le contraire.

    Une autre écriture que la nôtre, ou plus de mots très courants ailleurs que de mots très courants en français, et plus d'un.
    """
    letters = [letter for letter in prompt if letter.isalpha()]
    if not letters or sum("LATIN" in unicodedata.name(letter, "") for letter in letters) < len(letters) / 2:
        return False
    words = LETTERS.findall(prompt.lower())
    french, foreign = (sum(word in known for word in words) for known in (COMMON, FOREIGN))
    return foreign <= french or foreign == 1 and len(words) > 2
