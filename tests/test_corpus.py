"""Le corpus : ses colonnes, son ordre, sa répartition ; et l'étape 1, lancée comme on la lance."""

import os
import re
import shutil

import pytest
from scripts import refused, succeed

from atelier import atomic
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


def test_a_folder_that_cannot_take_its_place_gives_the_old_one_back(tmp_path, monkeypatch):
    target, rename = tmp_path / "data", os.rename
    target.mkdir()
    (target / "x").write_text("ancien")

    def refuse_the_new_one(source, destination):
        if "partial" in str(source):
            raise PermissionError("l'antivirus le tient ouvert")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse_the_new_one)
    with pytest.raises(PermissionError), atomic.atomic_write(target) as partial:
        partial.mkdir()
    assert (target / "x").read_text() == "ancien" and [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path):
    target = tmp_path / "data"
    for content in ("un", "deux"):
        with atomic.atomic_write(target) as partial:
            partial.mkdir()
            (partial / "x").write_text(content)
    with pytest.raises(KeyboardInterrupt), atomic.atomic_write(target) as partial:
        partial.mkdir()
        raise KeyboardInterrupt
    assert (target / "x").read_text() == "deux"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
