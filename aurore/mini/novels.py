"""Les romans que lit le modèle embarqué : d'un dossier d'éditions à des paragraphes propres, et à rien d'autre.

La typographie et le nettoyage sont ceux de l'étape 1. S'y ajoutent des règles contre ce que l'étape 1 ne rencontre pas : les
titres d'ELTeC, les pages mal lues par une machine, les vers, les autres langues. Chaque règle compte ce qu'elle enlève.
"""

import lzma
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from atelier.text import books, cleaning
from atelier.text.language import COMMON, FOREIGN
from atelier.text.typography import normalize
from atelier.text.words import LETTERS

RUN = 8  # mots de suite : deux auteurs n'en écrivent presque jamais autant de pareils


def novel_files(sources: Iterable[Path]) -> list[Path]:
    """Les fichiers des romans : ceux des dossiers d'ELTeC, et ceux du projet Gutenberg, nommés un à un."""
    return [file for source in sources for file in (sorted(source.glob("*.txt*")) if source.is_dir() else [source])]


def read(path: Path) -> list[str]:
    """Les paragraphes d'un roman, dans la typographie de l'atelier ; un fichier sans en-tête Gutenberg en a un par ligne."""
    text = lzma.open(path, "rt", encoding="utf-8").read() if path.suffix == ".xz" else books.read_text(path)
    if books.START.search(text):
        return cleaning.clean(books.author_text(path))
    return [paragraph for line in text.splitlines() if (paragraph := normalize(without_marks(line)))]


def without_marks(line: str) -> str:
    """Sans appels de note ni balises d'italique oubliées ; « M. de *** » garde ses astérisques."""
    return re.sub(r"(?<!\*)\*{1,2}(?!\*)|[_|\\]", "", re.sub(r"\s*\[[^\]]{0,40}\]\s*", " ", line))


# ── Ce qui n'est pas de la prose française ──

LETTER, SIGN = re.compile(r"[^\W\d_]"), re.compile(r"[^\w\s.,;:!?…—'«»()*-]")


def words(text: str) -> list[str]:
    return LETTERS.findall(text.lower())


def fault(paragraph: str, known: Counter) -> str | None:
    """La règle qui écarte ce paragraphe, s'il y en a une. `known` : combien de fois chaque mot est dans tous les romans."""
    letters, its_words = LETTER.findall(paragraph), words(paragraph)
    french, foreign = COMMON.intersection(its_words), FOREIGN.intersection(its_words)
    if not re.search(r"[.!?…»:;,—]\W*$", paragraph):
        return "titre, ou ligne sans ponctuation finale"
    if not re.search("[a-zà-ÿ]", paragraph) or sum(map(str.isupper, letters)) > max(len(letters) / 2, 3):
        return "capitales"
    if sum(map(str.isdigit, paragraph)) > 0.15 * len(paragraph):
        return "chiffres : date seule, table"
    if len(SIGN.findall(paragraph)) > 0.02 * len(paragraph):
        return "signes étrangers à un roman"
    if len(foreign) > max(len(french), 1):
        return "autre langue"
    if len(its_words) >= 6 and sum(known[word] < 3 for word in its_words) > len(its_words) / 5:
        return "mots inconnus ailleurs : machine qui a mal lu, jargon, latin"
    return None


def is_line_of_verse(paragraph: str) -> bool:
    return len(paragraph) < 60 and paragraph[0].isupper() and not re.search(r"[.!?…:»]$", paragraph)


def without_verse(paragraphs: list[str]) -> list[tuple[str, str | None]]:
    """(paragraphe, règle) : quatre lignes courtes de suite qui ne finissent pas une phrase sont des vers, ou une table."""
    marked = []
    for verse, group in groupby(paragraphs, is_line_of_verse):
        group = list(group)
        marked += [(paragraph, "vers, ou table" if verse and len(group) > 3 else None) for paragraph in group]
    return marked


def clean(paragraphs: list[str], known: Counter, dropped: Counter) -> list[str]:
    """Les paragraphes que toutes les règles laissent ; `dropped[règle]` et `dropped[règle, "mots"]` comptent les autres."""
    kept, seen = [], set()
    for paragraph, rule in without_verse(paragraphs):
        again = len(paragraph) > 60 and paragraph in seen
        rule = rule or fault(paragraph, known) or ("paragraphe déjà lu dans ce roman" if again else None)
        seen.add(paragraph)
        if rule:
            dropped[rule] += 1
            dropped[rule, "mots"] += len(words(paragraph))
        else:
            kept.append(paragraph)
    return kept


