"""Où finit une phrase : Punkt, et ce qu'il faut savoir du français des romans pour s'en servir.

Punkt apprend les abréviations d'une langue en lisant du texte (Kiss et Strunk, « Unsupervised Multilingual Sentence
Boundary Detection », 2006). Les paramètres appris sur le corpus de l'atelier sont dans `punkt/`, dans le format de
NLTK ; nous les lisons nous-mêmes, car `nltk.data` refuse les fichiers d'un volume dont il n'est pas propriétaire.

    cd aurore && python -m atelier.sentences     réapprend les paramètres, sur les données de l'étape 1
"""

import re
from collections.abc import Iterable
from pathlib import Path

from nltk.tabdata import PunktDecoder, TabEncoder
from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer, PunktTrainer

from atelier.whole import written_whole
from atelier.words import word_list

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
            if sentences and _goes_on(sentences[-1], piece):
                sentences[-1] += f" {piece}"
            else:
                sentences.append(piece)
        return sentences


TITLE = re.compile(rf"(?:^|[\s'(«])(?:{'|'.join(map(re.escape, word_list('titles')))})\.$")
NUMBERED = re.compile(rf"(?:^|[\s'(«])(?:{'|'.join(word_list('numbered'))})\.$", re.IGNORECASE)
NUMBER = re.compile(r"\d|[IVXLC]+\b(?!')")
INITIAL, ANOTHER_INITIAL = re.compile(r"(?:^|[\s'«(])[A-ZÀÉ]\.$"), re.compile(r"[A-ZÀÉ]\.(?:\s|-|$)")


def _goes_on(sentence: str, piece: str) -> bool:
    """`piece` continue-t-il `sentence` ? « Mme. | Sand », « art. | 7 », « S. | A. le prince »."""
    return bool(
        not re.search(r"[^\W\d_]", sentence)  # « … | Trois ans après »
        or TITLE.search(sentence)
        or NUMBERED.search(sentence) and NUMBER.match(piece)
        or INITIAL.search(sentence) and ANOTHER_INITIAL.match(piece)
    )


def ends_a_sentence(text: str) -> bool:
    """Ce texte, qu'on est en train d'écrire, peut-il s'arrêter là ? Non après « M. », ni dans une citation qui reste ouverte."""
    quoting = text.count("«") > text.count("»")
    return bool(re.search(r"[.!?…](?:\s?[»)\]])*$", text)) and not (quoting or INITIAL.search(text) or _goes_on(text, ""))


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


def sentence_tokenizer() -> PunktSentenceTokenizer:
    """Le découpeur de phrases de l'atelier : un paragraphe entre, ses phrases sortent (`.tokenize(paragraph)`)."""
    return FrenchSentenceTokenizer(load_parameters())


def train_parameters(paragraphs: Iterable[str], folder: Path = FOLDER) -> PunktParameters:
    """Apprend les paramètres sur des paragraphes et les écrit dans `folder`, dans le format de NLTK."""
    trainer = PunktTrainer(lang_vars=FrenchVars())
    trainer.INCLUDE_ALL_COLLOCS = False
    trainer.train("\n".join(paragraphs), finalize=True)
    parameters = trainer.get_params()
    parameters.abbrev_types |= set(word_list("abbreviations"))
    encoder = TabEncoder()
    with written_whole(folder) as partial:
        partial.mkdir()
        for name, text in {
            "abbrev_types.txt": encoder.set2txt(sorted(parameters.abbrev_types)),
            "sent_starters.txt": encoder.set2txt(sorted(parameters.sent_starters)),
            "collocations.tab": encoder.tups2tab(sorted(parameters.collocations)),
            "ortho_context.tab": encoder.ivdict2tab(dict(sorted(parameters.ortho_context.items()))),
        }.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
    return parameters


if __name__ == "__main__":
    from atelier.corpus import load_data, paragraphs

    train_parameters(paragraphs(load_data()["train"]))
