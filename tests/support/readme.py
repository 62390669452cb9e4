"""Le README, ses blocs de commandes, et de quoi les exécuter."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from forked import HANGING
from scripts import ROOT, environment, run, succeeded

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [line for language, block in BLOCKS if language == "console" for line in block.splitlines()]
LOCAL = [line for line in LINES if not line.startswith("docker ")]
FOLLOWED = [line for line in LOCAL if " --" not in line or "--retrain" in line]
DOCKER = [line for line in LINES if line.startswith("docker ")]
ENDLESS = {
    "5_flask": "prête",
    "--watch": "Écrivez",
}  # ce qui tourne jusqu'à ce qu'on l'arrête, et ce qu'il dit une fois prêt


def execute(line: str, home, **variables) -> str:
    """Exécute une ligne du README : ce Python-ci au lieu de .venv, deux pas d'entraînement, un port que nul n'a pris."""
    if "3_train" in line:
        line = re.sub(r"--(minutes|epochs|max-steps) \S+", "", line) + " --max-steps 2"
    if line.startswith(".venv/bin/python aurore/") and not any(script in line for script in ENDLESS):
        script, *options = shlex.split(line)[1:]
        return succeeded(run(script.removeprefix("aurore/"), *options, home=home, **variables)).stdout
    line = line.replace(".venv/bin/python", sys.executable)
    if "5_flask" in line and not line.startswith("docker "):
        with socket.create_server(("127.0.0.1", 0)) as free:
            line += f" --port {free.getsockname()[1]}"
    command = subprocess.Popen(
        line,
        shell=True,
        executable="/bin/bash",
        cwd=ROOT,
        env=environment(home, **variables),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    if sign := next((sign for script, sign in ENDLESS.items() if script in line), None):
        while sign not in (shown := command.stdout.readline()):
            assert shown, command.stderr.read()
    if "5_flask" in line:
        with urllib.request.urlopen(re.search(r"http://localhost\S+", shown)[0]) as page:
            assert "Aurore" in page.read().decode()
    if sign:
        os.killpg(command.pid, signal.SIGINT)
    stdout, stderr = command.communicate(timeout=HANGING)
    # Ctrl-C n'atteint un conteneur que par un terminal : le script du conteneur, lui, est tué.
    assert command.returncode == 0 or line.startswith("docker ") and sign, f"{line}\n{stdout}\n{stderr}"
    return stdout


def follow(home: Path, mirror: Path, model: str) -> list[tuple[str, str]]:
    """Suit le README ligne à ligne, sans Docker, avec ce modèle ; rend ce que chaque ligne a affiché."""
    return [(line, execute(line, home, AURORE_GUTENBERG=str(mirror), AURORE_MODEL=model)) for line in FOLLOWED]
