"""Les vrais livres : ce que l'étape 1 en garde, à côté de ce qu'une personne y a marqué."""

import os
import re
from pathlib import Path

import pytest
from marks import MARKS, marked_book
from scripts import load, succeed

from atelier.errors import AuroreError
from atelier.text import corpus
from atelier.web.insults import insults

pytestmark = pytest.mark.skipif(
    "AURORE_GUTENBERG" not in os.environ, reason="AURORE_GUTENBERG ne donne pas de vrais livres"
)
MIRROR = Path(os.environ.get("AURORE_GUTENBERG", "")).resolve()


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark["file"])
def test_her_text_is_kept_and_the_rest_goes(mark):
    book = marked_book(MIRROR, mark)
    if not book:
        pytest.skip("ce miroir n'a pas cette édition")
    assert book.lost < 0.002 * book.words(book.hers)
    assert book.foreign < 0.001 * book.words(book.hers)


def test_an_english_translation_is_refused():
    with pytest.raises(AuroreError, match="pas en français"):
        load("1_prepare_dataset_solution.py").read_book(MIRROR / "files" / "63445" / "63445-0.txt")


def test_step_1_on_the_workshops_books(tmp_path):
    shown = succeed("1_prepare_dataset_solution.py", "--mirror", str(MIRROR), home=tmp_path).stdout
    assert "12 livres.\n" in shown and "autre édition" not in shown
    data = corpus.load_data(tmp_path / "data")
    assert len(data["train"]) > 40_000 and len(data["test"]) > 1_500
    for split in data:
        text = "\n".join(data[split]["text"])
        assert not insults(text), "aucun mot de Sand n'est une insulte"
        assert not re.search(r"Gutenberg|\bebook\b|Distributed|\*\*\* (?:START|END)|[_’\[\]]|--", text, re.IGNORECASE)
