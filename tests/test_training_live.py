"""Pendant que l'étape 3 tourne : son histoire s'écrit à mesure, la page la suit, et l'entraînement se reprend comme avant."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import visitor
from browser import Browser, wait_until
from scripts import load, succeed
from small import small_model
from trainings_page import NAME, SETTINGS, figures, seen, shown, write
from werkzeug.serving import make_server

from atelier import settings
from atelier.models import choice
from atelier.models.gpt2 import GPT2
from atelier.training import backup as backups
from atelier.training import batches, callbacks, runs
from atelier.training import history as histories
from atelier.training.schedule import WarmupCosine


def test_the_history_is_written_as_it_comes_and_resuming_forgets_what_follows_the_state(
    client, tokenizer, tmp_path, monkeypatch
):
    """Entre deux sauvegardes, la courbe avance déjà ; ce qu'elle montrait de trop s'efface à la reprise."""
    monkeypatch.setattr(backups, "SHOW_EVERY", -1)
    model = small_model(tokenizer)
    rate = WarmupCosine(0.01)
    rate.steps.assign(6)
    load("3_train_solution.py").compile_model(model, rate)
    blocks = np.ones((64, 32), np.int32)
    read, validation = batches.shuffled(blocks, 4, 1), batches.in_order(blocks[:4], 4)
    monkeypatch.setattr(
        settings, "MODELS", tmp_path / "Atelier [2026] d'été, 100 % {à lire} #1?*"
    )  # rien n'y est un motif
    folder = settings.MODELS / NAME
    folder.mkdir(parents=True)
    history = histories.new("mini", SETTINGS | {"batch_size": 4}, 9.0, tokens=blocks.size, block_size=32) | {"steps": 6}
    backup = backups.Backup(model, folder, history)
    backup.save()
    progress = []

    class Watch(callbacks.StopOnNaN):
        def on_train_batch_end(self, batch, logs=None):
            progress.append(seen(client)[0]["done"])
            if len(progress) == 5:
                raise KeyboardInterrupt

    watch = Watch()
    with pytest.raises(KeyboardInterrupt), runs.kept_if_resumable(folder):
        watching = [callbacks.Losses(history), backup, watch]
        model.fit(batches.in_rounds(read, 3), validation_data=validation, epochs=2, verbose=0, callbacks=watching)
    assert progress == [1, 2, 3, 4, 5], "chaque pas se voit aussitôt"
    (run,) = seen(client)
    assert run["state"] == "interrupted" and run["command"], "Ctrl-C se voit tout de suite"
    seconds = choice.history(folder)["loss_seconds"]
    assert len(seconds) == 5 and seconds == sorted(seconds)

    history = choice.history(folder)
    backup = backups.Backup(model, folder, history)
    assert backup.restore() == 3
    backup.save()
    assert [file.name for file in (folder / "state").iterdir()] == ["checkpoint"], "un seul état, l'ancien s'en va"
    assert [len(history[name]) for name in ("loss", "loss_steps", "loss_seconds")] == [3, 3, 3]
    assert [len(history[name]) for name in ("val_loss", "val_steps")] == [2, 2]
    assert seen(client)[0]["state"] == "running" and history["resumed_at"] == 3
    model.fit(
        batches.in_rounds(read, 3), validation_data=validation, verbose=0, callbacks=[callbacks.Losses(history), backup]
    )
    assert history["loss_steps"] == [1, 2, 3, 4, 5, 6] and history["loss_seconds"] == sorted(history["loss_seconds"])


def test_a_real_training_is_followed_to_its_end(client, prepared, tiny, tmp_path):
    (tmp_path / "data").symlink_to(prepared / "data")
    with ThreadPoolExecutor() as elsewhere:
        step_3 = elsewhere.submit(
            succeed, "3_train_solution.py", "--max-steps", "20", "--batch-size", "2", home=tmp_path, AURORE_MODEL=tiny
        )
        followed = []
        while not step_3.done():
            followed += seen(client)
            time.sleep(0.02)
        step_3.result()
    assert {"preparing", "running"} <= {run["state"] for run in followed}, "il s'est montré en chemin"
    (run,) = seen(client)
    told = figures(run)
    assert run["state"] == "finished" and told["Avancement"] == "20 pas" and {"Vitesse", "Temps passé"} <= told.keys()
    assert re.fullmatch(r"[\d, ]+ avant, [\d, ]+ après|> 10⁶.*", told["Perplexité de validation"])
    assert client.get(shown(client).all("img")[0]["src"]).status_code == 200


@visitor.NEEDS_A_BROWSER
def test_the_page_that_is_open_shows_each_new_sentence(client, tmp_path):
    """La courbe, les chiffres et l'échelle avancent sans qu'on recharge la page."""
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    written = [f"{histories.PROMPT}, <b>avant</b>"]
    write()
    with Browser(tmp_path) as page:
        page.open(f"http://127.0.0.1:{server.server_port}/entrainement")
        page.run("document.querySelector('.run').dataset.kept = 'oui'")
        assert not page.find(".ladder").visible, "rien n'est encore écrit"
        write(sentences=written)
        wait_until(lambda: "<b>avant</b>" in page.find(".ladder").text)
        write(sentences=[*written, f"{histories.PROMPT} la petite Fadette"])
        wait_until(lambda: "la petite Fadette" in page.find(".ladder").text)
        assert page.find(".run").attribute("data-kept") == "oui", "la page n'a pas été refaite"
        assert len(page.find_all(".ladder tbody tr")) == 2 and "42,4" in page.find(".numbers").text
        assert not page.complaints()
    server.shutdown()
    server.server_close()
