"""Le modèle de transformers, et le nôtre avec les mêmes poids : ce que l'un calcule, l'autre doit l'écrire."""

from atelier.quiet import keras, tf

from transformers import GPT2Config, TFGPT2LMHeadModel

from atelier.models.gpt2 import GPT2

VOCABULARY, CONTEXT = 97, 200


def transformers_model() -> TFGPT2LMHeadModel:
    """Des poids au hasard, assez grands pour que ses avis soient tranchés."""
    keras.utils.set_random_seed(3)
    model = TFGPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=24, n_layer=2, n_head=4, eos_token_id=0, bos_token_id=0
        )
    )
    model.build_in_name_scope()
    for weight in model.weights:
        weight.assign_add(tf.random.normal(weight.shape, stddev=0.3))
    return model


def ours(peer: TFGPT2LMHeadModel) -> GPT2:
    model = GPT2(peer.config)
    model.build_in_name_scope()
    model.set_weights(peer.get_weights())
    return model
