"""L'étape 4, et la chaîne entière : un autre modèle, ou un autre tokenizer, change ce qui s'écrit."""

import contextlib
import os
import re
import shutil
import subprocess
import sys

import pytest
from scripts import AURORE, environment, load, refused, succeed

from atelier import models
from atelier.errors import AuroreError
from atelier.models import integrity
from atelier.text import corpus
from atelier.writing import originality

OPTIONS = ("--max-new-tokens", "8", "--seed", "7")


def write(home, *options, **variables):
    return succeed("4_generate_solution.py", *OPTIONS, *options, home=home, **variables)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Ce que `mini` écrit, avant tout entraînement."""
    return write(tmp_path_factory.mktemp("base"))


def test_without_training_the_base_model_writes_and_says_so(base):
    first, second = base.stdout.strip().split("\n\n")
    assert first.startswith("Cette jeune femme était assise") and second.startswith("Le soir, elle se rappelait")
    assert "modèle de base" in base.stderr and "mini" in base.stderr


def test_the_trained_model_is_the_one_that_writes(base, trained, tmp_path):
    done = write(trained)
    name = (trained / "model" / "latest").read_text("utf-8").strip()
    assert f"{name}, le dernier entraîné (à partir de " in done.stderr
    assert done.stdout != base.stdout
    as_base = write(tmp_path, AURORE_MODEL=str(trained / "model" / name))
    assert as_base.stdout == done.stdout, "le même modèle et la même graine donnent le même texte"


def test_one_text_for_each_prompt_and_nothing_else_on_stdout(tmp_path):
    prompts = ["Ah !", "« Où vas-tu ? »", "Ἑλένη 👩‍🌾 写"]  # toute écriture est lue, octet par octet
    texts = write(
        tmp_path, *(option for prompt in prompts for option in ("--prompt", prompt)), "--temperature", "0"
    ).stdout.split("\n\n")
    assert len(texts) == 4 and texts[3] == "" and all(map(str.startswith, texts, prompts))


@pytest.mark.parametrize(
    "option, value",
    [
        ("--max-new-tokens", "0"),
        ("--temperature", "-1"),
        ("--temperature", "nan"),
        ("--temperature", "inf"),
        ("--temperature", "chaud"),
        ("--top-p", "0"),
        ("--top-p", "1.5"),
        ("--top-k", "-1"),
        ("--seed", "-1"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(refused_option, option, value):
    assert f"{option} : « {value} » ne convient pas, il faut un nombre" in refused_option(
        "4_generate_solution.py", option, value
    )


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--prompt", "   "), "L'amorce est vide"),
        (("--prompt", "mot " * 300), "n'en tient que"),
        (("--max-new-tokens", "9999"), "n'en tient que"),
        (("--prompt", "Elle\x1b[2J dit"), r"contient U\+001B"),
        (
            ("--prompt", "Elle \udce9tait"),
            r"contient U\+DCE9",
        ),  # un octet qui n'est pas de l'UTF-8, tel que Python le lit sur la ligne
    ],
)
def test_a_prompt_that_cannot_be_continued(monkeypatch, options, sentence):
    script = load("4_generate_solution.py")
    monkeypatch.setattr(sys, "argv", ["4_generate_solution.py", *options])
    monkeypatch.setattr(models, "model_to_write", lambda: AURORE / "mini")
    with pytest.raises(AuroreError, match=sentence):
        script.main()


def test_before_and_after_side_by_side(trained):
    done = write(trained, "--compare", "--prompt", "Le soir,", COLUMNS="4000")
    question, titles, *bars, head, line = [line for line in done.stdout.splitlines() if line]
    assert question == "Après « Le soir, », le mot suivant :" and titles.split() == ["avant", "après"] == head.split()
    assert len(bars) == 5 and all(bar.count("%") == 2 for bar in bars) and any("█" in bar for bar in bars)
    before, after = re.split(r" {3,}", line)
    assert before.startswith("Le soir,") and after.startswith("Le soir,") and before != after
    assert after == write(trained, "--prompt", "Le soir,").stdout.strip().replace("\n", " "), (
        "ce que l'étape 4 écrit avec cette graine"
    )
    assert "--seed 7" in done.stderr


def test_the_seed_that_was_drawn_is_told_and_writes_the_same_text_again(tiny, tmp_path):
    options = ("--max-new-tokens", "8", "--prompt", "Le soir,")
    done = succeed("4_generate_solution.py", *options, home=tmp_path, AURORE_MODEL=tiny)
    speed, told = done.stderr.splitlines()[-2:]
    assert "tokens par seconde" in speed
    seed = re.fullmatch(r"Graine (\d+) : pour retrouver ces textes, --seed \1\.", told)[1]
    again = succeed("4_generate_solution.py", *options, "--seed", seed, home=tmp_path, AURORE_MODEL=tiny)
    assert again.stdout == done.stdout


def test_what_the_settings_do_to_each_token_is_explained(tmp_path):
    shown = write(
        tmp_path, "--explain", "Le soir, elle", "--top-k", "3", "--temperature", "0.5", "--top-p", "0.7"
    ).stdout
    lines = [re.split(r" {2,}", line.strip()) for line in shown.splitlines() if line][1:]
    assert lines[0] == ["token", "rang", "modèle", "température", "top-k", "top-p"]
    assert lines[1] == ["0,5", "3", "0,7"], "les valeurs employées"
    assert [line[0].strip("« ␣»") for line in lines[2:6]] == ["Le", "soir", ",", "elle"]
    following = [line for line in lines if line[0].startswith("«")][4:]
    chances = [
        [0 if "—" in each or "<" in each else float(each.rstrip(" %").replace(",", ".")) for each in line[-4:]]
        for line in following
    ]
    assert [three > 0 for _, _, three, _ in chances] == [row < 3 for row in range(8)]
    model, warm, three, nucleus = (sum(column) for column in zip(*chances))
    assert three == pytest.approx(100, abs=0.1) and nucleus == pytest.approx(100, abs=0.1) and warm > model
    assert lines[-1][0] == "tokens possibles" and lines[-1][3] == "3"


def test_what_a_text_takes_from_the_books_is_told(prepared, trained):
    books = originality.training_shelf(corpus.load_data(prepared / "data")["train"])
    sentence = next(text for text in corpus.load_data(prepared / "data")["train"]["text"] if len(text.split()) > 12)
    title = next(title for title, words in books.items() if originality.comparable(sentence) in words)
    found = originality.longest_quotation(f"Zut ! {sentence.upper()} Zut.", books)
    assert found.words == len(originality.comparable(sentence).split()) and found.book == title
    assert originality.longest_quotation("Xyzzy plugh", books) is None
    known = originality.known_sequences(books)
    assert originality.longest_quotation(f"Zut ! {sentence.upper()} Zut.", books, known) == found
    assert originality.longest_quotation("Zut, et de la zut", books, known) is None, "trois mots sont à tout le monde"
    done = write(trained, "--originality", "--prompt", sentence)
    assert "reprise telle quelle" in done.stderr and title in done.stderr and "reprise" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pas de pseudo-terminal")
def test_a_screen_shows_the_texts_while_they_are_written(tmp_path, base):
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, AURORE / "4_generate_solution.py", *OPTIONS],
        env=environment(tmp_path / "home"),
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # la fin, pour un pseudo-terminal
        while read := os.read(ours, 1000):
            shown += read
    os.close(ours)
    assert done.wait() == 0
    draft, _, final = shown.decode().replace("\r\n", "\n").rpartition("\033[J")
    assert re.fullmatch(r"\d+ tokens par seconde\.\nGraine 7 .*\n" + re.escape(base.stdout), final), (
        "le texte définitif prend la place du brouillon"
    )
    assert re.search(r"\d+ tokens par seconde\.", base.stderr)
    assert base.stdout.strip() in draft


def test_latest_naming_a_vanished_run(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "latest").write_text("2026-01-01_00h00m00\n")
    assert "n'est plus dans" in refused("4_generate_solution.py", home=tmp_path)


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "n'a pas de poids"),
        (lambda folder: (folder / "config.json").unlink(), "config.json y manque"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "n'a pas de tokenizer"),
        (lambda folder: truncate(folder / "model.safetensors"), "sont abîmés"),
        (lambda folder: replace(folder / "config.json", '"n_layer": ', '"n_layer": 9'), "sont incomplets"),
        (lambda folder: replace(folder / "config.json", '"n_positions": ', '"n_positions": 9'), "de la taille que dit"),
        (lambda folder: replace(folder / "config.json", '"gpt2"', '"bert"'), "n'entraîne que des GPT-2"),
    ],
)
def test_a_spoilt_model_is_never_loaded(tmp_path, spoil, sentence):
    shutil.copytree(AURORE / "mini", tmp_path / "model")
    spoil(tmp_path / "model")
    with pytest.raises(AuroreError, match=sentence):
        integrity.checked(tmp_path / "model")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def replace(path, old, new):
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
