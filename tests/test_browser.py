"""La page, dans un vrai navigateur : on y tape, on regarde le texte s'écrire, on y va sans souris, sans JavaScript, au téléphone."""

import re

import pytest
import visitor
from browser import DISTANT, MISSING, Browser, wait_until
from visitor import PRINTED, PROMPT, fill, hesitation, lost, press_until, probability, tokens, words, write, written

from atelier.text.words import word_list
from atelier.web.prose import printed

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"pas de navigateur : il manque {' et '.join(MISSING)} (apt install chromium chromium-driver)"
)
ENGLISH = "The young woman was sitting by the river and looked at the water"
SLOW = 20_000  # octets par seconde : une quarantaine de tokens ; on a le temps de les voir venir


@pytest.fixture(scope="module")
def address(site):
    return site.address


@pytest.fixture(scope="module")
def browser(address, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """Le formulaire, tel qu'on le trouve en arrivant ; une personne sans réglages particuliers, sur un ordinateur portable."""
    browser.resize(1280, 800)
    browser.prefer()
    browser.connect()
    browser.open(f"{address}/generate")
    if browser.run("const before = sessionStorage.length; sessionStorage.clear(); return before"):
        browser.open(f"{address}/generate")
    return browser


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
    assert re.search(r"40 tokens en [\d,]+ s", status.text) and status.attribute("role") == "status"


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
    assert written(page).startswith(text) and count < len(tokens(page)) <= count + 20


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
    assert len(tokens(page)) <= 30
    drawn = write(page, max_new_tokens=30, temperature=1, seed=7)
    assert drawn != surest and drawn == write(page, max_new_tokens=30, temperature=1, seed=7), (
        "la même graine, le même texte"
    )


def test_two_models_write_side_by_side(page):
    write(page, max_new_tokens=20, seed=3, compare=True)
    stories = wait_until(lambda: page.find_all("#stories .story"))
    assert [story.find("h2").text for story in stories] == ["essai", "mini"]
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


def test_everything_is_done_without_a_mouse(page):
    wait_until(lambda: page.focused.attribute("id") == "amorce")  # d'emblée
    page.press(*"Le soir")
    press_until(page, "Tab", "#write")
    page.press("Enter")
    assert written(page).startswith("Le soir")
    first = press_until(page, "Tab", ".token")
    assert first.css("outline-style") != "none" and first.css("outline-width") != "0px", "on voit où l'on est"
    page.press("Right", "Right")
    assert page.focused.reference == tokens(page)[2].reference
    assert len(page.find_all("#texte [tabindex='0']")) == 1, "une seule étape de tabulation pour tout le texte"
    wait_until(lambda: hesitation(page))
    page.press("Enter")
    wait_until(lambda: page.run("return document.activeElement.matches('#hesitation .alternative')"))
    page.press("Escape")
    assert not hesitation(page) and page.focused.reference == tokens(page)[2].reference, (
        "le foyer revient d'où il vient"
    )
    page.press("Left", "Enter", "Down")
    choice = page.focused.text.split("\n")[0]
    page.press("Enter")
    wait_until(lambda: page.find("#texte .token.chosen").property("textContent").strip() in choice)
    written(page)
    assert not lost(page)


INSULTING = f"Quel {word_list('insults')[0]} !"


@pytest.mark.parametrize("prompt, sentence", [("   ", "est vide"), (INSULTING, "reformulez")], ids=["empty", "insult"])
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
    fill(page, ENGLISH, max_new_tokens=10)
    page.find("#write").click()
    wait_until(lambda: page.find("#error").visible)
    assert "français" in page.find("#error").text
    page.find("#anyway").click()
    assert written(page).startswith(ENGLISH) and not page.find("#error").visible


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


@pytest.mark.parametrize("width, phone", [(320, True), (1920, False)])  # 320 : le plus étroit que demandent les WCAG
def test_the_page_fits_the_screen(page, width, phone):
    page.resize(width, 640 if phone else 1080, phone=phone)
    assert not page.run(visitor.TOO_WIDE)
    write(page, "Il disait dans la nuit " + "anticonstitutionnellement" * 6, max_new_tokens=20, compare=True)
    assert not page.run(visitor.TOO_WIDE)
    token = words(page)[2]
    token.tap() if phone else token.hover()
    panel = wait_until(lambda: hesitation(page))
    box = page.run("return arguments[0].getBoundingClientRect().toJSON()", panel)
    assert not page.run(visitor.TOO_WIDE) and 0 <= box["left"] and box["right"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_legible(page, address, scheme):
    page.prefer(color_scheme=scheme)
    paper = page.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (scheme == "dark")
    write(page, max_new_tokens=60)
    page.find("#colours").click()
    page.find("#again").hover()
    words(page)[2].hover()
    wait_until(lambda: hesitation(page))
    found = page.run(visitor.CONTRASTS)
    assert len(found) > 40
    page.open(address)
    found += page.run(visitor.CONTRASTS)
    assert not [(what, round(contrast, 2)) for what, contrast, least in found if contrast < least]


def test_every_control_has_a_name(page):
    write(page, max_new_tokens=10)
    page.find("#colours").click()
    controls = [
        each for each in page.find_all("main :is(a, button, input, textarea, select, summary, output)") if each.visible
    ]
    assert len(controls) > 12 and not [each.property("outerHTML") for each in controls if not each.label.strip()]
    assert page.find("#amorce").label == "Le début de votre histoire", "et non l'exemple, qui disparaît quand on écrit"


def test_nothing_moves_for_those_who_asked_for_rest(page):
    page.prefer(reduced_motion="reduce")
    fill(page, PROMPT)
    page.run(visitor.WATCH)
    page.find("#write").click()
    written(page)
    assert not any(moment["moving"] for moment in page.run("return seen"))
    assert page.run("return getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_page_works_without_javascript(address, tmp_path):
    with Browser(tmp_path, javascript=False) as page:
        page.open(f"{address}/generate")
        assert not page.find("#stop").visible and not page.find("#tools").visible, "rien qui ne marcherait pas"
        fill(page, PROMPT, max_new_tokens=20, compare=True)
        page.find("#write").click()
        wait_until(lambda: page.find("#texte-2"))
        for text in (page.find("#texte").text, page.find("#texte-2").text):
            assert text.startswith(PRINTED) and len(text) > len(PRINTED) + 10
        assert (
            page.find("#amorce").property("value") == PROMPT and page.find("#max_new_tokens").property("value") == "20"
        )
        fill(page, ENGLISH)
        page.find("#write").click()
        wait_until(lambda: page.find("[name=force]")).click()
        assert "français" in page.find("#error").text and not page.find_all("#texte")
        page.find("#write").click()
        assert wait_until(lambda: page.find("#texte")).text.startswith(ENGLISH)
        assert visitor.elsewhere(page.requests()) == [] and visitor.unexpected(page.complaints()) == []


def test_the_browser_never_complained_and_asked_nothing_elsewhere(browser):
    """Ni erreur, ni avertissement, ni refus de la politique de sécurité, dans tout ce qui précède."""
    assert len(browser.requests()) > 20 and visitor.elsewhere(browser.requests()) == []
    assert visitor.unexpected(browser.complaints()) == []
