"""Opens damaged HDF5 files by the thousand: the process that parses each is forked from one that has h5py already.

Everything else is as it is when a file is opened: a process of its own for every file, with its limits, that may die.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py  # so that it is there in every process that is forked
from attacks.test_hdf5_mutations import VALID, damaged, outcome
from crafted_keras import written

from pellucid.formats import OpeningWarning
from pellucid.formats.keras import child, hdf5

DEATHS: Counter[str] = Counter()


class Forked:
    """A process that runs the script of another, as subprocess.Popen makes one."""

    def __init__(self, command: list[str], **_: Any) -> None:
        theirs, ours = os.pipe(), os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                for number, wanted in ((theirs[0], 0), (ours[1], 1), (os.open(os.devnull, os.O_WRONLY), 2)):
                    os.dup2(number, wanted)
                for number in (*theirs, *ours):
                    os.close(number)
                sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w")
                sys.argv = command[2:]
                child.main()
                sys.stdout.flush()
            finally:
                os._exit(0)
        os.close(theirs[0])
        os.close(ours[1])
        self.stdin, self.stdout = os.fdopen(theirs[1], "wb"), os.fdopen(ours[0], "rb")

    def kill(self) -> None:
        """End it, unless it has ended by itself, and remember by which signal it did."""
        if not self._process:
            return
        ended, status = os.waitpid(self._process, os.WNOHANG)
        if not ended:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        elif os.WIFSIGNALED(status):
            DEATHS[signal.Signals(os.WTERMSIG(status)).name] += 1
        self._process = 0

    def communicate(self) -> None:
        """Close what is left."""
        for stream in (self.stdin, self.stdout):
            with suppress(BrokenPipeError):
                stream.close()


def main(count: int, folder: Path) -> None:
    """Print what became of `count` mutations of each valid file, and by which signals parsers died, as JSON."""
    assert h5py
    hdf5.subprocess.Popen = Forked  # pyright: ignore[reportAttributeAccessIssue]
    warnings.simplefilter("ignore", OpeningWarning)  # changed weights may be no numbers
    chance, found = random.Random(count), Counter[str]()
    for number, content in enumerate(VALID):
        path = folder / f"{number}.h5"
        assert outcome(written(path, content)) == "opened"
        for _ in range(count):
            found[outcome(written(path, damaged(content, chance)))] += 1
    print(json.dumps({"outcomes": found, "deaths": DEATHS}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
