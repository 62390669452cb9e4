"""Regarder le réseau ne ralentit pas ceux qui écrivent."""

import pytest

from atelier.web import looks


class Clock:
    """Une horloge qui n'avance que si l'on calcule, ou si l'on attend."""

    def __init__(self):
        self.now, self.waited = 100.0, 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds

    def compute(self) -> str:
        self.now += 2.0
        return "vu"


@pytest.fixture
def clock(monkeypatch) -> Clock:
    monkeypatch.setattr(looks, "time", clock := Clock())
    return clock


@pytest.mark.parametrize("writing, waited", [(True, 6.0), (False, 0.0)])
def test_those_who_write_keep_three_quarters_of_the_time(clock, writing, waited):
    look = looks.Looks(lambda: writing)
    assert look(clock.compute) == "vu" and clock.waited == 0, "le premier n'attend pas"
    assert look(clock.compute) == "vu" and clock.waited == waited


def test_a_look_that_fails_lets_the_next_one_in(clock):
    look = looks.Looks(lambda: False)
    with pytest.raises(ZeroDivisionError):
        look(lambda: 1 / 0)
    assert look(clock.compute) == "vu"
