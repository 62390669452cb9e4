"""Les essais, partagés entre deux processus : chacun occupe un cœur, et la suite prend moitié moins de temps.

Un processus prend un fichier d'essais entier, puis un autre, tant qu'il en reste. Ceux qui veulent la page, un navigateur ou
la démonstration, longs à préparer, restent au premier. Le second lui envoie ce qu'il a constaté, que pytest montre et compte
comme le reste.
"""

import itertools
import multiprocessing
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

PREPARED_ONCE = {"site", "browser", "demonstration", "followed"}  # des fixtures
forking = multiprocessing.get_context("fork") if sys.platform == "linux" else None


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """La boucle de pytest, à deux. Rend None, et laisse faire pytest, là où un processus ne se dédouble pas."""
    options = session.config.option
    files = [list(items) for _, items in itertools.groupby(session.items, key=lambda item: item.path)]
    mine = [items for items in files if any(PREPARED_ONCE & set(item.fixturenames) for item in items)]
    shared = sorted((items for items in files if items not in mine), key=slow_ones, reverse=True)
    if (
        not forking
        or (os.cpu_count() or 1) < 2
        or len(files) < 2
        or not shared
        or options.usepdb
        or options.collectonly
    ):
        return None
    if "tensorflow" in sys.modules and tensorflow_has_computed():
        raise pytest.UsageError(
            "Un fichier d'essais calcule avec TensorFlow dès qu'on l'importe : ses fils ne se dédoublent pas, et les essais ne "
            "finiraient jamais. Calculez dans une fonction."
        )
    session.config._tmp_path_factory.getbasetemp()  # le même dossier pour les deux
    next_shared, (receiver, sender) = forking.Value("i", 0), forking.Pipe(duplex=False)

    def left() -> Iterator[list[pytest.Item]]:
        while True:
            with next_shared.get_lock():
                taken, next_shared.value = next_shared.value, next_shared.value + 1
            if taken >= len(shared):
                return
            yield shared[taken]

    second = forking.Process(target=second_half, args=(session, shared, left(), sender))
    second.start()
    sender.close()
    told = Told(session, receiver)
    try:
        pass_all(itertools.chain(mine, left()), told.so_far)
        told.to_the_end()
    finally:
        second.kill()
        second.join()
    return True


def tensorflow_has_computed() -> bool:
    from tensorflow.python.eager import context

    return bool((current := context.context_safe()) and current._initialized)


def slow_ones(items: list[pytest.Item]) -> int:
    return sum(item.get_closest_marker("slow") is not None for item in items)


def pass_all(files: Iterator[list[pytest.Item]], after_each: Callable[[], None] = lambda: None) -> None:
    """Passe les essais. pytest doit savoir lequel suit : ce qui ne lui servira plus est alors défait."""
    items = itertools.chain.from_iterable(files)
    item = next(items, None)
    while item:
        following = next(items, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        after_each()
        item = following


def second_half(session: pytest.Session, shared: list[list[pytest.Item]], left: Iterator, sender) -> None:
    """Ce que fait le second processus : il passe des essais, et n'affiche rien."""
    plugins = session.config.pluginmanager
    plugins.unregister(name="terminalreporter")
    captured = plugins.getplugin("capturemanager")
    captured.stop_global_capturing()  # ce qui s'écrit ici ne va pas dans le fichier de l'autre
    captured.start_global_capturing()
    session.items = [item for items in shared for item in items]  # `started` n'y lit que ce qui sera demandé ici

    class Messenger:
        def pytest_runtest_logreport(self, report):
            sender.send(session.config.hook.pytest_report_to_serializable(config=session.config, report=report))

    plugins.register(Messenger())
    pass_all(left)
    sender.send(None)
    os._exit(0)  # ce que Python ferait en partant, le premier le fera


class Told:
    """Ce que le second processus constate, montré par le premier entre deux de ses essais."""

    def __init__(self, session: pytest.Session, receiver):
        self.session, self.reports = session, queue.SimpleQueue()
        threading.Thread(target=self._receive, args=(receiver,), daemon=True).start()

    def _receive(self, receiver) -> None:
        try:
            while (data := receiver.recv()) is not None:
                self.reports.put(data)
            self.reports.put(None)
        except EOFError:
            self.reports.put("mort")

    def _show(self, data) -> bool:
        if data == "mort":
            raise self.session.Interrupted("le second processus des essais est mort au milieu de l'un d'eux")
        if data is None:
            return False
        config = self.session.config
        config.hook.pytest_runtest_logreport(
            report=config.hook.pytest_report_from_serializable(config=config, data=data)
        )
        return True

    def _stop_if_asked(self) -> None:
        if self.session.shouldfail:
            raise self.session.Failed(self.session.shouldfail)
        if self.session.shouldstop:
            raise self.session.Interrupted(self.session.shouldstop)

    def so_far(self) -> None:
        while not self.reports.empty():
            data = self.reports.get()
            if data is None:
                self.reports.put(None)  # pour `to_the_end`
                break
            self._show(data)
        self._stop_if_asked()

    def to_the_end(self) -> None:
        while self._show(self.reports.get()):
            self._stop_if_asked()
