"""Réapprendre les paramètres de Punkt, sur les données de l'étape 1.

cd aurore && python -m atelier.text.train_punkt
"""

from collections.abc import Iterable
from pathlib import Path

from nltk.tabdata import TabEncoder
from nltk.tokenize.punkt import PunktParameters, PunktTrainer

from atelier.atomic import atomic_write
from atelier.text.corpus import load_data, paragraphs
from atelier.text.sentences import FOLDER, FrenchVars
from atelier.text.words import word_list


def train_parameters(paragraphs: Iterable[str], folder: Path = FOLDER) -> PunktParameters:
    """Apprend les paramètres sur des paragraphes et les écrit dans `folder`, dans le format de NLTK."""
    trainer = PunktTrainer(lang_vars=FrenchVars())
    trainer.INCLUDE_ALL_COLLOCS = False
    trainer.train("\n".join(paragraphs), finalize=True)
    parameters = trainer.get_params()
    parameters.abbrev_types |= set(word_list("abbreviations"))
    encoder = TabEncoder()
    with atomic_write(folder) as partial:
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
    train_parameters(paragraphs(load_data()["train"]))
