"""La maison : un dossier par étape, et des imports qui vont tous dans le même sens."""

import ast
from pathlib import Path

import pytest
from scripts import AURORE

from atelier import exercises

ATELIER = AURORE / "atelier"
FLOORS = (  # du sol au toit : chaque pièce n'importe que celles des étages du dessous
    ("errors", "settings", "container", "proxies", "shadows"),
    ("atomic", "compiled", "machine", "opening"),
    ("quiet",),
    ("console",),
    ("drawing",),
    ("text",),
    ("models",),
    ("training",),
    ("writing",),
    ("exercises", "web"),
    ("launch",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def modules() -> dict[str, Path]:
    """Les modules d'`atelier`, par leur nom sans « atelier. »."""
    paths = {path: path.relative_to(ATELIER).with_suffix("").parts for path in sorted(ATELIER.rglob("*.py"))}
    return {".".join(part for part in parts if part != "__init__"): path for path, parts in paths.items()}


def imported(path: Path) -> set[str]:
    """Ce que ce fichier importe d'`atelier`, où que ce soit dans le fichier : « text.books », « console »."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} : un import relatif"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    names = {name.removeprefix("atelier.") for name in found if name.startswith("atelier.")}
    known = modules()
    return {name if name in known else name.rpartition(".")[0] for name in names}


ARROWS = {name: imported(path) for name, path in modules().items() if name}


@pytest.mark.parametrize("name", ARROWS)
def test_a_module_imports_only_from_the_floors_below(name):
    room = name.split(".")[0]
    assert room in FLOOR, f"{room} : à quel étage est cette pièce ?"
    for other in ARROWS[name]:
        other_room = other.split(".")[0]
        assert other_room == room or FLOOR[other_room] < FLOOR[room], f"{name} importe {other}"


def test_no_two_modules_import_each_other_in_a_circle():
    done = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in ARROWS[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in ARROWS:
        visit(name, ())


LESSONS = sorted(AURORE.glob("[1-5]_*.py"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
def test_a_lesson_has_a_short_main_at_its_bottom(path):
    functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    main = next(node for node in functions if node.name == "main")
    assert main.end_lineno - main.lineno < 30
    assert {functions[-1].name, functions[-2].name} == {"main", "parse_options"}, "la leçon d'abord"


@pytest.mark.parametrize("step", exercises.SCRIPTS)
def test_the_exercises_come_in_the_order_of_their_numbers(step):
    numbers = [gap.number for gap in exercises.marked(step)]
    for kind in (str.isdecimal, str.isalpha):
        same_kind = [number for number in numbers if kind(number[-1])]
        assert same_kind == sorted(same_kind)


def test_text_needs_no_tensorflow():
    heavy = ("tensorflow", "transformers", "tf_keras", "atelier.quiet")
    for path in (ATELIER / "text").rglob("*.py"):
        source = path.read_text("utf-8")
        assert not any(f"import {name}" in source or f"from {name}" in source for name in heavy), path
