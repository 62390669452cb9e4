"""Où finit une phrase."""

import re

import pytest
from boundaries import CASES, EXACT, score
from nltk.tokenize.punkt import PunktSentenceTokenizer

from atelier.text.sentences import load_parameters, sentence_tokenizer
from atelier.text.train_punkt import train_parameters


@pytest.fixture(scope="module")
def split():
    return sentence_tokenizer().tokenize


def test_each_boundary_of_the_table(split):
    assert len(CASES) >= 120
    wrong = {" | ".join(case): " | ".join(split(" ".join(case))) for case in EXACT if split(" ".join(case)) != case}
    assert not wrong


def test_the_score_is_ahead_of_the_untrained_tokenizer(split):
    precision, recall, f1 = score(split)
    assert f1 >= 0.99 and f1 > score(PunktSentenceTokenizer().tokenize)[2]


def test_nothing_of_a_paragraph_is_lost(split):
    text = " ".join(" ".join(case) for case in CASES)
    assert re.sub(r"\s", "", "".join(split(text))) == re.sub(r"\s", "", text)


def test_an_empty_paragraph_has_no_sentence(split):
    assert split("") == []


def test_learned_parameters_are_written_and_read_in_nltks_format(tmp_path):
    text = "Le bat. Chose partit. Le bat. Untel revint. On vit le bat. Machin. " * 20
    learned = train_parameters([text, "Elle vint. Il partit."], tmp_path / "punkt")
    read = load_parameters(tmp_path / "punkt")
    assert {path.name for path in (tmp_path / "punkt").iterdir()} == {
        "abbrev_types.txt",
        "sent_starters.txt",
        "collocations.tab",
        "ortho_context.tab",
    }
    assert "mme" in read.abbrev_types and read.abbrev_types == learned.abbrev_types
    assert read.collocations == learned.collocations and read.ortho_context == learned.ortho_context
