"""Ce que l'on attend de l'exercice de la leçon 4 : la distance d'édition."""

from collections.abc import Callable

from atelier.exercises.calls import expect

# (un texte, l'autre, leur distance) : d'abord deux paires où chaque erreur donne un autre nombre.
PAIRS = [("niche", "lire", 3), ("lune", "livre", 3), ("chat", "chat", 0), ("Sand", "Sands", 1), ("assise", "debout", 6)]
# Le mauvais calcul d'une case : ce qu'on en dit. Les trois nombres sont les cases d'en haut, de gauche et de la diagonale.
MISTAKES = {
    "Quand les deux lettres sont les mêmes, la diagonale ne coûte rien : `diagonal + (letter != facing)`.": lambda up, left, diagonal, differs: (
        min(up, left, diagonal) + 1
    ),
    "Remplacer une lettre par une autre est un geste : `diagonal + (letter != facing)`.": lambda up, left, diagonal, differs: (
        min(up + 1, left + 1, diagonal)
    ),
    "C'est l'inverse : la diagonale coûte un geste quand les lettres diffèrent (`!=`).": lambda up, left, diagonal, differs: (
        min(up + 1, left + 1, diagonal + (not differs))
    ),
    "Ôter une lettre, ou en ajouter une, est un geste : `up + 1`, `left + 1`.": lambda up, left, diagonal, differs: min(
        up, left, diagonal + differs
    ),
    "Sans la diagonale, ou avec `max`, on ôte toutes les lettres, puis on les rajoute : il faut le moins cher des trois chemins.": lambda up, left, diagonal, differs: (
        min(up + 1, left + 1)
    ),
    "Le chemin d'en haut manque : ôter une lettre, `up + 1`.": lambda up, left, diagonal, differs: min(
        left + 1, diagonal + differs
    ),
    "Le chemin de gauche manque, celui qui ajoute une lettre : `left + 1`.": lambda up, left, diagonal, differs: min(
        up + 1, diagonal + differs
    ),
}


def _distance(one: str, other: str, cheapest: Callable) -> int:
    above = list(range(len(other) + 1))
    for rank, letter in enumerate(one, 1):
        row = [rank]
        for place, facing in enumerate(other, 1):
            row.append(cheapest(above[place], row[-1], above[place - 1], letter != facing))
        above = row
    return above[-1]


def exercise_1(edit_distance, _) -> None:
    for one, other, distance in PAIRS:
        mistakes = {sentence: _distance(one, other, cheapest) for sentence, cheapest in MISTAKES.items()}
        expect(edit_distance, one, other, expected=distance, mistakes=mistakes)
