"""The parameters that TensorFlow's and Keras's tests go through give TensorFlow's numbers, forward and backward.

`tests/tensorflow_table.py` is the table, `tests/tensorflow.json` what TensorFlow gives for it, written by
`tests/tensorflow_freezing.py`. TensorFlow is not needed to run these tests.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from opinfo_samples import digest, numbers
from tensorflow_table import Case, cases

from pellucid.errors import ShapeError
from pellucid.layers import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Layer,
    LocalResponseNorm,
    MaxPool2d,
    Pad2d,
    PixelShuffle,
    Upsample,
)
from pellucid.layers.base import Run

Array = NDArray[Any]
LIST: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "tensorflow.json").read_text("utf-8"))["cases"]
ANSWERED = [case for case in LIST if "refused" not in case]
OPERATIONS = sorted({case["op"] for case in LIST})
GRAD = 99


def sides(case: Case) -> Any:
    """Padding in our words."""
    padding = case["padding"]
    return padding.lower() if isinstance(padding, str) else tuple(map(tuple, padding))


def cropped(case: Case) -> dict[str, Any]:
    """Keras's output sizes of a transposed convolution, as what is cut off the whole result and put behind it.

    Without an output padding, "valid" is as long as the stride at least, and "same" is size * stride; with one, "same"
    is (size - 1) * stride + kernel % 2 + output padding, and the smaller half of what is cut off is cut off first.
    """
    crops, more = list[tuple[int, int]](), list[int]()
    for size, kernel, stride, dilation in zip(
        case["x"][1:3], case["weight"][:2], case["strides"], case["dilations"], strict=True
    ):
        span, extra = dilation * (kernel - 1) + 1, case["output_padding"]
        whole = (size - 1) * stride + span
        if case["padding"] == "VALID":
            out = (size - 1) * stride + (max(span, stride) if extra is None else span + extra)
        else:
            out = size * stride if extra is None else (size - 1) * stride + span % 2 + extra
        cut = max(whole - out, 0)
        crops.append((cut // 2, cut - cut // 2))
        more.append(max(out - whole, 0))
    return {"padding": tuple(crops), "output_padding": tuple(more)}


def layer_of(case: Case) -> Layer:
    """The layer that says the case."""
    op, strides = case["op"], tuple(case.get("strides", ()))
    if op in ("conv2d", "depthwise_conv2d"):
        *kernel, held, outputs = case["weight"]
        groups = case["x"][3] if op == "depthwise_conv2d" else case["x"][3] // held
        outputs = held * outputs if op == "depthwise_conv2d" else outputs
        named: Any = {"padding": sides(case), "dilation": tuple(case["dilations"]), "groups": groups}
        return Conv2d(outputs, tuple(kernel), stride=strides, bias=False, **named)
    if op == "conv_transpose2d":
        *kernel, outputs, _ = case["weight"]
        named: Any = {**cropped(case), "dilation": tuple(case["dilations"])}
        return ConvTranspose2d(outputs, tuple(kernel), stride=strides, bias=False, **named)
    if op in ("max_pool2d", "avg_pool2d"):
        if op == "max_pool2d":
            return MaxPool2d(tuple(case["kernel"]), strides, sides(case))
        return AvgPool2d(tuple(case["kernel"]), strides, sides(case), count_include_pad=False)
    if op == "resize":
        return Upsample(size=tuple(case["size"]), mode={"nearest": "nearest-exact"}.get(case["method"], "bilinear"))
    if op == "upsampling":
        return Upsample((case["size"][0], case["size"][1]), mode=case["method"])
    if op == "lrn":  # TensorFlow's alpha is not divided by the size
        size = 2 * case["radius"] + 1
        return LocalResponseNorm(size, alpha=case["alpha"] * size, beta=case["beta"], k=case["bias"])
    if op == "depth_to_space":
        return PixelShuffle(case["block"], order="DCR")
    return Pad2d(sides(case), mode=case["mode"].lower())


def ours(case: Case, weight: Array) -> Array:
    """A kernel as we keep it."""
    if case["op"] == "depthwise_conv2d":
        return weight.transpose(2, 3, 0, 1).reshape(-1, 1, *weight.shape[:2])
    return weight.transpose(3, 2, 0, 1)


def theirs(case: Case, weight: Array) -> Array:
    """A kernel of ours as TensorFlow keeps it."""
    if case["op"] == "depthwise_conv2d":
        height, width, channels, times = case["weight"]
        return weight.reshape(channels, times, height, width).transpose(2, 3, 0, 1)
    return weight.transpose(2, 3, 1, 0)


def check(case: Case) -> None:
    """Demand TensorFlow's output and gradients."""
    layer = layer_of(case)
    x = numbers(tuple(case["x"]), 0).transpose(0, 3, 1, 2)
    w = {"weight": ours(case, numbers(tuple(case["weight"]), 1))} if "weight" in case else {}
    y = layer.forward(x, w=w, run=Run())
    told = y.transpose(0, 2, 3, 1)
    assert list(told.shape) == case["shape"], f"{case}: {layer}"
    assert_is(told, case["y"], case)
    if "grads" not in case:
        assert "without gradients" in case
        return
    grad = numbers(tuple(case["shape"]), GRAD).transpose(0, 3, 1, 2)
    found = layer.backward(grad, x, y=y, w=w, run=Run())
    grads = [found.inputs[0].transpose(0, 2, 3, 1), *(theirs(case, one) for one in found.weights.values())]
    for one, wanted in zip(grads, case["grads"], strict=True):
        assert_is(one, wanted, case)


