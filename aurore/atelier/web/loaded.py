"""Un modèle chargé pour la page : combien de textes il écrit à la fois, ce qu'il prend de mémoire, ce qui en est déjà compilé."""

import itertools
import math
from pathlib import Path

from transformers import GPT2Config, Pipeline

from atelier.models.continuation import Text
from atelier.models.decoder import capacities, slots_for
from atelier.models.hub import WEIGHTS
from atelier.writing import generation, originality
from atelier.writing.streaming import Batch

MAX_BATCH = 64  # textes écrits ensemble, au plus
CACHE_BYTES = 2 << 30  # ce que leurs clés et leurs valeurs peuvent occuper


def slot_bytes(config: GPT2Config) -> int:
    """Ce que les clés et les valeurs d'un texte peuvent occuper, en octets : des float32, deux fois, dans chaque bloc."""
    return 2 * 4 * config.n_layer * config.n_embd * config.n_positions


def slots(config: GPT2Config) -> int:
    """Combien de textes ce modèle écrit ensemble : une puissance de deux, que le cache puisse contenir."""
    return min(MAX_BATCH, 1 << (CACHE_BYTES // slot_bytes(config)).bit_length() - 1)


def memory_needed(folder: Path) -> int:
    """Les octets qu'un modèle prendra une fois chargé, et ses places toutes prises par les plus longs textes."""
    config = GPT2Config.from_pretrained(folder)
    return (Path(folder) / WEIGHTS).stat().st_size + slots(config) * slot_bytes(config)


class LoadedModel:
    """Un modèle, et les textes qu'il est en train d'écrire.

    `to_compile` : les formes du cache, (places, positions), que le décodeur n'a pas encore compilées, les petites d'abord. Un texte
    n'entre que si la sienne l'est, et avec elle toutes celles par lesquelles le cache passera quand d'autres textes sortiront.
    """

    def __init__(self, folder: Path):
        self.memory = memory_needed(folder)
        self.pipe: Pipeline = generation.load_pipeline(folder)
        self.titles_read = originality.titles_read(folder)
        self.slots = slots(self.pipe.model.config)
        self.decoder = self.pipe.model.decoder
        self.reset()
        levels = {slots_for(texts + 1) for texts in range(self.slots)}
        self.to_compile = sorted(itertools.product(levels, capacities(self.decoder.context)), key=math.prod)
        self.compile_next()  # de quoi écrire un texte ; le reste se compile pendant ce temps

    def reset(self) -> None:
        """Oublie tous les textes en cours."""
        self.decoder.clear()
        self.batch = Batch(self.decoder)

    def compile_next(self) -> None:
        """Compile une forme de plus, ce qui prend une seconde ou deux. Si cela échoue, la boucle compilera quand il le faudra."""
        try:
            self.decoder.compile(*self.to_compile[0])
        except Exception:
            self.to_compile = []
            raise
        self.to_compile = self.to_compile[1:]

    def has_room(self, text: Text) -> bool:
        """Y a-t-il une place pour ce texte, à côté des autres, dans une forme du cache déjà compilée ?"""
        texts = len(self.batch.texts) + len(self.batch.waiting) + 1
        longest = max(each.length for each in [*self.batch.waiting, text])
        return texts <= self.slots and self.decoder.shape_for(texts, longest) not in self.to_compile

    @property
    def growth(self) -> int:
        """Ce qu'il prendra encore de mémoire, si ses places se remplissent."""
        config = self.pipe.model.config
        taken = self.decoder.slots * self.decoder.capacity / config.n_positions
        return int((self.slots - taken) * slot_bytes(config))
