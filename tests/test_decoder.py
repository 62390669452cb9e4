"""Le décodeur : les logits de transformers, quels que soient les textes écrits ensemble ; et `generate`, qui s'en sert."""

import copy

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras
from transformers import GPT2Config, TFAutoModelForCausalLM, TFGPT2LMHeadModel, pipeline

from atelier import settings
from atelier.errors import AuroreError
from atelier.models import sampling, vocabulary
from atelier.models.decoder import Decoder, capacities
from atelier.models.gpt2 import GPT2

VOCABULARY, CONTEXT = 97, 200


@pytest.fixture(scope="module")
def peer():
    """Le modèle de transformers, aux poids assez grands pour que ses avis soient tranchés."""
    keras.utils.set_random_seed(3)
    model = TFGPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=24, n_layer=3, n_head=4, eos_token_id=0, bos_token_id=0
        )
    )
    model.build_in_name_scope()
    for weight in model.weights:
        weight.assign_add(tf.random.normal(weight.shape, stddev=0.3))
    return model


@pytest.fixture(scope="module")
def model(peer):
    ours = GPT2(peer.config)
    ours.build_in_name_scope()
    ours.set_weights(peer.get_weights())
    return ours


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


def left_padded(*prompts):
    width = max(map(len, prompts))
    ids = [[0] * (width - len(prompt)) + prompt for prompt in prompts]
    return {
        "input_ids": tf.constant(ids),
        "attention_mask": tf.constant([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]),
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"eos_token_id": [57, 89]},
        {"eos_token_id": 34, "pad_token_id": 96},
        {"eos_token_id": 89, "repetition_penalty": 1.3},
        {"eos_token_id": None},
        {"repetition_penalty": 1.5},
        {"no_repeat_ngram_size": 2, "min_new_tokens": 6},
        {"bad_words_ids": [[7], [8]]},
        {"num_beams": 3},
        {"max_new_tokens": None, "max_length": 8},
    ],
)
def test_greedy_texts_are_those_of_transformers(model, peer, options):
    inputs = left_padded([3, 4, 5, 6], [9], [12, 13])
    options = {"max_new_tokens": 12, "pad_token_id": 0, "do_sample": False} | options
    assert model.generate(**inputs, **options).numpy().tolist() == peer.generate(**inputs, **options).numpy().tolist()


def test_prompts_may_be_arrays_and_a_model_be_written_with_at_once(model, peer):
    inputs, asked = (
        {"input_ids": np.array([[3, 4], [5, 6]])},
        {"max_new_tokens": 5, "pad_token_id": 0, "do_sample": False},
    )
    assert (model.generate(**inputs, **asked) == peer.generate(**inputs, **asked)).numpy().all()
    assert GPT2(peer.config).generate(**inputs, **asked).shape[0] == 2


def test_what_the_decoder_does_not_do_comes_from_transformers(model, peer):
    inputs = left_padded([3, 4, 5, 6])
    asked = {
        "max_new_tokens": 4,
        "pad_token_id": 0,
        "do_sample": False,
        "return_dict_in_generate": True,
        "output_scores": True,
    }
    mine, theirs = model.generate(**inputs, **asked), peer.generate(**inputs, **asked)
    assert mine.keys() == theirs.keys() and np.allclose(mine.scores, theirs.scores, atol=1e-4)
    holes = {"input_ids": tf.constant([[3, 4, 5]]), "attention_mask": tf.constant([[1, 0, 1]])}
    asked = {"max_new_tokens": 4, "pad_token_id": 0, "do_sample": False}
    assert (model.generate(**holes, **asked) == peer.generate(**holes, **asked)).numpy().all()


SAMPLINGS = [{}, {"temperature": 0.6}, {"top_k": 5}, {"top_p": 0.6}, {"temperature": 1.7, "top_k": 20, "top_p": 0.9}]


