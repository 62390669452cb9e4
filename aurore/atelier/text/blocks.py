"""Un livre en blocs, et à quoi se reconnaissent un titre de chapitre, une phrase, une réplique, une date.

Dans un fichier du projet Gutenberg, une ligne vide sépare les paragraphes, et tout ce qui n'en est pas.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from atelier.errors import AuroreError
from atelier.text.markup import without_markup
from atelier.text.words import LETTERS


@dataclass(frozen=True)
class Block:
    """Des lignes que rien ne sépare, et leurs numéros (à partir de 0) dans le texte : un paragraphe, un titre, un ajout…"""

    numbers: tuple[int, ...]
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def indented(self) -> bool:
        """Toutes ses lignes sont en retrait : ainsi se présentent vers, épigraphes, notes et sommaires."""
        return all(line.startswith(" ") for line in self.lines)


def share_of_blank(lines: list[tuple[int, str]]) -> float:
    return sum(not line.strip() for _, line in lines) / len(lines)


def blocks(text: str) -> Iterator[Block]:
    """Le texte, découpé à ses lignes vides ; le retrait qu'ont presque toutes ses lignes ne compte pas."""
    lines = [(number, line.replace("\t", "    ")) for number, line in enumerate(text.split("\n"))]
    for added, written in ((lines[::2], lines[1::2]), (lines[1::2], lines[::2])):
        # Des fins de ligne abîmées (CR CR LF) ajoutent une ligne vide après chacune, vides comprises.
        if len(lines) > 100 and share_of_blank(added) > 0.98 and share_of_blank(written) > 0.02:
            lines = written
            break
    if len(lines) > 100 and share_of_blank(lines) < 0.01:
        lines = list(_apart(lines))
    margins = Counter(len(line) - len(line.lstrip()) for _, line in lines if line.strip())
    margin = max(margins, key=margins.get, default=0)
    gathered = []
    for number, line in (*lines, (len(lines), "")):
        if line.strip():
            gathered.append((number, line[margin:] if not line[:margin].strip() else line))
        elif gathered:
            yield Block(tuple(number for number, _ in gathered), "\n".join(line for _, line in gathered))
            gathered = []


