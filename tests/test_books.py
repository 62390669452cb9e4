"""Le réseau d'une salle : des adresses qui changent, des réponses tronquées, un portail à la place d'un livre."""

import http.server
import shutil
import urllib.request

import pytest

from atelier import books
from atelier.console import AuroreError

BOOK = books.Book("13380", "Gabriel", "train")
WHOLE = "Titre\n*** START OF THIS PROJECT GUTENBERG EBOOK GABRIEL ***\nTexte.\n*** END OF THIS PROJECT GUTENBERG EBOOK ***\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "BOOKS", tmp_path / "cache")
    return tmp_path / "cache"


def download(url, path):
    """Comme celui de la leçon, sans attendre l'import de TensorFlow."""
    try:
        with urllib.request.urlopen(url) as answer, open(path, "wb") as file:
            shutil.copyfileobj(answer, file)
    except OSError as error:
        raise Exception(f"URL fetch failure on {url}") from error


def put(folder, path, text=WHOLE):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, "utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "cache/epub/13380/pg13380.txt",
        "files/13380/13380-0.txt",
        "files/13380/13380-8.txt",
        "1/3/3/8/13380/13380-8.txt",
    ],
)
def test_every_address_where_a_book_can_be(tmp_path, serve, path):
    put(tmp_path / "site", path)
    for mirror in (str(tmp_path / "site"), serve(tmp_path / "site") + "/"):
        file = books.fetch(BOOK, mirror, download)
        assert file.read_text("utf-8") == WHOLE
        file.unlink()


@pytest.mark.parametrize("answer", [WHOLE[:-60], "<html>Connectez-vous au wifi</html>", "\x00\x01\x02"])
def test_half_a_book_or_another_page_is_not_kept(tmp_path, serve, cache, answer):
    put(tmp_path / "site", "cache/epub/13380/pg13380.txt", answer)
    with pytest.raises(AuroreError, match="livre entier"):
        books.fetch(BOOK, serve(tmp_path / "site"), download)
    assert list(cache.iterdir()) == []
    put(tmp_path / "site", "files/13380/13380-0.txt")
    assert books.fetch(BOOK, serve(tmp_path / "site"), download).read_text("utf-8") == WHOLE


def test_an_absent_book_is_not_a_broken_mirror(tmp_path, serve):
    (tmp_path / "site").mkdir()
    with pytest.raises(AuroreError, match="n'est pas sur") as caught:
        books.fetch(BOOK, serve(tmp_path / "site"), download)
    assert not isinstance(caught.value, books.MirrorDown)


@pytest.mark.parametrize("code, requests, sentence", [(503, 1, "erreur 503.*--offline"), (429, 1, "429"), (403, 5, "refuse nos requêtes")])
def test_a_server_in_trouble_is_not_asked_again(serve, code, requests, sentence):
    asked = []

    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(code)

        def log_message(self, *_):
            pass

    with pytest.raises(books.MirrorDown, match=sentence):
        books.fetch(BOOK, serve(Broken), download)
    assert len(asked) == requests


def test_a_byte_that_is_in_no_encoding_stops_nothing(tmp_path):
    (tmp_path / "book.txt").write_bytes("Été ".encode() + b"\x9d\xff")
    assert books.detect_encoding(tmp_path / "book.txt") == "latin-1"


def test_a_mirror_that_is_neither_a_site_nor_a_folder():
    with pytest.raises(AuroreError, match="ni une adresse"):
        books.fetch(BOOK, "/nulle/part", download)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_old_and_new_encodings_read_the_same(tmp_path, encoding):
    (tmp_path / "book.txt").write_text("Été, œuvre, « Où ? »", encoding)
    assert (tmp_path / "book.txt").read_text(books.detect_encoding(tmp_path / "book.txt")) == "Été, œuvre, « Où ? »"
