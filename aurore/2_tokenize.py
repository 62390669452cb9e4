"""Étape 2 : du texte aux nombres.

Un réseau de neurones ne connaît que des nombres. Le tokenizer coupe le texte en morceaux, les
tokens, et remplace chacun par son numéro dans un vocabulaire : son identifiant.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import atelier  # isort: skip (avant transformers, pour régler son environnement)

from datasets import load_from_disk
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier import console, launch, models, settings
from atelier.atomic import atomic_write
from atelier.models import vocabulary
from atelier.text import corpus, typography

VOCAB_SIZE = 52_000
EXAMPLE = "la bergère et le berger la bergerie et les bergers"
COST = """Ce que coûte un autre tokenizer : le modèle de base n'en connaît pas tous les tokens,
et devine donc moins bien au départ de l'étape 3."""


def load_tokenizer(model_name: str) -> PreTrainedTokenizerBase:
    """Le tokenizer avec lequel le modèle de base a été entraîné : l'un ne va pas sans l'autre."""
    # TODO 2.1 : Charger, et renvoyer, le tokenizer du modèle `model_name`.
    # À utiliser : AutoTokenizer.from_pretrained
    console.todo("2.1")


def simple_text() -> str:
    """Le texte que l'on va regarder de près."""
    # TODO 2.2 : Un texte simple, en français.
    # À utiliser : une chaîne de caractères
    text = console.todo("2.2")
    return text


