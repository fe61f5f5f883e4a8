"""HDF5 read from outside: a process with limits parses the file, and what it tells is checked like the file itself."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelFileError
from ...needs import need
from ..stored import Stored
from ..strict_json import parse

CHILD = Path(__file__).with_name("child.py")
MEMORY = 2**29  # bytes of the process that parses
SECONDS, BYTES_A_SECOND = 5, 2**25  # its time on a processor: some seconds, and more for a large file
SILENCE = 30  # seconds without a byte after which it is given up
MOST_TOLD = 2**26  # bytes of the list of what is in the file


class Hdf5:
    """An open HDF5 file: attributes of its groups, and tensors by their paths.

    Args:
        child: the process that parses it.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        size = int.from_bytes(self._take(8), "little")
        if size > MOST_TOLD:
            raise self._dead("a list of its tensors that is too long")
        told: Any = parse(bytes(self._take(size)), "HDF5")
        if "refused" in told:
            where, got, expected = (str(word) for word in told["refused"])
            raise ModelFileError(where, got=got, expected=expected, fix="get the file again, or save the model again")
        self.attributes: dict[str, dict[str, Any]] = told["attributes"]
        self.tensors: dict[str, Stored] = {
            path: self._stored(index, path, tuple(shape), np.dtype(kind))
            for index, (path, shape, kind) in enumerate(told["tensors"])
        }

    def _stored(self, index: int, path: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> Stored:
        def read() -> Any:
            assert self._child.stdin is not None
            try:
                self._child.stdin.write(b"%d\n" % index)
                self._child.stdin.flush()
            except OSError:
                raise self._dead(f"an end before {path!r}") from None
            array = np.empty(shape, kind)
            self._fill(bytes_of(array), path)
            return array

        return Stored(path, shape, read)

    def _take(self, size: int) -> bytearray:
        taken = bytearray(size)
        self._fill(memoryview(taken), "its first bytes")
        return taken

    def _fill(self, room: memoryview, what: str) -> None:
        """Fill `room` from the process, which may be dead, or silent for good."""
        assert self._child.stdout is not None
        pipe, filled = self._child.stdout.fileno(), 0
        while filled < len(room):
            ready, _, _ = select.select([pipe], [], [], SILENCE)
            count = os.readv(pipe, [room[filled : filled + 2**20]]) if ready else 0
            if not count:
                raise self._dead(f"an end before {what!r}" if ready else "no answer in time")
            filled += count

    def _dead(self, got: str) -> ModelFileError:
        self._child.kill()
        return ModelFileError(
            "",
            got=f"HDF5 that could not be parsed within {MEMORY >> 20} MiB and {SECONDS} s: {got}",
            expected="an HDF5 file that is not damaged",
            fix="get the file again, or save the model again",
        )


def bytes_of(array: NDArray[Any]) -> memoryview:
    """Return a new array's bytes, to be filled."""
    return array.reshape(-1).view(np.uint8).data if array.size else memoryview(bytearray())


@contextmanager
def hdf5(number: int) -> Generator[Hdf5]:
    """Parse the open file with this number; tensors can be read while the context lasts.

    Raises:
        ModelFileError: it is no HDF5 file, is damaged, or holds something else than numbers of its own.
        MissingPackageError: there is no h5py.
    """
    need("opening an HDF5 file", "hdf5", "h5py")
    size = os.fstat(number).st_size
    limits = (number, MEMORY, SECONDS + size // BYTES_A_SECOND)
    command = [sys.executable, "-I", str(CHILD), *map(str, limits)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(number,),
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
        close_fds=True,
    )
    try:
        yield Hdf5(child)
    finally:
        child.kill()
        child.communicate()
