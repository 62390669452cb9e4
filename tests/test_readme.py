"""Le README dit vrai : ses commandes s'exécutent telles quelles, ses options existent."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from readme import BLOCKS, DOCKER, FOLLOWED, LOCAL, README, execute
from scripts import AURORE, ROOT, help_of, load

from atelier import console, exercises, settings
from atelier.writing.beginnings import beginnings


def test_there_are_two_sh_blocks_each_complete_by_itself():
    commands = [block for language, block in BLOCKS if language == "sh"]
    assert len(commands) == 2 and not [block for language, block in BLOCKS if language == "bash"]
    assert all(command.startswith("python3 -m venv .venv && ") and command.count("\n") == 1 for command in commands)
    assert commands[0].endswith("aurore/demo.py\n") and commands[1].endswith("pytest -q tests\n")


def test_the_local_commands_run_as_they_stand(followed):
    home, shown = followed
    assert "12 livres." in shown[0][1]
    assert (home / "data" / "dataset_dict.json").exists() and (home / "model" / "latest").exists()
    assert {script for line, _ in shown for script in re.findall(r"\d_\w+\.py", line)} == {
        *(f"{step}_solution.py" for step in settings.STEPS),
        "5_flask.py",
    }


@pytest.mark.parametrize("line", [line for line in LOCAL if line not in FOLLOWED])
def test_the_other_local_commands_are_understood(line, monkeypatch):
    script, options = re.search(r"aurore/(\S+) (.*)", line).groups()
    monkeypatch.setattr(sys, "argv", [script, *shlex.split(options)])
    assert load(script).parse_options()


def test_a_retrained_tokenizer_goes_all_the_way_to_the_text(followed):
    home, shown = followed
    assert any("--retrain" in line for line, _ in shown)
    run = home / "model" / (home / "model" / "latest").read_text("utf-8").strip()
    assert (run / "tokenizer.json").read_bytes() == (home / "tokenizer" / "tokenizer.json").read_bytes()
    assert (run / "tokenizer.json").read_bytes() != (AURORE / "mini" / "tokenizer.json").read_bytes()


def test_every_docker_line_is_given_for_each_shell():
    shells = {
        "console": '"$PWD/aurore:/aurore"',
        "powershell": '"${PWD}/aurore:/aurore"',
        "bat": '"%cd%/aurore:/aurore"',
    }
    lines = {
        language: [
            line.replace(volume, "VOLUME")
            for shell, block in BLOCKS
            if shell == language
            for line in block.splitlines()
            if " -v " in line
        ]
        for language, volume in shells.items()
    }
    assert len(lines["console"]) == 6 and lines["console"] == lines["powershell"] == lines["bat"]
    assert all(line.count("VOLUME") == 1 for line in lines["console"])


def after_docker(line: str) -> str:
    """Ce qui s'exécute dans le conteneur : les mots après le nom de l'image, sinon la commande que dit le Dockerfile."""
    words = shlex.split(line)
    command = words[words.index("text-gen") + 1 :]
    if not command:
        command = json.loads(re.search(r"^CMD (.*)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[1])
    return shlex.join(command)


def test_a_container_runs_the_lines_that_are_tested_without_docker():
    python = ".venv/bin/python "
    without = {line.removeprefix(python) for line in LOCAL} | {
        block.rstrip().split(python)[-1] for language, block in BLOCKS if language == "sh"
    }
    inside = [after_docker(line) for line in DOCKER if line.startswith("docker run ")]
    assert len(inside) == 7
    assert all(line.startswith("python ") and line.removeprefix("python ") in without for line in inside)


def test_the_readme_says_once_how_to_turn_a_line_into_its_docker_form(monkeypatch):
    """La table du README, et les lignes que les scripts affichent dans un conteneur, donnent les lignes docker du README."""
    instead = dict(re.findall(r"^\| ([^|]*) \| `([^`]*python)` \|$", README, re.MULTILINE))
    shown = [line for line in DOCKER if " -v " in line]
    for place, form in instead.items():
        if place.startswith("Docker"):
            assert any(line.startswith(form) for language, block in BLOCKS for line in block.splitlines()), place
    monkeypatch.setattr(console, "IN_CONTAINER", True)
    monkeypatch.delenv("AURORE_MODEL", raising=False)
    told = [console.command(f"{step}_solution.py") for step in settings.STEPS]
    told += [console.command("5_flask.py"), console.command("check.py", "--watch")]
    assert len(instead) == 4 and told == shown
    assert console.command("check.py", "1.1").startswith(instead["Docker, sous Linux ou macOS"])


def anchor(title: str) -> str:
    """L'ancre que GitHub donne à un titre."""
    return "#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_the_table_of_contents_leads_somewhere():
    links = re.findall(r"\]\((#[^)]*)\)", README)
    titles = re.findall(r"^#+ (.*)$", re.sub(r"(?s)```.*?```", "", README), re.MULTILINE)
    assert links and set(links) <= set(map(anchor, titles))
    contents = README.split("\n## ")[0]
    assert all(f"({anchor(title)})" in contents for title in re.findall(r"^## (.*)$", README, re.MULTILINE))


