"""Ce que les essais partagent : des dossiers de travail, des modèles, des serveurs, chacun fait une fois pour tous."""

import functools
import http.server
import os
import shutil
import signal
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libraries

os.environ.update(libraries.SETTINGS)

import pytest
from forked import read_once
from scripts import AURORE, ROOT, load, run, succeed, succeeded

from atelier import exercises, settings
from atelier.text import books

# Ce qui se prépare en lançant un script, la page ou un navigateur, ou en compilant un réseau.
LONG_TO_PREPARE = {
    *("prepared", "demonstration", "trained", "followed", "site", "browser", "killed", "base", "recipe"),
    *("model", "opened", "play"),
}
# Ce que nomme une fonction qui lance un Python neuf, ou la copie d'un Python déjà lancé ; ou qui entraîne un réseau, ou l'écoute.
LONG_TO_RUN = {
    *("executable", "run_fresh", "run_forked", "judge_step", "judge_all"),
    *("fit", "measure_pace", "trial", "pipeline"),
}


pytest_plugins = ["halves", "visitor", "trainings_page"]
TESTS = str(Path(__file__).parent)


@pytest.hookimpl(tryfirst=True)  # avant que pytest ne choisisse selon `-m`
def pytest_collection_modifyitems(items):
    """Marque `slow` ce qui lance des programmes entiers ou compile un réseau : `pytest -m "not slow"` s'en passe."""
    for item in items:
        if LONG_TO_PREPARE & set(item.fixturenames) or is_long(item.function):
            item.add_marker("slow")


def is_long(test: types.FunctionType) -> bool:
    """Cet essai l'est-il, lui-même ou par l'une des fonctions des essais qu'il appelle ?"""
    seen, left = {test}, [(test.__code__, test.__globals__)]
    for code, known in left:
        if LONG_TO_RUN.intersection(code.co_names):
            return True
        left += [(inner, known) for inner in code.co_consts if isinstance(inner, types.CodeType)]
        for called in (known.get(name) for name in code.co_names):
            if isinstance(called, types.FunctionType) and called not in seen and TESTS in called.__code__.co_filename:
                seen.add(called)
                left.append((called.__code__, called.__globals__))
    return False


@pytest.fixture
def refused_option(monkeypatch, capsys):
    """`refused_option(script, *options)` : la phrase par laquelle le script refuse ces options, en français."""

    def refusal(script: str, *options: str) -> str:
        monkeypatch.setattr(sys, "argv", [script, *options])
        with pytest.raises(SystemExit) as stopped:
            load(script).parse_options()
        assert stopped.value.code == 2
        sentence = capsys.readouterr().err
        assert not any(english in sentence for english in ("usage", "error", "argument", "invalid", "unrecognized"))
        return sentence

    return refusal


@pytest.fixture(scope="session")
def tokenizer():
    from transformers import AutoTokenizer  # ici seulement : bien des essais se passent de TensorFlow

    return AutoTokenizer.from_pretrained(settings.MINI)


AWKWARD = "Atelier [2026] d'été, 100 % {à lire} #1"  # un dossier comme il y en a : rien n'y est un motif


@pytest.fixture(scope="session")
def tiny(tokenizer, tmp_path_factory) -> str:
    """`AURORE_MODEL`, quand ce que le modèle écrit n'importe pas."""
    from small import small_model

    from atelier.models import export

    folder = tmp_path_factory.mktemp("tiny") / AWKWARD
    export.save_model(small_model(tokenizer), tokenizer, folder)
    return str(folder)


@pytest.fixture(scope="module")
def peer():
    """Un petit GPT-2 de transformers, dont les avis sont tranchés."""
    import decoding

    return decoding.transformers_model()


