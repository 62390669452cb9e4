"""`/jeu` : on devine une vraie phrase mot à mot, le réseau aussi, et la salle se mesure à lui."""

import pytest
import visitor
from api import ask
from browser import wait_until

from atelier.web import guess

GAME = visitor.GUESSED  # mots d'une partie, ici


def test_a_real_sentence_is_uncovered_word_by_word(address):
    status, first = ask(address, "jeu", {"sentence": 3, "word": 0})
    assert status == 200 and first["words"] == GAME and first["book"]
    _, second = ask(address, "jeu", {"sentence": 3, "word": 1})
    assert second["before"] == first["before"] and second["shown"].startswith(first["shown"])
    assert second["shown"][len(first["shown"]) :].strip(" ,;—«»!?").startswith(first["answer"])
    for asked in (first, second):
        words = [choice["word"] for choice in asked["choices"]]
        assert len(set(words)) == 4 and asked["answer"] in words and words == sorted(words)
        assert (
            all(0 <= choice["chance"] <= 1 for choice in asked["choices"])
            and sum(c["chance"] for c in asked["choices"]) <= 1.01
        )
        assert asked["best"]["chance"] >= max(choice["chance"] for choice in asked["choices"]) - 1e-4


def test_the_end_of_the_sentence_comes_with_its_last_word(address):
    _, last = ask(address, "jeu", {"sentence": 3, "word": GAME - 1})
    _, before = ask(address, "jeu", {"sentence": 3, "word": GAME - 2})
    assert last["after"] and not before["after"]


@pytest.mark.parametrize(
    "path, body",
    [
        ("jeu", {}),
        ("jeu", []),
        ("jeu", {"sentence": 0, "word": GAME}),
        ("jeu", {"sentence": 0, "word": -1}),
        ("jeu", {"sentence": "x", "word": 0}),
        ("jeu/score", {"visitor": [], "network": []}),
        ("jeu/score", {"visitor": [5], "network": [1]}),
        ("jeu/score", {"visitor": [True], "network": [1]}),
        ("jeu/score", {"visitor": [1] * 11, "network": [1]}),
    ],
)
def test_what_is_not_a_game_is_told(address, path, body):
    status, answer = ask(address, path, body)
    assert status == 400 and answer["error"]


def test_finding_at_once_costs_less_and_less_and_guessing_at_random_two_bits():
    assert guess.bits([1]) == 2
    always, worse = guess.bits([1] * 10), guess.bits([1, 2, 1, 3, 1, 1, 4, 2, 1, 1])
    assert always < 0.85 < worse < guess.bits([1, 2, 3, 4, 2, 3, 1, 4, 3, 2]) == pytest.approx(2, abs=0.4)


def test_the_room_sees_its_mean_against_the_network(address):
    before = ask(address, "jeu/salle")[1]["games"]
    ask(address, "jeu/score", {"visitor": [1] * GAME, "network": [4] * GAME})
    status, room = ask(address, "jeu/score", {"visitor": [1] * GAME, "network": [2] * GAME})
    assert status == 200 and room["games"] == before + 2 and room["visitors"] > 0 and room["network"] > 0


def wait_for(page, words: str) -> None:
    wait_until(lambda: page.find_all("#choices button:enabled") and words in page.find("#said").text)


@visitor.NEEDS_A_BROWSER
def test_a_whole_game_is_played_and_explained(page, address):
    page.open(f"{address}/jeu")
    for word in range(1, GAME + 1):
        wait_for(page, f"Mot {word} ")
        tries = 0
        while " en " not in page.find("#said").text or "Non" in page.find("#said").text:
            page.find("#choices button:enabled").click()
            tries += 1
        assert page.find_all("#score tr")[0].find_all("td")[word - 1].text == str(tries)
        if word < GAME:
            page.find("#next").click()
    assert page.find("#end").visible and "Shannon" in page.find("#end").text and "bit" in page.find("#result").text
    mine = [int(cell.text) for cell in page.find_all("#score tr")[0].find_all("td")]
    costs = page.run("return import('/static/guess.js').then(({ bits }) => bits(arguments[0]))", mine)
    assert costs[-1] == pytest.approx(guess.bits(mine))
    page.open(f"{address}/jeu/salle")
    wait_until(lambda: "partie" in page.find("#games").text and page.find("#visitors").visible)
