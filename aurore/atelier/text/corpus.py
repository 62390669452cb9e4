"""Le corpus : les phrases des livres, réparties en `train`, `validation` et `test`, écrites et relues."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from datasets import Dataset, DatasetDict, Features, Value, load_from_disk

from atelier.atomic import atomic_write, restored
from atelier.console import shown, step, tell
from atelier.errors import AuroreError
from atelier.settings import CACHE, DATA, EXCERPTS, SEED
from atelier.text import books
from atelier.text.books import Book
from atelier.text.cleaning import clean
from atelier.text.sentences import sentence_tokenizer

VALIDATION_SHARE = 0.1
FEATURES = Features(
    {"text": Value("string"), "book": Value("string"), "paragraph": Value("int32"), "position": Value("int32")}
)


def rows(book: Book, paragraphs: list[list[str]]) -> list[dict]:
    """Une ligne par phrase, dans l'ordre de lecture. `paragraphs` : les phrases de chaque paragraphe du livre."""
    sentences = [(number, sentence) for number, paragraph in enumerate(paragraphs) for sentence in paragraph]
    return [
        {"text": sentence, "book": book.id, "paragraph": number, "position": position}
        for position, (number, sentence) in enumerate(sentences)
    ]


def split_validation(book_rows: list[dict]) -> tuple[list[dict], list[dict]]:
    """Sépare un livre en (entraînement, validation) : un passage d'un seul tenant, d'un dixième des phrases.

    Tirer des phrases au hasard laisserait chacune à côté de sa voisine d'entraînement : le modèle, qui vient de lire
    le paragraphe, semblerait meilleur qu'il n'est. Le passage commence et finit avec un paragraphe.
    """
    length = round(len(book_rows) * VALIDATION_SHARE)
    start = random.Random(f"{SEED} {book_rows[0]['book']}").randrange(len(book_rows) - length)
    first, last = book_rows[start]["paragraph"], book_rows[start + length]["paragraph"]
    last = max(last, first + 1)
    train = [row for row in book_rows if not first <= row["paragraph"] < last]
    return train, [row for row in book_rows if first <= row["paragraph"] < last]


def build(library: Iterable[tuple[Book, list[list[str]]]]) -> DatasetDict:
    """Le `DatasetDict` de l'atelier. Lève `AuroreError` s'il manque de quoi entraîner ou de quoi évaluer."""
    splits = {"train": [], "validation": [], "test": []}
    for book, paragraphs in library:
        book_rows = rows(book, paragraphs)
        if book.split == "train":
            book_rows, validation_rows = split_validation(book_rows)
            splits["validation"] += validation_rows
        splits[book.split] += book_rows
    for split, split_rows in splits.items():
        if not split_rows:
            raise AuroreError(
                f"Aucune phrase pour « {split} » : il manque des livres. Relancez pour compléter les téléchargements, "
                "ou continuez sans eux : --offline prend les récits embarqués."
            )
    return DatasetDict({split: Dataset.from_list(content, features=FEATURES) for split, content in splits.items()})


def save_data(data: DatasetDict, folder: Path = DATA) -> None:
    """Écrit le corpus dans `folder` : l'ancien y reste jusqu'à ce que le nouveau soit entier."""
    with atomic_write(folder) as partial:
        data.save_to_disk(partial)


def exists(folder: Path = DATA) -> bool:
    """Y a-t-il un corpus dans `folder`, bon ou mauvais ?"""
    return (restored(folder) / "dataset_dict.json").exists()


def checked(folder: Path = DATA) -> Path:
    """Renvoie `folder` si `load_from_disk` peut y lire le corpus ; sinon lève `AuroreError`."""
    remedy = f"Lancez d'abord l'étape 1 : {step(1)}"
    if not exists(folder):
        raise AuroreError(f"Pas de données dans {shown(folder)}. {remedy}")
    try:
        data = load_from_disk(folder)
        complete = all(len(data[split]["text"]) for split in ("train", "validation", "test"))
    except Exception as error:
        raise AuroreError(f"Les données de {shown(folder)} sont abîmées ({type(error).__name__}). {remedy}") from error
    if not complete:
        raise AuroreError(f"Les données de {shown(folder)} sont incomplètes. {remedy}")
    return folder


def folder() -> Path:
    """Le dossier des données de l'étape 1 ou, si elle n'est pas faite, celui des récits embarqués. Dit lequel."""
    if exists():
        return checked()
    tell(
        f"Pas encore de données dans {shown(DATA)} : les récits embarqués en tiennent lieu. Pour de vrais livres : {step(1)}"
    )
    embedded = CACHE / f"extraits-{_fingerprint()}"
    try:
        return checked(embedded)
    except AuroreError:  # pas encore faites, ou abîmées
        save_data(build((book, _sentences(book)) for book in books.embedded()), embedded)
        return embedded


def _fingerprint() -> str:
    """Ce dont dépendent les données des récits embarqués : les récits, et le code qui les nettoie et les coupe."""
    sources = [*sorted(EXCERPTS.iterdir()), *sorted(Path(__file__).parent.rglob("*.*"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources if path.suffix != ".pyc")).hexdigest()[:12]


def _sentences(book: Book) -> list[list[str]]:
    """Les phrases de chaque paragraphe d'un livre déjà là."""
    return [sentence_tokenizer().tokenize(text) for text in clean(books.author_text(books.cached(book)))]


def load_data(folder: Path = DATA) -> DatasetDict:
    """Le corpus que l'étape 1 a enregistré, vérifié."""
    return load_from_disk(checked(folder))


def paragraphs(rows: Iterable[dict]) -> Iterator[str]:
    """Les paragraphes : leurs phrases rejointes par une espace."""
    for _, sentences in groupby(rows, key=lambda row: (row["book"], row["paragraph"])):
        yield " ".join(row["text"] for row in sentences)


def texts(rows: Iterable[dict]) -> Iterator[str]:
    """Les textes d'un seul tenant : un livre, ou ce qui en reste de part et d'autre du passage de validation.

    Un saut de ligne sépare les paragraphes.
    """
    # Dans un même texte, la position et le rang avancent ensemble : leur différence ne change pas.
    for _, followed in groupby(enumerate(rows), key=lambda one: (one[1]["book"], one[1]["position"] - one[0])):
        yield "\n".join(paragraphs(row for _, row in followed))
