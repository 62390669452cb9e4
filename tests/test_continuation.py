"""Par quoi une suite commence, et où elle finit : ni dans le dernier mot de la personne, ni au milieu d'une phrase."""

import re

import numpy as np
import pytest
from alone import stream

from atelier import settings
from atelier.models.continuation import EXTRA, Text, kept
from atelier.models.sampling import Sampling
from atelier.text.sentence_ends import ends_a_sentence
from atelier.text.words import LETTERS
from atelier.writing import generation

BOLD = Sampling(temperature=2)
NAMES = """Nohant Bénédict Zoé Camille Mehdi Inès Kévin Noëlle Aurore Consuelo Gargilesse BERGÈRE Châteauroux Léo Yanis Chloé
moulin pré petite connard clé forêt ami cœur garçon nuit château père rivière maman hiver printemps 1848""".split()


@pytest.fixture(scope="module")
def pipe():
    return generation.load_pipeline(settings.MINI)


def begun(pipe, prompt: str, seed: int, **asked) -> str:
    """Les deux premiers tokens d'une suite hardie."""
    text = Text(pipe.tokenizer, pipe.tokenizer(prompt)["input_ids"], 2, BOLD, seed, **asked)
    list(stream(pipe.model, pipe.tokenizer, text))
    return text.written


@pytest.mark.parametrize("name", NAMES)
def test_the_network_does_not_write_inside_the_last_word(pipe, name):
    for seed in range(3):
        first = begun(pipe, f"Je suis né à {name}", seed, whole_words=True)[:1]
        assert not first.isalnum(), f"{name}{first}"


def test_without_being_asked_it_does(pipe):
    assert any(begun(pipe, f"Je suis né à {name}", 0)[:1].isalpha() for name in NAMES[:12])


@pytest.mark.parametrize("prompt", ["Il entra dans l'", "La grand-"])
def test_a_prompt_that_stops_within_a_word_is_taken_up_there(pipe, prompt):
    assert any(begun(pipe, prompt, seed, whole_words=True)[:1].isalpha() for seed in range(3))


def test_half_a_letter_is_a_letter_and_half_a_guillemet_is_not(pipe):
    from atelier.models.continuation import inside_words

    inside = dict(zip(pipe.tokenizer.convert_ids_to_tokens(range(len(pipe.tokenizer))), inside_words(pipe.tokenizer)))
    assert inside["Ã"] and inside["é".encode()[1:].decode("latin-1")] and inside["e"] and inside["7"]
    assert not any(inside[token] for token in ("Â", "â", "Ġe", "-", ".", "'", "<|endoftext|>"))


def test_a_text_goes_on_to_the_end_of_its_sentence_and_no_further(pipe):
    prompt = "Le soir, elle"
    for seed in range(8):
        text = Text(pipe.tokenizer, pipe.tokenizer(prompt)["input_ids"], 20, Sampling(0.8, 0.95), seed, extra=EXTRA)
        list(stream(pipe.model, pipe.tokenizer, text))
        assert 20 <= len(text.ids) <= 20 + EXTRA or text.ids[-1] == pipe.tokenizer.eos_token_id
        ends = [ends_a_sentence(prompt + "".join(text.pieces[:number])) for number in range(20, len(text.ids) + 1)]
        assert not any(ends[:-1]), "il ne commence pas la phrase d'après"
        assert ends[-1] or len(text.ids) == 20 + EXTRA


def test_without_being_asked_its_length_is_exact(pipe):
    text = Text(pipe.tokenizer, pipe.tokenizer("Le soir, elle")["input_ids"], 20, BOLD, 1)
    list(stream(pipe.model, pipe.tokenizer, text))
    assert len(text.ids) == 20


def test_the_pipeline_writes_whole_words_and_whole_sentences_when_it_has_the_tokenizer(pipe):
    options = generation.sampling_options(max_new_tokens=20)
    for seed, name in enumerate(NAMES[:3]):
        generation.seed_everything(seed)
        prompts = [f"Je suis né à {name}", f"Voici {name}"]
        for prompt, outputs in zip(prompts, pipe(prompts, batch_size=2, tokenizer=pipe.tokenizer, **options)):
            text = outputs[0]["generated_text"]
            assert text.startswith(prompt) and LETTERS.findall(text)[: len(LETTERS.findall(prompt))] == LETTERS.findall(
                prompt
            )
            length = len(pipe.tokenizer(text)["input_ids"])
            assert re.search(r"[.!?…][ »)\]]*$", text) or length >= 20 + EXTRA, text


def test_the_context_is_never_exceeded(pipe):
    prompt = "Elle " * 190
    length = len(pipe.tokenizer(prompt)["input_ids"])
    written = pipe.model.generate(
        np.array([pipe.tokenizer(prompt)["input_ids"]]), max_new_tokens=250 - length, tokenizer=pipe.tokenizer
    )
    assert 250 - 30 <= written.shape[1] <= pipe.model.config.n_positions


@pytest.mark.parametrize(
    "sentence, ends",
    [
        ("Il vint.", True),
        ("Est-ce toi ?", True),
        ("« Viens ! »", True),
        ("« Viens !", False),
        ("Il vit M.", False),
        ("Il vint,", False),
        ("Il…", True),
    ],
)
def test_where_a_sentence_ends(sentence, ends):
    assert ends_a_sentence(sentence) == ends


def test_a_text_is_cut_back_to_a_sentence_but_never_under_half():
    assert kept("Il", [" dort", ".", " Elle", " lit"]) == 2
    assert kept("Il", [" dort", ".", " Elle", " lit", " le", " soir"]) == 6
    assert kept("Il", [" voit", " M", ".", " de", " la"]) == 5, "« M. » n'est pas une fin de phrase"
    assert kept("Il", []) == 0


def test_a_sentence_too_long_is_suspended_at_a_comma_and_not_within_a_clause():
    assert kept("Il", [" dort", " bien", ",", " et", " la"]) == 3
    assert kept("Il", [" dort", ",", " et", " la", " nuit", " vient"]) == 6, "on y perdrait plus de la moitié"
    assert kept("Il", [" dort", " bien", ".", " Elle", ",", " la"]) == 3, "la fin d'une phrase d'abord"
