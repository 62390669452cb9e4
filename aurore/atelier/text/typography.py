"""Une seule typographie pour tous les textes, quelle que soit l'édition.

Les éditions du projet Gutenberg écrivent la même phrase de dix façons : « Quoi! » ou « Quoi ! »,
« coeur » ou « cœur », « -- » ou « — », ’ ou '. Pour le tokenizer, ce seraient autant de mots différents.
"""

import html
import re
import unicodedata
from contextlib import suppress

from atelier.console import number
from atelier.errors import AuroreError
from atelier.text.words import word_list

OE = re.compile(rf"\b(?=\w*oe)(?:{'|'.join(word_list('oe')).replace('œ', 'oe')})", re.IGNORECASE)

# Dans l'ordre où elles s'appliquent.
RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Des traits d'union conditionnels, des caractères sans largeur ; ceux qui lient deux emojis restent.
        ("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|(?<=\\w)[\u200c\u200d]|[\u200c\u200d](?=\\w)", ""),
        # D'autres formes des mêmes lettres : « ﬁ », « Ｏｕｉ », « Mᵐᵉ », « ſœur ».
        (
            "[\u017f\u02b0-\u02b8\u1d2c-\u1d6a\u207f\ufb00-\ufb06\uff01-\uff5e]",
            lambda found: unicodedata.normalize("NFKC", found[0]),
        ),
        (r"\s+", " "),
        ("[\u2010\u2011\u2212]", "-"),
        ("[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u2032`´]", "'"),
        ("\u2033|(?<!\\w)''|''(?!\\w)", '"'),
        ("[“„‟‹]", "«"),
        ("[”›]", "»"),
        (r"""(?<![^\s('—«-])" ?([^"]*?) ?"(?=[\s.,;:!?)…»—-]|$)""", r"« \1 »"),
        (r"""(?<![^\s('—«-])"(?=\S)""", "«"),
        ('"', "»"),
        ("[«»]{2,}", lambda found: found[0][0]),
        (r"\.(?: ?\.){2,}|…[.…]+", "…"),
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


ENTITY = re.compile(r"&(?:\w+|#\d+|#[xX][0-9a-fA-F]+);")


def unescaped(text: str) -> str:
    """Le texte, où ce qui vient du code d'une page web se lit : « l&rsquo;&eacute;t&eacute; » est « l’été »."""
    return ENTITY.sub(lambda found: html.unescape(found[0]), text)


def normalize(text: str) -> str:
    """Réécrit un paragraphe (une chaîne, sans retour à la ligne significatif) dans la typographie de l'atelier.

    ' (U+0027), —, « et » avec des espaces ordinaires, …, œ, une espace ordinaire avant ; : ! ?
    """
    text = unicodedata.normalize("NFC", unescaped(text)).strip()
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return OE.sub(_ligature, text).strip()


def normalize_lines(text: str) -> str:
    """Réécrit un texte de plusieurs paragraphes comme le modèle en a lu : un saut de ligne entre deux, et rien d'autre."""
    return "\n".join(paragraph for line in text.splitlines() if (paragraph := normalize(line)))


def only_text(typed: str, name: str) -> str:
    """Ce que la personne a tapé. Lève `AuroreError` si ce n'est pas que du texte ; `name` : « L'amorce ».

    Toute écriture et tout emoji en est : le tokenizer connaît chaque octet. Pas les caractères de commande, qu'un écran exécuterait.
    """
    with suppress(
        UnicodeError
    ):  # une console sans réglage de langue (LC_ALL=C) laisse leurs octets aux lettres accentuées
        typed = typed.encode("utf-8", "surrogateescape").decode("utf-8")
    for character in typed:
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace():
            raise AuroreError(
                f"{name} contient U+{ord(character):04X}, qui n'est pas du texte : ôtez ce caractère, ou retapez tout."
            )
    return typed


def typed(text: str, longest: int = 1000) -> str:
    """Un texte que la personne a tapé, dans la typographie des livres. Lève `AuroreError` si l'on ne peut en montrer les tokens."""
    text = only_text(text, "Le texte")
    if len(text) > longest:
        raise AuroreError(
            f"Ce texte a {number(len(text))} caractères : pour en regarder chaque token, donnez-en {number(longest)} au plus."
        )
    if text := normalize(text):
        return text
    raise AuroreError('Le texte est vide : écrivez-le entre guillemets, par exemple --text "Je suis née à Nohant".')
