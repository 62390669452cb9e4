"""Les lots d'un entraînement et son taux d'apprentissage : ce que lit chaque pas, et combien il corrige."""

import numpy as np
import pytest
from scripts import load

from atelier.training import batches
from atelier.training.schedule import WarmupCosine


def test_packing_loses_nothing_but_the_last_partial_block(tokenizer):
    texts = ["Elle entra.\nIl sortit.", "Une autre histoire, plus longue que la première."] * 40
    blocks = load("3_train_solution.py").pack(tokenizer, texts)
    flat = blocks.reshape(-1).tolist()
    expected = [id for text in texts for id in [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]]
    assert blocks.shape[1] == batches.BLOCK_SIZE and len(blocks) > 1
    assert flat == expected[: len(flat)] and 0 <= len(expected) - len(flat) < batches.BLOCK_SIZE
    assert flat.count(tokenizer.eos_token_id) >= 40
    assert load("3_train_solution.py").pack(tokenizer, ["Elle entra."]).shape == (0, batches.BLOCK_SIZE)


def read(dataset, steps):
    return [batch["input_ids"].numpy()[:, 0].tolist() for batch in dataset.take(steps)]


def test_every_epoch_reads_every_block_once_in_an_order_the_seed_decides():
    blocks = np.arange(60, dtype=np.int32).reshape(30, 2)
    order = read(batches.shuffled(blocks, 4, seed=2**32 - 1), 15)
    flat = sum(order, [])
    assert sorted(flat[:30]) == sorted(flat[30:]) == sorted(blocks[:, 0]) and flat[:30] != flat[30:]
    assert order == read(batches.shuffled(blocks, 4, seed=2**32 - 1), 15)
    assert order != read(batches.shuffled(blocks, 4, seed=1), 15)
    assert order[11:] == read(batches.shuffled(blocks, 4, 2**32 - 1).skip(11), 4), (
        "repris au milieu de la deuxième époque"
    )


def test_each_round_reads_on():
    blocks = np.arange(60, dtype=np.int32).reshape(30, 2)
    rounds = batches.in_rounds(batches.shuffled(blocks, 4, seed=1), 5)
    assert len(rounds) == 5
    assert read(rounds, 5) + read(rounds, 5) == read(batches.shuffled(blocks, 4, seed=1), 10)


def test_a_round_that_ends_early_loses_no_batch():
    """TensorFlow lirait de lui-même un lot d'avance, que le tour suivant ne retrouverait pas."""
    blocks = np.arange(600, dtype=np.int32).reshape(300, 2)
    rounds, begun = batches.in_rounds(batches.shuffled(blocks, 4, seed=1), 60), []
    for _ in range(20):
        begun += [batch["input_ids"].numpy()[:, 0].tolist() for _, batch in zip(range(3), rounds)]
    assert begun == read(batches.shuffled(blocks, 4, seed=1), 60)


@pytest.mark.parametrize("steps, since, revised", [(1000, 400, 600), (1000, 50, 300), (100, 60, 300)])
def test_the_learning_rate_stretches_over_the_steps_of_a_new_plan(steps, since, revised):
    schedule = WarmupCosine(peak=1.0)
    schedule.plan(steps)
    before = [float(schedule(step)) for step in range(since)]
    schedule.plan(revised, since)
    after = [float(schedule(step)) for step in range(since, revised)]
    assert abs(after[0] - before[-1]) < 0.04 and 0 < after[-1] < 0.02, "sans saut, et jusqu'à zéro"
    assert float(schedule(revised)) == pytest.approx(0, abs=1e-6) and max(after) <= 1


@pytest.mark.parametrize("steps", [1, 2, 20, 1000])
def test_the_learning_rate_climbs_then_falls_to_the_last_step_of_all_epochs(steps):
    schedule = WarmupCosine(peak=1.0)
    assert schedule(0) == 0, "tant qu'on mesure la machine, aucun poids ne change"
    schedule.steps.assign(steps)
    rates = [float(schedule(step)) for step in range(steps)]
    top = rates.index(max(rates))
    assert max(rates) == 1.0 and all(rate > 0 for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)
    if steps == 1000:
        assert 90 <= top <= 110 and rates[-1] < 1e-4
        assert rates[900] > 0.02, "dans la dernière de dix époques, le modèle apprend encore"
