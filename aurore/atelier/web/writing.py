"""Un réseau, une salle entière : une seule boucle ajoute un token à tous les textes demandés, puis recommence.

Lire les poids prend plus de temps que de calculer avec : quarante textes écrits ensemble finissent bien avant quarante textes
écrits l'un après l'autre. Chaque visiteur a son texte, son hasard, et entre ou sort entre deux tokens.
"""

import itertools
import queue
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transformers import Pipeline

from atelier.console import explain, tell
from atelier.errors import AuroreError
from atelier.models.decoder import ROOM, ranks_for
from atelier.models.sampling import Sampling
from atelier.settings import DEBUG
from atelier.web.demands import Demand, Refused
from atelier.writing import generation, originality, streaming
from atelier.writing.streaming import Group, Text, Token

TOGETHER, WAITING = 64, 64  # textes écrits ensemble, au plus ; et demandes qui attendent leur tour
CACHE_BYTES = 2 << 30  # ce que les clés et les valeurs de ces textes peuvent occuper
READ_TOGETHER = 4096  # tokens d'amorces lus en une fois : au-delà, tous attendraient trop
QUIET = 3.0  # secondes sans personne avant de compiler : une seconde ou deux pendant lesquelles nul texte n'avance
HEARTBEAT = 1.0  # secondes sans rien de neuf au bout desquelles un visiteur a des nouvelles, et nous de lui


class Busy(AuroreError):
    """Trop de demandes attendent, ou la page s'arrête : à réessayer plus tard."""


