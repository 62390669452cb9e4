"""L'étape 3 : des blocs pleins, une perte qui baisse, un modèle que tout le monde relit."""

import importlib.util
import json
import math
import re
import shutil
import stat
import time

import numpy as np
import pytest
from conftest import refused, succeed
from safetensors import safe_open
from transformers import AutoTokenizer, GPT2Config, TFGPT2LMHeadModel

from atelier import checkpoints, models, packing, settings, training


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(settings.MINI)


def small_model(tokenizer):
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=16, n_layer=2, n_head=2)
    model = TFGPT2LMHeadModel(config)
    model(model.dummy_inputs)
    models.set_end_of_text(model, tokenizer)
    return model


def test_packing_loses_nothing_but_the_last_partial_block(tokenizer):
    texts = ["Elle entra.\nIl sortit.", "Une autre histoire, plus longue que la première."] * 4
    blocks = packing.pack(tokenizer, texts, block_size=16)
    flat = blocks.reshape(-1).tolist()
    expected = [id for text in texts for id in [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]]
    assert flat == expected[: len(flat)] and 0 <= len(expected) - len(flat) < 16
    assert flat.count(tokenizer.eos_token_id) >= 6


def test_the_loss_is_shifted_once_and_end_of_text_is_learnt(tokenizer):
    model = small_model(tokenizer)
    eos = tokenizer.eos_token_id
    ids = np.array([[5, 6, eos, 7, 8, 9, eos, 10]], np.int32)
    features = next(iter(packing.to_tf_dataset(ids, batch_size=1)))
    logits = model(features["input_ids"]).logits.numpy()[0]
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = -np.mean([log_probabilities[position, ids[0, position + 1]] for position in range(7)])
    assert model(**features).loss.numpy() == pytest.approx(expected, rel=1e-5)


def test_shuffling_depends_on_the_seed_alone():
    blocks = np.arange(64, dtype=np.int32).reshape(32, 2)

    def order(seed):
        return np.concatenate([batch["input_ids"] for batch in packing.to_tf_dataset(blocks, 4, shuffle_seed=seed)])

    assert (order(1) == order(1)).all() and (order(1) != order(2)).any()
    assert sorted(order(1)[:, 0]) == sorted(blocks[:, 0])


@pytest.mark.parametrize("steps", [1, 2, 20, 1000])
def test_the_learning_rate_climbs_then_falls_to_the_last_step(steps):
    rates = [training.learning_rate_at(step, steps, peak=1.0) for step in range(steps)]
    top = rates.index(max(rates))
    assert max(rates) == 1.0 and all(rate > 0 for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)
    if steps == 1000:
        assert 90 <= top <= 110 and rates[-1] < 1e-4


