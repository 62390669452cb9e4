"""GPT-2 en demi-précision : la perte d'un lot et son gradient, calculés pour apprendre vite sur un processeur.

Les poids sont ceux d'un `TFGPT2LMHeadModel`, en 32 bits, et le calcul est le sien. Deux choses le rendent plus rapide :

- les produits de matrices se font en bfloat16, qu'un processeur qui a les instructions AMX multiplie quatre fois plus vite ;
  les autres y perdraient, et gardent 32 bits ;
- ce qui est entre deux produits (normalisation, activation, sommes) est limité par la mémoire : XLA en fait un seul passage,
  et la passe arrière le recalcule plutôt que de le garder.

Ce que l'on additionne souvent, les états et les poids, reste en 32 bits : en bfloat16, qui n'a que trois chiffres, un petit
nombre ajouté à un grand s'y perdrait.
"""

import math
from collections.abc import Callable
from pathlib import Path

from atelier.quiet import tf

from atelier.models.export import hub_name
from atelier.models.gpt2 import gelu

PROCESSOR = Path("/proc/cpuinfo")  # sous Linux ; ailleurs, aucun processeur n'a AMX
HALF = tf.bfloat16 if PROCESSOR.exists() and "amx_bf16" in PROCESSOR.read_text(encoding="utf-8") else tf.float32
EPSILON = 1e-5  # celui de GPT-2


def fused(function: Callable) -> Callable:
    """`function`, compilée par XLA ; à la passe arrière, ses arguments suffisent à la recalculer."""
    forward = tf.function(function, autograph=False, jit_compile=True)

    @tf.function(autograph=False, jit_compile=True)
    def backward(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = function(*inputs)
        return tape.gradient(outputs, inputs, output_gradients=upstream)

    @tf.custom_gradient
    def call(*inputs):
        outputs = forward(*inputs)
        return outputs, lambda *upstream: backward(
            inputs, list(upstream) if isinstance(outputs, (tuple, list)) else upstream[0]
        )

    return call


def layer_norm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    centered = x - tf.reduce_mean(x, axis=-1, keepdims=True)
    variance = tf.reduce_mean(centered**2, axis=-1, keepdims=True)
    return tf.cast(centered * tf.math.rsqrt(variance + EPSILON) * gamma + beta, HALF)


first_norm = fused(layer_norm)


@fused
def add_and_norm(x, change, bias, gamma, beta):
    """Ce que devient `x` quand une couche l'a changé, et ce qu'en lit la suivante."""
    x = x + tf.cast(change, tf.float32) + bias
    return x, layer_norm(x, gamma, beta)


@fused
def activate(x, bias):
    return tf.cast(gelu(tf.cast(x, tf.float32) + bias), HALF)


@tf.custom_gradient
def attention_weights(scores: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Chaque position répartit son attention entre elle-même et celles qui la précèdent. `scores` : (lot, têtes, T, T)."""
    length = scores.shape[-1]
    future = tf.linalg.band_part(tf.ones((length, length), HALF), -1, 0) - 1  # 0 pour le passé, -1 pour l'avenir
    weights = tf.nn.softmax(scores + 1e9 * future)
    return weights, lambda upstream: softmax_gradient(weights, upstream)


@tf.function(autograph=False, jit_compile=True)
def softmax_gradient(weights, upstream):
    weights, upstream = tf.cast(weights, tf.float32), tf.cast(upstream, tf.float32)
    return tf.cast(weights * (upstream - tf.reduce_sum(weights * upstream, axis=-1, keepdims=True)), HALF)


@tf.custom_gradient
def look_up(table: tf.Tensor, ids: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Les plongements des tokens ; le gradient est une matrice pleine, comme celui de la prédiction, auquel il s'ajoute."""
    return tf.gather(table, ids), lambda upstream: (tf.math.unsorted_segment_sum(upstream, ids, table.shape[0]), None)


@tf.custom_gradient
def mean_loss(hidden: tf.Tensor, table: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """La perte moyenne, en nats. Son gradient aux scores est connu : la probabilité donnée à chaque token, moins 1 pour le bon."""
    half_table = tf.cast(table, HALF)
    probabilities = tf.nn.softmax(tf.matmul(hidden, half_table, transpose_b=True))
    right = tf.cast(tf.gather(probabilities, targets, batch_dims=1), tf.float32)

    def gradient(upstream):
        share = upstream / tf.cast(tf.size(targets), tf.float32)
        to_hidden = tf.cast(tf.matmul(probabilities, half_table), tf.float32) - tf.gather(table, targets)
        to_table = tf.cast(tf.matmul(probabilities, hidden, transpose_a=True), tf.float32)
        to_table = tf.tensor_scatter_nd_sub(to_table, targets[:, None], tf.cast(hidden, tf.float32))
        return tf.cast(to_hidden * share, HALF), to_table * share, None

    return -tf.reduce_mean(tf.math.log(right + 1e-9)), gradient


def loss(model, ids: tf.Tensor) -> tf.Tensor:
    """Ce que coûte, en moyenne, de prédire chaque token de `ids`, (lot, longueur + 1), d'après ceux qui le précèdent."""
    weights = {
        hub_name(variable.name).removeprefix("transformer."): tf.convert_to_tensor(variable)
        for variable in model.trainable_variables
    }
    config, (batch, length) = model.config, (ids.shape[0], ids.shape[1] - 1)
    heads, head_size = config.n_head, config.n_embd // config.n_head

    def weight(name: str) -> tf.Tensor:
        return tf.squeeze(weights[name]) if name.endswith("bias") else weights[name]

    def product(x: tf.Tensor, layer: str) -> tf.Tensor:
        return tf.matmul(x, tf.cast(weight(f"{layer}.weight"), HALF))

    def norm(name: str) -> tuple[tf.Tensor, tf.Tensor]:
        return weight(f"{name}.weight"), weight(f"{name}.bias")

    embedded = tf.reshape(look_up(weight("wte.weight"), tf.reshape(ids[:, :-1], [-1])), [batch, length, -1])
    x = tf.reshape(embedded + weight("wpe.weight")[:length], [batch * length, -1])
    read = first_norm(x, *norm("h.0.ln_1"))
    for layer in range(config.n_layer):
        block, following = f"h.{layer}", f"h.{layer + 1}.ln_1" if layer + 1 < config.n_layer else "ln_f"
        projected = product(read, f"{block}.attn.c_attn") + tf.cast(weight(f"{block}.attn.c_attn.bias"), HALF)
        by_head = tf.transpose(tf.reshape(projected, [batch, length, 3, heads, head_size]), [2, 0, 3, 1, 4])
        query, key, value = tf.unstack(by_head)
        attention = attention_weights(tf.matmul(query / math.sqrt(head_size), key, transpose_b=True))
        gathered = tf.reshape(tf.transpose(tf.matmul(attention, value), [0, 2, 1, 3]), [batch * length, -1])
        x, read = add_and_norm(
            x, product(gathered, f"{block}.attn.c_proj"), weight(f"{block}.attn.c_proj.bias"), *norm(f"{block}.ln_2")
        )
        active = activate(product(read, f"{block}.mlp.c_fc"), weight(f"{block}.mlp.c_fc.bias"))
        x, read = add_and_norm(
            x, product(active, f"{block}.mlp.c_proj"), weight(f"{block}.mlp.c_proj.bias"), *norm(following)
        )
    return mean_loss(read, weight("wte.weight"), tf.reshape(ids[:, 1:], [-1]))
