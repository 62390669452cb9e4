"""Étape 2 : du texte aux nombres.

Un réseau de neurones ne connaît que des nombres. Le tokenizer coupe le texte en morceaux, les tokens, et donne à chacun
son numéro dans un vocabulaire.
"""

from collections.abc import Iterator

import atelier  # noqa: F401  (avant transformers, pour régler son environnement)
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier import console, corpus, models, settings, tokens
from atelier.whole import written_whole

TEXT = "Bonjour Madame, je m'appelle George Sand. Et vous ?"  # 2.2


def load_tokenizer(model_name: str) -> PreTrainedTokenizerBase:
    """2.1 Le tokenizer avec lequel le modèle de base a été entraîné : l'un ne va pas sans l'autre."""
    return AutoTokenizer.from_pretrained(model_name)


def tokens_analysis(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[list[int], list[str]]:
    """2.3 et 2.4 Les identifiants des tokens du texte, puis ces tokens tels que le vocabulaire les écrit."""
    ids = tokenizer(text)["input_ids"]
    return ids, tokenizer.convert_ids_to_tokens(ids)


def get_training_corpus(texts: list[str], batch_size: int = 1000) -> Iterator[list[str]]:
    """2.5 (bonus) Les textes par paquets : `yield` les donne l'un après l'autre, sans tout copier en mémoire."""
    for start in range(0, len(texts), batch_size):
        yield texts[start : start + batch_size]


def retrain(tokenizer: PreTrainedTokenizerBase, texts: list[str], vocab_size: int) -> PreTrainedTokenizerBase:
    """2.6 (bonus) Un tokenizer de la même espèce, dont le vocabulaire vient de nos textes."""
    return tokenizer.train_new_from_iterator(get_training_corpus(texts), vocab_size)


def save_tokenizer(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """2.7 (bonus) L'enregistre dans `aurore/tokenizer`, et le relit : seul un fichier relu est un fichier sûr."""
    with written_whole(settings.TOKENIZER) as folder:
        tokenizer.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(settings.TOKENIZER)


def show(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    ids, names = tokens_analysis(tokenizer, text)
    print(f"\n« {text} » en {len(ids)} tokens :")
    print(f"  identifiants : {ids}")
    print(f"  vocabulaire  : {names}")
    print(f"  lisibles     : {' | '.join(tokens.readable(tokenizer, ids))}")


def parse_options():
    parser = console.argument_parser("Étape 2 : montre le tokenizer du modèle de base et, si on le demande, le réentraîne.")
    parser.add_argument("--retrain", action="store_true", help="réentraîne le tokenizer sur les données de l'étape 1")
    parser.add_argument(
        "--vocab-size", type=console.number(int, minimum=300), default=52_000, metavar="N",
        help="taille du nouveau vocabulaire (52000 par défaut)",
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    data = corpus.load_data() if options.retrain else None
    MODEL_NAME = str(models.base_model())
    tokenizer = load_tokenizer(MODEL_NAME)
    print(f"Vocabulaire de {len(tokenizer)} tokens ; la fin d'un texte est {tokenizer.eos_token} ({tokenizer.eos_token_id}).")
    show(tokenizer, TEXT)
    print(
        "Le vocabulaire écrit des octets, non des lettres : Ġ y est l'espace, Ã© les deux octets de « é » en UTF-8. Ainsi,\n"
        "256 signes suffisent pour n'importe quel texte, et aucun caractère n'est inconnu."
    )
    if not options.retrain:
        print(f"\nEnsuite : {console.command('3_train_solution.py')} (ou --retrain, pour un tokenizer appris sur nos livres)")
        return

    print("\nRéentraînement du tokenizer sur les phrases d'entraînement…", flush=True)
    new_tokenizer = save_tokenizer(retrain(tokenizer, list(data["train"]["text"]), options.vocab_size))
    show(new_tokenizer, TEXT)
    print("\nSur un livre que ni l'un ni l'autre n'a lu (la partie « test ») :")
    for name, candidate in (("modèle de base", tokenizer), ("réentraîné", new_tokenizer)):
        per_word, whole = tokens.efficiency(candidate, data["test"]["text"])
        print(f"  {name:<15} {len(candidate):>6} tokens au vocabulaire, {console.decimal(per_word, 2)} tokens par mot, {100 * whole:.0f} % des mots entiers")
    print(f"\nTokenizer enregistré dans {settings.TOKENIZER} : l'étape 3 s'en servira.")
    print(f"Ensuite : {console.command('3_train_solution.py')}")


if __name__ == "__main__":
    console.run(main)
