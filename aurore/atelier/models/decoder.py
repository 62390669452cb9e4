"""GPT-2 qui écrit : le calcul de `TFGPT2LMHeadModel`, un token à la fois, sans refaire ce qui est déjà fait.

Un token ne regarde que ceux qui le précèdent : ce que chaque bloc a calculé d'eux, leurs clés et leurs valeurs, ne changera
plus. On les garde (le « cache K/V »), et chaque nouveau token ne coûte que son propre passage dans le réseau.

Le calcul est celui d'« Attention is all you need » (Vaswani et al., 2017), dans l'ordre de GPT-2 (Radford et al., 2019) : chaque
bloc normalise, regarde les autres tokens (attention), ajoute ; normalise, réfléchit seul (MLP), ajoute.
"""

import math
from collections.abc import Sequence

from atelier.quiet import tf

import numpy as np

ROOM = 128  # le cache a autant de positions, au moins : de quoi tenir une amorce de deux phrases et soixante tokens
PARTS = 8  # en combien de morceaux se lit une matrice, quand un texte s'écrit seul
NEVER = -1e9  # le score d'un token qu'il est interdit de regarder
IDS, NUMBER, TABLE = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32), tf.TensorSpec([None, None]))


def ranks_for(texts: int) -> int:
    """Combien de rangs le cache a pour ce nombre de textes : de double en double, puis de seize en seize. XLA compile pour chacun."""
    return 1 << (texts - 1).bit_length() if texts <= 32 else -(-texts // 16) * 16


class Decoder:
    """Des textes qui s'écrivent ensemble, un par rang, avec les poids de `model`, qui ne changent pas tant qu'il y a des textes en cours.

    `start` lit des amorces, qui prennent les rangs suivants ; `step` ajoute un token à chaque texte ; `stop` libère un rang.
    Le cache est de forme (rangs, têtes, positions, taille d'une tête), pour chaque bloc. XLA compile `step` pour chaque forme, ce
    qui prend une seconde : rangs et positions vont donc par paliers.
    """

    def __init__(self, model):
        config, transformer = model.config, model.transformer
        self.heads, self.width, self.context = config.n_head, config.n_embd, config.n_positions
        self.size, self.epsilon = self.width // self.heads, config.layer_norm_epsilon
        self.embeddings, self.positions = transformer.wte.embeddings, transformer.wpe.embeddings
        self.blocks, self.last_norm = transformer.h, transformer.ln_f
        self.keys, self.values = ([self._cache() for _ in self.blocks] for _ in range(2))
        self.lengths = np.zeros(0, np.int32)  # ce que chaque texte a déjà de tokens
        self.ranks = self.room = 0  # ce que le cache a de rangs, et de positions
        self.cleared = 0  # combien de fois tout a été oublié : à qui avait un texte en cours de le savoir

    def _cache(self) -> tf.Variable:
        return tf.Variable(
            tf.zeros([0, self.heads, 0, self.size]), shape=[None, self.heads, None, self.size], trainable=False
        )

    def start(self, prompts: Sequence[Sequence[int]], room: int = 0) -> np.ndarray:
        """Lit des amorces, à la suite des textes en cours ; rend les scores du token qui suivra chacune, (amorces, vocabulaire).

        `room` : combien de tokens ces textes auront à la fin, si on le sait.
        """
        lengths = np.array([len(prompt) for prompt in prompts], np.int32)
        # Une amorce courte est complétée à droite, où ses tokens ne regardent pas ; le cache de ces positions sera réécrit.
        ids = np.zeros((len(prompts), lengths.max()), np.int32)
        for row, prompt in zip(ids, prompts):
            row[: len(prompt)] = prompt
        self._make_room(len(self.lengths) + len(prompts), max(room, ids.shape[1]))
        # TensorFlow copie à chaque lecture une variable où il a déjà pioché des lignes : celle-ci, 150 Mo, se lit donc une fois.
        self.table = tf.convert_to_tensor(self.embeddings)
        scores = self._read(self.table, ids, lengths, len(self.lengths))
        self.lengths = np.concatenate([self.lengths, lengths])
        return scores.numpy()

    def step(self, ids: Sequence[int]) -> np.ndarray:
        """Ajoute un token à chaque texte ; rend les scores de celui qui suivra, (textes, vocabulaire)."""
        texts = len(self.lengths)
        self._make_room(texts, self.lengths.max() + 1)
        ids, places = (np.pad(np.asarray(each, np.int32), (0, self.ranks - texts)) for each in (ids, self.lengths))
        self.lengths += 1
        return self._step(self.table, ids, places).numpy()[:texts]

    def stop(self, row: int) -> None:
        """Oublie un texte ; le dernier prend son rang."""
        if row < (last := len(self.lengths) - 1):
            self._move(last, row)
            self.lengths[row] = self.lengths[last]
        self.lengths = self.lengths[:-1]

    def clear(self) -> None:
        """Oublie tous les textes."""
        self.lengths = self.lengths[:0]
        self.cleared += 1

    def _make_room(self, texts: int, positions: int) -> None:
        if positions > self.context:
            raise ValueError(f"Le contexte de ce modèle est de {self.context} tokens : il n'en tient pas {positions}.")
        ranks, room = ranks_for(texts), ROOM << (int(positions - 1) // ROOM).bit_length()
        kept = len(self.lengths)
        if kept:
            room = max(room, self.room)
        if not kept or (ranks, room) != (self.ranks, self.room):
            self.ranks, self.room = ranks, room
            self._resize(kept, ranks, room)

    def _linear(self, x: tf.Tensor, layer) -> tf.Tensor:
        if x.shape[0] != 1:
            return tf.matmul(x, layer.weight) + layer.bias
        # Une seule ligne : XLA n'occuperait qu'un fil à ce produit. Il en occupe plusieurs à des morceaux, que l'on ajoute ensuite.
        inputs, outputs = layer.weight.shape
        parts = math.gcd(PARTS, inputs)
        products = tf.matmul(tf.reshape(x, [parts, 1, -1]), tf.reshape(layer.weight, [parts, -1, outputs]))
        return tf.reduce_sum(products, axis=0) + layer.bias

    def _norm(self, x: tf.Tensor, layer) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + self.epsilon) * layer.gamma + layer.beta

    def _queries_keys_values(self, x: tf.Tensor, block, texts: tf.Tensor, length: tf.Tensor) -> list[tf.Tensor]:
        """Trois fois (textes, têtes, longueur, taille) : ce que chaque token cherche, ce qu'il offre, ce qu'il dit."""
        x = self._linear(self._norm(x, block.ln_1), block.attn.c_attn)
        return tf.unstack(tf.transpose(tf.reshape(x, [texts, length, 3, self.heads, self.size]), [2, 0, 3, 1, 4]))

    def _attention(
        self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, visible: tf.Tensor, block
    ) -> tf.Tensor:
        """Chaque token mêle ce que disent ceux qu'il voit, selon que leur clé répond à ce qu'il cherche."""
        scores = tf.matmul(queries, keys, transpose_b=True) / math.sqrt(self.size)
        mixed = tf.matmul(tf.nn.softmax(tf.where(visible, scores, NEVER)), values)
        return self._linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, self.width]), block.attn.c_proj)

    def _mlp(self, x: tf.Tensor, block) -> tf.Tensor:
        return self._linear(block.mlp.act(self._linear(self._norm(x, block.ln_2), block.mlp.c_fc)), block.mlp.c_proj)

    def _scores(self, x: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
        """Ce qui ressort du réseau, comparé à chaque token du vocabulaire : la table des plongements sert aussi de sortie.

        Dans cet ordre, TensorFlow multiplie deux fois plus vite que s'il devait d'abord ranger la table par colonnes.
        """
        return tf.transpose(tf.matmul(table, self._norm(x, self.last_norm), transpose_b=True))

    @tf.function(input_signature=[TABLE, tf.TensorSpec([None, None], tf.int32), IDS, NUMBER])
    def _read(self, table, ids, lengths, rank):
        """Tous les tokens des amorces à la fois ; leurs clés et leurs valeurs prennent les rangs à partir de `rank`."""
        texts, length = tf.unstack(tf.shape(ids))
        x = tf.reshape(tf.gather(table, ids) + self.positions[:length], [-1, self.width])
        visible = tf.linalg.band_part(tf.ones([length, length], tf.bool), -1, 0)  # soi-même, et ceux qui précèdent
        for block, *caches in zip(self.blocks, self.keys, self.values):
            queries, *seen = self._queries_keys_values(x, block, texts, length)
            for cache, new in zip(caches, seen):
                cache[rank : rank + texts, :, :length].assign(new)
            x += self._attention(queries, *seen, visible, block)
            x += self._mlp(x, block)
        return self._scores(tf.gather(x, tf.range(texts) * length + lengths - 1), table)

    @tf.function(jit_compile=True)
    def _step(self, table, ids, places):
        """Un token par rang, à sa place ; il regarde tout ce que le cache a gardé de son texte, lui compris."""
        ranks = tf.shape(ids)[0]
        x = tf.gather(table, ids) + tf.gather(self.positions, places)
        visible = (tf.range(tf.shape(self.keys[0])[2]) <= places[:, None])[:, None, None]
        ranks_heads = tf.meshgrid(tf.range(ranks), tf.range(self.heads), indexing="ij")
        written = tf.stack([*ranks_heads, tf.repeat(places[:, None], self.heads, axis=1)], axis=-1)
        for block, *caches in zip(self.blocks, self.keys, self.values):
            queries, *seen = self._queries_keys_values(x, block, ranks, 1)
            for cache, new in zip(caches, seen):
                cache.scatter_nd_update(written, new[:, :, 0])
            x += self._attention(queries, *caches, visible, block)
            x += self._mlp(x, block)
        return self._scores(x, table)

    @tf.function(input_signature=[NUMBER, NUMBER, NUMBER])
    def _resize(self, kept, ranks, room):
        """Les `kept` premiers rangs, et des zéros."""
        for cache in (*self.keys, *self.values):
            old = cache[:kept, :, :room]
            cache.assign(tf.pad(old, [[0, ranks - kept], [0, 0], [0, room - tf.shape(old)[2]], [0, 0]]))

    @tf.function(input_signature=[NUMBER, NUMBER], jit_compile=True)  # sans XLA, chaque cache serait recopié en entier
    def _move(self, source, target):
        for cache in (*self.keys, *self.values):
            cache.scatter_nd_update([[target]], tf.gather(tf.convert_to_tensor(cache), [source]))
