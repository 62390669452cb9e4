"""GPT-2 tel que l'atelier l'entraîne et le fait écrire : celui de transformers, qui apprend et écrit plus vite.

Les poids, leurs noms et ce que calcule le modèle sont ceux de `TFGPT2LMHeadModel` : des tests les comparent. Pour écrire, il a un
décodeur (`decoder.py`, à côté). Pour apprendre, ne changent que deux calculs, pour le temps et la mémoire qu'ils prennent
(`tests/bench/training.py` les mesure) :

- la perte : transformers multiplie les états par une *liste* d'une matrice, et le gradient de celle-ci est alors calculé une
  fois par texte du lot, 150 Mo à chaque fois pour GPT-2 small ;
- la fonction d'activation : la dérivée se recalcule, plutôt que d'en garder de quoi la calculer pendant tout le pas.
"""

import math

from atelier.quiet import tf

import numpy as np
from transformers import GPT2Config, TFAutoModelForCausalLM, TFGPT2LMHeadModel

from atelier.models.continuation import EXTRA, Text, kept
from atelier.models.decoder import Decoder
from atelier.models.sampling import GREEDY, Sampling, draw

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
    """`TFGPT2LMHeadModel`, dont `fit` et `evaluate`, sur des lots `{"input_ids": …}` sans remplissage, et `generate` vont plus vite."""

    def __init__(self, config, *inputs, **options):
        super().__init__(config, *inputs, **options)
        self._decoder = self._streamer = self._tokenizer = None
        self.distribute_reduction_method = "first"  # la perte est déjà la moyenne de toutes les machines
        if config.activation_function == "gelu_new":
            for block in self.transformer.h:
                block.mlp.act = gelu

    @tf.autograph.experimental.do_not_convert
    def read(self, ids: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Ce que le réseau a compris à chaque position, (positions, largeur), et le token qui suit. `ids` : (lot, longueur)."""
        hidden = self.transformer(ids, use_cache=False, training=training).last_hidden_state
        return tf.reshape(hidden[:, :-1], [-1, self.config.n_embd]), tf.reshape(ids[:, 1:], [-1])

    def train_step(self, data: dict) -> dict:
        """Un pas : la perte, son gradient, une correction des poids.

        Le même, sans égard pour la mémoire (GPT-2 small y prend 220 Mo de plus) :

            with tf.GradientTape() as tape:
                hidden, targets = self.read(data["input_ids"], training=True)
                logits = tf.matmul(hidden, table, transpose_b=True)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

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

    @property
    def decoder(self) -> Decoder:
        """Le décodeur, sans texte en cours. Le même sert à tous les appels : le compiler prend une à deux secondes."""
        if not self.built:
            self.build_in_name_scope()
        if (
            not self._decoder or self._decoder.embeddings is not self.transformer.wte.embeddings
        ):  # le vocabulaire a pu changer
            self._decoder = Decoder(self)
        self._decoder.clear()
        return self._decoder

    def generate(self, *inputs, streamer=None, tokenizer=None, **options):
        """Le `generate` de transformers. `streamer` : un `TextStreamer`, que la bibliothèque réserve à PyTorch ; il veut un seul texte.

        `tokenizer`, s'il est là : la suite n'allonge pas le dernier mot de l'amorce, et finit avec sa phrase (`Text` dit comment).

        Elle prépare les amorces, les options et ce qui modifie les logits, puis appelle l'une des deux méthodes qui suivent. Elles
        écrivent avec notre décodeur ; ce qu'il ne sait pas faire revient à la bibliothèque, qui donne alors le texte d'un coup.
        """
        self._streamer, self._tokenizer = streamer, tokenizer
        try:
            return super().generate(*inputs, **options)
        finally:
            self._streamer = self._tokenizer = None
            if self._decoder:
                self._decoder.clear()

    def greedy_search(self, input_ids: tf.Tensor, **options):
        return (
            self._written(input_ids, options, GREEDY)
            if _plain(input_ids, options)
            else super().greedy_search(input_ids, **options)
        )

    def sample(self, input_ids: tf.Tensor, **options):
        if not _plain(input_ids, options):
            return super().sample(input_ids, **options)
        settings = {
            name: value
            for warper in options["logits_warper"]
            for name, value in vars(warper).items()
            if name in SETTINGS
        }
        return self._written(input_ids, options, Sampling(**settings))

    def _written(self, input_ids: tf.Tensor, options: dict, sampling: Sampling) -> tf.Tensor:
        """Les amorces et leur suite, (textes, longueur), complétées par `pad_token_id` quand un texte finit avant les autres."""
        texts, length = input_ids.shape
        prompts = [
            ids[mask.astype(bool)] for ids, mask in zip(np.asarray(input_ids), np.asarray(options["attention_mask"]))
        ]
        missing, end = (
            getattr(self.generation_config, name) if options[name] is None else options[name]
            for name in ("pad_token_id", "eos_token_id")
        )
        missing, end = missing or 0, [] if end is None else end
        new = options["max_length"] - length
        extra = min(EXTRA, self.config.n_positions - options["max_length"]) if self._tokenizer else 0
        written = np.full((texts, length + new + extra), missing, np.int32)
        written[:, :length] = input_ids
        seed = (
            tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32) if options.get("seed") is None else options["seed"]
        )
        streams = np.random.default_rng(np.asarray(seed).astype(np.uint32)).spawn(texts)  # à chaque texte son hasard
        told = [
            Text(self._tokenizer, list(ids), new, sampling, stream, True, extra)
            for ids, stream in zip(prompts, streams)
            if self._tokenizer
        ]
        unfinished = np.ones(texts, bool)
        decoder, places = self.decoder, range(length, length + new + extra)
        logits = decoder.start(prompts, length=max(map(len, prompts)) + len(places))
        if self._streamer:
            self._streamer.put(written[:, :length])
        for place in places:
            if options["logits_processor"]:
                logits = options["logits_processor"](tf.constant(written), tf.constant(logits), place).numpy()
            if told:
                chosen = [missing if text.finished else text.add(text.allowed(row)) for text, row in zip(told, logits)]
            else:
                chosen = [draw(row, sampling, stream) for row, stream in zip(logits, streams)]
            written[:, place] = np.where(unfinished, chosen, missing)
            unfinished &= ~np.isin(written[:, place], end)
            if told:
                unfinished &= [not text.finished for text in told]
            if self._streamer:
                self._streamer.put(written[:, place])
            if not unfinished.any() or place == places[-1]:
                break
            logits = decoder.step(written[:, place])
        if self._streamer:
            self._streamer.end()
        for row, text in zip(written, told):
            row[length + kept(text.before, text.pieces) :] = missing
        return tf.constant(written[:, : place + 1])


