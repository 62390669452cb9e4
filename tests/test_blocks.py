"""Où finit un paragraphe, dans les livres qui n'en séparent aucun par une ligne vide."""

import pytest

from atelier.errors import AuroreError
from atelier.text.cleaning import clean

PARAGRAPHS = [
    f"Le jour {number}, Landry poussa la barrière du pré et regarda longtemps les bœufs qui revenaient de\nl'abreuvoir, l'un derrière l'autre, sans se presser."
    for number in range(1, 61)
]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"   {paragraph}" for paragraph in PARAGRAPHS),
        "\n".join(f"\t{paragraph}" for paragraph in PARAGRAPHS),
        "\n".join(" ".join(paragraph.split()) for paragraph in PARAGRAPHS * 2),
    ],
    ids=["des alinéas", "des tabulations", "une ligne chacun"],
)
def test_paragraphs_without_an_empty_line_between_them_stay_apart(text):
    assert clean(text)[:60] == [" ".join(paragraph.split()) for paragraph in PARAGRAPHS]


def test_a_text_where_nothing_separates_the_paragraphs_is_refused_for_that():
    with pytest.raises(AuroreError, match="rien n'y sépare les paragraphes"):
        clean("\n".join(PARAGRAPHS))
