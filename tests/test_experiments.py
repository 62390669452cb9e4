"""Les réglages comparés : chaque essai lit autant que les autres, dit où il en est et ce qu'il valait ; l'image et la suite aussi."""

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scripts import load

from atelier.training import batches
from atelier.training import history as histories


def test_the_trials_of_an_experiment_read_as_much_as_each_other(tiny, monkeypatch, capsys):
    script = load("experiments.py")
    monkeypatch.setattr(script, "READ", 16)
    blocks = np.arange(16 * 32, dtype=np.int32).reshape(16, 32)
    often, seldom = (
        script.trial(Path(tiny), blocks, batches.in_order(blocks[:8], 8), size, factor=100) for size in (2, 4)
    )
    assert often["steps"] == 2 * seldom["steps"] == 8
    assert len(often["val_loss"]) == len(seldom["val_loss"]) == 1 + script.EVALUATIONS
    assert often["val_loss"][0] == seldom["val_loss"][0] != often["val_loss"][-1], "du même modèle de base"
    shown = capsys.readouterr().out
    assert "pas 8 sur 8 · " in shown and "reste 0 s" in shown, "comme l'étape 3"
    assert shown.count("perplexité de validation") == 2 * script.EVALUATIONS and "«" not in shown


def measured(*trials: tuple[float, int, float]) -> list[dict]:
    """Ce que des essais auraient laissé : leur taux, la taille de leurs lots, leur dernière perplexité."""
    found = []
    for rate, batch_size, perplexity in trials:
        history = histories.new("mini", {"learning_rate": rate, "batch_size": batch_size}, math.log(31.9))
        steps = 512 // batch_size
        history |= {"steps": steps, "loss": [3.4] * steps, "loss_steps": [*range(1, steps + 1)]}
        history["val_loss"] += [math.log(perplexity)] * 4
        history["val_steps"] += [steps * quarter // 4 for quarter in range(1, 5)]
        found.append(history)
    return found


RATES = measured((0.000013, 8, 31.5), (0.00013, 8, 30.8), (0.0013, 8, 99.0))


def texts(svg: str) -> list[str]:
    return [text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_rates_are_told_in_the_table_and_on_the_picture(capsys):
    script = load("experiments.py")
    _, _, trials = script.EXPERIMENTS["learning-rate"]
    script.show(trials, RATES)
    lines = capsys.readouterr().out.splitlines()
    assert "par défaut" in lines[3] and "0,00013" in lines[3] and "64   31,9 avant, 30,8 après" in lines[3]
    written = texts(script.picture("learning-rate", RATES))
    assert "perplexité 30,8 à la fin" in written, "celle du tableau, non celle d'avant quand c'était mieux"
    assert {"0,000013", "0,00013 (par défaut)", "0,0013", "sort du cadre au passage 128"} <= set(written)
    assert "mini · 512 passages de 128 tokens lus chaque fois" in written and "passages lus" in written


def test_a_picture_of_one_rate_says_it_once():
    written = texts(
        load("experiments.py").picture("batch-size", measured((0.00013, 2, 31), (0.00013, 8, 30), (0.00013, 32, 32)))
    )
    assert {"lots de 2", "lots de 8", "lots de 32"} <= set(written)
    assert "mini · 512 passages de 128 tokens lus chaque fois, au taux 0,00013" in written


NEXT = {
    "un autre taux": ("learning-rate", (31.5, 30.8, 30.1), "3_train_solution.py --learning-rate 0.0013"),
    "d'autres lots": ("batch-size", (30.1, 30.8, 31), "3_train_solution.py --batch-size 2"),
    "celui d'avant": ("learning-rate", (31.5, 30.8, 99), "elle s'en sert déjà. Ensuite : "),
}


@pytest.mark.parametrize("experiment, perplexities, suggested", NEXT.values(), ids=NEXT)
def test_the_next_step_is_the_setting_that_won_unless_it_is_already_used(experiment, perplexities, suggested):
    script = load("experiments.py")
    _, _, trials = script.EXPERIMENTS[experiment]
    found = measured(*((0.00013 * factor, size, last) for (_, size, factor), last in zip(trials, perplexities)))
    said = script.what_next(trials, found)
    assert suggested in said and "3_train_solution.py" in said and said.count("--") == suggested.count("--")


def test_an_experiment_says_how_long_it_will_still_take(monkeypatch, capsys):
    script = load("experiments.py")
    now = iter(range(0, 1000, 60))
    monkeypatch.setattr(script.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(script, "trial", lambda *_: {})
    script.run_trials(script.EXPERIMENTS["learning-rate"][2], None, None, None)
    shown = capsys.readouterr().out
    assert "1 sur 3 : 10 fois plus petit\n" in shown and "encore" not in shown.split("2 sur 3")[0]
    assert "2 sur 3 : par défaut (encore 4 min 00 s environ pour finir)" in shown
