"""Un réseau, une salle entière : une seule boucle ajoute un token à tous les textes demandés, puis recommence.

Lire les poids prend plus de temps que de calculer avec : quarante textes écrits ensemble finissent bien avant quarante textes
écrits l'un après l'autre. Chaque visiteur a son texte, son hasard, et entre ou sort entre deux tokens : c'est ce que les serveurs de
modèles appellent « continuous batching » (Yu et al., Orca, 2022).
"""

import gc
import queue
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from atelier import machine
from atelier.console import explain, number, tell
from atelier.errors import AuroreError
from atelier.models.continuation import EXTRA, Text
from atelier.models.sampling import Sampling
from atelier.settings import DEBUG
from atelier.web import titles
from atelier.web.loaded import LoadedModel, memory_needed
from atelier.web.looks import Looks
from atelier.web.requests import Refused, WritingRequest
from atelier.writing import generation, originality, streaming
from atelier.writing.streaming import Token

MAX_QUEUE = 64  # demandes qui attendent leur tour
READ_TOGETHER = 512  # tokens d'amorces lus en une fois : au-delà, tous attendraient trop
MARGIN = 512 << 20  # octets à laisser à la machine quand on charge un modèle de plus
HEARTBEAT = 1.0  # secondes sans rien de neuf au bout desquelles un visiteur a des nouvelles, et nous de lui


class Busy(AuroreError):
    """Trop de demandes attendent, la mémoire manque ou la page s'arrête : à réessayer plus tard."""


@dataclass(eq=False)
class Sequence:
    """Une demande en cours. `output` reçoit ses tokens un à un, puis None, ou une phrase si elle a dû s'interrompre."""

    request: WritingRequest
    model_name: str
    model: LoadedModel
    text: Text
    output: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)


@dataclass(frozen=True)
class QueuePosition:
    """Où en est une demande dans la file : 1, la prochaine."""

    number: int


