"""L'étape 3 : des blocs pleins, une perte qui baisse, un modèle que tout le monde relit."""

import argparse
import errno
import html
import importlib.util
import json
import math
import os
import re
import socket
import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from runs_begun import BLOCKS, begin, finished
from safetensors import safe_open
from scripts import load, run, succeed, succeeded
from small import small_model
from transformers import TFGPT2LMHeadModel

from atelier import errors
from atelier.console import number
from atelier.models import choice, export, sizes, vocabulary
from atelier.models.gpt2 import GPT2
from atelier.training import batches, callbacks, distribution, pace
from atelier.training.backup import BEST
from atelier.training.history import START
from atelier.training.schedule import WarmupCosine


def test_the_faster_model_computes_what_transformers_does(tokenizer):
    """La perte et tous ses gradients, fin de texte comprise ; et seulement ceux des blocs qui apprennent."""
    ours = small_model(tokenizer)
    peer = TFGPT2LMHeadModel(ours.config)
    peer.build_in_name_scope()
    for mine, theirs in zip(ours.weights, peer.weights, strict=True):
        theirs.assign(tf.random.normal(theirs.shape, stddev=0.3, seed=len(theirs.name)))
        mine.assign(theirs)
    ids = tf.constant(
        [[5, 6, tokenizer.eos_token_id, 7, 8, 9, 10, 11], [20, 21, 22, 23, 24, 25, 26, tokenizer.eos_token_id]]
    )
    assert np.allclose(ours(ids).logits, peer(ids).logits, atol=1e-5)
    with tf.GradientTape() as tape:
        loss = peer(ids, labels=ids, training=True).loss
    gradients = tape.gradient(loss, peer.weights)
    weights = [weight.numpy() for weight in ours.weights]
    for xla in (False, True):  # un pas de taux 1 sans autre calcul : les poids changent de leur gradient
        ours.compile(optimizer=tf.keras.optimizers.SGD(1.0), jit_compile=xla)
        history = ours.fit(batches.in_order(ids, 2), verbose=0).history
        assert history["loss"] == [pytest.approx(loss.numpy(), rel=1e-5)]
        for weight, before, gradient in zip(ours.weights, weights, gradients, strict=True):
            assert np.allclose(before - weight, tf.convert_to_tensor(gradient), rtol=1e-3, atol=1e-6)
            weight.assign(before)
        assert ours.evaluate(batches.in_order(ids, 2), verbose=0) == pytest.approx(loss.numpy(), rel=1e-5)

    before = export.state_dict(ours)
    sizes.freeze(ours, 1)
    ours.compile(optimizer=tf.keras.optimizers.SGD(1.0))
    ours.fit(batches.in_order(ids, 2), verbose=0)
    after = export.state_dict(ours)
    changed = {name for name in after if (after[name] != before[name]).any()}
    assert changed and all(name.startswith(("transformer.h.1.", "transformer.ln_f.")) for name in changed)


def test_saved_weights_bear_the_names_of_the_hub(tokenizer, tmp_path):
    model = small_model(tokenizer)
    export.save_model(model, tokenizer, tmp_path / "run")
    with safe_open(tmp_path / "run" / "model.safetensors", framework="np") as file:
        assert file.metadata() == {"format": "pt"}
        assert file.get_tensor("transformer.h.1.attn.c_attn.bias").shape == (48,)
        assert file.get_tensor("transformer.wte.weight").shape == (len(tokenizer), 16)
        assert len(file.keys()) == 4 + 2 * 12
    reloaded = TFGPT2LMHeadModel.from_pretrained(choice.checked(tmp_path / "run"))
    assert export.same_weights(model, reloaded)
    bias = reloaded.transformer.h[1].mlp.c_fc.bias
    bias.assign(bias + 1e-7)
    assert not export.same_weights(model, reloaded)


