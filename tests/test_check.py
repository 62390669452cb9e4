"""`check.py` et les stubs, comme les voit une personne qui suit l'atelier : dans sa copie du dossier, fichier après fichier."""

import contextlib
import io
import json
import os
import re
import socket
import sys

import pytest
from attempts import answer
from scripts import load, refused, run

from atelier import exercises, machine
from atelier.errors import AuroreError
from atelier.exercises import catch_up, judge, progress, report, watch
from atelier.exercises import environment as environment_check
from atelier.text import corpus


def check(workshop, *options, **variables):
    return run(str(workshop / "check.py"), *options, home=workshop.parent, AURORE_HOME=str(workshop), **variables)


# ── Un stub que l'on lance ──


def test_a_new_stub_says_what_to_do_first(workshop, mirror):
    options = {"1_prepare_dataset.py": ["--mirror", str(mirror)]}
    for number, step in (("1.1", "1"), ("2.1", "2"), ("4.1", "4")):
        script = exercises.stub_of(step).name
        sentence = refused(str(workshop / script), *options.get(script, []), home=workshop)
        line = next(
            rank for rank, line in enumerate(exercises.stub(step).split("\n"), 1) if f'todo("{number}")' in line
        )
        assert f"Exercice {number} à faire : aurore/{script}:{line}" in sentence
        exercise = exercises.find(number)
        assert exercise.goal in sentence and exercise.hints[0] in sentence
        assert f"aurore/check.py {number}" in sentence


def test_what_is_already_right_runs(workshop):
    answer(workshop, _1_2="", _1_3="", _1_4="")
    done = run(str(workshop / "1_prepare_dataset.py"), "--offline", home=workshop)
    assert done.returncode == 1 and "Exercice 1.5 à faire" in done.stderr and "Traceback" not in done.stderr
    assert re.search(r"La Sonneuse de Vérançay +307 +293 +287$", done.stdout), "1.2, 1.3 et 1.4 se voient"


def test_the_data_are_kept_before_the_bonus_and_the_next_step_is_a_stub(workshop):
    answer(workshop, **{f"_1_{number}": "" for number in range(1, 8)})
    done = run(str(workshop / "1_prepare_dataset.py"), "--offline", home=workshop)
    assert done.returncode == 1 and "Exercice 1.8 à faire" in done.stderr and "(bonus)" in done.stderr
    assert (workshop / "data" / "dataset_dict.json").exists()
    assert "python aurore/2_tokenize.py" in done.stdout


def test_step_3_without_data_takes_the_embedded_texts_and_says_so(workshop, tiny):
    answer(workshop, _3_1="", _3_3="")
    done = run(str(workshop / "3_train.py"), "--max-steps", "1", home=workshop, AURORE_MODEL=tiny)
    assert "Pas encore de données" in done.stderr and "récits embarqués" in done.stderr
    assert "Total params" in done.stdout and "une époque fait" in done.stdout
    assert "Exercice 3.4 à faire" in done.stderr and not (workshop / "data").exists()


def test_a_mistake_in_a_stub_is_told_with_its_line(workshop):
    answer(workshop, _1_2="return path.lines()")
    sentence = refused(str(workshop / "1_prepare_dataset.py"), "--offline", home=workshop)
    assert re.search(r"aurore/1_prepare_dataset.py:\d+ : .*`lines`.*\(ligne \d+ : `return path.lines\(\)`\)", sentence)
    assert "aurore/check.py 1" in sentence


# ── check.py ──


def test_check_shows_every_exercise_and_the_share_done(workshop):
    answer(workshop, _1_5="", _1_6='return " ".join(lines)', _2_2="", _4_2="")
    done = check(workshop)
    assert done.returncode == 1 and done.stderr == ""
    lines = {match[2]: match[1] for match in re.finditer(r"^  (\S) (L?\d\.\w)  ", done.stdout, re.MULTILINE)}
    assert list(lines) == [exercise.number for exercise in exercises.all_exercises()]
    assert {number for number, mark in lines.items() if mark == "✔"} == {"1.5", "2.2", "4.2"}
    assert {number for number, mark in lines.items() if mark == "✘"} == {"1.6"}
    assert "Fait : 3 sur 18 (16 %). En bonus : 0 sur 5. Leçons : 0 sur 4.\n" in done.stdout
    assert "Ensuite :\n· 1.1" in done.stdout
    heading = "Leçons, à côté de l'atelier :\n\nLeçon 1 : aurore/lessons/1_neuron.py\n  · L1.1"
    assert done.stdout.count("Leçons, à") == 1 and heading in done.stdout


