"""Les lignes d'un livre : ce qu'on en ôte, et comment elles se réunissent (1.3 à 1.6)."""

from atelier.exercises.calls import HARD_CODED, expect

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
FOOTER = ["*** END OF THE PROJECT GUTENBERG EBOOK LA MARE ***\n", "SEND DONATIONS\n", "*** END OF THE LICENSE ***\n"]
OLD_STARTS = (
    "***START OF THIS PROJECT GUTENBERG EBOOK INDIANA***\n",
    "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n",
)
OLD_ENDS = (
    "***END OF THIS PROJECT GUTENBERG EBOOK INDIANA***\n",
    "End of the Project Gutenberg EBook of Indiana\n",
    "Fin de Project Gutenberg's Indiana\n",
)


def exercise_3(remove_header, _) -> None:
    for start in (HEADER[-1], *OLD_STARTS):
        lines = [*HEADER[:-1], start, *NOVEL, *FOOTER]
        expect(
            remove_header,
            lines,
            expected=lines[4:],
            mistakes={
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
                "L'en-tête n'a pas été trouvé : toutes les éditions n'écrivent pas cette ligne pareil, `books.START.match(line)` les connaît."
                if start in OLD_STARTS
                else "L'en-tête est encore là : la ligne n'a pas été reconnue, ou `return lines` vient trop tôt (il va après la boucle).": lines,
                "Seule la ligne « *** START » est partie : tout ce qui la précède doit partir aussi.": [
                    *lines[:3],
                    *lines[4:],
                ],
                "La coupe s'est faite à la ligne « *** END » : c'est `books.START` qu'il faut ici.": lines[
                    5 + len(NOVEL) :
                ],
                "La coupe s'est faite dès la première ligne : que dit la condition ?": lines[1:],
                "Il manque les lignes vides : elles séparent les paragraphes.": [
                    line for line in lines[4:] if line.strip()
                ],
            },
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
    expect(
        remove_header,
        list(NOVEL),
        expected=list(NOVEL),
        mistakes={"Quand aucune ligne ne dit « *** START », il n'y a rien à ôter : renvoyez toutes les lignes.": []},
    )


def exercise_4(remove_footer, _) -> None:
    for end in (FOOTER[0], *OLD_ENDS):
        lines = [*NOVEL, end, *(FOOTER[1:] if end == FOOTER[0] else FOOTER[1:2])]
        expect(
            remove_footer,
            lines,
            expected=NOVEL,
            mistakes={
                "La ligne « *** END » est encore là : on s'arrête juste avant elle (`lines[:number]`).": lines[
                    : len(NOVEL) + 1
                ],
                "Seule la ligne « *** END » est partie : tout ce qui la suit doit partir aussi.": [
                    *NOVEL,
                    *FOOTER[1:-1],
                ]
                if end == FOOTER[0]
                else [*NOVEL, FOOTER[1]],
                "La dernière ligne du livre manque : `lines[:number]` s'arrête déjà avant la ligne `number`.": NOVEL[
                    :-1
                ],
                "C'est la licence que vous renvoyez : il faut ce qui la précède.": lines[len(NOVEL) :],
                "C'est la fin de la licence que vous renvoyez : il faut ce qui précède la ligne « *** END ».": lines[
                    len(NOVEL) + 1 :
                ],
                "La coupe s'est faite dans le roman, à « THE END » : cherchez la ligne par `books.END.match(line)`.": NOVEL[
                    :4
                ],
                "La coupe s'est faite à la dernière des lignes « *** END » : c'est la première qui compte.": lines[:-1],
                "Il ne reste rien : 100 lignes coupées à l'aveugle, ou une condition à l'envers ?": lines[:-100],
                "La licence n'a pas été trouvée : toutes les éditions n'écrivent pas cette ligne pareil, `books.END.match(line)` les connaît."
                if end in OLD_ENDS
                else "La licence est encore là : la ligne n'a pas été reconnue, ou `return lines` vient trop tôt (il va après la boucle).": lines,
            },
        )
    expect(
        remove_footer,
        list(NOVEL),
        expected=list(NOVEL),
        mistakes={
            "Quand aucune ligne ne dit « *** END », il n'y a rien à ôter : renvoyez toutes les lignes.": [],
            "Sans ligne « *** END », la dernière ligne du livre ne doit pas disparaître.": NOVEL[:-1],
        },
    )


def exercise_5(strip_lines, _) -> None:
    for lines in (["    À Nohant.\t \r\n", "  \n", "L'été"], list(NOVEL)):
        expect(
            strip_lines,
            lines,
            expected=[line.rstrip() for line in lines],
            mistakes={
                "Les lignes n'ont pas changé : gardez, dans une nouvelle liste, ce que renvoie `rstrip()`, sans rien entre ses parenthèses.": lines,
                "Les blancs du début ont disparu aussi : `rstrip` n'ôte que ceux de la fin.": [
                    line.strip() for line in lines
                ],
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
                "Seule une ligne est revenue : `return` est-il dans la boucle ?": lines[0].rstrip(),
                "Toutes les espaces ont disparu, même entre les mots : `rstrip` n'ôte que celles de la fin.": [
                    "".join(line.split()) for line in lines
                ],
                "Les lignes sont réunies : ce sera l'exercice 1.6. Ici, il faut encore une liste.": "\n".join(
                    line.rstrip() for line in lines
                ),
                HARD_CODED: ["    À Nohant.", "", "L'été"],
            },
        )


def exercise_6(join_lines, _) -> None:
    for lines in (["Le soleil se levait.", "", "    Il partit."], ["À Nohant,", "l'été."]):
        expect(
            join_lines,
            lines,
            expected="\n".join(lines),
            mistakes={
                "Les mots se collent d'une ligne à l'autre : le séparateur est le saut de ligne, \"\\n\".": "".join(
                    lines
                ),
                'Les lignes sont séparées par une espace : les paragraphes disparaissent. Le séparateur est "\\n".': " ".join(
                    lines
                ),
                "Un saut de ligne de trop, à la fin : il se met entre deux lignes, non après la dernière.": "\n".join(
                    lines
                )
                + "\n",
                "Un saut de ligne de trop, au début : il se met entre deux lignes, non avant la première.": "\n"
                + "\n".join(lines),
                "Les lignes vides ont disparu : elles séparent les paragraphes.": "\n".join(
                    line for line in lines if line
                ),
                "C'est la liste telle que Python l'écrit, avec ses crochets : `join` réunit ce qu'elle contient.": str(
                    lines
                ),
                '`/` au lieu de la barre inverse : le saut de ligne s\'écrit "\\n".': "/n".join(lines),
                'Le séparateur est une barre et un n : le saut de ligne s\'écrit "\\n", avec une seule barre.': "\\n".join(
                    lines
                ),
                "Deux sauts de ligne au lieu d'un : chaque ligne deviendrait un paragraphe.": "\n\n".join(lines),
                HARD_CODED: "Le soleil se levait.\n\n    Il partit.",
            },
        )
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
    expect(join_lines, [], expected="", mistakes={"Sans aucune ligne, le texte est vide.": "\n"})
