"""L'entraînement finit à l'heure dite, même si la machine change d'allure en chemin."""

import time

from atelier.quiet import keras, tf  # isort: skip (avant transformers)

import numpy as np
import pytest
from runs_begun import begin
from small import small_model

from atelier import exercises
from atelier.models import choice
from atelier.training import callbacks, pace
from atelier.training import history as histories
from atelier.training.history import START
from atelier.training.schedule import WarmupCosine

BLOCKS = np.arange(40 * 16, dtype=np.int32).reshape(40, 16)
MEASURED = pace.Pace(step=1.0, evaluation=2.0)
SECONDS = 130


class Clock(keras.callbacks.Callback):
    """L'heure qu'il est pour l'entraînement : un pas prend une seconde, puis `factor` secondes dès le pas `change`."""

    def __init__(self, factor: float, change: int = 40):
        super().__init__()
        self.factor, self.change, self.now, self.rates, self.read = factor, change, 0.0, [], []

    def __call__(self) -> float:
        return self.now

    def pace(self) -> float:
        return self.factor if len(self.rates) >= self.change else 1.0

    def on_train_batch_end(self, batch, logs=None):
        self.now += self.pace() * MEASURED.step
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))

    def on_test_end(self, logs=None):
        self.now += self.pace() * MEASURED.evaluation


@pytest.fixture
def trained(tokenizer, tmp_path, monkeypatch):
    """`trained(horloge, **options)` : un entraînement de deux minutes dix, à cette heure-là."""

    def train(clock: Clock, **options):
        monkeypatch.setattr(time, "perf_counter", clock)
        monkeypatch.setattr(pace, "measure_pace", lambda *_: MEASURED)
        monkeypatch.setattr(callbacks, "write", lambda *_, seed, **__: f"phrase du pas {seed}")
        model = small_model(tokenizer, n_embd=4, n_layer=1, n_positions=16)
        run = begin(tmp_path, model, tokenizer, BLOCKS, begun=0.0, minutes=SECONDS / 60, **options)
        run.plan()
        model.fit(
            run.tf_train_dataset,
            validation_data=run.tf_eval_dataset,
            epochs=run.rounds,
            callbacks=[run.saver, clock, *run.callbacks],
            verbose=0,
        )
        return run

    return train


def test_a_training_ends_on_time_even_if_the_machine_slows_down(trained, capsys):
    clock = Clock(3.0)
    run = trained(clock)
    history, shown, rates = run.history, capsys.readouterr().out, np.array(clock.rates)
    assert clock.now == pytest.approx(SECONDS, rel=0.15)
    steps = history["steps"]
    assert len(rates) == steps == history["val_steps"][-1] < 120 and history["plan"][0] == [0, 120]
    assert "La machine va moins vite que prévu : pour finir à l'heure, l'entraînement fera" in shown
    assert f"fera {steps} pas au lieu de" in shown and f"pas {steps} sur {steps}" in shown, "l'avancement suit le plan"
    assert len(history["val_loss"]) == 1 + callbacks.EVALUATIONS, "les évaluations restent réparties"
    assert min(np.diff(history["val_steps"])) >= 3
    falling = np.diff(rates[20:])
    assert (falling <= 0).all() and max(-falling) < 0.1 * rates.max() and rates[-1] < 0.02 * rates.max(), (
        "le taux ne saute pas, et finit à zéro"
    )


def test_steps_that_were_asked_for_are_all_made_however_long_they_take(trained):
    run = trained(Clock(5.0, change=10), max_steps=60)
    assert run.history["val_steps"][-1] == run.history["steps"] == 60 and run.history["plan"] == [[0, 60]]


class Machine:
    """Un modèle qui ne fait que compter ses pas, et l'heure qu'il est pour lui."""

    def __init__(self, seconds_of, evaluation: float = MEASURED.evaluation):
        self.optimizer, self.iterations = self, tf.Variable(0, dtype=tf.int64)
        self.seconds_of, self.evaluation, self.now, self.stop_training = seconds_of, evaluation, 0.0, False

    def train(self, pacer: pace.Revised) -> None:
        pacer.set_model(self)
        while self.iterations < pacer.history["steps"]:
            pacer.on_epoch_begin(0)
            self.stop_training = False
            while not self.stop_training:
                pacer.on_train_batch_begin(0)
                self.now += self.seconds_of(int(self.iterations))
                self.iterations.assign_add(1)
                pacer.on_train_batch_end(0)
            self.now += self.evaluation * self.seconds_of(int(self.iterations))
            pacer.history["val_loss"].append(3.0)
            pacer.on_epoch_end(0)


@pytest.fixture
def paced(monkeypatch):
    """`paced(secondes d'un pas, d'une évaluation)` : le plan, et le temps qu'a pris l'entraînement."""

    def follow(*machine) -> tuple[list, float]:
        machine, rate = Machine(*machine), WarmupCosine(1.0)
        monkeypatch.setattr(time, "perf_counter", lambda: machine.now)
        history = histories.new("mini", {}, 3.5)
        pace.plan(history, rate, 120, since=0)
        machine.train(pace.Revised(history, 24, rate, MEASURED, deadline=SECONDS))
        assert int(rate.steps) == history["steps"] == int(machine.iterations)
        return history["plan"], machine.now

    return follow


