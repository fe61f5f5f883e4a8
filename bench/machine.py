"""Where a measurement was taken: processor, cores, versions, date."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

WIDE = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512", "avx_vnni", "amx", "asimd", "sve", "bf16")  # of vectors


def processor() -> str:
    """Return the processor's model name as the system tells it."""
    return _told("model name") or platform.processor() or platform.machine()


def cpu_flags() -> str:
    """Return the processor's flags that say how wide it computes."""
    flags = (_told("flags") or _told("Features")).split()
    return " ".join(flag for flag in flags if flag.startswith(WIDE)) or "unknown"


def _told(what: str) -> str:
    """Return a line of what Linux tells of its first processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith(what):
                return line.split(":", 1)[1].strip()
    return ""


def usable_cores() -> set[int]:
    """Return the numbers of the cores that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def versions(packages: tuple[str, ...]) -> str:
    """Return the versions of the packages that are installed."""
    installed: list[str] = []
    for name in packages:
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            installed.append(f"{name} not installed")
    return ", ".join(installed)


def describe() -> str:
    """Return one line that says where, when and with what the figures were measured."""
    named = versions(("numpy", "scikit-learn", "starlette", "uvicorn"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{today}, {processor()}, {len(usable_cores())} cores, Python {platform.python_version()}, {named}"
