"""D'un livre du projet Gutenberg à ses paragraphes : tout ce que les éditions ajoutent à l'autrice s'en va.

Une règle par sorte d'ajout, dans l'ordre où elles s'appliquent. Elles parlent de la façon dont ces fichiers sont faits
(où se tient un ajout, comment il s'annonce, comment il finit), et d'aucun livre en particulier.
"""

import re
from collections.abc import Iterable

from atelier.text.blocks import (
    CHAPTER,
    PAUSE,
    REPLY,
    SEVERAL_SENTENCES,
    Block,
    blocks,
    is_chapter,
    is_dialogue,
    is_label,
    is_prose,
)
from atelier.text.markup import without_markup
from atelier.text.typography import normalize


def clean(text: str) -> list[str]:
    """Les paragraphes du livre, chacun d'une ligne, dans la typographie de l'atelier.

    `text` est le livre sans l'en-tête ni la licence du projet Gutenberg, ses lignes séparées par « \\n ».
    """
    return [normalize(without_markup(block.text)) for block in author_blocks(text)]


def author_blocks(text: str) -> list[Block]:
    """Les blocs qui sont de l'autrice : ceux que toutes les règles laissent."""
    found = list(blocks(text))
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

NOTE = re.compile(r"\s*[\[(](\d{1,3}|[A-Z]|\*+)[\])]\s*\S")
LABELLED = re.compile(r"\s*\[\s*(?i:Illustration|Note|Footnote|Transcri|Sidenote|(?:\d{1,3}|[A-Z]|\*+)\s*[:.])")
LONGEST_BRACKET = 30  # blocs : un crochet oublié ne doit pas emporter le livre


