"""La page là où on la montre : sous le sous-chemin d'un relais, sur un Windows dont le registre se trompe."""

import mimetypes
import re
import urllib.parse
from pathlib import Path

import pytest
from flask import Flask
from scripts import load

from atelier.web import server

SUB_PATH = "/user/moi/proxy/8080"  # où JupyterHub, code-server ou Codespaces montrent la page


@pytest.mark.parametrize("path", ["/", "/generate", "/entrainement", "/nulle/part"])
def test_every_address_of_the_page_is_found_under_a_sub_path(path):
    client = load("5_flask.py").app.test_client()
    links = re.findall(r'(?:href|src|data-state)="([^"]+)"', client.get(path).text)
    assert len(links) > 2
    for link in links:
        reached = urllib.parse.urljoin(f"http://hub{SUB_PATH}{path}", link).removeprefix("http://hub")
        assert reached.startswith(f"{SUB_PATH}/")
        assert client.get(reached.removeprefix(SUB_PATH)).status_code == 200


def test_what_the_page_asks_for_is_beside_it():
    for script in Path(server.STATIC).glob("*.js"):
        assert not re.search(r"""(fetch|import|from)\W*["'`]/""", script.read_text("utf-8")), script


def test_a_relay_that_keeps_its_sub_path_may_say_so():
    client = load("5_flask.py").app.test_client()
    for prefix in (SUB_PATH, f"{SUB_PATH}/"):
        for path in ("", "/", "/generate"):
            assert client.get(SUB_PATH + path, headers={"X-Forwarded-Prefix": prefix}).status_code == 200
        assert client.get("/generate", headers={"X-Forwarded-Prefix": prefix}).status_code == 200, "déjà ôté"
        assert client.get(f"{SUB_PATH}er/generate", headers={"X-Forwarded-Prefix": prefix}).status_code == 404


def test_a_script_is_a_script_whatever_the_registry_of_windows_says():
    for extension in (".js", ".css", ".svg"):
        mimetypes.add_type("text/plain", extension)
    app = Flask("essai", static_folder=server.STATIC)
    server.protect(app)
    kinds = [app.test_client().get(f"/static/{file}").mimetype for file in ("write.js", "style.css", "sunrise.svg")]
    assert kinds == ["text/javascript", "text/css", "image/svg+xml"]
