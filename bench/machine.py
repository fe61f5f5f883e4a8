"""Where a measurement was taken: processor, cores, versions, date."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path


def processor() -> str:
    """Return the processor's model name as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe(packages: tuple[str, ...] = ("numpy", "scikit-learn", "starlette", "uvicorn")) -> str:
    """Return one line that says where and with what the figures were measured."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{today}, {processor()}, {cores()} cores, Python {platform.python_version()}, {versions}"
