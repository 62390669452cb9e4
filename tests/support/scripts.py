"""Lancer les scripts de l'atelier comme on les lance : pour de vrai, hors ligne, dans un dossier jetable."""

import contextlib
import functools
import importlib.util
import io
import os
import re
import subprocess
import sys
import unittest.mock
from collections.abc import Callable
from pathlib import Path

import libraries
import pytest
from forked import HANGING, fork_judges, run_forked

ROOT = Path(__file__).resolve().parents[2]
AURORE = ROOT / "aurore"

# Ce que les bibliothèques disent d'elles-mêmes, et que personne ne doit lire.
NOISE = re.compile(
    r"onednn|cuda|absl|tensorrt|xla|[IWE]0000|warning|deprecat|tensorflow|keras|torch|tokenizers|hugging ?face|device set",
    re.IGNORECASE,
)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """L'environnement d'une personne qui n'a rien réglé, sauf le dossier de travail et ce que dit `variables`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AURORE_", "HF_", "TF_", "TRANSFORMERS_"))
    }
    person = home.parent / "person"  # Keras écrit un fichier de réglages chez la personne
    person.mkdir(exist_ok=True)
    chosen = {"AURORE_HOME": str(home), "AURORE_MODEL": "mini", "HOME": str(person), "PYTHONUTF8": "1"}
    return kept | libraries.SETTINGS | chosen | variables


def run(
    script: str, *options: str, home: Path, prepare: Callable[[], None] | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Lance un script de l'atelier depuis un autre dossier que le sien, et rend ce qu'il a écrit."""
    offline = not any(name.startswith("HF_") for name in variables)
    if offline and sys.platform == "linux":  # ailleurs, TensorFlow ne supporte pas d'être dédoublé
        prepare = fork_judges if Path(script).name == "check.py" else prepare
        return run_forked(
            AURORE / script, *options, variables=environment(home, **variables), folder=home, prepare=prepare
        )
    return run_fresh(script, *options, home=home, **variables)


def run_fresh(script: str, *options: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    """`run`, par un Python neuf, comme une personne le lance."""
    return subprocess.run(
        [sys.executable, AURORE / script, *options],
        env=environment(home, **variables),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=HANGING,
    )


def succeed(script: str, *options: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    """`run`, quand le script doit réussir ; aucun bruit de bibliothèque ne doit alors atteindre l'écran."""
    return succeeded(run(script, *options, home=home, **variables))


def succeeded(done: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    assert done.returncode == 0, done.stderr
    noise = [line for line in done.stderr.splitlines() if NOISE.search(line)]
    assert not noise, noise
    return done


def refused(script: str, *options: str, home: Path, **variables: str) -> str:
    """`run`, quand le script doit échouer : une phrase et pas de trace d'exécution. Rend la phrase."""
    done = run(script, *options, home=home, **variables)
    assert done.returncode not in (0, None), done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


@functools.cache
def help_of(script: str) -> str:
    """Ce que `--help` affiche."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as shown,
        unittest.mock.patch.object(sys, "argv", [script, "--help"]),
    ):
        with pytest.raises(SystemExit) as stopped:
            load(script).main()
    assert stopped.value.code == 0
    return shown.getvalue()


@functools.cache
def load(script: str):
    """Le script comme un module, pour essayer ses fonctions sans relancer Python."""
    specification = importlib.util.spec_from_file_location(f"script_{script[0]}", AURORE / script)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