def test_a_disk_without_rights_nor_dates_receives_the_model(tokenizer, tmp_path, monkeypatch):
    """Une clé USB, un partage de réseau : ce qui n'est qu'une politesse y est refusé."""

    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    for courtesy in ("chmod", "utime", "link", "symlink"):
        monkeypatch.setattr(os, courtesy, refuse)
    export.save_model(small_model(tokenizer), tokenizer, tmp_path / "model")
    assert choice.checked(tmp_path / "model")


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="torch n'est pas installé (l'atelier s'en passe)")
def test_pytorch_reads_what_we_save(tokenizer, tmp_path):
    import torch
    from transformers import GPT2LMHeadModel

    model = small_model(tokenizer)
    export.save_model(model, tokenizer, tmp_path / "run")
    peer, report = GPT2LMHeadModel.from_pretrained(tmp_path / "run", output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"]
    ids = np.arange(1, 20)[None]
    with torch.no_grad():
        theirs = peer.eval()(torch.tensor(ids)).logits.numpy()
    assert np.abs(model(ids).logits.numpy() - theirs).max() < 1e-4


def test_a_new_vocabulary_keeps_what_the_model_knows(tokenizer, prepared):
    from atelier.text import corpus

    model = small_model(tokenizer)
    rows = model.get_input_embeddings().weights[0].numpy()
    new = tokenizer.train_new_from_iterator(corpus.load_data(prepared / "data")["train"]["text"], 3000)
    kept = vocabulary.adapt_embeddings(model, tokenizer, new)
    new_rows = model.get_input_embeddings().weights[0].numpy()
    assert new_rows.shape == (3000, 16) and 300 < kept < 3000
    assert (new_rows[new.get_vocab()["Ġde"]] == rows[tokenizer.get_vocab()["Ġde"]]).all()
    token = next(token for token in new.get_vocab() if token not in tokenizer.get_vocab())
    pieces = [piece.id for piece in tokenizer.backend_tokenizer.model.tokenize(token)]
    assert len(pieces) > 1
    assert new_rows[new.get_vocab()[token]] == pytest.approx(rows[pieces].mean(axis=0))


def test_training_lowers_the_validation_loss_and_leaves_a_complete_run(demonstration):
    models = demonstration[0] / ".cache" / "demo" / "model"
    run = models / (models / "latest").read_text("utf-8").strip()
    perplexities = re.search(r"Perplexité de validation : ([\d,]+) avant, ([\d,]+) après", demonstration[1]).groups()
    before, after = (float(perplexity.replace(",", ".")) for perplexity in perplexities)
    assert after < before
    history = json.loads((run / "history.json").read_text("utf-8"))
    assert history["base_model"] == "mini" and history["settings"]["batch_size"] == 8
    assert history["resumed_at"] == 0 and f"Entraînement de {history['steps']} pas" in demonstration[1]
    assert history["loss_steps"] == list(range(1, history["steps"] + 1)) and len(history["loss"]) == history["steps"]
    assert len(history["val_loss"]) == 1 + callbacks.EVALUATIONS
    assert history["val_steps"][0] == 0 and history["val_steps"][-1] == history["steps"], (
        "avant l'entraînement, puis jusqu'à la fin"
    )
    assert history["final_val_loss"] == min(history["val_loss"][1:]), "le meilleur moment est celui qu'on garde"
    assert math.exp(history["final_val_loss"]) == pytest.approx(after, abs=0.1)
    files = {path.name for path in run.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "loss.svg"} < files and not files & {
        "state",
        BEST,
        START,
    }
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in run.iterdir()), "lisibles par l'hôte"
    assert ":" not in run.name and not list(run.glob(".*"))
    assert demonstration[1].count(f"« {callbacks.PROMPT}") == 1 + callbacks.EVALUATIONS, "on voit le modèle apprendre"
    assert re.findall(f"« ({callbacks.PROMPT}.*) »$", demonstration[1], re.MULTILINE) == history["sentences"], (
        "et l'on peut y revenir"
    )
    assert "Ce qu'il écrit, à mesure" in html.unescape((run / "loss.svg").read_text("utf-8"))


def test_more_time_means_more_steps_and_the_estimate_says_so():
    measured = pace.Pace(step=0.5, evaluation=4.0, saving=2.0)
    short, long = measured.steps_in(60), measured.steps_in(600)
    assert 1 < 2 * short < long < 600 / 0.5
    assert measured.seconds_for(long) == pytest.approx(600, abs=1)
    assert measured.steps_in(1) == 1


@pytest.mark.parametrize("rate", [WarmupCosine, float], ids=["celui de l'étape 3", "un taux fixe"])
def test_measuring_the_machine_changes_no_weight(rate, tokenizer):
    model = small_model(tokenizer)
    load("3_train_solution.py").compile_model(model, rate(1.0))
    before = export.state_dict(model)
    blocks = np.ones((64, 32), np.int32)
    measured = pace.measure_pace(model, tokenizer, batches.shuffled(blocks, 4, 1), batches.in_order(blocks, 4))
    after = export.state_dict(model)
    assert all((before[name] == after[name]).all() for name in before) and measured.step > 0
    variables = [variable for variable in model.optimizer.variables if "learning_rate" not in variable.name]
    assert model.optimizer.iterations == 0 and not any(variable.numpy().any() for variable in variables)


