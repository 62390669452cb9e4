"""Ce que cette machine peut donner : sa mémoire."""

import ctypes
import os
import sys
from pathlib import Path

CGROUPS = (  # (limite, consommation) d'un conteneur, selon la version de cgroup ; « max », ou un nombre démesuré : sans limite
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
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
    left = []
    for limit, usage in CGROUPS:
        try:
            left.append(int(Path(limit).read_text()) - int(Path(usage).read_text()))
        except (OSError, ValueError):
            continue
    return left


def _windows_memory() -> int:
    class MemoryStatus(ctypes.Structure):  # https://learn.microsoft.com/windows/win32/api/sysinfoapi/ns-sysinfoapi-memorystatusex
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong) for name in ("total", "available", "page", "free_page", "virtual", "free_virtual", "extended")
        ]

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.available