def tokens_analysis(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Ce que le réseau reçoit à la place du texte : l'identifiant de chacun de ses tokens."""
    # TODO 2.3 : Les identifiants des tokens de `text`.
    # À utiliser : tokenizer(text), input_ids
    ids = console.todo("2.3")
    return ids


def vocabulary_of(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> list[str]:
    """Les tokens, tels que le vocabulaire les écrit."""
    # TODO 2.4 : Le token de chaque identifiant.
    # À utiliser : tokenizer.convert_ids_to_tokens
    names = console.todo("2.4")
    return names


def learn_merges(text: str, number: int) -> tuple[list[str], list[list[str]]]:
    """Le BPE (byte pair encoding), en tout petit : les tokens qu'il apprend, le texte ainsi coupé.

    Chaque mot part de ses lettres ; puis on soude, `number` fois, les deux morceaux qui se suivent
    le plus souvent. Le vrai part des 256 octets, et garde avec un mot l'espace qui le précède.
    """
    words, learnt = [list(word) for word in text.split()], []
    for _ in range(number):
        pairs = Counter(pair for word in words for pair in pairwise(word))
        left, right = max(pairs, key=pairs.get)
        learnt.append(left + right)
        for word in words:
            for place in range(len(word) - 1):
                if word[place : place + 2] == [left, right]:
                    word[place : place + 2] = [left + right]
    return learnt, words


def get_training_corpus(texts: list[str], batch_size: int = 1000) -> Iterator[list[str]]:
    """Les textes par paquets, l'un après l'autre, chacun préparé au moment où on le demande."""
    # TODO 2.5 : (bonus) Donner les textes, avec `yield`, par paquets de `batch_size` au plus.
    # À utiliser : yield, range(début, fin, pas), une tranche de liste
    console.todo("2.5")


def retrain(
    tokenizer: PreTrainedTokenizerBase, batches: Iterator[list[str]], vocab_size: int
) -> PreTrainedTokenizerBase:
    """Un tokenizer de la même espèce, dont le vocabulaire vient de nos textes."""
    # TODO 2.6 : (bonus) Entraîner, et renvoyer, un nouveau tokenizer de `vocab_size` tokens.
    # À utiliser : tokenizer.train_new_from_iterator
    console.todo("2.6")


def save_tokenizer(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Enregistre le tokenizer, et le relit : seul un fichier relu est un fichier sûr."""
    with atomic_write(settings.TOKENIZER) as folder:
        # TODO 2.7 : (bonus) Enregistrer le tokenizer dans `folder`, qui deviendra
        # `aurore/tokenizer`. Puis regarder ce qu'il contient.
        # À utiliser : tokenizer.save_pretrained
        console.todo("2.7")
    return AutoTokenizer.from_pretrained(settings.TOKENIZER)


def show(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    """Le texte tel que le réseau le reçoit, et tel que nous pouvons le lire."""
    text = typography.typed(text)  # comme les livres : « ’ » et « ' » ne font pas les mêmes tokens
    ids = tokens_analysis(tokenizer, text)
    print(f"\n« {text} » en {console.number(len(ids))} tokens :")
    print(f"  identifiants : {ids}")
    names = vocabulary_of(tokenizer, ids)
    print(f"  vocabulaire  : {names}")
    print(f"  lisibles     : {' | '.join(vocabulary.readable(tokenizer, ids))}")


def show_merges() -> None:
    """D'où viennent les tokens : cinq fusions, apprises sur un texte minuscule."""
    learnt, words = learn_merges(EXAMPLE, 5)
    print(
        "Un fichier est fait d'octets, des nombres de 0 à 255. Le vocabulaire les écrit à sa\n"
        "façon : Ġ est l'espace, Ã© les deux octets de « é ». Il part des 256 octets, donc aucun\n"
        "caractère n'est inconnu. Puis on soude, encore et encore, les deux morceaux qui se\n"
        "suivent le plus souvent. C'est le BPE.\n"
        f"\nCinq fusions, apprises sur « {EXAMPLE} » :"
    )
    print(f"  fusions      : {', '.join(learnt)}")
    print(f"  ainsi coupé  : {' | '.join(' '.join(word) for word in words)}")


def retrain_and_compare(old: PreTrainedTokenizerBase, vocab_size: int, text: str) -> None:
    """Réentraîne le tokenizer sur nos livres, et le compare à celui du modèle de base."""
    data = load_from_disk(corpus.folder())
    print(f"\n{COST}")
    print("Réentraînement du tokenizer sur les phrases d'entraînement…", flush=True)
    batches = get_training_corpus(list(data["train"]["text"]))
    new = save_tokenizer(retrain(old, batches, vocab_size))
    files = sorted(path.name for path in settings.TOKENIZER.iterdir())
    print(f"Enregistré dans {console.shown(settings.TOKENIZER)} : {', '.join(files)}.")
    show(new, text)
    print("\nSur un livre que le nouveau n'a pas lu (la partie « test ») :")
    for name, tokenizer in (("modèle de base", old), ("réentraîné", new)):
        per_word, whole = vocabulary.efficiency(tokenizer, data["test"]["text"])
        print(
            f"  {name:<15} {console.number(len(tokenizer)):>6} tokens au vocabulaire, "
            f"{console.number(per_word, 2)} tokens par mot, "
            f"{console.number(100 * whole)} % des mots entiers"
        )
    print(
        "\nL'étape 3 se servira du tokenizer réentraîné. Pour revenir à celui du modèle de base, "
        f"effacez {console.shown(settings.TOKENIZER)}."
    )


def parse_options():
    parser = console.argument_parser(
        "Étape 2 : montre le tokenizer du modèle de base et, si on le demande, le réentraîne."
    )
    parser.add_argument(
        "--text", metavar="TEXTE", help="le texte à couper en tokens : votre nom, une phrase à vous"
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="réentraîne le tokenizer sur les données de l'étape 1 ; l'étape 3 s'en servira, et "
        "partira de plus loin, car le modèle de base n'en connaît pas tous les tokens",
    )
    parser.add_argument(
        "--vocab-size",
        type=console.number_option(int, minimum=300),
        default=VOCAB_SIZE,
        metavar="N",
        help="taille du nouveau vocabulaire (%(default)s par défaut)",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    tokenizer = load_tokenizer(str(models.base_model()))
    text = simple_text() if options.text is None else options.text
    print(
        f"Le vocabulaire compte {console.number(len(tokenizer))} tokens ; le numéro "
        f"{tokenizer.eos_token_id}, {tokenizer.eos_token}, marque la fin d'un texte."
    )
    show(tokenizer, text)
    if options.text is None:
        show_merges()
        print(
            '\nPour essayer votre nom, ou une phrase : la même commande, avec --text "Votre nom".'
        )
    if options.retrain:
        retrain_and_compare(tokenizer, options.vocab_size, text)
    elif options.text is None:
        print("Pour un tokenizer appris sur nos livres : la même commande, avec --retrain.")
        print(COST)
    print(console.next_step(f"Ensuite : {console.step(3)}"))


if __name__ == "__main__":
    launch.run(main)
