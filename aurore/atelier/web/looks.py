"""Regarder le réseau sans rien lui faire écrire (/dedans, /jeu, les probabilités d'un mot), sans ralentir ceux qui écrivent."""

import threading
import time
from collections.abc import Callable

REST = 3  # tant que des textes s'écrivent, après chaque regard, on attend tant de fois ce qu'il a pris


class Looks:
    """Des calculs faits un à la fois ; `writing()` dit si des textes s'écrivent à côté : les trois quarts du temps leur restent."""

    def __init__(self, writing: Callable[[], bool]):
        self.writing, self.turn, self.rest_until = writing, threading.Lock(), 0.0

    def __call__(self, compute: Callable):
        """Ce que renvoie `compute`, quand son tour est venu."""
        with self.turn:
            time.sleep(max(0.0, self.rest_until - time.perf_counter()))
            start = time.perf_counter()
            try:
                return compute()
            finally:
                end = time.perf_counter()
                self.rest_until = end + REST * (end - start) if self.writing() else end
