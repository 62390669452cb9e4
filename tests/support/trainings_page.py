"""La page des entraînements, servie seule, et des entraînements à y montrer."""

import json
import math
import os
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from scripts import AURORE

from atelier import settings
from atelier.training.history import new
from atelier.web import trainings

NAME = "2026-07-26_13h32m15"
SETTINGS = {"batch_size": 8, "learning_rate": 0.00078125, "freeze": 0, "seed": 1804}


@pytest.fixture
def client(tmp_path, monkeypatch) -> FlaskClient:
    """Un visiteur de la page ; rien n'a encore été entraîné."""
    monkeypatch.setattr(settings, "MODELS", tmp_path / "model")
    return visit()


def visit() -> FlaskClient:
    """Un visiteur d'une application qui n'a que cette page ; ses entraînements sont dans `settings.MODELS`."""
    web = AURORE / "atelier" / "web"
    app = Flask("essai", template_folder=web / "templates", static_folder=web / "static")
    app.add_url_rule("/", "index", lambda: "")
    for endpoint in ("generate", "inside.page", "guess.page", "probabilities.game"):  # celles que nomme l'en-tête
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "")
    app.register_blueprint(trainings.trainings)
    app.testing = True
    return app.test_client()


def write(name: str = NAME, **changes) -> Path:
    """Un entraînement de 120 pas, dont 40 sont faits, une évaluation comprise ; rend son dossier."""
    folder = settings.MODELS / name
    (folder / "state").mkdir(parents=True, exist_ok=True)
    history = new("mini", SETTINGS, math.log(42.4), tokens=245_760, block_size=128) | {"steps": 120}
    history["loss_steps"] = [*range(1, 41)]
    history["loss"] = [3.7 - step / 100 for step in range(40)]
    # L'évaluation a pris dix secondes.
    history["loss_seconds"] = [step * 0.5 + (10 if step > 20 else 0) for step in range(1, 41)]
    history["val_loss"].append(math.log(40.1))
    history["val_steps"].append(20)
    (folder / "history.json").write_text(json.dumps(history | changes), "utf-8")
    return folder


def save(folder: Path) -> None:
    """De quoi reprendre cet entraînement, comme l'étape 3 l'enregistre en chemin."""
    (folder / "state" / "checkpoint").touch()


def age(folder: Path, seconds: float) -> None:
    os.utime(folder / "history.json", (time.time() - seconds,) * 2)


def seen(client: FlaskClient) -> list[dict]:
    """L'état que lit training.js : du JSON strict."""

    def refuse(constant):
        raise AssertionError(f"{constant} n'est pas du JSON")

    return json.loads(client.get("/entrainement/state").text, parse_constant=refuse)["runs"]


def figures(run: dict) -> dict:
    return {name: value.replace("\u00a0", " ") for name, value in run["figures"]}


class Html(HTMLParser):
    """Les balises d'une page, et son texte."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def shown(client: FlaskClient) -> Html:
    """La page, telle qu'on la trouve sans JavaScript."""
    answer = client.get("/entrainement")
    assert answer.status_code == 200
    return Html(answer.text)
