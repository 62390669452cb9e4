"""La page, dans un vrai navigateur : on y tape, on regarde le texte s'écrire, on y va sans souris, sans JavaScript, au téléphone."""

import re

import pytest
import visitor
from browser import DISTANT, wait_until
from visitor import PRINTED, PROMPT, fill, hesitation, lost, probability, tokens, words, write, written

from atelier.models.continuation import EXTRA
from atelier.text.words import word_list
from atelier.web.prose import printed

pytestmark = visitor.NEEDS_A_BROWSER
SLOW = 20_000  # octets par seconde : une quarantaine de tokens ; on a le temps de les voir venir


def test_the_text_is_written_one_token_at_a_time(page):
    page.connect(SLOW)
    fill(page, PROMPT, max_new_tokens=40, seed=1)
    page.run(visitor.WATCH)
    page.find("#write").click()
    text = written(page)
    assert text.startswith(PRINTED) and len(text) > len(PRINTED) + 40
    lengths = [moment["tokens"] for moment in page.run("return seen") if moment["stop"]]
    growth = lengths[: lengths.index(max(lengths))]  # pour finir, le texte est ramené à la fin d'une phrase
    assert growth == sorted(growth) and len(set(growth)) > 10, "peu à peu, et l'on peut arrêter tant que cela s'écrit"
    status = page.find("#status")
    assert re.search(r"\d\d tokens en [\d,]+ s", status.text) and status.attribute("role") == "status"


def test_a_stopped_text_keeps_what_was_written(page):
    page.connect(SLOW)
    fill(page, PROMPT, max_new_tokens=200, seed=1)
    page.find("#write").click()
    wait_until(lambda: len(tokens(page)) > 5)
    page.find("#stop").click()
    text = written(page)
    assert text.startswith(PRINTED) and 5 < len(tokens(page)) < 200
    assert "Arrêté" in page.find("#status").text
    assert not lost(page), "le bouton qui disparaît n'emporte pas le foyer"


def test_the_page_prints_a_text_as_the_server_does(page):
    """La suite vient composée du serveur ; l'amorce, et ce qu'on choisit à la place du réseau, la page les compose."""
    signs = [f"{before}{sign}{after}" for sign in ";:!?«»—'…" for before in ("", " ") for after in ("", " ", "a")]
    texts = ["« Quoi ! dit-il ; l'heure ? »", "— Ah : « l'été »", "", "Ça\u00a0? Non\u202f!", "à 8 h  : 🙂 !", *signs]
    script = "return import('/static/prose.js').then(({ printed }) => arguments[0].map(printed))"
    assert page.run(script, texts) == [printed(text) for text in texts]


def test_a_text_goes_on(page):
    text = write(page, max_new_tokens=20, seed=1)
    count = len(tokens(page))
    page.find("#continue").click()
    wait_until(lambda: len(tokens(page)) > count)
    assert written(page).startswith(text) and count < len(tokens(page)) <= count + 20 + EXTRA


def test_again_is_another_text_after_the_same_prompt(page):
    text = write(page, max_new_tokens=20, seed=1)
    page.find("#again").click()
    wait_until(lambda: page.find("#texte").text != text)
    other = written(page)
    assert other != text and other.startswith(PRINTED)


@pytest.mark.parametrize("host", ["127.0.0.1", DISTANT])
def test_the_text_is_copied(page, address, host):
    """Même depuis la page d'une autre machine de la salle, à qui le navigateur ne confie pas le presse-papiers."""
    page.open(f"{address.replace('127.0.0.1', host)}/generate")
    text = write(page, max_new_tokens=20)
    page.find("#copy").click()
    wait_until(lambda: "opié" in page.find("#status").text)
    page.find("#amorce").click()
    page.press("Control+a", "Control+v")
    wait_until(lambda: page.find("#amorce").property("value").split() == text.split())


def test_the_texts_of_this_visit_survive_a_reload(page):
    first, second = (write(page, max_new_tokens=20), write(page, "Le vieux moulin", max_new_tokens=20))
    page.reload()
    kept = wait_until(lambda: page.find_all("#texts li"))
    assert len(kept) == 2
    for item in kept:
        item.find("button").click()
        shown = wait_until(lambda: page.find("#texte").text)
        assert shown in (first, second)
    assert {first, second} == {page.find("#texte").text} | {first, second}


