"""Un entraînement et son dossier : ce qu'il faut avant `fit`, ce qui s'enregistre en chemin, ce qu'on garde à la fin.

La leçon est dans `3_train_solution.py` ; ici, ce qui tient la maison, et dont `start` est la porte.
"""

import hashlib
import itertools
import math
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from atelier.quiet import keras

import numpy as np

from atelier import settings
from atelier.atomic import atomic_write
from atelier.console import command, exact, next_step, number, shown, step, tell
from atelier.errors import AuroreError
from atelier.models import choice, sizes
from atelier.models.export import same_weights, save_model
from atelier.models.gpt2 import GPT2
from atelier.text import corpus
from atelier.training import batches, callbacks, distribution, pace
from atelier.training import history as histories
from atelier.training.backup import BEST, Backup, alone, best_checkpoint, check_disk, check_state
from atelier.training.curves import perplexity
from atelier.training.history import START, STATE

LANDMARK = "une époque des onze livres fait passer mini de 32 à 27"  # mesuré, avec les réglages par défaut


def prepare(options) -> None:
    """À faire avant tout calcul : l'heure, les machines, la graine et, avec --resume, les réglages de l'entraînement repris.

    `options.resume` devient le dossier du modèle dont cet entraînement était parti : une reprise ne demande rien au hub.
    """
    options.begun = time.perf_counter()
    options.models = distribution.use(options)
    if options.resume:
        options.resume = str(_to_resume(options) / START)
    keras.utils.set_random_seed(options.seed)


@contextmanager
def start(model, tokenizer, rate, train_blocks: np.ndarray, eval_blocks: np.ndarray, options) -> Iterator["Run"]:
    """L'entraînement que demandent `options`, prêt pour `fit` : nouveau ou, avec --resume, repris où il en était.

    Lève `AuroreError` s'il manque du texte, de la mémoire ou de la place sur le disque.
    """
    distribution.leave()
    if not len(train_blocks) or not len(eval_blocks):
        raise AuroreError(
            f"Trop peu de texte : il n'y a pas de quoi remplir un passage de {batches.BLOCK_SIZE} tokens. Relancez l'étape 1."
        )
    sizes.check_memory(model, options.batch_size * batches.BLOCK_SIZE)
    check_disk(model, options.models)
    folder = Path(options.resume).parent if options.resume else _new_folder(options.models)
    with alone(folder), kept_if_resumable(folder):
        run = Run(folder, model, tokenizer, rate, train_blocks, eval_blocks, options)
        run.plan()
        yield run


@contextmanager
def kept_if_resumable(folder: Path) -> Iterator[None]:
    """Si le bloc `with` échoue, ce dossier reste s'il contient de quoi reprendre, ou un modèle fini ; il s'efface sinon."""
    try:
        yield
    except BaseException as error:
        ended = "final_val_loss" in choice.history(folder)  # Ctrl-C pendant le ménage : le modèle, lui, est retenu
        if isinstance(error, callbacks.Diverged) or not (ended or is_unfinished(folder)):
            shutil.rmtree(folder, ignore_errors=True)
        elif not ended:
            with suppress(OSError, ValueError):  # la page le dira tout de suite ; sinon, quand plus rien ne s'écrira
                histories.write(folder, choice.history(folder) | {"interrupted": True})
            resume = command(Path(sys.argv[0]).name, "--resume")
            error.next_step = f"Pour reprendre cet entraînement où il en était : {resume}"  # que dira `launch.run`
        raise


