"""Étape 1 : des livres du projet Gutenberg à un jeu de données de phrases.

Un réseau de neurones apprend à écrire en lisant. Avant de lui donner George Sand à lire, il faut
trouver ses livres, leur ôter ce qui n'est pas d'elle, et les couper en phrases.
"""

import random
import re
from pathlib import Path

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from datasets import DatasetDict
from tensorflow import keras

from atelier import console, errors, launch, settings
from atelier.text import books, cleaning, corpus, language, mirrors, naive_cut, sentences

# >>> 1.a À réfléchir : combien de texte a-t-il fallu à GPT-2 pour apprendre à écrire ?
# >>> Combien lui en donnons-nous ?
# OpenAI a fait lire à GPT-2, en anglais, 40 Go de pages web (WebText, Radford et al., 2019). Notre
# modèle de base part de ce GPT-2, et a lu ensuite 4 Go de pages en français (OSCAR). Nos onze
# livres font 6,6 Mo : six mille fois moins que WebText, six cents fois moins qu'OSCAR. C'est trop
# peu pour apprendre une langue, assez pour donner une manière à un modèle qui la connaît déjà.
# <<< 1.a

sentence_tokenizer = sentences.sentence_tokenizer()


def download_file(url: str, path: Path) -> None:
    """Télécharge le livre qui se trouve à l'adresse `url` dans le fichier `path`."""
    # >>> 1.1 Télécharger `url` dans le fichier `path`, ni à côté ni dans un sous-dossier.
    keras.utils.get_file(fname=path.name, origin=url, cache_dir=path.parent, cache_subdir="")
    # <<< 1.1


def read_lines(path: Path) -> list[str]:
    """Les lignes du livre.

    Les vieilles éditions ne sont pas en UTF-8 : `books.detect_encoding` trouve leur encodage.
    """
    # >>> 1.2 Ouvrir le livre dans son encodage, et renvoyer la liste de ses lignes.
    with open(path, encoding=books.detect_encoding(path)) as file:
        return file.readlines()
    # <<< 1.2


def remove_header(lines: list[str]) -> list[str]:
    """Ce qui suit la ligne « *** START OF … *** » ; toutes les lignes, si aucune ne dit cela."""
    # >>> 1.3 Ôter l'en-tête : renvoyer les lignes qui viennent après le repère START, c'est-à-dire
    # >>> après la première ligne pour laquelle `books.START.match(line)` est vrai.
    for number, line in enumerate(lines):
        if books.START.match(line):
            return lines[number + 1 :]
    return lines
    # <<< 1.3


def remove_footer(lines: list[str]) -> list[str]:
    """Ce qui précède la ligne « *** END OF … *** » : après elle vient la licence, en anglais."""
    # >>> 1.4 Ôter la licence : renvoyer les lignes qui viennent avant le repère END, c'est-à-dire
    # >>> avant la première ligne pour laquelle `books.END.match(line)` est vrai.
    for number, line in enumerate(lines):
        if books.END.match(line):
            return lines[:number]
    return lines
    # <<< 1.4


def strip_lines(lines: list[str]) -> list[str]:
    """Les mêmes lignes, sans le saut de ligne ni les blancs qui les terminent."""
    # >>> 1.5 Renvoyer une nouvelle liste, où chaque ligne a perdu les blancs de sa fin, mais non
    # >>> ceux de son début.
    return [line.rstrip() for line in lines]
    # <<< 1.5


def join_lines(lines: list[str]) -> str:
    """Les lignes réunies en un seul texte."""
    # >>> 1.6 Réunir les lignes, avec un saut de ligne entre l'une et l'autre.
    return "\n".join(lines)
    # <<< 1.6


def split_text_to_list(text: str) -> list[str]:
    """Les phrases d'un paragraphe."""
    # >>> 1.7 Renvoyer la liste des phrases de `text`, que trouve le découpeur de NLTK,
    # >>> `sentence_tokenizer`.
    return sentence_tokenizer.tokenize(text)
    # <<< 1.7