@pytest.mark.parametrize("options", SAMPLINGS)
def test_sampled_tokens_follow_the_distribution_of_transformers(model, peer, options):
    """Le premier token de 4 000 textes : le khi-deux d'une distribution juste passe son quantile à 99,9 % une fois sur mille."""
    from transformers import TFLogitsProcessorList, TFTemperatureLogitsWarper, TFTopKLogitsWarper, TFTopPLogitsWarper

    inputs, draws = {"input_ids": tf.constant([[3, 4, 5, 6]])}, 4000
    asked = {"temperature": 1.0, "top_k": 0, "top_p": 1.0} | options
    logits = peer(**inputs).logits[:, -1]
    warpers = TFLogitsProcessorList([TFTemperatureLogitsWarper(asked["temperature"])])
    warpers += [TFTopKLogitsWarper(asked["top_k"])] if asked["top_k"] else []
    warpers += [TFTopPLogitsWarper(asked["top_p"])] if asked["top_p"] < 1 else []
    expected = tf.nn.softmax(warpers(inputs["input_ids"], logits, 4)).numpy()[0]
    tokens, probabilities = sampling.adjusted(logits.numpy()[0], sampling.Sampling(**asked))
    assert tokens.tolist() == np.flatnonzero(expected).tolist() and np.allclose(
        probabilities, expected[tokens], atol=1e-5
    )

    written = model.generate(
        **inputs, **asked, seed=[1, 2], do_sample=True, max_new_tokens=1, num_return_sequences=draws, pad_token_id=0
    )
    seen = np.bincount(written.numpy()[:, -1], minlength=VOCABULARY)
    assert seen[expected == 0].sum() == 0
    frequent = expected * draws >= 5
    kinds, missed = frequent.sum(), (1 - expected[frequent].sum()) * draws
    chi_squared = ((seen[frequent] - expected[frequent] * draws) ** 2 / (expected[frequent] * draws)).sum()
    chi_squared += (seen[~frequent].sum() - missed) ** 2 / missed if missed > 1 else 0
    assert chi_squared < kinds + 3.3 * (2 * kinds) ** 0.5 + 6, "au-delà du quantile"


def test_a_seed_gives_the_same_texts_and_each_text_its_own_chance(model):
    inputs, asked = (left_padded([3, 4, 5, 6], [9]), {"do_sample": True, "max_new_tokens": 12, "pad_token_id": 0})
    tf.random.set_seed(7)
    first, second = (model.generate(**inputs, **asked).numpy().tolist() for _ in range(2))
    tf.random.set_seed(7)
    assert model.generate(**inputs, **asked).numpy().tolist() == first != second
    again = [model.generate(**inputs, **asked, seed=[-1, 5]).numpy().tolist() for _ in range(2)]
    assert again[0] == again[1]
    several = model.generate(**left_padded([9]), **asked, num_return_sequences=3).numpy()
    assert len({tuple(text) for text in several.tolist()}) == 3


def test_the_decoder_follows_the_weights_and_the_vocabulary(peer):
    model = GPT2(peer.config)
    model.build_in_name_scope()
    model.set_weights(peer.get_weights())
    inputs, asked = (
        {"input_ids": tf.constant([[3, 4]])},
        {"max_new_tokens": 6, "pad_token_id": 0, "do_sample": False, "eos_token_id": None},
    )
    before = model.generate(**inputs, **asked).numpy()
    model.set_weights([-weight for weight in peer.get_weights()])
    trained = model.generate(**inputs, **asked).numpy()
    assert (trained != before).any()
    model.set_weights(peer.get_weights())
    model.resize_token_embeddings(VOCABULARY + 3)
    table = model.get_input_embeddings().weights[0]
    table.assign(tf.concat([tf.zeros([VOCABULARY, 24]), tf.random.normal([3, 24])], axis=0))
    logits = model.decoder.start([[3, 4]])
    assert logits.shape == (1, VOCABULARY + 3) and not logits[0, :VOCABULARY].any() and logits[0, VOCABULARY:].all()


def test_a_tokenizer_that_is_not_the_models_is_refused(tokenizer):
    model = GPT2.from_pretrained(settings.MINI)
    smaller, larger = (tokenizer.train_new_from_iterator(["Un tout petit vocabulaire."], 300), copy.deepcopy(tokenizer))
    larger.add_tokens(["unmotdetrop"])
    for other in (smaller, larger):
        with pytest.raises(AuroreError, match="n'est pas celui de ce modèle"):
            vocabulary.set_end_of_text(model, other)


def test_spoilt_weights_are_said(model):
    with pytest.raises(AuroreError, match="ne sont pas des nombres.*étape 3"):
        sampling.adjusted(np.full(5, np.nan, np.float32), sampling.Sampling())


def test_the_pipeline_takes_the_model_that_the_usual_class_loads(tokenizer, tiny, caplog):
    model = TFAutoModelForCausalLM.from_pretrained(tiny)
    vocabulary.set_end_of_text(model, tokenizer)
    assert isinstance(model, GPT2) and isinstance(model, TFGPT2LMHeadModel)
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)
    assert "not supported" not in caplog.text
    for options in (
        {"max_new_tokens": 5},
        {"max_new_tokens": 5, "return_full_text": False},
        {"max_new_tokens": 5, "do_sample": True, "num_return_sequences": 2},
    ):
        for output in pipe(["Ah !", "Le soir, elle"], **options):
            assert len(output) == options.get("num_return_sequences", 1)
            assert ("Ah !" in output[0]["generated_text"] or "Le soir" in output[0]["generated_text"]) == options.get(
                "return_full_text", True
            )