WARPERS = {"TFTemperatureLogitsWarper", "TFTopKLogitsWarper", "TFTopPLogitsWarper"}
SETTINGS = ("temperature", "top_k", "top_p")  # ce que les « warpers » de transformers disent d'un tirage
REPORTS = ("output_scores", "return_dict_in_generate", "output_attentions", "output_hidden_states")
PLAIN = {
    "max_length",
    "pad_token_id",
    "eos_token_id",
    "logits_processor",
    "logits_warper",
    "seed",
    "attention_mask",
    "use_cache",
    *REPORTS,
}


def _plain(input_ids: tf.Tensor, options: dict) -> bool:
    """Notre décodeur écrit des textes, sans rapport sur ce qui s'est passé dedans, à la suite d'amorces complétées à gauche."""
    if not tf.executing_eagerly() or not options.keys() <= PLAIN or any(options[report] for report in REPORTS):
        return False
    if {type(warper).__name__ for warper in options.get("logits_warper", ())} - WARPERS or options[
        "max_length"
    ] <= input_ids.shape[1]:
        return False
    mask = np.asarray(options["attention_mask"])
    return bool((np.diff(mask) >= 0).all() and mask[:, -1].all())


# Les scripts restent ceux que l'on trouve partout : `TFAutoModelForCausalLM.from_pretrained` renvoie ce modèle-ci.
GPT2.__name__ = GPT2.__qualname__ = TFGPT2LMHeadModel.__name__  # ceux que la bibliothèque reconnaît
TFAutoModelForCausalLM.register(GPT2Config, GPT2, exist_ok=True)
