"""Étape 1 : des livres du projet Gutenberg à un jeu de données de phrases.

Un réseau de neurones apprend à écrire en lisant. Avant de lui donner George Sand à lire, il faut trouver ses livres,
leur ôter ce qui n'est pas d'elle, et les couper en phrases.
"""

import random
import re
from pathlib import Path

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from tensorflow import keras

from atelier import books, cleaning, console, corpus, language, mirrors, naive_cut, sentences, settings

sentence_tokenizer = sentences.sentence_tokenizer()


def download_file(url: str, path: Path) -> None:
    """1.1 Télécharge le livre qui se trouve à l'adresse `url` dans le fichier `path`."""
    keras.utils.get_file(fname=path.name, origin=url, cache_dir=path.parent, cache_subdir="")


def read_lines(path: Path) -> list[str]:
    """1.2 Les lignes du livre. Les vieilles éditions ne sont pas en UTF-8 : `detect_encoding` le devine."""
    with open(path, encoding=books.detect_encoding(path)) as file:
        return file.readlines()


def remove_header(lines: list[str]) -> list[str]:
    """1.3 Ce qui suit la ligne « *** START OF … *** »."""
    for number, line in enumerate(lines):
        if books.START.match(line):
            return lines[number + 1 :]
    return lines


def remove_footer(lines: list[str]) -> list[str]:
    """1.4 Ce qui précède la ligne « *** END OF … *** » : après elle vient la licence, en anglais."""
    for number, line in enumerate(lines):
        if books.END.match(line):
            return lines[:number]
    return lines


def strip_lines(lines: list[str]) -> list[str]:
    """1.5 Les lignes sans les blancs ni le saut de ligne qui les terminent."""
    return [line.rstrip() for line in lines]


def join_lines(lines: list[str]) -> str:
    """1.6 Les lignes réunies en un seul texte."""
    return "\n".join(lines)


def split_text_to_list(text: str) -> list[str]:
    """1.7 Les phrases d'un paragraphe, par le PunktSentenceTokenizer de NLTK."""
    return sentence_tokenizer.tokenize(text)


def read_book(path: Path) -> list[list[str]]:
    """Du fichier aux phrases de chaque paragraphe : les exercices 1.2 à 1.7, dans l'ordre."""
    lines = read_lines(path)
    lines = remove_header(lines)
    lines = remove_footer(lines)
    lines = strip_lines(lines)
    text = join_lines(lines)
    paragraphs = cleaning.clean(text)
    language.check_french(paragraphs)
    return [split_text_to_list(paragraph) for paragraph in paragraphs]


def count(texts: list[str]) -> tuple[int, int]:
    """1.8 (bonus) Le nombre de phrases, et celui des mots : les suites de lettres ou de chiffres (« l'âme » en fait deux)."""
    return len(texts), sum(len(re.findall(r"\w+", text)) for text in texts)


def random_sentences(texts: list[str], number: int) -> list[str]:
    """1.9 (bonus) Quelques phrases au hasard : regarder ses données avant de leur faire confiance."""
    return random.sample(texts, min(number, len(texts)))


def parse_options():
    parser = console.argument_parser("Étape 1 : télécharge les livres, les nettoie, les coupe en phrases.")
    parser.add_argument(
        "--mirror", action="append", metavar="ADRESSE_OU_DOSSIER",
        help="site ou dossier disposé comme le projet Gutenberg ; répétée, l'option donne des miroirs à essayer dans l'ordre",
    )  # fmt: skip
    parser.add_argument("--offline", action="store_true", help="sans réseau : les livres déjà là, sinon les récits embarqués")
    parser.add_argument(
        "--naive-cut", action="store_true",
        help="montre seulement, livre par livre, ce que laisserait et perdrait une coupe à l'aveugle (50 premières lignes, 100 dernières)",
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    wanted = books.book_list(options.offline)
    library = mirrors.fetch_all(wanted, options.mirror or settings.MIRRORS, download_file)
    if options.naive_cut:
        naive_cut.show(library)
        return

    paragraphs_of = {}
    for book, path in library:
        try:
            paragraphs_of[book] = read_book(path)
        except console.AuroreError as error:
            print(f"  {book.title} ({book.id}) est laissé de côté : {error}")
            continue
        number_of_sentences, number_of_words = count([text for paragraph in paragraphs_of[book] for text in paragraph])
        print(f"  {book.title:<32} {number_of_sentences:>6} phrases {number_of_words:>8} mots")

    data = corpus.build(paragraphs_of.items())
    corpus.save_data(data)

    missing = len(wanted) - len(paragraphs_of)
    print(f"\n{len(paragraphs_of)} livres." + (f" Il en manque {missing} : voyez plus haut pourquoi." if missing else ""))
    for split in data:
        number_of_sentences, number_of_words = count(list(data[split]["text"]))
        print(f"  {split:<12} {number_of_sentences:>6} phrases {number_of_words:>8} mots")
    print("\nQuelques phrases au hasard :")
    for sentence in random_sentences(list(data["train"]["text"]), 5):
        print(f"  - {sentence}")
    print(f"\nDonnées enregistrées dans {settings.DATA}. Ensuite : {console.command('2_tokenize_solution.py')}")


if __name__ == "__main__":
    console.run(main)
