"""`/dedans` : ce que la page montre du réseau est ce que transformers y voit, et l'on y tire le token suivant."""

import base64
import json

import api
import numpy as np
import pytest
import visitor
from browser import wait_until
from transformers import TFGPT2LMHeadModel

from atelier import settings
from atelier.models.gpt2 import GPT2
from atelier.models.inside import GUESSES, look
from atelier.models.sampling import Sampling, adjusted

SENTENCE = "Cette jeune femme était assise à la fenêtre"


@pytest.fixture
def inside(page, address):
    page.open(f"{address}/dedans")
    wait_until(lambda: page.find_all(".tokens button"))
    return page


def ask(address: str, **asked) -> tuple[int, dict]:
    status, seen = api.ask(address, "inside", asked)
    assert len(json.dumps(seen)) < 200_000
    return status, seen


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


@pytest.mark.parametrize("block", [0, 5])
def test_the_numbers_are_those_of_transformers(tokenizer, block):
    model, peer = GPT2.from_pretrained(settings.MINI), TFGPT2LMHeadModel.from_pretrained(settings.MINI)
    ids = tokenizer(SENTENCE)["input_ids"]
    seen, known = look(model, ids, block), peer(np.array([ids]), output_attentions=True, output_hidden_states=True)
    np.testing.assert_allclose(seen.tokens + seen.positions, known.hidden_states[0][0], atol=1e-5)
    np.testing.assert_allclose(seen.attention, known.attentions[block][0], atol=1e-5)
    np.testing.assert_allclose(seen.logits, known.logits[0, -1], atol=1e-3)
    assert seen.guesses.shape == seen.chances.shape == (7, len(ids), GUESSES)
    table = peer.transformer.wte.embeddings.numpy()
    for layer in (0, 3):
        logits = peer.transformer.ln_f(known.hidden_states[layer])[0].numpy() @ table.T
        np.testing.assert_array_equal(seen.guesses[layer, :, 0], logits.argmax(axis=-1))
    np.testing.assert_array_equal(seen.guesses[-1, :, 0], known.logits[0].numpy().argmax(axis=-1))


def test_a_sentence_is_told_whole(address, tokenizer):
    status, seen = ask(address, prompt=SENTENCE, model="mini", block=2)
    ids = tokenizer(SENTENCE)["input_ids"]
    assert status == 200 and seen["ids"] == ids and "".join(seen["pieces"]) == SENTENCE
    attention = unpacked(seen["attention"], "<f2").reshape(seen["heads"], len(ids), len(ids))
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=0.01)
    assert not np.triu(attention, 1).any(), "personne ne regarde après"
    assert seen["listed"][0][0] == unpacked(seen["logits"], "<f4").argmax()
    longer = ask(address, prompt=SENTENCE, model="mini", ids=[seen["listed"][0][0]])[1]
    assert longer["ids"] == [*ids, seen["listed"][0][0]]


@pytest.mark.parametrize(
    "asked, word",
    [
        ({"prompt": ""}, "vide"),
        ({"prompt": "mot " * 60}, "40"),
        ({"prompt": "a\u0007b"}, "U+0007"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": SENTENCE, "block": 6}, "0 à 5"),
        ({"prompt": SENTENCE, "block": "un"}, "0 à 5"),
        ({"prompt": SENTENCE, "ids": [10**9]}, "ids"),
        ({"prompt": SENTENCE, "model": "gpt-5"}, "gpt-5"),
        ({"prompt": SENTENCE, "heads": 3}, "JSON"),
    ],
)
def test_what_cannot_be_shown_is_told(address, asked, word):
    status, answer = ask(address, **asked)
    assert status == 400 and word in answer["error"]


@visitor.NEEDS_A_BROWSER
def test_each_token_says_whom_it_looks_at(inside):
    count = len(inside.find_all(".tokens button"))
    inside.find_all(".tokens button")[2].click()
    assert "« femme »" in inside.find(".attention-said").text
    assert len([each for each in inside.find_all(".attended button") if each.property("disabled")]) == count - 3
    inside.find(".block").type("6")
    wait_until(lambda: "Dans le bloc 6" in inside.find(".attention-said").text)


@visitor.NEEDS_A_BROWSER
def test_a_token_is_drawn_and_taken_off(inside):
    before = len(inside.find_all(".tokens button"))
    inside.find(".draw").click()
    wait_until(lambda: len(inside.find_all(".tokens button")) == before + 1)
    inside.find(".undo").click()
    wait_until(lambda: len(inside.find_all(".tokens button")) == before)


@visitor.NEEDS_A_BROWSER
def test_a_sentence_that_does_not_fit_is_told_and_what_was_seen_stays(inside):
    before = len(inside.find_all(".tokens button"))
    inside.find("#amorce").clear()
    inside.find("#amorce").type("mot " * 60)
    inside.find("#look").click()
    wait_until(lambda: inside.find("#error").visible)
    assert "40" in inside.find("#error").text and len(inside.find_all(".tokens button")) == before


@visitor.NEEDS_A_BROWSER
@pytest.mark.parametrize("width", [375, 1920])
def test_two_networks_side_by_side_fit_the_screen(inside, width):
    inside.resize(width, 900, phone=width < 400)
    inside.find("#other").type("mini")
    wait_until(lambda: len(inside.find_all(".network")) == 2)
    assert not inside.run(visitor.TOO_WIDE)


@visitor.NEEDS_A_BROWSER
@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(0.5), Sampling(1.3, top_k=7), Sampling(0.8, 0.9), Sampling(0), Sampling(2, 0.5, 20)],
)
def test_the_browser_samples_as_the_workshop_does(inside, sampling):
    logits = np.random.default_rng(4).normal(scale=3, size=500).astype(np.float32)
    tokens, chances = adjusted(logits, sampling)
    script = """
    return import('/static/sampling.js').then(({ softmax, kept }) => [...kept(softmax(Float32Array.from(arguments[0]), arguments[1].temperature), arguments[1])])
    """
    found = np.array(
        inside.run(
            script,
            logits.tolist(),
            {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k},
        )
    )
    np.testing.assert_array_equal(np.flatnonzero(found), np.sort(tokens))
    np.testing.assert_allclose(found[tokens], chances, atol=1e-4)
