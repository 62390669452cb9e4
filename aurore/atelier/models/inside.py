"""Le réseau vu de l'intérieur : ce qu'une phrase y devient, de ses tokens aux probabilités du suivant."""

from dataclasses import dataclass

import numpy as np

GUESSES = 5  # ce que chaque bloc répondrait, montré


@dataclass(frozen=True)
class Inside:
    """Une phrase de T tokens dans un réseau de largeur L, de B blocs de H têtes, et d'un vocabulaire de V tokens.

    `tokens` : (T, L), le vecteur de chaque token, et `positions` : (T, L), celui de sa place ; leur somme entre dans le premier bloc.
    `attention` : (H, T, T), dans un bloc : ce que chaque token (ligne) prend à chacun (colonne), 1 en tout. `guesses` et
    `chances` : (B + 1, T, GUESSES), les tokens que l'on lirait déjà à l'entrée du premier bloc, puis après chacun, et leur
    probabilité. `logits` : (V,), les scores du token qui suit.
    """

    tokens: np.ndarray
    positions: np.ndarray
    attention: np.ndarray
    guesses: np.ndarray
    chances: np.ndarray
    logits: np.ndarray


def look(model, ids: list[int], block: int) -> Inside:
    """Ce que devient la phrase `ids` ; `block` : celui dont on veut l'attention.

    Lire un état intermédiaire comme si c'était le dernier est le « logit lens » de nostalgebraist (2020).
    """
    output = model(np.array([ids]), output_attentions=True, output_hidden_states=True)
    transformer = model.transformer
    table, places = (np.asarray(layer.embeddings) for layer in (transformer.wte, transformer.wpe))
    # Le dernier état que donne transformers est déjà normalisé ; les autres ne le sont pas.
    states = [*(transformer.ln_f(state) for state in output.hidden_states[:-1]), output.hidden_states[-1]]
    logits = np.concatenate([np.asarray(state)[0] for state in states]) @ table.T
    chances = np.exp(logits - logits.max(axis=-1, keepdims=True))
    totals = chances.sum(axis=-1, keepdims=True)
    likely = np.argpartition(chances, -GUESSES)[:, -GUESSES:]  # bien moins long que de tout ranger
    order = np.argsort(-np.take_along_axis(chances, likely, axis=-1), kind="stable")
    guesses = np.take_along_axis(likely, order, axis=-1)
    shape = (len(states), len(ids), GUESSES)
    return Inside(
        tokens=table[ids],
        positions=places[: len(ids)],
        attention=np.asarray(output.attentions[block])[0],
        guesses=guesses.reshape(shape),
        chances=(np.take_along_axis(chances, guesses, axis=-1) / totals).reshape(shape),
        logits=np.asarray(output.logits)[0, -1],
    )
