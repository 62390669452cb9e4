"""Muon : le gradient d'une matrice, rendu orthogonal avant d'en corriger les poids.

Le gradient d'une matrice n'a que quelques directions fortes, qui cachent les autres ; Muon leur donne à toutes la même
longueur (Keller Jordan, « Muon: An optimizer for hidden layers in neural networks », 2024). Les plongements, les biais et
les normalisations, qui ne transforment pas un vecteur en un autre, gardent AdamW.
"""

from atelier.quiet import keras, tf

from network import HALF

MOMENTUM, BETA_1, BETA_2, EPSILON = 0.95, 0.9, 0.95, 1e-8
COEFFICIENTS = 3.4445, -4.7750, 2.0315  # de Jordan : choisis pour que cinq tours suffisent


def orthogonal(matrices: tf.Tensor) -> tf.Tensor:
    """Les matrices (… , m, n) dont toutes les valeurs singulières deviennent à peu près 1 (itération de Newton et Schulz)."""
    x = tf.cast(matrices / (tf.norm(matrices, axis=(-2, -1), keepdims=True) + 1e-7), HALF)
    tall = x.shape[-2] > x.shape[-1]
    x = tf.linalg.matrix_transpose(x) if tall else x
    a, b, c = COEFFICIENTS
    for _ in range(5):
        square = tf.matmul(x, x, transpose_b=True)
        x = a * x + tf.matmul(b * square + c * tf.matmul(square, square), x)
    return tf.cast(tf.linalg.matrix_transpose(x) if tall else x, tf.float32)


def has_two_dimensions(variable: tf.Variable) -> bool:
    """Ni un biais ni une normalisation ; les biais de GPT-2 ont ici la forme (1, n)."""
    return len(variable.shape) == 2 and min(variable.shape) > 1


class Muon(keras.optimizers.Optimizer):
    """Muon pour les matrices des blocs, AdamW pour le reste, au même taux.

    Une correction de Muon est mise à l'échelle de celles d'AdamW, dont chaque nombre vaut environ 0,2 fois le taux (Liu et al.,
    « Muon is scalable for LLM training », 2025) : un seul taux convient aux deux.
    """

    def __init__(self, learning_rate, weight_decay: float = 0.1, **options):
        super().__init__(name="muon", jit_compile=False, **options)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.decay = weight_decay

    def build(self, variables) -> None:
        super().build(variables)
        if not hasattr(self, "momentums"):
            self.momentums = [self.add_variable_from_reference(variable, "m") for variable in variables]
            self.squares = {
                variable.name: self.add_variable_from_reference(variable, "v")
                for variable in variables
                if not self.is_matrix(variable)
            }

    def is_matrix(self, variable: tf.Variable) -> bool:
        return has_two_dimensions(variable) and "embeddings" not in variable.name

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        index = self._index_dict[self._var_key(variable)]
        rate = tf.cast(self.learning_rate, tf.float32)
        if self.is_matrix(variable):
            momentum = self.momentums[index]
            momentum.assign(MOMENTUM * momentum + gradient)
            change = self.orthogonal_change(gradient + MOMENTUM * momentum, "c_attn" in variable.name)
        else:
            step = tf.cast(self.iterations + 1, tf.float32)
            momentum, square = self.momentums[index], self.squares[variable.name]
            momentum.assign(BETA_1 * momentum + (1 - BETA_1) * gradient)
            square.assign(BETA_2 * square + (1 - BETA_2) * gradient**2)
            change = momentum / (1 - BETA_1**step) / (tf.sqrt(square / (1 - BETA_2**step)) + EPSILON)
        decay = self.decay if has_two_dimensions(variable) else 0.0
        variable.assign_sub(rate * (change + decay * variable))

    def orthogonal_change(self, direction: tf.Tensor, three: bool) -> tf.Tensor:
        """Les matrices des requêtes, des clefs et des valeurs, que GPT-2 range en une, se traitent une à une."""
        rows, columns = direction.shape
        if three:
            direction = tf.transpose(tf.reshape(direction, [rows, 3, columns // 3]), [1, 0, 2])
        change = 0.2 * max(direction.shape[-2:]) ** 0.5 * orthogonal(direction)
        return tf.reshape(tf.transpose(change, [1, 0, 2]), [rows, columns]) if three else change
