"""Où finit une phrase : Punkt, et ce qu'il faut savoir du français des romans pour s'en servir.

Punkt apprend les abréviations d'une langue en lisant du texte (Kiss et Strunk, « Unsupervised Multilingual Sentence
Boundary Detection », 2006). Les paramètres appris sur le corpus de l'atelier sont dans `punkt/`, dans le format de
NLTK (`train_punkt.py` les y écrit) ; nous les lisons nous-mêmes, car `nltk.data` refuse les fichiers d'un volume dont il
n'est pas propriétaire.
"""

import functools
import re
from pathlib import Path

from nltk.tabdata import PunktDecoder
from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer

from atelier.text.sentence_ends import goes_on

FOLDER = Path(__file__).with_name("punkt")


class FrenchVars(PunktLanguageVars):
    """Ce qui termine une phrase en français, et ce qui la prolonge."""

    sent_end_chars = (".", "?", "!", "…")

    # Pas de coupure avant une minuscule, même derrière un guillemet ou un tiret (« Quoi ! — dit-il », « Ah ! » fit-elle),
    # ni avant une autre ponctuation (« Plus haut ! » ;).
    _period_context_fmt = r"""
        (?:%(SentEndChars)s)
        (?=(?P<after_tok>
            (?=[)\]»]*\s+(?![»)\]—…\s]*[a-zß-ÿœ;:,!?])\S)
            \s*(?P<next_tok>[)\]»]+|\S+)
        ))"""

    # Un guillemet ou une parenthèse qui se ferme reste avec ce qui précède.
    re_boundary_realignment = re.compile(r"(?:[»)\]]\s*)+")


class FrenchSentenceTokenizer(PunktSentenceTokenizer):
    """Punkt, qui décide par ses statistiques, et les quelques abréviations où il n'y a rien à décider."""

    def __init__(self, parameters: PunktParameters):
        super().__init__(parameters, lang_vars=FrenchVars())

    def tokenize(self, text: str, realign_boundaries: bool = True) -> list[str]:
        """Les phrases d'un paragraphe."""
        sentences = []
        for piece in super().tokenize(text, realign_boundaries):
            if sentences and goes_on(sentences[-1], piece):
                sentences[-1] += f" {piece}"
            else:
                sentences.append(piece)
        return sentences


def load_parameters(folder: Path = FOLDER) -> PunktParameters:
    """Les paramètres appris, lus dans les quatre fichiers de NLTK."""
    decoder, parameters = PunktDecoder(), PunktParameters()

    def read(name: str, decode):
        with open(folder / name, encoding="utf-8", newline="\n") as file:
            return decode(file)

    parameters.abbrev_types = read("abbrev_types.txt", decoder.txt2set)
    parameters.sent_starters = read("sent_starters.txt", decoder.txt2set)
    parameters.collocations = set(read("collocations.tab", decoder.tab2tups))
    parameters.ortho_context = read("ortho_context.tab", decoder.tab2intdict)
    return parameters


@functools.cache
def sentence_tokenizer() -> PunktSentenceTokenizer:
    """Le découpeur de phrases de l'atelier : un paragraphe entre, ses phrases sortent (`.tokenize(paragraph)`)."""
    return FrenchSentenceTokenizer(load_parameters())
