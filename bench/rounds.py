"""The order of measuring: everybody in turn, again and again, so that a busy minute hits all alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def interleaved(runs: Mapping[Key, Callable[[], float]], rounds: int) -> dict[Key, list[float]]:
    """Return the times of each, one a round; each round begins one further on."""
    keys = list(runs)
    times: dict[Key, list[float]] = {key: [] for key in keys}
    for number in range(rounds):
        first = number % len(keys) if keys else 0
        for key in keys[first:] + keys[:first]:
            times[key].append(runs[key]())
    return times
