"""Worker threads: Python threads that stay inside machine code while there is work, and sleep when there is none.

Work is offered, never assigned: a program is whole without any worker. So threads may come late, a fork or another
program at the same moment finds no worker and runs alone, and the number of threads cannot change a result.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from functools import cache

import numpy as np

from .driver import RUNNING, STATE_BYTES, driver
from .loader import function
from .machine import host
from .memory import aligned

PATIENCE = 200e-6  # seconds that a worker waits inside machine code before it sleeps


class Driver:
    """The driver's functions for this machine."""

    def __init__(self) -> None:
        (execute, work, clock), text = driver(host())
        take = ctypes.CFUNCTYPE
        self.execute = take(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(function(execute, text))
        self.work = take(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(function(work, text))
        self.clock = take(ctypes.c_int64)(function(clock, text))
        began, ticks = time.perf_counter(), self.clock()
        while time.perf_counter() - began < 200e-6:
            pass
        self.patience = int((self.clock() - ticks) / (time.perf_counter() - began) * PATIENCE)


@cache
def get_driver() -> Driver:
    """Return the driver, made on first use."""
    return Driver()


class Pool:
    """Threads that share programs: the one that calls, and workers, started when first needed.

    Args:
        threads: how many in all.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._busy = threading.Lock()
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._state = aligned(STATE_BYTES // 8, np.int64)
        self._state[:] = 0
        self._asleep = [False] * (self.threads - 1)
        self._bells = [threading.Semaphore(0) for _ in range(self.threads - 1)]
        self._started = False
        self._busy = threading.Lock()

    def execute(self, program: int, *, share: bool) -> None:
        """Run the program whose table is at this address; `share`: it is worth waking others."""
        run = get_driver().execute
        if not share or self.threads == 1 or not self._busy.acquire(blocking=False):
            alone = aligned(STATE_BYTES // 8, np.int64)
            run(alone.ctypes.data, program, 0)
            return
        try:
            self._state[RUNNING // 8] = 1
            self._wake()
            run(self._state.ctypes.data, program, 1)
        finally:
            self._state[RUNNING // 8] = 0
            self._busy.release()

    def _wake(self) -> None:
        if not self._started:
            self._started = True
            for number in range(self.threads - 1):
                threading.Thread(target=self._serve, args=(number, self._state), daemon=True, name="pellucid").start()
            return
        for number, asleep in enumerate(self._asleep):
            if asleep:
                self._asleep[number] = False
                self._bells[number].release()

    def _serve(self, number: int, state: np.ndarray) -> None:
        """Help until nothing has come for a while, then sleep; again and again."""
        native, bell = get_driver(), self._bells[number]
        while True:
            native.work(state.ctypes.data, number + 1, native.patience)
            self._asleep[number] = True
            if state[RUNNING // 8]:  # it began between the last look and the line above
                self._asleep[number] = False
                continue
            bell.acquire()


@cache
def pool(threads: int) -> Pool:
    """Return the one pool of so many threads."""
    return Pool(threads)