MACHINES = {
    "un peu plus lente": lambda step: 1.0 if step < 30 else 1.4,
    "cinq fois plus lente": lambda step: 1.0 if step < 60 else 5.0,
    "plus lente à la fin": lambda step: 1.0 if step < 100 else 2.0,
    "deux fois plus rapide": lambda step: 1.0 if step < 40 else 0.5,
    "plus lente, puis remise": lambda step: 3.0 if 20 <= step < 40 else 1.0,
    "mal mesurée": lambda step: 0.4,
}


@pytest.mark.parametrize("seconds_of", MACHINES.values(), ids=MACHINES)
def test_whatever_the_machine_does_the_time_given_is_kept(seconds_of, paced, capsys):
    plan, spent = paced(seconds_of)
    assert spent == pytest.approx(SECONDS, rel=0.15) and 1 < len(plan) <= 8
    assert capsys.readouterr().out.count("au lieu de") == len(plan) - 1, "chaque changement se dit, une fois"


def test_evaluations_that_last_too_long_are_fewer(paced):
    """Écrire une phrase, mot après mot, souffre plus que le reste d'une machine occupée."""
    _, spent = paced(lambda step: 1.0, 30.0)
    assert spent == pytest.approx(SECONDS, rel=0.15)


def test_a_machine_that_keeps_its_pace_keeps_its_plan(paced, capsys):
    plan, spent = paced(lambda step: 1.02 if step % 2 else 0.99)
    assert plan == [[0, 120]] and spent == pytest.approx(SECONDS, rel=0.05) and not capsys.readouterr().out


def test_the_time_the_computer_slept_does_not_count(paced):
    plan, spent = paced(lambda step: 3600.0 if step == 50 else 1.0)
    assert plan == [[0, 120]] and spent - 3600 == pytest.approx(SECONDS, rel=0.05)


def test_a_resumed_training_follows_the_last_plan_from_the_rate_where_it_was(trained, tokenizer, tmp_path, monkeypatch):
    """Arrêté brutalement : l'état enregistré date d'avant le dernier changement de plan."""

    class Cut(Clock):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if len(self.rates) == 60:
                raise KeyboardInterrupt

    clock = Cut(3.0)
    with pytest.raises(KeyboardInterrupt):
        trained(clock)
    monkeypatch.undo()
    history = choice.history(tmp_path)
    state = max(step for step in history["val_steps"])
    assert len(history["plan"]) > 1 and history["steps"] < 120
    histories.write(tmp_path, history | {"plan": [*history["plan"], [state + 1, 70]], "steps": 70})
    monkeypatch.setattr(pace, "measure_pace", lambda *_: MEASURED)
    model = small_model(tokenizer, n_embd=4, n_layer=1, n_positions=16)
    run = begin(tmp_path, model, tokenizer, BLOCKS, resume=str(tmp_path / START))
    run.plan()
    assert run.history["resumed_at"] == state and run.history["steps"] == 70
    assert run.history["plan"][-1] == [state, 70] and len(run.history["sentences"]) == len(run.history["val_loss"])
    before = WarmupCosine(run.rate.peak)
    for since, steps in history["plan"]:
        before.plan(steps, since)
    assert float(run.rate(state)) == pytest.approx(float(before(state))) and float(before(state - 1)) == pytest.approx(
        clock.rates[state - 1]
    )
    assert float(run.rate(70)) == pytest.approx(0, abs=1e-6)


def test_a_long_training_says_until_when_and_what_to_do_meanwhile(monkeypatch, capsys):
    monkeypatch.setattr(pace, "IN_CONTAINER", False)
    monkeypatch.setattr(pace.time, "time", lambda: 0.0)
    monkeypatch.setattr(pace.time, "localtime", lambda seconds: time.gmtime(seconds + 10 * 3600))
    pace.announce(1220, 98, 580, True, "mini")
    shown = capsys.readouterr().out
    assert "Entraînement de 1\u00a0220 pas, soit 98 % d'une époque : environ 9 min 40 s, jusque vers 10 h 09." in shown
    assert "5_flask.py" in shown and "/entrainement" in shown and "3.a à 3.c" in shown
    questions = [one.number for one in exercises.marked("3") if not one.number[2].isdecimal()]
    assert questions == ["3.a", "3.b", "3.c"], "celles que nomme l'annonce"
    monkeypatch.setattr(pace, "IN_CONTAINER", True)
    pace.announce(1220, 98, 580, True, "mini")
    assert "jusque vers" not in capsys.readouterr().out, "l'horloge d'un conteneur n'est pas celle de la personne"
    pace.announce(45, 303, 39, False, "mini")
    assert capsys.readouterr().out.count("\n") == 1, "en si peu de temps, il n'y a rien à faire d'autre"


ADVICE = {
    "mini": ((13, True, "mini"), "donnez plus de minutes."),
    "un autre": ((13, True, "benjamin/gpt2-wechsel-french"), "donnez plus de minutes, ou un plus petit modèle"),
    "--max-steps": ((13, False, "benjamin/gpt2-wechsel-french"), "donnez-en plus."),
}


@pytest.mark.parametrize("given, advice", ADVICE.values(), ids=ADVICE)
def test_too_few_steps_are_told_with_an_advice_that_can_be_followed(given, advice, capsys):
    steps, by_time, base_model = given
    pace.announce(steps, 1, 30, by_time, base_model)
    assert advice in capsys.readouterr().err
