"""Le décodeur de l'atelier, à côté de transformers (TensorFlow et PyTorch), de llama.cpp et de ce que permet la mémoire.

    python tests/bench/generation.py

GPT-2 small, poids au hasard, float32, une amorce de 16 tokens, 64 tokens de suite, sans hasard ; par `generate`, ou par le pipeline
pour un seul texte sous TensorFlow. Chaque côté est un processus, prêt une fois tout tracé ; ils écrivent tour à tour. Les rapports se
prennent dans un même tour, et la médiane des tours compte : d'une minute à l'autre, une machine partagée lit la mémoire du simple
au double. Les vitesses sont celles du tour le plus rapide. PyTorch demande `pip install torch`, llama.cpp `pip install
llama-cpp-python gguf` ; sans eux, leur ligne manque, et leur barre. Code 1 si une barre n'est pas atteinte.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "aurore"))
PROMPT, NEW, BATCHES, ROUNDS = 16, 64, (1, 8, 32), 7
TEXT = "Elle regarda longtemps la rivière, et le soir, elle se rappelait la maison."


def save_model(folder: Path) -> None:
    """GPT-2 small, et le tokenizer de mini : les textes ne veulent rien dire, ils coûtent ce que coûtent les vrais."""
    from transformers import AutoTokenizer, GPT2Config

    from atelier import settings
    from atelier.models import export
    from atelier.models.gpt2 import GPT2

    model = GPT2(GPT2Config(bos_token_id=None, eos_token_id=None))
    model.build_in_name_scope()
    export.save_model(model, AutoTokenizer.from_pretrained(settings.MINI), folder)


def prompts(size: int):
    import numpy as np

    return np.random.default_rng(size).integers(1, 8000, (size, PROMPT)).astype(np.int32)


OPTIONS = {"max_new_tokens": NEW, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}


def tensorflow_pipeline(model, folder: Path):
    from transformers import AutoTokenizer, pipeline

    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = tokenizer.decode(tokenizer(TEXT * 2)["input_ids"][:PROMPT])
    assert len(tokenizer(text)["input_ids"]) == PROMPT
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)
    return lambda: pipe(text, **OPTIONS)


def workshop(folder: Path):
    from atelier.models.gpt2 import GPT2

    model = GPT2.from_pretrained(folder)
    one = tensorflow_pipeline(model, folder)
    return lambda size: one() if size == 1 else model.generate(prompts(size), **OPTIONS)


def transformers(folder: Path):
    from transformers import TFGPT2LMHeadModel

    one = tensorflow_pipeline(TFGPT2LMHeadModel.from_pretrained(folder), folder)
    return lambda size: one()


def pytorch(folder: Path):
    import torch
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    return lambda size: model.generate(torch.from_numpy(prompts(size)).long(), **OPTIONS)


def llama(folder: Path):
    """Le même modèle au format GGUF, en float32 ; ses clés et ses noms sont ceux de gguf-py."""
    import gguf
    from llama_cpp import Llama
    from safetensors.numpy import load_file

    config, tokenizer = (json.loads((folder / name).read_text("utf-8")) for name in ("config.json", "tokenizer.json"))
    vocabulary = tokenizer["model"]["vocab"]
    tokens = [
        *sorted(vocabulary, key=vocabulary.get),
        *(f"<{id}>" for id in range(len(vocabulary), config["vocab_size"])),
    ]
    writer = gguf.GGUFWriter(folder / "model.gguf", "gpt2")
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    names = {
        "wte": "token_embd",
        "wpe": "position_embd",
        "ln_f": "output_norm",
        "h": "blk",
        "ln_1": "attn_norm",
        "ln_2": "ffn_norm",
    }
    names |= {"attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
    for name, weights in load_file(folder / "model.safetensors").items():
        if ".c_" in name and weights.ndim == 2:  # une « Conv1D » de transformers : la transposée d'une couche ordinaire
            weights = weights.T.copy()
        for theirs, its in sorted(names.items(), key=lambda pair: -len(pair[0])):
            name = name.removeprefix("transformer.").replace(f"{theirs}.", f"{its}.")
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model = Llama(
        str(folder / "model.gguf"), n_ctx=256, n_threads=os.cpu_count(), n_threads_batch=os.cpu_count(), verbose=False
    )

    def write(size: int) -> None:
        model.reset()
        for _, _ in zip(range(NEW), model.generate(prompts(1)[0].tolist(), temp=0.0)):
            pass

    return write


def memory(folder: Path):
    """Lire autant d'octets qu'il y en a dans les poids dont un token a besoin : tous, sauf les positions."""
    import tensorflow as tf
    from safetensors.numpy import load_file

    needed = sum(weights.size for name, weights in load_file(folder / "model.safetensors").items() if "wpe" not in name)
    read = tf.function(lambda weights: tf.reduce_sum(weights))
    weights = tf.random.normal([needed])
    return lambda size: [read(weights).numpy() for _ in range(NEW)]


SIDES = {
    "atelier": (workshop, BATCHES),
    "transformers": (transformers, (1,)),
    "PyTorch": (pytorch, BATCHES),
    "llama.cpp": (llama, (1,)),
    "mémoire": (memory, (1,)),
}
BARS = {("transformers", 1): 4.0, ("mémoire", 1): 0.6, ("PyTorch", 1): 1.1, ("PyTorch", 8): 1.3, ("PyTorch", 32): 1.3}


def work(side: str, folder: Path) -> None:
    """Un côté : prêt une fois tout tracé, il écrit un lot de la taille reçue, et dit combien de tokens par seconde."""
    import atelier.quiet

    prepare, sizes = SIDES[side]
    write = prepare(folder)
    for size in sizes:
        write(size)
    print("prêt", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        write(int(line))
        print(int(line) * NEW / (time.perf_counter() - start), flush=True)


def main() -> None:
    speeds: dict[tuple[str, int], list[float]] = {}  # un nombre par tour
    with tempfile.TemporaryDirectory() as temporary:
        save_model(Path(temporary))
        processes = {}
        for side in SIDES:
            # L'atelier se passe de torch : là où il est installé, transformers l'importerait sans qu'il serve.
            process = subprocess.Popen(
                [sys.executable, __file__, side, temporary],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"USE_TORCH": "1" if side == "PyTorch" else "0"},
            )
            if process.stdout.readline() == "prêt\n":
                processes[side] = process
            else:
                print(f"Le côté « {side} » n'a pas pu commencer.")
        for round in range(ROUNDS):
            for size in BATCHES:
                for side, process in processes.items():
                    if size in SIDES[side][1] and (side != "transformers" or round < 2):  # vingt secondes à chaque fois
                        print(size, file=process.stdin, flush=True)
                        speeds.setdefault((side, size), []).append(float(process.stdout.readline()))
        for process in processes.values():
            process.stdin.close()
            process.wait()
    below = 0
    print(f"{'lot':>3} {'':<14} {'tokens/s':>9} {'rapport':>8} {'barre':>6}")
    for (side, size), rounds in sorted(speeds.items(), key=lambda pair: (pair[0][1], pair[0][0] != "atelier")):
        ratio = statistics.median(ours / theirs for ours, theirs in zip(speeds["atelier", size], rounds))
        bar = BARS.get((side, size), 0)
        below += ratio < bar
        print(
            f"{size:>3} {side:<14} {max(rounds):>9.1f}"
            + (f" {ratio:>8.2f} {bar or '':>6}" if side != "atelier" else "")
        )
    sys.exit(below > 0)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) == 3 else main()