# ── Ce qui serait lu deux fois, ou ne doit pas l'être ──


class Runs:
    """Les suites de RUN mots d'un texte, chacune réduite à un nombre de 64 bits : assez pour n'en pas confondre deux."""

    def __init__(self):
        self.numbers = {}

    def of(self, text: str) -> np.ndarray:
        """Les suites d'un texte, chacune une fois, rangées."""
        ids = np.array([self.numbers.setdefault(word, len(self.numbers) + 1) for word in words(text)], np.uint64)
        found = np.zeros(max(len(ids) - RUN + 1, 0), np.uint64)
        for place in range(RUN):
            found = found * np.uint64(0x9E3779B97F4A7C15) + ids[place : place + len(found)]  # modulo 2^64
        return np.unique(found)


def shared(runs: dict[str, np.ndarray]) -> Iterator[tuple[str, str, float]]:
    """(roman, autre, part) : ce que deux romans ont en commun, en part des suites du plus court, au-delà d'un centième."""
    names = list(runs)
    everything = np.concatenate(list(runs.values()))
    owners = np.repeat(np.arange(len(names), dtype=np.int64), [len(found) for found in runs.values()])
    order = np.argsort(everything, kind="stable")
    everything, owners = everything[order], owners[order]
    same = np.flatnonzero(everything[1:] == everything[:-1])
    pairs, counts = np.unique(owners[same] * len(names) + owners[same + 1], return_counts=True)
    for pair, count in zip(pairs, counts):
        one, other = (names[index] for index in divmod(int(pair), len(names)))
        if (share := count / min(len(runs[one]), len(runs[other]))) > 0.01:
            yield one, other, float(share)


MOST_SHARED = 0.05  # des suites du plus court : au-delà, deux éditions d'un même texte


def prepare(sources: list[Path], avoided: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Les romans propres, un paragraphe par ligne, et le compte de ce qui a été écarté, en lignes de Markdown.

    `avoided` : des textes (nom, contenu) dont aucun roman ne doit rien avoir, les livres de Sand et les récits de l'atelier.
    """
    files = novel_files(sources)
    with ProcessPoolExecutor() as pool:
        raw = dict(zip((file.name.split(".")[0] for file in files), pool.map(read, files, chunksize=4)))
    known = Counter(word for paragraphs in raw.values() for paragraph in paragraphs for word in words(paragraph))
    dropped = Counter()
    novels = {name: "\n".join(clean(paragraphs, known, dropped)) for name, paragraphs in raw.items()}
    total = sum(known.values())
    report = [
        f"{len(raw)} livres, {total} mots. Écarté, par règle :",
        "",
        "| règle | paragraphes | mots |",
        "| --- | ---: | ---: |",
    ]
    rules = sorted((rule for rule in dropped if isinstance(rule, str)), key=lambda rule: -dropped[rule, "mots"])
    report += [f"| {rule} | {dropped[rule]} | {dropped[rule, 'mots']} |" for rule in rules] + [""]

    numbering = Runs()
    runs = {name: numbering.of(text) for name, text in novels.items()}
    for avoided_name, text in avoided.items():
        theirs = numbering.of(text)
        common = {name: int(np.isin(found, theirs, assume_unique=True).sum()) for name, found in runs.items()}
        most = max(common, key=common.get)
        report.append(
            f"- {avoided_name} : {len(theirs)} suites de {RUN} mots, {sum(common.values())} dans les romans (au plus {common[most]}, dans {most})"
        )
        for name in (name for name, count in common.items() if count > MOST_SHARED * min(len(theirs), len(runs[name]))):
            report.append(f"- {name} écarté : {common[name]} suites de {avoided_name}")
            del novels[name], runs[name]
    for one, other, share in sorted(shared(runs), key=lambda pair: -pair[2]):
        twice = share > MOST_SHARED and one in novels and other in novels
        shorter = min((one, other), key=lambda name: len(runs[name]))
        report.append(
            f"- {one} et {other} : {100 * share:.1f} % de suites communes{f' ; {shorter} écarté' if twice else ''}"
        )
        if twice:
            del novels[shorter]
    report.append(f"\nRestent {len(novels)} livres, {sum(len(words(text)) for text in novels.values())} mots.")
    return novels, report
