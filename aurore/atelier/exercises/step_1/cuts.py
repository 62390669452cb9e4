"""Ôter d'un livre son en-tête et sa licence (1.3 et 1.4)."""

from collections.abc import Callable

from atelier.exercises import learner_code
from atelier.exercises.calls import expect

HEADER = [
    "The Project Gutenberg eBook\n",
    "This is not the START OF it\n",
    "Title: La Mare\n",
    "*** START OF THE PROJECT GUTENBERG EBOOK LA MARE ***\n",
]
NOVEL = [
    "\n",
    "    CHAPITRE PREMIER  \n",
    "\n",
    "Le soleil se levait.   \n",
    "*** Elle dit : LA FIN, c'est THE END ! ***\n",
    "Il partit.\n",
]
FOOTER = [
    "*** END OF THE PROJECT GUTENBERG EBOOK LA MARE ***\n",
    "SEND DONATIONS\n",
    "Section 1.\n",
    "*** END OF THE LICENSE ***\n",
]
LONG = 500  # fois : un livre a des milliers de lignes
OLD_STARTS = (
    "***START OF THIS PROJECT GUTENBERG EBOOK INDIANA***\n",
    "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n",
)
OLD_ENDS = (
    "***END OF THIS PROJECT GUTENBERG EBOOK INDIANA***\n",
    "End of the Project Gutenberg EBook of Indiana\n",
    "Fin de Project Gutenberg's Indiana\n",
)

LINE_ERRORS = {
    r"TypeError: expected string or bytes-like object, got 'list'": "Le motif se cherche dans une ligne à la fois, et c'est toute la liste qu'il reçoit : parcourez `lines`.",
    r"TypeError: expected string or bytes-like object, got 'tuple'": "`enumerate` donne à chaque tour deux valeurs : `for number, line in enumerate(lines)`.",
    r"TypeError: .*requires string as left operand|TypeError: argument of type 're.Pattern'|TypeError: .*arg must be str or a tuple of str, not re.Pattern": "Un motif n'est pas du texte : il se cherche par `{pattern}.match(line)`.",
    r"TypeError: can only concatenate str": "`line` est la ligne, et non son numéro : `enumerate(lines)` donne les deux.",
    r"TypeError: 're.Pattern' object is not callable": "Un motif ne s'appelle pas : c'est sa méthode `match` qui s'appelle, `{pattern}.match(line)`.",
    r"TypeError: slice indices must be integers": "Une borne de la tranche n'est pas un nombre : c'est le numéro de la ligne qu'il faut, celui que donne `enumerate`.",
    r"TypeError: list indices must be integers or slices, not str": "`for line in lines` donne les lignes, non leurs numéros : `enumerate(lines)` donne les deux.",
    r"ValueError: .*is not in list": "`index` cherche une ligne égale, à la lettre près : pour celle qui convient à un motif, parcourez les lignes avec `enumerate`.",
}


def _errors(pattern: str) -> dict[str, str]:
    return {error: sentence.replace("{pattern}", pattern) for error, sentence in LINE_ERRORS.items()}


def _not_found(function: Callable, right: str, other: str, what: str, old: bool) -> str:
    """Pourquoi aucune ligne n'a été trouvée, d'après le code de la personne. `old` : la ligne est celle d'une vieille édition."""
    if learner_code.says(function, r"\.(?:match|search)\(.*\) (?:==|is) True"):
        return (
            f"`match` ne renvoie jamais True, mais ce qu'il a trouvé : `if {right}.match(line):`, sans rien comparer."
        )
    if learner_code.says(function, other) and not learner_code.says(function, right):
        return f"Il faut ici `{right}`, et c'est `{other}` que vous cherchez."
    if learner_code.stops_in_loop(function):
        return f"{what} : un `return`, dans la boucle, l'arrête à la première ligne. `return lines` va après elle."
    if learner_code.says(function, rf"== {right}\b(?!\.)|{right} =="):
        return f"{what} : un motif n'est égal à aucune ligne, il s'y cherche, par `{right}.match(line)`."
    if learner_code.says(function, rf"{right}\.fullmatch"):
        return f"{what} : `fullmatch` veut la ligne entière, `match` en regarde le début."
    if old:
        return f"{what} : toutes les éditions n'écrivent pas cette ligne pareil, `{right}.match(line)` les connaît."
    return f"{what} : la ligne n'a pas été reconnue, ou ce qui est coupé n'est pas ce qui est renvoyé."


