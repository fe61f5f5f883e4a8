"""How many threads: as asked, by argument or environment, or as many cores as this process may use."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np

from ...errors import ParameterError

MOST_THREADS = 256


def checked_threads(threads: int | None) -> int:
    """Return how many threads to use: as asked, or PELLUCID_THREADS, or as many cores as this process may use.

    Raises:
        ParameterError: not a whole number from 1 to 256.

    >>> checked_threads(3)
    3
    """
    where, value = "native engine", threads
    asked = os.environ.get("PELLUCID_THREADS")
    if value is None and asked:
        where, value = "PELLUCID_THREADS", int(asked) if asked.isascii() and asked.isdigit() else 0
    elif value is None:
        return cores()
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= MOST_THREADS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ParameterError(
            where,
            got=f"{asked!r}" if threads is None else f"threads={threads!r}",
            expected=f"a whole number of threads, 1 to {MOST_THREADS}",
            fix=f"use {cores()}, or leave it out",
        )
    return int(value)


@cache
def cores() -> int:
    """Return the cores that this process may use, by its affinity and its control group."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        if quota != "max":
            usable = min(usable, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no such control group here
    return max(1, min(usable, MOST_THREADS))
