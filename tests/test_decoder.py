"""Le décodeur : les logits de transformers, quels que soient les textes écrits ensemble ; et `generate`, qui s'en sert."""

import numpy as np
import pytest
import tensorflow as tf
from decoding import CONTEXT, VOCABULARY

from atelier.models.decoder import Decoder, capacities


def test_the_logits_are_those_of_transformers_at_every_position_up_to_the_context(model, peer):
    ids = np.random.default_rng(1).integers(0, VOCABULARY, (5, CONTEXT), dtype=np.int32)
    expected = peer(ids).logits.numpy()
    decoder, lengths = Decoder(model), [1, 7, 64, 65, 130]
    logits = decoder.start([row[:length] for row, length in zip(ids, lengths)])
    while True:
        for text, length in enumerate(lengths):
            assert np.abs(logits[text] - expected[text, length - 1]).max() < 1e-4
        if max(lengths) == CONTEXT:
            break
        logits = decoder.step([row[length] for row, length in zip(ids, lengths)])
        lengths = [length + 1 for length in lengths]
    with pytest.raises(ValueError, match=f"Le contexte de ce modèle est de {CONTEXT} tokens"):
        decoder.step([1] * len(lengths))
    for length in range(1, CONTEXT + 1, 33):
        decoder.clear()
        assert np.abs(decoder.start([ids[0, :length]])[0] - expected[0, length - 1]).max() < 1e-4


def test_texts_join_and_leave_without_disturbing_the_others(model, peer):
    ids = np.random.default_rng(2).integers(0, VOCABULARY, (6, CONTEXT), dtype=np.int32)
    expected = peer(ids).logits.numpy()
    decoder, texts, lengths = Decoder(model), [], {}

    def join(*arriving):
        for text in arriving:
            texts.append(text)
            lengths[text] = 3 + 10 * text
        decoder.start([ids[text, : lengths[text]] for text in arriving])

    def leave(text):
        row = texts.index(text)
        decoder.stop(row)
        texts[row] = texts[-1]
        texts.pop()

    def write(tokens):
        for _ in range(tokens):
            logits = decoder.step([ids[text, lengths[text]] for text in texts])
            assert len(logits) == len(texts)
            for row, text in zip(logits, texts):
                assert np.abs(row - expected[text, lengths[text]]).max() < 1e-4
                lengths[text] += 1

    join(0, 1)
    write(4)
    join(5)  # sa longue amorce agrandit le cache
    write(30)
    leave(0)
    write(2)
    join(2, 3, 4)
    write(20)
    leave(4)
    leave(5)
    write(5)


def test_a_shape_compiled_ahead_leaves_the_texts_as_they_are(model, peer):
    ids = np.random.default_rng(4).integers(0, VOCABULARY, (2, 20), dtype=np.int32)
    expected, decoder = peer(ids).logits.numpy(), Decoder(model)
    decoder.start(ids[:, :10])
    for position in range(10, 20):
        if position == 15:
            decoder.compile(2, CONTEXT)
            decoder.compile(4, 128)
        assert np.abs(decoder.step(ids[:, position]) - expected[:, position]).max() < 1e-4


@pytest.mark.parametrize(
    "context, levels", [(40, [40]), (128, [128]), (200, [128, 200]), (256, [128, 256]), (1024, [128, 256, 512, 1024])]
)
def test_the_cache_grows_by_levels_up_to_the_context(context, levels):
    assert capacities(context) == levels


def test_the_cache_keeps_its_length_while_texts_are_written(model):
    decoder = Decoder(model)
    decoder.start([[1]], length=150)
    decoder.start([[1]], length=20)
    assert decoder.shape_for(2, 20) == (2, CONTEXT)
    decoder.clear()
    assert decoder.shape_for(2, 20) == (2, 128)


def kept(decoder: Decoder) -> list[tf.Tensor]:
    """Ce que le décodeur garde de calculé : une copie de la table, que le pas d'entraînement suivant aurait à refaire."""
    return [value for value in vars(decoder).values() if isinstance(value, tf.Tensor)]


@pytest.mark.parametrize("asked", [{"do_sample": False}, {"do_sample": True}])
def test_nothing_of_the_weights_is_kept_once_a_text_is_written(model, asked):
    model.generate(tf.constant([[3, 4]]), max_new_tokens=3, pad_token_id=0, **asked)
    assert not kept(model._decoder)


def test_nothing_of_the_weights_is_kept_by_a_text_that_fails(model):
    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate(tf.constant([[3, 4]]), max_new_tokens=3, pad_token_id=0, logits_processor=[fail])
    assert not kept(model._decoder)


def test_nothing_of_the_weights_is_kept_when_the_last_text_leaves(model):
    decoder = Decoder(model)
    decoder.start([[1], [2]])
    decoder.stop(0)
    assert kept(decoder)
    decoder.stop(0)
    assert not kept(decoder)
