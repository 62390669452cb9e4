"""Les leçons : chacune tourne, courte et vite, dit vrai dans ses commentaires, et laisse une image qui se projette."""

import ast
import functools
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


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    """`play(leçon)` : la lance une fois pour tous ; son fichier, le dossier de la personne, ce qu'elle a affiché."""

    @functools.cache
    def play(path):
        home = tmp_path_factory.mktemp("lesson")
        return path, home, succeed(f"lessons/{path.name}", home=home)

    return play


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def played(request, play):
    return play(request.param)


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
def test_it_says_what_it_is_before_tensorflow_is_loaded_and_its_options_need_none(path, tmp_path):
    """Les deux premières n'en ont pas besoin du tout."""
    for library in ("tensorflow", "transformers"):
        (tmp_path / f"{library}.py").write_text("raise ImportError('à ne pas charger')", "utf-8")
    done = run_fresh(f"lessons/{path.name}", home=tmp_path, PYTHONPATH=str(tmp_path))
    first = path.read_text("utf-8").splitlines()[0].removeprefix('"""')
    if path.name[0] in WITHOUT_TENSORFLOW:
        assert done.returncode == 0 and done.stderr == f"{first}\n"
    else:
        assert done.returncode == 1 and done.stderr.startswith(f"{first} Quelques secondes")
        options = run_fresh(f"lessons/{path.name}", "--help", home=tmp_path, PYTHONPATH=str(tmp_path))
        assert options.returncode == 0 and options.stderr == ""


# ── Ce que chacune montre ──


@pytest.fixture
def told(play):
    """`told(numéro, motif)` : ce que ce motif trouve dans ce qu'affiche une leçon, les virgules lues comme des nombres."""

    def told(number: int, pattern: str) -> list[float]:
        _, _, done = play(FILES[number - 1])
        found = re.findall(pattern, done.stdout.replace("\u00a0", ""))
        return [float(one.replace(",", ".")) for one in found]

    return told


def test_1_a_neuron_alone_forgets_dogs_and_a_hidden_layer_finds_them(told):
    alone, deep = told(1, r"Un neurone, .* : (\d+) %"), told(1, r"cachés, .* : (\d+) %")
    assert len(alone) == len(deep) == 3 and alone[-1] < 75 and deep[-1] > 97


def test_2_batches_learn_like_single_examples_and_only_the_right_rate_learns(told):
    one_by_one, by_batch, by_epoch, small, right, large = told(2, r"perte (\d+,\d+)")
    assert max(one_by_one, by_batch, right) < 0.1 and min(by_epoch, small, large) > 0.4
    assert told(2, r"(\d+) corrections") == [3200, 400, 20, 400, 400, 400]


def test_3_a_network_knows_what_it_has_seen(told):
    assert told(3, r"que des 6 .* = (\d+) ; au test, \d+") == [6] and told(3, r"test, (\d+) justes") == [0, 20]
    (learnt,), ((best,), (end,)) = (
        told(3, r"lu, ([\d,]+) à la fin"),
        (told(3, rf"{each} ([\d,]+) à") for each in ("validation,", r"époque \d+,")),
    )
    assert learnt < best < end / 3, "l'erreur baisse là où il apprend, et remonte ailleurs"
    sand, french, english = told(3, r" : ([\d,]+) bits par octet")
    assert sand < french < english / 2


def test_4_every_way_sees_spelling_and_none_sees_that_standing_is_not_sitting(told):
    names = ("propre", "mal orthographié", "phonétique", "debout, non assise")
    shown = [told(4, rf"  {name} +([\d,]+)") for name in names]
    assert [len(values) for values in shown] == [4] * 4, "quatre façons"
    for clean, misspelt, phonetic, standing in zip(*shown):
        assert phonetic - clean > 1.5 * (misspelt - clean) > 4 * (standing - clean)
