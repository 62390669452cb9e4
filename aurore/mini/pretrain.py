"""La recette du modèle embarqué : de romans français, qui ne sont pas de George Sand, à `aurore/mini`.

    python aurore/mini/pretrain.py ETAT ROMANS… --avoid TEXTES…         commence, ou reprend où l'on s'était arrêté
    python aurore/mini/pretrain.py ETAT                                 reprend : les textes sont déjà préparés
    python aurore/mini/pretrain.py ETAT --decay 2000 --to SORTIE        un modèle fini, d'après une copie de l'état

ROMANS : des dossiers de romans d'ELTeC (un paragraphe par ligne), ou des fichiers du projet Gutenberg, que le nettoyage de
l'étape 1 prépare. TEXTES : ce dont ils ne doivent rien contenir. README.md, à côté, dit lesquels ont servi.

Le taux d'apprentissage monte, reste constant, puis descend (WSD ; Hu et al., « MiniCPM », 2024). La partie constante, la tige,
n'a pas de fin prévue : elle s'arrête et se reprend à volonté, et tout ce qu'elle sait est dans ETAT. La descente part d'une
copie ; la tige peut continuer ensuite.
"""

import json
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from atelier.quiet import keras, tf

import numpy as np
import texts
from muon import Muon
from network import loss
from transformers import AutoTokenizer, GPT2Config, TFGPT2LMHeadModel

from atelier import console, launch
from atelier.atomic import restored
from atelier.errors import AuroreError
from atelier.models.export import save_model
from atelier.training import curves
from atelier.writing import evaluation

LAYERS, WIDTH, HEADS = 6, 384, 6
LEARNING_RATE, WARMUP_STEPS = 4e-3, 100
STEPS_OF_A_LINE, STEPS_OF_A_VALIDATION = 50, 1000
SECONDS_OF_A_SAVE = 180
LONGEST_STEP = 10.0  # secondes : un pas plus long est un processus que l'on avait suspendu


# ── Le modèle ──


