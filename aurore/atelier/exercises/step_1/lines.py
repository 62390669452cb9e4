"""Les lignes d'un livre : les blancs de leur fin, et comment elles se réunissent (1.5 et 1.6)."""

from atelier.exercises.calls import HARD_CODED, expect
from atelier.exercises.step_1.cuts import NOVEL


def _strip_mistakes(lines: list[str]) -> dict:
    """Les erreurs habituelles de 1.5."""
    return {
        "Les lignes n'ont pas changé : gardez, dans une nouvelle liste, ce que renvoie `rstrip()`, sans rien entre ses parenthèses.": lines,
        "Les blancs du début ont disparu aussi : `rstrip` n'ôte que ceux de la fin.": [line.strip() for line in lines],
        "Ce sont les blancs du début qui ont disparu : `lstrip` est à gauche (left), `rstrip` à droite (right).": [
            line.lstrip() for line in lines
        ],
        "Le saut de ligne est parti, mais des blancs restent avant lui : `rstrip()`, sans rien entre les parenthèses, ôte tout.": [
            line.rstrip("\n") for line in lines
        ],
        "Le dernier caractère de chaque ligne est parti, quel qu'il soit : `rstrip()` n'ôte que les blancs.": [
            line[:-1] for line in lines
        ],
        "Les lignes vides ont disparu : elles séparent les paragraphes.": [
            line.rstrip() for line in lines if line.strip()
        ],
        "Des blancs restent à la fin des lignes : `rstrip()`, sans rien entre les parenthèses, les ôte tous.": lambda found: (
            isinstance(found, list) and [line.rstrip() for line in found] == [line.rstrip() for line in lines]
        ),
        "Des lignes vides se sont ajoutées : chacune finit déjà par son saut de ligne.": lambda found: (
            len(found) > len(lines)
            and [line.strip() for line in found if line.strip()] == [line.strip() for line in lines if line.strip()]
        ),
        "Chaque ligne est devenue une liste : il faut une chaîne par ligne.": lambda found: (
            found and all(isinstance(line, list) for line in found)
        ),
        "Seule une ligne est revenue : `return` est-il dans la boucle ?": lambda found: (
            isinstance(found, str) and found.rstrip() in (lines[0].rstrip(), lines[-1].rstrip())
        ),
        "Toutes les espaces ont disparu, même entre les mots : `rstrip` n'ôte que celles de la fin.": lambda found: (
            found in (["".join(line.split()) for line in lines], [line.replace(" ", "") for line in lines])
        ),
        "Les lignes sont réunies : ce sera l'exercice 1.6. Ici, il faut encore une liste.": "\n".join(
            line.rstrip() for line in lines
        ),
        HARD_CODED: ["    À Nohant.", "", "L'été"],
    }


def exercise_5(strip_lines, _) -> None:
    for lines in (["    À Nohant.\t \r\n", "  \n", "L'été"], list(NOVEL)):
        expect(strip_lines, lines, expected=[line.rstrip() for line in lines], mistakes=_strip_mistakes(lines))


def _join_mistakes(lines: list[str]) -> dict:
    """Les erreurs habituelles de 1.6."""
    return {
        "Les mots se collent d'une ligne à l'autre : le séparateur est le saut de ligne, \"\\n\".": "".join(lines),
        'Les lignes sont séparées par une espace : les paragraphes disparaissent. Le séparateur est "\\n".': " ".join(
            lines
        ),
        "Un saut de ligne de trop, à la fin : il se met entre deux lignes, non après la dernière.": "\n".join(lines)
        + "\n",
        "Un saut de ligne de trop, au début : il se met entre deux lignes, non avant la première.": "\n"
        + "\n".join(lines),
        "Les lignes vides ont disparu : elles séparent les paragraphes.": "\n".join(line for line in lines if line),
        "C'est la liste telle que Python l'écrit, avec ses crochets : `join` réunit ce qu'elle contient.": str(lines),
        '`/` au lieu de la barre inverse : le saut de ligne s\'écrit "\\n".': "/n".join(lines),
        'Le séparateur est une barre et un n : le saut de ligne s\'écrit "\\n", avec une seule barre.': "\\n".join(
            lines
        ),
        "Deux sauts de ligne au lieu d'un : chaque ligne deviendrait un paragraphe.": "\n\n".join(lines),
        "Chaque caractère est sur sa ligne : `join` a reçu un texte, `str(lines)`, au lieu de la liste.": "\n".join(
            str(lines)
        ),
        "`join` a reçu une ligne au lieu de la liste : il en sépare les caractères.": lambda found: any(
            found.rstrip("\n") == "\n".join(line) for line in lines
        ),
        "Les blancs du début des lignes ont disparu : ici on n'ôte rien.": "\n".join(map(str.strip, lines)),
        "La première ligne manque.": "\n".join(lines[1:]),
        "La dernière ligne manque.": "\n".join(lines[:-1]),
        "La première ligne est là deux fois.": "\n".join([lines[0], *lines]),
        "Seule une ligne est là : il les faut toutes.": lambda found: len(lines) > 1 and found.strip("\n") in lines,
        "Les lignes ne sont plus dans l'ordre.": lambda found: (
            found != "\n".join(lines) and sorted(found.split("\n")) == sorted(lines)
        ),
        'Des blancs se sont ajoutés autour du saut de ligne : le séparateur est "\\n", et rien d\'autre.': lambda found: (
            [line.strip() for line in found.split("\n")] == [line.strip() for line in lines]
        ),
        "Le séparateur n'est pas le bon : c'est le saut de ligne, \"\\n\".": lambda found: (
            isinstance(found, str) and "\n" not in found and all(line in found for line in lines)
        ),
        HARD_CODED: "Le soleil se levait.\n\n    Il partit.",
    }


def exercise_6(join_lines, _) -> None:
    for lines in (["Le soleil se levait.", "", "    Il partit."], ["À Nohant,", "l'été."]):
        expect(join_lines, lines, expected="\n".join(lines), mistakes=_join_mistakes(lines))
    edges = ["", "  À Nohant,", "l'été.", ""]
    expect(
        join_lines,
        edges,
        expected="\n".join(edges),
        mistakes={
            "Les blancs et les lignes vides des deux bouts ont disparu : ici on n'ôte rien.": "\n".join(edges).strip(),
            "Les lignes vides du début ont disparu : ici on n'ôte rien.": "\n".join(edges[1:]),
            "Les lignes vides de la fin ont disparu : ici on n'ôte rien.": "\n".join(edges[:-1]),
        },
    )
    empty = "Sans aucune ligne, le texte est vide : la fonction doit renvoyer une chaîne vide."
    errors = {r"IndexError|TypeError: reduce|UnboundLocalError|StopIteration": empty}
    expect(join_lines, [], errors=errors, expected="", mistakes={empty: lambda found: found in ("\n", None, [])})