def _header_mistakes(remove_header: Callable, lines: list[str], start: str) -> dict:
    """Les erreurs habituelles de 1.3, sur ces lignes dont `start` est le repère."""
    return {
        "La ligne « *** START » est encore là : on garde ce qui la suit (`number + 1`).": lines[3:],
        "La première ligne du livre manque : on garde tout ce qui suit la ligne « *** START ».": lines[5:],
        "C'est l'en-tête que vous renvoyez : il faut ce qui le suit.": lines[:3],
        "C'est l'en-tête que vous renvoyez, et sa dernière ligne : il faut ce qui les suit.": lines[:4],
        "La coupe s'est faite à une autre ligne qui contient « START » : cherchez la ligne par `books.START.match(line)`.": lines[
            2:
        ],
        "Il ne reste rien : 50 lignes coupées à l'aveugle, ou la ligne « *** START » qui n'a pas été reconnue ?": lines[
            50:
        ],
        _not_found(remove_header, "books.START", "books.END", "L'en-tête est encore là", start in OLD_STARTS): lines,
        "Il reste un morceau de la ligne « *** START » : c'est par lignes entières qu'il faut couper.": lambda found: (
            len(found) > len(lines) - 4 and "".join(found).endswith("".join(lines[4:])) and found[0] not in lines
        ),
        "C'est le numéro de la ligne : il faut les lignes qui la suivent.": lambda found: found in (3, 4),
        "C'est la ligne « *** START » que vous renvoyez : il faut celles qui la suivent.": lambda found: (
            found in (start, [start])
        ),
        "Les lignes sont réunies en un texte : il faut encore une liste.": lambda found: (
            isinstance(found, str) and found not in lines
        ),
        "C'est une seule ligne : il faut une tranche de la liste, avec « : ».": lambda found: (
            isinstance(found, str) and found in lines
        ),
        "Seule la ligne « *** START » est partie : tout ce qui la précède doit partir aussi.": [*lines[:3], *lines[4:]],
        "La coupe s'est faite à la ligne « *** END » : c'est `books.START` qu'il faut ici.": lines[5 + len(NOVEL) :],
        "La coupe s'est faite dès la première ligne : que dit la condition ?": lines[1:],
        "Il manque les lignes vides : elles séparent les paragraphes.": [line for line in lines[4:] if line.strip()],
    }


def exercise_3(remove_header, _) -> None:
    for start in (HEADER[-1], *OLD_STARTS):
        lines = [*HEADER[:-1], start, *NOVEL, *FOOTER]
        expect(
            remove_header,
            lines,
            errors=_errors("books.START"),
            expected=lines[4:],
            mistakes=_header_mistakes(remove_header, lines, start),
        )
    twice = [*HEADER, *NOVEL, HEADER[-1], *NOVEL]
    expect(
        remove_header,
        twice,
        expected=twice[4:],
        mistakes={"La coupe s'est faite à la dernière des lignes « *** START » : c'est la première qui compte.": NOVEL},
    )
    expect(
        remove_header,
        list(HEADER),
        expected=[],
        mistakes={"Quand la ligne « *** START » est la dernière, il ne reste rien : une liste vide.": HEADER},
    )
    without = "Quand aucune ligne ne dit « *** START », il n'y a rien à ôter : renvoyez toutes les lignes."
    for lines in (NOVEL, NOVEL * LONG):
        expect(
            remove_header,
            list(lines),
            errors={r"(?:StopIteration|IndexError|UnboundLocalError|TypeError|ValueError)": without},
            expected=list(lines),
            mistakes={
                without: lambda found: found in ([], None),
                "Sans ligne « *** START », la première ligne du livre ne doit pas disparaître.": lines[1:],
            },
        )


