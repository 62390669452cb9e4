"""Un livre en blocs, et à quoi se reconnaissent un titre de chapitre, une phrase, une réplique.

Dans un fichier du projet Gutenberg, une ligne vide sépare les paragraphes, et tout ce qui n'en est pas.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


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
    margins = Counter(len(line) - len(line.lstrip()) for _, line in lines if line.strip())
    margin = max(margins, key=margins.get, default=0)
    gathered = []
    for number, line in (*lines, (len(lines), "")):
        if line.strip():
            gathered.append((number, line[margin:] if not line[:margin].strip() else line))
        elif gathered:
            yield Block(tuple(number for number, _ in gathered), "\n".join(line for _, line in gathered))
            gathered = []


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
FULL_LINE = 50  # caractères : les lignes d'un paragraphe en ont de 60 à 75


def is_dialogue(block: Block) -> bool:
    """Une réplique, ou une citation."""
    return bool(DIALOGUE.match(block.text))


def is_chapter(block: Block) -> bool:
    """Un titre de chapitre, de partie ou de tome : court, et numéroté ou nommé comme tel."""
    return len(block.text) < 120 and bool(CHAPTER.match(block.text)) and not SEVERAL_SENTENCES.search(block.text)


def is_prose(block: Block) -> bool:
    """Un titre, une page de titre ou un ornement n'ont ni longues lignes, ni minuscules, ni ponctuation finale."""
    letters = re.search(r"[^\W\d_]", block.text)
    if not letters or re.sub(r"\bM(?:me|lle|gr)\b", "", block.text).isupper() or is_chapter(block):
        return False
    if sum(len(line) > FULL_LINE for line in block.lines) >= 3:
        return True  # quelques paragraphes ont perdu leur point final
    return bool(SENTENCE_END.search(block.text) or len(block.text) > 60 and PAUSE.search(block.text))
