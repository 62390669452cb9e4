"""L'étape 2 : des identifiants, des morceaux lisibles, et un tokenizer réentraîné qui se relit."""

import re

import pytest
from scripts import load, succeed
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

from atelier import settings
from atelier.errors import AuroreError
from atelier.models import vocabulary
from atelier.text import typography

SENTENCE = "Bonjour Madame, je m'appelle George Sand. Et vous, où êtes-vous née ?"


@pytest.fixture(scope="module")
def mini():
    return AutoTokenizer.from_pretrained(settings.MINI)


def test_readable_pieces_give_the_text_back(mini):
    pieces = vocabulary.readable(mini, mini(SENTENCE + " Où ? À Nohant…")["input_ids"])
    assert "".join(pieces) == SENTENCE + " Où ? À Nohant…"
    assert not re.search("[ĠÃ]", "".join(pieces))


def test_a_character_cut_in_two_is_shown_as_the_vocabulary_writes_it(mini):
    pieces = vocabulary.readable(mini, mini("日")["input_ids"])
    assert len(pieces) > 1 and "\ufffd" not in "".join(pieces)


def test_efficiency_counts_tokens_and_whole_words(mini):
    per_word, whole = vocabulary.efficiency(mini, ["de la"])
    assert (per_word, whole) == (1.0, 1.0)
    assert vocabulary.efficiency(mini, ["l'homme"]) == (1.5, 1.0), "« l' », « homme »: l'apostrophe ne compte pas"
    per_word, whole = vocabulary.efficiency(mini, ["anticonstitutionnellement"])
    assert per_word > 3 and whole == 0.0


def test_the_small_bpe_learns_what_the_library_learns():
    """Sur un texte où nul compte n'est à égalité, celui de la leçon soude ce que soude la bibliothèque `tokenizers`."""
    text = "abababab abababab cd cd cd ab" * 3
    learnt, words = load("2_tokenize_solution.py").learn_merges(text, 3)
    real = Tokenizer(models.BPE())
    real.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    real.train_from_iterator([text], trainers.BpeTrainer(vocab_size=4 + 3, show_progress=False))
    assert sorted(learnt) == sorted(token for token in real.get_vocab() if len(token) > 1)
    assert [piece for word in words for piece in word] == real.encode(text).tokens


def test_step_2_shows_ids_and_pieces_and_says_why(tmp_path):
    shown = succeed("2_tokenize_solution.py", home=tmp_path).stdout
    assert '--text "Votre nom"' in shown
    assert f"« {SENTENCE} »" in shown and " Madame" in shown
    assert "Ġ est l'espace" in shown and "Ã©" in shown.split("vocabulaire  :")[1].splitlines()[0], "un accent se voit"
    assert "fusions      : er, ber, berg, berger, la\n" in shown
    assert "devine donc moins bien au départ de l'étape 3" in shown and "--retrain" in shown, (
        "le prix de --retrain est dit avant"
    )
    assert not (tmp_path / "tokenizer").exists()


def test_one_can_try_ones_own_name(tmp_path):
    shown = succeed("2_tokenize_solution.py", "--text", "Zoé d’Aÿ-Müller 🎉", home=tmp_path).stdout
    assert "« Zoé d'Aÿ-Müller 🎉 » en" in shown and "Ã©" in shown
    assert "fusions" not in shown and "--retrain" not in shown, "rien que ce que l'on veut voir"
    assert shown.splitlines()[-1].startswith("Ensuite : ")


STRANGE = {
    "rien": ("", "Le texte est vide"),
    "des espaces": (" \u00a0\n\t", "Le texte est vide"),
    "rien qui se voie": ("\u200b\u2060", "Le texte est vide"),
    "un caractère de commande": ("Au\x1b[2Jrore", "contient U\\+001B"),
    "un octet perdu": ("Aurore \udcff", "contient U\\+DCFF"),
    "un roman": ("Il était une fois. " * 100, "1\u00a0900 caractères.*1\u00a0000 au plus"),
}


@pytest.mark.parametrize("text, sentence", STRANGE.values(), ids=STRANGE)
def test_a_strange_text_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(AuroreError, match=sentence):
        typography.typed(text)


def test_a_name_typed_on_a_console_without_a_language_is_read():
    assert typography.typed("Zoé".encode().decode("ascii", "surrogateescape")) == "Zoé"


def test_a_retrained_tokenizer_is_saved_reloaded_and_compared(prepared, tmp_path):
    (tmp_path / "data").symlink_to(prepared / "data")
    shown = succeed("2_tokenize_solution.py", "--retrain", "--vocab-size", "2000", home=tmp_path).stdout
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert len(tokenizer) == 2000 and tokenizer.decode(tokenizer(SENTENCE)["input_ids"]) == SENTENCE
    assert tokenizer.eos_token == "<|endoftext|>"
    assert re.search(
        r"réentraîné +2\u00a0000 tokens au vocabulaire, \d,\d\d tokens par mot, \d\d % des mots entiers", shown
    )