class Engine:
    """Les modèles, par nom, et la boucle qui les fait écrire. `models` a ceux qui sont chargés, le dernier demandé à la fin."""

    def __init__(self, folders: dict[str, Path]):
        self.folders = folders
        self.loading = threading.Lock()
        self.look = Looks(lambda: bool(self.writing))
        self.changed = threading.Condition()  # protège les six lignes qui suivent
        self.models: dict[str, LoadedModel] = {}
        self.compiling: LoadedModel | None = None
        self.waiting: list[Sequence] = []
        self.writing: dict[Text, Sequence] = {}
        self.aborted: list[Sequence] = []
        self.closed = False
        self.shelf = originality.reading_shelf()  # les livres lus, et de quoi y chercher vite ce qu'un texte en récite
        self.known = originality.known_sequences(self.shelf)
        self.first = next(iter(folders))
        self.titles = {name: titles.title(name, folder) for name, folder in folders.items()}
        self.load()
        self.loop = threading.Thread(target=self._loop, daemon=True, name="boucle")
        self.compiler = threading.Thread(target=self._compile_ahead, daemon=True, name="compilation")
        self.loop.start()
        self.compiler.start()

    def compared(self) -> list[str]:
        """Les modèles à mettre côte à côte, avant puis après : celui dont le premier est parti, et le premier. Une fois chargés, ils
        restent."""
        return list(self.folders)[:2][::-1]

    def load(self, name: str | None = None) -> LoadedModel:
        """Le modèle de ce nom, le premier par défaut, chargé s'il ne l'est pas. Lève `Refused` s'il n'existe pas, `Busy` si la mémoire manque."""
        name = name or self.first
        if name not in self.folders:
            raise Refused(f"Pas de modèle « {name[:60]} » ici. Il y a : {', '.join(self.folders)}.", "option")
        if model := self.models.get(name):
            return model
        with self.loading:
            if name not in self.models:
                if self.models:
                    self._free_memory(name)
                model = LoadedModel(self.folders[name])
                with self.changed:
                    self.models[name] = model
                    self.changed.notify_all()
            return self.models[name]

    def _free_memory(self, name: str) -> None:
        """Fait de la place à ce modèle : les autres s'en vont s'il le faut, celui qu'on n'a plus demandé depuis longtemps d'abord,
        sauf ceux de `compared` et ceux qui écrivent. Lève `Busy` si cela ne suffit pas."""
        needed, leaving = memory_needed(self.folders[name]), []
        with self.changed:
            free = machine.available_memory() - MARGIN - sum(model.growth for model in self.models.values())
            writing = {sequence.model for sequence in [*self.waiting, *self.writing.values()]}
            idle = [each for each in self.models if each not in self.compared() and self.models[each] not in writing]
            if free + sum(self.models[each].memory for each in idle) < needed:
                raise Busy(
                    f"La mémoire manque pour charger « {name} » à côté des autres : il en prendrait {number(needed / 1e9, 1)} Go. "
                    f"Choisissez un autre modèle, ou réessayez quand les textes en cours seront finis."
                )
            for each in idle:
                if free < needed:
                    leaving.append(self.models.pop(each))
                    free += leaving[-1].memory
            self.changed.wait_for(lambda: self.compiling not in leaving)
        leaving.clear()
        gc.collect()  # un modèle et ses calculs se tiennent en cercle

    def submit(self, request: WritingRequest) -> Sequence:
        """Met une demande dans la file. Lève `AuroreError` si elle ne peut être servie, `Busy` si c'est pour l'instant."""
        name = request.model or self.first
        model = self.load(name)
        room = model.decoder.context - request.max_new_tokens
        if not request.slide or request.echo or room < 1:
            generation.check_prompt(request.prompt, model.pipe, request.max_new_tokens)
        tokenizer = model.pipe.tokenizer
        prompt = tokenizer(request.prompt)["input_ids"][-room:]
        sampling = Sampling(request.temperature, request.top_p, request.top_k)
        extra = min(EXTRA, room - len(prompt)) if request.sentence else 0
        text = Text(tokenizer, prompt, request.max_new_tokens, sampling, request.seed, not request.inside_word, extra)
        sequence = Sequence(request, name, model, text)
        with self.changed:
            if self.closed:
                raise Busy("La page s'arrête : revenez quand elle sera relancée.")
            if not self.loop.is_alive():
                raise Busy(
                    "La page ne peut plus rien écrire : il faut la relancer. Le terminal où tourne l'étape 5 dit pourquoi."
                )
            if len(self.waiting) >= MAX_QUEUE:
                raise Busy("Trop d'histoires attendent leur tour : réessayez dans quelques secondes.")
            self.models.pop(name, None)
            self.models[name] = model  # le dernier demandé
            self.waiting.append(sequence)
            self.changed.notify_all()
        return sequence

    def follow(self, sequence: Sequence) -> Iterator[Token | QueuePosition | None]:
        """Les tokens d'une demande à mesure qu'ils s'écrivent, et entre-temps sa place dans la file, ou None s'il n'y a rien de neuf.

        Fermer l'itérateur abandonne la demande. Lève `AuroreError` si le texte a dû s'interrompre.
        """
        try:
            if position := self.position(sequence):
                yield QueuePosition(position)
            while True:
                try:
                    output = sequence.output.get(timeout=HEARTBEAT)
                except queue.Empty:
                    position = self.position(sequence)
                    yield QueuePosition(position) if position else None
                    continue
                if output is None:
                    return
                if isinstance(output, str):
                    raise AuroreError(output)
                yield output
        finally:
            self.abort(sequence)

    def abort(self, sequence: Sequence) -> None:
        """La demande rend sa place, ou ne l'attend plus ; si elle est finie, ne fait rien."""
        with self.changed:
            if sequence in self.waiting or sequence.text in self.writing:
                self.aborted.append(sequence)
                self.changed.notify_all()

    def position(self, sequence: Sequence) -> int:
        with self.changed:
            return self.waiting.index(sequence) + 1 if sequence in self.waiting else 0

    def read(self, sequence: Sequence) -> list[Token]:
        """Les tokens de l'amorce, et ce que le modèle en pensait."""
        pipe = sequence.model.pipe
        return self.look(lambda: streaming.read(pipe.model, pipe.tokenizer, sequence.request.prompt))

    def close(self, patience: float) -> None:
        """N'accepte plus rien ; laisse `patience` secondes aux textes en cours, puis les interrompt."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.writing and not self.waiting, patience)
            self._interrupt([*self.writing.values(), *self.waiting], "La page s'arrête : ce texte reste inachevé.")
            self.changed.notify_all()

    def _compile_ahead(self) -> None:
        """Compile ce qui ne l'est pas encore, forme par forme, pendant que la boucle écrit."""
        while True:
            with self.changed:
                self.compiling = None
                self.changed.notify_all()
                self.changed.wait_for(lambda: self.closed or self._to_compile())
                if self.closed:
                    return
                self.compiling = self._to_compile()
            try:
                self.compiling.compile_next()
            except Exception as error:
                report(error)

    def _to_compile(self) -> LoadedModel | None:
        """Le modèle dont quelqu'un attend qu'il soit compilé, sinon le premier qui ne l'est pas tout à fait."""
        models = [*(sequence.model for sequence in self.waiting), *self.models.values()]
        return next((model for model in models if model.to_compile), None)

    def _loop(self) -> None:
        while not self.closed or self.writing or self.waiting:
            try:
                self._turn()
            except Exception as error:  # la boucle ne meurt pas : plus personne ne serait servi
                self._fail({sequence.model for sequence in [*self.writing.values(), *self.waiting]}, error)

    def _turn(self) -> None:
        """Un token de plus pour chacun, quand il y a quelqu'un."""
        with self.changed:
            self.changed.wait_for(self._something_to_do)
            self._release()
            self._admit()
            busy = {sequence.model for sequence in self.writing.values()}
        for model in busy:
            self._step(model)

    def _something_to_do(self) -> bool:
        if self.writing or self.aborted:
            return True
        if self.closed and not self.waiting:
            return True
        return any(sequence.model.has_room(sequence.text) for sequence in self.waiting)

    def _release(self) -> None:
        """Ceux qui sont partis rendent leur place."""
        for sequence in self.aborted:
            if sequence in self.waiting:
                self.waiting.remove(sequence)
            elif self.writing.pop(sequence.text, None):
                sequence.model.batch.leave(sequence.text)
        self.aborted.clear()
        self.changed.notify_all()

    def _admit(self) -> None:
        """Les premiers de la file prennent les places libres de leur modèle ; qui attend une compilation laisse passer les autres."""
        for sequence in self.waiting.copy():
            text, batch = sequence.text, sequence.model.batch
            longest = max(len(each.prompt) for each in [*batch.waiting, text])
            short = (len(batch.waiting) + 1) * longest <= READ_TOGETHER
            if (short or not batch.waiting) and sequence.model.has_room(text):
                batch.join(text)
                self.waiting.remove(sequence)
                self.writing[text] = sequence

    def _step(self, model: LoadedModel) -> None:
        try:
            steps = model.batch.step()
        except Exception as error:  # un modèle abîmé ne doit pas arrêter les autres
            return self._fail({model}, error)
        with self.changed:
            for text, token in steps:
                if sequence := self.writing.get(text):
                    sequence.output.put(token)
                    if text.finished:
                        del self.writing[text]
                        sequence.output.put(None)
            self.changed.notify_all()

    def _fail(self, models: set[LoadedModel], error: Exception) -> None:
        """Interrompt les textes de ces modèles, avant tout ; puis dit pourquoi."""
        with self.changed:
            failed = [each for each in [*self.writing.values(), *self.waiting] if each.model in models]
            self._interrupt(failed, "Ce texte s'est interrompu : le terminal où tourne l'étape 5 dit pourquoi.")
        for model in models:
            model.reset()
        report(error)

    def _interrupt(self, sequences: list[Sequence], sentence: str) -> None:
        for sequence in sequences:
            self.writing.pop(sequence.text, None)
            if sequence in self.waiting:
                self.waiting.remove(sequence)
            sequence.output.put(sentence)


def report(error: Exception) -> None:
    """Dit une erreur dans la console, si elle est encore là (« 5_flask.py 2>&1 | head » l'a peut-être refermée)."""
    with suppress(OSError, ValueError):
        tell(traceback.format_exc() if DEBUG else explain(error))