def test_a_lesson_is_checked_and_reset_like_a_step(workshop):
    answer(workshop, _L1_1="", _L1_2="", _L1_3="return values")
    done = check(workshop, "L1")
    assert done.returncode == 1 and "✔ L1.1" in done.stdout and "✘ L1.3" in done.stdout
    assert "Leçons : 2 sur 3.\n" in done.stdout and "ce sont les valeurs reçues" in done.stdout
    assert "aurore/lessons/1_neuron.py:" in done.stdout and "%" not in done.stdout, "elle ne compte pas dans l'atelier"
    assert "1_neuron.backup.py" in check(workshop, "L1", "--reset").stdout
    answer(workshop, _L1_1="", _L1_2="", _L1_3="")
    done = check(workshop, "L1")
    assert done.returncode == 0 and "Bravo" in done.stdout
    assert "python aurore/lessons/1_neuron.py" in done.stdout, "la ligne qui la lance"
    assert "seul chiffre" in check(workshop, "L1.1", "--reset").stderr
    assert "pas d'étape L1" in check(workshop, "L1", "--catch-up").stderr


def test_a_lesson_is_followed_if_asked_for_or_begun(monkeypatch):
    def followed(reached: str, chosen: list) -> list[str]:
        monkeypatch.setattr(watch.progress, "current", lambda: reached)
        return list(dict.fromkeys(one.step for one in watch._in_order(chosen)))

    everything = list(exercises.all_exercises())
    lesson = [exercise for exercise in everything if exercise.step == "L1"]
    assert followed("", everything) == ["1", "2", "3", "4"] and followed("3.1", everything) == ["3", "4", "1", "2"]
    assert followed("L1.2", everything) == ["L1", "1", "2", "3", "4"] and followed("2.1", lesson) == ["L1"]


def test_a_wrong_answer_is_shown_with_the_call_and_what_was_expected(workshop):
    answer(workshop, _2_4="names = tokenizer.decode(ids)")
    done = check(workshop, "2.4")
    assert done.returncode == 1 and "✘ 2.4" in done.stdout and "`decode` le refait" in done.stdout
    assert re.search(r"appel +vocabulary_of\(<PreTrainedTokenizerFast>, .*\d+\]", done.stdout)
    assert re.search(r"obtenu +\"Bonjour Madame", done.stdout) and re.search(r"attendu +\['B'", done.stdout)
    assert "Indice 1 sur 3" in done.stdout and "Indice 2" not in done.stdout

    assert "Indice 2 sur 3" in check(workshop, "2.4", "--hint").stdout
    shown = check(workshop, "--hint").stdout
    assert "2.4" in shown and "Indice 3 sur 3" in shown, "l'exercice où l'on en était"
    assert "convert_ids_to_tokens(ids)" in check(workshop, "2.4", "--solution").stdout


def test_a_console_that_does_not_know_the_signs_shows_others(monkeypatch):
    for encoding, sign in (("utf-8", "✘"), ("cp1252", "x")):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
        assert report.sign(judge.WRONG) == sign


def test_the_solution_is_shown_after_a_try(workshop):
    done = check(workshop, "2.2", "--solution")
    assert done.returncode == 1 and "Essayez d'abord 2.2" in done.stderr and "George Sand" not in done.stdout
    assert "auto-supervisé" in check(workshop, "3.a", "--solution").stdout, "une question n'a rien à essayer"


def test_a_right_answer_says_what_was_learnt(workshop):
    answer(workshop, _2_2='text = "Où est la Fadette ?"')
    done = check(workshop, "2.2")
    assert done.returncode == 0 and "✔ 2.2" in done.stdout
    assert exercises.find("2.2").learnt in done.stdout and "George Sand" in done.stdout, "et la solution, pour comparer"


@pytest.mark.parametrize("number", ["9", "1.c", "6", "rien", ""])
def test_an_unknown_exercise_is_refused(number, refused_option):
    assert f"« {number} » n'est ni une étape" in refused_option("check.py", number)


