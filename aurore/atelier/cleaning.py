"""D'un livre du projet Gutenberg à ses paragraphes : ce que les éditions ajoutent à l'autrice s'en va.

Une règle par sorte d'ajout. Elles parlent de la façon dont ces fichiers sont faits, non d'un livre en particulier.
"""

import re

from atelier.typography import normalize

# Les notes de bas de page et leurs appels : [12], [A], [Note 25: …], et les légendes d'image.
NOTE_MARK = re.compile(r"\s?\[(?:\d{1,3}|[A-Z]|\*+)\]|\(\d{1,3}\)(?=[\s.,;:!?])")
NOTE_BODY = re.compile(r"\s*\[(?:Note|Footnote|Illustration|Transcriber|\d{1,3}[:\]]|[A-Z]\] )", re.IGNORECASE)

# Qui a saisi le texte, d'après quoi, et comment : en anglais, ou en français.
CREDIT = re.compile(
    r"\s*(?:(?:Produced|Produit|Prepared|Transcribed|Credits|E-?text|Etext|This (?:file|e-?text|book|eBook))\b"
    r"|Notes? (?:de|sur la|du|au) (?:transcri|lecteur)|Transcriber|Au lecteur\s*$"
    r"|End of (?:the |this )?Project Gutenberg)",
    re.IGNORECASE,
)
# La note d'un transcripteur va souvent sur plusieurs paragraphes : ceux-ci parlent de l'édition, pas de l'histoire.
ABOUT_EDITION = re.compile(
    r"version électronique|erreurs? (?:clairement|typographique)|orthographe (?:d'origine )?a été|transcription"
    r"|ponctuation n'a pas été|corrections? indiquées|cette édition\.|Project Gutenberg|pgdp\.net|Gallica",
    re.IGNORECASE,
)
THE_END = re.compile(r"\s*_?FIN\b(?: D[EU']|\.|_|\s*$)", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?…:;,»\"'’)\-—]_?\s*$")
LETTER = re.compile(r"[^\W\d_]")


def clean(text: str) -> list[str]:
    """Les paragraphes du livre, chacun d'une ligne, dans la typographie de l'atelier.

    `text` est le livre sans l'en-tête ni la licence du projet Gutenberg, ses lignes séparées par « \\n ».
    """
    blocks = [block for block in re.split(r"\n\s*\n", text.replace("\t", " ")) if block.strip()]
    blocks = blocks[: _the_end(blocks)]
    blocks = [block for block in blocks if not (CREDIT.match(block) or ABOUT_EDITION.search(block))]
    paragraphs = (normalize(_prose(block)) for block in _without_notes(blocks) if is_prose(block))
    return [paragraph for paragraph in paragraphs if LETTER.search(paragraph)]


def _the_end(blocks: list[str]) -> int:
    """La place de « FIN » dans le dernier quart du livre : au-delà, l'éditeur vante ses autres livres."""
    for index in range(len(blocks) - 1, len(blocks) * 3 // 4, -1):
        if THE_END.match(blocks[index]) and len(blocks[index]) < 100:
            return index
    return len(blocks)


def _without_notes(blocks: list[str]):
    """Les blocs qui ne sont pas des notes ; une note ouverte par un crochet peut en occuper plusieurs."""
    open_note = False
    for block in blocks:
        if not open_note and NOTE_BODY.match(block):
            open_note = block.lstrip().startswith("[") and block.count("[") > block.count("]")
        elif open_note:
            open_note = "]" not in block
        else:
            yield block


def is_prose(block: str) -> bool:
    """Un titre, une page de titre, un catalogue ou un ornement n'ont ni longues lignes ni ponctuation finale."""
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    letters = "".join(filter(str.isalpha, block))
    if not letters or letters.isupper():
        return False
    if re.search(r"\d+ (?:vol\.|--)\s*$|\bvolumes? in-|\bin-(?:8|12|16|18)\b", block, re.MULTILINE):
        return False  # la liste des œuvres, telle que les éditeurs d'alors l'imprimaient
    return bool(SENTENCE_END.search(block)) and (len(block) > 60 or bool(re.search(r"[.!?…»]_?\s*$", block)))


def _prose(block: str) -> str:
    return NOTE_MARK.sub("", block).replace("_", "")
