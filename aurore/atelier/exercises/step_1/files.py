"""Un livre, d'Internet au fichier, et du fichier à ses lignes (1.1 et 1.2)."""

import tempfile
from pathlib import Path

from atelier.exercises.calls import HARD_CODED, Wrong, call, expect, show
from atelier.exercises.step_1.downloads import served, where_it_went

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
            "Quand le livre n'est pas à cette adresse (erreur 404), la fonction doit échouer ; sinon, personne ne saurait qu'il manque.",
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
                    "Ce sont des caractères, non des lignes : `readlines` renvoie les lignes.": list(text),
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
