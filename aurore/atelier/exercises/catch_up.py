"""Ne pas rester en arrière : ce qui tient lieu d'une étape qu'on n'a pas faite."""

import subprocess
import sys

from atelier import console, exercises, settings
from atelier.console import command, variable
from atelier.errors import AuroreError
from atelier.models import choice
from atelier.settings import DATA
from atelier.text import books, corpus


def catch_up(step: str) -> None:
    """Met en place ce que les étapes précédentes auraient donné à l'étape `step`. Les fichiers de la personne ne changent pas."""
    if step not in tuple("12345"):
        raise AuroreError(f"Il n'y a pas d'étape {step} à préparer. Choisissez-en une de 1 à 5.")
    if step > "1":
        _catch_up_data()
    if step > "2":
        _catch_up_tokenizer()
    if step > "3":
        _catch_up_model()
    print(f"\nTout est en place, et vos fichiers n'ont pas changé. Ensuite : {command(exercises.stub_of(step).name)}")


def _catch_up_data() -> None:
    """Les données que fait la solution, des livres déjà téléchargés ; celles qui sont là, si ce sont déjà celles de ces livres."""
    here, embedded = books.book_list(offline=True), books.embedded()
    kept, already = _books_of_the_data(), f"Données : celles qui sont déjà dans {console.shown(DATA)}"
    if kept == {book.id for book in here}:
        print(f"{already} ({len(kept)} livres). Pour les refaire, effacez ce dossier.")
        return
    if here == embedded and kept - {book.id for book in embedded}:
        print(f"{already} ; leurs livres ne sont plus là pour les refaire.")
        return
    print("Données : la solution de l'étape 1 les prépare, en une quinzaine de secondes…", flush=True)
    done = subprocess.run([sys.executable, exercises.solution_of("1"), "--offline"], stdout=subprocess.DEVNULL)
    if done.returncode:
        raise AuroreError(
            "La solution de l'étape 1 a échoué, et dit pourquoi ci-dessus. Relancez ; si cela recommence, "
            f"relancez avec {variable('AURORE_DEBUG', '1')} pour voir d'où vient l'erreur."
        )
    kind = "récits embarqués, faute de livres téléchargés" if here == embedded else "livres"
    print(f"Données : {len(here)} {kind}, {console.number(len(corpus.load_data()['train']))} phrases d'entraînement.")


def _books_of_the_data() -> set[str]:
    """Les livres des données enregistrées ; aucun si elles manquent, ou sont abîmées."""
    try:
        return set(corpus.load_data()["train"]["book"])
    except AuroreError:
        return set()


def _catch_up_tokenizer() -> None:
    if folder := choice.retrained_tokenizer():
        print(
            f"Tokenizer : celui que vous avez réentraîné. Pour celui du modèle de base, effacez {console.shown(folder)}."
        )
    else:
        print("Tokenizer : celui du modèle de base.")
    name = settings.BASE_MODEL
    if choice.is_here(name):
        print(f"Modèle de base : {name}, qui est déjà là.")
    else:
        without = variable("AURORE_MODEL", "mini")
        print(f"Modèle de base : {name}, que l'étape 3 téléchargera. Pour s'en passer : {without}.")


def _catch_up_model() -> None:
    if folder := choice.latest_run():
        print(f"Modèle entraîné : {folder.name}.")
    else:
        training = command(exercises.solution_of("3").name, "--minutes", "3")
        print(f"Modèle entraîné : aucun, le modèle de base écrira. Pour en avoir un : {training}")
