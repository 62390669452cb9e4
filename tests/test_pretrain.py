"""La recette du modèle embarqué : elle survit à un arrêt brutal, ne touche pas à la tige, et ne lit que de la prose."""

import lzma
import random
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from forked import run_forked
from scripts import AURORE, environment
from transformers import AutoTokenizer, TFGPT2LMHeadModel

sys.path.insert(0, str(AURORE / "mini"))

import muon
import network
import novels
import pretrain
import texts

# La recette, en tout petit ; au pas DIES_AT, s'il est dit, le processus meurt comme d'une panne de courant.
RECIPE = f"""
import os, signal, sys
sys.path.insert(0, {str(AURORE / "mini")!r})
import pretrain, texts
texts.VOCAB_SIZE, texts.CONTEXT, texts.BATCH_SIZE = 300, 128, 2
texts.HELD_OUT, texts.VALIDATION_CHARACTERS = 1, 300
pretrain.LAYERS, pretrain.WIDTH, pretrain.HEADS = 1, 32, 2
pretrain.STEPS_OF_A_LINE, pretrain.STEPS_OF_A_VALIDATION, pretrain.SECONDS_OF_A_SAVE = 2, 1000, 0
pretrain.WARMUP_STEPS = 3
class Mortal(pretrain.Run):
    def learn(self, ids):
        if str(self.step) == os.environ.get("DIES_AT"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().learn(ids)
pretrain.Run = Mortal
if __name__ == "__main__":
    pretrain.main()
"""
WORDS = [
    start + end
    for start in "mar ton vil ber cour fon plai ran ches ger".split()
    for end in "eau ette in ie ons ure oir age".split()
]


def story(seed: int, sentences: int = 200) -> str:
    """Un roman de rien du tout, un paragraphe par ligne : des mots inventés, et quelques vrais entre eux."""
    a = random.Random(seed).choice
    return "\n".join(
        f"Le {a(WORDS)} de la {a(WORDS)} est dans une {a(WORDS)}, et les {a(WORDS)} vous {a(WORDS)}."
        for _ in range(sentences)
    )


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """De quoi lancer la recette sur trois romans et demi : `recipe("ETAT", …)`."""
    folder = tmp_path_factory.mktemp("pretrain")
    (folder / "novels").mkdir()
    (folder / "recipe.py").write_text(RECIPE, encoding="utf-8")
    for seed in range(3):
        (folder / "novels" / f"{seed}.txt").write_text(story(seed), encoding="utf-8")
    with lzma.open(folder / "novels" / "3.txt.xz", "wt", encoding="utf-8") as file:
        file.write(story(3))
    (folder / "avoided.txt").write_text(story(1)[:2000], encoding="utf-8")

    def launch(*options: str, **variables: str):
        done = run_forked(folder / "recipe.py", *options, variables=environment(folder, **variables), folder=folder)
        assert done.returncode == (-9 if variables else 0), done.stderr
        return re.findall(r"pas (\d+),.* perte ([\d.]+)", done.stdout)

    launch.folder = folder
    launch.whole = launch("whole", "novels", "--avoid", "avoided.txt", "--last-step", "8")
    return launch


def test_killed_it_goes_on_as_if_nothing_had_happened(recipe):
    (recipe.folder / "killed").mkdir()
    (recipe.folder / "killed" / "texts").symlink_to(recipe.folder / "whole" / "texts")
    before = recipe("killed", "--last-step", "8", DIES_AT="5")
    after = recipe("killed", "--last-step", "8")
    assert [*before, *after] == recipe.whole and len(before) == 2


def test_a_decay_leaves_the_stem_as_it_was(recipe):
    stem = recipe.folder / "whole" / "stem"
    before = {file.name: file.read_bytes() for file in stem.iterdir()}
    assert [step for step, _ in recipe("whole", "--decay", "4", "--to", "mini")] == ["10", "12"]
    assert {file.name: file.read_bytes() for file in stem.iterdir()} == before

    tokenizer = AutoTokenizer.from_pretrained(recipe.folder / "mini")
    model = TFGPT2LMHeadModel.from_pretrained(recipe.folder / "mini")
    assert tokenizer.eos_token == "<|endoftext|>" and tokenizer.eos_token_id == model.config.eos_token_id == 0
    ids = tf.constant([tokenizer(story(5, sentences=3))["input_ids"]])
    chance = np.log(len(tokenizer))
    assert tf.reduce_mean(model(ids, labels=ids).loss) < chance


def test_what_is_to_be_avoided_is_not_read(recipe):
    report = (recipe.folder / "whole" / "texts" / "report.md").read_text(encoding="utf-8")
    assert "1 écarté" in report and "Restent 3 livres" in report


