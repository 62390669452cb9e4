"""La page telle qu'une salle s'en sert : des débuts à cliquer, des réglages qu'on bouge, un mot à la fois, une carte, un jeu."""

import re
import urllib.parse

import pytest
import visitor
from browser import wait_until
from visitor import PROMPT, fill, hesitation, tokens, words, write, written

from atelier.web.prose import printed
from atelier.writing.beginnings import beginnings

pytestmark = visitor.NEEDS_A_BROWSER
SLOW = 20_000  # octets par seconde
# Ce qui se lit, et en quelle taille : [le début de l'élément, ses pixels].
SIZES = """
return [...document.querySelectorAll('body *')].filter(each => each.checkVisibility() && each.getBoundingClientRect().width > 2 &&
  [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(each => [each.outerHTML.slice(0, 60), parseFloat(getComputedStyle(each).fontSize)]);
"""


def set_value(page, name: str, value) -> None:
    if not page.find("#settings").property("open"):
        page.find("#settings summary").click()
    page.find(f"#{name}").clear()
    page.find(f"#{name}").type(str(value))


def caption(page) -> str:
    return page.find("#stories .caption").text


def test_the_first_click_of_a_shy_visitor_writes(page):
    page.find("#write").click()
    assert written(page).startswith(printed(beginnings()[0]))


def test_a_suggested_beginning_is_clicked(page):
    page.find_all("#beginnings button")[2].click()
    assert written(page).startswith(printed(beginnings()[2]))
    assert page.find("#amorce").property("value") == beginnings()[2]


def test_what_is_written_says_by_whom_and_how(page):
    write(page, max_new_tokens=5, temperature="0,5", seed=12)
    assert caption(page) == "entraînement essai · température 0,5 · graine 12"


def test_again_and_continue_follow_the_settings_as_they_stand(page):
    write(page, max_new_tokens=5, seed=1)
    set_value(page, "temperature", "0")
    page.find("#again").click()
    surest = written(page)
    assert "température 0 " in caption(page)
    set_value(page, "seed", "2")
    page.find("#again").click()
    assert written(page) == surest and "graine 2" in caption(page)
    page.find("#model").type("mini")
    set_value(page, "temperature", "1,5")
    page.find("#continue").click()
    written(page)
    assert caption(page) == "mini · température 1,5 · graine 2"


@pytest.mark.parametrize(
    "name, value, sentence", [("temperature", "9", "de 0 à 5"), ("max_new_tokens", "beaucoup", "un nombre entier")]
)
def test_a_bad_value_in_closed_settings_opens_them(page, name, value, sentence):
    set_value(page, name, value)
    page.find("#settings summary").click()
    page.find("#write").click()
    wait_until(lambda: page.find("#error").visible)
    assert sentence in page.find("#error").text.replace("\u00a0", " ")
    assert page.find("#settings").property("open") and page.focused.attribute("id") == name
    box = page.run("return document.querySelector('#error').getBoundingClientRect().toJSON()")
    assert box["bottom"] <= 800, "la phrase se voit sans défiler"


def test_a_text_being_written_survives_a_reload(page):
    page.connect(SLOW)
    fill(page, PROMPT, max_new_tokens=200, seed=1)
    page.find("#write").click()
    wait_until(lambda: page.find_all("#texts li"))
    before = len(tokens(page))
    page.reload()
    page.connect()
    wait_until(lambda: len(tokens(page)) >= 1)
    assert 1 <= len(tokens(page)) and before and page.find("#amorce").property("value") == PROMPT
    assert page.find("#max_new_tokens").property("value") == "200"
    page.find("#continue").click()
    written(page)


def test_the_box_says_what_the_model_reads(page):
    page.find("#amorce").type(PROMPT)
    wait_until(
        lambda: re.match(
            r"\d+ tokens ; ce modèle peut en relire \d+", page.find("#reading").text.replace("\u202f", " ")
        )
    )
    page.find("#amorce").clear()
    page.run("document.querySelector('#amorce').value = arguments[0]", "Elle marchait dans la campagne. " * 60)
    page.find("#amorce").type(" Puis")
    told = wait_until(lambda: "ne lira que la fin" in page.find("#reading").text and page.find("#reading").text)
    assert "à partir de" in told
    page.find("#write").click()
    assert written(page)


def test_a_long_text_is_followed_down_the_page(page):
    page.resize(1280, 500)
    fill(page, PROMPT, max_new_tokens=150, seed=1)
    page.find("#write").click()
    written(page)
    end = page.run("return [...document.querySelectorAll('#texte .token')].at(-1).getBoundingClientRect().toJSON()")
    assert 0 <= end["top"] and end["bottom"] <= 500


