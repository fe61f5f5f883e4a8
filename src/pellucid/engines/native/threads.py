"""How many threads: as asked, by argument or environment, or as many cores as this process may use."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import numpy as np

from ...errors import ParameterError
from ...words import legible

MOST_THREADS = 256


def checked_threads(threads: int | None) -> int:
    """Return how many threads to use: as asked, or PELLUCID_THREADS, or as many cores as this process may use.

    Raises:
        ParameterError: not a whole number from 1 to 256.

    >>> checked_threads(3)
    3
    """
    if threads is None and not os.environ.get("PELLUCID_THREADS"):
        return cores()
    where, got, value = "native engine", f"threads={_shown(threads)}", threads
    if threads is None:
        asked = os.environ["PELLUCID_THREADS"]
        where, got = "PELLUCID_THREADS", _shown(asked)
        value = int(asked) if re.fullmatch("[0-9]{1,9}", asked, re.ASCII) else None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and 1 <= value <= MOST_THREADS:
        return int(value)
    expected = f"a whole number of threads, 1 to {MOST_THREADS}"
    raise ParameterError(where, got=got, expected=expected, fix=f"use {cores()}, or leave it out")


def _shown(value: object) -> str:
    try:
        return legible(repr(value), 60)
    except ValueError:  # Python shows no number of thousands of digits
        return "a number of thousands of digits"


@cache
def cores() -> int:
    """Return the cores that this process may use, by its affinity and its control groups."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, int(quota()), MOST_THREADS))


def quota(root: Path = Path("/")) -> float:
    """Return how many cores' time the control groups of Linux leave this process; 256 if nothing is said.

    Args:
        root: where the system's files are.
    """
    least = float(MOST_THREADS)
    for group in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = group.split(":", 2)
        old = "cpu" in controllers.split(",")
        if controllers and not old:
            continue
        mount = root / "sys/fs/cgroup" / ("cpu" if old else "")
        inner = mount / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if old:
                words = [_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")]
            else:
                words = _read(folder / "cpu.max").split()
            if len(words) == 2 and all(word.strip().isdigit() for word in words) and int(words[1]) > 0:
                least = min(least, int(words[0]) / int(words[1]))
            if folder == mount:
                break
    return least


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, ValueError):
        return ""
