"""Ce qui arrive dans une salle : une étape sautée, un disque plein, un volume en lecture seule, Ctrl-C."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from scripts import AURORE, environment, help_of, refused, run_fresh, succeeded

from atelier import launch, opening, settings
from atelier.errors import AuroreError
from atelier.models import choice
from atelier.training import history as histories
from atelier.training import runs
from atelier.training.history import STATE

SCRIPTS = [*sorted(path.name for path in AURORE.glob("*_solution.py")), "5_flask.py", "demo.py", "check.py"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_in_french(script):
    shown = help_of(script)
    assert "utilisation :" in shown and "affiche cette aide" in shown
    assert "usage" not in shown and "show this" not in shown


@pytest.mark.parametrize("script", [*SCRIPTS, "evaluate.py", "experiments.py"])
def test_help_is_the_same_without_the_libraries_and_alone_on_the_screen(script, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "absent").mkdir()
    for library in opening.HEAVY:
        (tmp_path / "absent" / f"{library}.py").write_text("raise SystemExit('chargé')", "utf-8")
    done = succeeded(run_fresh(script, "--help", home=tmp_path, PYTHONPATH=str(tmp_path / "absent"), COLUMNS="80"))
    assert done.stderr == "" and done.stdout.split("\n", 1)[1] == help_of(script).split("\n", 1)[1]
    assert [path.name for path in tmp_path.iterdir()] == ["absent"]


@pytest.mark.parametrize("script", ["3_train.py", "4_generate_solution.py", "5_flask.py"])
def test_a_script_says_what_it_does_before_it_loads_anything(script, tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow se charge')", "utf-8")
    done = run_fresh(script, home=tmp_path, PYTHONPATH=str(tmp_path))
    first, second = done.stderr.strip().splitlines()[:2]
    assert first.startswith(f"Étape {script[0]} : ") and second == "TensorFlow se charge"


def test_data_of_an_interrupted_run_are_not_trained_on(prepared, tmp_path):
    shutil.copytree(prepared / "data", tmp_path / "data")
    next((tmp_path / "data" / "validation").glob("*.arrow")).write_bytes(b"tronqu")
    sentence = refused("3_train_solution.py", "--max-steps", "1", home=tmp_path)
    assert "sont abîmées" in sentence and "1_prepare_dataset_solution.py" in sentence


@pytest.mark.parametrize(
    "options",
    [
        ("--epochs", "-1"),
        ("--epochs", "0"),
        ("--max-steps", "1.5"),
        ("--minutes", "0"),
        ("--batch-size", "x"),
        ("--learning-rate", "-1"),
        ("--seed", "5000000000"),
        ("--epochs", "9" * 400),
        ("--epochs", "1", "--max-steps", "1"),
        ("--inconnue",),
    ],
)
def test_bad_training_options_are_refused_in_french(options, refused_option):
    assert options[0] in refused_option("3_train_solution.py", *options)


def test_a_missing_package_says_how_to_start(tmp_path):
    done = subprocess.run(
        [sys.executable, "-S", AURORE / "2_tokenize_solution.py"],  # -S : sans les paquets installés
        env=environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode and "« datasets » manque" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["nimporte quoi", "../nulle/part", "/nulle/part", "deux mots/pas un modèle"])
def test_an_unknown_model_name(name, monkeypatch):
    monkeypatch.setattr(settings, "BASE_MODEL", name)
    with pytest.raises(AuroreError, match=f"« {re.escape(name)} ».*mini"):
        choice.base_model()


def test_an_unknown_model_name_stops_a_script(tmp_path):
    assert "« rien »" in refused("2_tokenize_solution.py", home=tmp_path, AURORE_MODEL="rien")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="il faut être root pour monter un disque")
@pytest.mark.parametrize("option, sentence", [("size=64k", "plus de place"), ("ro", "lecture seule")])
def test_a_disk_that_cannot_be_written(option, sentence, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", volume], capture_output=True)
    if mounted.returncode:
        pytest.skip("ce système ne permet pas de monter un disque d'essai")
    try:
        message = refused("1_prepare_dataset_solution.py", "--offline", home=tmp_path, AURORE_HOME=str(volume))
        assert sentence in message and str(volume) in message
        assert list(volume.iterdir()) == []
    finally:
        subprocess.run(["umount", volume], check=True)


# Ce que Python dit quand il vient d'importer `atelier`, qui veille désormais ; TensorFlow suit.
IMPORTING = " atelier\n"


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C s'envoie autrement sous Windows")
@pytest.mark.parametrize(
    "script, options, after",
    [
        ("1_prepare_dataset_solution.py", ["--offline"], IMPORTING),
        ("3_train_solution.py", ["--epochs", "50"], "une époque fait"),  # pendant la première évaluation
        ("3_train_solution.py", ["--epochs", "50"], "d'une époque : environ"),  # en plein entraînement
    ],
)
def test_ctrl_c_leaves_nothing_half_written(script, options, after, prepared, tiny, tmp_path, interruptible):
    model = tiny if "environ" in after else "mini"
    says_what_it_imports = {"PYTHONPROFILEIMPORTTIME": "1"} if after == IMPORTING else {}
    home = tmp_path / "Atelier [2026]"
    home.mkdir()
    if script.startswith("3"):
        (home / "data").symlink_to(prepared / "data")
    process = subprocess.Popen(
        [sys.executable, AURORE / script, *options],
        env=environment(home, AURORE_MODEL=model, PYTHONUNBUFFERED="1", **says_what_it_imports),
        encoding="utf-8",
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        stream = process.stderr if after == IMPORTING else process.stdout
        while after not in (line := stream.readline()):
            assert line, process.communicate()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode in (130, -signal.SIGINT)
    assert "Interrompu" in stderr and "Traceback" not in stderr
    runs = [path for path in (home / "model").glob("*") if path.is_dir()]
    assert not runs or ("--resume" in stderr and len(runs) == 1 and (runs[0] / "state" / "checkpoint").exists()), (
        "de quoi reprendre, ou rien"
    )
    assert ("la même commande" in stderr) != ("--resume" in stderr) or after == IMPORTING, "une seule suite"
    assert not (tmp_path / "model" / "latest").exists() and not list(home.rglob("*.partial"))


@pytest.mark.parametrize(
    "main, signal_name",
    [
        ("Doomed(); [time.sleep(0.1) for _ in range(600)]", "SIGINT"),  # perdu dans un destructeur
        ("transformed()", "SIGINT"),  # changé en une autre erreur
        ("Doomed(); [time.sleep(0.1) for _ in range(600)]", "SIGTERM"),
    ],
)
def test_a_signal_that_a_library_mistreats_still_interrupts(main, signal_name, tmp_path, interruptible):
    program = f"""if True:
        import signal, sys, time, _thread
        sys.path.insert(0, {str(AURORE)!r})
        from atelier import launch
        class Doomed:
            def __del__(self):
                _thread.interrupt_main(signal.{signal_name})
                time.sleep(0)
        def transformed():
            try:
                _thread.interrupt_main()
                time.sleep(1)
            except KeyboardInterrupt:
                raise RuntimeError("autre chose")
        def main():
            {main}
        launch.run(main)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, encoding="utf-8"
    )
    assert done.returncode == {"SIGINT": 130, "SIGTERM": 143}[signal_name]
    assert "Erreur" not in done.stderr and "Traceback" not in done.stderr
    assert ("Interrompu" in done.stderr) == (signal_name == "SIGINT")


