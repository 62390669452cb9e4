"""Des boucles de la page sur de petits modèles, et des visiteurs qui leur demandent des textes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atelier.web import engine, loaded
from atelier.web.engine import Engine
from atelier.web.loaded import LoadedModel
from atelier.web.requests import WritingRequest
from atelier.writing.streaming import Token

PROMPT = "Il était une fois"


@contextmanager
def engines() -> Iterator[Callable[[dict[str, Path]], Engine]]:
    """De quoi lancer la boucle sur des modèles, au plus quatre textes à la fois, sans livres où chercher des citations."""
    started = []

    def start(folders: dict[str, Path]) -> Engine:
        started.append(Engine({name: Path(folder) for name, folder in folders.items()}))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.originality, "reading_shelf", dict)
        patch.setattr(loaded, "MAX_BATCH", 4)  # moins de formes à compiler
        yield start
        for each in started:
            each.close(patience=0)
            each.loop.join()
            each.compiler.join()


def tokens(events) -> list[Token]:
    return [event for event in events if isinstance(event, Token)]


def text(engine: Engine, prompt=PROMPT, **asked) -> list[int]:
    """Les tokens d'un texte, écrit jusqu'au bout."""
    return [token.id for token in tokens(engine.follow(engine.submit(WritingRequest(prompt, **asked))))]


def begun(engine: Engine, **asked):
    """Un texte dont le premier token est écrit, et qui continue."""
    events = engine.follow(engine.submit(WritingRequest(PROMPT, **asked)))
    while not isinstance(next(events), Token):
        pass
    return events


def at_once(engine: Engine, requests: list[dict]) -> list[list[int]]:
    """Les textes de plusieurs visiteurs, venus ensemble."""
    texts = {}
    threads = [
        threading.Thread(target=lambda n=number, asked=asked: texts.update({n: text(engine, **asked)}))
        for number, asked in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [texts[number] for number in range(len(requests))]


def compiled(engine: Engine, name: str) -> LoadedModel:
    """Ce modèle, une fois tout compilé."""
    model = engine.models[name]
    with engine.changed:
        engine.changed.wait_for(lambda: not model.to_compile)
    return model
