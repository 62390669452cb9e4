"""Les modèles que la page tient : elle en compile les formes sans arrêter personne, et n'en garde que ce que la mémoire permet."""

import threading
import weakref

import pytest
from engines import PROMPT, at_once, compiled, engines, text, tokens
from small import small_model

from atelier.models import export
from atelier.models.decoder import Decoder
from atelier.web import engine
from atelier.web.engine import Busy
from atelier.web.loaded import LoadedModel
from atelier.web.requests import WritingRequest

LONG = "Il était une fois, dans un village, un meunier qui n'avait pour tout bien que son moulin. " * 4  # cent tokens


@pytest.fixture(scope="module")
def opened():
    with engines() as start:
        yield start


@pytest.fixture(scope="module")
def saved(tokenizer, tmp_path_factory):
    """`saved(nom, …)` : le dossier d'un modèle au hasard, enregistré sous ce nom."""

    def save(name, **options):
        folder = tmp_path_factory.mktemp(name) / name
        export.save_model(small_model(tokenizer, **options), tokenizer, folder)
        return folder

    return save


# Compiler prend des secondes : la boucle, elle, n'attend jamais.


@pytest.fixture
def gate(monkeypatch):
    """Tant qu'elle est fermée, rien ne se compile après la première forme."""
    opened, compile_next = threading.Event(), LoadedModel.compile_next

    def wait_then_compile(model):
        if (1, min(128, model.decoder.context)) not in model.to_compile:
            opened.wait()
        compile_next(model)

    monkeypatch.setattr(LoadedModel, "compile_next", wait_then_compile)
    yield opened
    opened.set()


@pytest.fixture(scope="module")
def roomy(saved):
    """Le dossier d'un modèle dont le cache a deux longueurs possibles : 128 et 200 positions."""
    return saved("vaste", n_positions=200)


def watched(model: LoadedModel, monkeypatch) -> list[tuple[int, int]]:
    """Les formes du cache que la boucle emploie, à mesure ; aucune ne doit être à compiler."""
    step, shapes = model.decoder.step, []

    def watch(ids):
        logits = step(ids)
        shapes.append((model.decoder.slots, model.decoder.capacity))
        assert shapes[-1] not in model.to_compile
        return logits

    monkeypatch.setattr(model.decoder, "step", watch)
    return shapes


def test_nobody_waits_for_a_shape_that_others_need(opened, roomy, gate, monkeypatch):
    """Trois visiteurs, et un texte qui dépasse 128 tokens, alors que rien n'est compilé que de quoi écrire un texte court."""
    busy = opened({"vaste": roomy})
    shapes = watched(busy.models["vaste"], monkeypatch)
    long = busy.submit(WritingRequest(LONG, max_new_tokens=40, seed=1))
    assert len(long.text.prompt) > 88
    assert [len(each) for each in at_once(busy, [{"max_new_tokens": 10}] * 3)] == [10] * 3
    assert set(shapes) == {(1, 128)} and busy.position(long) == 1
    gate.set()
    assert len(tokens(busy.follow(long))) == 40 and shapes[-1] == (1, 200)


def test_once_compiled_all_write_together_however_long_their_texts(opened, roomy, monkeypatch):
    ready = opened({"vaste": roomy})
    model = compiled(ready, "vaste")
    shapes = watched(model, monkeypatch)
    with ready.changed:  # la boucle attend que tous soient là
        requests = [WritingRequest(prompt, max_new_tokens=40) for prompt in (LONG, PROMPT, LONG, PROMPT, LONG)]
        sequences = [ready.submit(request) for request in requests]
    assert [len(tokens(ready.follow(sequence))) for sequence in sequences] == [40] * 5
    assert (4, 200) in shapes


def test_a_context_shorter_than_the_cache_is_enough_to_write(opened, saved):
    short = opened({"court": saved("court", n_positions=40)})
    compiled(short, "court")
    assert len(text(short, max_new_tokens=30)) == 30


def test_a_shape_that_does_not_compile_keeps_nobody_waiting(opened, tiny, gate, monkeypatch, capsys):
    lame = opened({"tiny": tiny})

    def fail(slots, capacity):
        raise MemoryError

    compile, model = lame.models["tiny"].decoder.compile, lame.models["tiny"]
    monkeypatch.setattr(model.decoder, "compile", fail)
    gate.set()
    compiled(lame, "tiny")
    monkeypatch.setattr(model.decoder, "compile", compile)
    assert [len(each) for each in at_once(lame, [{"max_new_tokens": 5}] * 4)] == [5] * 4
    assert "La mémoire manque" in capsys.readouterr().err


# La mémoire : on ne garde pas tous les modèles que quelqu'un a un jour choisis.


@pytest.fixture
def five(opened, tiny, monkeypatch):
    """Cinq modèles, dont les deux premiers restent ; rien ne s'y compile d'avance, et un texte d'un token n'en a pas besoin."""
    monkeypatch.setattr(Decoder, "compile", lambda *_: None)
    return opened({name: tiny for name in ("premier", "base", "a", "b", "c")})


@pytest.fixture
def room_for(five, monkeypatch):
    """`room_for(n)` : la machine où cette page tient `n` modèles, et pas un de plus."""

    def limit(models):
        size = five.models["premier"].memory

        def available():
            return int((models + 0.5) * size) - sum(model.memory - model.growth for model in five.models.values())

        monkeypatch.setattr(engine, "MARGIN", 0)
        monkeypatch.setattr(engine.machine, "available_memory", available)

    return limit


def test_a_model_that_writes_nothing_makes_room_for_another(five, room_for):
    room_for(3)
    for name in ("base", "a", "b", "c", "premier", "a"):
        assert len(text(five, model=name, max_new_tokens=1)) == 1
        assert len(five.models) <= 3
    assert set(five.models) == {"premier", "base", "a"}


def test_the_model_asked_for_longest_ago_goes_first(five, room_for):
    room_for(4)
    for name in ("base", "a", "b", "a", "c"):
        text(five, model=name, max_new_tokens=1)
    assert set(five.models) == {"premier", "base", "a", "c"}


def test_nothing_remains_of_a_model_that_goes(five, room_for):
    room_for(2)
    assert len(text(five, model="a", max_new_tokens=3)) == 3
    model = five.models["a"]
    parts = {"réseau": model.pipe.model, "tokenizer": model.pipe.tokenizer, "cache": model.decoder.keys[0]}
    parts["poids"] = model.decoder.embeddings
    references = {name: weakref.ref(part) for name, part in parts.items()}
    del model, parts
    text(five, model="b", max_new_tokens=1)
    assert "a" not in five.models
    assert [name for name, reference in references.items() if reference() is not None] == []


def test_a_model_that_writes_stays_and_the_refusal_says_what_to_do(five, room_for, monkeypatch):
    room_for(3)
    five.load("base")
    monkeypatch.setattr(five.load("a"), "slots", 0)
    waiting = five.submit(WritingRequest(PROMPT, model="a"))
    with pytest.raises(Busy, match="La mémoire manque pour charger « b ».*Choisissez un autre modèle"):
        five.submit(WritingRequest(PROMPT, model="b"))
    assert set(five.models) == {"premier", "base", "a"} and five.position(waiting) == 1


def test_a_machine_with_no_memory_left_still_opens_the_page(opened, tiny, monkeypatch):
    monkeypatch.setattr(engine.machine, "available_memory", lambda: 0)
    assert len(text(opened({"tiny": tiny}), max_new_tokens=1)) == 1