def without_brackets(found: list[Block]) -> Iterable[Block]:
    """« [Illustration : …] », « [Note 1 : …] » : du crochet qui s'ouvre à celui qui le ferme, même plus bas.

    Tout au début du fichier, un paragraphe entre crochets est du transcripteur, même s'il ne le dit pas.
    """
    closed = place = 0
    for index, block in enumerate(found):
        if index >= closed:
            if (
                LABELLED.match(block.text)
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


def without_notes(found: list[Block]) -> Iterable[Block]:
    """« [1] … » ou « (1) … » : une note, si le texte l'appelle. En retrait, ses autres paragraphes le sont aussi.

    À moins que ce qui précède ne le fût déjà : la note est alors au milieu d'une lettre ou de vers, qui continuent.
    """
    calls = {call for block in found for call in re.findall(r"(?<=\S)\s?[\[(](\d{1,3}|[A-Z]|\*+)[\])]", block.text)}
    previous, note_open = None, False
    for block in found:
        note = NOTE.match(block.text)
        if note and note[1] in calls:
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


# ── Derrière le livre ──

THE_END = re.compile(
    r"[\W_]*(?:(?:FIN|Fin)[\W_]*$|FIN\sD[EU'’]S?\b.{0,60}$|Fin (?:du|de la|de l['’]) ?(?:\w+ )?(?:tome|volume|livre|partie|premier|second)\b.{0,40}$)"
)
APPENDIX = re.compile(
    r"[\W_]*(?:(?:NOTES?|ERRATA|INDEX|TABLE|(?:EXTRAIT DU )?CATALOGUE|DU MÊME AUTEUR|EN VENTE)(?:\W*$|\s(?:DE|DU|DES|CHEZ|A|À)\b.{0,40}$)"
    r"|(?:Notes|Table|Errata)\W*$|Table des (?:mati|chap).{0,20}$"
    r"|(?:Liste des (?:modifications|corrections)|Corrections|Erreurs typographiques)\s*[.:])"
)
CATALOGUE = re.compile(r"\bvol(?:\.|umes?\b)|\bfr\.|\bfrancs\b|\bin-(?:8|12|16|18|32)|(?i:librair|éditeur|édition)")
LONGEST_APPENDIX = 0.08  # de la longueur du livre ; au-delà, c'est encore le livre, ou un catalogue


def up_to_the_end(found: list[Block]) -> Iterable[Block]:
    """« FIN », les notes réunies, une table : rien de ce qui suit n'est du roman, si l'histoire n'y reprend pas.

    Derrière viennent l'imprimeur, puis l'éditeur qui vante ses autres livres, parfois sur des dizaines de pages.
    """
    lengths = prose_lengths(found)
    before, total = 0, sum(lengths)
    for index, block in enumerate(found):
        if len(block.text) < 120 and (THE_END.match(block.text) or APPENDIX.match(block.text)):
            after = found[index + 1 :]
            if is_catalogue(after) or total - before < LONGEST_APPENDIX * total and not is_story(after):
                return found[:index]
        before += lengths[index]
    return found


def prose_lengths(found: list[Block]) -> list[int]:
    """La longueur de chaque bloc ; 0 pour ce qui n'est pas de la prose."""
    return [len(block.text) if is_prose(block) else 0 for block in found]


def is_catalogue(found: list[Block]) -> bool:
    """Des titres, des formats et des prix, un bloc sur trois au moins."""
    return len(found) > 5 and 3 * sum(bool(CATALOGUE.search(block.text)) for block in found) > len(found)


def is_story(found: list[Block]) -> bool:
    """Des chapitres suivis de texte, ou des dialogues."""
    lengths = prose_lengths(found)
    chapters = any(is_chapter(block) and sum(lengths[place : place + 8]) > 400 for place, block in enumerate(found))
    return chapters or sum(bool(REPLY.match(block.text)) for block in found) > 4


# ── Qui a saisi le texte, d'après quoi, et comment ──

EDGE = 6000  # caractères : les deux bouts du fichier, où se tient ce qui parle de l'édition
CREDIT = re.compile(
    r"\W*(?:(?:Produced|Prepared|Transcribed|E-?text prepared) (?:by|from)|(?:Produite?|Saisie?|Numérisée?)s? par|Credits?:"
    r"|This (?:file|e-?text|book|eBook|Etext))\b"
)
EDITION = re.compile(
    r"(?:version|édition) (?:électronique|numéri)|[Tt]ranscripteur|[Tt]ranscriber|(?:de|sur la) transcription|par\s+le\s+typographe"
    r"|[Pp]roject Gutenberg|projet Gutenberg|pgdp|Wikisource|gallica\.|Gallica\b|ebooks|https?:|www\.|mis(?:es)? à\s+(?:la )?disposition"
    r"|[Ee]xemplaires (?:sur|hors|numérotés)|[Ii]l a été tiré|été tirée? à [\d.]+ exemplaires|[Dd]roits\s[^.]{0,80}réservés|Copyright|[Aa]chevé d'imprimer"
)
NOTE_TITLE = re.compile(
    r"\s+Au lecteur\W*$|\W*(?i:transcriber'?s? notes?|notes? (?:de |du |sur la )transcript\w+)\s*(?:[.:]|$)"
)
ABOUT = re.compile(
    r"(?i:orthograph|ponctuation|coquille|typograph|corrig|corrections? |édition|chapitre|original|exemplaire)"
)
ENGLISH = re.compile(r"\b(?:the|of|and|by|was|from|this|with|are)\b", re.IGNORECASE)
LONGEST_NOTE = 1500  # caractères


def without_credits(found: list[Block]) -> Iterable[Block]:
    """Aux deux bouts du fichier, ce qui parle de l'édition ou parle anglais : crédits, tirage, note du transcripteur.

    Une telle note peut avoir plusieurs paragraphes. Un titre la termine ; et si elle n'en a pas elle-même, elle ne va que
    tant qu'elle parle de l'édition.
    """
    place, total = 0, sum(len(block.text) for block in found)
    titled, left = False, 0
    for block in found:
        about_edition = False
        if min(place, total - place - len(block.text)) < EDGE:
            about_edition = bool(
                CREDIT.match(block.text) or EDITION.search(block.text) or len(ENGLISH.findall(block.text)) > 2
            )
            if title := NOTE_TITLE.match(block.text):
                about_edition, titled, left = True, title.end() == len(block.text), LONGEST_NOTE
            elif left > 0 and is_prose(block) and (titled or ABOUT.search(block.text)):
                about_edition = True
            elif not about_edition:
                left = 0
            left -= len(block.text)
        place += len(block.text)
        if not about_edition:
            yield block


# ── Ce qu'un éditeur ou un traducteur dit en son nom ──

EDITORS = re.compile(
    r"\W*(?:(?:pr[ée]face|avis|notes?|avertissement|introduction|avant-propos|postface)\s(?:de\sl['’][ée]diteur|des\s[ée]diteurs|du\straducteur)"
    r"|notice\s(?:sur|biographique|bibliographique|historique|litt[ée]raire))\b",
    re.IGNORECASE,
)
LONGEST_PREFACE = 0.2  # de la longueur du livre


def without_editors(found: list[Block]) -> Iterable[Block]:
    """« AVIS DE L'ÉDITEUR », « NOTICE SUR… » : jusqu'au titre suivant. Une préface sans ces mots est de l'autrice."""
    total, resumed = sum(len(block.text) for block in found), 0
    for index, block in enumerate(found):
        if index < resumed:
            continue
        if len(block.text) < 120 and not is_prose(block) and EDITORS.match(block.text):
            end = next((place for place in range(index + 1, len(found)) if not is_prose(found[place])), len(found))
            if sum(len(one.text) for one in found[index:end]) < LONGEST_PREFACE * total:
                resumed = end
                continue
        yield block


# ── Les imprimeurs, et les listes telles que les éditeurs d'alors les donnaient ──

PRINTER = re.compile(
    r"\W*(?:.{0,40}(?:--|, |\. ))?(?:De l')?(?:Impr?\.|Imprimerie|IMPRIMERIE|IMP\.|Typographie|TYPOGRAPHIE|Typ\.|Stéréotyp\w*)\s"
)
VOLUMES = re.compile(r"\d+ (?:vols?\.?|--)\s*$")
LISTED = re.compile(r"\bin-(?:8|12|16|18|32)\b|(?:\. ){4}|(?<!\.)\.{6,}\s*\w+\s*$|^\s*[IVXLC]+[.\s-]+\S.{0,70}$")


def without_publishers(found: list[Block]) -> Iterable[Block]:
    """L'imprimeur, seul sur une ligne ; les listes d'œuvres (« 2 vol. in-18 ») et les tables d'un seul tenant."""
    for block in found:
        listed = sum(is_listed(line, alone=len(block.lines) == 1) for line in block.lines)
        if is_chapter(block) or not (
            len(block.text) < 120 and PRINTER.match(block.text) or 2 * listed > len(block.lines)
        ):
            yield block


def is_listed(line: str, alone: bool) -> bool:
    """Une ligne de liste ; seule, elle ressemble trop à une phrase, sauf si elle finit par « 2 vol. »."""
    if len(line) > 120:
        return False
    listed = VOLUMES.search(line) or not alone and (LISTED.search(line) or CHAPTER.match(line))
    return bool(listed) and not SEVERAL_SENTENCES.search(line)


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
