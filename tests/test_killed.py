"""Un arrêt brutal (kill -9), à n'importe quel moment des étapes 1 et 2, laisse l'ancien résultat ou le nouveau, entier.

Le script est tué juste avant une opération sur les fichiers de la personne : c'est entre deux d'entre elles que tout se
joue. Chaque fois, un processus fils en est le sosie, pour n'attendre qu'une fois les imports.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest
from scripts import AURORE, environment
from transformers import AutoTokenizer

from atelier.atomic import restored
from atelier.text import books, corpus, mirrors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ailleurs, TensorFlow ne supporte pas d'être dédoublé")
MOMENTS = 8  # test_atomic.py, qui n'attend pas de script, les essaie tous

PROGRAM = """
import importlib.util, json, os, signal, sys
script, home, *options = sys.argv[1:]
from scripts import load
module = load(script)
sys.argv = [script, *options]
for line in sys.stdin:
    read, write = os.pipe()
    if child := os.fork():
        os.close(write)
        events = os.fdopen(read).read().split()
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), events]), flush=True)
        continue
    moment, seen = int(line), 0
    def watch(event, arguments):
        global seen
        if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree") and home in str(arguments[0]):
            seen += 1
            os.write(write, event.encode() + b" ")
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.addaudithook(watch)
    module.main()
    os._exit(0)
"""


@pytest.fixture
def killed(tmp_path):
    """`killed(script, *options)` : le script, et de quoi le tuer à un moment ; rend (code, opérations faites)."""
    processes = []

    def start(script, *options):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, script, str(tmp_path), *options],
            env=environment(tmp_path, PYTHONPATH=os.pathsep.join(sys.path)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        processes.append(process)

        def run(moment: int) -> tuple[int, list[str]]:
            print(moment, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        return run

    yield start
    for process in processes:
        process.stdin.close()
        process.wait()


def moments(operations: list[str]) -> list[int]:
    """Les derniers renommages, et des moments répartis d'un bout à l'autre."""
    renames = [place for place, operation in enumerate(operations, 1) if operation == "os.rename"][-MOMENTS // 2 :]
    steps = MOMENTS - len(renames) - 1
    others = [1 + step * (len(operations) - 1) // steps for step in range(steps + 1)]
    return [*renames, *others]


def grow_old(home) -> None:
    """Ce que les morts ont laissé n'est bientôt plus à personne."""
    for left in home.rglob("*.partial"):
        os.utime(left, (0, 0))


def test_step_1(killed, prepared, mirror, tmp_path):
    data, cache = tmp_path / "data", tmp_path / ".cache"

    def sizes(folder):
        return {split: len(rows) for split, rows in corpus.load_data(folder).items()}

    def begin_again():
        for folder in (cache, data):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(prepared / "data", data)

    run = killed("1_prepare_dataset_solution.py", "--mirror", str(mirror))
    begin_again()
    code, operations = run(0)
    assert code == 0 and len(moments(operations)) == MOMENTS
    old, new, outcomes = sizes(prepared / "data"), sizes(data), []
    for moment in moments(operations):
        begin_again()
        assert run(moment)[0] == -9
        outcomes.append(sizes(data))
        assert outcomes[-1] in (old, new)
        for book in (cache / "books").glob("*.txt"):
            assert mirrors.content_fault(book) is None, f"un livre à moitié, au moment {moment}"
    assert old in outcomes and new in outcomes

    grow_old(tmp_path)
    assert run(0)[0] == 0, "et la fois suivante range ce qui traînait"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", "data"]
    assert len(list((cache / "books").iterdir())) == len(books.book_list())


def test_step_2(killed, prepared, tmp_path):
    tokenizer = tmp_path / "tokenizer"
    shutil.copytree(prepared / "data", tmp_path / "data")

    def begin_again():
        shutil.rmtree(tokenizer, ignore_errors=True)
        shutil.copytree(AURORE / "mini", tokenizer, ignore=shutil.ignore_patterns("*.safetensors", "*.py"))

    run = killed("2_tokenize_solution.py", "--retrain", "--vocab-size", "400")
    begin_again()
    code, operations = run(0)
    assert code == 0 and len(moments(operations)) == MOMENTS
    outcomes = set()
    for moment in moments(operations):
        begin_again()
        assert run(moment)[0] == -9
        outcomes.add(len(AutoTokenizer.from_pretrained(restored(tokenizer))))
    assert outcomes == {8192, 400}, "l'ancien, ou le nouveau"

    grow_old(tmp_path)
    assert run(0)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "tokenizer"]
