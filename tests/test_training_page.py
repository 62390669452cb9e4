"""La page des entraînements : ce que l'étape 3 écrit s'y voit à mesure, et rien de ce qui traîne dans model/ ne la fait tomber."""

import json
import math
import os
import re
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest
from scripts import AURORE
from trainings_page import NAME, age, figures, save, seen, shown, write

from atelier import settings
from atelier.training.history import PROMPT, START
from atelier.web import histories
from atelier.writing import learned


def test_before_any_training_the_page_says_what_to_do(client):
    html = shown(client)
    assert "Aucun entraînement pour l’instant" in html.text and "python aurore/3_train_solution.py" in html.text
    assert not html.all("img") and client.get("/entrainement/state").json == {"live": False, "runs": []}


def test_a_running_training_shows_how_far_and_how_fast_it_goes(client):
    write()
    (run,) = seen(client)
    assert (run["state"], run["word"], run["done"], run["total"]) == ("running", "en cours", 40, 120)
    told = figures(run)
    assert told["Avancement"] == "pas 40 sur 120"
    assert told["Vitesse"] == "2 048 tokens par seconde", (
        "8 passages de 128 tokens en une demi-seconde, sans compter l'évaluation"
    )
    assert told["Temps restant"] == "encore 1 min 00 s environ", "80 pas à 0,75 s, évaluations comprises"
    assert run["note"].replace("\u00a0", " ") == "pas 40 sur 120 · 2 048 tokens par seconde · encore 1 min 00 s environ"
    assert told["Texte lu"] == "40 960 tokens (17 % d'une époque)"
    assert told["Perplexité de validation"] == "42,4 avant, 40,1 au pas 20"
    assert (told["Taille des lots"], told["Taux d'apprentissage"]) == ("8 passages de 128 tokens", "0,000781")
    assert (told["Couches gelées"], told["Graine du hasard"], told["Modèle de base"]) == ("aucune", "1804", "mini")
    assert client.get("/entrainement/state").json["live"] is True
    html = shown(client)
    assert html.all("progress")[0] | {"value": "40", "max": "120"} == html.all("progress")[0]
    assert "Entraînement du 26 juillet 2026 à 13 h 32" in html.text and "en cours" in html.text
    assert all(value.replace(" ", "") in re.sub(r"\s", "", html.text) for value in told.values()), (
        "tout se lit sans JavaScript"
    )


def test_the_last_steps_done_the_model_is_being_saved(client):
    write(steps=40)
    assert "dernière évaluation" in figures(*seen(client))["Temps restant"]


def test_speed_and_time_left_are_those_since_the_training_was_resumed(client):
    write(
        resumed_at=20, loss_seconds=[step * 5.0 for step in range(1, 21)] + [100 + step * 0.5 for step in range(1, 21)]
    )
    told = figures(*seen(client))
    assert (told["Repris"], told["Vitesse"], told["Temps restant"]) == (
        "au pas 20",
        "2 048 tokens par seconde",
        "encore 40 s environ",
    )


@pytest.fixture
def five(client):
    """Cinq entraînements, le plus récent d'abord : en cours, fini, perdu, et deux qui se reprennent."""
    stopped = write("2026-07-26_10h00m00", interrupted=True)
    silent, lost = write("2026-07-26_11h00m00"), write("2026-07-26_12h00m00")
    done = write("2026-07-26_13h00m00", final_val_loss=math.log(38.1))
    slow = write("2026-07-26_14h00m00", batch_size=64, loss_seconds=[step * 9.0 for step in range(1, 41)])
    for folder, seconds in ((stopped, 400), (silent, 300), (lost, 200), (done, 9000), (slow, 120)):
        age(folder, seconds)
    save(stopped)
    save(silent)
    (done / "model.safetensors").touch()
    return seen(client)


def test_running_interrupted_and_finished_are_told_apart(client, five):
    assert [run["state"] for run in five] == ["running", "finished", "interrupted", "interrupted", "interrupted"]
    html = shown(client)
    assert all(word in html.text for word in ("en cours", "fini", "interrompu"))
    assert [each["data-run"][11:13] for each in html.all("details") if "data-run" in each] == [
        "14",
        "13",
        "12",
        "11",
        "10",
    ]