def test_reset_keeps_a_file_on_a_disk_without_dates_nor_rights(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "1_prepare_dataset.py"
    path.write_text("# à moi\n", "utf-8")
    monkeypatch.setattr(exercises, "stub_of", lambda step: path)
    for courtesy in ("chmod", "utime"):
        monkeypatch.setattr(os, courtesy, refuse)
    load("check.py").reset("1")
    assert (tmp_path / "1_prepare_dataset.backup.py").read_text("utf-8") == "# à moi\n"
    assert path.read_text("utf-8") == exercises.stub("1")


def test_reset_gives_the_stub_back_and_keeps_the_learner_s_file(workshop):
    path, new = workshop / "1_prepare_dataset.py", exercises.stub("1")
    check(workshop, "2.3")
    for backup in ("1_prepare_dataset.backup.py", "1_prepare_dataset.backup-2.py"):
        path.write_text("# mon travail", "utf-8")
        assert backup in check(workshop, "1", "--reset").stdout
        assert path.read_text("utf-8") == new and (workshop / backup).read_text("utf-8") == "# mon travail"
    assert "déjà" in check(workshop, "--reset", "1").stdout
    assert len(list(workshop.glob("*.backup*"))) == 2
    assert check(workshop, "--hint").stdout.startswith("1.1  "), "c'est là que l'on reprend"
    assert "étape" in check(workshop, "--reset", "5").stderr and "quelle étape" in check(workshop, "--reset").stderr


def test_catch_up_puts_in_place_what_a_step_needs(workshop):
    (workshop / "data").mkdir()
    (workshop / "data" / "dataset_dict.json").write_text("abîmé", "utf-8")
    before = {path.name: path.read_bytes() for path in workshop.glob("*.py")}
    done = check(workshop, "--catch-up", "3")
    assert done.returncode == 0, done.stderr
    assert "python aurore/3_train.py" in done.stdout and "Tokenizer : celui du modèle de base" in done.stdout
    assert {path.name: path.read_bytes() for path in workshop.glob("*.py")} == before
    assert len(corpus.load_data(workshop / "data")["train"]) > 600


# ── --environment ──


def test_the_environment_is_told_line_by_line(workshop):
    done = check(workshop, "--environment")
    lines = done.stdout.strip().splitlines()
    assert done.returncode == 0 and len([line for line in lines if line.startswith(("[OK]", "[À FAIRE]"))]) == 9
    assert re.search(
        r"\[À FAIRE\] livres déjà téléchargés : 0 sur 12.*python aurore/1_prepare_dataset_solution.py", done.stdout
    )
    assert any(line.startswith("[OK]") and "mini" in line for line in lines)


def test_the_environment_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "available_memory", lambda: 1e9)
    fault, line = environment_check._memory()
    assert "1,0 Go" in line and "il en faut 2" in fault
    monkeypatch.setattr(machine, "available_memory", lambda: 3e9)
    fault, line = environment_check._memory()
    assert not fault and "assez pour mini" in line
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # déjà pris par un autre : c'est aussi bien
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        assert "--port" in environment_check._port()[0]
    monkeypatch.setattr(environment_check.importlib.metadata, "version", lambda name: "0.1")
    fault, _ = environment_check._packages()
    assert "tensorflow 0.1 au lieu de 2" in fault and "pip install -r requirements.txt" in fault
    assert 1e8 < machine._system_memory() < 1e14


# ── Ce qui se retient ──


def test_a_trial_is_known_by_the_runs_it_left(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MODELS", tmp_path)

    def run_with(name, **chosen):
        (tmp_path / name).mkdir()
        history = {"base_model": "mini", "settings": {"batch_size": 8, "learning_rate": 0.001} | chosen}
        (tmp_path / name / "history.json").write_text(json.dumps(history), "utf-8")

    run_with("un")
    (tmp_path / "abîmé").mkdir()
    (tmp_path / "abîmé" / "history.json").write_text("{", "utf-8")
    assert not any(progress.tried(number) for number in ("3.2", "3.5", "3.6", "3.a"))
    run_with("deux", batch_size=16)
    assert progress.tried("3.5") == "2 tailles de lot : 16, 8" and not progress.tried("3.6")


def test_a_damaged_memory_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "REMEMBERED", tmp_path / "exercises.json")
    exercise = exercises.find("1.5")
    assert progress.hints(exercise) == exercise.hints[:1]
    progress.set_current("1.5")
    for _ in range(3):
        progress.give_hint(exercise)
    assert progress.current() == "1.5" and progress.hints(exercise) == exercise.hints
    for garbage in ("{", "[]", "\0"):
        progress.REMEMBERED.write_text(garbage, "utf-8")
        assert progress.current() == "" and progress.hints(exercise) == exercise.hints[:1]


def test_catch_up_keeps_data_that_are_right_or_that_it_could_not_make_again(prepared, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catch_up.books, "cached", lambda book: None)
    monkeypatch.setattr(catch_up.subprocess, "run", lambda *_, **__: pytest.fail("ne pas refaire"))
    for kept in (["39738"], [book.id for book in catch_up.books.embedded()]):
        monkeypatch.setattr(corpus, "load_data", lambda kept=kept: {"train": {"book": kept}})
        catch_up.catch_up("2")
        assert "celles qui sont déjà dans" in capsys.readouterr().out
    with pytest.raises(AuroreError, match="pas d'étape 7"):
        catch_up.catch_up("7")
