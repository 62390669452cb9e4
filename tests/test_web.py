"""La page : un formulaire, un texte échappé, une adresse, un arrêt propre."""

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
from conftest import AURORE, environment, refused


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """L'adresse de la vraie page, servie par le vrai script avec `mini`."""
    home, port = tmp_path_factory.mktemp("web"), free_port()
    process = subprocess.Popen(
        [sys.executable, AURORE / "5_flask.py", "--port", str(port)],
        env=environment(home), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout.readline().strip() == f"La page est prête : http://localhost:{port}/"
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 0 and "Page arrêtée." in stdout
    assert not re.search("warning|development server|debugger", stderr, re.IGNORECASE)


def get(address: str, **fields: str) -> tuple[int, str]:
    data = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        with urllib.request.urlopen(address, data, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_home_page_leads_to_the_form(page):
    status, html = get(page)
    assert status == 200 and 'lang="fr"' in html and 'href="/generate"' in html
    assert not re.search(r"https?://", html), "aucune adresse extérieure : la page marche sans réseau"


def test_the_form_asks_for_a_prompt(page):
    status, html = get(f"{page}/generate")
    assert status == 200 and 'name="amorce"' in html and "Il était une fois" in html and "<output" not in html


def test_a_prompt_is_continued_and_everything_is_escaped(page):
    status, html = get(f"{page}/generate", amorce="Elle dit <script>alert(1)</script> & rit")
    text = re.search(r'<output id="texte"[^>]*>(.*?)</output>', html, re.DOTALL)[1]
    assert status == 200 and "<script>" not in html
    assert text.startswith("Elle dit &lt;script&gt;alert(1)&lt;/script&gt; &amp; rit")
    assert len(text) > len("Elle dit &lt;script&gt;alert(1)&lt;/script&gt; &amp; rit") + 40


@pytest.mark.parametrize("amorce, sentence", [("  ", "est vide"), ("mot " * 400, "Raccourcissez")])
def test_a_prompt_that_cannot_be_continued_is_told_and_kept(page, amorce, sentence):
    status, html = get(f"{page}/generate", amorce=amorce)
    assert status == 400 and sentence in html and 'role="alert"' in html and amorce.strip() in html


def test_a_huge_request_is_refused(page):
    status, html = get(f"{page}/generate", amorce="x" * 200_000)
    assert status == 413 and "trop long" in html


def test_a_page_that_does_not_exist_is_told_in_french(page):
    status, html = get(f"{page}/nulle-part")
    assert status == 404 and "n'existe pas" in html.replace("&#39;", "'")


def test_a_taken_port_is_told(page, tmp_path):
    port = page.rsplit(":", 1)[1]
    sentence = refused("5_flask.py", "--port", port, home=tmp_path)
    assert f"Le port {port} est déjà pris" in sentence
    assert "odèle" not in sentence, "avant de charger le modèle"