def test_a_window_is_of_one_novel_and_an_epoch_reads_each_once(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "CONTEXT", 10)
    monkeypatch.setattr(texts, "BATCH_SIZE", 3)
    np.save(
        tmp_path / "tokens.npy",
        np.repeat([1, 2, 3], [200, 55, 95]).astype(np.uint16) * 1000 + np.arange(350, dtype=np.uint16),
    )
    np.save(tmp_path / "lengths.npy", [200, 55, 95])
    batches = texts.Batches(tmp_path)
    epoch = np.concatenate([batches[step] for step in range(batches.steps_of_an_epoch)])
    assert epoch.shape[1] == 11 and len(epoch) >= 27 and (np.ptp(epoch // 1000, axis=1) == 0).all()
    assert len(np.unique(epoch[:, :-1])) == epoch[:, :-1].size
    following = batches[batches.steps_of_an_epoch]
    assert not np.array_equal(following, batches[0]) and np.array_equal(following, batches[batches.steps_of_an_epoch])


def test_half_precision_computes_what_transformers_does(tokenizer, monkeypatch):
    for module, name, value in (
        (texts, "VOCAB_SIZE", 500),
        (texts, "CONTEXT", 32),
        (pretrain, "LAYERS", 2),
        (pretrain, "WIDTH", 32),
        (pretrain, "HEADS", 2),
    ):
        monkeypatch.setattr(module, name, value)
    model = pretrain.new_model()
    for variable in model.trainable_variables:
        variable.assign_add(tf.random.normal(variable.shape, stddev=0.1, seed=len(variable.name)))
    ids = tf.random.uniform((2, 33), maxval=500, dtype=tf.int32, seed=1)
    with tf.GradientTape() as tape:
        theirs = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(ids[:, 1:], model(ids[:, :-1]).logits))
    their_gradients = tape.gradient(theirs, model.trainable_variables)
    with tf.GradientTape() as tape:
        ours = network.loss(model, ids)
    assert float(ours) == pytest.approx(float(theirs), rel=0.01)
    for mine, other in zip(tape.gradient(ours, model.trainable_variables), their_gradients):
        assert tf.norm(mine - tf.convert_to_tensor(other)) < 0.03 * tf.norm(tf.convert_to_tensor(other))


def test_the_recipe_says_how_to_use_it():
    done = subprocess.run([sys.executable, AURORE / "mini" / "pretrain.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--decay" in done.stdout, done.stderr


def test_muon_gives_every_direction_about_the_same_length():
    chance = np.random.default_rng(1)
    for shape in (
        (32, 96),
        (3, 32, 96),
        (96, 32),
    ):  # les matrices carrées tirées au hasard ont des directions presque nulles
        matrices = tf.constant(chance.normal(size=shape), tf.float32)
        lengths = tf.linalg.svd(muon.orthogonal(matrices), compute_uv=False)
        assert 0.5 < tf.reduce_min(lengths) and tf.reduce_max(lengths) < 1.3


KNOWN = Counter(
    {
        word: 10
        for word in "le la les dans elle je vous une et il marchait sur route sans rien dire au vieux moulin pour de soir of".split()
    }
)
PROSE = "Il marchait sur la route, sans rien dire, et le soir elle vous attendait."


@pytest.mark.parametrize(
    ("paragraphs", "rule"),
    [
        (["Le vieux moulin"], "titre"),
        (["LE VIEUX MOULIN DE LA ROUTE."], "capitales"),
        (["Le 12/03/1847 : 15, 18, 21, 33."], "chiffres"),
        (["Il ma^chait s§r la ro~te, s@ns rien."], "signes"),
        (["She was not with the others of that night."], "autre langue"),
        (["Ie mnrchait fur ln ronte fnns ricn dirc, ct."], "mots inconnus"),
        (
            [
                "Le vieux moulin de la route,",
                "Sans rien dire au soir,",
                "Il marchait sur la route,",
                "Et le soir au moulin,",
            ],
            "vers",
        ),
        ([PROSE, PROSE], "déjà lu"),
    ],
)
def test_each_rule_drops_what_it_says_and_counts_it(paragraphs, rule):
    dropped = Counter()
    kept = novels.clean([*paragraphs, "— Il marchait sur la route."], KNOWN, dropped)
    assert kept[-1] == "— Il marchait sur la route." and len(kept) <= 2
    [name] = {name for name in dropped if isinstance(name, str)}
    assert rule in name and dropped[name, "mots"] > 0


def test_forgotten_marks_go_and_anonymous_people_stay():
    assert novels.without_marks("Le* *moment, dit _M. de ***_ [12].") == "Le moment, dit M. de *** ."


def test_two_editions_of_a_novel_are_seen():
    numbering = novels.Runs()
    runs = {name: numbering.of(text) for name, text in {"a": story(1), "b": story(2), "c": story(1)[:3000]}.items()}
    [(one, other, share)] = [pair for pair in novels.shared(runs) if pair[2] > novels.MOST_SHARED]
    assert (one, other) == ("a", "c") and share > 0.95
