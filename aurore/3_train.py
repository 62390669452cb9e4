"""Étape 3 : le modèle de base lit George Sand.

Le modèle sait déjà le français. On lui fait lire nos livres : à chaque token, il devine le suivant,
se trompe, et ses poids sont un peu corrigés. C'est le réglage fin (fine-tuning), une forme
d'apprentissage par transfert. Les mots de cette étape :

  poids       les nombres qui composent le modèle, et que l'entraînement corrige
  passage     une suite de 128 tokens, que le modèle lit d'un coup
  lot         les passages lus avant de corriger les poids (batch)
  pas         un lot lu, une correction (step)
  époque      tous les livres lus une fois (epoch)
  perte       à quel point le modèle se trompe quand il devine le token suivant (loss)
  perplexité  la même chose, plus parlante : à 40, il hésite comme devant un dé à 40 faces
  taux        la taille de chaque correction : le taux d'apprentissage (learning rate)
  plongement  les nombres par lesquels le modèle se représente un token (embedding)
"""

from collections.abc import Iterable
from pathlib import Path

import atelier.quiet  # avant TensorFlow, pour taire ses messages

import numpy as np
from datasets import DatasetDict, load_from_disk
from tensorflow import keras
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier import console, launch, models, settings
from atelier.models import choice, sizes, vocabulary
from atelier.models.gpt2 import GPT2  # le TFGPT2LMHeadModel de transformers, en plus rapide
from atelier.text import corpus
from atelier.training import batches, runs, schedule

BLOCK_SIZE = batches.BLOCK_SIZE  # tokens d'un passage, que le modèle lit d'un coup
DROPOUT = 0.0  # sur plusieurs époques, essayez 0.1 : le modèle apprend alors moins par cœur

# 3.a À réfléchir : pour corriger un réseau, il faut la bonne réponse. Qui la donne ici ?


def load_model(base: Path, tokenizer_folder: Path) -> tuple[GPT2, PreTrainedTokenizerBase]:
    """Le modèle de base, et le tokenizer qui coupera nos livres, accordés l'un à l'autre."""
    model = GPT2.from_pretrained(base, resid_pdrop=DROPOUT, embd_pdrop=DROPOUT, attn_pdrop=DROPOUT)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    vocabulary.adapt_embeddings(model, AutoTokenizer.from_pretrained(base), tokenizer)
    vocabulary.set_end_of_text(model, tokenizer)
    return model, tokenizer


def show_summary(model: GPT2) -> None:
    """De quoi le modèle est fait."""
    # TODO 3.1 : Afficher le résumé du modèle : ses couches, le nombre de ses paramètres.
    # À utiliser : model.summary
    console.todo("3.1")
    layers, width = model.config.n_layer, model.config.n_embd
    print(
        f"Le « transformer » de ce résumé empile {layers} couches identiques. Chaque token y est\n"
        f"représenté par {width} nombres : c'est la largeur du modèle."
    )
    print("Params, ce sont ses paramètres : ses poids.\n")


# 3.2 À essayer : un autre modèle. Dans `main`, écrire `models.base_model("auteur/nom")`.

# 3.b À réfléchir : comment choisir un modèle ?


def load_data(folder: Path) -> DatasetDict:
    """Les données que l'étape 1 a enregistrées."""
    # TODO 3.3 : Relire, et renvoyer, les données enregistrées dans `folder`.
    # À utiliser : load_from_disk (datasets)
    console.todo("3.3")


def pack(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> np.ndarray:
    """Coupe les textes en passages de BLOCK_SIZE identifiants : (passages, BLOCK_SIZE).

    Compléter chaque phrase jusqu'à la plus longue de son lot gaspillerait la moitié du calcul. On
    met donc les textes bout à bout, une fin de texte après chacun (elle s'apprend comme un autre
    token), et l'on coupe en passages égaux. Seul le dernier, incomplet, se perd.
    """
    ids = []
    for text in texts:
        ids += tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]
    number_of_blocks = len(ids) // BLOCK_SIZE
    whole = ids[: number_of_blocks * BLOCK_SIZE]
    return np.array(whole, np.int32).reshape(number_of_blocks, BLOCK_SIZE)


