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

CAPACITY = 128  # le cache a autant de positions, au moins : de quoi tenir une amorce de deux phrases et soixante tokens
PARTS = 8  # en combien de morceaux se lit une matrice, quand un texte s'écrit seul
NEVER = -1e9  # le score d'attention d'un token qu'il est interdit de regarder
IDS, NUMBER, TABLE = (tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32), tf.TensorSpec([None, None]))


def slots_for(texts: int) -> int:
    """Combien de places le cache a pour ce nombre de textes : de double en double, puis de seize en seize."""
    return 1 << (texts - 1).bit_length() if texts <= 32 else -(-texts // 16) * 16


def capacities(context: int) -> list[int]:
    """Combien de positions le cache peut avoir : de double en double, jusqu'au contexte du modèle."""
    return [min(CAPACITY << level, context) for level in range(((context - 1) // CAPACITY).bit_length() + 1)]


class Decoder:
    """Des textes qui s'écrivent ensemble, chacun à sa place (« slot »), avec les poids de `model`, qui ne changent pas tant qu'il y en a.

    `start` lit des amorces, qui prennent les places suivantes ; `step` ajoute un token à chaque texte ; `stop` libère une place.
    Le cache est de forme (places, têtes, positions, taille d'une tête), pour chaque bloc. XLA compile `step` pour chaque forme, ce
    qui prend une seconde ou deux : places et positions vont donc par paliers, et `compile` s'y prend d'avance.
    """

    def __init__(self, model):
        config, transformer = model.config, model.transformer
        self.heads, self.width, self.context = config.n_head, config.n_embd, config.n_positions
        self.size, self.epsilon = self.width // self.heads, config.layer_norm_epsilon
        self.embeddings, self.positions = transformer.wte.embeddings, transformer.wpe.embeddings
        self.blocks, self.last_norm = transformer.h, transformer.ln_f
        self.keys, self.values = self._caches(0, 0)
        self.table = None  # la valeur de `embeddings`, tant qu'il y a des textes en cours
        self.lengths = np.zeros(0, np.int32)  # ce que chaque texte a déjà de tokens
        self.slots = self.capacity = 0  # ce que le cache a de places, et de positions
        self.cleared = 0  # combien de fois tout a été oublié : à qui avait un texte en cours de le savoir
        self.traced = {}  # `_step`, pour un texte seul et pour plusieurs

    def _caches(self, slots: int, capacity: int) -> list[list[tf.Variable]]:
        """Des clés et des valeurs pour chaque bloc. Sans contenu : ce qu'on n'a pas écrit ne se regarde pas."""
        shape = [slots, self.heads, capacity, self.size]
        return [
            [
                tf.Variable(
                    tf.raw_ops.Empty(shape=shape, dtype=tf.float32),
                    shape=[None, self.heads, None, self.size],
                    trainable=False,
                )
                for _ in self.blocks
            ]
            for _ in ("clés", "valeurs")
        ]

    def start(self, prompts: Sequence[Sequence[int]], length: int = 0) -> np.ndarray:
        """Lit des amorces, à la suite des textes en cours ; renvoie les logits du token qui suivra chacune, (amorces, vocabulaire).

        `length` : combien de tokens ces textes auront à la fin, si on le sait. Lève `ValueError` si le contexte n'en tient pas tant.
        """
        lengths = np.array([len(prompt) for prompt in prompts], np.int32)
        # Une amorce courte est complétée à droite, où ses tokens ne regardent pas ; le cache de ces positions sera réécrit.
        ids = np.zeros((len(prompts), lengths.max()), np.int32)
        for row, prompt in zip(ids, prompts):
            row[: len(prompt)] = prompt
        self._reserve(len(self.lengths) + len(prompts), max(length, ids.shape[1]))
        # TensorFlow copie à chaque lecture une variable où il a déjà pioché des lignes : celle-ci, 150 Mo, se lit donc une fois.
        self.table = tf.convert_to_tensor(self.embeddings)
        logits = self._read(self.table, ids, lengths, len(self.lengths))
        self.lengths = np.concatenate([self.lengths, lengths])
        return logits.numpy()

    def step(self, ids: Sequence[int]) -> np.ndarray:
        """Ajoute un token à chaque texte ; renvoie les logits de celui qui suivra, (textes, vocabulaire).

        Lève `ValueError` si l'un des textes remplit déjà le contexte.
        """
        texts = len(self.lengths)
        self._reserve(texts, self.lengths.max() + 1)
        ids, places = (np.pad(np.asarray(each, np.int32), (0, self.slots - texts)) for each in (ids, self.lengths))
        self.lengths += 1
        return self._add(self.table, ids, places, self.keys, self.values).numpy()[:texts]

    def stop(self, row: int) -> None:
        """Oublie un texte ; le dernier prend sa place."""
        if row < (last := len(self.lengths) - 1):
            self._move(tf.constant(last), tf.constant(row), self.keys, self.values)
            self.lengths[row] = self.lengths[last]
        self.lengths = self.lengths[:-1]
        if not last:
            self.table = None

    def clear(self) -> None:
        """Oublie tous les textes, et rend la table : un entraînement qui change les poids aurait à la recopier."""
        self.lengths, self.table = self.lengths[:0], None
        self.cleared += 1

    def compile(self, slots: int, capacity: int) -> None:
        """Compile `step` et `stop` pour cette forme du cache, sur un autre que le sien : les textes en cours n'attendent pas."""
        caches, zeros = self._caches(slots, capacity), np.zeros(slots, np.int32)
        self._add(tf.convert_to_tensor(self.embeddings), zeros, zeros, *caches)
        if slots > 1:
            self._move(tf.constant(1), tf.constant(0), *caches)

    def shape_for(self, texts: int, positions: int) -> tuple[int, int]:
        """Ce qu'il faut au cache de places et de positions. Tant qu'il y a des textes en cours, il ne raccourcit pas."""
        if positions > self.context:
            raise ValueError(f"Le contexte de ce modèle est de {self.context} tokens : il n'en tient pas {positions}.")
        capacity = next(level for level in capacities(self.context) if level >= positions)
        return slots_for(texts), max(capacity, self.capacity) if len(self.lengths) else capacity

    def _reserve(self, texts: int, positions: int) -> None:
        kept, shape = len(self.lengths), self.shape_for(texts, positions)
        if not kept or shape != (self.slots, self.capacity):
            self.slots, self.capacity = shape
            self._resize(kept, *shape)

    def _add(self, table, ids: np.ndarray, places: np.ndarray, keys: list[tf.Variable], values: list[tf.Variable]):
        """`_step`, tracé une seule fois pour tous les nombres de textes, sauf un : tracer arrête tous les fils de Python."""
        slots = 1 if len(ids) == 1 else None
        if slots not in self.traced:
            ids_spec = tf.TensorSpec([slots], tf.int32)
            self.traced[slots] = self._step.get_concrete_function(TABLE, ids_spec, ids_spec, keys, values)
        return self.traced[slots](table, tf.constant(ids), tf.constant(places), keys, values)

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

    def _logits(self, x: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
        """Ce qui ressort du réseau, comparé à chaque token du vocabulaire : la table des plongements sert aussi de sortie.

        Dans cet ordre, TensorFlow multiplie deux fois plus vite que s'il devait d'abord ranger la table par colonnes.
        """
        return tf.transpose(tf.matmul(table, self._norm(x, self.last_norm), transpose_b=True))

    @tf.function(autograph=False, input_signature=[TABLE, tf.TensorSpec([None, None], tf.int32), IDS, NUMBER])
    def _read(self, table, ids, lengths, first):
        """Tous les tokens des amorces à la fois ; leurs clés et leurs valeurs prennent les places à partir de `first`."""
        texts, length = tf.unstack(tf.shape(ids))
        x = tf.reshape(tf.gather(table, ids) + self.positions[:length], [-1, self.width])
        visible = tf.linalg.band_part(tf.ones([length, length], tf.bool), -1, 0)  # soi-même, et ceux qui précèdent
        for block, *caches in zip(self.blocks, self.keys, self.values):
            queries, *seen = self._queries_keys_values(x, block, texts, length)
            for cache, new in zip(caches, seen):
                _write(cache, first, new)
            x += self._attention(queries, *seen, visible, block)
            x += self._mlp(x, block)
        return self._logits(tf.gather(x, tf.range(texts) * length + lengths - 1), table)

    @tf.function(autograph=False, jit_compile=True)
    def _step(self, table, ids, places, keys, values):
        """Un token à chaque texte, à sa position ; il regarde tout ce que le cache a gardé de son texte, lui compris."""
        slots = tf.shape(ids)[0]
        x = tf.gather(table, ids) + tf.gather(self.positions, places)
        visible = (tf.range(tf.shape(keys[0])[2]) <= places[:, None])[:, None, None]
        slots_heads = tf.meshgrid(tf.range(slots), tf.range(self.heads), indexing="ij")
        written = tf.stack([*slots_heads, tf.repeat(places[:, None], self.heads, axis=1)], axis=-1)
        for block, *caches in zip(self.blocks, keys, values):
            queries, *seen = self._queries_keys_values(x, block, slots, 1)
            for cache, new in zip(caches, seen):
                cache.scatter_nd_update(written, new[:, :, 0])
            x += self._attention(queries, *caches, visible, block)
            x += self._mlp(x, block)
        return self._logits(x, table)

    @tf.function(autograph=False, input_signature=[NUMBER, NUMBER, NUMBER])
    def _resize(self, kept, slots, capacity):
        """Les `kept` premiers textes, et des zéros."""
        for cache in (*self.keys, *self.values):
            old = tf.convert_to_tensor(cache)[:kept, :, :capacity]
            cache.assign(tf.pad(old, [[0, slots - kept], [0, 0], [0, capacity - tf.shape(old)[2]], [0, 0]]))

    @tf.function(autograph=False, jit_compile=True)  # sans XLA, chaque cache serait recopié en entier
    def _move(self, source, target, keys, values):
        for cache in (*keys, *values):
            cache.scatter_nd_update([[target]], tf.gather(tf.convert_to_tensor(cache), [source]))


def _write(cache: tf.Variable, first: tf.Tensor, new: tf.Tensor) -> None:
    """`cache[first:…, :, :…].assign(new)`, sans ce que TensorFlow y accroche : la variable ne serait plus jamais rendue."""
    texts, heads, length, _ = tf.unstack(tf.shape(new))
    begin, end = tf.stack([first, 0, 0]), tf.stack([first + texts, heads, length])
    tf.raw_ops.ResourceStridedSliceAssign(ref=cache.handle, begin=begin, end=end, strides=[1, 1, 1], value=new)
