"""`/jeu` : deviner le mot suivant d'une vraie phrase, et se mesurer au réseau. C'est l'expérience de Shannon.

C. E. Shannon, « Prediction and Entropy of Printed English », 1951 : le nombre d'essais qu'il faut à quelqu'un pour trouver chaque
lettre dit combien d'information porte un texte, en bits. Ici des mots, quatre choix, et le réseau joue aussi.
"""

import functools
import itertools
import math
import random
import re
from collections import deque

from flask import Blueprint, current_app, jsonify, render_template, request

from atelier.text import books, corpus
from atelier.web import server
from atelier.web.insults import insults
from atelier.web.requests import Refused, json_object
from atelier.writing.next_words import next_words, probability

WORDS = 10  # à deviner dans une partie
CHOICES = 4
SENTENCES = (
    24  # celles d'une salle : à quarante, on en joue plusieurs fois les mêmes, et le réseau ne les lit qu'une fois
)
SHORTEST, LONGEST = 14, 30  # mots d'une phrase
MOST_GAMES = 500  # parties dont on garde le score
WORD = re.compile(r"\s?\w+['-]?|\s?[^\w\s]")  # ce que `next_words` appelle un mot, ou un signe

guess = Blueprint("guess", __name__)


@guess.get("/jeu")
def page():
    return render_template("guess.html", words=WORDS, choices=CHOICES)


@guess.get("/jeu/salle")
def room():
    return render_template("guess_room.html")


@guess.get("/api/jeu/salle")
def room_scores():
    return jsonify(_room())


@guess.post("/api/jeu")
def next_guess():
    """Le mot de rang `word` de la phrase de rang `sentence` : ce qui précède, quatre choix, et ce que le réseau attendait."""
    asked = _asked("sentence", "word")
    engine = server.engine()
    phrases = _phrases()
    before, pieces = phrases[asked["sentence"] % len(phrases)]
    places = [place for place, piece in enumerate(pieces) if place and piece.strip()[:1].isalpha()][:WORDS]
    if not 0 <= asked["word"] < len(places):
        raise Refused(f"« word » va de 0 à {len(places) - 1}.", "option")
    place = places[asked["word"]]
    prompt = f"{before} {''.join(pieces[:place])}".strip()
    chances, best = _chances(engine, prompt, pieces[place])
    return jsonify(
        book=books.title(_test()["book"][0]),
        before=before,
        shown="".join(pieces[:place]),
        after=place == places[-1] and "".join(pieces[place + 1 :]) or "",
        answer=pieces[place].strip(),
        choices=[{"word": word, "chance": chance} for word, chance in sorted(chances.items())],
        best=best,
        words=len(places),
    )


@guess.post("/api/jeu/score")
def score():
    """Une partie finie : les essais qu'il a fallu pour chaque mot, au visiteur et au réseau. Rien d'autre ne se garde, ni longtemps."""
    asked = _asked("visitor", "network", kind=list)
    for ranks in (asked["visitor"], asked["network"]):
        if not 1 <= len(ranks) <= WORDS or not all(type(rank) is int and 1 <= rank <= CHOICES for rank in ranks):
            raise Refused(f"Il faut de 1 à {WORDS} nombres d'essais, de 1 à {CHOICES}.", "option")
    _games().append((asked["visitor"], asked["network"]))
    return jsonify(_room())


def _asked(*names: str, kind: type = int) -> dict:
    asked = json_object(request.get_data())
    if asked.keys() != {*names} or not all(type(each) is kind for each in asked.values()):
        raise Refused(f"Il faut un objet JSON : {', '.join(names)}.", "json")
    return asked


def _games() -> deque:
    return current_app.config.setdefault("GAMES", deque(maxlen=MOST_GAMES))


def _room() -> dict:
    """Les parties finies, et ce que chaque mot y a coûté en moyenne, en bits."""
    games = list(_games())

    def mean(side: int) -> float | None:
        costs = [bits(game[side]) for game in games]
        return sum(costs) / len(costs) if costs else None

    return {"games": len(games), "visitors": mean(0), "network": mean(1)}


def bits(ranks: list[int]) -> float:
    """Ce que coûte un mot, en moyenne, à qui devrait noter ces nombres d'essais au plus court, en apprenant de ceux d'avant.

    C'est un code adaptatif : la probabilité de chaque nombre est sa part jusque-là, en comptant chacun une fois de plus (Laplace).
    Deux bits par mot pour qui trouve au hasard ; de moins en moins pour qui trouve du premier coup.
    """
    seen, total = [1] * CHOICES, 0.0
    for rank in ranks:
        total -= math.log2(seen[rank - 1] / sum(seen))
        seen[rank - 1] += 1
    return total / len(ranks)


@functools.cache
def _test() -> dict[str, list]:
    """Le livre de l'examen, phrase par phrase, lu une fois."""
    return corpus.load_data(corpus.folder())["test"].to_dict()


@functools.cache
def _phrases() -> list[tuple[str, list[str]]]:
    """Des phrases du livre de l'examen, que le réseau n'a pas lues : ce qui précède chacune, et ses mots et ses signes."""
    pairs = [
        (before, text) for before, text in itertools.pairwise(_test()["text"]) if _fits(text) and not insults(text)
    ]
    random.Random(0).shuffle(pairs)
    return [(before, WORD.findall(text)) for before, text in pairs[:SENTENCES]]


def _fits(text: str) -> bool:
    words = re.findall(r"\w+", text)
    return (
        SHORTEST <= len(words) <= LONGEST
        and not any(word.isdigit() for word in words)
        and "".join(WORD.findall(text)) == text
    )


@functools.lru_cache(2000)
def _chances(engine, prompt: str, answer: str) -> tuple[dict[str, float], dict]:
    """Ce que renvoie `_read_chances`, quand le tour de cette lecture est venu ; ce qu'on a déjà lu n'attend pas."""
    return engine.look(lambda: _read_chances(engine, prompt, answer))


def _read_chances(engine, prompt: str, answer: str) -> tuple[dict[str, float], dict]:
    """Les quatre choix et leur probabilité ; puis le mot que le réseau attendait d'abord.

    Le bon, un que le réseau attendait, et deux mots du livre pris au hasard. S'ils étaient tous de son choix, il aurait tort chaque
    fois que le bon n'est pas son premier.
    """
    pipe, answer = engine.load().pipe, answer.removeprefix(" ")
    space = " " if not prompt.endswith(("'", "-")) else ""

    def chance(word: str) -> float:
        return float(probability(pipe.model, pipe.tokenizer, prompt, f"{space}{word}"))

    expected = {
        word.strip(): chance
        for word, chance in next_words(pipe.model, pipe.tokenizer, prompt, 8)
        if word.strip()[:1].isalpha()
    }
    others = [word for word in expected if word != answer][:1]
    drawn = random.Random(prompt)
    while len(others) < CHOICES - 1:
        if (word := drawn.choice(_words_of_the_book())) not in (answer, *others):
            others.append(word)
    best = max(expected, key=expected.get, default=answer)
    return {word: chance(word) for word in (answer, *others)}, {"word": best, "chance": expected.get(best, 0.0)}


@functools.cache
def _words_of_the_book() -> list[str]:
    """Les mots du livre de l'examen, les plus fréquents le plus souvent."""
    return [piece.strip() for text in _test()["text"] for piece in WORD.findall(text) if piece.strip()[:1].islower()]
