"""L'étape 4, et la chaîne entière : un autre modèle, ou un autre tokenizer, change ce qui s'écrit."""

import shutil

import pytest
from conftest import AURORE, refused, succeed

OPTIONS = ("--max-new-tokens", "8", "--seed", "7")


def written(home, *options, **variables) -> str:
    return succeed("4_generate_solution.py", *OPTIONS, *options, home=home, **variables).stdout


def test_without_training_the_base_model_writes_and_says_so(tmp_path):
    done = succeed("4_generate_solution.py", *OPTIONS, home=tmp_path)
    texts = done.stdout.strip().split("\n\n")
    assert [text.startswith(prompt) for text, prompt in zip(texts, ("Cette jeune femme était assise", "Le soir, elle se rappelait"))] == [True, True]
    assert "modèle de base" in done.stderr and "mini" in done.stderr


def test_the_trained_model_is_the_one_that_writes(trained, tmp_path):
    trained_text = succeed("4_generate_solution.py", *OPTIONS, home=trained)
    name = (trained / "model" / "latest").read_text("utf-8").strip()
    assert f"{name}, le dernier entraîné (à partir de mini)" in trained_text.stderr
    base_text = written(tmp_path)
    assert trained_text.stdout != base_text
    assert written(trained) == trained_text.stdout, "la même graine donne le même texte"
    assert written(tmp_path, AURORE_MODEL=str(trained / "model" / name)) == trained_text.stdout


def test_a_retrained_tokenizer_goes_all_the_way_to_the_text(prepared, tmp_path):
    (tmp_path / "data").symlink_to(prepared / "data")
    succeed("2_tokenize_solution.py", "--retrain", "--vocab-size", "2000", home=tmp_path)
    done = succeed("3_train_solution.py", "--max-steps", "1", home=tmp_path)
    assert "celui que l'étape 2 a réentraîné" in done.stderr and "gardent ce que le modèle en savait" in done.stderr
    run = tmp_path / "model" / (tmp_path / "model" / "latest").read_text("utf-8").strip()
    assert (run / "tokenizer.json").read_bytes() == (tmp_path / "tokenizer" / "tokenizer.json").read_bytes()
    assert written(tmp_path).startswith("Cette jeune femme était assise")


def test_one_text_for_each_prompt_and_nothing_else_on_stdout(tmp_path):
    texts = written(tmp_path, "--prompt", "Ah !", "--prompt", "« Où vas-tu ? »", "--temperature", "0").split("\n\n")
    assert len(texts) == 3 and texts[2] == "" and texts[0].startswith("Ah !") and texts[1].startswith("« Où vas-tu ? »")


@pytest.mark.parametrize(
    "option, value",
    [
        ("--max-new-tokens", "0"),
        ("--temperature", "-1"),
        ("--temperature", "nan"),
        ("--temperature", "inf"),
        ("--temperature", "chaud"),
        ("--top-p", "0"),
        ("--top-p", "1.5"),
        ("--top-k", "-1"),
        ("--seed", "-1"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(refused_option, option, value):
    assert f"{option} : « {value} » ne convient pas, il faut un nombre" in refused_option("4_generate_solution.py", option, value)


@pytest.mark.parametrize(
    "options, sentence",
    [(("--prompt", "   "), "L'amorce est vide"), (("--prompt", "mot " * 300), "n'en tient que"), (("--max-new-tokens", "9999"), "n'en tient que")],
)  # fmt: skip
def test_a_prompt_that_cannot_be_continued(tmp_path, options, sentence):
    assert sentence in refused("4_generate_solution.py", *options, home=tmp_path)


def test_latest_naming_a_vanished_run(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "latest").write_text("2026-01-01_00h00m00\n")
    assert "n'est plus dans" in refused("4_generate_solution.py", home=tmp_path)


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "n'a pas de poids"),
        (lambda folder: (folder / "config.json").unlink(), "config.json y manque"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "n'a pas de tokenizer"),
        (lambda folder: truncate(folder / "model.safetensors"), "sont abîmés"),
        (lambda folder: replace(folder / "config.json", '"n_layer": ', '"n_layer": 9'), "sont incomplets"),
        (lambda folder: replace(folder / "config.json", '"n_positions": ', '"n_positions": 9'), "de la taille que dit"),
        (lambda folder: replace(folder / "config.json", '"gpt2"', '"bert"'), "n'entraîne que des GPT-2"),
    ],
)
def test_a_spoilt_model_is_never_loaded(tmp_path, spoil, sentence):
    from atelier import models
    from atelier.console import AuroreError

    shutil.copytree(AURORE / "mini", tmp_path / "model")
    spoil(tmp_path / "model")
    with pytest.raises(AuroreError, match=sentence):
        models.checked(tmp_path / "model")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def replace(path, old, new):
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
