"""GPT-2 tel que l'atelier l'entraîne : celui de transformers, dont le pas d'entraînement coûte moins.

Les poids, leurs noms et ce que calcule le modèle sont ceux de `TFGPT2LMHeadModel` : un test les compare. Ne changent que
deux calculs, pour le temps et la mémoire qu'ils prennent (`tests/bench/training.py` les mesure) :

- la perte : transformers multiplie les états par une *liste* d'une matrice, et le gradient de celle-ci est alors calculé une
  fois par texte du lot, 150 Mo à chaque fois pour GPT-2 small ;
- la fonction d'activation : la dérivée se recalcule, plutôt que d'en garder de quoi la calculer pendant tout le pas.
"""

import math

import atelier.quiet  # noqa: F401  (avant transformers, qui importe TensorFlow)
import tensorflow as tf
from transformers import TFGPT2LMHeadModel

SCALE = math.sqrt(2 / math.pi)


@tf.custom_gradient
def gelu(x: tf.Tensor) -> tuple[tf.Tensor, object]:
    """L'activation de GPT-2, approchée par une tangente hyperbolique (Hendrycks et Gimpel, 2016) ; même forme que `x`.

    (1 + tanh z) / 2 est la sigmoïde de 2 z. L'une sert à l'aller et l'autre au retour : écrites de la même façon, XLA
    n'en ferait qu'un calcul, et garderait son résultat.
    """

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        tanh = tf.tanh(SCALE * (x + 0.044715 * x**3))
        return upstream * 0.5 * (1 + tanh + x * (1 - tanh**2) * SCALE * (1 + 3 * 0.044715 * x**2))

    return x * tf.sigmoid(2 * SCALE * (x + 0.044715 * x**3)), gradient


def cross_entropy(hidden: tf.Tensor, embeddings: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """La perte à chaque position, en nats, et le gradient de leur moyenne : ce dont chaque probabilité s'est trompée.

    `hidden` : (positions, largeur) ; `embeddings` : (vocabulaire, largeur) ; `targets` et les pertes : (positions,) ; le gradient,
    aux logits : (positions, vocabulaire). La perte est moins le logarithme de la probabilité du bon token ; son gradient se
    connaît sans calcul : à chaque token, la probabilité qu'on lui a donnée, moins 1 pour le bon.

    Une matrice de (positions, vocabulaire) tient 200 Mo pour GPT-2 small ; XLA n'en garde qu'une, que chaque calcul remplace, à
    condition que rien d'autre ne relise `logits` : le score du bon token se recalcule donc à part. Le maximum en dépend aussi,
    sans que cela change sa valeur : sinon, le gradient n'attendrait pas ce calcul, et XLA copierait d'abord `embeddings`.
    """
    logits = tf.matmul(hidden, embeddings, transpose_b=True)
    right_logits = tf.reduce_sum(hidden * tf.gather(embeddings, targets), axis=-1, keepdims=True)
    highest = tf.maximum(tf.reduce_max(logits, axis=-1, keepdims=True), right_logits)
    exponentials = tf.exp(logits - highest)
    total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
    losses = tf.squeeze(tf.math.log(total) + highest - right_logits, axis=-1)
    right = tf.range(tf.shape(embeddings)[0])[None] == targets[:, None]
    probabilities = exponentials / total
    return losses, tf.where(right, probabilities - 1, probabilities) / tf.cast(tf.shape(hidden)[0], hidden.dtype)


class GPT2(TFGPT2LMHeadModel):
    """`TFGPT2LMHeadModel`, dont `fit` et `evaluate` vont plus vite, sur des lots `{"input_ids": …}` sans remplissage."""

    def __init__(self, config, *inputs, **options):
        super().__init__(config, *inputs, **options)
        self.distribute_reduction_method = "first"  # la perte est déjà la moyenne de toutes les machines
        if config.activation_function == "gelu_new":
            for block in self.transformer.h:
                block.mlp.act = gelu

    def read(self, ids: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Ce que le réseau a compris à chaque position, (positions, largeur), et le token qui suit. `ids` : (lot, longueur)."""
        hidden = self.transformer(ids, use_cache=False, training=training).last_hidden_state
        return tf.reshape(hidden[:, :-1], [-1, self.config.n_embd]), tf.reshape(ids[:, 1:], [-1])

    def train_step(self, data: dict) -> dict:
        """Un pas : la perte, son gradient, une correction des poids.

        La table des plongements sert deux fois, à lire les tokens et à les prédire : son gradient est une somme. Le second terme,
        grand comme elle, se calcule le dernier, quand tout ce que gardait la passe arrière est rendu : le premier, où elle finit,
        y entre pour zéro.
        """
        table = self.transformer.wte.embeddings
        embeddings, variables = tf.convert_to_tensor(table), self.trainable_variables
        with tf.GradientTape() as tape:
            hidden, targets = self.read(data["input_ids"], training=True)
        losses, errors = cross_entropy(hidden, embeddings, targets)
        self.compiled_loss(losses, losses)  # celle de Keras : elle en tient la moyenne
        errors /= tf.distribute.get_strategy().num_replicas_in_sync  # les gradients de plusieurs machines s'ajoutent
        gradients = tape.gradient(hidden, variables, output_gradients=tf.matmul(errors, embeddings))
        for index, variable in enumerate(variables):
            if variable is table:  # elle n'en est pas si elle est gelée
                reading = gradients[index]
                hidden += 0 * tf.reduce_sum(reading.values)
                gradients[index] = tf.matmul(errors, hidden, transpose_a=True) + tf.convert_to_tensor(reading)
        self.optimizer.apply_gradients(zip(gradients, variables))
        return {metric.name: metric.result() for metric in self.metrics}

    def test_step(self, data: dict) -> dict:
        hidden, targets = self.read(data["input_ids"], training=False)
        losses, _ = cross_entropy(hidden, tf.convert_to_tensor(self.transformer.wte.embeddings), targets)
        self.compiled_loss(losses, losses)
        return {metric.name: metric.result() for metric in self.metrics}