def new_model() -> TFGPT2LMHeadModel:
    """Un GPT-2 neuf. Ce qui s'ajoute aux états part d'autant plus petit que les blocs sont nombreux, comme chez OpenAI."""
    config = GPT2Config(
        vocab_size=texts.VOCAB_SIZE,
        n_positions=texts.CONTEXT,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = TFGPT2LMHeadModel(config)
    model.build_in_name_scope()
    for variable in model.trainable_variables:
        if "c_proj/weight" in variable.name:
            variable.assign(variable / (2 * LAYERS) ** 0.5)
    return model


class WarmupStableDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Le taux monte en WARMUP_STEPS pas, puis ne change plus ; à partir du pas `start`, il descend à zéro en `steps` pas.

    Il descend vite, puis lentement (un moins une racine carrée : Hägele et al., « Scaling laws beyond fixed durations », 2024).
    """

    start = steps = 0

    def __call__(self, step) -> tf.Tensor:
        step = tf.cast(step, tf.float32)
        rate = LEARNING_RATE * tf.minimum((step + 1) / WARMUP_STEPS, 1.0)
        if self.steps:
            rate *= 1 - tf.sqrt(tf.clip_by_value((step - self.start) / self.steps, 0.0, 1.0))
        return rate


# ── L'entraînement ──


class History(tf.train.experimental.PythonState):
    """Ce qui s'est passé jusqu'ici, enregistré avec les poids : l'un ne peut pas être en avance sur l'autre."""

    def __init__(self):
        self.losses = []  # à chaque pas depuis la dernière ligne
        self.lines = []  # [pas, perte moyenne depuis la ligne d'avant, secondes de calcul depuis le début]
        self.validations = []  # [pas, bits par octet, perte en nats par token]
        self.decay = None  # [pas où la descente commence, nombre de ses pas]
        self.seconds = 0.0

    def serialize(self) -> str:
        return json.dumps(
            {name: getattr(self, name) for name in ("losses", "lines", "validations", "decay", "seconds")}
        )

    def deserialize(self, text: str) -> None:
        vars(self).update(json.loads(text))


class Run:
    """Un entraînement et tout ce qu'il faut pour le reprendre : les poids, l'optimiseur, qui compte les pas, et l'histoire."""

    def __init__(self, state: Path, folder: Path):
        keras.utils.set_random_seed(texts.SEED)
        prepared = state / "texts"
        self.batches = texts.Batches(prepared)
        self.tokenizer = AutoTokenizer.from_pretrained(prepared / "tokenizer")
        self.validation = json.loads((prepared / "validation.json").read_text(encoding="utf-8"))
        self.model, self.history, self.schedule = new_model(), History(), WarmupStableDecay()
        self.optimizer = Muon(self.schedule, global_clipnorm=1.0)
        self.optimizer.build(self.model.trainable_variables)
        self.checkpoint = tf.train.Checkpoint(model=self.model, optimizer=self.optimizer, history=self.history)
        self.manager = tf.train.CheckpointManager(self.checkpoint, folder, max_to_keep=2)
        self.resume(self.manager.latest_checkpoint)

    def resume(self, saved: str | None) -> None:
        if saved:
            self.checkpoint.restore(saved).assert_consumed()
        self.saved_at = time.monotonic()

    @property
    def step(self) -> int:
        return int(self.optimizer.iterations)

    def decay(self, stem: str | None, steps: int) -> None:
        """Prépare la descente : d'après la tige, ou, si elle avait commencé, là où elle s'était arrêtée."""
        if not self.history.decay:
            if not stem:
                raise AuroreError("Rien n'est encore appris : lancez d'abord la recette sans --decay.")
            self.resume(stem)
            self.history.decay = [self.step, steps]
        self.schedule.start, self.schedule.steps = self.history.decay

    @tf.function(autograph=False)
    def learn(self, ids: tf.Tensor) -> tf.Tensor:
        """Un pas : la perte du lot, son gradient, une correction des poids."""
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            value = loss(self.model, ids)
        self.optimizer.apply_gradients(zip(tape.gradient(value, variables), variables))
        return value

    def train(self, last_step: float = math.inf) -> None:
        """Apprend jusqu'au pas `last_step`, et s'arrête aussi bien avant : il enregistre souvent."""
        while self.step < last_step:
            start = time.monotonic()
            self.history.losses.append(float(self.learn(self.batches[self.step])))
            self.history.seconds += min(time.monotonic() - start, LONGEST_STEP)
            if self.step % STEPS_OF_A_LINE == 0 or self.step == last_step:
                self.report()
            if self.step % STEPS_OF_A_VALIDATION == 0 or self.step == last_step:
                self.validate()
            if self.step == last_step or time.monotonic() - self.saved_at > SECONDS_OF_A_SAVE:
                self.manager.save()
                self.saved_at = time.monotonic()

    def report(self) -> None:
        mean, seconds, tokens = (
            float(np.mean(self.history.losses)),
            round(self.history.seconds),
            self.step * texts.BATCH_SIZE * texts.CONTEXT,
        )
        self.history.lines.append([self.step, mean, seconds])
        self.history.losses = []
        print(f"pas {self.step}, {tokens / 1e6:.2f} M de tokens, {seconds} s : perte {mean:.4f}", flush=True)

    def validate(self) -> None:
        score = evaluation.score(self.model, self.tokenizer, list(self.validation.values()))
        self.history.validations.append([self.step, score.bits_per_byte, math.log(score.perplexity_per_token)])
        print(
            f"pas {self.step} : {score.bits_per_byte:.4f} bits par octet sur les romans gardés pour la validation",
            flush=True,
        )

    def picture(self) -> str:
        """La perte, ligne après ligne, et celle des romans gardés pour la validation."""
        (steps, losses, _), (validation_steps, _, validation_losses) = (
            zip(*self.history.lines),
            zip(*self.history.validations),
        )
        curve = curves.Curve("mini", list(steps), list(losses), list(validation_steps), list(validation_losses))
        tokens = self.step * texts.BATCH_SIZE * texts.CONTEXT / 1e6
        return curves.picture(
            "Un petit modèle apprend le français des romans", [curve], f"{tokens:.0f} millions de tokens lus"
        )


def parse_options():
    parser = console.argument_parser(
        "La recette du modèle embarqué : lit des romans français, et s'arrête et se reprend à volonté."
    )
    parser.add_argument("state", type=Path, metavar="ETAT", help="le dossier où est tout ce qu'il faut pour reprendre")
    parser.add_argument(
        "novels",
        type=Path,
        nargs="*",
        metavar="ROMANS",
        help="la première fois : des dossiers d'ELTeC, des fichiers Gutenberg",
    )
    parser.add_argument(
        "--avoid", type=Path, nargs="+", default=[], metavar="TEXTE", help="ce dont les romans ne doivent rien contenir"
    )
    parser.add_argument(
        "--last-step",
        type=int,
        default=math.inf,
        metavar="N",
        help="s'arrête de soi-même à ce pas (jamais, par défaut)",
    )
    parser.add_argument(
        "--decay", type=int, metavar="N", help="fait descendre le taux en N pas, sur une copie, et écrit le modèle"
    )
    parser.add_argument("--to", type=Path, metavar="SORTIE", help="le dossier du modèle fini")
    options = parser.parse_args()
    if bool(options.decay) != bool(options.to):
        parser.error("--decay et --to vont ensemble")
    return options


def main() -> None:
    options = parse_options()
    if not restored(options.state / "texts").exists():
        texts.prepare_texts(options.state, options.novels, options.avoid)
    stem = options.state / "stem"
    if not options.decay:
        Run(options.state, stem).train(options.last_step)
        return
    run = Run(options.state, options.state / f"decay-{options.to.name}")
    run.decay(tf.train.latest_checkpoint(stem), options.decay)
    run.train(last_step=sum(run.history.decay))
    save_model(run.model, run.tokenizer, options.to, dtype="float16")
    (options.to / "loss.svg").write_text(run.picture(), encoding="utf-8")


if __name__ == "__main__":
    launch.run(main)
