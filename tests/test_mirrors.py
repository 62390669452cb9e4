"""Le réseau d'une salle : des adresses qui changent, des livres coupés, un portail à la place d'un livre, la lenteur."""

import re
import shutil
import socket
import struct
import threading
import time
import urllib.request

import pytest
from mirror_site import GABRIEL, WHOLE, answering, download, page, put

from atelier.errors import AuroreError
from atelier.text import books, mirrors
from atelier.text.books import Book


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "BOOKS", tmp_path / "cache")
    return tmp_path / "cache"


def fetch(*addresses):
    return mirrors.fetch(GABRIEL, list(addresses), download)


@pytest.mark.parametrize(
    "path",
    ["cache/epub/13380/pg13380.txt", "files/13380/13380-0.txt", "files/13380/13380-8.txt", "1/3/3/8/13380/13380-8.txt"],
)
def test_every_address_where_a_book_can_be(tmp_path, serve, path, capsys):
    site = put(tmp_path / "site", path)
    for mirror in (str(site), serve(site) + "/"):
        file = fetch(mirror)
        assert file.read_text("utf-8") == WHOLE
        file.unlink()
    in_vain = capsys.readouterr().out.count("n'est pas à cette adresse")
    assert in_vain >= 2 * path.count("/13380-") and (in_vain == 0) == path.startswith("cache"), "et le dit"


@pytest.mark.parametrize(
    "content, sentence",
    [
        (WHOLE[:-60], "n'en a donné que le début"),
        (b"", "n'en a donné que le début"),
        (b"<!DOCTYPE html><p>Cette page a disparu.</p>", "une page web"),
        (b"PK\x03\x04\x00\x00", "pas du texte"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "pas du texte"),
        (b"Une liste de courses.", "pas un livre du projet Gutenberg"),
        (b"Project Gutenberg's Gabriel\n\nTexte.\n\nEnd of the Project Gutenberg Etext\n", "aucune ligne START"),
        (b"Texte.\nEnd of Project Gutenberg's Gabriel\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN*", "aucune ligne START"),
    ],
)
def test_what_is_not_a_whole_book_is_told_and_not_kept(tmp_path, serve, cache, content, sentence):
    site = put(tmp_path / "site", "cache/epub/13380/pg13380.txt", content)
    with pytest.raises(AuroreError, match=sentence) as caught:
        fetch(serve(site))
    assert not isinstance(caught.value, mirrors.MirrorDown), "les autres livres y sont peut-être"
    assert list(cache.iterdir()) == []
    put(site, "files/13380/13380-0.txt")
    assert fetch(serve(site)).read_text("utf-8") == WHOLE, "l'adresse suivante l'avait"


def test_a_book_encoded_twice_is_mended_and_told(tmp_path, serve, capsys):
    spoiled = WHOLE.replace("Texte", "L'été, la forêt, déjà là. " * 10).encode().decode("cp1252", "ignore")
    site = serve(put(tmp_path / "site", "files/13380/13380-0.txt", spoiled))
    assert "L'été, la forêt" in fetch(site).read_text("utf-8")
    assert "13380-0.txt : codé deux fois" in capsys.readouterr().err


def test_a_connection_cut_in_the_middle_is_tried_again(serve, capsys):
    cuts = [40, 90]

    def answer(request):
        page(WHOLE.encode()[: cuts.pop() if cuts else None], length=len(WHOLE))(request)

    assert fetch(serve(answering(answer))).read_text("utf-8") == WHOLE
    assert "Gabriel : connexion coupée, tentative 2 sur 3" in capsys.readouterr().err


def test_an_absent_book_is_not_a_broken_mirror(tmp_path, serve):
    (tmp_path / "site").mkdir()
    with pytest.raises(AuroreError, match="n'a pas ce livre") as caught:
        fetch(serve(tmp_path / "site"), str(tmp_path / "site"))
    assert not isinstance(caught.value, mirrors.MirrorDown)


@pytest.mark.parametrize(
    "status, content, requests, sentence",
    [
        (503, b"", 1, "erreur 503"),
        (429, b"", 1, "erreur 429"),
        (511, b"", 1, "portail du wifi"),
        (403, b"", 5, "refuse nos requêtes"),
        (200, b"<html>Bienvenue sur le wifi</html>", 5, "portail du wifi"),
    ],
)
def test_a_mirror_in_trouble_is_not_asked_for_the_other_books(serve, status, content, requests, sentence):
    handler = answering(page(content, status))
    with pytest.raises(mirrors.MirrorDown, match=f"{sentence}.*gardés.*--offline"):
        fetch(serve(handler))
    assert len(handler.asked) == requests


def test_a_portal_that_redirects_to_its_own_page(serve):
    login = serve(answering(page(b"\n<!-- portail --><html>Connexion</html>")))

    def redirect(request):
        request.send_response(302)
        request.send_header("Location", login + "/login")
        request.end_headers()

    with pytest.raises(mirrors.MirrorDown, match="portail du wifi"):
        fetch(serve(answering(redirect)))


def test_a_firewall_that_cuts_every_connection_is_given_up_at_the_first_address(serve):
    def reset(request):
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()
        request.close_connection = True

    handler = answering(reset)
    with pytest.raises(mirrors.MirrorDown, match="coupe la connexion"):
        fetch(serve(handler))
    assert len(handler.asked) == mirrors.TRIES


