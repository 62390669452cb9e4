"""Ce que l'on attend des exercices de l'étape 1, et les erreurs qu'on y fait d'habitude."""

import functools
import re
import tempfile
from pathlib import Path

from atelier.exercises.calls import HARD_CODED, Wrong, call, expect, reject, show
from atelier.exercises.downloads import served, where_it_went
from atelier.text import sentences

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

DOWNLOAD_ERRORS = {
    r"InvalidSchema|\w*UnsupportedProtocol": "Cette adresse est celle d'un fichier (`file:`), car un miroir peut être un dossier : `keras.utils.get_file` les connaît aussi."
}


def exercise_1(download_file, _) -> None:
    books = {
        "/files/1/1-0.txt": "Le soleil se levait.\r\nÉté\n".encode(),
        "/files/2/2-8.txt": "Où ? À Nohant…\n".encode("cp1252"),
    }
    with served(books) as base, tempfile.TemporaryDirectory() as temporary:
        on_disk = Path(temporary, "3-0.txt")
        on_disk.write_bytes(b"La mare.\n")
        urls = {base + path: content for path, content in books.items()} | {on_disk.as_uri(): on_disk.read_bytes()}
        for (url, content), name in zip(urls.items(), ("13025.txt", "23582.txt", "34204.txt")):
            folder = Path(temporary, f"books-{name}")
            path = folder / ".partial" / name
            path.parent.mkdir(parents=True)
            result = call(download_file, url, path, errors=DOWNLOAD_ERRORS)
            if not path.exists():
                raise Wrong(
                    where_it_went(folder, path, content),
                    result.call,
                    expected=f"un fichier {path.name} dans {path.parent.name}",
                )
            if path.read_bytes() != content:
                raise Wrong(
                    "Le fichier n'a pas les octets du livre : ne les changez pas, ni ne les décodez ici.",
                    result.call,
                    show(path.read_bytes()),
                    show(content),
                )
        try:
            result = call(download_file, f"{base}/absent.txt", folder / ".partial" / "absent.txt")
        except Wrong:
            return
        raise Wrong(
            "Quand le livre n'est pas à cette adresse (erreur 404), la fonction doit échouer : personne ne saurait qu'il manque.",
            result.call,
        )


