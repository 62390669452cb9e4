"""De quoi essayer les réponses : un pipeline minuscule."""

import functools

from atelier.quiet import keras

from transformers import AutoTokenizer, GPT2Config, TFGPT2LMHeadModel, pipeline

from atelier import settings
from atelier.models import vocabulary


@functools.cache
def tiny_pipeline(width: int = 8):
    """Un pipeline dont le réseau, minuscule, a des poids au hasard : il n'écrit rien qui vaille, mais vite."""
    keras.utils.set_random_seed(settings.SEED)
    tokenizer = AutoTokenizer.from_pretrained(settings.MINI)
    model = TFGPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=width, n_layer=1, n_head=2))
    model.build_in_name_scope()
    vocabulary.set_end_of_text(model, tokenizer)
    return pipeline("text-generation", model=model, tokenizer=tokenizer)
