"""Ce qu'une personne a écrit est-il en français ? Elle écrit peu : quelques mots suffisent à montrer une autre langue."""

from atelier.text.language import seems_french
from atelier.text.words import LETTERS

FOREIGN = frozenset(
    "a am an and are at for from good he hello hi how i in is it my name of on once she the they this time to upon was "
    "what where who with world you your buenos buongiorno ciao der die das guten hallo hola ich ist morgen tag".split()
)


def is_french(text: str) -> bool:
    """La moitié des mots ou plus sont-ils de ceux qu'on écrit pour essayer, en anglais surtout ?"""
    words = LETTERS.findall(text.lower())
    foreign = [word for word in words if word in FOREIGN]
    return seems_french(text) and not (len(foreign) * 2 >= len(words) and set(foreign) - {"a", "on", "die", "tag"})