def exercise_2(read_lines, _) -> None:
    lines, more = (["Où est-elle ?\n", "\n", "    À Nohant, l'été.  \n"], ["Lélia\n", "œuvre de jeunesse\n"])
    with tempfile.TemporaryDirectory() as temporary:
        for name, content, encoding in (
            ("utf-8.txt", lines, "utf-8"),
            ("bom.txt", more, "utf-8-sig"),
            ("vieux.txt", more, "cp1252"),
        ):
            path, text = Path(temporary, name), "".join(content)
            path.write_bytes(text.encode(encoding))
            as_read = text.encode(encoding).decode("latin-1")
            lines_read = call(read_lines, path).value
            if lines_read in ([line.rstrip("\n") for line in content], text.split("\n")):
                continue  # sans leur « \n » : l'exercice 1.5 n'aura plus que les blancs à ôter
            expect(
                read_lines,
                path,
                expected=content,
                mistakes={
                    "C'est tout le texte d'un bloc : il faut la liste de ses lignes (`readlines`).": text,
                    "Seule la première ligne est là : `readline` n'en lit qu'une, `readlines` les lit toutes.": content[
                        0
                    ],
                    "Les blancs des lignes ont disparu : ici on les lit telles quelles.": [
                        line.strip() for line in content
                    ],
                    "Les blancs de la fin des lignes ont disparu : ici on les lit telles quelles.": [
                        line.rstrip() for line in content
                    ],
                    "La première ligne manque : a-t-elle été lue à part ?": content[1:],
                    "Seule la première ligne est dans la liste : `readlines()` les lit toutes.": content[:1],
                    "Ce sont des mots, non des lignes.": text.split(),
                    "Ce sont des caractères, non des lignes : `readlines` rend les lignes.": list(text),
                    "Le premier caractère est la marque d'un encodage : donnez à `open` celui que trouve `books.detect_encoding(path)`.": [
                        "\ufeff" + content[0],
                        *content[1:],
                    ],
                    "Les accents sont abîmés : donnez à `open` l'encodage que trouve `books.detect_encoding(path)`.": as_read.splitlines(
                        keepends=True
                    ),
                    HARD_CODED: lines,
                },
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
                "C'est l'en-tête que vous rendez : il faut ce qui le suit.": lines[:3],
                "C'est l'en-tête que vous rendez, et sa dernière ligne : il faut ce qui les suit.": lines[:4],
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
        mistakes={"Quand aucune ligne ne dit « *** START », il n'y a rien à ôter : rendez toutes les lignes.": []},
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
                "C'est la licence que vous rendez : il faut ce qui la précède.": lines[len(NOVEL) :],
                "C'est la fin de la licence que vous rendez : il faut ce qui précède la ligne « *** END ».": lines[
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
            "Quand aucune ligne ne dit « *** END », il n'y a rien à ôter : rendez toutes les lignes.": [],
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
                "Les lignes n'ont pas changé : gardez, dans une nouvelle liste, ce que rend `rstrip()`, sans rien entre ses parenthèses.": lines,
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


@functools.cache
def _sentence_tokenizer():
    return sentences.sentence_tokenizer()


def exercise_7(split_text_to_list, solution) -> None:
    for text in (
        "M. de Mauprat entra. « Où est-elle ? » dit-il. Personne ne répondit…",
        "Elle partit pour Nohant. Mme Sand l'y attendait !",
        "« Viens ! » Elle le suivit.",
        "S. A. le prince entra. Il salua.",
    ):
        expected, blind = (solution(text), [piece for piece in re.split(r"(?<=[.!?…])\s+", text) if piece])
        expect(
            split_text_to_list,
            text,
            expected=expected,
            mistakes={
                "Le guillemet qui se ferme part avec la phrase suivante : appelez `tokenize` sans autre option.": _sentence_tokenizer().tokenize(
                    text, realign_boundaries=False
                ),
                "Le texte n'est pas coupé : c'est encore un seul morceau.": [text],
                "Le texte est coupé à chaque point : « M. » n'est pas une phrase. `sentence_tokenizer` le sait.": blind,
                "Le texte est coupé à chaque point : « M. » n'est pas une phrase, et les points ont disparu.": text.split(
                    "."
                ),
                "Le texte est coupé à chaque point suivi d'une espace : « M. » n'est pas une phrase, et les points ont disparu.": text.split(
                    ". "
                ),
                "Ce sont des mots, non des phrases.": text.split(),
                "Ce sont des caractères, non des phrases.": list(text),
                "Seule la première phrase est revenue : il faut la liste de toutes.": expected[0],
                "La première phrase seule est dans la liste : il les faut toutes.": expected[:1],
                "Certaines abréviations sont prises pour des fins de phrase : c'est la méthode `tokenize`, de `sentence_tokenizer`, qui les connaît toutes.": _sentence_tokenizer().sentences_from_text(
                    text
                ),
            },
        )


def exercise_8(count, _) -> None:
    for texts in (
        ["Le 12 mai, le cœur lui battait", "Où vas-tu, mon enfant ?", "Où vas-tu, mon enfant ?"],
        ["Oui ! Non."],
    ):
        words, last, first = (
            sum(len(re.findall(r"\w+", text)) for text in some) for some in (texts, texts[-1:], texts[:1])
        )
        result = call(count, list(texts))
        # « vas-tu » fait un mot ou deux, et « ? » peut en être un : ces définitions se défendent.
        defensible = {
            sum(len(re.findall(word, text)) for text in texts)
            for word in (r"\w+", r"[\w']+", r"[\w-]+", r"[\w'-]+", r"\S+")
        }
        value = result.value
        if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == len(texts) and value[1] in defensible:
            continue
        reject(
            result,
            (len(texts), words),
            {
                "Les deux nombres sont intervertis : d'abord les phrases, ensuite les mots.": (words, len(texts)),
                "Le second nombre compte les caractères, non les mots.": (len(texts), sum(map(len, texts))),
                "Le nombre de phrases manque : il en faut deux, séparés par une virgule.": words,
                "Le nombre de mots manque : il en faut deux, séparés par une virgule.": len(texts),
                "Seuls les mots de la dernière phrase sont comptés : il faut les additionner.": (len(texts), last),
                "Seuls les mots de la première phrase sont comptés : `return` est-il dans la boucle ?": (
                    len(texts),
                    first,
                ),
                "Les deux nombres sont les mêmes, celui des phrases.": (len(texts), len(texts)),
                "Un mot, ou une phrase, qui revient compte chaque fois : pas d'ensemble (`set`).": (
                    len(texts),
                    len({w for text in texts for w in re.findall(r"\w+", text)}),
                ),
                "Une phrase qui revient compte chaque fois : pas d'ensemble (`set`).": (
                    len(texts),
                    sum(len(re.findall(r"\w+", text)) for text in set(texts)),
                ),
                "Les lettres manquent d'accents, ou d'« œ » : `\\w` les connaît toutes.": (
                    len(texts),
                    sum(len(re.findall(r"[a-zA-ZÀ-ÿ0-9]+", text)) for text in texts),
                ),
                "Les nombres aussi sont des mots : `\\w` les compte.": (
                    len(texts),
                    sum(len(re.findall(r"[^\W\d_]+", text)) for text in texts),
                ),
                "Le dernier mot d'une phrase se colle au premier de la suivante : comptez phrase par phrase.": (
                    len(texts),
                    len(re.findall(r"\w+", "".join(texts))),
                ),
            },
        )


def exercise_9(random_sentences, _) -> None:
    texts = [f"Phrase numéro {number}." for number in range(12)]
    draws = []
    for _ in range(20):
        result = call(random_sentences, list(texts), 4)
        drawn = result.value
        if not isinstance(drawn, list):
            reject(result, expected=texts[:4])
        if not all(one in texts for one in drawn):
            raise Wrong("Ce ne sont pas des éléments de `texts`.", result.call, show(drawn))
        if len(drawn) != 4:
            raise Wrong(
                f"Il faut 4 phrases, comme le dit `number`, et il y en a {len(drawn)}.", result.call, show(drawn)
            )
        if len(set(drawn)) < 4:
            raise Wrong(
                "La même phrase est tirée deux fois : `random.sample` ne le fait pas, `random.choices` si.",
                result.call,
                show(drawn),
            )
        draws.append(drawn)
    if all(draw == draws[0] for draw in draws):
        raise Wrong("Toujours les mêmes phrases : ce n'est pas un tirage au hasard.", result.call, show(draws[0]))
    if all(draw == texts[(start := texts.index(draw[0])) : start + 4] for draw in draws):
        raise Wrong(
            "Les phrases se suivent : tirez chacune au hasard, non la première seulement.", result.call, show(draws[0])
        )
    result = call(random_sentences, texts[:3], 5)
    if not isinstance(result.value, list) or sorted(map(str, result.value)) != texts[:3]:
        raise Wrong("Quand il y a moins de phrases que demandé, rendez-les toutes.", result.call, show(result.value))
