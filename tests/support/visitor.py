"""Ce qu'une personne fait de la page, dans un vrai navigateur, et ce qu'elle y voit."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from browser import DISTANT, MISSING, NO_PROXY, Browser, Element, wait_until
from scripts import AURORE, environment

from atelier import settings

NEEDS_A_BROWSER = pytest.mark.skipif(
    bool(MISSING), reason=f"pas de navigateur : il manque {' et '.join(MISSING)} (apt install chromium chromium-driver)"
)
ENGLISH = "The young woman was sitting by the river and looked at the water"
PROMPT = "La jeune femme était assise au bord de l'eau"
PRINTED = PROMPT.replace("'", "’")  # telle que la page la compose

GUESSED = 3  # mots
# La vraie page, à ceci près qu'elle n'écrit que quatre textes à la fois (elle a moins de formes du décodeur à compiler), et que l'on
# n'y devine que trois mots d'une phrase.
PAGE = f"""
import runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, {str(AURORE)!r})
import atelier.quiet
from atelier.web import guess, loaded
loaded.MAX_BATCH, guess.WORDS = 4, {GUESSED}
runpy.run_path(sys.argv[0], run_name="__main__")
"""

# Ce que la page montre à chaque changement : combien de tokens, si l'on peut arrêter, et si quelque chose y bouge.
WATCH = """
window.seen = [];
new MutationObserver(() => seen.push({
  tokens: document.querySelectorAll('#stories .token').length,
  stop: document.querySelector('#stop').checkVisibility(),
  moving: document.getAnimations().filter(each => each.playState === 'running').length,
})).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
"""

# Le contraste de tout ce qui se lit : [l'élément, son contraste, le moindre que demandent les WCAG (niveau AA)].
CONTRASTS = """
const point = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
const mixed = colours => {
  for (const colour of colours) { point.fillStyle = colour; point.fillRect(0, 0, 1, 1); }
  const parts = [...point.getImageData(0, 0, 1, 1).data.slice(0, 3)].map(part => part / 255);
  return parts.map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
};
const light = colours => mixed(colours).reduce((sum, part, rank) => sum + part * [.2126, .7152, .0722][rank], .05);
const contrast = (one, other) => Math.max(one, other) / Math.min(one, other);
const behind = element => element ? [...behind(element.parentElement), getComputedStyle(element).backgroundColor] : ['white'];
const found = [];
for (const element of document.body.querySelectorAll('*')) {
  const box = element.getBoundingClientRect(), style = getComputedStyle(element), paper = behind(element);
  const field = element.matches('input, textarea, select');
  if (!element.checkVisibility({opacityProperty: true}) || box.width < 2 || element.matches(':disabled')) continue;
  const name = element.tagName + '.' + element.className + '#' + element.id;
  const add = (part, colour, least) => found.push([name + part, contrast(light([...paper, colour]), light(paper)), least]);
  const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
  if (field || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) add('', style.color, large ? 3 : 4.5);
  if (element.placeholder) add(' (exemple)', getComputedStyle(element, '::placeholder').color, 4.5);
}
return found;
"""

# Ce qui dépasse de l'écran, s'il faut faire défiler la page de côté : les lignes, et les cadres.
TOO_WIDE = """
const room = document.documentElement.clientWidth, range = document.createRange();
const wide = node => { range.selectNode(node); return range.getBoundingClientRect().right > room; };
const around = [...document.body.querySelectorAll('*')].filter(each => wide(each) || [...each.childNodes].some(wide));
return document.documentElement.scrollWidth > room ? around.map(each => each.outerHTML.slice(0, 60)) : [];
"""


@pytest.fixture(scope="session")
def address(site):
    return site.address


@pytest.fixture(scope="session")
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def pretend_trained(home: Path) -> None:
    """Un dossier d'entraînement, comme l'étape 3 en laisse un : `mini`, qui n'a rien appris de plus."""
    run = home / "model" / "essai"
    run.mkdir(parents=True)
    for file in settings.MINI.iterdir():
        (run / file.name).symlink_to(file)
    history = {"base_model": "mini", "settings": {}, "steps": 1, "loss": [4.0], "val_loss": [4.0], "resumed_at": 0}
    (run / "history.json").write_text(json.dumps(history), "utf-8")
    (home / "model" / "latest").write_text("essai", "utf-8")