@pytest.fixture(scope="module")
def model(peer):
    """Le nôtre, avec les mêmes poids."""
    import decoding

    return decoding.ours(peer)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """Un dossier de travail où l'étape 1 a été faite sur les récits embarqués. À ne pas modifier."""
    home = tmp_path_factory.mktemp("prepared") / AWKWARD
    home.mkdir()
    succeed("1_prepare_dataset_solution.py", "--offline", home=home)
    return home


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Ctrl-C interrompt, ici et dans les programmes lancés, même si les essais tournent en tâche de fond (« & »)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def started(request, tmp_path_factory, interruptible):
    """Ce qui est long, si un essai le demande, commence tout de suite et à la suite, pendant que d'autres essais passent."""
    import readme
    import visitor

    asked = {name for item in request.session.items for name in item.fixturenames}
    with ThreadPoolExecutor(1) as elsewhere:
        later = {"site": visitor.Site(tmp_path_factory.mktemp("site"))} if "site" in asked else {}
        if "demonstration" in asked:
            home = tmp_path_factory.mktemp("demonstration")
            later["demonstration"] = home, elsewhere.submit(run, "demo.py", home=home, prepare=read_once)
        if "followed" in asked:
            home = tmp_path_factory.mktemp("followed")
            # Avec `tiny` : on y lit les commandes, non la prose.
            given = request.getfixturevalue("mirror"), request.getfixturevalue("tiny")
            later["followed"] = home, elsewhere.submit(readme.follow, home, *given)
        yield later
        elsewhere.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def site(started):
    """La vraie page, prête, pour tous les essais."""
    yield (site := started["site"].wait())
    site.stop()


@pytest.fixture(scope="session")
def demonstration(started) -> tuple[Path, str]:
    """La démonstration, jouée une fois : le dossier de la personne, et ce qui s'est affiché."""
    home, played = started["demonstration"]
    return home, succeeded(played.result()).stdout


@pytest.fixture(scope="session")
def followed(started) -> tuple[Path, list[tuple[str, str]]]:
    """Le README suivi ligne à ligne, sans Docker : le dossier de travail, et ce que chaque ligne a affiché."""
    home, shown = started["followed"]
    return home, shown.result()


@pytest.fixture(scope="session")
def trained(prepared, tiny, tmp_path_factory) -> Path:
    """Un dossier de travail où `tiny` a été un peu entraîné. À ne pas modifier."""
    home = tmp_path_factory.mktemp("trained") / AWKWARD
    home.mkdir()
    (home / "data").symlink_to(prepared / "data")
    succeed("3_train_solution.py", "--max-steps", "4", "--learning-rate", "0.01", home=home, AURORE_MODEL=tiny)
    return home


@pytest.fixture
def workshop(tmp_path):
    """Une copie de l'atelier, avec des stubs neufs : ce qu'une personne a devant elle en arrivant."""
    folder = tmp_path / "aurore"
    produced = shutil.ignore_patterns("data", "model", "tokenizer", ".cache", "__pycache__", "*.backup*.py")
    shutil.copytree(
        AURORE,
        folder,
        ignore=lambda path, names: produced(path, names) if path == str(AURORE) else {"__pycache__"} & set(names),
    )
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    for step in exercises.SCRIPTS:
        (folder / exercises.script(exercises.stub_of(step))).write_text(exercises.stub(step), "utf-8")
    return folder


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def serve():
    """`serve(handler)` ou `serve(dossier)` : un serveur sur 127.0.0.1, dont l'adresse est rendue."""
    servers = []

    def start(content) -> str:
        handler = content if isinstance(content, type) else functools.partial(QuietHandler, directory=str(content))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def mirror(tmp_path_factory) -> Path:
    """Un dossier disposé comme le projet Gutenberg, où les récits embarqués tiennent lieu des romans."""
    folder, stories = tmp_path_factory.mktemp("mirror"), sorted((AURORE / "extraits").glob("*.txt"))
    for index, book in enumerate(books.book_list()):
        file = folder / "files" / book.id / f"{book.id}-0.txt"
        file.parent.mkdir(parents=True)
        file.write_bytes(stories[index % len(stories)].read_bytes())
    return folder
