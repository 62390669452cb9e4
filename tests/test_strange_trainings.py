"""La page des entraînements : rien de ce qui traîne dans model/ ne la fait tomber."""

import json
import math
import os
import re

import pytest
from trainings_page import NAME, SETTINGS, figures, seen, shown, write

from atelier import settings

STRANGE = [
    "inconnu",
    "..",
    ".",
    "",
    ".cachée",
    "%2e%2e%2fmodel",
    "..%5c..%5cx",
    "%00",
    "lien",
    "latest",
    "état",
    f"{NAME}%2f",
]


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_name_leads_nowhere(client, tmp_path, name):
    write()
    write(".cachée")
    outside = write("../dehors")
    try:
        (settings.MODELS / "lien").symlink_to(outside)
    except OSError:  # Windows, sans le droit d'en faire
        pass
    (settings.MODELS / "latest").write_text(NAME, "utf-8")
    assert client.get(f"/entrainement/{name}.svg").status_code == 404
    assert [run["name"] for run in seen(client)] == [NAME]


DAMAGED = {
    "vide": "",
    "à moitié": '{"loss": [3.1, 3',
    "une liste": "[]",
    "un texte": '"perdu"',
    "rien": "null",
    "des octets": b"\xff\xfe\x00",
    "trop profond": "[" * 10**6,
    "sans perte": "{}",
    "une perte immense": '{"steps": 1, "val_loss": [], "loss": [1' + "0" * 400 + "]}",
    "une perte qui n'en est pas": {"loss": ["beaucoup"]},
    "des pertes sans liste": {"loss": 3},
    "un pas négatif": {"loss_steps": [-1] * 40},
    "un pas qui n'est pas un nombre": {"loss_steps": [math.nan]},
    "un pas en lettres": {"loss_steps": ["8"] * 40},
    "des réglages en vrac": {"settings": [1, 2]},
    "des lots en lettres": {"settings": {"batch_size": "huit"}},
    "des secondes absurdes": {"loss_seconds": [{}]},
    "des pas sans nombre": {"steps": None},
    "une fin absurde": {"final_val_loss": []},
    "des phrases sans liste": {"sentences": 3},
    "des phrases qui n'en sont pas": {"sentences": [["a"], None]},
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_history_is_told_and_the_others_are_shown(client, content):
    write("2026-07-26_14h00m00")
    folder = write(**content if isinstance(content, dict) else {})
    if not isinstance(content, dict):
        (folder / "history.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    sound, damaged = seen(client)
    assert (sound["state"], damaged["state"], damaged["word"]) == ("running", "unreadable", "illisible")
    html = shown(client)
    assert "illisible" in html.text and "history.json est abîmé" in html.text and len(html.all("img")) == 1
    assert client.get(f"/entrainement/{NAME}.svg").status_code in (200, 404)


def test_a_history_that_only_keeps_the_contract_is_drawn(client):
    (settings.MODELS / "le mien").mkdir(parents=True)
    history = {
        "base_model": "/ici/ou/là",
        "settings": {},
        "steps": 90,
        "loss": [3.5, 3.4, 3.3],
        "val_loss": [3.6, 3.5],
        "resumed_at": 0,
    }
    (settings.MODELS / "le mien" / "history.json").write_text(json.dumps(history), "utf-8")
    (run,) = seen(client)
    assert run["title"] == "Entraînement le mien" and figures(run)["Modèle de base"] == "là"
    assert client.get(shown(client).all("img")[0]["src"]).status_code == 200


EXTREME = [
    {"loss": [], "loss_steps": [], "loss_seconds": []},
    {"loss": [math.nan] * 40},
    {"steps": 0},
    {"val_loss": [math.inf]},
    {"loss_seconds": [0.0] * 40},
    {"sentences": ["\ud800 \x1b[2J \u202e" * 9] * 200},
    {"val_loss": [math.inf] * 2, "sentences": ["…", "M" * 100_000]},
]


@pytest.mark.parametrize("changes", EXTREME)
def test_whatever_was_measured_is_shown(client, changes):
    write(**changes)
    (run,) = seen(client)
    assert (
        run["state"] == ("running" if changes.get("steps", 120) else "preparing")
        and "nan" not in str(run).lower()
        and shown(client)
    )
    assert client.get(f"/entrainement/{NAME}.svg").status_code == 200


def test_names_and_settings_are_escaped(client):
    name = "<b>l'été" if os.name != "nt" else "l'été"
    write(name, base_model="<script>alert(1)</script>", settings=SETTINGS | {"<i>": "<i>"}, sentences=["<script>"] * 2)
    html = client.get("/entrainement").text
    assert not re.search("<b>|<i>|<script>", html) and client.get(shown(client).all("img")[0]["src"]).status_code == 200