def assert_is(array: Array, told: float, case: Case) -> None:
    """The array's digest is the one told, but for the digits that are kept, and those of float32 where that is said."""
    size = max(float(np.abs(array).sum()), 1e-3)
    tolerance = 1e-6 if "float32" in case else 1e-10
    assert abs(digest(np.ascontiguousarray(array)) - told) <= tolerance * size, f"{case}: {layer_of(case)}"


@pytest.mark.parametrize("op", OPERATIONS)
def test_cases(op: str) -> None:
    """Every case of the operation that TensorFlow answers."""
    for case in ANSWERED:
        if case["op"] == op:
            check(case)


def test_cases_are_those_of_the_table() -> None:
    """Nothing of the table is left out, and what TensorFlow refuses is told with its reason."""
    answers = {"shape", "y", "grads", "float32", "without gradients", "refused"}
    assert [{key: one for key, one in case.items() if key not in answers} for case in LIST] == cases()
    assert len(LIST) == 591
    assert Counter(case["op"] for case in LIST if "refused" in case) == {"conv2d": 3, "avg_pool2d": 2, "max_pool2d": 2}
    assert sum("without gradients" in case for case in LIST) == 9


def test_a_wrong_number_would_be_noticed() -> None:
    """A digest that differs in its ninth digit fails."""
    case = next(case for case in ANSWERED if case["op"] == "conv2d" and "float32" not in case)
    with pytest.raises(AssertionError):
        check({**case, "y": case["y"] * (1 + 1e-8)})


def test_windows_without_a_place_are_refused() -> None:
    """Where TensorFlow refuses, gives nothing, or what nobody calculated, the window is said to be too large."""
    told = [case for case in LIST if "refused" in case]
    assert len(told) == 7
    for case in told:
        height, width, channels = case["x"][1:]
        with pytest.raises(ShapeError, match="spans"):
            layer_of(case).shape_of((channels, height, width))


# (input, kernel, strides, padding, output) of TensorFlow's conv_ops_test.py; numbers count from 1.
PUBLISHED: list[tuple[list[int], list[int], tuple[int, int], str, list[int]]] = [
    ([1, 2, 3, 3], [2, 2, 3, 3], (1, 1), "valid", [2271, 2367, 2463, 2901, 3033, 3165]),
    ([1, 2, 3, 3], [1, 2, 3, 3], (1, 1), "valid", [231, 252, 273, 384, 423, 462, 690, 765, 840, 843, 936, 1029]),
    ([1, 2, 3, 3], [2, 2, 3, 3], (2, 2), "valid", [2271, 2367, 2463]),
    ([1, 2, 3, 3], [2, 2, 3, 3], (2, 2), "same", [2271, 2367, 2463, 1230, 1305, 1380]),
    ([1, 3, 6, 1], [2, 2, 1, 1], (1, 2), "valid", [58, 78, 98, 118, 138, 158]),
    ([1, 7, 7, 1], [2, 2, 1, 1], (3, 3), "valid", [65, 95, 275, 305]),
    ([1, 3, 3, 1], [1, 1, 1, 1], (2, 2), "same", [1, 3, 7, 9]),
    ([1, 4, 4, 1], [1, 1, 1, 1], (2, 2), "same", [1, 3, 9, 11]),
    ([1, 4, 4, 1], [2, 2, 1, 1], (3, 3), "same", [44, 28, 41, 16]),
    ([1, 2, 2, 1], [2, 2, 1, 2], (1, 1), "valid", [50, 60]),
    ([1, 8, 8, 1], [2, 2, 1, 1], (4, 4), "same", [72, 112, 392, 432]),  # in a comment there, as one that fails
]


@pytest.mark.parametrize(("shape", "kernel", "strides", "padding", "wanted"), PUBLISHED)
def test_published_numbers(shape, kernel, strides, padding, wanted):
    """The outputs that are written down in TensorFlow's own test."""
    x, weight = (np.arange(1.0, np.prod(sizes) + 1).reshape(sizes) for sizes in (shape, kernel))
    layer = Conv2d(kernel[3], tuple(kernel[:2]), stride=strides, padding=padding, bias=False)
    y = layer.forward(x.transpose(0, 3, 1, 2), w={"weight": weight.transpose(3, 2, 0, 1)}, run=Run())
    assert y.transpose(0, 2, 3, 1).ravel().tolist() == wanted
