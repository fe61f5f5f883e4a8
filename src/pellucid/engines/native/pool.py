"""Worker threads: Python threads that stay inside machine code while there is work, and sleep when there is none.

Work is offered, never assigned: a program is whole without any worker. So threads may come late, a fork, the end of
Python or another program at the same moment find no worker and run alone, and their number cannot change a result.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from functools import cache
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from .driver import RUNNING, STATE_BYTES, driver
from .loader import functions
from .machine import host
from .memory import aligned

PATIENCE = 200e-6  # seconds that a worker waits inside machine code before it sleeps
SPAN = 100e-6  # seconds over which the processor's clock is compared with Python's


class Driver:
    """The driver's functions for this machine."""

    def __init__(self) -> None:
        execute, work, clock = functions(*driver(host()))
        take = ctypes.CFUNCTYPE
        self.execute = take(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(execute)
        self.work = take(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(work)
        self.clock = take(ctypes.c_int64)(clock)
        # Whatever comes between two looks at the clocks makes the span look longer, so the fastest is the truest.
        self.patience = int(max(self._speed() for _ in range(3)) * PATIENCE)

    def _speed(self) -> float:
        """Return the ticks of the processor's clock in a second."""
        began, ticks = time.perf_counter(), self.clock()
        while time.perf_counter() - began < SPAN:
            pass
        return (self.clock() - ticks) / (time.perf_counter() - began)


@cache
def get_driver() -> Driver:
    """Return the driver, made on first use."""
    return Driver()


class _Own(threading.local):
    """What the driver keeps for a program that one thread runs alone: each of Python's threads has its own."""

    def __init__(self) -> None:
        self._state = _new_state()
        self.address = self._state.ctypes.data


class Pool:
    """Threads that share programs: the one that calls, and workers, started when first needed.

    Args:
        threads: how many in all.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.begin()

    def begin(self) -> None:
        """Begin without workers, as a forked child must: its parent's did not come along."""
        self._state = _new_state()
        self._gate = threading.Lock()
        self._turn: object | None = None  # the call whose program is shared now
        self._hired = 0
        self._asleep = [False] * (self.threads - 1)
        self._bells: list[SimpleQueue[None]] = [SimpleQueue() for _ in range(self.threads - 1)]

    def execute(self, program: int, *, share: bool) -> None:
        """Run the program whose table is at this address; `share`: it is worth waking others."""
        run = get_driver().execute
        if not share or self.threads == 1:
            run(_OWN.address, program, 0)
            return
        turn = object()
        try:  # an interrupt may come at any call in here, and the turn still ends
            with self._gate:
                if self._turn is None:
                    self._turn = turn
            if self._turn is not turn:
                run(_OWN.address, program, 0)
                return
            self._state[RUNNING // 8] = 1
            self._wake()
            run(self._state.ctypes.data, program, 1)
        finally:
            if self._turn is turn:
                self._state[RUNNING // 8] = 0
                self._turn = None

    def _wake(self) -> None:
        for number, asleep in enumerate(self._asleep):
            if asleep:
                self._asleep[number] = False
                self._bells[number].put(None)
        while self._hired < self.threads - 1:
            number, self._hired = self._hired, self._hired + 1  # first of all: no two may have one number
            worker = threading.Thread(target=self._serve, args=(number, self._state), daemon=True, name="pellucid")
            try:
                worker.start()
            except RuntimeError:  # the system gives no more threads, or Python is ending
                self._hired = self.threads - 1

    def _serve(self, number: int, state: NDArray[np.int64]) -> None:
        """Help until nothing has come for a while, then sleep; again and again."""
        native, bell = get_driver(), self._bells[number]
        while True:
            native.work(state.ctypes.data, number + 1, native.patience)
            self._asleep[number] = True
            if state[RUNNING // 8]:  # it began between the last look and the line above
                self._asleep[number] = False
                continue
            bell.get()


def _new_state() -> NDArray[np.int64]:
    state = aligned(STATE_BYTES // 8, np.int64)
    state[:] = 0
    return state


_OWN = _Own()
_POOLS: dict[int, Pool] = {}


def pool(threads: int) -> Pool:
    """Return the one pool of so many threads."""
    return _POOLS.get(threads) or _POOLS.setdefault(threads, Pool(threads))


def _begin_again() -> None:
    for each in _POOLS.values():
        each.begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)