def _apart(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Les lignes, avec une ligne vide entre les paragraphes d'un texte qui n'en a pas : un alinéa, ou une ligne très longue, en
    commence un. Lève `AuroreError` si rien ne les distingue."""
    indented = sum(line.startswith(" ") for _, line in lines) / len(lines)
    long = sum(len(line) > LONGEST_LINE for _, line in lines) / len(lines)
    if long < 0.3 and not 0.02 < indented < 0.7:
        raise AuroreError("rien n'y sépare les paragraphes, ni ligne vide ni alinéa : ils n'en feraient qu'un.")
    for number, line in lines:
        if long >= 0.3 or line.startswith(" "):
            yield number, ""
        yield number, line.strip()


ROMAN = "[IVXLC]{1,8}"
ORDINAL = r"(?i:PREMI[EÈ]RE?|SECONDE?|DERNI[EÈ]RE?|UNIQUE|\w[\w-]*I[EÈ]ME)"
PART = r"(?i:CHAPITRE|LIVRE|PARTIE|LETTRE|SC[EÈ]NE|ACTE|TABLEAU|TOME|VOLUME|JOURN[EÉ]E|SOIR[EÉ]E)"
CHAPTER = re.compile(
    rf"[^\w-]*(?:{PART}\s+(?:{ROMAN}\b|\d+|{ORDINAL}|(?i:VINGT|TRENTE))(?![\s,]+[a-zà-ÿ])|{ORDINAL}\s+{PART}\b(?![\s,]+[a-zà-ÿ])"
    rf"|(?i:[EÉ]PILOGUE|PROLOGUE)\b)|[-\W]*(?:{ROMAN}|\d{{1,2}})\W*$"
)
SEVERAL_SENTENCES = re.compile(r"[a-zà-ÿ]{3}.*[.!?] .*[a-zà-ÿ]{3}")
PAUSE = re.compile(r"[.!?…:;,»\"”'’)\]\-—]_?\s*$")
SENTENCE_END = re.compile(r"[.!?…:»\"”](?:[_)\]]|\[\w+\])*\s*$")
DIALOGUE = re.compile(r"\s*[-—«\"“]")
REPLY = re.compile(r"\s*(?:--|—|[A-ZÀ-Ý' ]{2,30}(?:, [^.]{0,40})?\.(?:--| ))")  # au théâtre : « LE ROI.--Sortez. »
LONGEST_LINE = 120  # caractères : au-delà, la ligne est un paragraphe entier
FULL_LINE = 50  # caractères : les lignes d'un paragraphe en ont de 60 à 75


def is_dialogue(block: Block) -> bool:
    """Une réplique, ou une citation."""
    return bool(DIALOGUE.match(block.text))


def is_chapter(block: Block) -> bool:
    """Un titre de chapitre, de partie ou de tome : court, et numéroté ou nommé comme tel."""
    return len(block.text) < 120 and bool(CHAPTER.match(block.text)) and not SEVERAL_SENTENCES.search(block.text)


def is_prose(block: Block) -> bool:
    """Un titre, une page de titre ou un ornement n'ont ni longues lignes, ni minuscules, ni ponctuation finale."""
    letters = LETTERS.search(block.text)
    if not letters or re.sub(r"\bM(?:me|lle|gr)\b", "", block.text).isupper() or is_chapter(block):
        return False
    if sum(len(line) > FULL_LINE for line in block.lines) >= 3:
        return True  # quelques paragraphes ont perdu leur point final
    return bool(SENTENCE_END.search(block.text) or len(block.text) > 60 and PAUSE.search(block.text))


MONTH = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|vend[ée]miaire|brumaire|frimaire"
    "|niv[oô]se|pluvi[oô]se|vent[oô]se|germinal|flor[ée]al|prairial|messidor|thermidor|fructidor"
)
DAY = rf"(?:(?:le|ce|du|fin)\s)*(?:(?:\d{{1,2}}|\.\.)(?:er)?\s)?(?:{MONTH})(?:,?\s(?:an\s\w+|\d{{4}}|\([^()]*\)))*|le\s\d{{1,2}}|1[5-9]\d\d"
PLACE = r"[A-ZÀ-Ý][\w'’.]*(?:[\s-](?:[A-ZÀ-Ý][\w'’.]*|de|du|des|la|le|les|sur|en|à|au|[dl]['’]\w+))*"
DATE = re.compile(rf"[«»\s]*(?:{PLACE},\s)?(?:à\s[^,]+,\s)?(?:\w+di\s)?(?i:{DAY})\W*$")
LETTER_TITLE = re.compile(
    r"[«\s]*_(?:(?:De|Du)\s[^_!?]*\sà\s|(?:À|A|Au)\s(?:M|[a-z]+oyen)|Lettre|Réponse|Fragment|Extrait|Copie)[^_!?]*_\W*$"
)
FAR = 15  # espaces : une ligne seule, si loin de la marge, est un titre, une date ou une signature


def is_label(block: Block) -> bool:
    """Une date, un lieu, une signature, le titre d'une lettre : à part, et souvent loin de la marge."""
    text = " ".join(without_markup(block.text).split())
    if len(text) > 100 or text.startswith(("-", "—")):
        return False
    far = block.text.startswith(" " * FAR) and len(block.lines) == 1 and len(text) < 50 and text[-1:] not in ",;!?"
    set_apart = (
        block.text.startswith(" " * 5)
        and re.match(r"[«_\s]*(?:\d|De |Du |Au |Le |[A-Z]\w+, )", text)
        and re.search(MONTH, text)
    )
    return bool(far or set_apart or DATE.match(text) or LETTER_TITLE.match(block.text))
