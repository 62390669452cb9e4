"""La boucle qui écrit pour toute une salle : chacun a le texte qu'il aurait eu seul, et qui s'en va libère sa place."""

import threading

import numpy as np
import pytest
from engines import PROMPT, at_once, begun, engines, text, tokens
from scripts import load
from small import small_model

from atelier.errors import AuroreError
from atelier.models import export
from atelier.web import engine
from atelier.web.engine import Busy, QueuePosition
from atelier.web.requests import WritingRequest


@pytest.fixture(scope="module")
def opened():
    with engines() as start:
        yield start


@pytest.fixture(scope="module")
def damaged(tokenizer, tmp_path_factory):
    """Le dossier d'un modèle dont les poids ne sont pas des nombres."""
    model = small_model(tokenizer)
    model.transformer.ln_f.gamma.assign(np.full(16, np.nan))
    folder = tmp_path_factory.mktemp("broken") / "broken"
    export.save_model(model, tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def room(opened, tiny, damaged):
    return opened({"tiny": tiny, "abîmé": damaged})


def test_each_visitor_gets_the_text_of_his_seed_whoever_writes_beside(room):
    requests = [{"seed": seed, "max_new_tokens": 20} for seed in range(12)]
    assert at_once(room, requests) == [text(room, **asked) for asked in requests]


@pytest.fixture
def full(room, monkeypatch):
    """Une salle dont toutes les places sont prises ; `full.free()` en rend une."""

    def free():
        with room.changed:
            room.models["tiny"].slots = 1
            room.changed.notify_all()

    monkeypatch.setattr(room.models["tiny"], "slots", 0)
    monkeypatch.setattr(room, "free", free, raising=False)
    return room


def test_a_visitor_sees_his_position_in_the_queue(full):
    first, second = (full.submit(WritingRequest(PROMPT, seed=seed, max_new_tokens=3)) for seed in (1, 2))
    assert (full.position(first), full.position(second)) == (1, 2)
    events = full.follow(second)
    assert next(events) == QueuePosition(2)
    full.free()
    assert len(tokens(events)) == 3 and full.position(second) == 0


def test_one_too_many_is_asked_to_come_back(full, monkeypatch):
    monkeypatch.setattr(engine, "MAX_QUEUE", 2)
    waiting = [full.submit(WritingRequest(PROMPT, max_new_tokens=3)) for _ in range(2)]
    with pytest.raises(Busy, match="Trop d'histoires"):
        full.submit(WritingRequest(PROMPT))
    full.free()
    assert [len(tokens(full.follow(each))) for each in waiting] == [3, 3]


def test_a_visitor_who_leaves_frees_the_slot_at_the_next_token(full):
    full.free()
    begun(full, seed=0, max_new_tokens=100).close()
    assert len(text(full, seed=1, max_new_tokens=3)) == 3
    assert not full.waiting and not full.writing


def test_a_visitor_who_stops_waiting_lets_the_others_in(full):
    gone, next_one = (full.submit(WritingRequest(PROMPT, max_new_tokens=3)) for _ in range(2))
    full.abort(gone)
    full.free()
    assert len(tokens(full.follow(next_one))) == 3 and not gone.text.ids


def test_a_damaged_model_fails_its_own_texts_only(room, capsys):
    healthy = begun(room, seed=0, max_new_tokens=60)
    with pytest.raises(AuroreError, match="le terminal où tourne l'étape 5 dit pourquoi"):
        text(room, model="abîmé")
    assert len(tokens(healthy)) == 59
    assert len(text(room, seed=0, max_new_tokens=2)) == 2
    assert "ne sont pas des nombres" in capsys.readouterr().err, "la boucle l'a dit avant d'en écrire un autre"


def test_a_console_that_is_gone_does_not_stop_the_loop(room, monkeypatch):
    """Comme après « 5_flask.py 2>&1 | head » : la sortie d'erreur refuse tout."""

    def fail(message):
        raise BrokenPipeError("la console n'est plus là")

    monkeypatch.setattr(engine, "tell", fail)
    with pytest.raises(AuroreError, match="s'est interrompu"):
        text(room, model="abîmé")
    assert room.loop.is_alive() and len(text(room, max_new_tokens=2)) == 2


def test_a_model_that_is_not_there_is_told(room):
    with pytest.raises(AuroreError, match="tiny, abîmé"):
        room.submit(WritingRequest(PROMPT, model="absent"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_died_is_told_to_those_who_come_and_to_healthz(opened, tiny, monkeypatch):
    app = load("5_flask.py").app
    dying = opened({"tiny": tiny})
    monkeypatch.setitem(app.config, "ENGINE", dying)
    assert app.test_client().get("/healthz").json["status"] == "ready"

    def die():
        raise SystemExit

    monkeypatch.setattr(dying, "_admit", die)
    dying.submit(WritingRequest(PROMPT))
    dying.loop.join()
    health = app.test_client().get("/healthz")
    assert (health.status_code, health.json["status"]) == (503, "stopped")
    with pytest.raises(Busy, match="relancer"):
        dying.submit(WritingRequest(PROMPT))


def test_a_page_that_stops_interrupts_what_is_too_long(opened, tiny, monkeypatch):
    closing, closed = opened({"tiny": tiny}), threading.Event()
    decoder = closing.models["tiny"].decoder
    monkeypatch.setattr(decoder, "step", lambda ids, step=decoder.step: closed.wait() and step(ids))
    running = begun(closing, max_new_tokens=100)
    closing.close(patience=0)
    closed.set()
    with pytest.raises(AuroreError, match="inachevé"):
        list(running)


def test_a_page_that_stops_takes_nothing_more(opened, tiny):
    closing = opened({"tiny": tiny})
    closing.close(patience=0)
    with pytest.raises(Busy, match="s'arrête"):
        closing.submit(WritingRequest(PROMPT))
