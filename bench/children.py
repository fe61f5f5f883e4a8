"""The peers' processes, seen from the one that measures: only the one that is asked runs, the others are stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import IO, Any

from .machine import usable_cores

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 240  # seconds for one answer: the slowest compiler needs less
DIE_WITH_PARENT = 1  # Linux's PR_SET_PDEATHSIG
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PELLUCID_THREADS")


class ChildError(Exception):
    """A peer failed; the text says how."""


class Child:
    """A peer in a process of its own, on as many cores as it has threads.

    A library's threads may go on spinning after their work; so the process is stopped whenever it is not asked.
    """

    def __init__(self, name: str, threads: int, said: IO[bytes]) -> None:
        self.name, self._said = name, said
        self._pipe, theirs = Pipe()
        cores = sorted(usable_cores())[-threads:]
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"TF_CPP_MIN_LOG_LEVEL": "2"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", name, str(threads), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            env=environment,
            cwd=ROOT,
            preexec_fn=lambda: _bind(cores),
        )
        theirs.close()
        self.process.send_signal(signal.SIGSTOP)

    def ask(self, verb: str, *arguments: Any) -> Any:
        """Let the process run until it has answered.

        Raises:
            ChildError: it failed, ended or took too long.
        """
        self.process.send_signal(signal.SIGCONT)
        try:
            self._pipe.send((verb, *arguments))
            if not self._pipe.poll(PATIENCE):
                self.process.kill()
                raise ChildError(f"no answer to {verb} {' '.join(map(str, arguments))} in {PATIENCE} seconds")
            done, value = self._pipe.recv()
        except (EOFError, OSError):
            raise ChildError(f"the process ended: {self._last_words()}") from None
        self.process.send_signal(signal.SIGSTOP)
        if not done:
            raise ChildError(value)
        return value

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        self._pipe.close()

    def _last_words(self) -> str:
        self.process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with code {self.process.returncode}"


def _bind(cores: list[int]) -> None:
    """Keep this process to the cores, and let it die with its parent: a stopped one would not notice."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, cores)
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


@contextmanager
def children(names: list[str], threads: int) -> Generator[dict[str, Child]]:
    """Start a process a peer, and end them all."""
    with ExitStack() as stack:
        started: dict[str, Child] = {}
        for name in names:
            started[name] = Child(name, threads, stack.enter_context(tempfile.TemporaryFile()))
            stack.callback(started[name].end)
        yield started