def test_the_time_given_decides_how_many_steps(tokenizer, tmp_path, monkeypatch, capsys):
    machine = pace.Pace(step=0.5, evaluation=4.0)
    monkeypatch.setattr(pace, "measure_pace", lambda *_: machine)
    run = begin(tmp_path, small_model(tokenizer), tokenizer, BLOCKS)
    run.plan()
    assert run.history["steps"] == pytest.approx(machine.steps_in(3600), rel=0.1), "le temps déjà passé, aussi, compte"
    assert f"Entraînement de {number(run.history['steps'])} pas" in capsys.readouterr().out
    assert run.rounds == callbacks.EVALUATIONS


@pytest.mark.parametrize("asked, steps", [({"max_steps": 7}, 7), ({"epochs": 3}, 6)], ids=["--max-steps", "--epochs"])
def test_the_steps_asked_for_are_those_that_are_made(asked, steps, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "measure_pace", lambda *_: pace.Pace(step=0.5, evaluation=4.0))
    run = begin(tmp_path, small_model(tokenizer), tokenizer, BLOCKS, **asked)
    run.plan()
    assert run.history["steps"] == steps and len(run.tf_train_dataset) * run.rounds >= steps


def test_a_training_does_what_it_has_announced(prepared, tiny, tmp_path):
    (tmp_path / "data").symlink_to(prepared / "data")
    options = ["--minutes", "0.05", "--batch-size", "4"]
    shown = succeed("3_train_solution.py", *options, home=tmp_path, AURORE_MODEL=tiny).stdout
    shown = shown.replace("\u00a0", "")  # l'espace des milliers
    steps, share = re.search(r"Entraînement de (\d+) pas, soit (\d+) % d'une époque : environ", shown).groups()
    per_epoch = int(re.search(r"une époque fait (\d+) pas", shown)[1])
    assert int(share) == pytest.approx(int(steps) / per_epoch * 100, abs=0.5)
    history = finished(tmp_path)
    assert history["plan"][0] == [0, int(steps)] and history["steps"] == history["loss_steps"][-1]
    assert shown.count("au lieu de") == len(history["plan"]) - 1, "s'il change d'avis en chemin, il le dit"


def test_two_machines_learn_together_what_one_learns_alone(prepared, tiny, tmp_path):
    homes = {name: tmp_path / name for name in ("alone", "first", "second")}
    variables = {name: {"AURORE_MODEL": tiny} for name in homes}
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in (one, other)]
    for index, name in enumerate(("first", "second")):
        variables[name]["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        )
    for home in homes.values():
        home.mkdir()
        (home / "data").symlink_to(prepared / "data")
    options = ["--max-steps", "6", "--batch-size", "4", "--learning-rate", "0.01"]
    with ThreadPoolExecutor() as together:
        submitted = [
            together.submit(run, "3_train_solution.py", *options, home=homes[name], **variables[name]) for name in homes
        ]
        _, first, second = [succeeded(run.result()) for run in submitted]
    assert "Machine 1 sur 2" in first.stderr and "Perplexité" in first.stdout
    assert "Machine 2 sur 2" in second.stderr and not second.stdout and not (homes["second"] / "model").exists(), (
        "la première enregistre"
    )
    alone, together = finished(homes["alone"]), finished(homes["first"])
    assert together["loss"] == pytest.approx(alone["loss"], rel=1e-4) and together["val_loss"] == pytest.approx(
        alone["val_loss"], rel=1e-4
    )


def test_what_several_machines_cannot_do_is_said(monkeypatch):
    chosen = argparse.Namespace(batch_size=8, resume=False)
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {}}')
    with pytest.raises(errors.AuroreError, match="TF_CONFIG ne se lit pas"):
        distribution.use(chosen)
    monkeypatch.setenv(
        "TF_CONFIG", '{"cluster": {"worker": ["un:1", "deux:1", "trois:1"]}, "task": {"type": "worker", "index": 0}}'
    )
    with pytest.raises(errors.AuroreError, match="--batch-size 8 ne se partage pas également entre 3 machines"):
        distribution.use(chosen)
    chosen.batch_size, chosen.resume = 9, True
    with pytest.raises(errors.AuroreError, match="ôtez TF_CONFIG, ou --resume"):
        distribution.use(chosen)
