"""Les leçons : chacune tourne, courte et vite, dit vrai dans ses commentaires, et laisse une image qui se projette."""

import ast
import io
import re
import tokenize
from xml.etree import ElementTree

import pytest
from scripts import AURORE, help_of, run_fresh, succeed

from atelier import exercises

FILES = sorted(path for path in (AURORE / "lessons").glob("[0-9]_*.py") if not exercises.completed_in(path))
WITHOUT_TENSORFLOW = {"1", "2"}
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"\d+(?:\u00a0\d{3})*(?:,\d+)?")


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def played(request, tmp_path_factory):
    """Une leçon, jouée une fois : son fichier, le dossier de la personne, ce qu'elle a affiché."""
    home = tmp_path_factory.mktemp("lesson")
    return request.param, home, succeed(f"lessons/{request.param.name}", home=home)


def test_a_lesson_leaves_one_picture_that_can_be_projected(played):
    path, home, done = played
    (picture,) = (home / "lessons").iterdir()
    assert picture.stem == path.stem.removesuffix("_solution") and str(picture) in done.stdout
    svg = ElementTree.parse(picture).getroot()
    assert {each.tag.removeprefix(SVG) for each in svg.iter()} <= {"svg", "title", "desc", "rect", "path", "text"}
    width, height = map(float, svg.get("viewBox").split()[2:])
    written = list(svg.iter(SVG + "text"))
    assert all(float(text.get("font-size")) >= 16 for text in written), "lisible du fond de la salle"
    assert all(0 < float(text.get("x")) < width and 0 < float(text.get("y")) < height for text in written)
    assert svg.findtext(SVG + "title") in [text.text for text in written] and svg.findtext(SVG + "desc")


def comments(path) -> str:
    """Ce qu'un fichier dit en français : ses docstrings et ses commentaires, sans les numéros des exercices."""
    source = path.read_text("utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    said = [token.string for token in tokens if token.type == tokenize.COMMENT]
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    said += [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    return re.sub(r"# (?:>>>|<<<) \S+", "", "\n".join(said)).replace("\u202f", "\u00a0")


def test_every_number_a_lesson_writes_is_one_that_it_prints(played):
    path, _, done = played
    shown = set(NUMBER.findall(done.stdout + done.stderr))
    assert {number for number in NUMBER.findall(comments(path))} <= shown


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_lesson_is_short_and_says_what_it_is_before_loading_anything(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 100
    main = next(node for node in ast.parse("\n".join(lines)).body if getattr(node, "name", "") == "main")
    assert main.end_lineno - main.lineno < 30
    assert lines[0].startswith(f'"""Leçon {path.name[0]} : ') and lines[-1] == "    launch.run(main)"
    assert lines[0].removeprefix('"""').rstrip(".?")[:20] in " ".join(help_of(f"lessons/{path.name}").split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_options_need_no_tensorflow(path, tmp_path):
    """Ni, pour les deux premières, la leçon elle-même."""
    forbid = "import sys; sys.modules['tensorflow'] = sys.modules['transformers'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(forbid, "utf-8")
    options = [] if path.name[0] in WITHOUT_TENSORFLOW else ["--help"]
    done = run_fresh(f"lessons/{path.name}", *options, home=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert options or done.stderr == path.read_text("utf-8").splitlines()[0].removeprefix('"""') + "\n"
