"""What a peer makes of a work: something to run and time, and a result to compare before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .works import CHECKED_STEPS, Work


@dataclass(frozen=True)
class Ready:
    """A work made ready.

    Args:
        run: makes one forward pass or training step; what it starts is finished when it returns.
        result: returns what must agree, an array; called once, before anything is timed.
    """

    run: Callable[[], Any]
    result: Callable[[], NDArray[Any]]

    @classmethod
    def training(cls, step: Callable[[], Any]) -> Ready:
        """Return a training whose step returns the batch's mean loss; the first steps' losses must agree."""
        return cls(step, lambda: np.array([float(step()) for _ in range(CHECKED_STEPS)]))


class Peer(Protocol):
    """Something that runs networks, in a process of its own, with so many threads as it was made for."""

    def __init__(self, threads: int) -> None: ...

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return the names of the ways worth trying, none if it cannot do the work."""
        ...

    def make(self, work: Work, setting: str) -> Ready:
        """Make the work ready in that way."""
        ...