class Network:
    """Un modèle chargé, et les textes qu'il est en train d'écrire."""

    def __init__(self, folder: Path):
        self.pipe: Pipeline = generation.load_pipeline(folder)
        config = self.pipe.model.config
        cache = 8 * config.n_layer * config.n_embd * config.n_positions  # octets : clés et valeurs, en float32
        self.places = min(TOGETHER, 1 << (CACHE_BYTES // cache).bit_length() - 1)
        self.cold = sorted(
            {ranks_for(texts + 1) for texts in range(self.places)}
        )  # les rangs pour lesquels rien n'est encore compilé
        self.group = self.new_group()

    def new_group(self) -> Group:
        return Group(self.pipe.model.decoder, self.pipe.tokenizer)

    def warm_up(self) -> None:
        """Compile le décodeur pour un nombre de textes de plus : une à deux secondes, mieux prises quand personne n'attend."""
        ranks, decoder = self.cold.pop(0), self.pipe.model.decoder
        decoder.start([[0]] * ranks, ROOM)
        decoder.step([0] * ranks)
        decoder.stop(0)
        self.group = self.new_group()


@dataclass(eq=False)
class Job:
    """Une demande, et ce que la boucle en a déjà fait : des tokens, puis None, ou une phrase si elle a dû s'interrompre."""

    demand: Demand
    model: str
    network: Network
    text: Text
    news: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)


@dataclass(frozen=True)
class Place:
    """Où en est cette demande dans la file : 1, la prochaine."""

    number: int


class Writer:
    """Les modèles, par nom, et la boucle qui les fait écrire. `networks` reçoit chacun quand on le demande."""

    def __init__(self, folders: dict[str, Path]):
        self.folders, self.networks = folders, {}
        self.loading, self.reading = threading.Lock(), threading.Lock()
        self.changed = threading.Condition()  # protège les quatre lignes qui suivent
        self.waiting: list[Job] = []
        self.writing: dict[Text, Job] = {}
        self.gone: list[Job] = []
        self.closed = False
        self.shelf = originality.reading_shelf()  # et de quoi y chercher vite ce qu'un texte en récite
        self.known = originality.known_sequences(self.shelf)
        self.first = next(iter(folders))
        self.network(self.first).warm_up()  # de quoi écrire un texte ; le reste se compile quand personne n'attend
        self.thread = threading.Thread(target=self._loop, daemon=True, name="boucle")
        self.thread.start()

    def network(self, name: str) -> Network:
        """Le modèle de ce nom. Chargé à la première demande ; il le reste."""
        if name not in self.folders:
            raise Refused(f"Pas de modèle « {name[:60]} » ici. Il y a : {', '.join(self.folders)}.", "option")
        if network := self.networks.get(name):
            return network
        with self.loading:
            if name not in self.networks:
                self.networks[name] = Network(self.folders[name])
            return self.networks[name]

    def compared(self) -> list[str]:
        """Les modèles à mettre côte à côte : le premier, et celui dont il est parti."""
        return list(self.folders)[:2]

    def ask(self, demand: Demand) -> Job:
        """Met une demande dans la file. Lève `AuroreError` si elle ne peut être servie, `Busy` si c'est pour l'instant."""
        model = demand.model or self.first
        network = self.network(model)
        room = network.pipe.model.config.n_positions - demand.max_new_tokens
        if not demand.slide or demand.echo or room < 1:
            generation.check_prompt(demand.prompt, network.pipe, demand.max_new_tokens)
        text = Text(
            network.pipe.tokenizer(demand.prompt.strip())["input_ids"][-room:],
            demand.max_new_tokens,
            Sampling(demand.temperature, demand.top_p, demand.top_k),
            demand.seed,
        )
        job = Job(demand, model, network, text)
        with self.changed:
            if self.closed:
                raise Busy("La page s'arrête : revenez quand elle sera relancée.")
            if len(self.waiting) >= WAITING:
                raise Busy("Trop d'histoires attendent leur tour : réessayez dans quelques secondes.")
            self.waiting.append(job)
            self.changed.notify()
        return job

    def follow(self, job: Job) -> Iterator[Token | Place | None]:
        """Les tokens d'une demande à mesure qu'ils s'écrivent, et entre-temps sa place dans la file, ou None s'il n'y a rien de neuf.

        Fermer l'itérateur abandonne la demande. Lève `AuroreError` si le texte a dû s'interrompre.
        """
        try:
            if place := self.place(job):
                yield Place(place)
            while True:
                try:
                    news = job.news.get(timeout=HEARTBEAT)
                except queue.Empty:
                    yield Place(place) if (place := self.place(job)) else None
                    continue
                if news is None:
                    return
                if isinstance(news, str):
                    raise AuroreError(news)
                yield news
        finally:
            self.leave(job)

    def leave(self, job: Job) -> None:
        """La demande rend sa place, ou ne l'attend plus ; si elle est finie, ne fait rien."""
        with self.changed:
            self.gone.append(job)
            self.changed.notify()

    def place(self, job: Job) -> int:
        with self.changed:
            return self.waiting.index(job) + 1 if job in self.waiting else 0

    def read(self, job: Job) -> list[Token]:
        """Les tokens de l'amorce, et ce que le modèle en pensait."""
        with self.reading:
            return streaming.read(job.network.pipe.model, job.network.pipe.tokenizer, job.demand.prompt.strip())

    def close(self, patience: float) -> None:
        """N'accepte plus rien ; laisse `patience` secondes aux textes en cours, puis les interrompt."""
        with self.changed:
            self.closed = True
            self.changed.wait_for(lambda: not self.writing and not self.waiting, patience)
            self._interrupt([*self.writing.values(), *self.waiting], "La page s'arrête : ce texte reste inachevé.")
            self.changed.notify_all()

    def _loop(self) -> None:
        asked = False
        while not self.closed or self.writing or self.waiting:
            try:
                asked = self._turn(asked)
            except Exception as error:  # la boucle ne meurt pas : plus personne ne serait servi
                self._fail(list(self.networks.values()), error)

    def _turn(self, asked: bool) -> bool:
        """Un token de plus pour chacun. `asked` : quelqu'un attendait-il au tour précédent ? Rend ce qu'il en est à celui-ci."""
        with self.changed:
            cold = next((network for network in self.networks.copy().values() if network.cold), None)
            patience = (QUIET if asked else 0) if cold else None
            asked = self.changed.wait_for(lambda: bool(self.waiting or self.writing or self.closed), patience)
            self._let_go()
            self._let_in()
            busy = {job.network for job in self.writing.values()}
        if cold and not asked:
            cold.warm_up()
        for network in busy:
            self._step(network)
        return asked

    def _let_go(self) -> None:
        """Ceux qui sont partis rendent leur place."""
        for job in self.gone:
            if job in self.waiting:
                self.waiting.remove(job)
            elif self.writing.pop(job.text, None):
                job.network.group.leave(job.text)
        self.gone.clear()
        self.changed.notify_all()

    def _let_in(self) -> None:
        """Les premiers de la file prennent les places libres de leur modèle."""
        for network, jobs in itertools.groupby(
            sorted(self.waiting, key=lambda job: id(job.network)), lambda job: job.network
        ):
            free, longest = network.places - len(network.group.texts), 0
            for number, job in enumerate(list(jobs)[:free], 1):
                longest = max(longest, len(job.text.prompt))
                if number > 1 and number * longest > READ_TOGETHER:
                    break
                network.group.join(job.text)
                self.waiting.remove(job)
                self.writing[job.text] = job

    def _step(self, network: Network) -> None:
        try:
            steps = network.group.step()
        except Exception as error:  # un modèle abîmé ne doit pas arrêter les autres
            return self._fail([network], error)
        with self.changed:
            for text, token in steps:
                if job := self.writing.get(text):
                    job.news.put(token)
                    if text.finished:
                        job.news.put(None)
                        del self.writing[text]
            self.changed.notify_all()

    def _fail(self, networks: list[Network], error: Exception) -> None:
        tell(traceback.format_exc() if DEBUG else explain(error))
        with self.changed:
            failed = [job for job in [*self.writing.values(), *self.waiting] if job.network in networks]
            self._interrupt(failed, "Ce texte s'est interrompu : la console de la page dit pourquoi.")
        for network in networks:
            network.group = network.new_group()

    def _interrupt(self, jobs: list[Job], sentence: str) -> None:
        for job in jobs:
            job.news.put(sentence)
            self.writing.pop(job.text, None)
            if job in self.waiting:
                self.waiting.remove(job)
