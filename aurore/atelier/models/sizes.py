"""Ce que pèse un modèle : ses paramètres, ceux que l'on entraîne, la mémoire et le calcul qu'il y faut."""

from pathlib import Path

from atelier.quiet import tf

from transformers import AutoConfig, GPT2Config, TFAutoModelForCausalLM

from atelier import machine
from atelier.console import number, variable
from atelier.errors import AuroreError
from atelier.models import choice

FLOAT = 4  # octets d'un nombre en simple précision
# Nombres gardés par token et par couche d'ici à la passe arrière, en largeurs du modèle (le plan de mémoire de XLA, pour GPT-2 small).
ACTIVATIONS = 19
LOGITS = 3  # matrices de (tokens, vocabulaire) : XLA n'en garde qu'une, mais un entraînement court s'en passe
GRAPH = 0.7e9  # octets que prennent TensorFlow et XLA pour compiler un pas


def show_sizes(folder: Path) -> None:
    """La taille d'un modèle, à côté de GPT-2 small et medium, bâtis d'après leur configuration, sans leurs poids."""
    configurations = {
        choice.name(folder): AutoConfig.from_pretrained(folder),
        "GPT-2 small": GPT2Config(n_layer=12, n_embd=768, n_head=12),
        "GPT-2 medium": GPT2Config(n_layer=24, n_embd=1024, n_head=16),
    }
    print(f"{'':<32} couches largeur vocabulaire  paramètres  mémoire des poids")
    for title, config in configurations.items():
        with tf.Graph().as_default():  # un graphe connaît la forme des poids sans les mettre en mémoire
            model = TFAutoModelForCausalLM.from_config(config)
            model.build_in_name_scope()
            parameters = model.count_params()
        size = f"{number(FLOAT * parameters / 1e6)} Mo"
        vocabulary = number(config.vocab_size)
        print(
            f"{title:<32} {config.n_layer:>7} {config.n_embd:>7} {vocabulary:>11} {number(parameters):>11} {size:>18}"
        )


def trained_parameters(model) -> int:
    return sum(variable.shape.num_elements() for variable in model.trainable_variables)


def freeze(model, blocks: int) -> None:
    """Gèle les plongements (embeddings) et les `blocks` premières couches : seules les dernières apprendront. Dit ce qu'on y gagne.

    Lève `AuroreError` s'il ne resterait aucune couche à entraîner.
    """
    transformer = model.transformer
    if blocks >= len(transformer.h):
        raise AuroreError(
            f"--freeze {blocks} : ce modèle n'a que {len(transformer.h)} couches, il en faut au moins une à entraîner. "
            f"Donnez un nombre de 0 à {len(transformer.h) - 1}."
        )
    if blocks:
        for layer in (transformer.wte, transformer.wpe, *transformer.h[:blocks]):
            layer.trainable = False
    print(f"Paramètres entraînés : {number(trained_parameters(model))} sur {number(model.count_params())}.")
    if blocks:
        saved = 1 - _work(model, blocks) / _work(model, 0)
        print(
            f"Les plongements et les {blocks} premières couches ne changent pas : un pas demande {100 * saved:.0f} % de calcul en moins, "
            "mais le modèle s'écarte moins de ce qu'il savait."
        )


def _work(model, frozen: int) -> float:
    """Le calcul d'un pas, à un facteur près : un aller par poids ; au retour, autant pour l'entrée et autant pour le poids."""
    config, blocks = model.config, len(model.transformer.h)
    block, head = 12 * config.n_embd**2, config.vocab_size * config.n_embd
    return blocks * block + head + 2 * (blocks - frozen) * block + (1 if frozen else 2) * head


def check_memory(model, tokens: int) -> None:
    """Dit la mémoire que demandera un pas de `tokens` tokens. Lève `AuroreError` si elle n'est pas là : le système tuerait le programme."""
    config, trained = model.config, trained_parameters(model)
    learning = sum(block.trainable for block in model.transformer.h)
    optimizer = 3 * FLOAT * trained  # le gradient, et les deux moyennes d'AdamW
    activations = FLOAT * tokens * (ACTIVATIONS * config.n_embd * learning + LOGITS * config.vocab_size)
    needed, free = optimizer + activations + GRAPH, machine.available_memory()
    print(f"Mémoire : il en faut encore {number(needed / 1e9, 1)} Go, il y en a {number(free / 1e9, 1)} de libres.")
    if needed > free:
        raise AuroreError(
            f"La mémoire ne suffira pas : il faut {number(needed / 1e9, 1)} Go, il en reste {number(free / 1e9, 1)}. Fermez d'autres programmes, "
            f"donnez plus de mémoire à Docker, prenez un lot plus petit (--batch-size 4), gelez des couches (--freeze {config.n_layer // 2}), "
            f"ou un plus petit modèle : {variable('AURORE_MODEL', 'mini')}."
        )
