"""Le mot qui suit : des mots entiers, et leur vraie probabilité."""

import itertools

import numpy as np
import pytest
from small import small_model

from atelier.models.continuation import inside_words
from atelier.writing import next_words

PROMPT = "La petite"


@pytest.fixture(scope="module")
def decided(tokenizer):
    """Un modèle au hasard, aux avis tranchés, et son tokenizer, de 300 tokens."""
    few = tokenizer.train_new_from_iterator(
        ["La petite Fadette et la petite fille, assises au bord de l'eau."] * 9, 300
    )
    return small_model(few, n_layer=1, initializer_range=1.0), few


def chances(model, ids: list[int]) -> np.ndarray:
    """Les probabilités du token qui suit, (vocabulaire,)."""
    logits = model(np.array([ids])).logits.numpy()[0, -1].astype(float)
    return np.exp(logits - np.logaddexp.reduce(logits))


def test_a_probability_is_the_product_of_that_of_the_tokens_and_of_an_end(decided):
    model, tokenizer = decided
    start, ids = tokenizer(PROMPT)["input_ids"], tokenizer(" fille")["input_ids"]
    inside = inside_words(tokenizer)
    goes_on = inside | np.isin(np.arange(len(tokenizer)), tokenizer.convert_tokens_to_ids(["'", "-"]))
    first = chances(model, start)
    expected = first[ids[0]] / first[~inside].sum()  # « petite » est fini
    for read, id in itertools.pairwise([*ids]):
        start = [*start, read]
        expected *= chances(model, start)[id]
    expected *= chances(model, [*start, ids[-1]])[~goes_on].sum()
    assert next_words.probability(model, tokenizer, PROMPT, " fille") == pytest.approx(expected, rel=1e-4)


def test_the_most_probable_words_are_found(decided):
    model, tokenizer = decided
    found = next_words.next_words(model, tokenizer, PROMPT, 8)
    probabilities = [probability for _, probability in found]
    assert probabilities == sorted(probabilities, reverse=True) and 0 < sum(probabilities) <= 1
    assert not any(word[:1].isalnum() for word, _ in found), "le mot de la personne n'est pas allongé"
    for id in range(len(tokenizer)):
        word = tokenizer.decode([id])
        if word != " " and tokenizer(word)["input_ids"] == [id] and not inside_words(tokenizer)[id]:
            if next_words.probability(model, tokenizer, PROMPT, word) > probabilities[-1] * 1.0001:
                assert word in dict(found), "un mot d'un seul token, plus probable que le dernier"


TOLD = {  # ce qu'un modèle attendrait, selon ce qu'il a lu
    "Elle dit": {" qu": 0.5, " F": 0.25, ",": 0.1, " ": 0.1, "ait": 0.05},
    "Elle dit qu": {"'": 0.9, "e": 0.1},
    "Elle dit que": {" la": 1.0},
    "Elle dit F": {"ad": 0.8, ",": 0.2},
    "Elle dit Fad": {"ette": 1.0},
    "Elle dit Fadette": {" la": 0.75, "s": 0.25},
    "Elle dit Fadettes": {" la": 1.0},
    "Elle dit ": {".": 1.0},
}
WORDS = {" qu'": 0.45, " Fadette": 0.15, ",": 0.1, " .": 0.1, " que": 0.05, " F": 0.05, " Fadettes": 0.05}


def test_pieces_make_words_and_an_elision_keeps_its_apostrophe(tokenizer, monkeypatch):
    def read(model, tokenizer, texts):
        rows = np.zeros((len(texts), len(tokenizer)))
        for row, ids in zip(rows, texts):
            for token, probability in TOLD.get(tokenizer.decode(ids), {}).items():
                row[tokenizer(token)["input_ids"][0]] = probability
        return rows

    monkeypatch.setattr(next_words, "_read", read)
    expected = {
        word: probability / 0.95 for word, probability in WORDS.items()
    }  # « dit » est fini : « ditait » ne compte pas
    assert dict(next_words.next_words(None, tokenizer, "Elle dit", 7)) == pytest.approx(expected)
    assert [word for word, _ in next_words.next_words(None, tokenizer, "Elle dit", 2)] == [" qu'", " Fadette"]
    for word in (" Fadette", " qu'", ","):
        assert next_words.probability(None, tokenizer, "Elle dit", word) == pytest.approx(expected[word])
