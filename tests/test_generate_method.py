"""`generate` et la pipeline : les textes de transformers, écrits par le décodeur."""

import copy

import numpy as np
import pytest
import tensorflow as tf
from decoding import VOCABULARY
from transformers import TFAutoModelForCausalLM, TFGPT2LMHeadModel, pipeline

from atelier import settings
from atelier.errors import AuroreError
from atelier.models import sampling, vocabulary
from atelier.models.gpt2 import GPT2


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
    assert trained.tolist() != before.tolist()
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