class Run:
    """Un entraînement en cours, dans son dossier.

    Pour `fit` : `tf_train_dataset`, ce qui reste à lire, par tours ; `tf_eval_dataset` ; `rounds`, le nombre de tours, avec
    une évaluation à la fin de chacun ; `saver`, qui garde le meilleur modèle ; `callbacks`, le reste.
    """

    def __init__(self, folder: Path, model, tokenizer, rate, train_blocks, eval_blocks, options):
        self.folder, self.model, self.tokenizer, self.rate, self.options = folder, model, tokenizer, rate, options
        self.train_blocks = train_blocks
        self.tf_eval_dataset = batches.in_order(eval_blocks, options.batch_size)
        print(
            f"{number(train_blocks.size)} tokens d'entraînement : une époque fait {number(math.ceil(self.steps_per_epoch))} pas, "
            "et les lit tous une fois."
        )
        self.history = self._resumed() if options.resume else self._new()
        print(
            f"Perplexité avant l'entraînement : {perplexity(self.history['val_loss'][0])}. C'est entre combien de tokens, tous aussi "
            "probables, le modèle hésite : plus c'est bas, mieux c'est."
        )

    @property
    def steps_per_epoch(self) -> float:
        return len(self.train_blocks) / self.options.batch_size

    def _new(self) -> dict:
        """L'historique d'un entraînement qui commence ; le modèle dont il part s'enregistre, pour qu'une reprise le retrouve."""
        save_model(self.model, self.tokenizer, self.folder / START)
        options = self.options
        return histories.new(
            base_model=choice.name(Path(self.model.name_or_path)),
            settings={
                "batch_size": options.batch_size,
                "learning_rate": self.rate.peak,
                "freeze": options.freeze,
                "seed": options.seed,
            },
            loss_before=self.evaluate(),
            parameters=self.model.count_params(),
            tokens=self.train_blocks.size,
            data=self._fingerprint(),
            books=corpus.load_data(corpus.folder())["train"].unique("book"),
            block_size=batches.BLOCK_SIZE,
            began=time.time(),
        )

    def _resumed(self) -> dict:
        """L'historique d'un entraînement que l'on reprend. Lève `AuroreError` si le réseau ou les données ne sont plus les siens."""
        history = histories.completed(choice.history(self.folder))
        if history.get("parameters") != self.model.count_params():
            what = "le modèle que charge le script n'est pas celui avec quoi il a commencé"
        elif history.get("data") != self._fingerprint():
            what = f"les données ont changé depuis ({number(history['tokens'])} tokens alors, {number(self.train_blocks.size)} maintenant)"
        else:
            return history
        raise AuroreError(
            f"L'entraînement {self.folder.name} ne peut plus se reprendre : {what}. Pour en commencer un autre, ôtez --resume."
        )

    def _fingerprint(self) -> str:
        return hashlib.sha256(self.train_blocks.tobytes()).hexdigest()[:16]

    def evaluate(self) -> float:
        """La perte de validation, en nats par token."""
        return float(self.model.evaluate(self.tf_eval_dataset, verbose=0))

    def plan(self) -> None:
        """Mesure la machine, choisit le nombre de pas, et prépare ce que `fit` demande.

        Le taux est nul tant que l'on mesure ; une fois les pas comptés, il montera puis redescendra jusqu'au dernier.
        """
        options, history = self.options, self.history
        wanted, seconds = self._wanted_steps(), 60 * options.minutes
        if pace.worth_compiling(self.model, options.batch_size, wanted, seconds):
            self.model.jit_compile = True
        everything = batches.shuffled(self.train_blocks, options.batch_size, options.seed)
        print("Quelques pas à blanc, pour mesurer la vitesse de cette machine…", flush=True)
        measured = pace.measure_pace(self.model, self.tokenizer, everything, self.tf_eval_dataset)
        if not history["sentences"]:
            history["sentences"].append(callbacks.write(self.model, self.tokenizer, seed=0))
        print(f"Avant : « {history['sentences'][0]} »")
        backup = Backup(self.model, self.folder, history)
        done = backup.restore() if options.resume else 0
        saving = time.perf_counter()
        backup.save()
        measured.saving = time.perf_counter() - saving
        deadline = options.begun + seconds
        strategy = self.model.distribute_strategy
        # Plusieurs machines ne vont pas à la même vitesse, et doivent faire les mêmes pas.
        possible = int(distribution.mean(strategy, measured.steps_in(deadline - time.perf_counter())))
        steps = wanted or done + possible
        pace.plan(history, self.rate, steps, done)
        histories.write(self.folder, history)  # le plan est connu : une reprise le suivra
        left, rounds = max(0, steps - done), callbacks.evaluations_left(history)
        share = 100 * steps / self.steps_per_epoch
        pace.announce(steps, share, measured.seconds_for(left, rounds), not wanted, history["base_model"])

        self.rounds = rounds if left else 0
        length = longest = math.ceil(left / rounds)
        pacer = callbacks.Rounds(history, length)
        if not wanted and strategy.num_replicas_in_sync == 1:
            pacer, longest = pace.Revised(history, length, self.rate, measured, deadline), left
        self.tf_train_dataset = batches.in_rounds(everything.skip(done), longest)
        self.saver = best_checkpoint(self.folder, history)
        self.callbacks = [
            callbacks.StopOnNaN(),
            pacer,
            callbacks.Losses(history),
            callbacks.Progress(history, options.batch_size * batches.BLOCK_SIZE, self.tokenizer),
            backup,
        ]

    def _wanted_steps(self) -> int | None:
        """Les pas que demandent --max-steps, sinon --epochs, sinon le plan d'un entraînement repris ; None si le temps décide."""
        if self.options.max_steps:
            return self.options.max_steps
        if self.options.epochs:
            return math.ceil(self.options.epochs * self.steps_per_epoch)
        return None if _typed("--minutes") else self.history["steps"] or None

    def save(self) -> None:
        """Garde le meilleur moment : l'écrit dans le dossier, le relit, le compare, puis seulement le nomme dans `model/latest`."""
        history = self.history
        distribution.mean(self.model.distribute_strategy, 0)  # un rendez-vous : nulle machine ne part avant les autres
        if (self.folder / BEST).exists():
            self.model.load_weights(self.folder / BEST)
        if len(history["val_loss"]) == 1:  # repris pour finir avant sa première évaluation
            history["val_loss"].append(self.evaluate())
            history["val_steps"].append(history["steps"])
        save_model(self.model, self.tokenizer, self.folder)
        if not same_weights(self.model, GPT2.from_pretrained(self.folder)):
            raise AuroreError(
                f"Le modèle relu dans {shown(self.folder)} n'est pas celui qui a été écrit : il n'est pas retenu. Relancez l'étape 3."
            )
        histories.draw(self.folder, history)
        with atomic_write(self.options.models / "latest") as partial:
            partial.write_text(self.folder.name + "\n", encoding="utf-8")
        history["final_val_loss"] = min(history["val_loss"][1:])
        histories.write(self.folder, history)
        (self.folder / BEST).unlink(missing_ok=True)
        for leftover in (START, STATE.parent):
            shutil.rmtree(self.folder / leftover, ignore_errors=True)

    def summary(self) -> str:
        """Avant, après, et la suite."""
        before, *others = map(perplexity, self.history["val_loss"])
        best = int(np.argmin(self.history["val_loss"][1:]))
        moment = ""
        if others[best] != others[-1]:
            step_kept = number(self.history["val_steps"][1 + best])
            moment = f" ; le modèle gardé est celui du pas {step_kept}, et le dernier était à {others[-1]}"
        return (
            f"Perplexité de validation : {before} avant, {others[best]} après{moment}.\n"
            f"Plus c'est bas, mieux c'est. Pour comparer : {LANDMARK}.\n"
            f"La courbe, à ouvrir dans un navigateur : {shown(self.folder / 'loss.svg')}\n"
            f"Modèle enregistré dans {shown(self.folder)}."
        ) + next_step(f"\nEnsuite, l'examen : {command('evaluate.py')}\nPuis l'étape 4 : {step(4)}")


