"""Ce que la page fait d'un texte : la typographie de l'imprimé, les insultes masquées."""

import pytest

from atelier import settings
from atelier.web.insults import insults, mask, masked
from atelier.web.prose import printed
from atelier.writing.streaming import Token


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Quoi ! dit-il ; l'heure ?", "Quoi\u202f! dit-il\u202f; l’heure\u202f?"),
        ("« Oui » : non", "«\u00a0Oui\u00a0»\u00a0: non"),
        ("— Ah", "—\u00a0Ah"),
    ],
)
def test_a_text_is_printed_as_in_a_book(text, expected):
    assert printed(text) == expected and len(printed(text)) == len(text)


def test_an_insult_is_found_whatever_its_accents_case_or_number():
    assert [found[0] for found in insults("Ces ENFOIRÉS, connard !")] == ["ENFOIRÉS", "connard"]
    assert not insults("le bouffon du roi, une catin, un conte, la concorde, la députée")
    assert [found[0] for found in insults("quel PÉDÉ")] == ["PÉDÉ"] and not insults("stans pede in uno")


@pytest.mark.parametrize(
    "sentence",
    [
        "Ce vieillard débile, abruti par la fatigue, avait élevé le bâtard du comte",
        "La négresse et les nègres du planteur, un crétin des Alpes",
        "Il jouait con brio la partition de Gogol",
        "Un salaud que ce régisseur, et quelle saloperie que son auberge !",
    ],
)
def test_a_word_that_the_novels_write_is_no_insult(sentence):
    assert not insults(sentence)


def test_no_word_of_the_corpus_is_an_insult():
    assert not insults(" ".join(path.read_text("utf-8") for path in settings.EXCERPTS.glob("*.txt")))
    assert masked("Quel connard !") == "Quel c•••••• !"


def piece(text: str) -> Token:
    return Token(1, text, -1.0, ((text, 0.5), (" connard", 0.1)))


def test_an_insult_in_several_tokens_is_masked_before_any_is_shown():
    shown = list(mask([piece(" quel"), None, piece(" con"), piece("nard"), piece(" !")], "Ah"))
    assert [token.piece if token else None for token in shown] == [None, " quel", " c••", "••••", " !"]
    assert shown[1].alternatives[1] == (" c••••••", 0.1)


def test_an_insult_begun_by_the_prompt_is_masked():
    assert [token.piece for token in mask([piece("nard"), piece(" !")], "quel con")] == ["••••", " !"]


def test_an_ordinary_word_begun_like_an_insult_passes():
    assert [token.piece for token in mask([piece(" con"), piece("te")], "")] == [" con", "te"]
