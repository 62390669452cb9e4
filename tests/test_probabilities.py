"""Ce que la page sait d'un début : le token suivant à chaque température, sa longueur, ce que l'entraînement y change."""

import math

import pytest
from api import ask
from transformers import AutoTokenizer

from atelier import settings

PROMPT = "Il était une fois"


def test_the_next_token_is_told_with_what_the_temperature_does_to_it(address):
    status, body = ask(address, "next", dict(prompt=PROMPT, model="mini"))
    assert status == 200 and len(body["alternatives"]) == 20
    for temperature, log_sum in zip(body["temperatures"], body["log_sums"]):
        shares = [math.exp(math.log(each["probability"]) / temperature - log_sum) for each in body["alternatives"]]
        assert shares == sorted(shares, reverse=True) and sum(shares) < 1 + 1e-6
    assert body["temperatures"][9] == 1 and body["log_sums"][9] == pytest.approx(0, abs=1e-5)
    coldest = math.exp(math.log(body["alternatives"][0]["probability"]) / 0.1 - body["log_sums"][0])
    assert coldest > body["alternatives"][0]["probability"]


def test_how_much_of_the_beginning_the_model_reads_is_told(address):
    _, short = ask(address, "tokens", dict(prompt=PROMPT))
    assert 0 < short["tokens"] < 10 and short["forgotten"] == 0 and short["context"] == 256
    long = "Elle marchait dans la campagne. " * 60
    _, told = ask(address, "tokens", dict(prompt=long, slide=True, max_new_tokens=56))
    read = AutoTokenizer.from_pretrained(settings.MINI)(long[told["forgotten"] :].strip())["input_ids"]
    assert told["tokens"] > 256 and told["room"] == 200 and abs(len(read) - 200) <= 3


def test_the_next_words_before_and_after_are_told(address):
    status, answer = ask(address, "next-words", dict(prompt="La petite"))
    assert status == 200 and len(answer["words"]) >= 5
    assert all(word["word"] and word["before"] == pytest.approx(word["after"]) for word in answer["words"]), (
        "ici, le même modèle"
    )


@pytest.mark.parametrize("path", ["next", "tokens", "next-words"])
def test_what_cannot_be_looked_at_is_told(address, path):
    status, answer = ask(address, path, dict(prompt="  "))
    assert status == 400 and "vide" in answer["error"]
    assert ask(address, path, dict(prompt=PROMPT, model=3))[0] == 400
