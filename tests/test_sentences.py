"""Où finit une phrase : « | » marque chaque coupure attendue."""

import pytest

from atelier.sentences import sentence_tokenizer

CASES = [
    "M. de Mauprat salua Mme. Sand. | Mlle. Rose et MM. Dupont partirent.",
    "J.-J. Rousseau l'écrivit. | Louis XIV. mourut.",
    "C'est M. N***. | Il dort.",
    "Quoi ! dit-il. | Vous ici ? | Jamais !",
    "— Ah ! — dit-il — c'est toi ! | — Oui. | — Bien.",
    "« Ah ! » fit-elle. | Et puis ?",
    "« Venez ! | Partons ! » | Ils partirent.",
    "Ils vinrent à moi. | « Quoi, dit l'un, c'est vous ? » | Je ris.",
    "Elle dit : « Allez-vous-en. » et sortit.",
    "Il hésita… puis il partit… | Elle le suivit.",
    "Ah !… vraiment ?! | Oui !!! | Non.",
    "Il vint en 1848. | Puis il repartit.",
    "Voyez p. 12 et vol. 3 de ce livre.",
    "Venez avec moi. | Oui.",
]


@pytest.fixture(scope="module")
def tokenizer():
    return sentence_tokenizer()


@pytest.mark.parametrize("case", CASES)
def test_boundaries(tokenizer, case):
    expected = case.split(" | ")
    assert tokenizer.tokenize(" ".join(expected)) == expected
