"""Étape 3 : le modèle de base lit George Sand.

Le modèle sait déjà le français. On lui fait lire nos livres : à chaque token, il devine le suivant, se trompe, et ses
poids sont un peu corrigés. C'est l'apprentissage par transfert (fine-tuning).
"""

import math
import time
from pathlib import Path

import atelier.quiet  # avant TensorFlow, pour taire ses messages

import numpy as np
from datasets import DatasetDict, load_from_disk
from tensorflow import keras
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier import console, launch, models, settings
from atelier.models import choice, sizes, vocabulary
from atelier.models.gpt2 import GPT2
from atelier.text import corpus
from atelier.training import callbacks, distribution, pace, packing, runs, schedule

# 3.a À réfléchir : pour corriger un réseau, il faut la bonne réponse. Qui la donne ici ?

# 3.5 À essayer : changer la durée et la taille des lots, ici ou par `--epochs 2 --batch-size 16`.
# Qu'est-ce qui change ?
MINUTES = 10
BATCH_SIZE = 8

# 3.6 (bonus) À essayer : un taux d'apprentissage dix fois plus grand, puis dix fois plus petit. Que
# se passe-t-il ?
LEARNING_RATE = None  # None : choisi selon la taille du modèle
DROPOUT = 0.0  # rien n'est lu deux fois, ou presque : il n'y a pas de quoi apprendre par cœur, et le pas coûte moins cher


