"""Un livre, d'Internet au fichier, et du fichier à ses lignes (1.1 et 1.2)."""

import tempfile
from pathlib import Path

from atelier.exercises import learner_code
from atelier.exercises.calls import HARD_CODED, Wrong, call, expect, expect_failure, show
from atelier.exercises.likeness import letters
from atelier.exercises.step_1.downloads import forget, served, where_it_went

SWAPPED = "`get_file` veut d'abord le nom du fichier, `path.name`, ensuite l'adresse, `url` : ils sont intervertis."
QUOTED = "Dans votre code, `url` ou `path` est entre guillemets : ce sont des noms, et non du texte."
DOWNLOAD_ERRORS = {
    r"Exception: URL fetch failure": "Rien ne se télécharge à cette adresse : est-ce bien `url`, tel que la fonction le reçoit ?",
    r"UnicodeDecodeError": "Un livre n'est pas toujours en UTF-8 : écrivez ses octets tels quels, sans les décoder, par `path.write_bytes(…)`.",
    r"TypeError: (?:write\(\) argument must be str, not bytes|data must be str, not bytes)": 'Ce sont des octets (bytes) : `path.write_bytes(…)`, ou un fichier ouvert en mode `"wb"`.',
    r"TypeError: expected string or bytes-like object, got '\w*Path'": "Une adresse est attendue, `url`, et c'est un chemin : les deux sont-ils intervertis ?",
    r"FileNotFoundError: .*http": "`url` est une adresse, et non un fichier de cette machine : `keras.utils.get_file` la télécharge.",
    r"InvalidSchema|\w*UnsupportedProtocol": "Cette adresse est celle d'un fichier (`file:`), car un miroir peut être un dossier : `keras.utils.get_file` les connaît aussi.",
    r"AttributeError: '\w*Path' object has no attribute '(?:timeout|decode|type)'|ValueError: unknown url type: .*\.txt": SWAPPED,
    r"IsADirectoryError|OSError: \[Errno 21\]": "`path` est le fichier à écrire, `path.parent` son dossier : est-ce le fichier que vous écrivez ?",
    r"ValueError: .*\"origin\"|TypeError: .*missing .*'origin'": "Il manque à `get_file` l'adresse, `origin=url`.",
    r"TypeError: .*unexpected keyword argument '(url|path|filename|name|folder|dest\w*|directory)'": "`get_file` n'a pas d'option `{0}` : les siennes sont `fname`, `origin`, `cache_dir` et `cache_subdir`.",
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
        forget(list(urls.values()))
        for (url, content), name in zip(urls.items(), ("13025.txt", "23582.txt", "34204.txt")):
            folder = Path(temporary, f"books-{name}")
            path = folder / ".partial" / name
            path.parent.mkdir(parents=True)
            result = call(download_file, url, path, errors=DOWNLOAD_ERRORS)
            if not path.exists():
                quoted = learner_code.says(download_file, r"['\"](?:url|path(?:\.\w+)?)['\"]")
                where = QUOTED if quoted else where_it_went(folder, path, content)
                forget([content])
                raise Wrong(where, result.call, expected=f"un fichier {path.name} dans {path.parent.name}")
            if not path.is_file():
                raise Wrong("`path` doit être un fichier : c'est devenu un dossier.", result.call)
            if path.read_bytes().decode("latin-1") == url:
                raise Wrong(
                    "C'est l'adresse qui est écrite dans le fichier : téléchargez ce qui s'y trouve.", result.call
                )
            if path.read_bytes() != content:
                raise Wrong(
                    "Le fichier n'a pas les octets du livre : ne les changez pas, ni ne les décodez ici.",
                    result.call,
                    show(path.read_bytes()),
                    show(content),
                )
        expect_failure(
            download_file,
            f"{base}/absent.txt",
            folder / ".partial" / "absent.txt",
            why="Quand le livre n'est pas à cette adresse (erreur 404)",
        )


LONG = 3000  # lignes : un livre en a bien plus que les essais d'ici
READ_ERRORS = {
    r"AttributeError: '\w*Path' object has no attribute '(readlines?|read)'": "`path` est un chemin, non un fichier ouvert : `open(path, encoding=…)` d'abord, puis `.{0}()` sur ce qu'il renvoie.",
    r"AttributeError: '\w+' object has no attribute 'detect_encoding'": "`detect_encoding` est dans `books` : `books.detect_encoding(path)`.",
    r"TypeError: open\(\) argument 'encoding' must be str or None": "`encoding` veut ce que renvoie `books.detect_encoding(path)` : l'avez-vous appelé, avec ses parenthèses ?",
}


def _read_mistakes(content: list[str]) -> dict:
    """Les erreurs habituelles de 1.2, pour un fichier qui a ces lignes."""
    text = "".join(content)
    return {
        "C'est tout le texte d'un bloc : il faut la liste de ses lignes (`readlines`).": text,
        "Seule la première ligne est là : `readline` n'en lit qu'une, `readlines` les lit toutes.": content[0],
        "Les blancs des lignes ont disparu : ici on les lit telles quelles.": [line.strip() for line in content],
        "Les blancs de la fin des lignes ont disparu : ici on les lit telles quelles.": [
            line.rstrip() for line in content
        ],
        "La première ligne manque : a-t-elle été lue à part ?": content[1:],
        "Seule la première ligne est dans la liste : `readlines()` les lit toutes.": content[:1],
        "Ce sont des mots, non des lignes.": text.split(),
        "Les lignes vides ont disparu : elles séparent les paragraphes.": [line for line in content if line.strip()],
        "Une seule ligne, tout le texte : `readlines` renvoie les lignes, une à une.": [text],
        "Seule la dernière ligne est là : renvoyez-les toutes.": content[-1],
        "Ce sont des listes, une par ligne : il faut les lignes elles-mêmes.": [[line] for line in content],
        "La dernière ligne manque.": content[:-1],
        "L'ordre des lignes a changé.": content[::-1],
        "Ce sont des caractères, non des lignes : `readlines` renvoie les lignes.": list(text),
        "Le premier caractère est la marque d'un encodage : donnez à `open` celui que trouve `books.detect_encoding(path)`.": [
            "\ufeff" + content[0],
            *content[1:],
        ],
        "Les accents sont abîmés : donnez à `open` l'encodage que trouve `books.detect_encoding(path)`.": lambda found: (
            isinstance(found, list) and letters("".join(found)) == letters("".join(content))
        ),
    }


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
            lines_read = call(read_lines, path, errors=READ_ERRORS).value
            if lines_read in ([line.rstrip("\n") for line in content], text.split("\n")):
                continue  # sans leur « \n » : l'exercice 1.5 n'aura plus que les blancs à ôter
            expect(read_lines, path, expected=content, mistakes=_read_mistakes(content) | {HARD_CODED: lines})
        book = Path(temporary, "roman.txt")
        book.write_text("Il marchait.\n" * LONG, "utf-8")
        result = call(read_lines, book)
        if len(result.value) < LONG:
            raise Wrong(
                "Un livre a des milliers de lignes, et il n'en reste qu'une partie : renvoyez-les toutes.",
                result.call,
                f"{len(result.value)} lignes",
                f"{LONG} lignes",
            )
