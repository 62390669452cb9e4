"""D'un livre du projet Gutenberg à ses paragraphes : tout ce que les éditions ajoutent à l'autrice s'en va.

Une règle par sorte d'ajout, dans l'ordre où elles s'appliquent. Elles parlent de la façon dont ces fichiers sont faits
(où se tient un ajout, comment il s'annonce, comment il finit), et d'aucun livre en particulier.
"""

import re
from collections.abc import Iterable

from atelier.text.blocks import PAUSE, REPLY, Block, blocks, is_chapter, is_dialogue, is_label, is_prose
from atelier.text.edition import EDGE, up_to_the_end, without_credits, without_editors, without_publishers
from atelier.text.markup import LABEL, SIGN, without_markup
from atelier.text.typography import normalize, unescaped


def clean(text: str) -> list[str]:
    """Les paragraphes du livre, chacun d'une ligne, dans la typographie de l'atelier.

    `text` est le livre sans l'en-tête ni la licence du projet Gutenberg, ses lignes séparées par « \\n ».
    """
    return [normalize(without_markup(block.text)) for block in author_blocks(text)]


def author_blocks(text: str) -> list[Block]:
    """Les blocs qui sont de l'autrice : ceux que toutes les règles laissent."""
    found = list(blocks(unescaped(text)))
    for rule in (
        without_brackets,
        without_notes,
        rejoined,
        up_to_the_end,
        without_credits,
        without_editors,
        without_publishers,
        without_openings,
        only_prose,
    ):
        found = list(rule(found))
    return found


# ── Les images et les notes ──

# Une note, si le texte l'appelle : « [1] Mesure… », « (a) Mesure… », « ¹ Mesure… », « * Mesure… » ; et tout entière entre
# crochets, « [1 Mesure…] ».
NOTE = re.compile(
    rf"\s*_?(?:[\[({{]\^?({SIGN})[\])}}][.:]?|([¹²³⁴-⁹][⁰¹²³⁴-⁹]*|[*†‡]{{1,2}}(?![^\n]*\*)|\^\d{{1,3}}\b))_?\s*(?=[^\s*])"
)
BRACKETED = re.compile(r"\s*\[\s*(\d{1,3}|[*†‡]+)\s+\S")
CALL = re.compile(
    rf"(?<=\S)\s?[\[({{]\^?({SIGN})[\])}}]|(?<=[\w,.;:!?»])([¹²³⁴-⁹][⁰¹²³⁴-⁹]*)|(?<=[a-zà-ÿ]{{3}})\s?([*†‡]{{1,2}})(?![\w*])"
    r"|(?<=[a-zà-ÿ]{3})(\^\d{1,3}\b)"
)
LABELLED = re.compile(rf"\s*\[\s*(?:{LABEL}|(?i:(?:\d{{1,3}}|[A-Z]|\*+)\s*[:.]))")
CAPTION = re.compile(
    r"[\W_]*(?i:fig(?:ure)?|pl(?:anche)?|grav(?:ure)?|vignette)\b\.?\s*(?:n[o°]\s*)?(?:\d+|[IVXLC]+)\b"
)
LONGEST_CAPTION = 200  # caractères
LONGEST_BRACKET = 30  # blocs : un crochet oublié ne doit pas emporter le livre


def without_brackets(found: list[Block]) -> Iterable[Block]:
    """« [Illustration : …] », « [Note 1 : …] » : du crochet qui s'ouvre à celui qui le ferme, même plus bas.

    Tout au début du fichier, un paragraphe entre crochets est du transcripteur, même s'il ne le dit pas.
    """
    closed, place, called = 0, 0, calls(found)
    for index, block in enumerate(found):
        if index >= closed:
            note = BRACKETED.match(block.text)
            if CAPTION.match(block.text) and len(block.text) < LONGEST_CAPTION and not is_dialogue(block):
                closed = index + 1
            elif (
                LABELLED.match(block.text)
                or note
                and note[1] in called
                or place < EDGE
                and block.text.lstrip().startswith("[")
                and not NOTE.match(block.text)
            ):
                closed = index + bracketed(found[index : index + LONGEST_BRACKET])
            if index >= closed:
                yield block
        place += len(block.text)


