"""Writes `tensorflow.json` anew: what TensorFlow gives for the cases of `tensorflow_table.py`.

Run `python tests/tensorflow_freezing.py` with TensorFlow and Keras. A child process calculates: where a shape ends it,
that is the answer. Numbers are made by a rule; outputs and gradients are kept as one number each, as PyTorch's are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from opinfo_samples import digest, numbers
from tensorflow_table import Case, cases

LIST = Path(__file__).with_name("tensorflow.json")
GRAD = 99
SINGLE = (
    "lrn",
    "resize",
    "upsampling",
)  # what TensorFlow has, or answers, in float32 alone, as it does for gaps


def calculated(case: Case) -> dict[str, Any]:
    """What TensorFlow gives for a case."""
    tf: Any = import_module("tensorflow")
    dtype = np.float32 if case["op"] in SINGLE or max(case.get("dilations", [1])) > 1 else np.float64
    arrays = [numbers(tuple(case["x"]), 0).astype(dtype)]
    if "weight" in case:
        arrays.append(numbers(tuple(case["weight"]), 1).astype(dtype))
    variables = [tf.Variable(array) for array in arrays]
    with tf.GradientTape() as tape:
        y = _called(case, tf, *variables)
    if 0 in y.shape:
        raise ValueError("an empty result")
    if case["op"] == "conv2d" and y.shape[-1] != case["weight"][-1]:  # TensorFlow 2.21, a window wider than the maps
        raise ValueError("numbers that nobody calculated, in the shape of the input")
    told: dict[str, Any] = {"shape": list(y.shape), "y": _kept(y)}
    try:
        grads = tape.gradient(y, variables, tf.constant(numbers(tuple(y.shape), GRAD), y.dtype))
        told["grads"] = [_kept(grad) for grad in grads]
    except tf.errors.OpError as error:  # then the output alone is compared
        told["without gradients"] = _said(error)
    return told if dtype == np.float64 else told | {"float32": True}


def _said(error: Exception) -> str:
    """TensorFlow's reason, without the names of its nodes."""
    lines = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", str(error)).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()[:120]


def _kept(tensor: Any) -> float:
    return float(f"{digest(tensor.numpy().astype('float64')):.12g}")


def _called(case: Case, tf: Any, x: Any, weight: Any = None) -> Any:
    keras: Any = import_module("keras")
    op, padding = case["op"], case.get("padding")
    explicit = [[0, 0], *padding, [0, 0]] if isinstance(padding, list) else padding
    if op == "conv2d":
        return tf.nn.conv2d(x, weight, case["strides"], explicit, dilations=case["dilations"])
    if op == "depthwise_conv2d":
        return tf.nn.depthwise_conv2d(x, weight, [1, *case["strides"], 1], padding, dilations=case["dilations"])
    if op == "conv_transpose2d":
        named = {"output_padding": case["output_padding"], "dilation_rate": tuple(case["dilations"])}
        return keras.ops.conv_transpose(x, weight, tuple(case["strides"]), case["padding"].lower(), **named)
    if op in ("max_pool2d", "avg_pool2d"):
        return getattr(tf.nn, op)(x, case["kernel"], case["strides"], explicit)
    if op == "resize":
        return tf.image.resize(x, case["size"], case["method"])
    if op == "upsampling":
        return keras.layers.UpSampling2D(case["size"], interpolation=case["method"])(x)
    if op == "lrn":
        return tf.nn.local_response_normalization(x, case["radius"], case["bias"], case["alpha"], case["beta"])
    if op == "depth_to_space":
        return tf.nn.depth_to_space(x, case["block"])
    return tf.pad(x, explicit, case["mode"])


def child(first: int) -> None:
    """Print the answers from a case on, a line each."""
    for case in cases()[first:]:
        try:
            answer = calculated(case)
        except Exception as error:  # whatever TensorFlow says is the answer
            answer = {"refused": _said(error)}
        print(json.dumps(answer), flush=True)


def main() -> None:
    """Write the list."""
    tf: Any = import_module("tensorflow")
    all_cases, lines = cases(), list[str]()
    while len(lines) < len(all_cases):
        command = [sys.executable, __file__, str(len(lines))]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
        lines += done.stdout.splitlines()
        if len(lines) < len(all_cases):
            lines.append(json.dumps({"refused": f"it ends the process, with signal {-done.returncode}"}))
    told = [json.dumps(case | json.loads(line)) for case, line in zip(all_cases, lines, strict=True)]
    version = json.dumps(tf.__version__)
    LIST.write_text(f'{{"tensorflow": {version}, "cases": [\n' + ",\n".join(told) + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    child(int(sys.argv[1])) if len(sys.argv) > 1 else main()