def test_the_settings_are_followed(page):
    surest = write(page, max_new_tokens=30, temperature=0)
    assert surest == write(page, max_new_tokens=30, temperature=0), "à 0, toujours le plus probable"
    assert len(tokens(page)) <= 30 + EXTRA
    drawn = write(page, max_new_tokens=30, temperature=1, seed=7)
    assert drawn != surest and drawn == write(page, max_new_tokens=30, temperature=1, seed=7), (
        "la même graine, le même texte"
    )


def test_two_models_write_side_by_side(page):
    write(page, max_new_tokens=20, seed=3, compare=True)
    stories = wait_until(lambda: page.find_all("#stories .story"))
    assert [story.find("h2").text for story in stories] == ["Avant : mini", "Après : entraînement essai"]
    before, after = (story.find("output").text for story in stories)
    assert before == after and before.startswith(PRINTED), "ici, l'un n'a rien appris de plus que l'autre"
    left, right = (page.run("return arguments[0].getBoundingClientRect().toJSON()", story) for story in stories)
    assert left["top"] == right["top"] and left["right"] <= right["left"]


def test_a_token_shows_between_what_the_network_hesitated(page):
    write(page, max_new_tokens=20, seed=1)
    assert not hesitation(page)
    words(page)[2].hover()
    panel = wait_until(lambda: hesitation(page))
    assert 0 <= probability(panel) <= 100
    assert len(panel.find_all(".alternative")) >= 2
    page.press("Escape")
    wait_until(lambda: not hesitation(page))


def test_another_choice_is_written_on(page):
    write(page, max_new_tokens=20, seed=1)
    before = [token.property("textContent") for token in tokens(page)]
    word = words(page)[2]
    place = next(place for place, token in enumerate(tokens(page)) if token.reference == word.reference)
    word.hover()
    wait_until(lambda: hesitation(page)).find(".alternative:enabled").click()
    written(page)
    after = [token.property("textContent") for token in tokens(page)]
    assert after[:place] == before[:place] and after[place] != before[place] and len(after) > place + 1
    assert page.find("#texte .token.chosen").property("textContent") == after[place]


INSULTING = f"Quel {word_list('insults')[0]} !"


@pytest.mark.parametrize("prompt, sentence", [(INSULTING, "reformulez")])
def test_a_refused_prompt_is_told_where_one_types(page, prompt, sentence):
    fill(page, prompt)
    page.find("#write").click()
    error = wait_until(lambda: page.find("#error").visible and page.find("#error"))
    assert sentence in error.text and error.attribute("role") == "alert"
    field = page.find("#amorce")
    assert page.focused.attribute("id") == "amorce" and field.attribute("aria-invalid") == "true"
    assert "error" in field.attribute("aria-describedby") and field.property("value") == prompt
    text = write(page, max_new_tokens=5)
    assert text and not page.find("#error").visible and field.attribute("aria-invalid") != "true"


def test_another_language_is_written_on_all_the_same(page):
    fill(page, visitor.ENGLISH, max_new_tokens=10)
    page.find("#write").click()
    wait_until(lambda: page.find("#error").visible)
    assert "français" in page.find("#error").text
    page.find("#anyway").click()
    assert written(page).startswith(visitor.ENGLISH) and not page.find("#error").visible


def test_a_page_that_no_longer_answers_keeps_the_text(page):
    text = write(page, max_new_tokens=10)
    page.connect(offline=True)
    page.find("#continue").click()
    wait_until(lambda: page.find("#error").visible)
    assert "Réessayez" in page.find("#error").text and page.find("#texte").text == text
    page.connect()
    page.find("#continue").click()
    wait_until(lambda: len(page.find("#texte").text) > len(text))
    written(page)
    assert not page.find("#error").visible, "ce qui va de nouveau ne se plaint plus"


def test_nothing_in_a_prompt_is_run(page):
    prompt = "Il dit <img src=x onerror=document.title='piraté'> <script>document.title='piraté'</script> &amp; rit dans la nuit"
    text = write(page, prompt, max_new_tokens=10)
    page.reload()
    wait_until(lambda: page.find("#texts button")).click()
    wait_until(lambda: page.find("#texte").text == text)
    assert "<img src=x onerror" in text and "&amp;" in text
    assert not page.find_all("#stories img, #visit img, #stories script") and "piraté" not in page.command(
        "GET", "title"
    )
