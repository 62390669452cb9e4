"""De quoi essayer l'atelier comme on l'utilise : ses scripts, lancés pour de vrai, hors ligne, dans un dossier jetable."""

import contextlib
import functools
import http.server
import importlib.util
import io
import os
import re
import subprocess
import sys
import threading
import unittest.mock
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import atelier.quiet  # avant transformers, qui importe TensorFlow

import pytest
from forked import run_forked
from transformers import AutoTokenizer, GPT2Config, TFGPT2LMHeadModel

from atelier import settings
from atelier.models import export, vocabulary
from atelier.text import books

ROOT = Path(__file__).resolve().parents[1]
AURORE = ROOT / "aurore"

# Ce que les bibliothèques disent d'elles-mêmes, et que personne ne doit lire.
NOISE = re.compile(
    r"onednn|cuda|absl|tensorrt|xla|[IWE]0000|warning|deprecat|tensorflow|keras|torch|tokenizers|hugging ?face|device set",
    re.IGNORECASE,
)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """L'environnement d'une personne qui n'a rien réglé, sauf le dossier de travail et ce que dit `variables`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AURORE_", "HF_", "TF_", "TRANSFORMERS_"))
    }
    person = home.parent / "person"  # Keras écrit un fichier de réglages chez la personne
    person.mkdir(exist_ok=True)
    return kept | {"AURORE_HOME": str(home), "AURORE_MODEL": "mini", "HOME": str(person), "PYTHONUTF8": "1"} | variables


def run(script: str, *options: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    """Lance un script de l'atelier depuis un autre dossier que le sien, et rend ce qu'il a écrit."""
    offline = not any(name.startswith("HF_") for name in variables)
    if offline and sys.platform == "linux":  # ailleurs, TensorFlow ne supporte pas d'être dédoublé
        return run_forked(AURORE / script, *options, variables=environment(home, **variables), folder=home)
    return run_fresh(script, *options, home=home, **variables)


def run_fresh(script: str, *options: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    """`run`, par un Python neuf, comme une personne le lance."""
    return subprocess.run(
        [sys.executable, AURORE / script, *options],
        env=environment(home, **variables),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def succeed(script: str, *options: str, home: Path, **variables: str) -> subprocess.CompletedProcess:
    """`run`, quand le script doit réussir ; aucun bruit de bibliothèque ne doit alors atteindre l'écran."""
    return succeeded(run(script, *options, home=home, **variables))


def succeeded(done: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    assert done.returncode == 0, done.stderr
    noise = [line for line in done.stderr.splitlines() if NOISE.search(line)]
    assert not noise, noise
    return done


def refused(script: str, *options: str, home: Path, **variables: str) -> str:
    """`run`, quand le script doit échouer : une phrase et pas de trace d'exécution. Rend la phrase."""
    done = run(script, *options, home=home, **variables)
    assert done.returncode not in (0, None), done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


@functools.cache
def help_of(script: str) -> str:
    """Ce que `--help` affiche."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as shown,
        unittest.mock.patch.object(sys, "argv", [script, "--help"]),
    ):
        with pytest.raises(SystemExit) as stopped:
            load(script).main()
    assert stopped.value.code == 0
    return shown.getvalue()


@functools.cache
def load(script: str):
    """Le script comme un module, pour essayer ses fonctions sans relancer Python."""
    specification = importlib.util.spec_from_file_location(f"script_{script[0]}", AURORE / script)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


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
    return AutoTokenizer.from_pretrained(settings.MINI)


def small_model(tokenizer, **options) -> TFGPT2LMHeadModel:
    """Un modèle au hasard, assez petit pour s'entraîner en un instant."""
    sizes = {"vocab_size": len(tokenizer), "n_positions": 128, "n_embd": 16, "n_layer": 2, "n_head": 2}
    model = TFGPT2LMHeadModel(
        GPT2Config(**sizes | {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0} | options)
    )
    model(model.dummy_inputs)
    vocabulary.set_end_of_text(model, tokenizer)
    return model


@pytest.fixture(scope="session")
def tiny(tokenizer, tmp_path_factory) -> str:
    """`AURORE_MODEL`, quand ce que le modèle écrit n'importe pas."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    export.save_model(small_model(tokenizer), tokenizer, folder)
    return str(folder)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """Un dossier de travail où l'étape 1 a été faite sur les récits embarqués. À ne pas modifier."""
    home = tmp_path_factory.mktemp("prepared")
    succeed("1_prepare_dataset_solution.py", "--offline", home=home)
    return home


@pytest.fixture(scope="session", autouse=True)
def started(request, tmp_path_factory):
    """Ce qui est long, si un essai le demande, commence tout de suite et à la suite, pendant que d'autres essais passent."""
    import readme
    import visitor

    asked = {name for item in request.session.items for name in item.fixturenames}
    with ThreadPoolExecutor(1) as elsewhere:
        later = {"site": visitor.Site(tmp_path_factory.mktemp("site"))} if "site" in asked else {}
        if "demonstration" in asked:
            home = tmp_path_factory.mktemp("demonstration")
            later["demonstration"] = home, elsewhere.submit(run_fresh, "demo.py", home=home)
        if "followed" in asked:
            home = tmp_path_factory.mktemp("followed")
            later["followed"] = (home, elsewhere.submit(readme.follow, home, request.getfixturevalue("mirror")))
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
def trained(demonstration) -> Path:
    """Le dossier de travail de la démonstration, où `mini` a été un peu entraîné. À ne pas modifier."""
    return demonstration[0] / ".cache" / "demo"


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
