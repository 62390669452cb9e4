"""Comparer des réglages : le même modèle, les mêmes blocs dans le même ordre, une chose changée à la fois.

Chaque essai part du modèle de base et lit autant de texte que les autres. Une image montre toutes les courbes.
"""

import argparse

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from tensorflow import keras
from transformers import AutoTokenizer

from atelier import catch_up, console, corpus, curves, models, packing, runs, schedule, settings, training
from atelier.gpt2 import GPT2
from atelier.whole import written_whole

EPOCH = 128  # blocs : de quoi corriger les poids une seule fois par époque sans attendre
EPOCHS = 4
BATCH_SIZE = 8

# Le nom de chaque essai, la taille de ses lots en blocs, et ce qui multiplie le taux d'apprentissage par défaut.
EXPERIMENTS = {
    "learning-rate": [("10 × plus petit", BATCH_SIZE, 0.1), ("par défaut", BATCH_SIZE, 1), ("10 × plus grand", BATCH_SIZE, 10)],
    "batch-size": [("lots de 2", 2, 1), ("lots de 8", 8, 1), ("lots de 32", 32, 1)],
    "updates": [("à chaque exemple", 1, 1), ("à chaque lot", BATCH_SIZE, 1), ("à chaque époque", EPOCH, 1)],
}
TITLES = {
    "learning-rate": "Trois taux d'apprentissage",
    "batch-size": "Trois tailles de lot",
    "updates": "Quand corriger les poids ?",
}


def parse_options() -> argparse.Namespace:
    parser = console.argument_parser("Compare des réglages de l'étape 3 sur un petit entraînement, et dessine leurs courbes.")
    parser.add_argument("experiment", choices=EXPERIMENTS, metavar="EXPÉRIENCE", help=f"ce qui change : {', '.join(EXPERIMENTS)}")
    return parser.parse_args()


def trial(base, train_blocks, tf_eval_dataset, batch_size: int, factor: float) -> dict:
    """Un essai ; rend ses pertes, comme `history.json`."""
    keras.utils.set_random_seed(settings.SEED)
    model = GPT2.from_pretrained(base, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    rate = schedule.WarmupCosine(factor * schedule.default_learning_rate(model))
    steps = EPOCHS * len(train_blocks) // batch_size
    rate.steps.assign(steps)
    model.compile(optimizer=keras.optimizers.AdamW(rate, weight_decay=0.01, global_clipnorm=1.0))
    history = runs.new_history(models.name(base), {}, train_blocks.size, training.evaluate(model, tf_eval_dataset)) | {"steps": steps}
    batches = packing.shuffled_batches(train_blocks, batch_size, settings.SEED)
    model.fit(
        packing.in_rounds(batches, steps // EPOCHS), validation_data=tf_eval_dataset, epochs=EPOCHS, verbose=0,
        callbacks=[training.Losses(history)],
    )  # fmt: skip
    return history


def main() -> None:
    experiment = parse_options().experiment
    base, folder = models.base_model(), catch_up.data_folder()
    tokenizer, data = AutoTokenizer.from_pretrained(base), corpus.load_data(folder)
    train_blocks = training.sample_blocks(packing.pack(tokenizer, corpus.texts(data["train"])), EPOCH)
    eval_blocks = training.sample_blocks(packing.pack(tokenizer, corpus.texts(data["validation"])))
    tf_eval_dataset = packing.to_tf_dataset(eval_blocks, BATCH_SIZE)

    print(f"{TITLES[experiment]} : {EPOCHS} époques de {len(train_blocks)} blocs, soit {EPOCHS * train_blocks.size} tokens par essai.")
    drawn = []
    for name, batch_size, factor in EXPERIMENTS[experiment]:
        batch_size = min(batch_size, len(train_blocks))
        history = trial(base, train_blocks, tf_eval_dataset, batch_size, factor)
        before, after = (console.decimal(training.perplexity(history["val_loss"][place])) for place in (0, -1))
        print(f"  {name:<18} {history['steps']:>4} pas   perplexité de validation {before} avant, {after} après", flush=True)
        read, evaluated = ([step * batch_size for step in history[steps]] for steps in ("loss_steps", "val_steps"))
        drawn.append(curves.Curve(name, read, history["loss"], evaluated, history["val_loss"]))

    path = settings.MODELS / f"{experiment}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    subtitle = f"{models.name(base)} · {EPOCHS} époques de {len(train_blocks)} blocs de {packing.BLOCK_SIZE} tokens"
    with written_whole(path) as partial:
        partial.write_text(curves.picture(TITLES[experiment], drawn, subtitle, unit="blocs lus"), encoding="utf-8")
    print(f"Les courbes : {path}")


if __name__ == "__main__":
    console.run(main)
