"""Ce que la recette lit : des romans nettoyés, un tokenizer appris d'eux, leurs tokens, et les lots qu'on en tire."""

import json
import random
from pathlib import Path

import numpy as np
from novels import novel_files, prepare, read
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from atelier.atomic import atomic_write
from atelier.errors import AuroreError

SEED = 1804
VOCAB_SIZE, CONTEXT, BATCH_SIZE = 8192, 256, 32
END_OF_TEXT = "<|endoftext|>"
HELD_OUT, VALIDATION_CHARACTERS = 4, 40_000  # romans que l'on ne lit pas ; ce que l'on prédit de chacun


def prepare_texts(state: Path, sources: list[Path], avoided: list[Path]) -> None:
    """Nettoie les romans, apprend le tokenizer, range les tokens : une fois pour toutes, dans `state/texts`."""
    if not novel_files(sources):
        raise AuroreError(
            f"Aucun roman n'est préparé dans {state} : dites où sont les romans, après le nom de ce dossier."
        )
    with atomic_write(state / "texts") as folder:
        folder.mkdir()
        novels, report = prepare(sources, {file.stem: "\n".join(read(file)) for file in novel_files(avoided)})
        held_out = random.Random(SEED).sample(sorted(novels), HELD_OUT)
        validation = {name: novels.pop(name)[:VALIDATION_CHARACTERS] for name in held_out}
        tokenizer = train_tokenizer(list(novels.values()))
        tokenizer.save_pretrained(folder / "tokenizer")
        end = tokenizer.eos_token_id
        ids = [np.array([end, *tokenizer(novel)["input_ids"], end], np.uint16) for novel in novels.values()]
        np.save(folder / "tokens.npy", np.concatenate(ids))
        np.save(folder / "lengths.npy", [len(novel) for novel in ids])
        (folder / "validation.json").write_text(json.dumps(validation), encoding="utf-8")
        report += [f"\nGardés pour la validation : {', '.join(held_out)}.", f"{sum(map(len, ids))} tokens à lire."]
        (folder / "report.md").write_text("\n".join(report), encoding="utf-8")
        print("\n".join(report), flush=True)


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


class Batches:
    """Les lots, dans un ordre qui ne dépend que de la graine et du numéro du pas : un arrêt n'y change rien.

    Une fenêtre de CONTEXT tokens, et celui qui la suit, est toute d'un même roman. D'une époque à l'autre, elles ne
    commencent pas au même endroit.
    """

    def __init__(self, folder: Path):
        self.tokens = np.load(folder / "tokens.npy", mmap_mode="r")
        self.ends = np.cumsum(np.load(folder / "lengths.npy"))
        self.starts = np.concatenate([[0], self.ends[:-1]])
        windows = np.maximum(self.ends - self.starts - CONTEXT, 0) // CONTEXT
        self.steps_of_an_epoch = int(windows.sum()) // BATCH_SIZE
        self.epoch = None

    def __getitem__(self, step: int) -> np.ndarray:
        epoch, place = divmod(step, self.steps_of_an_epoch)
        if epoch != self.epoch:
            chance = np.random.default_rng([SEED, epoch])
            shift = chance.integers(CONTEXT)
            places = [np.arange(start + shift, end - CONTEXT, CONTEXT) for start, end in zip(self.starts, self.ends)]
            self.epoch, self.order = epoch, chance.permutation(np.concatenate(places))
        chosen = self.order[place * BATCH_SIZE : (place + 1) * BATCH_SIZE]
        return self.tokens[chosen[:, None] + np.arange(CONTEXT + 1)].astype(np.int32)
