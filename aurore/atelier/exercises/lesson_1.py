"""Ce que l'on attend des exercices de la leçon 1 : la somme pondérée, l'activation, la mise à jour."""

import numpy as np

from atelier.exercises.arrays import expect_array

SUM_ERRORS = {
    r"ValueError": "Les deux tableaux ne vont pas ensemble : `inputs @ weights`, les mesures à gauche, puis plus le biais."
}
ACTIVATION_ERRORS = {
    r"TypeError: only .*(?:length-1|size-1|0-dimensional|scalar)": "`math.exp` ne prend qu'un nombre : `np.exp` prend tout le tableau."
}
ONE_EACH = "Chaque exemple a donné un résultat : il manque la somme des gradients, `gradients.sum(axis=0)`."
UPDATE_ERRORS = {r"ValueError: operands could not be broadcast": ONE_EACH}


def _drawn(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    chance = np.random.default_rng(seed)
    return [chance.normal(0, 2, shape).round(1) for shape in shapes]


def exercise_1(weighted_sum, _) -> None:
    for shapes in (((3, 2), (2, 1), (1,)), ((2, 3), (3, 3), (3,))):
        inputs, weights, bias = _drawn(1, *shapes)
        product = inputs @ weights
        mistakes = {
            "Le biais manque : il s'ajoute à la somme.": product,
            "Le biais est retranché : il s'ajoute à la somme.": product - bias,
            "Le biais multiplie la somme : il s'y ajoute.": product * bias,
            "Les mesures et le biais sont là, mais sans les poids : c'est le produit des deux qu'il faut.": inputs
            + bias,
            "`*` multiplie case par case, sans additionner : le produit de matrices s'écrit `@`.": lambda found, inputs=inputs: (
                found.shape == inputs.shape
            ),
            "Tout est additionné en un seul nombre : il en faut un par animal et par neurone.": lambda found: (
                found.size == 1
            ),
        }
        expect_array(weighted_sum, inputs, weights, bias, expected=product + bias, mistakes=mistakes, errors=SUM_ERRORS)


def exercise_2(activation, _) -> None:
    for total in (np.array([[-2.0], [0.0], [3.0]]), np.array([[0.5, -0.5]])):
        power = np.exp(-total)
        mistakes = {
            "Le signe moins manque : c'est l'exponentielle de `-total`. La réponse baisse quand la somme monte.": 1
            / (1 + np.exp(total)),
            "C'est la tangente hyperbolique, de -1 à 1 : la sigmoïde va de 0 à 1.": np.tanh(total),
            "C'est une autre activation, ReLU : ici, il faut une réponse entre 0 et 1.": np.maximum(total, 0),
            "C'est un seuil net : sans pente, on ne sait de quel côté corriger les poids.": lambda found: (
                set(np.ravel(found).astype(float)) <= {0.0, 1.0}
            ),
            "La division passe avant l'addition : le dénominateur veut des parenthèses, `1 / (1 + …)`.": 1 + power,
            "Le « un plus » du dénominateur manque.": 1 / power,
            "Rien n'a changé : c'est `total` lui-même.": total,
        }
        expect_array(activation, total, expected=1 / (1 + power), mistakes=mistakes, errors=ACTIVATION_ERRORS)


def exercise_3(update, _) -> None:
    for shape, examples, rate in (((2, 1), 4, 0.3), ((3,), 2, 0.1)):
        values, gradients = _drawn(2, shape, (examples, *shape))
        total = gradients.sum(axis=0)
        correction = rate / examples * total
        mistakes = {
            "On monte au lieu de descendre : le gradient se retranche.": values + correction,
            "Il manque la division par m, le nombre d'exemples : `len(gradients)`.": values - rate * total,
            "Il manque le taux d'apprentissage, `learning_rate`.": values - total / examples,
            "C'est la correction seule : retranchez-la de `values`.": correction,
            "m compte deux fois : `mean` divise déjà par lui.": values - correction / examples,
            "m est le nombre d'exemples, `len(gradients)`, non celui des poids.": values - rate / len(values) * total,
            "`sum` a additionné tous les poids ensemble : `sum(axis=0)` le fait poids par poids.": values
            - rate / examples * gradients.sum(),
            ONE_EACH: lambda found, gradients=gradients: found.shape == gradients.shape,
            "Rien n'a changé : ce sont les valeurs reçues.": values,
        }
        expect_array(
            update, values, gradients, rate, expected=values - correction, mistakes=mistakes, errors=UPDATE_ERRORS
        )