def parse_options():
    parser = console.argument_parser(
        "Étape 3 : entraîne le modèle de base sur les données de l'étape 1."
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes",
        type=console.number_option(float, above=0),
        metavar="M",
        help=f"durée de l'entraînement, évaluations et sauvegardes comprises ({MINUTES} par défaut)",
    )
    length.add_argument(
        "--epochs",
        type=console.number_option(int, minimum=1),
        metavar="N",
        help="lire N fois toutes les données",
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
        help=f"blocs de {packing.BLOCK_SIZE} tokens lus avant chaque correction des poids (%(default)s par défaut)",
    )
    parser.add_argument(
        "--learning-rate",
        type=console.number_option(float, above=0, maximum=1),
        default=LEARNING_RATE,
        metavar="T",
        help="taux d'apprentissage le plus haut (choisi selon la taille du modèle par défaut)",
    )
    parser.add_argument(
        "--freeze",
        type=console.number_option(int, minimum=0),
        default=0,
        metavar="N",
        help="geler les N premiers blocs : seuls les derniers apprennent",
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


def load_model(MODEL_NAME: Path, tokenizer_folder: Path) -> tuple[GPT2, PreTrainedTokenizerBase]:
    """Le modèle de base, et le tokenizer qui l'entraînera, accordés l'un à l'autre."""
    model = GPT2.from_pretrained(
        MODEL_NAME, resid_pdrop=DROPOUT, embd_pdrop=DROPOUT, attn_pdrop=DROPOUT
    )
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    vocabulary.adapt_embeddings(model, AutoTokenizer.from_pretrained(MODEL_NAME), tokenizer)
    vocabulary.set_end_of_text(model, tokenizer)
    return model, tokenizer


def show_summary(model: GPT2) -> None:
    """De quoi le modèle est fait."""
    # TODO 3.1 : Afficher le résumé du modèle : ses couches, le nombre de ses paramètres.
    # À utiliser : model.summary
    console.todo("3.1")
    print(
        f"La couche « transformer » empile {model.config.n_layer} blocs identiques, de largeur {model.config.n_embd}.\n"
    )


def load_data(folder: Path) -> DatasetDict:
    """Les données que l'étape 1 a enregistrées."""
    # TODO 3.3 : Relire, et rendre, les données enregistrées dans `folder`.
    # À utiliser : load_from_disk (datasets)
    console.todo("3.3")


# 3.b À réfléchir : pourquoi corriger les poids après un lot d'exemples, et non après chacun, ou
# après tous ?
def make_blocks(
    data: DatasetDict, tokenizer: PreTrainedTokenizerBase
) -> tuple[np.ndarray, np.ndarray]:
    """Les données en blocs de tokens : ceux d'entraînement, et quelques-uns de validation."""
    train_blocks = packing.pack(tokenizer, corpus.texts(data["train"]))
    eval_blocks = packing.pack(tokenizer, corpus.texts(data["validation"]))
    return train_blocks, callbacks.sample_blocks(eval_blocks)


def compile_model(
    model: GPT2, learning_rate: keras.optimizers.schedules.LearningRateSchedule, xla: bool = False
) -> None:
    """Comment le modèle se corrige. Sans `loss` : il décale lui-même les tokens d'un rang, et calcule la sienne."""
    # Un gradient écrêté à la norme 1 ne dépasse pas, en moyenne, 1/√(nombre de poids). Sous le quart de cela (`epsilon`), un poids ne
    # bouge plus qu'à proportion : ceux dont on a peu appris, comme les plongements des tokens rares, restent près de leur départ.
    epsilon = 0.25 / math.sqrt(model.count_params())
    optimizer = keras.optimizers.AdamW(
        learning_rate, weight_decay=0.001, epsilon=epsilon, global_clipnorm=1.0
    )
    optimizer.exclude_from_weight_decay(
        var_names=["bias", "gamma", "beta"]
    )  # seules les matrices gagnent à rester petites
    model.compile(optimizer=optimizer, jit_compile=xla)


def fit(
    model, tf_train_dataset, tf_eval_dataset, epochs: int, saver, *others
) -> keras.callbacks.History:
    """L'entraînement ; rend l'histoire des pertes que Keras a notée.

    `saver` garde le meilleur modèle ; `others`, les autres aides (callbacks), dont l'entraînement peut se passer.
    """
    # TODO 3.4 : Entraîner le modèle sur `tf_train_dataset`, `epochs` fois, en l'évaluant sur
    # `tf_eval_dataset`, avec `saver` ; rendre son histoire.
    # À utiliser : model.fit
    console.todo("3.4")


def chosen_steps(options, steps_per_epoch: float) -> int | None:
    """Combien de fois corriger les poids, si `--max-steps` ou `--epochs` le disent."""
    return options.max_steps or (options.epochs and math.ceil(options.epochs * steps_per_epoch))


def main() -> None:
    start = time.perf_counter()
    options = parse_options()
    strategy = distribution.strategy(options)
    resumed = runs.to_resume(options) if options.resume else None
    history = choice.history(resumed) if resumed else {}
    keras.utils.set_random_seed(options.seed)

    # 3.2 À essayer : un autre modèle français, `models.base_model("auteur/nom")` ou "mini". Sans
    # réseau : `--sizes`.
    MODEL_NAME = models.base_model(history.get("base_model"))
    # 3.c À réfléchir : comment choisir un modèle ?
    if options.sizes:
        sizes.show_sizes(MODEL_NAME)
        return

    folder = corpus.folder()
    with strategy.scope():
        model, tokenizer = load_model(MODEL_NAME, resumed or choice.tokenizer_to_train(MODEL_NAME))
    sizes.freeze(model, options.freeze)
    show_summary(model)
    data = load_data(folder)
    train_blocks, eval_blocks = make_blocks(data, tokenizer)
    tf_eval_dataset = packing.to_tf_dataset(eval_blocks, options.batch_size)
    steps_per_epoch = len(train_blocks) / options.batch_size
    print(
        f"{train_blocks.size} tokens d'entraînement : une époque fait {math.ceil(steps_per_epoch)} pas."
    )
    if resumed:
        runs.check_same_data(history, train_blocks.size)

    sizes.check_memory(model, options.batch_size * packing.BLOCK_SIZE)
    runs.check_disk(model)
    learning_rate = options.learning_rate or schedule.default_learning_rate(model)
    steps = chosen_steps(options, steps_per_epoch) or (not options.minutes and history.get("steps"))
    seconds = 60 * (options.minutes or MINUTES)
    with strategy.scope():
        rate = schedule.WarmupCosine(learning_rate)
        compile_model(
            model, rate, xla=pace.worth_compiling(model, options.batch_size, steps, seconds)
        )

    with runs.run_folder(resumed) as run:
        if not resumed:
            tokenizer.save_pretrained(run)
            model.save_weights(run / runs.START)
            chosen = {
                "batch_size": options.batch_size,
                "learning_rate": learning_rate,
                "freeze": options.freeze,
                "seed": options.seed,
            }
            loss_before = callbacks.evaluate(model, tf_eval_dataset)
            history = runs.new_history(
                choice.name(MODEL_NAME), chosen, train_blocks.size, loss_before
            )
        print(
            f"Perplexité avant l'entraînement : {console.decimal(callbacks.perplexity(history['val_loss'][0]))}"
        )

        batches = packing.shuffled_batches(train_blocks, options.batch_size, options.seed)
        machine_pace = pace.measure_pace(model, tokenizer, batches, tf_eval_dataset)
        backup = runs.Backup(model, run, history)
        first_step = backup.restore() if resumed else 0
        machine_pace.saving = backup.save()
        history["steps"] = steps = steps or first_step + machine_pace.steps_in(
            seconds - (time.perf_counter() - start)
        )
        rate.steps.assign(steps)
        runs.write_history(run, history)  # le plan est connu : une reprise le suivra
        share = 100 * steps / steps_per_epoch
        print(
            f"Entraînement de {steps} pas, soit {share:.0f} % d'une époque : environ {callbacks.duration(machine_pace.seconds_for(steps - first_step))}."
        )
        callbacks.warn_if_short(steps)

        if first_step < steps:
            rounds = max(1, callbacks.EVALUATIONS + 1 - len(history["val_loss"]))
            batches = packing.shuffled_batches(
                train_blocks, options.batch_size, options.seed, first_step
            )
            tf_train_dataset = packing.in_rounds(batches, math.ceil((steps - first_step) / rounds))
            fit(
                model,
                tf_train_dataset,
                tf_eval_dataset,
                rounds,
                runs.best_checkpoint(run, history),
                callbacks.StopOnNaN(),
                callbacks.StopAt(steps),
                callbacks.Losses(history),
                backup,
                callbacks.Progress(tokenizer, steps, options.batch_size * packing.BLOCK_SIZE),
            )
        runs.load_best(model, run)
        callbacks.pull_back(model, run / runs.START)
        history["final_val_loss"] = callbacks.evaluate(model, tf_eval_dataset)
        runs.save_run(model, tokenizer, run, history)

    losses = history["val_loss"][0], min(history["val_loss"]), history["final_val_loss"]
    before, best, after = (console.decimal(callbacks.perplexity(loss)) for loss in losses)
    print(
        f"Perplexité : {before} avant, {after} après ({best} au mieux : le modèle revient un peu vers son départ, pour oublier moins)."
    )
    print(f"La courbe : {run / 'loss.svg'}")
    print(f"Modèle enregistré dans {run}. Ensuite : {console.step(4)}")


if __name__ == "__main__":
    launch.run(main)