STOPS = {
    "Ctrl-C": (KeyboardInterrupt(), 130, "Interrompu. {}"),
    "SIGTERM": (SystemExit(143), 143, "Arrêté. {}"),
    "une panne": (AuroreError("Le disque est plein."), 1, "Le disque est plein.\n{}"),
}


@pytest.mark.parametrize("error, code, told", STOPS.values(), ids=STOPS)
def test_what_is_interrupted_says_one_next_step(error, code, told, tmp_path, monkeypatch, capsys):
    """« Reprenez » puis « recommencez » : on ne saurait lequel croire."""
    monkeypatch.setattr(launch, "_watch_for_interruption", threading.Event)
    (tmp_path / STATE).parent.mkdir()
    (tmp_path / STATE).touch()
    histories.write(tmp_path, histories.new("mini", {}, 3.5))

    def main():
        with runs.kept_if_resumable(tmp_path):
            raise error

    with pytest.raises(SystemExit) as stopped:
        launch.run(main)
    assert stopped.value.code == code
    said, resume = capsys.readouterr().err.strip(), "Pour reprendre cet entraînement où il en était : "
    assert said.startswith(told.format(resume)) and said.endswith(" --resume") and "recommencera" not in said


def test_a_console_of_another_encoding_never_crashes(tmp_path):
    for encoding in ("cp1252", "ascii"):
        done = subprocess.run(
            [sys.executable, AURORE / "2_tokenize_solution.py"],
            capture_output=True,
            env=environment(tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0"),
        )
        assert done.returncode == 0, done.stderr