def test_the_newest_interrupted_training_is_the_one_to_resume(client, five):
    _, _, lost, newest, older = five
    assert newest["command"].endswith("3_train_solution.py --resume") and newest["command"] in shown(client).text
    assert "où il en était" in newest["note"] and "le plus récent" in older["note"]
    assert "ne se reprendra pas" in lost["note"] and not lost["command"]


def test_a_finished_training_says_what_it_gained(five):
    told = figures(five[1])
    assert told["Perplexité de validation"] == "42,4 avant, 38,1 après" and "Temps restant" not in told


def test_the_latest_to_begin_comes_first_whatever_the_clock_its_name_was_read_from(client):
    """Un conteneur est à l'heure universelle, deux heures avant celle de la France en été."""
    write("2026-07-26_15h00m00", began=1785070800.0)
    write("2026-07-26_13h30m00", began=1785072600.0)  # une demi-heure plus tard, dans un conteneur
    write("2026-07-25_18h00m00")  # d'avant que cela se note
    assert [run["name"] for run in seen(client)] == [
        "2026-07-26_13h30m00",
        "2026-07-26_15h00m00",
        "2026-07-25_18h00m00",
    ]


@pytest.mark.parametrize("left", ["state/checkpoint", START])
def test_a_finished_training_is_finished_whatever_could_not_be_removed(client, left):
    """Un antivirus tient un fichier de `state/`, ou l'étape 3 est tuée pendant qu'elle range."""
    folder = write(final_val_loss=math.log(38.1))
    for file in ("model.safetensors", left):
        (folder / file).touch()
    age(folder, 3600)
    (run,) = seen(client)
    assert (run["state"], run["command"]) == ("finished", "")


def test_a_file_is_read_again_only_when_it_changes(client, monkeypatch):
    readings, read = [], histories.read
    monkeypatch.setattr(histories, "read", lambda folder: readings.append(folder.name) or read(folder))
    first, second = write("2026-07-26_10h00m00"), write("2026-07-26_11h00m00")
    for _ in range(3):
        assert len(seen(client)) == 2 and shown(client)
    assert sorted(readings) == [first.name, second.name]
    age(first, 5)
    assert len(seen(client)) == 2
    assert readings[2:] == [first.name]


def test_a_curve_is_drawn_again_only_when_its_history_changes(client, monkeypatch):
    drawings, picture = [], histories.picture
    monkeypatch.setattr(histories, "picture", lambda *asked: drawings.append(asked) or picture(*asked))
    folder = write()
    for _ in range(3):
        assert client.get(f"/entrainement/{NAME}.svg").status_code == 200
    assert len(drawings) == 1
    age(folder, 5)
    client.get(f"/entrainement/{NAME}.svg")
    assert len(drawings) == 2


def test_time_passes_even_over_a_file_that_does_not_change(client, monkeypatch):
    folder, now = write(), time.time()
    assert seen(client)[0]["state"] == "running"
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    (lost,) = seen(client)
    assert (lost["state"], lost["command"]) == ("interrupted", "")
    save(folder)
    assert seen(client)[0]["command"], "de quoi reprendre est arrivé entre-temps"


def test_a_training_that_prepares_itself_is_already_there(client):
    (settings.MODELS / NAME).mkdir(parents=True)
    start = settings.MODELS / NAME / START
    start.mkdir()
    (run,) = seen(client)
    assert run["state"] == "preparing" and "se prépare" in shown(client).text and not shown(client).all("img")
    os.utime(start, (0, 0))
    assert seen(client) == [], "arrêté avant d'avoir commencé"


def test_the_curve_is_a_drawing_and_its_version_says_when_it_changes(client):
    folder = write()
    answer = client.get(f"/entrainement/{NAME}.svg")
    assert answer.status_code == 200 and answer.content_type.startswith("image/svg+xml")
    svg = ElementTree.fromstring(answer.text)
    assert svg.tag.endswith("svg") and NAME in svg.findtext("{*}desc") and "42,4" in answer.text
    (image,) = shown(client).all("img")
    assert image["src"] == f"/entrainement/{NAME}.svg" and "de 42,4 à 40,1" in image["alt"] and image["width"]
    version = seen(client)[0]["version"]
    assert seen(client)[0]["version"] == version
    age(folder, 5)
    assert seen(client)[0]["version"] != version