class Site:
    """La vraie page, servie par le vrai script, avec deux modèles ; elle se charge pendant que d'autres essais passent."""

    def __init__(self, home: Path):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        pretend_trained(home)
        self.log = (home / "log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PAGE, str(AURORE / "5_flask.py"), "--port", str(self.port)],
            env=environment(home, HF_HUB_OFFLINE="1"),
            cwd=home,
            stdout=self.log,
            stderr=self.log,
        )

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def wait(self) -> "Site":
        wait_until(lambda: health(self.port) == "ready" or self.process.poll() is not None, 600)
        assert self.process.poll() is None, self.said()
        return self

    def stop(self) -> None:
        """Arrête la page comme Docker l'arrête, au milieu d'un texte : elle le laisse finir, ou dit qu'elle l'a coupé."""
        asked = {"prompt": PROMPT, "max_new_tokens": 200, "stream": True}
        with NO_PROXY.open(f"{self.address}/api/generate", json.dumps(asked).encode(), timeout=300) as answer:
            while b"token" not in answer.readline():
                pass
            self.process.send_signal(signal.SIGTERM)
            name, done = events(answer.read().decode())[-1]
        assert name == "done" and (done["new_tokens"] == 200 or done["finish_reason"] in ("interrupted", "stop")), done
        self.process.wait(timeout=200)
        said = self.said()
        assert self.process.returncode == 0 and "Page arrêtée." in said, said
        assert f"La page est prête : http://localhost:{self.port}/" in said
        assert re.search(
            r"^\d\d:\d\d:\d\d POST /api/generate 200 \d+\.\d\d s · \d+ tokens, essai$", said, re.MULTILINE
        ), "une ligne par requête"
        assert not re.search("warning|development server|debugger|Traceback", said, re.IGNORECASE), said
        assert "jeune femme" not in said and "fois" not in said, "le journal ne dit pas ce que les visiteurs écrivent"


def events(text: str) -> list[tuple[str, dict]]:
    """Ceux d'une réponse « text/event-stream », dans l'ordre."""
    return [
        (name, json.loads(content)) for name, content in re.findall(r"^event: (\w+)\ndata: (.*)$", text, re.MULTILINE)
    ]


def health(port: int) -> str:
    try:
        with NO_PROXY.open(f"http://127.0.0.1:{port}/healthz", timeout=100) as answer:
            return json.load(answer)["status"]
    except OSError:
        return ""


def fill(page: Browser, prompt: str, compare: bool = False, **values) -> None:
    """Remplit le formulaire ; `values` : des réglages, par leur nom."""
    page.find("#amorce").clear()
    page.find("#amorce").type(prompt)
    if (values or compare) and not page.find("#settings").property("open"):
        page.find("#settings summary").click()
    for name, value in values.items():
        page.find(f"#{name}").clear()
        page.find(f"#{name}").type(str(value))
    if compare:
        wait_until(lambda: page.find("#compare").visible)
        page.find("#compare").click()


def write(page: Browser, prompt: str = PROMPT, **values) -> str:
    """Tape une amorce, écrit la suite jusqu'au bout, et rend le texte."""
    fill(page, prompt, **values)
    page.find("#write").click()
    return written(page)


def written(page: Browser) -> str:
    """Le texte, une fois fini : on ne peut plus l'arrêter, on peut le recommencer."""
    shown = "const shown = id => document.getElementById(id).checkVisibility(); "
    wait_until(lambda: page.run(shown + "return !shown('stop') && (shown('again') || shown('error'))"))
    assert page.find("#again").visible, page.find("#error").text
    return page.find("#texte").text


def tokens(page: Browser) -> list[Element]:
    return page.find_all("#texte .token")


def words(page: Browser) -> list[Element]:
    """Les tokens qui se voient : ni espace, ni fin de ligne."""
    return page.run(
        r"return [...document.querySelectorAll('#texte .token')].filter(each => /\p{L}/u.test(each.textContent))"
    )


def press_until(page: Browser, key: str, css: str) -> Element:
    """Appuie sur une touche jusqu'à ce que le foyer soit sur un tel élément, et le rend."""
    for _ in range(25):
        page.press(key)
        if page.run("return document.activeElement.matches(arguments[0])", css):
            return page.focused
    raise AssertionError(f"{key} n'amène pas le foyer sur {css}")


def hesitation(page: Browser) -> Element | None:
    """Le panneau où l'on voit entre quoi le réseau hésitait, s'il est ouvert."""
    panel = page.find("#hesitation")
    return panel if panel.visible else None


def probability(panel: Element) -> float:
    """Celle du token, en pour cent : le panneau commence par elle."""
    return float(re.search(r"([\d,]+)\s*%", panel.text.split("\n")[0])[1].replace(",", "."))


def lost(page: Browser) -> bool:
    """Le foyer n'est-il plus nulle part ? Au clavier, on ne sait plus alors où l'on est."""
    return page.run("return document.activeElement === document.body")


def elsewhere(requests: list[str]) -> list[str]:
    """Les adresses demandées ailleurs qu'à la page."""
    return [
        address
        for address in requests
        if not re.match(rf"(http://(127\.0\.0\.1|{re.escape(DISTANT)}):\d+/|data:|about:)", address)
    ]


def unexpected(complaints: list[str]) -> list[str]:
    """Ce que la console dit d'autre que les refus (Chromium y note toute réponse 400) et la coupure d'un de ces essais."""
    return [
        complaint for complaint in complaints if not re.search("status of 400|ERR_INTERNET_DISCONNECTED", complaint)
    ]
