"""Choisir le token suivant : comment la température, top-k et top-p changent les probabilités, puis le tirage."""

from dataclasses import dataclass

import numpy as np

from atelier.console import shown
from atelier.errors import AuroreError
from atelier.settings import MODELS

MAX_NEW_TOKENS, TEMPERATURE, TOP_P, TOP_K = 60, 0.8, 0.95, 0


@dataclass(frozen=True)
class Sampling:
    """Les réglages d'un tirage, ceux de `generate`. À température 0, le token le plus probable ; `top_k` à 0 ne limite rien."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0


GREEDY = Sampling(temperature=0)


def adjusted(logits: np.ndarray, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
    """Les tokens entre lesquels tirer, et leurs probabilités, dans l'ordre des identifiants. `logits` : (vocabulaire,).

    Comme transformers : la température d'abord, puis les `top_k` plus probables (Fan et al., 2018), puis, de ceux-là, les
    plus probables qui font ensemble `top_p` au moins (Holtzman et al., 2020). Lève `AuroreError` si les scores ne sont pas
    des nombres.
    """
    highest = logits.max()
    if np.isnan(highest):  # un seul qui n'en est pas un suffit
        raise AuroreError(
            "Les scores de ce modèle ne sont pas des nombres : ses poids sont abîmés, ou son entraînement a divergé. Relancez "
            f"l'étape 3 avec un taux plus petit (--learning-rate) ; ou, pour revenir au modèle de base, effacez {shown(MODELS / 'latest')}."
        )
    if not np.float32(sampling.temperature):
        return logits.argmax()[None], np.ones(1)
    chosen = np.arange(len(logits))
    if 0 < sampling.top_k < len(logits):
        chosen = np.flatnonzero(logits >= np.partition(logits, -sampling.top_k)[-sampling.top_k])
    weights = np.exp((logits[chosen] - highest) / np.float32(sampling.temperature))
    if sampling.top_p < 1:
        kept = _nucleus(weights, sampling.top_p)
        chosen, weights = chosen[kept], weights[kept]
    return chosen, weights / weights.sum(dtype=np.float64)


def _nucleus(weights: np.ndarray, top_p: float) -> np.ndarray:
    """Les rangs, dans l'ordre, des poids les plus lourds qui font ensemble `top_p` du total, au moins."""
    total = weights.sum(dtype=np.float64)
    # Ceux qui pèsent moins que cela n'en font pas 1 - top_p à eux tous : inutile de les trier. Huit fois plus suffit souvent.
    for times in (8, 1):
        likely = np.flatnonzero(weights >= times * (1 - top_p) / len(weights) * total)
        if weights[likely].sum(dtype=np.float64) >= top_p * total:
            break
    order = likely[np.argsort(-weights[likely], kind="stable")]
    number = 1 + np.searchsorted(np.cumsum(weights[order], dtype=np.float64), top_p * total)
    return np.sort(order[:number])


def most_likely(logits: np.ndarray, number: int) -> np.ndarray:
    """Les `number` tokens aux plus hauts scores (vocabulaire,), dans l'ordre."""
    chosen = np.argpartition(logits, -number)[-number:]
    return chosen[np.argsort(-logits[chosen])]


def draw(logits: np.ndarray, sampling: Sampling, random: np.random.Generator) -> int:
    """Un token, tiré selon ces probabilités. Un texte a son propre hasard : ce qu'on écrit à côté de lui ne le change pas."""
    tokens, probabilities = adjusted(logits, sampling)
    heights = np.cumsum(probabilities)
    return int(tokens[np.searchsorted(heights[:-1], random.random() * heights[-1], side="right")])
