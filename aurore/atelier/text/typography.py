"""Une seule typographie pour tous les textes, quelle que soit l'édition.

Les éditions du projet Gutenberg écrivent la même phrase de dix façons : « Quoi! » ou « Quoi ! »,
« coeur » ou « cœur », « -- » ou « — », ’ ou '. Pour le tokenizer, ce seraient autant de mots différents.
"""

import re
import unicodedata

from atelier.text.words import word_list

OE = re.compile(rf"\b(?=\w*oe)(?:{'|'.join(word_list('oe')).replace('œ', 'oe')})", re.IGNORECASE)

# Dans l'ordre où elles s'appliquent.
RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("[\u00ad\u200b\u200c\u200d\u2060\ufeff]", ""),  # traits d'union conditionnels, caractères sans largeur
        (r"\s+", " "),
        ("[\u2018\u2019\u02bc`´]", "'"),
        ("[“„]", "«"),
        ("”", "»"),
        (r"""(?<![^\s('—«-])" ?([^"]*?) ?"(?=[\s.,;:!?)…»—-]|$)""", r"« \1 »"),
        (r"""(?<![^\s('—«-])"(?=\S)""", "«"),
        ('"', "»"),
        ("[«»]{2,}", lambda found: found[0][0]),
        (r"\.(?: ?\.){2,}", "…"),
        (r"(?<=\d)–(?=\d)", "-"),
        (r"^-\s*(?=[^\W\d_a-z«])", "— "),  # « - Oui » : certaines éditions n'ont qu'un trait d'union
        (r"\s*(?:-{2,}|[–—―])+\s*", " — "),
        (r"^»\s*(?=[\w…])", ""),  # autrefois répété au début de chaque paragraphe d'une longue citation
        (r"«\s*", "« "),
        (r"\s*»", " »"),
        # En français, une espace précède les signes doubles ; « 10:30 » et « http: » n'en sont pas.
        (r"(?<=[^\s!?;:])\s*([;:!?]+)(?=[\s»)\]…—,.]|$)", r" \1"),
        (r"\s+([,.])", r"\1"),
    )
)


def _ligature(found: re.Match) -> str:
    word = found[0]
    position = word.lower().index("oe")
    return word[:position] + ("œ" if word[position] == "o" else "Œ") + word[position + 2 :]


def normalize(text: str) -> str:
    """Réécrit un paragraphe (une chaîne, sans retour à la ligne significatif) dans la typographie de l'atelier.

    ' (U+0027), —, « et » avec des espaces ordinaires, …, œ, une espace ordinaire avant ; : ! ?
    """
    text = unicodedata.normalize("NFC", text).strip()
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return OE.sub(_ligature, text).strip()
