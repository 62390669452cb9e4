"""Le corpus : ses colonnes, son ordre, sa répartition ; et l'étape 1, lancée comme on la lance."""

import re
import shutil

import pytest
from scripts import refused, succeed

from atelier.errors import AuroreError
from atelier.text import corpus
from atelier.text.books import Book


def book_of(sentences_per_paragraph: list[int], name: str = "1") -> tuple[Book, list[list[str]]]:
    paragraphs = [[f"Phrase {p}.{s}." for s in range(n)] for p, n in enumerate(sentences_per_paragraph)]
    return Book(id=name, title="Livre", author="Autrice", split="train"), paragraphs


def test_validation_is_one_passage_of_whole_paragraphs_and_about_a_tenth():
    for name in "abcdefgh":
        rows = corpus.rows(*book_of([3, 1, 2, 5] * 50, name))
        train, validation = corpus.split_validation(rows)
        positions = [row["position"] for row in validation]
        assert positions == list(range(positions[0], positions[-1] + 1))
        assert not {row["paragraph"] for row in train} & {row["paragraph"] for row in validation}
        assert 0.08 < len(validation) / len(rows) < 0.12
        assert sorted(row["position"] for row in train + validation) == list(range(len(rows)))


def test_every_book_gives_some_validation_however_short():
    train, validation = corpus.split_validation(corpus.rows(*book_of([1, 1, 1])))
    assert train and validation


def test_step_1_saves_the_three_parts_with_their_columns(prepared):
    data = corpus.load_data(prepared / "data")
    assert set(data) == {"train", "validation", "test"}
    assert data["train"].column_names == ["text", "book", "paragraph", "position"]
    assert set(data["test"]["book"]) == {"la-fontaine-aux-trois-chemins"}
    assert not set(data["test"]["book"]) & set(data["train"]["book"])
    text = " ".join(data["train"]["text"])
    assert not re.search(r"\*\*\*|Illustration|AURORE EBOOK|[_’]|--|coeur", text)


def test_texts_keep_paragraphs_and_never_join_across_the_validation_passage():
    book, paragraphs = book_of([2] * 20)
    train, validation = corpus.split_validation(corpus.rows(book, paragraphs))
    texts = list(corpus.texts(corpus.Dataset.from_list(train)))
    whole_book = "\n".join(" ".join(paragraph) for paragraph in paragraphs)
    assert len(texts) == 2 and all(text in whole_book for text in texts)
    assert sum(text.count("Phrase") for text in texts) == len(train)


def test_a_corpus_without_test_says_what_to_do():
    with pytest.raises(AuroreError, match="--offline"):
        corpus.build([book_of([2] * 20)])


def test_step_1_downloads_each_book_once(serve, mirror, tmp_path):
    address = serve(mirror)
    first = succeed("1_prepare_dataset_solution.py", "--mirror", address, home=tmp_path).stdout
    assert first.count("Downloading data from") >= 12 and "12 livres." in first and "La Mare au Diable" in first
    again = succeed("1_prepare_dataset_solution.py", home=tmp_path, AURORE_GUTENBERG="http://127.0.0.1:9").stdout
    assert "Downloading" not in again and "12 livres." in again


def test_a_mirror_that_is_down_costs_nothing(prepared, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset_dict.json").write_text("ancien")
    sentence = refused("1_prepare_dataset_solution.py", "--mirror", "http://127.0.0.1:9", home=tmp_path)
    assert "127.0.0.1:9 ne répond pas" in sentence and "--offline" in sentence
    assert (tmp_path / "data" / "dataset_dict.json").read_text() == "ancien"


def test_offline_with_too_few_books_takes_the_embedded_stories(mirror, tmp_path):
    (tmp_path / ".cache" / "books").mkdir(parents=True)
    shutil.copy(next((mirror / "files" / "39738").iterdir()), tmp_path / ".cache" / "books" / "39738.txt")
    assert "6 livres." in succeed("1_prepare_dataset_solution.py", "--offline", home=tmp_path).stdout


@pytest.fixture
def nothing_done(tmp_path, monkeypatch):
    """L'étape 1 n'est pas faite ; `built` compte les fois où les récits embarqués sont nettoyés et coupés."""
    built, build = [], corpus.build
    monkeypatch.setattr(corpus, "CACHE", tmp_path)
    monkeypatch.setattr(corpus, "exists", lambda folder=tmp_path / "data": (folder / "dataset_dict.json").exists())
    monkeypatch.setattr(corpus, "build", lambda library: built.append(1) or build(library))
    return built


def test_the_embedded_corpus_is_built_once(nothing_done):
    folder = corpus.folder()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert corpus.folder() == folder and len(nothing_done) == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_embedded_corpus_is_built_again_when_damaged_or_when_its_sources_change(
    nothing_done, tmp_path, monkeypatch
):
    folder = corpus.folder()
    next((folder / "validation").glob("*.arrow")).write_bytes(b"tronqu")
    assert corpus.folder() == folder and len(nothing_done) == 2
    stories = shutil.copytree(corpus.EXCERPTS, tmp_path / "stories")
    monkeypatch.setattr(corpus, "EXCERPTS", stories)
    assert corpus.folder() == folder and len(nothing_done) == 2, "les mêmes récits, ailleurs"
    with open(stories / "lettres-de-la-brenne.txt", "a", encoding="utf-8") as story:
        story.write("Un mot de plus.\n")
    assert corpus.folder() != folder and len(nothing_done) == 3