def test_what_the_model_wrote_at_each_evaluation_is_a_ladder_under_its_curve(client):
    write(sentences=[f"{PROMPT}, <b>avant</b>", f"{PROMPT} la petite Fadette\x07 dit"])
    (run,) = seen(client)
    assert run["ladder"] == [["avant", "42,4", "…, <b>avant</b>"], ["pas 20", "40,1", "… la petite Fadette dit"]]
    html = shown(client)
    assert f"Ce qu’il écrit, à mesure, après « {PROMPT} »" in html.text and not html.all("b")
    assert "avant42,4…, <b>avant</b>" in html.text and "pas 2040,1… la petite Fadette dit" in html.text
    (ladder,) = [table for table in html.all("table") if table["class"] == "ladder"]
    assert "hidden" not in ladder and {"scope": "col"} in html.all("th")


@pytest.mark.parametrize("kept", [{}, {"sentences": []}, {"sentences": ["", ""]}], ids=["ancien", "vide", "perdues"])
def test_an_old_history_without_sentences_has_no_ladder(client, kept):
    folder = write()
    history = {name: value for name, value in json.loads((folder / "history.json").read_text("utf-8")).items()}
    del history["sentences"], history["plan"]
    (folder / "history.json").write_text(json.dumps(history | kept), "utf-8")
    (run,) = seen(client)
    assert run["state"] == "running" and run["ladder"] == []
    (ladder,) = [table for table in shown(client).all("table") if table["class"] == "ladder"]
    assert "hidden" in ladder


def test_sentences_stay_in_front_of_their_perplexity_when_one_is_lost(client):
    write(sentences=["", f"{PROMPT} elle dit"])
    assert seen(client)[0]["ladder"] == [["pas 20", "40,1", "… elle dit"]]


def test_the_page_holds_with_a_strict_policy_and_speaks_to_everyone(client):
    write()
    html = shown(client)
    assert html.all("html")[0]["lang"] == "fr" and all(image["alt"] for image in html.all("img"))
    inline = [name for _, attributes in html.tags for name in attributes if name.startswith("on") or name == "style"]
    assert not inline, "aucun style, aucun script en ligne"
    assert not html.all("style") and all(script["src"].startswith("/") for script in html.all("script"))
    assert {"scope": "row"} in html.all("th") and all(bar["aria-label"] for bar in html.all("progress"))
    assert any(each.get("role") == "status" for _, each in html.tags)
    for file in ("training.js", "training.css"):
        assert client.get(f"/static/{file}").status_code == 200
    assert (
        "innerHTML" not in client.get("/static/training.js").text
        and "http" not in client.get("/static/training.js").text
    )


WORDS = [learned.Word("Consuelo", 0.7, 10.68), learned.Word("meunier", 2.3, 15.64), learned.Word("<b>sein", 1.2, 4.2)]


def test_what_the_exam_says_was_learned_is_there(client):
    folder = write(final_val_loss=math.log(38.1))
    assert "appris" not in shown(client).text.split("Entraînement du")[1]
    learned.write(folder, learned.Learned("Ce que Sand lui a appris", "La Mare au Diable", WORDS))
    html = shown(client)
    assert "Ce que Sand lui a appris" in html.text and "La Mare au Diable" in html.text
    assert "Consuelo 0,7 → 10,7" in html.text.replace("\u00a0", " ")
    assert "meunier 2,3 → 15,6 · <b>sein 1,2 → 4,2" in html.text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"title": "a"',
        '{"title": "a", "book": "b", "words": 3}',
        '{"title": "a", "book": "b", "words": [[1]]}',
    ]
    + [f'{{"title": "a", "book": "b", "words": [{word}]}}' for word in ("{}", '{"word": "", "before": 1, "after": 2}')]
    + [
        f'{{"title": "a", "book": "b", "words": [{{"word": "x", "before": {wrong}, "after": 2}}]}}'
        for wrong in ("NaN", "1e999", '"x"', "[]")
    ]
    + ["[" * 100_000],
)
def test_a_spoilt_file_of_words_shows_nothing(client, content):
    folder = write()
    (folder / learned.FILE).write_text(content, "utf-8")
    html = shown(client)
    assert "2026 à 13 h 32" in html.text and not html.all("section")


def test_it_is_there_without_tensorflow():
    printed = subprocess.run(
        [sys.executable, "-c", "import sys, atelier.web.trainings; print('tensorflow' in sys.modules)"],
        cwd=AURORE,
        capture_output=True,
        encoding="utf-8",
    )
    assert printed.stdout.strip() == "False", printed.stderr
