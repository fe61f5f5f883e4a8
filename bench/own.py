"""The engine's other promises: first steps, tracing, memory, a whole epoch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .peers import OURS, PEERS
from .promised import Row

ROOT = Path(__file__).resolve().parents[1]
FASHION_MNIST = ROOT.parent / "shared" / "data" / "fashion-mnist"
EAGER = ("torch", "eager, channels_last")


def alone(task: str, *arguments: str, **environment: str) -> Any:
    """Run one of `bench.alone`'s tasks in a process of its own, and return what it found.

    Raises:
        RuntimeError: it failed; the text is the last line that it said.
    """
    command = [sys.executable, "-m", "bench.alone", task, *arguments]
    done = subprocess.run(command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def own(peers: list[str]) -> list[Row]:
    """Measure the engine, a row each, and PyTorch beside it where it is one of the peers."""
    rows = [
        *_first(
            "first_training_step", "LeNet-5, training: from the network to the end of its first step", "1.5", "0.1"
        ),
        *_first("first_outputs", "ResNet-50, one image: from the network to its first outputs", "8", "0.3"),
        ("LeNet-5, one image: a trace of every value", "-", _told(_trace)),
    ]
    beside = [(peer, setting) for peer, setting in ((OURS, ""), EAGER) if peer in peers]
    for peer, setting in beside:
        what = f"small VGG, ten training steps of 64 images: peak memory of {PEERS[peer].title}"
        rows.append((what, "-", _told(lambda peer=peer, setting=setting: _memory(peer, setting))))
    for peer, _ in beside:
        what = f"LeNet-5, one epoch of Fashion-MNIST (60,000 images, 64 a step) with {PEERS[peer].title}"
        rows.append((what, "-", _told(lambda peer=peer: _epoch(peer))))
    return rows


def _first(task: str, what: str, cold: str, warm: str) -> list[Row]:
    """Run a task with an empty cache of compiled code, and with the cache that this left."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            (f"{what}, {when}", f"<= {promise} s", _told(lambda: f"{alone(task, PELLUCID_CACHE=folder):.2f} s"))
            for when, promise in (("nothing compiled before", cold), ("from the cache", warm))
        ]
    return rows


def _told(measure: Callable[[], str]) -> str:
    """Return what was measured, or why it was not."""
    try:
        return measure()
    except RuntimeError as error:
        return f"failed: {error}"


def _trace() -> str:
    return f"the time of {alone('trace'):.1f} forward passes"


def _memory(peer: str, setting: str) -> str:
    found = alone("memory", peer, setting)
    return f"{found['peak']:.0f} MiB, {found['before']:.0f} MiB of them before the network was built"


def _epoch(peer: str) -> str:
    if not FASHION_MNIST.is_dir():
        return "not measured: Fashion-MNIST is not on this machine"
    found = alone("epoch", peer, str(FASHION_MNIST))
    return f"{found['seconds']:.1f} s, then right on {found['accuracy']:.1%} of the test images"