def test_a_learners_own_download_may_raise_urllibs_errors_as_they_are(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuroreError, match="n'a pas ce livre"):
        mirrors.fetch(GABRIEL, [str(tmp_path / "empty")], urllib.request.urlretrieve)
    with pytest.raises(mirrors.MirrorDown, match="ne répond pas"):
        mirrors.fetch(GABRIEL, ["http://127.0.0.1:9"], urllib.request.urlretrieve)


def test_a_mistyped_mirror_is_told_before_anything_is_fetched(tmp_path, capsys):
    with pytest.raises(AuroreError, match="gutenberg.pglaf.org.*ni une adresse"):
        mirrors.fetch_all([GABRIEL, GABRIEL], [str(tmp_path), "gutenberg.pglaf.org"], download)
    assert "manque" not in capsys.readouterr().out


@pytest.mark.parametrize("address", ["http://machine:port", "http://[::1", "htp://machine", "ftp://machine"])
def test_an_address_that_cannot_be_asked_is_told_at_once(address):
    with pytest.raises(AuroreError, match=f"{re.escape(address)} » n'est pas une adresse"):
        mirrors.base_url(address)


@pytest.mark.parametrize(
    "address, variables", [("http://a..b", {}), ("http://a.example", {"http_proxy": "http://x:port"})]
)
def test_what_cannot_be_asked_is_not_a_cut_connection(address, variables, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(mirrors.MirrorDown, match="n'est pas une adresse qui se demande, ou son proxy"):
        fetch(address)


@pytest.mark.parametrize("down", ["http://127.0.0.1:9", "http://nulle.part.invalid"])
def test_mirrors_are_tried_in_turn_and_a_dead_one_only_once(tmp_path, serve, capsys, down):
    site = serve(put(tmp_path / "site", "files/13380/13380-0.txt"))
    left = [down, site]
    assert mirrors.fetch(GABRIEL, left, download).exists()
    assert left == [site]
    assert f"{down[7:]} ne répond pas : miroir suivant." in capsys.readouterr().err


def test_a_mirror_without_the_book_leaves_it_to_the_next(tmp_path, serve):
    (tmp_path / "empty").mkdir()
    site = put(tmp_path / "site", "files/13380/13380-0.txt")
    assert fetch(str(tmp_path / "empty"), serve(site)).exists()


def test_a_silent_mirror_is_not_waited_for(serve, monkeypatch):
    monkeypatch.setattr(mirrors, "TIMEOUT", 0.3)
    gone = threading.Event()
    # Si on l'attendait, il finirait par couper la connexion, et ce serait une autre faute.
    with pytest.raises(mirrors.MirrorDown, match="ne répond pas"):
        fetch(serve(answering(lambda request: gone.wait(60))))
    gone.set()


def test_a_black_hole_is_not_waited_for(monkeypatch):
    """Un port qui accepte et se tait, comme un pare-feu qui jette les paquets."""
    monkeypatch.setattr(mirrors, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as hole:
        with pytest.raises(mirrors.MirrorDown, match="ne répond pas"):
            fetch(f"http://127.0.0.1:{hole.getsockname()[1]}")


def test_a_book_that_arrives_drop_by_drop_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(mirrors, "PATIENCE", 0.3)

    def drip(request):
        request.send_response(200)
        request.send_header("Content-Length", str(len(WHOLE)))
        request.end_headers()
        for byte in WHOLE.encode():
            try:
                request.wfile.write(bytes([byte]))
            except OSError:  # le client s'est lassé
                return
            time.sleep(0.02)

    with pytest.raises(mirrors.MirrorDown, match=r"trop lent \(\d,\d ko/s\)"):
        fetch(serve(answering(drip)))


def test_a_book_already_there_asks_nothing(tmp_path):
    put(tmp_path / "cache", "13380.txt")
    assert fetch("http://127.0.0.1:9") == tmp_path / "cache" / "13380.txt"


def test_a_mirror_that_is_neither_a_site_nor_a_folder():
    with pytest.raises(AuroreError, match="ni une adresse"):
        fetch("/nulle/part")


def test_the_public_site_gets_the_pause_it_asks_for(monkeypatch, tmp_path):
    waits, site = [], put(tmp_path / "site", "book.txt")
    monkeypatch.setattr(time, "sleep", waits.append)
    mirrors.fetch(GABRIEL, ["https://www.gutenberg.org"], lambda url, path: shutil.copy(site / "book.txt", path))
    assert [wait for wait in waits if wait >= 1] == [2], "un serveur d'un autre essai peut dormir un instant"


def test_a_missing_book_and_another_edition_are_told_and_the_rest_goes_on(tmp_path, capsys):
    other = WHOLE.replace("Titre\n", "Title: Germinal\n\nAuthor: Emile Zola\n\n")
    site = put(put(tmp_path / "site", "files/13380/13380-0.txt"), "files/17251/17251-0.txt", other)
    library = [
        Book("39738", "Lélia", "George Sand", "train"),
        Book("17251", "Valentine", "George Sand", "train"),
        GABRIEL,
    ]
    found = mirrors.fetch_all(library, [str(site)], download)
    assert [book.title for book, _ in found] == ["Valentine", "Gabriel"]
    told = capsys.readouterr().out
    assert "Lélia (39738) manque" in told and "n'a pas ce livre" in told
    assert "Valentine : ce n'est pas l'édition prévue, titre « Germinal » au lieu de « Valentine »." in told
