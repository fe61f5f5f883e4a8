"""Runs scripts in processes of their own: what would end a process, or hang it, ends the script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pellucid

# A network whose every run is worth sharing, once `SHARED_FROM` is 0, and a batch of several blocks.
PREPARED = """
import os, sys, threading, time
import numpy as np
from pellucid import Network, engines
from pellucid.engines.native import executable
from pellucid.engines.native.engine import NativeEngine
from pellucid.layers import Conv2d, Flatten, Linear, ReLU
from pellucid.train import SGD, CrossEntropy

def network(outputs=4):
    return Network((2, 9, 9), [Conv2d(5, 3), ReLU(), Flatten(), Linear(outputs)], seed=1)

assert executable.SHARED_FROM
executable.SHARED_FROM = 0
engine = NativeEngine(threads=4)
x = np.random.default_rng(0).standard_normal((100, 2, 9, 9)).astype(np.float32)
"""


def run(script: str, tmp_path: Path, *, prepared: bool = True, seconds: float = 120, **environment: str) -> str:
    """Run a script; it must end by itself, without a word on the error stream. Return what it printed."""
    path = tmp_path / "script.py"
    path.write_text((PREPARED if prepared else "") + script)
    source = str(Path(pellucid.__file__).parents[1])
    known = {**os.environ, "PYTHONPATH": source, "PYTHONFAULTHANDLER": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", path],  # newer Pythons advise against fork
        env=known,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-3000:] or f"exit code {done.returncode}"
    return done.stdout
