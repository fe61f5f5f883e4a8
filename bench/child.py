"""The process of one peer: makes works ready and times them when told to, over a pipe.

python -m bench.child PEER THREADS DESCRIPTOR
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .peers import PEERS
from .ready import Peer, Ready
from .works import WORKS

LONGEST = 240  # letters of an error


def main() -> None:
    """Answer until told to end; what goes wrong is an answer too."""
    name, threads, descriptor = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pipe = Connection(descriptor)
    served = Served(name, threads)
    while True:
        verb, *arguments = pipe.recv()
        if verb == "end":
            return
        try:
            pipe.send((True, getattr(served, verb)(*arguments)))
        except Exception as error:
            traceback.print_exc()
            pipe.send((False, shortened(f"{type(error).__name__}: {error}")))


class Served:
    """What a peer does when asked."""

    def __init__(self, name: str, threads: int) -> None:
        self._entry, self._threads = PEERS[name], threads
        self._peer: Peer | None = None
        self._made: Ready | None = None

    def settings(self, work: str) -> tuple[str, ...]:
        """Return the settings that the peer would try."""
        return self._loaded().settings(WORKS[work])

    def make(self, work: str, setting: str) -> Any:
        """Make a work ready in place of the last one, and return its result."""
        self.drop()
        self._made = self._loaded().make(WORKS[work], setting)
        return np.asarray(self._made.result())  # an array of the peer's own kind would bring the peer along

    def time(self, seconds: float) -> float:
        """Return the median time of a run: a third of the seconds to warm up, then the seconds."""
        assert self._made is not None
        _times(self._made.run, seconds / 3)
        return statistics.median(_times(self._made.run, seconds))

    def drop(self) -> None:
        """Let go of the last work: the threads of one session would spin beside those of the next."""
        self._made = None
        gc.collect()

    def _loaded(self) -> Peer:
        if self._peer is None:
            self._peer = self._entry.load(self._threads)
        return self._peer


def shortened(text: str) -> str:
    """Return a text as one line that fits a table."""
    line = " ".join(text.replace("|", "/").split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _times(run: Any, seconds: float) -> list[float]:
    """Return the time of each run, for so long and at least once."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        run()
        stop = time.perf_counter()
        times.append(stop - start)
        if stop >= end:
            return times


if __name__ == "__main__":
    main()
