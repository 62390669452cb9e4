"""Étape 3 : le modèle de base lit George Sand.

Le modèle sait déjà le français. On lui fait lire nos livres : à chaque token, il devine le suivant, se trompe, et ses
poids sont un peu corrigés. C'est l'apprentissage par transfert (fine-tuning).
"""

import math
import time
from pathlib import Path

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
import numpy as np
from datasets import DatasetDict, load_from_disk
from tensorflow import keras
from transformers import AutoTokenizer, PreTrainedTokenizerBase, TFAutoModelForCausalLM, TFPreTrainedModel

from atelier import console, corpus, models, packing, settings, training


def parse_options():
    parser = console.argument_parser("Étape 3 : entraîne le modèle de base sur les données de l'étape 1.")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes", type=console.number(float, above=0), default=10, metavar="M",
        help="durée de l'entraînement, évaluations comprises (10 par défaut)",
    )  # fmt: skip
    length.add_argument("--epochs", type=console.number(int, minimum=1), metavar="N", help="lire N fois toutes les données")
    length.add_argument("--max-steps", type=console.number(int, minimum=1), metavar="N", help="s'arrêter après N pas")
    parser.add_argument(
        "--batch-size", type=console.number(int, minimum=1), default=8, metavar="N",
        help=f"blocs de {packing.BLOCK_SIZE} tokens lus avant chaque correction des poids (8 par défaut)",
    )  # fmt: skip
    parser.add_argument(
        "--learning-rate", type=console.number(float, above=0, maximum=1), metavar="T",
        help="taux d'apprentissage le plus haut (choisi selon la taille du modèle par défaut)",
    )  # fmt: skip
    parser.add_argument("--seed", type=console.number(int, 0, 2**32 - 1), default=settings.SEED, metavar="N", help="graine du hasard")
    return parser.parse_args()


def load_model(base: Path) -> tuple[TFPreTrainedModel, PreTrainedTokenizerBase]:
    """3.2 Le modèle de base, et le tokenizer de l'étape 2, accordés l'un à l'autre."""
    MODEL_NAME = str(base)
    model = TFAutoModelForCausalLM.from_pretrained(MODEL_NAME)
    tokenizer = AutoTokenizer.from_pretrained(models.tokenizer_to_train(base))
    models.adapt_embeddings(model, AutoTokenizer.from_pretrained(MODEL_NAME), tokenizer)
    models.set_end_of_text(model, tokenizer)
    return model, tokenizer


def load_data() -> DatasetDict:
    """3.3 Les données que l'étape 1 a enregistrées."""
    return load_from_disk(corpus.checked(settings.DATA))


def make_blocks(data: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> tuple[np.ndarray, np.ndarray]:
    """Les données en blocs de tokens : ceux d'entraînement, et quelques-uns de validation."""
    train_blocks = packing.pack(tokenizer, corpus.texts(data["train"]))
    eval_blocks = packing.pack(tokenizer, corpus.texts(data["validation"]))
    return train_blocks, training.sample_blocks(eval_blocks)


def compile_model(model: TFPreTrainedModel, learning_rate: float) -> None:
    """Comment le modèle se corrige. Sans `loss` : il décale lui-même les étiquettes et calcule la sienne."""
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=0.01, global_clipnorm=1.0))


def fit(model, tf_train_dataset, tf_eval_dataset, epochs: int, saver, *callbacks) -> dict[str, list[float]]:
    """3.4 L'entraînement ; rend les pertes de chaque époque (`loss` et `val_loss`)."""
    history = model.fit(
        tf_train_dataset,
        validation_data=tf_eval_dataset,
        epochs=epochs,
        callbacks=[saver, *callbacks],
        verbose=console.progress(),
    )
    return history.history


def chosen_steps(options, steps_per_epoch: int) -> int | None:
    """3.5 Combien de fois corriger les poids, si `--max-steps` ou `--epochs` le disent."""
    return options.max_steps or (options.epochs and options.epochs * steps_per_epoch)


def main() -> None:
    start = time.perf_counter()
    options = parse_options()
    keras.utils.set_random_seed(options.seed)

    data = load_data()
    base = models.base_model()
    model, tokenizer = load_model(base)
    train_blocks, eval_blocks = make_blocks(data, tokenizer)
    tf_train_dataset = packing.to_tf_dataset(train_blocks, options.batch_size, shuffle_seed=options.seed)
    tf_eval_dataset = packing.to_tf_dataset(eval_blocks, options.batch_size)
    print(f"{train_blocks.size} tokens d'entraînement : une époque fait {len(tf_train_dataset)} pas.")

    model.summary()  # 3.1
    training.check_disk(model)
    learning_rate = options.learning_rate or training.default_learning_rate(model)  # 3.6
    compile_model(model, learning_rate)
    loss_before, evaluation_seconds = training.evaluate(model, tf_eval_dataset)
    print(f"Perplexité avant l'entraînement : {console.decimal(training.perplexity(loss_before))}")

    deadline = start + options.minutes * 60 - evaluation_seconds
    steps = chosen_steps(options, len(tf_train_dataset)) or training.steps_that_fit(
        model, tf_train_dataset, deadline, evaluation_seconds
    )
    print(f"Entraînement de {steps} pas, soit {100 * steps / len(tf_train_dataset):.0f} % d'une époque.")
    epochs = math.ceil(steps / len(tf_train_dataset))
    with training.run_folder() as folder:
        saver = training.best_checkpoint(folder)
        losses = fit(
            model, tf_train_dataset.take(steps), tf_eval_dataset, epochs,
            saver, training.WarmupCosine(steps, learning_rate), training.StopOnNaN(),
        )  # fmt: skip
        chosen = {"batch_size": options.batch_size, "learning_rate": learning_rate, "seed": options.seed}
        training.save_run(model, tokenizer, folder, base_model=models.name(base), settings=chosen, steps=steps, **losses)

    before, after = (console.decimal(training.perplexity(loss)) for loss in (loss_before, min(losses["val_loss"])))
    print(f"Perplexité : {before} avant, {after} après.")
    print(f"Modèle enregistré dans {folder}. Ensuite : {console.command('4_generate_solution.py')}")


if __name__ == "__main__":
    console.run(main)
