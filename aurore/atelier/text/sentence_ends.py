"""Où une phrase ne finit pas encore : les abréviations du français, et ce qu'un texte qui s'écrit laisse ouvert. (Sans NLTK.)"""

import re

from atelier.text.words import LETTERS, word_list

TITLE = re.compile(rf"(?:^|[\s'(«])(?:{'|'.join(map(re.escape, word_list('titles')))})\.$")
NUMBERED = re.compile(rf"(?:^|[\s'(«])(?:{'|'.join(word_list('numbered'))})\.$", re.IGNORECASE)
NUMBER = re.compile(r"\d|[IVXLC]+\b(?!')")
INITIAL, ANOTHER_INITIAL = (re.compile(r"(?:^|[\s'«(])[A-ZÀÉ]\.$"), re.compile(r"[A-ZÀÉ]\.(?:\s|-|$)"))


def goes_on(sentence: str, piece: str) -> bool:
    """`piece` continue-t-il `sentence` ? « Mme. | Sand », « art. | 7 », « S. | A. le prince »."""
    return bool(
        not LETTERS.search(sentence)  # « … | Trois ans après »
        or TITLE.search(sentence)
        or NUMBERED.search(sentence)
        and NUMBER.match(piece)
        or INITIAL.search(sentence)
        and ANOTHER_INITIAL.match(piece)
    )


def ends_a_sentence(text: str) -> bool:
    """Ce texte, qu'on est en train d'écrire, peut-il s'arrêter là ? Non après « M. », ni dans une citation qui reste ouverte."""
    quoting = text.count("«") > text.count("»")
    return bool(re.search(r"[.!?…](?:\s?[»)\]])*$", text)) and not (
        quoting or INITIAL.search(text) or goes_on(text, "")
    )