def bracketed(found: list[Block]) -> int:
    """Combien de blocs tient le crochet qui ouvre le premier ; 0 si un texte le suit, 1 s'il n'est jamais refermé."""
    depth = 0
    for index, block in enumerate(found):
        for place, character in enumerate(block.text):
            depth += (character == "[") - (character == "]")
            if depth == 0 and character == "]":
                return 0 if re.search(r"\w", block.text[place:]) else index + 1
    return 1


def calls(found: list[Block]) -> set[str]:
    """Ce qui, dans le texte, appelle une note : « 1 », « A », « * », « ¹ »."""
    return {found[found.lastindex] for block in found for found in CALL.finditer(block.text)}


def without_notes(found: list[Block]) -> Iterable[Block]:
    """« [1] … » ou « (1) … » : une note, si le texte l'appelle. En retrait, ses autres paragraphes le sont aussi.

    À moins que ce qui précède ne le fût déjà : la note est alors au milieu d'une lettre ou de vers, qui continuent.
    """
    called = calls(found)
    previous, note_open = None, False
    for block in found:
        note = NOTE.match(block.text)
        if note and note[note.lastindex] in called:
            note_open = block.indented and not (previous and previous.indented)
        elif not (note_open and block.indented) or is_chapter(block):
            previous, note_open = block, False
            yield block


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


# ── L'entrée d'un chapitre ──

TABLE = re.compile(r"[\W_]*(?:TABLE|Table)(?:\W*$|\s(?i:DES|DE|DU)\b.{0,40}$)")
CAST = re.compile(r"\W*(?:PERSONNAGES|ACTEURS)\b.{0,40}$")
SUMMARY = re.compile(r"[.!?]\s*(?:--|—)|\s--\s")
LONGEST = {"a title": 900, "a cast": 1500, "a table": 9000}  # caractères : ce qui en a davantage n'est pas une entrée


def without_openings(found: list[Block]) -> Iterable[Block]:
    """Entre un titre et le premier paragraphe : le sommaire et l'épigraphe, tout en retrait ; une table, les personnages."""
    titles, after, opening = sentence_titles(found), "a title", []
    for block in found:
        heading = next(
            (name for name, pattern in (("a table", TABLE), ("a cast", CAST)) if pattern.match(block.text)), None
        )
        if (
            not heading and is_chapter(block) and "LETTRE" not in block.text.upper()
        ):  # une lettre citée peut être toute en retrait
            heading = "a table" if after == "a table" else "a title"
        if heading:
            after, opening = heading, [] if heading != "a table" else opening
        elif not after:
            yield block
        elif is_opening(block, after) or block in titles or after == "a cast" and not opening:
            opening.append(block)
            if sum(len(one.text) for one in opening if len(SUMMARY.findall(one.text)) < 2) > LONGEST[after]:
                yield from opening  # c'était le livre
                after, opening = None, []
        else:
            yield block
            after, opening = None, []


def is_opening(block: Block, after: str) -> bool:
    """Ce bloc, qui suit un titre, une table ou une liste de personnages, en fait-il encore partie ?"""
    if not is_prose(block):
        return True
    if after == "a cast":
        return not REPLY.match(block.text)
    return block.indented or after == "a table" and not (len(block.text) > 90 and PAUSE.search(block.text))


def sentence_titles(found: list[Block]) -> set[Block]:
    """Les titres qui ressemblent à une phrase (« Le repas de noces. »), s'il y en a dans ce livre.

    On les reconnaît à ce que presque tous les chapitres commencent ainsi, par une ligne courte et seule.
    """
    marks = [block for block in found if is_chapter(block) or is_prose(block)]
    firsts = [block for chapter, block in zip(marks, marks[1:]) if is_chapter(chapter) and not is_chapter(block)]
    titles = {block for block in firsts if len(block.lines) == 1 and len(block.text) < 75 and not is_dialogue(block)}
    return titles if len(titles) >= max(5, 0.8 * len(firsts)) else set()


# ── Ce qui reste ──


def only_prose(found: list[Block]) -> Iterable[Block]:
    """Les titres, les ornements, les signatures et les dates seules s'en vont."""
    for block in found:
        if is_prose(block) and not is_label(block):
            yield block
