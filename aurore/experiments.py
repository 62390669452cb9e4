"""Comparer des réglages : le même modèle, les mêmes passages dans le même ordre, une chose changée à la fois.

Chaque entraînement part du modèle de base et lit autant de texte que les autres. Une image montre toutes les courbes.
"""

import argparse
import importlib
import time

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
        [
            ("10 fois plus petit", BATCH_SIZE, 0.1),
            ("par défaut", BATCH_SIZE, 1),
            ("10 fois plus grand", BATCH_SIZE, 10),
        ],
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
    """Un entraînement, dont l'avancement s'affiche ; renvoie ses réglages et ses pertes, comme `history.json`."""
    keras.utils.set_random_seed(settings.SEED)
    model, _ = step_3.load_model(base, base)
    rate = schedule.WarmupCosine(factor * schedule.default_learning_rate(model))
    step_3.compile_model(model, rate)
    options = {"learning_rate": float(f"{rate.peak:.2g}"), "batch_size": batch_size}
    history = histories.new(choice.name(base), options, model.evaluate(tf_eval_dataset, verbose=0))
    history["steps"] = READ // batch_size
    rate.plan(history["steps"])
    read = batches.shuffled(train_blocks, batch_size, settings.SEED)
    model.fit(
        batches.in_rounds(read, history["steps"] // EVALUATIONS),
        validation_data=tf_eval_dataset,
        epochs=EVALUATIONS,
        verbose=0,
        callbacks=[callbacks.Losses(history), callbacks.Progress(history, batch_size * batches.BLOCK_SIZE)],
    )
    return history


def run_trials(trials: list, base, train_blocks, tf_eval_dataset) -> list[dict]:
    """Les entraînements, l'un après l'autre, et le temps qu'il reste à en juger par les premiers."""
    measured, begun = [], time.perf_counter()
    for rank, (name, batch_size, factor) in enumerate(trials):
        left = (time.perf_counter() - begun) / max(1, rank) * (len(trials) - rank)
        until_the_end = f" (encore {console.duration(left)} environ pour finir)" if rank else ""
        print(f"\n{rank + 1} sur {len(trials)} : {name}{until_the_end}", flush=True)
        measured.append(trial(base, train_blocks, tf_eval_dataset, batch_size, factor))
    return measured


def show(trials: list, measured: list[dict]) -> None:
    """Une ligne par entraînement : ses réglages, ce qu'il a donné."""
    print(f"\n{'':<22}{'taux':>9}{'lots de':>9}{'pas':>6}   perplexité de validation")
    for (name, *_), history in zip(trials, measured):
        before, after = (curves.perplexity(history["val_loss"][place]) for place in (0, -1))
        rate, batch_size = history["settings"].values()
        print(
            f"  {name:<20}{console.exact(rate):>9}{batch_size:>9}{console.number(history['steps']):>6}   {before} avant, {after} après"
        )


def picture(experiment: str, measured: list[dict]) -> str:
    """Toutes les courbes sur une image, selon ce que chacun a lu."""
    title, _, trials = EXPERIMENTS[experiment]
    rates = [console.exact(history["settings"]["learning_rate"]) for history in measured]
    names, what = [name for name, *_ in trials], f"{READ} passages de {batches.BLOCK_SIZE} tokens lus chaque fois"
    if len(set(rates)) == 1:
        what += f", au taux {rates[0]}"
    else:
        names = [f"{rate} ({name})" if factor == 1 else rate for rate, (name, _, factor) in zip(rates, trials)]
    drawn = []
    for name, (_, batch_size, _), history in zip(names, trials, measured):
        read, evaluated = ([step * batch_size for step in history[steps]] for steps in ("loss_steps", "val_steps"))
        drawn.append(curves.Curve(name, read, history["loss"], evaluated, history["val_loss"]))
    return curves.picture(title, drawn, f"{measured[0]['base_model']} · {what}", unit="passages lus")


def what_next(trials: list, measured: list[dict]) -> str:
    """La suite : l'étape 3, avec le réglage qui l'emporte s'il n'est pas déjà le sien."""
    best = min(range(len(trials)), key=lambda rank: measured[rank]["val_loss"][-1])
    name, batch_size, factor = trials[best]
    options = []
    if factor != 1:
        options += ["--learning-rate", console.exact(measured[best]["settings"]["learning_rate"]).replace(",", ".")]
    if batch_size != BATCH_SIZE:
        options += ["--batch-size", str(batch_size)]
    if not options:
        return f"Ici, le réglage de l'étape 3 l'emporte (« {name} ») : elle s'en sert déjà. Ensuite : {console.step(3)}"
    return f"Ici, « {name} » l'emporte. Pour voir si cela dure : {' '.join([console.step(3), *options])}"


def main() -> None:
    experiment = parse_options().experiment
    title, distinct, trials = EXPERIMENTS[experiment]
    base, folder = models.base_model(), corpus.folder()
    tokenizer, data = AutoTokenizer.from_pretrained(base), corpus.load_data(folder)
    train_blocks = batches.sample_blocks(step_3.pack(tokenizer, corpus.texts(data["train"])), distinct)
    eval_blocks = batches.sample_blocks(step_3.pack(tokenizer, corpus.texts(data["validation"])))

    again = f", les mêmes {len(train_blocks)} relus" if len(train_blocks) < READ else ""
    print(
        f"{title} : trois entraînements, {READ} passages de {batches.BLOCK_SIZE} tokens lus chaque fois{again}. Quelques minutes…",
        flush=True,
    )
    measured = run_trials(trials, base, train_blocks, batches.in_order(eval_blocks, BATCH_SIZE))
    path = settings.MODELS / f"{experiment}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        partial.write_text(picture(experiment, measured), encoding="utf-8")
    show(trials, measured)
    print(
        f"{READING[experiment]}\nLes courbes, à ouvrir dans un navigateur : {console.shown(path)}\n{what_next(trials, measured)}"
    )


if __name__ == "__main__":
    launch.run(main)
