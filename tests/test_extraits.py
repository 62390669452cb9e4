"""Les récits embarqués : des histoires entières, dans la forme d'un livre du projet Gutenberg."""

import json
import re

import pytest

from atelier.settings import EXCERPTS
from atelier.text import cleaning, mirrors
from atelier.text.words import LETTERS

LIST = json.loads((EXCERPTS / "books.json").read_text("utf-8"))


def story(book: dict) -> list[str]:
    text = (EXCERPTS / f"{book['id']}.txt").read_text("utf-8")
    return cleaning.clean(re.split(r"\n\*\*\* (?:START|END) .*\n", text)[1])


def test_there_are_enough_of_them_and_one_is_for_the_test():
    assert len(LIST) >= 5
    assert sum(book["split"] == "test" for book in LIST) == 1
    assert sum(len("\n".join(story(book)).encode()) for book in LIST) > 60_000


@pytest.mark.parametrize("book", LIST, ids=lambda book: book["id"])
def test_each_looks_like_an_edition_but_claims_nothing(book):
    path = EXCERPTS / f"{book['id']}.txt"
    text = path.read_text("utf-8")
    assert mirrors.content_fault(path) is None
    assert f"Title: {book['title']}" in text.split("*** START")[0]
    assert "il n'est pas d'elle" in text and "PROJECT GUTENBERG" not in text


def test_no_paragraph_and_no_run_of_eight_words_comes_twice():
    paragraphs = [paragraph for book in LIST for paragraph in story(book)]
    assert len(paragraphs) == len(set(paragraphs))
    seen = set()
    for book in LIST:
        words = LETTERS.findall(" ".join(story(book)).lower())
        runs = [tuple(words[start : start + 8]) for start in range(len(words) - 7)]
        assert len(runs) == len(set(runs)) and not seen & set(runs)
        seen |= set(runs)
