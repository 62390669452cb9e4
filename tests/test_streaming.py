"""Les textes qui s'écrivent token par token, seuls ou ensemble."""

import copy
import math

import numpy as np
import pytest
from alone import stream

from atelier import settings
from atelier.models.continuation import Pieces, Text
from atelier.models.decoder import Decoder
from atelier.models.gpt2 import GPT2
from atelier.models.sampling import GREEDY, Sampling
from atelier.writing import streaming
from atelier.writing.streaming import Batch

CALM = Sampling(temperature=0.8, top_p=0.95)


@pytest.fixture(scope="module")
def model():
    return GPT2.from_pretrained(settings.MINI)


def text(tokenizer, seed=0, prompt="Le soir, elle", tokens=20, sampling=CALM):
    return Text(tokenizer, tokenizer(prompt)["input_ids"], tokens, sampling, seed)


def test_the_pieces_make_the_text_and_a_seed_makes_it_again(model, tokenizer):
    asked = text(tokenizer, seed=5)
    tokens = list(stream(model, tokenizer, asked))
    assert [token.id for token in tokens] == asked.ids and len(tokens) == 20
    assert "".join(token.piece for token in tokens) == asked.written == tokenizer.decode(asked.ids)
    again, other = text(tokenizer, seed=5), text(tokenizer, seed=6)
    assert list(stream(model, tokenizer, again)) == tokens
    assert list(stream(model, tokenizer, other)) and other.ids != asked.ids


def test_what_the_model_thought_does_not_depend_on_the_sampling(model, tokenizer):
    asked = text(tokenizer, sampling=Sampling(temperature=2.5, top_k=3))
    tokens = list(stream(model, tokenizer, asked))
    logits = model(np.array([asked.prompt + asked.ids])).logits.numpy()[0].astype(np.float64)
    for place, token in enumerate(tokens, start=len(asked.prompt)):
        chances = np.exp(logits[place - 1]) / np.exp(logits[place - 1]).sum()
        assert token.logprob == pytest.approx(math.log(chances[token.id]), abs=1e-3)
        assert [chance for _, chance in token.alternatives] == pytest.approx(sorted(chances)[:-6:-1], rel=1e-3)


def test_without_chance_the_likeliest_token_is_written(model, tokenizer):
    greedy = list(stream(model, tokenizer, text(tokenizer, sampling=GREEDY)))
    assert all(token.piece == token.alternatives[0][0] for token in greedy if "\ufffd" not in token.alternatives[0][0])


def test_a_text_already_written_is_read_with_the_same_measures(model, tokenizer):
    asked = text(tokenizer, seed=2)
    tokens = list(stream(model, tokenizer, asked))
    known = streaming.read(model, tokenizer, "Le soir, elle" + asked.written)
    assert known[0].logprob is None and "".join(token.piece for token in known) == "Le soir, elle" + asked.written
    assert [token.id for token in known] == asked.prompt + asked.ids
    assert [token.logprob for token in known[-20:]] == pytest.approx([token.logprob for token in tokens], abs=1e-3)


def test_a_piece_never_holds_half_a_character(tokenizer):
    for sentence in ("Ça alors 🙂, « été » à Nohant — œuvre…", "日本語 и русский"):
        pieces, ids = Pieces(tokenizer), tokenizer(sentence)["input_ids"]
        shown = [pieces.add(id) for id in ids]
        assert (
            "".join(shown) + pieces.end() == sentence
            and "\ufffd" not in "".join(shown)
            and len(ids) > len(sentence) / 4
        )
    pieces = Pieces(tokenizer)
    assert [pieces.add(id) for id in tokenizer("🙂")["input_ids"][:-1]][-1] == "" and pieces.end() == "\ufffd"


def test_a_text_can_be_stopped(model, tokenizer):
    stopped = text(tokenizer, tokens=80)
    flow = stream(model, tokenizer, stopped)
    next(flow)
    next(flow)
    flow.close()
    assert len(stopped.ids) == 2


def test_texts_written_together_are_those_written_alone(model, tokenizer):
    """60 graines ; un arrondi peut faire choisir un autre token à la frontière de deux : c'est arrivé une fois sur deux cents."""
    prompts = ["Le soir, elle", "Ah !", "Il y avait une fois, dans un pays dont le nom importe peu, un homme qui"]
    alone, together = ([text(tokenizer, seed, prompts[seed % 3], 6 + seed % 7) for seed in range(60)] for _ in range(2))
    for each in alone:
        list(stream(model, tokenizer, each))
    batch, waiting = Batch(Decoder(model)), together[::-1]
    while waiting or batch.texts:
        for _ in range(min(len(waiting), 2)):
            batch.join(waiting.pop())
        batch.step()
    different = [seed for seed in range(60) if alone[seed].written != together[seed].written]
    assert len(different) <= 1, f"{len(different)} textes sur 60 diffèrent"
    assert all(each.finished for each in together)


def test_a_text_leaves_the_batch_without_disturbing_the_others(model, tokenizer):
    batch = Batch(Decoder(model))
    texts = [text(tokenizer, seed) for seed in range(4)]
    for each in texts:
        batch.join(each)
    for step in range(20):
        batch.step()
        if step == 5:
            batch.leave(texts[1])
            batch.leave(texts[1])
    alone = [text(tokenizer, seed) for seed in range(4)]
    for each in alone:
        list(stream(model, tokenizer, each))
    for seed in (0, 2, 3):
        assert texts[seed].written == alone[seed].written
    assert len(texts[1].ids) == 6 and alone[1].written.startswith(texts[1].written)


def test_a_text_that_does_not_fit_is_refused_before_it_starts(tokenizer, model):
    batch = Batch(model.decoder)
    for prompt, tokens, sentence in (
        ([], 5, "au moins un à chacune"),
        ([1], 0, "au moins un à chacune"),
        ([1] * 250, 7, "au plus 256 en tout"),
        ([1, 8192], 5, "celui d'un autre"),
    ):
        with pytest.raises(ValueError, match=sentence):
            batch.join(Text(tokenizer, prompt, tokens))
    batch.join(full := Text(tokenizer, [1] * 250, 6))
    while not full.finished:
        batch.step()
    assert 1 <= len(full.ids) <= 6


def test_a_decoder_taken_by_another_text_is_said(model, tokenizer):
    first = stream(model, tokenizer, text(tokenizer))
    next(first)
    next(stream(model, tokenizer, text(tokenizer, seed=1)))
    with pytest.raises(RuntimeError, match="a commencé autre chose"):
        next(first)


def test_a_token_the_vocabulary_received_later_is_written_as_it_is(tokenizer):
    richer = copy.deepcopy(tokenizer)
    richer.add_tokens(["œuf magique"])
    assert Pieces(richer).add(len(tokenizer)) == "œuf magique"
    assert Pieces(richer).add(len(tokenizer) + 5) == "", "une ligne de trop dans la table"
