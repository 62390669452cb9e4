"""La boucle qui écrit pour toute une salle : chacun a le texte qu'il aurait eu seul, et qui s'en va libère sa place."""

import threading

import numpy as np
import pytest
from small import small_model

from atelier.errors import AuroreError
from atelier.models import export
from atelier.web import writing
from atelier.web.demands import Demand
from atelier.web.writing import Busy, Place, Writer
from atelier.writing.streaming import Token

PROMPT = "Il était une fois"


@pytest.fixture(scope="module")
def folders(tiny, tokenizer, tmp_path_factory):
    """Un modèle, et un autre dont les poids ne sont pas des nombres."""
    broken = small_model(tokenizer)
    broken.transformer.ln_f.gamma.assign(np.full(16, np.nan))
    folder = tmp_path_factory.mktemp("broken") / "broken"
    export.save_model(broken, tokenizer, folder)
    return {"tiny": tiny, "abîmé": folder}


@pytest.fixture(scope="module")
def writer(folders):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing.originality, "reading_shelf", dict)
        patch.setattr(writing, "TOGETHER", 4)  # moins de formes à compiler
        yield (writer := Writer(folders))
    writer.close(patience=0)
    writer.thread.join()


@pytest.fixture
def narrow(writer, monkeypatch):
    """Une seule place, et deux dans la file."""
    monkeypatch.setattr(writing, "WAITING", 2)
    monkeypatch.setattr(writer.networks["tiny"], "places", 1)
    return writer


def text(writer: Writer, **asked) -> list[int]:
    return [news.id for news in writer.follow(writer.ask(Demand(PROMPT, **asked))) if isinstance(news, Token)]


def test_each_visitor_gets_the_text_of_his_seed_whoever_writes_beside(writer):
    alone = [text(writer, seed=seed, max_new_tokens=20) for seed in range(12)]
    together = {}
    threads = [
        threading.Thread(target=lambda seed=seed: together.update({seed: text(writer, seed=seed, max_new_tokens=20)}))
        for seed in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[seed] for seed in range(12)] == alone


def test_a_visitor_sees_his_place_and_one_too_many_is_asked_to_come_back(narrow):
    first = narrow.ask(Demand(PROMPT, seed=0, max_new_tokens=100))
    running = narrow.follow(first)
    while not isinstance(next(running), Token):
        pass
    second, third = (narrow.ask(Demand(PROMPT, seed=seed, max_new_tokens=3)) for seed in (1, 2))
    assert (narrow.place(second), narrow.place(third)) == (1, 2)
    with pytest.raises(Busy, match="Trop d'histoires"):
        narrow.ask(Demand(PROMPT))
    assert next(narrow.follow(third)) == Place(2)
    running.close()
    assert len([news for news in narrow.follow(second) if isinstance(news, Token)]) == 3


def test_a_visitor_who_leaves_frees_the_place_at_the_next_token(narrow):
    running = narrow.follow(narrow.ask(Demand(PROMPT, seed=0, max_new_tokens=100)))
    while not isinstance(next(running), Token):
        pass
    running.close()
    assert len(text(narrow, seed=1, max_new_tokens=3)) == 3
    assert not narrow.waiting and not narrow.writing


def test_a_damaged_model_fails_its_own_texts_only(writer, capsys):
    healthy = writer.follow(writer.ask(Demand(PROMPT, seed=0, max_new_tokens=60)))
    next(healthy)
    with pytest.raises(AuroreError, match="la console de la page dit pourquoi"):
        text(writer, model="abîmé")
    assert "ne sont pas des nombres" in capsys.readouterr().err
    assert len([news for news in healthy if isinstance(news, Token)]) >= 59
    assert len(text(writer, seed=0, max_new_tokens=2)) == 2


def test_a_model_that_is_not_there_is_told(writer):
    with pytest.raises(AuroreError, match="tiny, abîmé"):
        writer.ask(Demand(PROMPT, model="absent"))


def test_a_page_that_stops_interrupts_what_is_too_long_and_takes_nothing_more(folders, monkeypatch):
    monkeypatch.setattr(writing.originality, "reading_shelf", dict)
    monkeypatch.setattr(writing, "TOGETHER", 2)
    closing = Writer({"tiny": folders["tiny"]})
    running = closing.follow(closing.ask(Demand(PROMPT, seed=0, max_new_tokens=100)))
    next(running)
    closing.close(patience=0)
    with pytest.raises(AuroreError, match="inachevé"):
        list(running)
    with pytest.raises(Busy, match="s'arrête"):
        closing.ask(Demand(PROMPT))
    closing.thread.join()
