"""Refait ce que le README montre : la démonstration, sa courbe de perte, et la page où un texte vient de s'écrire.

    python docs/pictures.py

Tout vient d'une vraie démonstration, jouée dans un dossier jetable, puis de la vraie page, dans Chromium (il faut `chromium` et
`chromedriver`). Écrit `docs/loss.svg` et `docs/page.png`, et remplace dans README.md ce qui est entre les deux marques.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
README = ROOT / "README.md"
sys.path[:0] = [str(ROOT / folder) for folder in ("aurore", "tests/support", "tests/bench")]

import server
from browser import Browser, wait_until
from visitor import hesitation, write

PLACE = re.compile(r"(?<=<!-- la démonstration -->\n).*?(?=<!-- fin de la démonstration -->)", re.DOTALL)
PROMPT, SEED, TOKENS = "La petite", 7, 60
SIZE = (1100, 860)  # pixels


def demonstration(home: Path) -> str:
    """Ce qu'affiche la démonstration, dont le modèle reste dans `home`."""
    command = [sys.executable, ROOT / "aurore" / "demo.py"]
    environment = os.environ | {"AURORE_HOME": str(home), "PYTHONUTF8": "1"}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def shown(output: str) -> str:
    """La démonstration telle que le README la montre : l'avant et l'après, et tout le reste replié."""
    output = output.split("\nC'était la démonstration")[0].strip()
    compared = re.search(r"^── Étape 4.*? ──\n(.*?)\n\nDurée", output, re.MULTILINE | re.DOTALL)[1].strip()
    blocks = (f"```text\n{text}\n```\n" for text in (compared, output))
    return "{}\n<details>\n<summary>La démonstration entière</summary>\n\n{}\n</details>\n".format(*blocks)


def photograph(home: Path, path: Path) -> None:
    """La page, un texte écrit, ses couleurs, et ce entre quoi le réseau hésitait à l'un de ses mots."""
    with server.started(home) as site, tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as browser:
        browser.resize(*SIZE)
        browser.open(f"http://127.0.0.1:{site.port}/generate")
        write(browser, PROMPT, seed=SEED, max_new_tokens=TOKENS)
        browser.find("#settings summary").click()
        browser.find("#colours").click()
        browser.find_all("#texte .token")[1].click()
        wait_until(
            lambda: hesitation(browser) and browser.find_all("#hesitation input")
        )  # la réglette de la température
        browser.run("document.querySelector('#form').scrollIntoView({block: 'start', behavior: 'instant'})")
        browser.screenshot(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        text = README.read_text("utf-8")
        README.write_text(PLACE.sub(lambda _: shown(demonstration(home)), text), "utf-8")
        (run,) = (home / ".cache" / "demo" / "model").glob("*/loss.svg")
        shutil.copyfile(run, DOCS / "loss.svg")
        photograph(home / ".cache" / "demo", DOCS / "page.png")


if __name__ == "__main__":
    main()
