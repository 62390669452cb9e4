"""Un arrêt brutal (kill -9), à n'importe quel moment des étapes 1 et 2, laisse l'ancien résultat ou le nouveau, entier.

On tue juste avant une opération sur les fichiers de la personne : c'est entre deux d'entre elles que tout se joue. Ce qui
écrit est essayé à chacune : `atomic_write` dans test_atomic.py, les téléchargements ici. Les scripts entiers, qui prennent du
temps, ne le sont qu'aux derniers renommages ; chaque fois, un processus fils en est le sosie, pour n'attendre qu'une fois
les imports.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from scripts import AURORE, environment
from transformers import AutoTokenizer

from atelier.atomic import restored
from atelier.text import books, corpus, mirrors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ailleurs, TensorFlow ne supporte pas d'être dédoublé")
RENAMES = 3  # l'ancien dossier s'écarte, le nouveau prend sa place, l'ancien s'en va : tout se joue là

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
    """Les derniers renommages."""
    return [place for place, operation in enumerate(operations, 1) if operation == "os.rename"][-RENAMES:]


def grow_old(home) -> None:
    """Ce que les morts ont laissé n'est bientôt plus à personne."""
    for left in home.rglob("*.partial"):
        os.utime(left, (0, 0))


DOWNLOADS = """
import os, signal, sys
from pathlib import Path
from urllib.request import urlopen
from atelier.text import books, mirrors
mirror, home = sys.argv[1:]
def download(url, path):
    content = urlopen(url).read()
    with open(path, "wb") as file:
        file.write(content[:1000])
        file.flush()
        sys.audit("os.write", str(path))  # un moment de plus : le fichier à moitié écrit
        file.write(content[1000:])
library = books.book_list()[:2]
for moment in range(1, 1000):
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        kept = [mirrors.content_fault(path) is None for path in books.BOOKS.glob("*.txt")]
        print(code, len(kept), all(kept), flush=True)
        if code == 0:
            break
        for path in books.BOOKS.glob("*.txt"):
            path.unlink()
    else:
        seen = 0
        def watch(event, arguments):
            global seen
            if event.startswith(("open", "os.", "shutil.", "tempfile.")) and home in str(arguments):
                seen += 1
                if seen == moment:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        mirrors.fetch_all(library, [mirror], download)
        os._exit(0)
"""


def test_a_download_killed_at_any_moment_leaves_whole_books_or_none(mirror, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", DOWNLOADS, str(mirror), str(home)],
        env=environment(home, PYTHONPATH=os.pathsep.join(sys.path)),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    *killed, ended = [line.split() for line in done.stdout.splitlines() if re.match(r"-?\d+ ", line)]
    assert len(killed) > 15 and {code for code, _, _ in killed} == {"-9"}
    assert {whole for _, _, whole in killed} == {"True"}, "jamais un livre à moitié sous son nom"
    assert {books for _, books, _ in killed} >= {"0", "1"} and ended == ["0", "2", "True"]
    assert {path.suffix for path in (home / ".cache" / "books").iterdir()} == {".txt", ".partial"}, (
        "ce qu'ils ont laissé"
    )


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
    assert code == 0 and len(moments(operations)) == RENAMES
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
    assert code == 0 and len(moments(operations)) == RENAMES
    outcomes = set()
    for moment in moments(operations):
        begin_again()
        assert run(moment)[0] == -9
        outcomes.add(len(AutoTokenizer.from_pretrained(restored(tokenizer))))
    assert outcomes == {8192, 400}, "l'ancien, ou le nouveau"

    grow_old(tmp_path)
    assert run(0)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "tokenizer"]