def test_the_options_it_names_exist():
    named = {}
    for _, block in BLOCKS:
        for line in block.splitlines():
            if script := re.search(r"aurore[/\\](\w+\.py)", line):
                named.setdefault(script[1], set()).update(re.findall(r"(?<=\s)--[a-z-]+", line[script.end() :]))
    assert len(named) == 8
    everywhere = {option for script in named for option in re.findall(r"--[a-z-]+", help_of(script))}
    assert set(re.findall(r"`[^`\n]*?(--[a-z-]{3,})", re.sub(r"(?s)```.*?```", "", README))) <= everywhere
    for script, options in named.items():
        assert options <= set(re.findall(r"--[a-z-]+", help_of(script))), script


TREE = next(block for language, block in BLOCKS if language == "text" and block.startswith("aurore/\n"))


def told() -> set[str]:
    """Les chemins que nomme l'arbre de la maison ; un dossier y finit par « / »."""
    paths, parents = set(), []
    for indent, name in re.findall(r"^( *)([\w.]+/?)(?:  .*)?$", TREE, re.MULTILINE):
        if len(indent) <= 8:  # plus loin à droite, c'est la suite de la ligne d'au-dessus
            parents = [*parents[: len(indent) // 2], name]
            paths.add("".join(parents))
    return paths


def test_the_tree_of_the_house_names_what_is_there():
    assert not [path for path in told() if not (ROOT / path).exists()], "ce qui n'y est plus"
    for name in re.findall(r"`(\w+(?:\.\w+|/))`", TREE):
        assert list((AURORE / "atelier").rglob(name)), f"{name} n'y est plus"
    folders = {path for path in told() if path.endswith("/")}
    described_whole = {one for one in folders if not any(other.startswith(one) and other != one for other in told())}
    for file in [*AURORE.glob("[0-9]_*_solution.py"), *AURORE.glob("[a-z]*.py"), *(AURORE / "atelier").rglob("*.py")]:
        path = file.relative_to(ROOT).as_posix()
        if file.name != "__init__.py" and not any(path.startswith(folder) for folder in described_whole):
            assert path in told(), "ce que l'arbre ne dit pas"


def test_the_demonstration_shows_before_and_after(demonstration):
    """La première commande du README, sans l'installation."""
    home, shown = demonstration
    assert re.search(r"Durée : \d+ secondes", shown)
    assert re.findall(r"── Étape (\d)", shown) == ["1", "2", "3", "4"] and "Ensuite :" not in shown
    bars, texts = shown.split("À regarder : les barres.")[1].split("\navant  ")
    prompts = re.findall(r"Après « (.*) », le mot suivant :", bars)
    assert len(prompts) == 3 and {*prompts} <= {*beginnings()} and bars.count("%") == 3 * 5 * 2 and "█" in bars
    for prompt in prompts:
        assert re.search(rf"^{prompt}.{{5,}} {prompt}", texts, re.MULTILINE), "avant et après"
    assert "python aurore/1_prepare_dataset_solution.py" in shown.splitlines()[-3]
    assert [path.name for path in home.iterdir()] == [".cache"], "le travail de la personne n'est pas touché"


@pytest.mark.skipif(
    not os.environ.get("AURORE_TEST_DOCKER"), reason="AURORE_TEST_DOCKER=1 essaie aussi les lignes docker"
)
def test_the_docker_commands_run_as_they_stand(tmp_path, mirror):
    for line in DOCKER:
        line = line.replace(" -it ", " -e AURORE_MODEL=mini ").replace('"$PWD/aurore:', f'"{tmp_path}/aurore:')
        if "1_prepare" in line:
            subprocess.run(["cp", "-r", AURORE, tmp_path / "aurore"], check=True)
            subprocess.run(["cp", "-r", mirror, tmp_path / "aurore" / "mirror"], check=True)
            subprocess.run(["chown", "-R", "1000:1000", tmp_path / "aurore"], check=True)
            line += " --mirror /aurore/mirror"
        execute(line, tmp_path)
    owners = {path.stat().st_uid for path in (tmp_path / "aurore").rglob("*")}
    assert owners == {1000}, "ce que le conteneur écrit appartient au propriétaire du volume"


@pytest.mark.parametrize(
    "question", [one for one in exercises.all_exercises() if not one.judged], ids=lambda one: one.number
)
def test_the_instructor_has_the_questions_and_their_answers(question):
    page = " ".join((AURORE / "README.md").read_text("utf-8").split())
    asked, answer = (question.goal.split(" : ", 1)[1], re.sub(r"^ *#", "", question.solution, flags=re.MULTILINE))
    assert " ".join([f"**{question.number}**", asked[0].upper() + asked[1:], *answer.split()]) in page