def read_book(path: Path) -> list[list[str]]:
    """Du fichier aux phrases de chaque paragraphe.

    Les exercices 1.2 à 1.7, dans l'ordre ; l'écran montre ce que fait chacun.
    """
    lines = read_lines(path)
    print(f"{console.number(len(lines)):>8}", end="", flush=True)
    lines = remove_header(lines)
    print(f"{console.number(len(lines)):>14}", end="", flush=True)
    lines = remove_footer(lines)
    print(f"{console.number(len(lines)):>14}", end="", flush=True)
    lines = strip_lines(lines)
    text = join_lines(lines)
    print(f"{console.number(len(text)):>12}", end="", flush=True)
    paragraphs = cleaning.clean(text)
    language.check_french(paragraphs)
    sentences_of = [split_text_to_list(paragraph) for paragraph in paragraphs]
    print(f"{console.number(sum(map(len, sentences_of))):>9}")
    return sentences_of


def count(texts: list[str]) -> tuple[int, int]:
    """Le nombre de phrases, et celui des mots.

    Un mot est ici une suite de lettres ou de chiffres : « l'âme » en fait deux.
    """
    # >>> 1.8 (bonus) Compter les phrases de la liste `texts`, puis leurs mots, et renvoyer les deux
    # >>> nombres.
    return len(texts), sum(len(re.findall(r"\w+", text)) for text in texts)
    # <<< 1.8


def random_sentences(texts: list[str], number: int) -> list[str]:
    """Quelques phrases au hasard : regarder ses données avant de leur faire confiance."""
    # >>> 1.9 (bonus) Tirer `number` phrases différentes de la liste `texts`, ou toutes s'il y en a
    # >>> moins.
    return random.sample(texts, min(number, len(texts)))
    # <<< 1.9


# >>> 1.b À réfléchir : pourquoi partager les données en trois, train, validation et test ?
# Le modèle apprend sur train. Sur validation, on compare les réglages, et l'on choisit à quel
# moment de l'entraînement le modèle était le meilleur. À force de choisir d'après ces phrases, on
# finit par s'y adapter. Test n'a servi à aucun choix : c'est le seul juge impartial.
# <<< 1.b


def show_result(data: DatasetDict) -> None:
    """Ce que contient chaque partie, et quelques phrases au hasard."""
    for split in data:
        number_of_sentences, number_of_words = count(list(data[split]["text"]))
        sentences_shown, words_shown = map(console.number, (number_of_sentences, number_of_words))
        print(f"  {split:<12} {sentences_shown:>7} phrases {words_shown:>9} mots")
    print("\nQuelques phrases au hasard :")
    for sentence in random_sentences(list(data["train"]["text"]), 5):
        print(f"  - {sentence}")


def parse_options():
    parser = console.argument_parser(
        "Étape 1 : télécharge les livres, les nettoie, les coupe en phrases."
    )
    parser.add_argument(
        "--mirror",
        action="append",
        metavar="ADRESSE_OU_DOSSIER",
        help="site ou dossier disposé comme le projet Gutenberg ; répétée, l'option donne des "
        "miroirs à essayer dans l'ordre",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="hors ligne : les livres déjà là, sinon les récits embarqués",
    )
    parser.add_argument(
        "--naive-cut",
        action="store_true",
        help="montre seulement, livre par livre, ce qui resterait en trop et ce qui serait perdu "
        "si l'on coupait à l'aveugle (50 premières lignes, 100 dernières)",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    wanted = books.book_list(options.offline)
    library = mirrors.fetch_all(wanted, options.mirror or settings.MIRRORS, download_file)
    if options.naive_cut:
        return naive_cut.show(library)

    print(f"  {'':<29}  lignes  sans en-tête  sans licence  caractères  phrases")
    paragraphs_of = {}
    for book, path in library:
        print(f"  {book.title:<29}", end="", flush=True)
        try:
            paragraphs_of[book] = read_book(path)
        except errors.AuroreError as error:
            print(f"\n  {book.title} ({book.id}) est laissé de côté : {error}")
    print(f"\n{len(paragraphs_of)} livres.")
    if len(paragraphs_of) < len(wanted):
        missing = len(wanted) - len(paragraphs_of)
        print(f"Il en manque {missing} : voyez plus haut pourquoi, puis relancez la même commande.")

    data = corpus.build(paragraphs_of.items())
    corpus.save_data(data)
    print(f"Données enregistrées dans {console.shown(settings.DATA)}.\n")
    try:
        show_result(data)
    finally:  # même si ses bonus ne sont pas faits
        print(console.next_step(f"\nEnsuite : {console.step(2)}"), flush=True)


if __name__ == "__main__":
    launch.run(main)
