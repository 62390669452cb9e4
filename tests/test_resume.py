"""Ce qui interrompt l'étape 3 (une panne, Ctrl-C, un nombre qui n'en est plus un) ne perd rien, et se reprend."""

import contextlib
import json
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from forked import die_after_a_save, run_forked
from runs_begun import BLOCKS, begin, finished
from scripts import AURORE, environment, refused, succeed
from small import small_model

from atelier import errors, settings
from atelier.models import choice, export
from atelier.training import backup, callbacks, runs
from atelier.training import history as histories
from atelier.training.history import START, STATE


@pytest.mark.skipif(sys.platform != "linux", reason="ailleurs, TensorFlow ne supporte pas d'être dédoublé")
def test_a_killed_run_resumes_where_it_was_and_ends_the_same(prepared, tiny, tmp_path):
    homes = {name: tmp_path / name for name in ("whole", "killed")}
    for home in homes.values():
        home.mkdir()
        (home / "data").symlink_to(prepared / "data")
    options = ["--max-steps", "24", "--batch-size", "2", "--learning-rate", "0.01"]
    base = shutil.copytree(tiny, tmp_path / "base")
    variables = environment(homes["killed"], AURORE_MODEL=str(base))
    script = AURORE / "3_train_solution.py"
    killed = run_forked(script, *options, variables=variables, folder=homes["killed"], prepare=die_after_a_save)
    assert killed.returncode == -signal.SIGKILL
    assert json.loads(next(homes["killed"].glob("model/*/history.json")).read_text("utf-8"))["steps"] == 24, (
        "le plan est enregistré"
    )
    assert "ne se change pas" in refused("3_train_solution.py", "--resume", "--batch-size", "4", home=homes["killed"])
    shutil.rmtree(base)  # le modèle de base n'est plus là : l'entraînement n'a besoin que de son dossier
    shown = succeed("3_train_solution.py", "--resume", home=homes["killed"])
    succeed("3_train_solution.py", *options, home=homes["whole"], AURORE_MODEL=tiny)
    whole, resumed = finished(homes["whole"]), finished(homes["killed"])
    assert "Reprise de l'entraînement" in shown.stderr
    assert 0 < resumed["resumed_at"] < 24 == resumed["steps"] and whole["resumed_at"] == 0
    assert resumed["loss_steps"] == whole["loss_steps"] and resumed["settings"] == whole["settings"]
    assert resumed["loss"] == pytest.approx(whole["loss"], rel=1e-3), (
        "le même taux, les mêmes lots, le même état de l'optimiseur"
    )
    assert resumed["val_loss"][-1] == pytest.approx(whole["val_loss"][-1], rel=1e-3)
    assert resumed["sentences"][0] == whole["sentences"][0], "celle d'avant l'entraînement"
    assert len(resumed["sentences"]) == len(resumed["val_loss"]) and all(resumed["sentences"]), "une par évaluation"
    assert resumed["final_val_loss"] == pytest.approx(whole["final_val_loss"], rel=1e-3)
    assert "Aucun entraînement à reprendre" in refused("3_train_solution.py", "--resume", home=homes["killed"])


def test_only_a_run_that_has_not_ended_can_be_resumed(tmp_path, monkeypatch):
    """Un ménage interrompu, ou qu'un antivirus empêche, laisse des restes : l'entraînement n'en est pas moins fini."""
    monkeypatch.setattr(settings, "MODELS", tmp_path)
    (tmp_path / "run" / "state").mkdir(parents=True)
    (tmp_path / "run" / "state" / "checkpoint").write_text("")
    history = histories.new("mini", {}, 3.5)
    histories.write(tmp_path / "run", history)
    assert runs.unfinished() == tmp_path / "run"
    histories.write(tmp_path / "run", history | {"final_val_loss": 3.4})
    assert runs.unfinished() is None
    (tmp_path / "run" / "history.json").unlink()
    assert runs.unfinished() is None, "il ne dit rien de lui"


def test_two_programs_do_not_train_in_the_same_folder(tmp_path):
    (tmp_path / "history.json").touch()
    with backup.alone(tmp_path):
        with pytest.raises(errors.AuroreError, match="tourne déjà, dans un autre terminal"), backup.alone(tmp_path):
            pass
    with contextlib.suppress(KeyboardInterrupt), backup.alone(tmp_path):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["history.json"]


