"""How long opening a real model takes in a fresh process, beyond importing what its format needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
PROMISED = "< 0.5 s"
ONNX = """
import sys, time
import {package}, onnx
start = time.perf_counter()
{package}.load(sys.argv[1])
print(time.perf_counter() - start)
"""
KERAS = """
import sys, time
import pellucid
start = time.perf_counter()
pellucid.load(sys.argv[1])
print(time.perf_counter() - start)
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
Row = tuple[str, str, str]


def opening(times: int = 9) -> list[Row]:
    """Measure opening SqueezeNet from ONNX, beside the `onnx` package alone, and a digits network from `.keras`."""
    return [_onnx(times), _keras(times)]


def _onnx(times: int) -> Row:
    path = DATA / "onnx-winml" / "SqueezeNet_fp16.onnx"
    what = "SqueezeNet as ONNX: `pellucid.load`, beyond `import onnx` (the 1.2 million weights on the disk as float16)"
    if not path.is_file() or find_spec("onnx") is None:
        return what, PROMISED, "not measured: the model, or onnx, is not on this machine"
    ours, theirs = _seconds([ONNX.format(package=package) for package in ("pellucid", "onnx")], path, times)
    return what, PROMISED, f"{_told(ours)}; `onnx.load` alone {statistics.median(theirs) * 1000:.0f} ms"


def _keras(times: int) -> Row:
    path = DATA / "keras-digit-recognizer" / "mnist_cnn.keras"
    what = "a digits network as `.keras` (0.3 million weights): `pellucid.load`, Keras and TensorFlow not imported"
    if not path.is_file() or find_spec("h5py") is None:
        return what, PROMISED, "not measured: the model, or h5py, is not on this machine"
    (ours,) = _seconds([KERAS], path, times)
    return what, PROMISED, _told(ours)


def _seconds(programs: list[str], path: Path, times: int) -> list[list[float]]:
    """Return what each program prints, by turns, each in a fresh process; the first turn warms the disk."""
    found: list[list[float]] = [[] for _ in programs]
    for turn in range(times + 1):
        for program, seconds in zip(programs, found, strict=True):
            command = [sys.executable, "-c", program, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            if turn:
                seconds.append(float(done.stdout))
    return found


def _told(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms median, {max(seconds) * 1000:.0f} ms worst of {len(seconds)}"
