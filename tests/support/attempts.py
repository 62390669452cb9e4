"""Essayer une réponse à un exercice comme si on venait de la taper dans le stub.

python tests/support/attempts.py [NUMÉRO]     ce que la vérification dit de chaque réponse d'attempts.toml
"""

import contextlib
import io
import os
import re
import sys
import tempfile
import textwrap
import tomllib
from functools import cache
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "aurore"))

from atelier import exercises
from atelier.exercises import judge, python_errors

TABLE = tomllib.loads(Path(__file__).with_name("attempts.toml").read_text("utf-8"))


@cache
def solution(step: str):
    return judge.load(exercises.solution_of(step))


def completed(source: str, number: str, code: str = "") -> str:
    """Un stub, où `code` remplace le TODO de l'exercice ; sans `code`, ce que la solution y écrit."""
    gap = next(gap for gap in exercises.marked(exercises.step_of(number)) if gap.number == number)
    todo = "\n".join(exercises.todo_lines(gap))
    assert source.count(todo) == 1
    return source.replace(todo, textwrap.indent(code.strip("\n"), gap.indent) if code else "\n".join(gap.code))


def answer(workshop, **answers: str) -> None:
    """Écrit des réponses dans les stubs : `answer(workshop, _1_5="return …")` ; sans texte, celle de la solution."""
    for name, code in answers.items():
        number = name[1:].replace("_", ".")
        path = workshop / exercises.script(exercises.stub_of(exercises.step_of(number)))
        path.write_text(completed(path.read_text("utf-8"), number, code), "utf-8")


def replaced(source: str, number: str, code: str) -> str:
    """Un stub, où `code` remplace toute la fonction de l'exercice."""
    function = exercises.find(number).function
    return re.sub(rf"(?ms)^def {function}\(.*?(?=^\S(?!\)))", lambda _: code.strip("\n") + "\n\n\n", source, count=1)


def judged(number: str, code: str, whole: bool = False, endless: bool = False) -> judge.Verdict:
    """Ce que la vérification dit de `code`, qui remplace le TODO de l'exercice ou, si `whole`, toute sa fonction.

    `endless` : il ne finit pas, et n'aura pas les secondes qu'on laisse à une personne.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, HOME=folder, USERPROFILE=folder),
        mock.patch("sys.stdin", io.StringIO()),
        mock.patch("huggingface_hub.constants.HF_HUB_OFFLINE", True),  # comme dans le processus du juge, qui l'est
        mock.patch("transformers.utils.hub._is_offline_mode", True),
    ):
        Path(folder, ".keras").mkdir()  # sinon Keras écrit dans /tmp
        step = exercises.step_of(number)
        path = Path(folder, exercises.stub_of(step).name)
        source = exercises.stub(step)
        path.write_text(replaced(source, number, code) if whole else completed(source, number, code), "utf-8")
        try:
            learner = judge.load(path)
        except (Exception, SystemExit) as error:
            return judge.Verdict(judge.WRONG, python_errors.explain(error))
        with judge.time_limit(0.3) if endless else contextlib.nullcontext():
            return judge.judge(exercises.find(number), learner, solution(step))


if __name__ == "__main__":
    for number in sys.argv[1:] or TABLE:
        for attempt in TABLE[number]:
            says = attempt.pop("says", "")
            verdict = judged(number, **attempt)
            as_expected = verdict.mark == ("wrong" if says else "right") and says in verdict.mistake
            print(
                f"{'  ' if as_expected else '!!'} {number} {verdict.mark:<6} {verdict.mistake}\n{textwrap.indent(attempt['code'].strip(), '        ')}\n"
            )
