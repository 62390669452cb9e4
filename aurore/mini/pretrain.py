"""La recette du modèle embarqué : de romans français, qui ne sont pas de George Sand, à `aurore/mini`.

    python aurore/mini/pretrain.py SORTIE ROMANS…                     un modèle neuf
    python aurore/mini/pretrain.py SORTIE ROMANS… --start MODELE      poursuit l'apprentissage d'un modèle

ROMANS : des dossiers de romans d'ELTeC-fra (un paragraphe par ligne), ou des fichiers du projet Gutenberg, que le
nettoyage de l'étape 1 prépare. README.md, à côté, dit lesquels ont servi, et les commandes.
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import atelier.quiet

import numpy as np
from tensorflow import keras
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, GPT2Config, PreTrainedTokenizerFast, TFGPT2LMHeadModel

from atelier.models.export import save_model
from atelier.text import books, cleaning
from atelier.text.typography import normalize
from atelier.training.packing import pack

SEED = 1804
VOCAB_SIZE, CONTEXT = 8192, 256
LAYERS, WIDTH, HEADS = 6, 256, 8
BATCH_SIZE = 8
WARMUP_STEPS = 300
END_OF_TEXT = "<|endoftext|>"


def read_novels(sources: list[Path]) -> list[str]:
    """Les romans dans la typographie de l'atelier, un paragraphe par ligne."""
    return [
        novel
        for source in sources
        for novel in (map(read_eltec, sorted(source.glob("*.txt"))) if source.is_dir() else [read_gutenberg(source)])
    ]


def read_eltec(path: Path) -> str:
    """Sans appels de note ni titres (lignes sans ponctuation finale)."""
    paragraphs = (normalize(re.sub(r"\s*\[[^\]]{0,40}\]\s*", " ", line)) for line in path.open(encoding="utf-8"))
    return "\n".join(p for p in paragraphs if re.search(r"[.!?…»:;,—]$", p) and re.search("[a-zà-ÿ]{2}", p))


def read_gutenberg(path: Path) -> str:
    return "\n".join(cleaning.clean(books.author_text(path)))


def train_tokenizer(novels: list[str]) -> PreTrainedTokenizerFast:
    """Un BPE d'octets, comme celui de GPT-2 ; `<|endoftext|>` y porte l'identifiant 0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCAB_SIZE, special_tokens=[END_OF_TEXT], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(novels, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "attention_mask"],  # d'éventuels token_type_ids s'ajouteraient aux plongements
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )


def new_model(tokenizer: PreTrainedTokenizerFast) -> TFGPT2LMHeadModel:
    return TFGPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCAB_SIZE,
            n_positions=CONTEXT,
            n_embd=WIDTH,
            n_layer=LAYERS,
            n_head=HEADS,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("destination", type=Path)
    parser.add_argument("novels", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    options = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    novels = read_novels(options.novels)
    tokenizer = AutoTokenizer.from_pretrained(options.start) if options.start else train_tokenizer(novels)
    model = TFGPT2LMHeadModel.from_pretrained(options.start) if options.start else new_model(tokenizer)
    blocks = np.random.default_rng(SEED).permutation(pack(tokenizer, novels, CONTEXT))
    steps = len(blocks) // BATCH_SIZE
    print(f"{len(novels)} romans, {blocks.size} tokens, {steps} pas de {BATCH_SIZE} × {CONTEXT} tokens.", flush=True)

    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - WARMUP_STEPS, alpha=0.0, warmup_target=options.learning_rate, warmup_steps=WARMUP_STEPS
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.1, beta_2=0.95, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer=optimizer, jit_compile=True)  # la perte du modèle : il décale lui-même les étiquettes

    saver = keras.callbacks.ModelCheckpoint(f"{options.destination}.weights.h5", save_weights_only=True, save_freq=500)
    model.fit(
        {"input_ids": blocks, "labels": blocks},
        batch_size=BATCH_SIZE,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=1,
        callbacks=[saver],
    )
    save_model(model, tokenizer, options.destination, dtype="float16")


if __name__ == "__main__":
    main()