def test_saved_weights_bear_the_names_of_the_hub(tokenizer, tmp_path):
    model = small_model(tokenizer)
    checkpoints.save_model(model, tokenizer, tmp_path / "run")
    with safe_open(tmp_path / "run" / "model.safetensors", framework="np") as file:
        assert file.metadata() == {"format": "pt"}
        assert file.get_tensor("transformer.h.1.attn.c_attn.bias").shape == (48,)
        assert file.get_tensor("transformer.wte.weight").shape == (len(tokenizer), 16)
        assert len(file.keys()) == 4 + 2 * 12
    reloaded = TFGPT2LMHeadModel.from_pretrained(models.checked(tmp_path / "run"))
    assert checkpoints.same_weights(model, reloaded)
    bias = reloaded.transformer.h[1].mlp.c_fc.bias
    bias.assign(bias + 1e-7)
    assert not checkpoints.same_weights(model, reloaded)


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="torch n'est pas installé (l'atelier s'en passe)")
def test_pytorch_reads_what_we_save(tokenizer, tmp_path):
    import torch
    from transformers import GPT2LMHeadModel

    model = small_model(tokenizer)
    checkpoints.save_model(model, tokenizer, tmp_path / "run")
    peer, report = GPT2LMHeadModel.from_pretrained(tmp_path / "run", output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    ids = np.arange(1, 20)[None]
    with torch.no_grad():
        theirs = peer.eval()(torch.tensor(ids)).logits.numpy()
    assert np.abs(model(ids).logits.numpy() - theirs).max() < 1e-4


def test_a_new_vocabulary_keeps_what_the_model_knows(tokenizer, prepared):
    from atelier import corpus

    model = small_model(tokenizer)
    rows = model.get_input_embeddings().weights[0].numpy()
    new = tokenizer.train_new_from_iterator(corpus.load_data(prepared / "data")["train"]["text"], 3000)
    kept = models.adapt_embeddings(model, tokenizer, new)
    new_rows = model.get_input_embeddings().weights[0].numpy()
    assert new_rows.shape == (3000, 16) and 300 < kept < 3000
    assert (new_rows[new.get_vocab()["Ġde"]] == rows[tokenizer.get_vocab()["Ġde"]]).all()
    token = next(token for token in new.get_vocab() if token not in tokenizer.get_vocab())
    pieces = [piece.id for piece in tokenizer.backend_tokenizer.model.tokenize(token)]
    assert len(pieces) > 1
    assert new_rows[new.get_vocab()[token]] == pytest.approx(rows[pieces].mean(axis=0))


def test_training_lowers_the_validation_loss_and_leaves_a_complete_run(demonstration, trained):
    run = trained / "model" / (trained / "model" / "latest").read_text("utf-8").strip()
    perplexities = re.search(r"Perplexité : ([\d,]+) avant, ([\d,]+) après", demonstration[1]).groups()
    before, after = (float(perplexity.replace(",", ".")) for perplexity in perplexities)
    assert after < before
    history = json.loads((run / "history.json").read_text("utf-8"))
    assert history["base_model"] == "mini" and history["settings"]["batch_size"] == 8
    assert history["resumed_at"] == 0 and f"Entraînement de {history['steps']} pas" in demonstration[1]
    assert len(history["loss"]) == len(history["val_loss"]) == 3
    assert math.exp(min(history["val_loss"])) == pytest.approx(after, abs=0.1)
    assert {"config.json", "model.safetensors", "tokenizer.json"} < {path.name for path in run.iterdir()}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in run.iterdir()), "lisibles par l'hôte"
    assert ":" not in run.name and not list(run.glob(".*"))


def test_more_time_means_more_steps(tokenizer):
    model = small_model(tokenizer)
    model.compile(optimizer="adamw")
    before = checkpoints.state_dict(model)
    dataset = packing.to_tf_dataset(np.ones((64, 32), np.int32), batch_size=4)
    short, long = (
        training.steps_that_fit(model, dataset, time.perf_counter() + seconds, evaluation_seconds=0.1) for seconds in (15, 60)
    )
    assert 1 < 2 * short < long
    after = checkpoints.state_dict(model)
    assert all((before[name] == after[name]).all() for name in before), "mesurer ne change aucun poids"
    assert model.optimizer.iterations == 0


def test_a_time_budget_ends_in_time_and_its_epochs_are_epochs(prepared, tmp_path):
    (tmp_path / "data").symlink_to(prepared / "data")
    start = time.perf_counter()
    shown = succeed("3_train_solution.py", "--minutes", "0.2", "--batch-size", "4", home=tmp_path)
    steps, share = re.search(r"Entraînement de (\d+) pas, soit (\d+) % d'une époque", shown.stdout).groups()
    per_epoch = int(re.search(r"une époque fait (\d+) pas", shown.stdout)[1])
    assert int(share) == round(int(steps) / per_epoch * 100)
    history = json.loads(next((tmp_path / "model").glob("*/history.json")).read_text("utf-8"))
    assert time.perf_counter() - start < 60, "12 secondes demandées, et le temps de démarrer"
    assert history["steps"] == int(steps) and len(history["val_loss"]) == math.ceil(int(steps) / per_epoch)


def test_a_run_that_fails_leaves_the_previous_one(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "home", symlinks=True)
    latest = (tmp_path / "home" / "model" / "latest").read_text("utf-8")
    broken = nan_model(tmp_path)
    sentence = refused("3_train_solution.py", "--max-steps", "30", home=tmp_path / "home", AURORE_MODEL=str(broken))
    assert "n'est plus un nombre" in sentence
    assert (tmp_path / "home" / "model" / "latest").read_text("utf-8") == latest
    assert [path.name for path in (tmp_path / "home" / "model").iterdir() if path.is_dir()] == [latest.strip()]


def nan_model(folder):
    """Un modèle dont un poids n'est pas un nombre : la perte ne peut qu'en être un."""
    tokenizer = AutoTokenizer.from_pretrained(settings.MINI)
    model = small_model(tokenizer)
    model.transformer.ln_f.gamma.assign(np.full(16, np.nan, np.float32))
    checkpoints.save_model(model, tokenizer, folder / "nan")
    return folder / "nan"
