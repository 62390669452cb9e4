"""Derrière le proxy d'une école : la salle se joint sans lui, et ce qui passe par lui dit que c'est peut-être lui qui répond."""

import os
import urllib.request

import pytest
from mirror_site import GABRIEL, WHOLE, answering, download, page, put

from atelier import exercises, proxies
from atelier.exercises import judge, process
from atelier.models import hub
from atelier.text import books, mirrors


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Les livres vont dans un dossier jetable, et urllib oublie ensuite le proxy qu'il aura retenu."""
    monkeypatch.setattr(books, "BOOKS", tmp_path / "cache")
    monkeypatch.setattr(urllib.request, "_opener", None)


@pytest.fixture
def proxy(serve, monkeypatch):
    """`proxy(code)` : un proxy, que nomment les variables d'usage, et qui répond `code` à tout."""

    def start(code: int) -> str:
        handler = answering(page(b"<html>ERREUR</html>", code))
        handler.do_CONNECT = handler.do_HEAD = handler.do_GET
        address = serve(handler)
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, address.replace("//", "//moi:secret@"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        return address.removeprefix("http://")

    return start


def test_this_machine_is_reached_without_the_proxy(proxy, serve, tmp_path):
    proxy(503)
    site = serve(put(tmp_path / "site", "files/13380/13380-0.txt"))
    for address in (site, site.replace("127.0.0.1", "localhost")):
        path = mirrors.fetch(GABRIEL, [address], download)
        assert path.read_text("utf-8") == WHOLE
        path.unlink()


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "::1", "10.2.3.4", "172.20.0.1", "192.168.1.10", "169.254.7.7", "fe80::1", "fd00::1"]
    + ["pc-de-la-salle", "portable.local", "host.docker.internal"],
)
def test_the_room_is_near(host):
    assert proxies.is_nearby(host)


@pytest.mark.parametrize(
    "host", ["www.gutenberg.org", "huggingface.co", "8.8.8.8", "172.32.0.1", "2001:4860:4860::8888"]
)
def test_the_world_is_not(host):
    assert not proxies.is_nearby(host)


@pytest.mark.parametrize(
    "url", ["http://192.168.1.10:8000/x", "http://10.0.0.2/", "http://localhost:1/", "http://[::1]:9/"]
)
def test_the_libraries_are_told_so(proxy, url):
    import requests

    proxy(503)
    assert requests.utils.get_environ_proxies("http://www.gutenberg.org")
    proxies.spare_nearby()
    assert not requests.utils.get_environ_proxies(url) and requests.utils.get_environ_proxies(
        "http://www.gutenberg.org"
    )


def test_without_a_variable_the_systems_own_proxy_is_left_alone(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    proxies.spare_nearby()
    assert "no_proxy" not in os.environ


@pytest.mark.parametrize(
    "code, sentence", [(403, "refuse nos requêtes"), (407, "un nom et un mot de passe"), (502, "502")]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refusal_names_the_proxy_and_never_its_password(proxy, scheme, code, sentence):
    address = proxy(code)
    with pytest.raises(mirrors.MirrorDown, match=f"le proxy {address}.*{scheme}_proxy") as refusal:
        mirrors.fetch(GABRIEL, [f"{scheme}://gutenberg.example"], download)
    assert "secret" not in str(refusal.value)
    assert sentence in str(refusal.value) or scheme == "https" and str(code) in str(refusal.value)


@pytest.mark.parametrize("code", [403, 407, 502])
def test_the_hub_is_not_blamed_for_what_the_proxy_says(proxy, code, monkeypatch):
    address = proxy(code)
    monkeypatch.setattr(hub.constants, "ENDPOINT", "http://hub.example")
    monkeypatch.setattr(hub, "hf_hub_url", lambda *_: "http://hub.example/config.json")
    with pytest.raises(hub.Unavailable, match=f"le proxy {address}.*http_proxy"):
        hub.probe("auteur/nom")


def test_the_judge_asks_its_own_server(proxy, monkeypatch):
    proxy(503)
    monkeypatch.setattr(exercises, "stub_of", exercises.solution_of)
    assert process.judge_step("1", ["1.1"])["1.1"].mark == judge.RIGHT
