"""Avant et après, face à face : les mots attendus, en barres qui tiennent dans l'écran, et les débuts à montrer."""

import io
import sys
from types import SimpleNamespace

import pytest

from atelier.writing import comparison
from atelier.writing.beginnings import beginnings
from atelier.writing.comparison import Word

# Ce qu'attendent deux modèles, après tout début : des mots, et leurs probabilités.
EXPECTED = {
    "avant": {" fille": 0.2, " troupe": 0.07, ",": 0.02, "\n": 0.01, " Fadette": 0.0001},
    "après": {" Fadette": 0.24, " fille": 0.06, ",": 0.02, "<fin>": 0.015, " troupe": 0.01},
}


@pytest.fixture
def pipes(monkeypatch):
    """Deux pipelines qui attendent ce que dit `EXPECTED`."""

    def next_words(model, tokenizer, prompt, number):
        return sorted(EXPECTED[model].items(), key=lambda word: -word[1])[:number]

    monkeypatch.setattr(comparison, "next_words", next_words)
    monkeypatch.setattr(comparison, "probability", lambda model, tokenizer, prompt, word: EXPECTED[model].get(word, 0))
    end = SimpleNamespace(eos_token="<fin>", get_vocab=lambda: {"a": 0})
    return {label: SimpleNamespace(model=label, tokenizer=end) for label in EXPECTED}


def test_each_word_has_its_probability_before_and_after(pipes):
    assert comparison.before_and_after(pipes, "La petite", 3) == [
        Word("Fadette", 0.0001, 0.24),
        Word("fille", 0.2, 0.06),
        Word("troupe", 0.07, 0.01),
    ]
    words = [word.word for word in comparison.before_and_after(pipes, "La petite", 9)]
    assert words == ["Fadette", "fille", ",", "fin du texte", "troupe", "à la ligne"]


def bars(monkeypatch, words: list[Word], columns: int, encoding: str) -> list[str]:
    """Ce qu'affiche une console de cette largeur et de cet encodage."""
    screen = io.TextIOWrapper(io.BytesIO(), encoding)  # ce qu'elle ne connaît pas lèverait une erreur
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "stdout", screen)
        comparison.show_next_words("La petite", words)
    screen.seek(0)
    return screen.read().splitlines()


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("encoding, block", [("utf-8", "█"), ("cp850", "█"), ("cp1252", "#")])
def test_the_bars_face_each_other_and_fit_the_screen(pipes, monkeypatch, columns, encoding, block):
    _, question, titles, *lines = bars(
        monkeypatch, comparison.before_and_after(pipes, "La petite", 3), columns, encoding
    )
    assert "« La petite »" in question and titles.split() == ["avant", "après"]
    assert all(len(line) < columns for line in lines)
    before, after = zip(*(line.split(word) for line, word in zip(lines, ("Fadette", "fille", "troupe"))))
    assert [side.count(block) for side in before][0] == 0 and "< 0,1 %" in before[0]
    longest = after[0].count(block)
    assert "24,0 %" in after[0] and longest >= 10
    assert [side.count(block) / longest for side in (*before[1:], *after[1:])] == pytest.approx(
        [0.2 / 0.24, 0.07 / 0.24, 0.06 / 0.24, 0.01 / 0.24], abs=0.6 / longest
    )
    assert len({(line.index("%"), line.rindex("%")) for line in lines}) == 1, "les nombres sont les uns sous les autres"


def test_a_very_long_beginning_keeps_its_end(pipes, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    comparison.show_next_words("Il y avait " + "une fois " * 50 + "la petite", [Word("Fadette", 0.1, 0.2)])
    question = screen.getvalue().splitlines()[1]
    assert len(question) < 80 and "la petite »" in question


def test_the_beginnings_shown_are_those_where_a_word_gains_the_most(pipes, monkeypatch):
    assert beginnings()[0] == "La petite" and 6 <= len(beginnings()) == len(set(beginnings())) <= 8
    gains = dict(zip(beginnings(), (0.1, 0.3, 0.0, 0.2, 0.5, 0.05, 0.01, 0.02)))
    monkeypatch.setattr(
        comparison, "before_and_after", lambda pipes, prompt: [Word("a", 0.5, 0.4), Word("b", 0.1, 0.1 + gains[prompt])]
    )
    chosen = comparison.telling(pipes)
    assert [gains[prompt] for prompt in chosen] == pytest.approx([0.5, 0.3, 0.2])
    assert comparison.telling({"avant": pipes["avant"]}) == beginnings()[:3]


def test_only_two_models_of_the_same_vocabulary_compare_token_by_token(pipes):
    assert comparison.are_comparable(pipes)
    assert not comparison.are_comparable({"avant": pipes["avant"]})
    pipes["après"].tokenizer = SimpleNamespace(get_vocab=lambda: {"b": 0})
    assert not comparison.are_comparable(pipes)
