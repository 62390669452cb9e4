"""Étape 3 : le modèle de base lit George Sand.

Le modèle sait déjà le français. On lui fait lire nos livres : à chaque token, il devine le suivant, se trompe, et ses
poids sont un peu corrigés. C'est l'apprentissage par transfert (fine-tuning).
"""

import math
import shutil
import time
from pathlib import Path

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from datasets import load_from_disk
from tensorflow import keras
from transformers import AutoTokenizer, TFAutoModelForCausalLM

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
    parser.add_argument("--seed", type=console.number(int, minimum=0), default=settings.SEED, metavar="N", help="graine du hasard")
    return parser.parse_args()


def load_model(base: Path):
    """Le modèle de base et le tokenizer de l'étape 2, accordés l'un à l'autre."""
    MODEL_NAME = str(base)  # 3.2
    model = TFAutoModelForCausalLM.from_pretrained(MODEL_NAME)
    tokenizer = AutoTokenizer.from_pretrained(models.tokenizer_to_train(base))
    models.adapt_embeddings(model, AutoTokenizer.from_pretrained(MODEL_NAME), tokenizer)
    models.set_end_of_text(model, tokenizer)
    return model, tokenizer


def main() -> None:
    start = time.perf_counter()
    options = parse_options()
    keras.utils.set_random_seed(options.seed)

    # Les données, en blocs de tokens.
    data = load_from_disk(corpus.checked(settings.DATA))  # 3.3
    base = models.base_model()
    model, tokenizer = load_model(base)
    train_blocks = packing.pack(tokenizer, corpus.texts(data["train"]))
    eval_blocks = training.sample_blocks(packing.pack(tokenizer, corpus.texts(data["validation"])))
    tf_train_dataset = packing.to_tf_dataset(train_blocks, options.batch_size, shuffle_seed=options.seed)
    tf_eval_dataset = packing.to_tf_dataset(eval_blocks, options.batch_size)
    print(f"{train_blocks.size} tokens d'entraînement : une époque fait {len(tf_train_dataset)} pas.")

    # Le modèle, et sa façon d'apprendre.
    model.summary()  # 3.1
    training.check_disk(model)
    learning_rate = options.learning_rate or training.default_learning_rate(model)  # 3.6
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=0.01, global_clipnorm=1.0)
    model.compile(optimizer=optimizer)  # sans `loss` : le modèle décale les étiquettes et calcule la sienne

    loss_before, evaluation_seconds = training.evaluate(model, tf_eval_dataset)
    print(f"Perplexité avant l'entraînement : {training.perplexity(loss_before):.1f}")

    # Combien de temps.
    if options.max_steps:
        steps = options.max_steps
    elif options.epochs:
        steps = options.epochs * len(tf_train_dataset)
    else:
        seconds_left = options.minutes * 60 - (time.perf_counter() - start) - evaluation_seconds
        steps = training.steps_that_fit(model, tf_train_dataset, seconds_left, evaluation_seconds)
        print(f"En {options.minutes:g} minutes, cette machine fait {steps} pas, ", end="")
        print(f"soit {steps / len(tf_train_dataset):.0%} d'une époque.")
    epochs = math.ceil(steps / len(tf_train_dataset))  # 3.5

    # L'entraînement.
    folder = training.new_run()
    try:
        saver = training.best_checkpoint(folder)
        schedule = training.WarmupCosine(steps, learning_rate)
        history = model.fit(  # 3.4
            tf_train_dataset.take(steps),
            validation_data=tf_eval_dataset,
            epochs=epochs,
            callbacks=[saver, schedule, training.StopOnNaN()],
            verbose=console.progress(),
        )
        training.save_run(
            model, tokenizer, folder,
            {
                "base_model": models.name(base),
                "settings": {"batch_size": options.batch_size, "learning_rate": learning_rate, "seed": options.seed},
                "steps": steps,
                "loss": history.history["loss"],
                "val_loss": history.history["val_loss"],
                "resumed_at": 0,
            },
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise

    loss_after, _ = training.evaluate(model, tf_eval_dataset)
    print(f"Perplexité : {training.perplexity(loss_before):.1f} avant, {training.perplexity(loss_after):.1f} après.")
    print(f"Modèle enregistré dans {folder}. Ensuite : python aurore/4_generate_solution.py")


if __name__ == "__main__":
    console.run(main)
