"""How long opening a real model takes, beyond importing the package of its format, beside what that package takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SQUEEZENET = ROOT.parent / "shared" / "data" / "onnx-winml" / "SqueezeNet_fp16.onnx"
TIMED = """
import sys, time
import {package}, onnx
start = time.perf_counter()
{package}.load(sys.argv[1])
print(time.perf_counter() - start)
"""
Row = tuple[str, str, str]


def opening(times: int = 9) -> list[Row]:
    """Measure opening SqueezeNet, our turns and the format's own package's by turns, each in a fresh process."""
    what = "SqueezeNet as ONNX: `pellucid.load`, beyond `import onnx` (the 1.2 million weights on the disk as float16)"
    if not SQUEEZENET.is_file() or find_spec("onnx") is None:
        return [(what, "< 0.5 s", "not measured: the model, or onnx, is not on this machine")]
    found: dict[str, list[float]] = {"pellucid": [], "onnx": []}
    for turn in range(times + 1):
        for package, seconds in found.items():
            command = [sys.executable, "-c", TIMED.format(package=package), str(SQUEEZENET)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            if turn:  # the first warms the disk
                seconds.append(float(done.stdout))
    ours, theirs = (statistics.median(seconds) for seconds in found.values())
    worst = max(found["pellucid"])
    told = (
        f"{ours * 1000:.0f} ms median, {worst * 1000:.0f} ms worst of {times}; `onnx.load` alone {theirs * 1000:.0f} ms"
    )
    return [(what, "< 0.5 s", told)]
