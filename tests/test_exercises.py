"""Les exercices : des stubs qui viennent des solutions, et une vérification qui dit vrai de toute réponse."""

import ast
import re
import subprocess
import textwrap

import attempts
import pytest
from scripts import AURORE, ROOT

from atelier import exercises
from atelier.exercises import judge

STEPS = list(exercises.SCRIPTS)
EXERCISES = exercises.all_exercises()
JUDGED = [exercise for exercise in EXERCISES if exercise.judged]


def test_the_workshop_has_all_its_exercises():
    assert [exercise.number for exercise in JUDGED] == [
        *(f"1.{number}" for number in range(1, 10)),
        *(f"2.{number}" for number in range(1, 8)),
        "3.1",
        "3.3",
        "3.4",
        "4.1",
        "4.2",
        "4.3",
        "4.4",
        *("L1.1", "L1.2", "L1.3", "L4.1"),
    ]
    assert [exercise.number for exercise in JUDGED if exercise.bonus] == ["1.8", "1.9", "2.5", "2.6", "2.7"]
    tried = [exercise for exercise in EXERCISES if not exercise.judged]
    assert {exercise.number for exercise in tried} == {"1.a", "1.b", "3.2", "3.5", "3.6", "3.a", "3.b", "3.c", "5.1"}
    assert all(re.match(r"(\(bonus\) )?À (essayer|réfléchir) : ", exercise.goal) for exercise in tried)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_an_exercise_has_all_a_learner_needs(exercise):
    assert exercise.goal[-1] in ".?" and exercise.solution.strip()
    assert exercise.goal.startswith("(bonus) ") == exercise.bonus
    if exercise.judged:
        assert exercise.use and exercise.learnt.endswith(".")
        assert len(exercise.hints) == 3 and all(hint.strip() for hint in exercise.hints)
        assert exercise.solution.strip() not in exercise.hints, "presque la ligne, pas la ligne"


# ── Les stubs ──


@pytest.mark.parametrize("step", STEPS)
def test_the_committed_stub_is_the_one_its_solution_gives(step):
    """Celui de git, non le fichier qui est là : celui-là est à la personne qui suit l'atelier."""
    path = exercises.stub_of(step).relative_to(ROOT).as_posix()
    committed = subprocess.run(["git", "show", f":{path}"], cwd=ROOT, capture_output=True)
    if committed.returncode:
        pytest.skip(f"pas de dépôt git ici ({committed.stderr.decode().strip()})")
    assert committed.stdout.decode() == exercises.stub(step), "cd aurore && python -m atelier.exercises.stubs"


@pytest.mark.parametrize("path", sorted(AURORE.glob("[1-5]_*.py")), ids=lambda path: path.name)
def test_a_lesson_can_be_projected(path):
    assert not [number for number, line in enumerate(path.read_text("utf-8").split("\n"), 1) if len(line) > 100]


@pytest.mark.parametrize("step", STEPS)
def test_filling_a_stub_gives_back_its_solution(step):
    solution = exercises.solution_of(step).read_text("utf-8")
    filled, lines = exercises.stub(step), solution.split("\n")
    for gap in exercises.marked(step):
        todo = "\n".join(exercises.todo_lines(gap))
        assert filled.count(todo) == 1
        filled = filled.replace(todo, "\n".join(lines[gap.first : gap.last + 1]))
    assert filled == solution


def read(source: str) -> str:
    """Le fichier tel qu'on le lit : un commentaire de plusieurs lignes est une phrase."""
    return re.sub(r"\n *# ", " ", source)


@pytest.mark.parametrize("step", STEPS)
def test_a_stub_parses_and_keeps_its_secrets(step):
    stub, gaps = exercises.stub(step), exercises.marked(step)
    ast.parse(stub)
    assert not re.search(r"# (>>>|<<<)", stub)
    assert [gap.number for gap in gaps if not gap.is_question] == re.findall(r'console\.todo\("(\S+)"\)', stub)
    for gap in gaps:
        assert f"{gap.number} : {gap.goal}" in read(stub) or f"{gap.number} {gap.goal}" in read(stub)
        assert not [line for line in gap.code if re.search(r"\w", line) and line in stub.split("\n")]


