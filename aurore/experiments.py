"""Comparer des réglages : le même modèle, les mêmes passages dans le même ordre, une chose changée à la fois.

Chaque entraînement part du modèle de base et lit autant de texte que les autres. Une image montre toutes les courbes.
"""

import argparse
import importlib

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from tensorflow import keras
from transformers import AutoTokenizer

from atelier import console, launch, models, settings
from atelier.atomic import atomic_write
from atelier.models import choice
from atelier.text import corpus
from atelier.training import batches, callbacks, curves, schedule
from atelier.training import history as histories

step_3 = importlib.import_module("3_train_solution")  # un nom qui commence par un chiffre ne s'importe pas autrement

READ = 512  # passages, par entraînement
EPOCH = 128  # ceux d'une époque quand on ne corrige qu'à sa fin : au-delà, un lot aussi grand prendrait trop de mémoire
EVALUATIONS = 4
BATCH_SIZE = 8

# Le titre de chaque expérience, combien de passages différents on y lit, et ses entraînements : un nom, la taille des lots, et
# ce qui multiplie le taux d'apprentissage par défaut.
EXPERIMENTS = {
    "learning-rate": (
        "Trois taux d'apprentissage",
        READ,
        [("10 × plus petit", BATCH_SIZE, 0.1), ("par défaut", BATCH_SIZE, 1), ("10 × plus grand", BATCH_SIZE, 10)],
    ),
    "batch-size": ("Trois tailles de lot", READ, [("lots de 2", 2, 1), ("lots de 8", 8, 1), ("lots de 32", 32, 1)]),
    "updates": (
        "Quand corriger les poids ?",
        EPOCH,
        [("à chaque exemple", 1, 1), ("à chaque lot", BATCH_SIZE, 1), ("à chaque époque", EPOCH, 1)],
    ),
}

# Ce que l'on peut en conclure, et ce que l'on ne peut pas.
READING = {
    "learning-rate": "Plus la perplexité est basse, mieux c'est. Le meilleur taux dépend du modèle, et de la taille des lots.",
    "batch-size": "Plus la perplexité est basse, mieux c'est. Le taux est le même pour tous, ce qui dessert les grands lots : "
    "ils font moins de corrections, et en supporteraient de plus grandes.",
    "updates": "Plus la perplexité est basse, mieux c'est. Le taux est le même pour tous, ce qui dessert qui corrige rarement.",
}


def parse_options() -> argparse.Namespace:
    parser = console.argument_parser(
        "Compare des réglages de l'étape 3 sur un petit entraînement, et dessine leurs courbes."
    )
    parser.add_argument(
        "experiment", choices=EXPERIMENTS, metavar="EXPÉRIENCE", help=f"ce qui change : {', '.join(EXPERIMENTS)}"
    )
    return parser.parse_args()


def trial(base, train_blocks, tf_eval_dataset, batch_size: int, factor: float) -> dict:
    """Un entraînement ; renvoie ses pertes, comme `history.json`."""
    keras.utils.set_random_seed(settings.SEED)
    model, _ = step_3.load_model(base, base)
    rate = schedule.WarmupCosine(factor * schedule.default_learning_rate(model))
    steps = READ // batch_size
    rate.steps.assign(steps)
    step_3.compile_model(model, rate)
    history = histories.new(choice.name(base), {}, model.evaluate(tf_eval_dataset, verbose=0)) | {"steps": steps}
    read = batches.shuffled(train_blocks, batch_size, settings.SEED)
    model.fit(
        batches.in_rounds(read, steps // EVALUATIONS),
        validation_data=tf_eval_dataset,
        epochs=EVALUATIONS,
        verbose=0,
        callbacks=[callbacks.Losses(history)],
    )
    return history


def main() -> None:
    experiment = parse_options().experiment
    title, distinct, trials = EXPERIMENTS[experiment]
    base, folder = models.base_model(), corpus.folder()
    tokenizer, data = AutoTokenizer.from_pretrained(base), corpus.load_data(folder)
    train_blocks = batches.sample_blocks(step_3.pack(tokenizer, corpus.texts(data["train"])), distinct)
    eval_blocks = batches.sample_blocks(step_3.pack(tokenizer, corpus.texts(data["validation"])))
    tf_eval_dataset = batches.in_order(eval_blocks, BATCH_SIZE)

    what = f"{READ} passages de {batches.BLOCK_SIZE} tokens lus chaque fois"
    again = f", les mêmes {len(train_blocks)} relus" if len(train_blocks) < READ else ""
    print(f"{title} : trois entraînements, {what}{again}. Quelques minutes…", flush=True)
    drawn = []
    for name, batch_size, factor in trials:
        history = trial(base, train_blocks, tf_eval_dataset, batch_size, factor)
        before, after = (curves.perplexity(history["val_loss"][place]) for place in (0, -1))
        print(
            f"  {name:<18} {console.number(history['steps']):>4} pas   perplexité de validation {before} avant, {after} après",
            flush=True,
        )
        read, evaluated = ([step * batch_size for step in history[steps]] for steps in ("loss_steps", "val_steps"))
        drawn.append(curves.Curve(name, read, history["loss"], evaluated, history["val_loss"]))

    path = settings.MODELS / f"{experiment}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        partial.write_text(
            curves.picture(title, drawn, f"{choice.name(base)} · {what}", unit="passages lus"), encoding="utf-8"
        )
    print(f"{READING[experiment]}\nLes courbes : {console.shown(path)}. Ouvrez-les dans un navigateur.")


if __name__ == "__main__":
    launch.run(main)
