"""La recette du modèle embarqué : de romans français à `aurore/mini`.

    python aurore/mini/pretrain.py ROMANS SORTIE

ROMANS est un dossier de fichiers texte, un paragraphe par ligne ; SORTIE, le dossier du modèle à écrire. Pour
`aurore/mini` : les 97 romans d'ELTeC-fra v1.0.1 (DOI 10.5281/zenodo.4662433), qui ne sont pas de George Sand.
"""

import os
import re
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from tensorflow import keras
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, PreTrainedTokenizerFast, TFGPT2LMHeadModel

from atelier.checkpoints import save_model
from atelier.typography import normalize

SEED = 1804
VOCAB_SIZE, CONTEXT = 8192, 256
LAYERS, WIDTH, HEADS = 6, 256, 8
BATCH_SIZE, EPOCHS = 8, 1
LEARNING_RATE, WARMUP_STEPS = 2e-3, 300
END_OF_TEXT = "<|endoftext|>"


def read_novel(path: Path) -> str:
    """Le roman dans la typographie de l'atelier, sans appels de note ni titres (lignes sans ponctuation finale)."""
    paragraphs = (normalize(re.sub(r"\s*\[[^\]]{0,40}\]\s*", " ", line)) for line in path.open(encoding="utf-8"))
    return "\n".join(p for p in paragraphs if re.search(r"[.!?…»:;,—]$", p) and re.search("[a-zà-ÿ]{2}", p))


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
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )


def pack(novels: list[str], tokenizer) -> np.ndarray:
    """Tous les romans bout à bout, séparés par la fin de texte, en blocs pleins : (nombre de blocs, CONTEXT)."""
    ids = np.concatenate([tokenizer.backend_tokenizer.encode(novel).ids + [tokenizer.eos_token_id] for novel in novels])
    return ids[: len(ids) // CONTEXT * CONTEXT].reshape(-1, CONTEXT).astype(np.int32)


def main(source: str, destination: str) -> None:
    keras.utils.set_random_seed(SEED)
    novels = [read_novel(path) for path in sorted(Path(source).glob("*.txt"))]
    tokenizer = train_tokenizer(novels)
    blocks = np.random.default_rng(SEED).permutation(pack(novels, tokenizer))
    steps = EPOCHS * (len(blocks) // BATCH_SIZE)
    print(f"{len(novels)} romans, {blocks.size} tokens, {steps} pas de {BATCH_SIZE} × {CONTEXT} tokens.", flush=True)

    config = GPT2Config(
        vocab_size=VOCAB_SIZE, n_positions=CONTEXT, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    model = TFGPT2LMHeadModel(config)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - WARMUP_STEPS, alpha=0.0, warmup_target=LEARNING_RATE, warmup_steps=WARMUP_STEPS
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.1, beta_2=0.95, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer=optimizer, jit_compile=True)  # la perte du modèle : il décale lui-même les étiquettes

    saver = keras.callbacks.ModelCheckpoint(f"{destination}.weights.h5", save_weights_only=True, save_freq=500)
    model.fit(
        {"input_ids": blocks, "labels": blocks}, batch_size=BATCH_SIZE, epochs=EPOCHS, steps_per_epoch=steps // EPOCHS,
        shuffle=False, callbacks=[saver],
    )  # fmt: skip
    save_model(model, tokenizer, Path(destination), dtype="float16")


if __name__ == "__main__":
    main(*sys.argv[1:])
