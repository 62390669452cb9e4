"""Ce que transcripteurs, éditeurs et imprimeurs disent autour du livre : crédits, préfaces, catalogues, tables.

Des règles comme celles de `cleaning` : chacune reçoit les blocs, et renvoie ceux qu'elle laisse à l'autrice.
"""

import re
from collections.abc import Iterable

from atelier.text.blocks import CHAPTER, REPLY, SEVERAL_SENTENCES, Block, is_chapter, is_prose

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

TRADE = (  # les métiers du livre, au long ou abrégés, et non leurs noms communs : il faut une majuscule, et une maison derrière
    r"(?:I(?:MP|mp)(?:\.|(?:R|r)\.|RIMERIES?\b|rimeries?\b|RIMEURS?\b|rimeurs?\b|(?:RIM[ÉE]|rimé) (?i:par|chez|en|à)\b|\b)"
    r"|T(?:YP|yp)(?:\.|(?:OGR|ogr)\.|OGRAPHIE\b|ographie\b)|L(?:ITH|ith)(?:\.|(?:OGR|ogr)\.|OGRAPHIE\b|ographie\b)"
    r"|S(?:T[ÉE]R|tér)[ÉEée](?:OTYP|otyp)\w*|L(?:IBRAIRIE|ibrairie)\b(?=\s(?:[A-ZÀ-Ý]|de\s[A-ZÀ-Ý]))|P(?:RESSES|resses)\s(?i:de)\b"
    r"|(?i:en vente|se vend|se trouve) (?i:chez|à la librairie)\b|Printed (?:in|by|for)\b)"
)
PRINTER = re.compile(rf"[\W_]*(?:.{{0,60}}?(?:--|[—–-]|[,.:(]\s*))?(?:De l['’])?{TRADE}[\s.:]")
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