def make_blocks(data: DatasetDict, tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Les données en passages : ceux d'entraînement, et quelques-uns de validation.

    `corpus.texts` recolle les phrases que l'étape 1 a coupées : un livre se lit d'un seul tenant.
    """
    train_blocks = pack(tokenizer, corpus.texts(data["train"]))
    eval_blocks = pack(tokenizer, corpus.texts(data["validation"]))
    return train_blocks, batches.sample_blocks(eval_blocks)


def compile_model(model: GPT2, learning_rate: keras.optimizers.schedules.LearningRateSchedule):
    """Comment le modèle se corrige.

    On ne donne pas de `loss` : le modèle calcule lui-même sa perte, en comparant chaque token qu'il
    devine à celui qui suit vraiment.
    """
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=0.01, global_clipnorm=1.0)
    # `weight_decay` retient les poids de grandir ; seules les matrices y gagnent.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer=optimizer)


# 3.c À réfléchir : pourquoi corriger les poids après un lot d'exemples, et non après chacun ?


def fit(model, tf_train_dataset, tf_eval_dataset, epochs: int, saver, *others):
    """L'entraînement ; renvoie l'historique des pertes, que Keras a noté.

    Keras appelle « époque » ce qui sépare deux évaluations : ici, un cinquième de l'entraînement.
    `saver` garde le meilleur modèle ; `others` : d'autres fonctions de rappel (callbacks), que
    `fit` appelle en chemin.
    """
    # TODO 3.4 : Appeler `model.fit` : les données d'entraînement, celles de validation, `epochs`,
    # et dans `callbacks`, `saver` suivi de `others`. Renvoyer l'historique, que `fit` renvoie.
    # À utiliser : model.fit
    console.todo("3.4")


def main() -> None:
    options = parse_options()
    runs.prepare(options)  # la graine du hasard ; avec --resume, l'entraînement à reprendre
    base = models.base_model(options.resume)
    if options.sizes:
        return sizes.show_sizes(base)

    # Le modèle, et nos livres en passages de 128 tokens.
    model, tokenizer = load_model(base, options.resume or choice.tokenizer_to_train(base))
    sizes.freeze(model, options.freeze)
    show_summary(model)
    data = load_data(corpus.folder())
    train_blocks, eval_blocks = make_blocks(data, tokenizer)

    # Comment il se corrige : un taux qui monte, puis redescend jusqu'au dernier pas.
    rate = schedule.WarmupCosine(options.learning_rate or schedule.default_learning_rate(model))
    compile_model(model, rate)

    # `run` s'occupe du reste : la place sur le disque, le nombre de pas, les sauvegardes, la
    # reprise. Il donne à `fit` les lots à lire, mélangés, en cinq tours, que Keras appelle des
    # époques. Le modèle est évalué à la fin de chaque tour.
    with runs.start(model, tokenizer, rate, train_blocks, eval_blocks, options) as run:
        fit(model, run.tf_train_dataset, run.tf_eval_dataset, run.rounds, run.saver, *run.callbacks)
        run.save()
    print(run.summary())


# 3.5 À essayer : avec mini, `--epochs 2`, puis `--batch-size 16`. Qu'est-ce qui change ?
MINUTES = 10
BATCH_SIZE = 8

# 3.6 (bonus) À essayer : un taux dix fois plus grand, puis dix fois plus petit.
LEARNING_RATE = None  # None : choisi selon la taille du modèle


def parse_options():
    parser = console.argument_parser(
        "Étape 3 : entraîne le modèle de base sur les données de l'étape 1."
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes",
        type=console.number_option(float, above=0),
        default=MINUTES,
        metavar="M",
        help="durée de l'entraînement, évaluations et sauvegardes comprises"
        " (%(default)s par défaut)",
    )
    length.add_argument(
        "--epochs",
        type=console.number_option(int, minimum=1),
        metavar="N",
        help="nombre d'époques : lire N fois toutes les données",
    )
    length.add_argument(
        "--max-steps",
        type=console.number_option(int, minimum=1),
        metavar="N",
        help="s'arrêter après N pas en tout",
    )
    parser.add_argument(
        "--batch-size",
        type=console.number_option(int, minimum=1),
        default=BATCH_SIZE,
        metavar="N",
        help=f"passages de {BLOCK_SIZE} tokens lus avant chaque correction des poids"
        " (%(default)s par défaut)",
    )
    parser.add_argument(
        "--learning-rate",
        type=console.number_option(float, above=0, maximum=1),
        default=LEARNING_RATE,
        metavar="T",
        help="taux d'apprentissage, à son plus haut (par défaut, choisi selon la taille du modèle)",
    )
    parser.add_argument(
        "--freeze",
        type=console.number_option(int, minimum=0),
        default=0,
        metavar="N",
        help="geler les N premières couches : seules les dernières apprennent",
    )
    parser.add_argument(
        "--seed",
        type=console.number_option(int, 0, 2**32 - 1),
        default=settings.SEED,
        metavar="N",
        help="graine du hasard",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="reprendre le dernier entraînement interrompu, avec ses réglages",
    )
    parser.add_argument(
        "--sizes",
        action="store_true",
        help="montre seulement la taille du modèle, à côté d'autres GPT-2",
    )
    return parser.parse_args()


if __name__ == "__main__":
    launch.run(main)
