"""D'un livre du projet Gutenberg à ses paragraphes : tout ce que les éditions ajoutent à l'autrice s'en va.

Une règle par sorte d'ajout, dans l'ordre où elles s'appliquent. Elles parlent de la façon dont ces fichiers sont faits
(où se tient un ajout, comment il s'annonce, comment il finit), et d'aucun livre en particulier.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atelier.markup import without_markup
from atelier.typography import normalize


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


def clean(text: str) -> list[str]:
    """Les paragraphes du livre, chacun d'une ligne, dans la typographie de l'atelier.

    `text` est le livre sans l'en-tête ni la licence du projet Gutenberg, ses lignes séparées par « \\n ».
    """
    return [normalize(without_markup(block.text)) for block in author_blocks(text)]


def author_blocks(text: str) -> list[Block]:
    """Les blocs qui sont de l'autrice : ceux que toutes les règles laissent."""
    found = list(blocks(text))
    for rule in (
        without_brackets, without_notes, up_to_the_end, without_credits, without_publishers, without_openings,
        rejoined, only_prose,
    ):  # fmt: skip
        found = list(rule(found))
    return found


def blocks(text: str) -> Iterator[Block]:
    """Le texte, découpé à ses lignes vides."""
    numbers, lines = [], []
    for number, line in enumerate(f"{text}\n".split("\n")):
        if line.strip():
            numbers.append(number)
            lines.append(line.replace("\t", "    "))
        elif lines:
            yield Block(tuple(numbers), "\n".join(lines))
            numbers, lines = [], []


# ── À quoi se reconnaissent un titre et une phrase ──

ROMAN = r"(?:[IVXLC]{1,8}|[ivxlc]{1,8})"
ORDINAL = r"(?:PREMI[EÈ]RE?|SECONDE?|DERNI[EÈ]RE?|UNIQUE|[\w-]+I[EÈ]ME)"
PART = r"(?:CHAPITRE|LIVRE|PARTIE|LETTRE|SC[EÈ]NE|ACTE|TOME|VOLUME|JOURN[EÉ]E)"
CHAPTER = re.compile(
    rf"\W*(?:{PART}\s+(?:{ROMAN}\b|\d+|{ORDINAL}|VINGT|TRENTE)|{ORDINAL}\s+{PART}|{ROMAN}\W*$|\d{{1,2}}\.?$|[EÉ]PILOGUE\b|PROLOGUE\b)",
    re.IGNORECASE,
)
SEVERAL_SENTENCES = re.compile(r"[a-zà-ÿ]{3}.*[.!?] .*[a-zà-ÿ]{3}")
PAUSE = re.compile(r"[.!?…:;,»\"”'’)\]\-—]_?\s*$")
SENTENCE_END = re.compile(r"[.!?…:»\"”][_)\]]*\s*$")
DIALOGUE = re.compile(r"\s*[-—«\"“]")
FULL_LINE = 50  # caractères : les lignes d'un paragraphe en ont de 60 à 75


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


# ── Les images et les notes ──

NOTE = re.compile(r"\s*\[(?:\d{1,3}|[A-Z]|\*+)\]\s*\S")
LONGEST_BRACKET = 30  # blocs : un crochet oublié ne doit pas emporter le livre


def without_brackets(found: list[Block]) -> Iterable[Block]:
    """« [Illustration : …] », « [Note 1 : …] » : du crochet qui s'ouvre à celui qui le ferme, même plus bas."""
    closed = 0
    for place, block in enumerate(found):
        if place < closed:
            continue
        opened = block.text.count("[") - block.text.count("]")
        if block.text.lstrip().startswith("[") and not NOTE.match(block.text) and (opened > 0 or re.search(r"\][\W_]*$", block.text)):
            closed = place + closing_bracket(found[place : place + LONGEST_BRACKET]) + 1
        else:
            yield block


def closing_bracket(found: list[Block]) -> int:
    """La place du bloc où se ferme le crochet que le premier ouvre ; 0 s'il n'est jamais refermé."""
    depth = 0
    for place, block in enumerate(found):
        depth += block.text.count("[") - block.text.count("]")
        if depth <= 0:
            return place
    return 0


def without_notes(found: list[Block]) -> Iterable[Block]:
    """« [1] … » : une note dont rien ne marque la fin. Si elle est en retrait, ses autres paragraphes le sont aussi.

    À moins que ce qui précède ne le fût déjà : la note est alors au milieu d'une lettre ou de vers, qui continuent.
    """
    previous, note_open = None, False
    for block in found:
        if NOTE.match(block.text):
            note_open = block.indented and not (previous and previous.indented)
        elif not (note_open and block.indented) or is_chapter(block):
            previous, note_open = block, False
            yield block


