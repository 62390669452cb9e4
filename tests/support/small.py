"""Un GPT-2 assez petit pour apprendre et écrire en un instant, quand ce qu'il écrit n'importe pas."""

import atelier.quiet  # avant transformers, qui importe TensorFlow

from transformers import GPT2Config

from atelier.models import vocabulary
from atelier.models.gpt2 import GPT2


def small_model(tokenizer, **options) -> GPT2:
    """Un modèle au hasard, assez petit pour s'entraîner en un instant."""
    sizes = {"vocab_size": len(tokenizer), "n_positions": 128, "n_embd": 16, "n_layer": 2, "n_head": 2}
    model = GPT2(GPT2Config(**sizes | {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0} | options))
    model.build_in_name_scope()
    vocabulary.set_end_of_text(model, tokenizer)
    return model
