"""La page pour tout le monde, dans un vrai navigateur : sans souris, au téléphone, en sombre, sans JavaScript, sans réseau."""

import re

import pytest
import visitor
from browser import Browser, wait_until
from visitor import PRINTED, PROMPT, fill, hesitation, lost, press_until, tokens, words, write, written

pytestmark = visitor.NEEDS_A_BROWSER


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
        fill(page, visitor.ENGLISH)
        page.find("#write").click()
        wait_until(lambda: page.find("[name=force]")).click()
        assert "français" in page.find("#error").text and not page.find_all("#texte")
        page.find("#write").click()
        assert wait_until(lambda: page.find("#texte")).text.startswith(visitor.ENGLISH)
        assert visitor.elsewhere(page.requests()) == [] and visitor.unexpected(page.complaints()) == []


def test_the_browser_never_complained_and_asked_nothing_elsewhere(browser):
    """Ni erreur, ni avertissement, ni refus de la politique de sécurité, dans tout ce qui précède."""
    assert len(browser.requests()) > 20 and visitor.elsewhere(browser.requests()) == []
    assert visitor.unexpected(browser.complaints()) == []
