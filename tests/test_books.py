"""Ce que le fichier d'un livre dit de lui-même : son encodage, son titre, son numéro ; et sa langue."""

import pytest

from atelier.errors import AuroreError
from atelier.text import books, language
from atelier.text.books import Book

LELIA = Book("39738", "Lélia", "George Sand", "train")


def header(title, author, number):
    return f"Title: {title}\n\nAuthor: {author}\n\nRelease Date: May 19, 2012 [EBook #{number}]\n\n*** START OF THIS PROJECT…"


def test_a_byte_that_is_in_no_encoding_stops_nothing(tmp_path):
    (tmp_path / "book.txt").write_bytes("Été ".encode() + b"\x9d\xff")
    assert books.detect_encoding(tmp_path / "book.txt") == "latin-1"


def test_a_few_damaged_bytes_do_not_make_utf8_another_encoding(tmp_path):
    book = tmp_path / "book.txt"
    book.write_bytes("Été, où l'on rêvait. ".encode() * 100 + b"Et\xe9.")
    books.mend_encoding(book)
    assert books.detect_encoding(book) == "utf-8-sig" and "rêvait. Et\ufffd." in book.read_text("utf-8")
    book.write_bytes("Été, où l'on rêvait.".encode("cp1252"))
    books.mend_encoding(book)
    assert book.read_text(books.detect_encoding(book)) == "Été, où l'on rêvait."


SENTENCE = "« Là-bas, l'été, la forêt brûlait où ça naît — déjà ! » dit l’aîné à Noël. "


@pytest.mark.parametrize(
    "spoil, seen",
    [
        (lambda text: text.encode().decode("latin-1").encode(), "deux fois"),
        (lambda text: text.replace("à", "é").encode().decode("cp1252").encode(), "deux fois"),
        (lambda text: text.replace("’", "'").replace("—", "-").encode("cp850"), "cp850"),
        (lambda text: text.encode("mac_roman"), "mac_roman"),
        (lambda text: text.encode("cp1252"), ""),
        (lambda text: text.encode("utf-8-sig"), ""),
    ],
)
def test_an_encoding_that_nothing_announces_is_known_by_its_accents_and_told(spoil, seen, tmp_path):
    book = tmp_path / "book.txt"
    book.write_bytes(spoil(SENTENCE * 10))
    said = books.mend_encoding(book)
    assert seen in said and bool(said) == bool(seen)
    read = books.read_text(book)
    assert "forêt brûlait où ça naît" in read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_old_and_new_encodings_read_the_same(tmp_path, encoding):
    (tmp_path / "book.txt").write_text("Été, œuvre, « Où ? »", encoding)
    assert (tmp_path / "book.txt").read_text(books.detect_encoding(tmp_path / "book.txt")) == "Été, œuvre, « Où ? »"


def test_the_same_edition_however_it_writes_its_title(tmp_path):
    (tmp_path / "book.txt").write_text(header("LELIA, nouvelle édition", "George Sand", 39738), "utf-8")
    assert list(books.differences(LELIA, tmp_path / "book.txt")) == []


def test_another_edition_is_told(tmp_path):
    (tmp_path / "book.txt").write_text(header("Germinal", "Emile Zola", 5711), "utf-8")
    assert list(books.differences(LELIA, tmp_path / "book.txt")) == [
        "titre « Germinal » au lieu de « Lélia »",
        "autrice « Emile Zola » au lieu de « George Sand »",
        "numéro « 5711 » au lieu de « 39738 »",
    ]


def test_french_is_known_by_its_commonest_words():
    language.check_french(
        ["Elle était assise dans le jardin, et je la voyais sur son banc, avec des fleurs au chapeau."]
    )
    for other in (
        "She was sitting in the garden, and I saw her on the bench, with flowers in her hat.",
        "Estaba sentada en el jardín, y yo la veía en su banco, con flores en el sombrero.",
        "Era seduta nel giardino, e io la vedevo sulla sua panca, con dei fiori sul cappello.",
    ):
        with pytest.raises(AuroreError, match="pas en français"):
            language.check_french([other])


def test_a_book_of_which_nothing_is_left_is_not_called_a_translation():
    with pytest.raises(AuroreError, match="aucune phrase"):
        language.check_french([])