def test_a_state_that_cannot_be_read_is_told_before_anything_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MODELS", tmp_path)
    for file in (STATE, Path(START, "config.json")):
        (tmp_path / "run" / file).parent.mkdir(parents=True)
        (tmp_path / "run" / file).write_text('model_checkpoint_path: "ckpt-1"\n', "utf-8")  # de `tf.train.Checkpoint`
    histories.write(tmp_path / "run", histories.new("mini", {}, 3.5))
    with pytest.raises(errors.AuroreError, match="ne peut plus se reprendre : ce qu'il avait enregistré est abîmé"):
        runs._to_resume(None)


def test_a_run_whose_first_model_is_gone_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MODELS", tmp_path)
    (tmp_path / "run" / "state").mkdir(parents=True)
    (tmp_path / "run" / "state" / "checkpoint").write_text("")
    histories.write(tmp_path / "run", histories.new("/ailleurs", {}, 3.5))
    with pytest.raises(errors.AuroreError, match="run ne peut plus se reprendre.*start.*ôtez --resume"):
        runs._to_resume(None)


def test_trainings_that_start_in_the_same_second_have_each_their_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MODELS", tmp_path)
    monkeypatch.setattr(runs.time, "strftime", lambda _: "2026-07-26_13h32m15")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # l'autre le crée juste après qu'on a regardé
    assert [runs._new_folder(tmp_path).name[19:] for _ in range(3)] == ["", "-2", "-3"]


def test_an_interruption_while_tidying_up_does_not_lose_the_model(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt), runs.kept_if_resumable(folder):
        histories.write(folder, histories.new("mini", {}, 3.5) | {"final_val_loss": 3.4})
        raise KeyboardInterrupt
    assert "final_val_loss" in choice.history(folder)
    (folder / "history.json").unlink()
    with pytest.raises(KeyboardInterrupt), runs.kept_if_resumable(folder):
        raise KeyboardInterrupt
    assert not folder.exists(), "il n'y avait rien à garder"


def test_a_run_is_not_resumed_with_other_data_or_another_model(tokenizer, tmp_path):
    model = small_model(tokenizer)
    histories.write(tmp_path, begin(tmp_path, model, tokenizer, BLOCKS).history)
    assert begin(tmp_path, model, tokenizer, BLOCKS, resume=str(tmp_path / START)).history["tokens"] == 512
    with pytest.raises(errors.AuroreError, match="les données ont changé"):
        begin(tmp_path, model, tokenizer, BLOCKS[::-1], resume=str(tmp_path / START))  # autant de tokens, mais d'autres
    with pytest.raises(errors.AuroreError, match="le modèle que charge le script"):
        begin(tmp_path, small_model(tokenizer, n_layer=1), tokenizer, BLOCKS, resume=str(tmp_path / START))


def test_a_run_that_fails_leaves_the_previous_one(trained, tokenizer, tmp_path):
    shutil.copytree(trained, tmp_path / "home", symlinks=True)
    latest = (tmp_path / "home" / "model" / "latest").read_text("utf-8")
    broken = nan_model(tokenizer, tmp_path)
    sentence = refused("3_train_solution.py", "--max-steps", "30", home=tmp_path / "home", AURORE_MODEL=str(broken))
    assert "n'est plus un nombre" in sentence
    assert (tmp_path / "home" / "model" / "latest").read_text("utf-8") == latest
    assert [path.name for path in (tmp_path / "home" / "model").iterdir() if path.is_dir()] == [latest.strip()]


def nan_model(tokenizer, folder):
    """Un modèle dont un poids n'est pas un nombre : la perte ne peut qu'en être un."""
    model = small_model(tokenizer)
    model.transformer.ln_f.gamma.assign(np.full(16, np.nan, np.float32))
    export.save_model(model, tokenizer, folder / "nan")
    return folder / "nan"


def test_a_run_of_an_older_workshop_is_resumed(tokenizer, tmp_path):
    """Il n'avait gardé ni ses phrases, ni ses plans : son plan est son nombre de pas, et seules les nouvelles phrases se gardent."""
    model = small_model(tokenizer)
    history = begin(tmp_path, model, tokenizer, BLOCKS).history | {"steps": 9}
    del history["sentences"], history["plan"]
    histories.write(tmp_path, history)
    run = begin(tmp_path, model, tokenizer, BLOCKS, resume=str(tmp_path / START))
    assert run.history["plan"] == [[0, 9]] and run.history["sentences"] == []
    run.history["val_steps"] += [3, 6]
    run.history["val_loss"] += [3.0, 2.9]
    progress = callbacks.Progress(run.history, 256, tokenizer)
    progress.set_model(model)
    progress.on_epoch_begin(1)
    progress.on_epoch_end(1, {"val_loss": 2.9})
    *lost, kept = run.history["sentences"]
    assert lost == ["", ""] and kept.startswith(callbacks.PROMPT), "chacune en face de sa perte"
