"""Ce que cette machine peut donner : sa mémoire."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CGROUPS = (  # où un conteneur dit sa limite, sa consommation, et ce qui s'en reprend, selon la version de cgroup
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available_memory() -> int:
    """Les octets que ce programme peut encore prendre, limite du conteneur comprise."""
    return min([_system_memory(), *_container_memory()])


def _system_memory() -> int:
    if sys.platform == "win32":
        return _windows_memory()
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":") for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")  # macOS : toute la mémoire, faute de mieux


def _container_memory() -> list[int]:
    """La consommation compte les fichiers lus : le noyau les oublie dès que la place manque (`memory.stat`, inactive_file)."""
    left = []
    for folder, limit, usage, forgettable in CGROUPS:
        try:
            details = dict(line.split() for line in Path(folder, "memory.stat").read_text().splitlines())
            # Sans limite, le fichier dit « max », qui n'est pas un nombre, ou un nombre démesuré.
            allowed, used = (int(Path(folder, name).read_text()) for name in (limit, usage))
            left.append(allowed - used + int(details[forgettable]))
        except (OSError, ValueError, KeyError):
            continue
    return left


def _windows_memory() -> int:
    # https://learn.microsoft.com/windows/win32/api/sysinfoapi/ns-sysinfoapi-memorystatusex
    class MemoryStatus(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "available", "page", "free_page", "virtual", "free_virtual", "extended")
        ]

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.available


@contextmanager
def giving_back_memory() -> Iterator[None]:
    """Rend au système, le temps d'un bloc `with`, la mémoire libérée à mesure qu'elle l'est.

    Compiler un modèle en libère par petits morceaux, que la bibliothèque C de Linux garde pour elle (`malloc_trim(3)`) ; le
    premier pas commence aussitôt, et c'est alors que l'entraînement demande le plus. Ailleurs que sous Linux, ne fait rien.
    """
    if sys.platform != "linux":
        yield
        return
    libc, ended = ctypes.CDLL(None), threading.Event()

    def keep_trimming() -> None:
        while not ended.wait(0.3):
            libc.malloc_trim(0)

    thread = threading.Thread(target=keep_trimming, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