def _footer_mistakes(remove_footer: Callable, lines: list[str], end: str) -> dict:
    """Les erreurs habituelles de 1.4, sur ces lignes dont `end` est le repère."""
    return {
        "La ligne « *** END » est encore là : on s'arrête juste avant elle (`lines[:number]`).": lines[
            : len(NOVEL) + 1
        ],
        "Seule la ligne « *** END » est partie : tout ce qui la suit doit partir aussi.": [*NOVEL, *FOOTER[1:-1]]
        if end == FOOTER[0]
        else [*NOVEL, FOOTER[1]],
        "La dernière ligne du livre manque : `lines[:number]` s'arrête déjà avant la ligne `number`.": NOVEL[:-1],
        "C'est la licence que vous renvoyez : il faut ce qui la précède.": lines[len(NOVEL) :],
        "C'est la fin de la licence que vous renvoyez : il faut ce qui précède la ligne « *** END ».": lines[
            len(NOVEL) + 1 :
        ],
        "La coupe s'est faite dans le roman, à « THE END » : cherchez la ligne par `books.END.match(line)`.": NOVEL[:4],
        "La coupe s'est faite à la dernière des lignes « *** END » : c'est la première qui compte.": lines[:-1],
        "Il ne reste rien : 100 lignes coupées à l'aveugle, une condition à l'envers, une recherche qui part de la fin ?": lines[
            :-100
        ],
        _not_found(remove_footer, "books.END", "books.START", "La licence est encore là", end in OLD_ENDS): lines,
        "C'est le numéro de la ligne : il faut les lignes qui la précèdent.": lambda found: (
            found in (len(NOVEL), len(NOVEL) - 1)
        ),
        "C'est la ligne « *** END » que vous renvoyez : il faut celles qui la précèdent.": lambda found: (
            found in (end, [end])
        ),
        "Les lignes sont réunies en un texte : il faut encore une liste.": lambda found: (
            isinstance(found, str) and found not in lines
        ),
        "C'est une seule ligne : il faut une tranche de la liste, avec « : ».": lambda found: (
            isinstance(found, str) and found in lines
        ),
        "Les lignes sont à l'envers : remettez-les dans l'ordre.": lambda found: (
            found != lines[: len(found)] and found == [line for line in reversed(lines) if line in found]
        ),
        "Il manque les lignes vides : elles séparent les paragraphes.": [line for line in NOVEL if line.strip()],
    }


def exercise_4(remove_footer, _) -> None:
    for end in (FOOTER[0], *OLD_ENDS):
        lines = [*NOVEL, end, *(FOOTER[1:] if end == FOOTER[0] else FOOTER[1:2])]
        expect(
            remove_footer,
            lines,
            errors=_errors("books.END"),
            expected=NOVEL,
            mistakes=_footer_mistakes(remove_footer, lines, end),
        )
    without = "Quand aucune ligne ne dit « *** END », il n'y a rien à ôter : renvoyez toutes les lignes."
    for lines in (NOVEL, NOVEL * LONG):
        expect(
            remove_footer,
            list(lines),
            errors={r"(?:StopIteration|IndexError|UnboundLocalError|TypeError|ValueError)": without},
            expected=list(lines),
            mistakes={
                without: lambda found: found in ([], None),
                "Sans ligne « *** END », la dernière ligne du livre ne doit pas disparaître.": lines[:-1],
            },
        )
    expect(
        remove_footer,
        [FOOTER[0], *FOOTER[1:]],
        expected=[],
        mistakes={"Quand la ligne « *** END » est la première, il ne reste rien : une liste vide.": FOOTER[:]},
    )
