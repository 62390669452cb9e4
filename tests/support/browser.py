"""Un vrai navigateur, sans écran : Chromium, conduit par ChromeDriver selon la norme WebDriver (https://www.w3.org/TR/webdriver2/)."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from element import ELEMENT, Element

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MISSING = [name for name, program in {"chromium": CHROMIUM, "chromedriver": DRIVER}.items() if not program]

KEYS = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Escape": "\ue00c",
    "Space": " ",
    "End": "\ue010",
    "Home": "\ue011",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
}
DISTANT = "atelier.test"  # la machine d'un autre : un nom qui mène ici, mais que le navigateur n'estime pas aussi sûr que localhost
ARGUMENTS = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP {DISTANT} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BrowserError(Exception):
    """Ce que le navigateur a refusé ; `code` est son nom dans la norme (« no such element »…)."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code} : {message}")
        self.code = code


def wait_until(condition, seconds: float = 120):
    """Attend que `condition()` soit vraie, et rend ce qu'elle vaut. Un élément qui n'est pas encore là, ou plus, se retente."""
    deadline, refusal = time.monotonic() + seconds, None
    while True:
        try:
            if value := condition():
                return value
        except BrowserError as error:
            if error.code not in ("no such element", "stale element reference"):
                raise
            refusal = error
        if time.monotonic() > deadline:
            raise AssertionError(f"au bout de {seconds} s, rien de tel dans la page") from refusal
        time.sleep(0.02)


class Browser:
    """Un navigateur neuf, qui n'a rien gardé d'avant, dans le dossier `folder`. Se referme avec `with`, ou `close`."""

    def __init__(self, folder: Path, javascript: bool = True):
        # Chromium écrit aussi chez la personne : qu'elle habite ici.
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}
        self.process = subprocess.Popen(
            [DRIVER, "--port=0"],
            env=os.environ | home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            self.address = f"http://127.0.0.1:{self._port()}/session"
            opened = self._send(
                "POST", self.address, {"capabilities": {"alwaysMatch": capabilities(folder, javascript)}}
            )
        except BaseException:
            self._kill()
            raise
        self.address += "/" + opened["sessionId"]
        self._console, self._network = [], []

    def _port(self) -> int:
        for line in self.process.stdout:
            if started := re.search(r"started successfully on port (\d+)", line):
                return int(started[1])
        raise BrowserError("session not created", "ChromeDriver n'a pas démarré")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(BrowserError, OSError):
            self._send("DELETE", self.address)
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # ChromeDriver, et tout ce qu'il aurait laissé
        self.process.wait()
        self.process.stdout.close()

    def _send(self, method: str, address: str, body: dict | None = None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
        try:
            with NO_PROXY.open(request, timeout=300) as answer:
                return self._elements(json.load(answer)["value"])
        except urllib.error.HTTPError as error:
            refusal = json.load(error)["value"]
            raise BrowserError(refusal["error"], refusal["message"].split("\n")[0]) from None

    def _elements(self, value):
        """Ce que le navigateur rend, où chaque référence d'élément est devenue l'élément."""
        if isinstance(value, list):
            return [self._elements(item) for item in value]
        if isinstance(value, dict):
            return (
                Element(self, value[ELEMENT])
                if ELEMENT in value
                else {key: self._elements(item) for key, item in value.items()}
            )
        return value

    def command(self, method: str, path: str, **body):
        return self._send(method, f"{self.address}/{path}", body)

    def open(self, address: str) -> None:
        self.command("POST", "url", url=address)
        # Chromedriver rend parfois la main avant la feuille de style, sur une machine occupée.
        wait_until(lambda: self.run("return document.readyState") == "complete")

    def reload(self) -> None:
        self.command("POST", "refresh")

    def find(self, css: str) -> Element:
        return self.command("POST", "element", using="css selector", value=css)

    def find_all(self, css: str) -> list[Element]:
        return self.command("POST", "elements", using="css selector", value=css)

    def run(self, script: str, *arguments):
        """Exécute du JavaScript, et rend ce que son `return` rend."""
        values = [
            {ELEMENT: argument.reference} if isinstance(argument, Element) else argument for argument in arguments
        ]
        return self.command("POST", "execute/sync", script=script, args=values)

    def press(self, *keys: str) -> None:
        """Tape au clavier, là où est le foyer : « Tab », « Escape », une lettre… « Control+a » tient l'une pendant l'autre."""
        strokes = []
        for combination in keys:
            held = [KEYS.get(key, key) for key in combination.split("+")]
            strokes += [{"type": "keyDown", "value": key} for key in held] + [
                {"type": "keyUp", "value": key} for key in reversed(held)
            ]
        self.command("POST", "actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    @property
    def focused(self) -> Element:
        return self.command("GET", "element/active")

    def point(self, element: Element, pointer: str = "mouse", then: Sequence[dict] = ()) -> None:
        """Amène la souris, ou un doigt, au milieu de l'élément."""
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        move = {"type": "pointerMove", "duration": 0, "origin": {ELEMENT: element.reference}, "x": 0, "y": 0}
        source = {"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}, "actions": [move, *then]}
        self.command("POST", "actions", actions=[source])

    def chromium(self, command: str, **parameters):
        """Ce que la norme ne dit pas : une commande du protocole de Chromium (https://chromedevtools.github.io/devtools-protocol/)."""
        return self.command("POST", "goog/cdp/execute", cmd=command, params=parameters)

    def resize(self, width: int, height: int, phone: bool = False) -> None:
        """La taille de la page, en pixels CSS. Un téléphone a un écran tactile, et rien qui survole."""
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.chromium("Emulation.setTouchEmulationEnabled", enabled=phone)

    def prefer(self, **features: str) -> None:
        """Ce que la personne a réglé sur sa machine : `prefer(color_scheme="dark", reduced_motion="reduce")` ; rien, sans argument."""
        wanted = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.chromium("Emulation.setEmulatedMedia", features=wanted)

    def connect(self, bytes_per_second: int = -1, offline: bool = False) -> None:
        """La qualité du réseau ; sans argument, celle de la machine."""
        self.chromium(
            "Network.emulateNetworkConditions",
            offline=offline,
            latency=0,
            downloadThroughput=bytes_per_second,
            uploadThroughput=-1,
        )

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.command("GET", "screenshot")))

    def complaints(self) -> list[str]:
        """Ce que la console a dit depuis l'ouverture : erreurs, avertissements, refus de la politique de sécurité (CSP)."""
        self._console += self.command("POST", "se/log", type="browser")
        return [f"{entry['level']} {entry['message']}" for entry in self._console]

    def requests(self) -> list[str]:
        """Toutes les adresses demandées depuis l'ouverture."""
        entries = (
            json.loads(entry["message"])["message"] for entry in self.command("POST", "se/log", type="performance")
        )
        self._network += [
            entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        ]
        return self._network


def capabilities(folder: Path, javascript: bool) -> dict:
    """Ce qu'on demande à Chromium : sans écran, un profil vide, son journal complet."""
    arguments = [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuse, sans cela, de démarrer pour root
    # 4 : ouvrir ces adresses, et non la page d'accueil de Chromium.
    preferences = {
        "session": {"restore_on_startup": 4, "startup_urls": ["about:blank"]},
        "intl": {"accept_languages": "fr"},
    }
    if not javascript:
        preferences["profile.managed_default_content_settings.javascript"] = 2
    return {
        "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments, "prefs": preferences},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