def test_the_temperature_moves_the_bars_at_once(page):
    write(page, max_new_tokens=10, seed=1)
    words(page)[2].hover()
    slider = wait_until(lambda: hesitation(page) and page.find_all("#hesitation input[type=range]"))[0]
    shares = (
        "return [...document.querySelectorAll('#hesitation .bar > span')].map(each => parseFloat(each.style.width))"
    )
    move = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    page.run(move, slider, 0)
    coldest, *others = page.run(shares)
    assert coldest == 100 and set(others) == {0}, "à 0, un seul token a toutes ses chances"
    page.run(move, slider, 10)
    raw = page.run(shares)
    page.run(move, slider, 20)
    hot = page.run(shares)
    assert hot[0] < raw[0] < 100 and hot == sorted(hot, reverse=True)


def test_one_word_at_a_time_the_room_chooses(page):
    fill(page, "La petite")
    page.find("#one-word").click()
    candidates = wait_until(lambda: page.find_all("#one-word-panel .alternative"))
    assert len(candidates) == 10
    chosen = candidates[0].text.split("\n")[0].strip("« »")
    candidates[0].click()
    wait_until(lambda: len(tokens(page)) == 1 and not page.find_all("#one-word-panel.waiting"))
    assert tokens(page)[0].property("textContent").strip() == chosen
    page.find("#dice").click()
    wait_until(lambda: len(tokens(page)) >= 2 and not page.find_all("#one-word-panel.waiting"))
    page.run("[...document.querySelectorAll('#one-word-panel button')].at(-1).click()")
    assert written(page).startswith(f"La petite {chosen}") and not page.find("#one-word-panel").visible


def test_before_and_after_face_each_other(page):
    fill(page, "La petite")
    page.find("#facing").click()
    table = wait_until(lambda: page.find("#next-words").visible and page.find("#next-words"))
    before, after = table.text.index("avant : mini"), table.text.index("après : entraînement essai")
    assert before < after and len(table.find_all("tbody tr")) >= 5 and "%" in table.text


def test_a_card_keeps_the_text_and_a_link_writes_it_again(page, address):
    text = write(page, "La petite", max_new_tokens=12, seed=5)
    page.find("#card").click()
    page.find("#card-name").type("Zoé & Léo")
    card = "return import('/static/card.js').then(({ card }) => card(arguments[0], arguments[1]))"
    story = {
        "prompt": "<La> petite",
        "model": "mini",
        "seed": 5,
        "settings": {"temperature": 0.8},
        "tokens": [{"text": " l'oie"}],
    }
    picture = page.run(card, [story], "Zoé & Léo")
    assert (
        "Écrit par le réseau de Zoé &amp; Léo" in picture
        and "&lt;La&gt; petite l’oie" in picture
        and "graine 5" in picture
    )
    link = page.find("#card-link").property("value")
    assert link.startswith(f"{address}/generate#") and urllib.parse.quote_plus("La petite") in link
    page.run("sessionStorage.clear()")
    page.open("about:blank")
    page.open(link)
    wait_until(lambda: page.find("#again").visible)
    assert written(page) == text


def test_a_text_changed_by_hand_has_no_link(page):
    write(page, max_new_tokens=8, seed=1)
    page.find("#continue").click()
    written(page)
    page.find("#card").click()
    assert page.find("#card-save").visible and not page.find("#card-link").visible


@pytest.mark.parametrize("width", [375, 1280, 1920])
def test_everything_is_at_least_sixteen_pixels(page, width):
    page.resize(width, 900, phone=width < 400)
    write(page, max_new_tokens=8, seed=1)
    page.find("#settings summary").click()
    page.find("#colours").click()
    words(page)[1].tap() if width < 400 else words(page)[1].hover()
    wait_until(lambda: hesitation(page))
    assert not [(what, size) for what, size in page.run(SIZES) if size < 16]


def test_the_column_widens_on_a_projector(page):
    widths = []
    for width in (1280, 1920):
        page.resize(width, 1080)
        widths.append(page.run("return document.querySelector('main').getBoundingClientRect().width"))
    assert widths[1] > widths[0] * 1.1


def test_a_blind_game_for_the_room(page, address):
    page.open(f"{address}/avant-apres")
    page.find("#next").click()
    votes = wait_until(lambda: page.find_all("#round button"))
    texts = [story.text for story in page.find_all("#round output")]
    assert len(votes) == 2 and any(texts[0].startswith(printed(beginning)) for beginning in beginnings())
    assert not re.search("mini|essai", page.find("#round").text), "rien ne dit lequel est lequel"
    votes[0].click()
    verdicts = [each.text for each in page.find_all("#round .verdict")]
    assert sorted(verdicts) == ["A lu Sand : entraînement essai", "N’a pas lu Sand : mini"]
    assert f"{int(verdicts[0].startswith('A lu'))} sur 1" in page.find("#score").text
    page.find("#next").click()
    wait_until(lambda: page.find_all("#round button"))
    assert "Manche 2" in page.find("#status").text