@pytest.mark.parametrize(
    "source, complaint",
    [
        ("# >>> 1.1 But.\nx = 1\n", "pas fermée"),
        ("# >>> 1.1 But.\n# >>> 1.2 But.\nx = 1\n# <<< 1.2\n# <<< 1.1\n", "s'ouvre dans une autre"),
        ("x = 1\n# <<< 1.1\n", "ne ferme rien"),
        ("# >>> 1.1 But.\nx = 1\n# <<< 1.2\n", "ne ferme rien"),
        ("# >>> 1.1\nx = 1\n# <<< 1.1\n", "ressemble à une marque"),
        ("# >> 1.1 But.\nx = 1\n# << 1.1\n", "ressemble à une marque"),
        ("#>>> 1.1 But.\nx = 1\n# <<< 1.1\n", "ressemble à une marque"),
        ("# >>> 1.11 But.\nx = 1\n# <<< 1.11\n", "ressemble à une marque"),
        ("# 1.1 >>> But.\nx = 1\n# 1.1 <<<\n", "ressemble à une marque"),
        ("# >>> 1.1 But.\nx = 1\n# >>> et la suite.\n# <<< 1.1\n", "ressemble à une marque"),
        ("# >>> la suite.\nx = 1\n# <<< 1.1\n", "ressemble à une marque"),
        ("x = 1  # >>> 1.1 But. <<<\n", "ressemble à une marque"),
        ("# >>> 1.1 But.\n# <<< 1.1\n", "une ligne entre"),
        ("# >>> 1.1 But.\nx = 1\ny = 2  # <<< 1.1\n", "une ligne entre"),
        ("# >>> 1.1 But.\nx = 1\n# <<< 1.1\n# >>> 1.1 But.\nx = 1\n# <<< 1.1\n", "le même numéro"),
    ],
)
def test_a_doubtful_marker_is_an_error(source, complaint):
    with pytest.raises(exercises.BadMarker, match=complaint):
        exercises.gaps(source, "1_x_solution.py")


def test_a_goal_can_take_several_lines():
    (gap,) = exercises.gaps("def f():\n    # >>> 2.2 But :\n    # >>> long.\n    return 1\n    # <<< 2.2", "x")
    assert gap.goal == "But : long." and gap.code == ("    return 1",) and (gap.first, gap.last) == (1, 4)


def test_a_gap_can_be_a_part_of_a_line():
    (gap,) = exercises.gaps("def f():\n    # >>> 2.2 But.\n    text = 'Bonjour'  # <<< 2.2\n    return text", "x")
    assert gap.inline and gap.function == "f" and gap.code == ("    text = 'Bonjour'",)
    assert exercises.todo_lines(gap)[-1] == '    text = console.todo("2.2")'


# ── La vérification ──


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stubs")
    for step in STEPS:
        (folder / exercises.stub_of(step).name).write_text(exercises.stub(step), "utf-8")
    return {step: judge.load(folder / exercises.stub_of(step).name) for step in STEPS}


@pytest.mark.parametrize("exercise", JUDGED, ids=lambda exercise: exercise.number)
def test_a_stub_is_not_right_and_its_solution_is(exercise, stubs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solution = attempts.solution(exercise.step)
    assert judge.judge(exercise, stubs[exercise.step], solution) == judge.Verdict(judge.NOT_STARTED)
    assert judge.judge(exercise, solution, solution) == judge.Verdict(judge.RIGHT)


def height(verdict: judge.Verdict) -> int:
    """Les lignes que prend ce qu'on dit de l'erreur, sur un écran de 100 colonnes."""
    values = "\n".join((verdict.call, verdict.got, verdict.expected)).split("\n")
    return sum(len(textwrap.wrap(line, 98 - 11 * (line != verdict.mistake))) for line in (verdict.mistake, *values))


@pytest.mark.parametrize("number", [exercise.number for exercise in JUDGED])
def test_every_answer_gets_the_verdict_it_deserves(number, tmp_path, monkeypatch):
    """Les réponses d'attempts.toml : les justes passent, les autres sont dites fausses, et leur erreur nommée."""
    monkeypatch.chdir(tmp_path)
    table = attempts.TABLE[number]
    assert sum("says" in attempt for attempt in table) >= 3 and sum("says" not in attempt for attempt in table) >= 2
    for attempt in table:
        says = attempt.get("says", "")
        verdict = attempts.judged(number, **{key: value for key, value in attempt.items() if key != "says"})
        assert verdict.mark == (judge.WRONG if says else judge.RIGHT), f"{attempt['code']}\n{verdict}"
        assert says in verdict.mistake, f"{attempt['code']}\n{verdict}"
        assert height(verdict) <= 6, f"{attempt['code']}\n{verdict}"
    assert not list(tmp_path.iterdir()), "rien n'est resté"


def test_a_book_of_the_attempt_before_is_not_taken_for_this_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lost = attempts.judged("1.1", "keras.utils.get_file(fname=path.name, origin=url, cache_dir=path, cache_subdir='')")
    assert "/tmp/.keras" in lost.mistake
    assert "Rien n'est arrivé" in attempts.judged("1.1", "return url").mistake