# ── Derrière le livre ──

THE_END = re.compile(r"\W*FIN\b(?:\W*$| D[EU'’]S?\b.{0,60}$)", re.IGNORECASE)
APPENDIX = re.compile(
    r"\W*(?:NOTES?|ERRATA|TABLE)\b.{0,40}$|\s*(?:Liste des (?:modifications|corrections)|Corrections|Erreurs typographiques)\s*[.:]",
    re.IGNORECASE,
)
LONGEST_APPENDIX = 0.08  # de la longueur du livre ; au-delà, c'est encore le livre


def up_to_the_end(found: list[Block]) -> Iterable[Block]:
    """« FIN », les notes réunies, une table : rien de ce qui suit n'est du roman, si l'histoire n'y reprend pas.

    Derrière viennent l'imprimeur, puis l'éditeur qui vante ses autres livres, parfois sur des dizaines de pages.
    """
    lengths = [len(block.text) if is_prose(block) else 0 for block in found]
    for index in range(len(found) // 2, len(found)):
        end, appendix = (len(found[index].text) < 120 and marker.match(found[index].text) for marker in (THE_END, APPENDIX))
        if (end or appendix and sum(lengths[index:]) < LONGEST_APPENDIX * sum(lengths)) and not is_story(found[index + 1 :]):
            return found[:index]
    return found


def is_story(found: list[Block]) -> bool:
    """Des chapitres suivis de texte, ou des dialogues : un catalogue n'en a pas."""
    lengths = [len(block.text) if is_prose(block) else 0 for block in found]
    chapters = any(is_chapter(block) and sum(lengths[place : place + 4]) > 400 for place, block in enumerate(found))
    return chapters or sum(bool(re.match(r"\s*(?:--|—)", block.text)) for block in found) > 4


# ── Qui a saisi le texte, d'après quoi, et comment ──

CREDIT = re.compile(
    r"\W*(?:Produced|Produit|Prepared|Transcribed|Saisi|Num[ée]ris[ée]|Credits?|E-?texte?|This (?:file|e-?text|book|eBook))\b",
    re.IGNORECASE,
)
EDITION = re.compile(
    r"(?:version|édition) (?:électronique|numéri)|transcripteur|transcriber|(?:de|sur la) transcription|typographe\b|Gutenberg|pgdp"
    r"|Gallica|Wikisource|ebooks|Biblioth[eè]que nationale|\bOCR\b|https?:|www\b|exemplaires (?:sur|hors|numérotés)|été tiré"
    r"|droits\s[^.]{0,80}réservés|Copyright",
    re.IGNORECASE,
)
NOTE_TITLE = re.compile(r"\s+Au lecteur\W*$|\W*(?i:transcriber'?s? notes?|notes? (?:de |du |sur la )transcript\w+)\s*(?:[.:]|$)")
CORRECTION = re.compile(r"orthograph|ponctuation|coquille|typograph|corrig|corrections? ", re.IGNORECASE)
ENGLISH = re.compile(r"\b(?:the|of|and|by|was|from|this|for|with|has|been|are|to)\b", re.IGNORECASE)


def without_credits(found: list[Block]) -> Iterable[Block]:
    """Aux deux bouts du fichier, ce qui parle de l'édition ou parle anglais : crédits, tirage, note du transcripteur.

    Une telle note peut avoir plusieurs paragraphes : quand elle a un titre, elle va jusqu'au titre suivant.
    """
    total = sum(len(block.text) for block in found)
    edge, place, note_open = max(6000, total // 50), 0, False
    for block in found:
        about_edition = False
        if min(place, total - place) < edge:
            note_open = bool(NOTE_TITLE.match(block.text)) or note_open and is_prose(block)
            about_edition = note_open or bool(
                CREDIT.match(block.text) or EDITION.search(block.text)
                or len(CORRECTION.findall(block.text)) > 1 or len(ENGLISH.findall(block.text)) > 2
            )  # fmt: skip
        place += len(block.text)
        if not about_edition:
            yield block


# ── Les imprimeurs, et les listes telles que les éditeurs d'alors les donnaient ──

PRINTER = re.compile(r"\bImpr?\. |\bTyp\. |\bImprimerie\b|\bTypographie\b|\bStéréotyp", re.IGNORECASE)
LISTED = re.compile(rf"\d+ (?:vols?\b|--\s*$)|\bin-(?:8|12|16|18|32)\b|(?:\. ){{4}}|\.{{6,}}\s*\w+\s*$|^\s*{ROMAN}[.\s-]+\S.{{0,70}}$")


def without_publishers(found: list[Block]) -> Iterable[Block]:
    """L'imprimeur, seul sur une ligne ; les listes d'œuvres (« 2 vol. in-18 ») et les tables d'un seul tenant."""
    for block in found:
        printer = len(block.text) < 120 and PRINTER.search(block.text) and not DIALOGUE.match(block.text)
        listed = sum(bool(LISTED.search(line) or CHAPTER.match(line)) and not SEVERAL_SENTENCES.search(line) for line in block.lines)
        if is_chapter(block) or not (printer or 2 * listed > len(block.lines)):
            yield block


# ── L'entrée d'un chapitre ──

TABLE = re.compile(r"\W*TABLE\b.{0,40}$", re.IGNORECASE)
CAST = re.compile(r"\W*(?:PERSONNAGES|ACTEURS)\b.{0,40}$")


def without_openings(found: list[Block]) -> Iterable[Block]:
    """Entre un titre et le premier paragraphe : le sommaire et l'épigraphe, tout en retrait ; une table, les personnages."""
    titles, after = sentence_titles(found), "a title"
    for block in found:
        if TABLE.match(block.text):
            after = "a table"
        elif CAST.match(block.text):
            after = "a cast"
        elif is_chapter(block) and "LETTRE" not in block.text.upper():  # une lettre citée peut être toute en retrait
            after = after if after == "a table" else "a title"
        elif is_prose(block) and not block.indented and block not in titles:
            entry = after == "a table" and not (len(block.text) > 90 and PAUSE.search(block.text))
            after = after if entry or after == "a cast" else None
        if not after:
            yield block


def sentence_titles(found: list[Block]) -> set[Block]:
    """Les titres qui ressemblent à une phrase (« Le repas de noces. »), s'il y en a dans ce livre.

    On les reconnaît à ce que presque tous les chapitres commencent ainsi, par une ligne courte et seule.
    """
    marks = [block for block in found if is_chapter(block) or is_prose(block)]
    firsts = [block for chapter, block in zip(marks, marks[1:]) if is_chapter(chapter) and not is_chapter(block)]
    titles = {block for block in firsts if len(block.lines) == 1 and len(block.text) < 75 and not DIALOGUE.match(block.text)}
    return titles if len(titles) >= max(5, 0.8 * len(firsts)) else set()


# ── Ce qui reste ──

MONTH = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|vend[ée]miaire|brumaire|frimaire"
    "|niv[oô]se|pluvi[oô]se|vent[oô]se|germinal|flor[ée]al|prairial|messidor|thermidor|fructidor"
)
DAY = rf"(?:(?:le|ce|du|fin)\s)*(?:(?:\d{{1,2}}|\.\.)(?:er)?\s)?(?:{MONTH})(?:,?\s(?:an\s\w+|\d{{4}}|\(.+\)))*|le\s\d{{1,2}}|1[5-9]\d\d"
DATE = re.compile(rf"[«»\s]*(?:[^,.!?;:]{{2,40}},\s)?(?:à\s[^,]+,\s)?(?:\w+di\s)?(?:{DAY})\W*$", re.IGNORECASE)
LETTER_TITLE = re.compile(r"[«\s]*_(?:De|Du|À|A|Au|Lettre|Réponse|Fragment|Extrait|Copie)\s[^_]*_\W*$")


def rejoined(found: list[Block]) -> Iterable[Block]:
    """Une image ou une note tombée au milieu d'un paragraphe l'avait coupé en deux."""
    previous = None
    for block in found:
        if previous and re.search(r"[a-zà-ÿ,]_?$", previous.text) and re.match(r"_?[a-zà-ÿ]", block.text):
            previous = Block(previous.numbers + block.numbers, f"{previous.text}\n{block.text}")
        else:
            if previous:
                yield previous
            previous = block
    if previous:
        yield previous


def only_prose(found: list[Block]) -> Iterable[Block]:
    """Les titres, les ornements, les signatures et les dates seules s'en vont."""
    for block in found:
        if is_prose(block) and not is_label(block):
            yield block


def is_label(block: Block) -> bool:
    """Une date, un lieu, une signature, le titre d'une lettre : à part, et souvent loin de la marge."""
    text = " ".join(without_markup(block.text).split())
    if len(text) > 100 or text.startswith(("-", "—")):
        return False
    far = block.text.startswith(" " * 5) and len(block.lines) == 1 and len(text) < 50 and text[-1:] not in ",;!?"
    return far or bool(DATE.match(text) or LETTER_TITLE.match(block.text))