def unfinished() -> Path | None:
    """Le plus récent des entraînements qu'on peut reprendre, s'il y en a."""
    folders = [folder for folder in settings.MODELS.glob("*") if is_unfinished(folder)]
    return max(folders, key=lambda folder: (folder / "history.json").stat().st_mtime, default=None)


def is_unfinished(folder: Path) -> bool:
    try:
        return histories.unfinished(folder, choice.history(folder))
    except (OSError, ValueError):  # un historique abîmé : il n'y a rien à en tirer
        return False


def _to_resume(options) -> Path:
    """Le dossier de l'entraînement à reprendre, dont les réglages remplacent ceux d'`options`. Lève `AuroreError` s'il n'y en a pas."""
    folder = unfinished()
    if not folder:
        raise AuroreError(
            f"Aucun entraînement à reprendre dans {shown(settings.MODELS)}. Pour en commencer un, ôtez --resume."
        )
    if not (folder / START / "config.json").exists():
        raise AuroreError(
            f"L'entraînement {folder.name} ne peut plus se reprendre : le modèle dont il est parti n'est plus dans {folder / START}. "
            "Pour en commencer un autre, ôtez --resume."
        )
    check_state(folder)
    for name, value in choice.history(folder)["settings"].items():
        option = f"--{name.replace('_', '-')}"
        if getattr(options, name) != value and _typed(option):
            raise AuroreError(
                f"{option} ne se change pas en chemin : cet entraînement a commencé à {exact(value)}. Ôtez {option}, ou --resume."
            )
        setattr(options, name, value)
    tell(f"Reprise de l'entraînement {folder.name}, avec ses réglages.")
    return folder


def _typed(option: str) -> bool:
    """L'option est-elle sur la ligne de commande ?"""
    return any(word.split("=")[0] == option for word in sys.argv)


def _new_folder(models: Path) -> Path:
    """Un dossier neuf, nommé d'après l'heure (sans « : », que Windows refuse)."""
    if waiting := unfinished():
        tell(
            f"L'entraînement {waiting.name} n'est pas fini : --resume le reprend. Pour l'oublier, effacez {shown(waiting)}."
        )
    name = time.strftime("%Y-%m-%d_%Hh%Mm%S")
    for rank in itertools.count(1):
        folder = models / (name if rank == 1 else f"{name}-{rank}")
        with suppress(FileExistsError):  # deux entraînements ont commencé à la même seconde
            folder.mkdir(parents=True)
            return folder
