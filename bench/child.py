"""The process of one peer: makes works ready and times them when told to, over a pipe.

python -m bench.child PEER THREADS DESCRIPTOR
"""

from __future__ import annotations

import statistics
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from .peers import PEERS
from .ready import Peer, Ready
from .works import WORKS


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
            pipe.send((False, f"{type(error).__name__}: {error}"))


class Served:
    """What a peer does when asked."""

    def __init__(self, name: str, threads: int) -> None:
        self._entry, self._threads = PEERS[name], threads
        self._peer: Peer | None = None
        self._made: dict[tuple[str, str], Ready] = {}

    def settings(self, work: str) -> tuple[str, ...]:
        """Return the settings that the peer would try."""
        return self._loaded().settings(WORKS[work])

    def make(self, work: str, setting: str) -> Any:
        """Make a work ready, and return its result."""
        made = self._loaded().make(WORKS[work], setting)
        result = made.result()
        self._made[work, setting] = made
        return result

    def time(self, work: str, setting: str, seconds: float) -> float:
        """Return the median time of a run: a third of the seconds to warm up, then the seconds."""
        run = self._made[work, setting].run
        _times(run, seconds / 3)
        return statistics.median(_times(run, seconds))

    def drop(self, work: str) -> None:
        """Let go of what was made of a work."""
        self._made = {key: made for key, made in self._made.items() if key[0] != work}

    def _loaded(self) -> Peer:
        if self._peer is None:
            self._peer = self._entry.load(self._threads)
        return self._peer


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
