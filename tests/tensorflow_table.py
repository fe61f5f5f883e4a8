"""Parameters that TensorFlow's and Keras's own tests go through, restated: what is called, and on what shapes.

The published cases of TensorFlow's `conv_ops_test.py` (explicit padding, dilations, groups, Inception's shapes with a
tenth of the channels), its depthwise and pooling tests, Keras's tables of layers, and the products of parameters that
these leave out. Shapes are TensorFlow's: (N, H, W, C), kernels (height, width, in, out). Larger batches are 2 here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

Case = dict[str, Any]
BOTH = ("SAME", "VALID")


def conv(
    x: list[int], weight: list[int], strides: Any, padding: Any, dilations: Any = (1, 1), op: str = "conv2d"
) -> Case:
    """A convolution."""
    steps = [strides, strides] if isinstance(strides, int) else list(strides)
    return {"op": op, "x": x, "weight": weight, "strides": steps, "padding": padding, "dilations": list(dilations)}


def published() -> Iterator[Case]:
    """The cases of TensorFlow's test of convolutions."""
    yield conv([2, 2, 3, 3], [1, 1, 3, 3], 1, "VALID")
    yield conv([1, 4, 4, 1], [2, 2, 1, 1], 1, "VALID", (2, 1))
    for dilations in ((1, 1), (1, 2)):
        yield conv([1, 2, 3, 3], [2, 2, 3, 3], 1, "VALID", dilations)
    for dilations in ((1, 1), (2, 1)):
        yield conv([1, 2, 3, 3], [1, 2, 3, 3], 1, "VALID", dilations)
    for padding in BOTH:
        yield conv([1, 2, 3, 3], [2, 2, 3, 3], 2, padding)
    yield conv([1, 3, 6, 1], [2, 2, 1, 1], (1, 2), "VALID")
    yield conv([1, 7, 7, 1], [2, 2, 1, 1], 3, "VALID")
    yield conv([1, 3, 3, 1], [1, 1, 1, 1], 2, "SAME")
    yield conv([1, 4, 4, 1], [1, 1, 1, 1], 2, "SAME")
    yield conv([1, 4, 4, 1], [2, 2, 1, 1], 3, "SAME")
    yield conv([1, 8, 8, 1], [2, 2, 1, 1], 4, "SAME")  # in a comment there: it fails for them
    yield conv([1, 2, 2, 1], [2, 2, 1, 2], 1, "VALID")
    yield conv([1, 3, 3, 1], [2, 2, 1, 2], 1, "VALID", (2, 2))
    for x, weight, strides, padding, dilations in (
        ([1, 2, 3, 3], [2, 2, 3, 3], 1, [[0, 0], [0, 0]], (1, 1)),
        ([3, 4, 3, 2], [1, 1, 2, 1], 2, [[0, 0], [0, 0]], (1, 1)),
        ([1, 2, 3, 2], [2, 2, 2, 2], 1, [[1, 1], [1, 1]], (1, 1)),
        ([1, 2, 2, 1], [1, 1, 1, 2], 1, [[1, 1], [1, 1]], (1, 1)),
        ([1, 2, 1, 2], [2, 1, 2, 1], 1, [[2, 2], [2, 2]], (1, 1)),
        ([1, 2, 1, 2], [1, 1, 2, 1], (2, 1), [[2, 2], [2, 2]], (1, 1)),
        ([1, 2, 3, 3], [2, 2, 3, 2], 1, [[0, 3], [0, 0]], (1, 1)),
        ([2, 2, 4, 3], [1, 2, 3, 2], 2, [[0, 3], [0, 0]], (1, 1)),
        ([1, 2, 3, 3], [2, 2, 3, 2], 1, [[1, 0], [0, 2]], (1, 1)),
        ([1, 2, 4, 2], [2, 2, 2, 2], (1, 3), [[1, 0], [0, 2]], (1, 1)),
        ([1, 1, 1, 3], [2, 2, 3, 3], 1, [[3, 4], [4, 2]], (1, 1)),
        ([1, 2, 1, 1], [2, 2, 1, 3], (2, 1), [[3, 4], [4, 2]], (1, 1)),
        ([1, 3, 2, 1], [1, 2, 1, 2], 1, [[1, 0], [0, 1]], (2, 1)),
        ([1, 2, 3, 2], [3, 2, 2, 1], 1, [[2, 1], [1, 2]], (2, 3)),
    ):
        yield conv(x, weight, strides, padding, dilations)
    for dilation, stride, weight in product((1, 2), (1, 2), ([3, 3, 4, 8], [1, 1, 2, 16])):
        yield conv([2, 32, 32, 16], weight, stride, "SAME", (dilation, dilation))


INCEPTION = (  # size, channels, kernel, outputs, stride, padding: the different ones
    *((5, 124, (1, 1), 12, 1, "SAME"), (8, 38, (1, 3), 38, 1, "SAME"), (8, 38, (3, 1), 38, 1, "SAME")),
    *((8, 204, (1, 1), 19, 1, "SAME"), (8, 44, (3, 3), 38, 1, "SAME"), (8, 176, (1, 1), 44, 1, "SAME")),
    *((17, 19, (3, 3), 19, 2, "VALID"), (17, 19, (3, 3), 19, 1, "SAME"), (17, 12, (3, 3), 32, 2, "VALID")),
    *((17, 22, (1, 3), 22, 1, "SAME"), (17, 19, (3, 1), 25, 1, "SAME"), (17, 121, (1, 1), 9, 1, "SAME")),
    *((17, 16, (3, 3), 19, 1, "SAME"), (35, 9, (3, 3), 9, 2, "VALID"), (35, 28, (3, 3), 38, 2, "VALID")),
    *((35, 6, (3, 3), 9, 1, "SAME"), (35, 4, (5, 5), 6, 1, "SAME"), (73, 6, (3, 3), 19, 1, "VALID")),
    *((73, 6, (1, 1), 6, 1, "VALID"), (147, 2, (1, 1), 6, 1, "VALID")),
)


def convolutions() -> Iterator[Case]:
    """Inception's shapes, Keras's tables, and the product of kernels, strides, dilations and paddings."""
    for size, channels, kernel, outputs, stride, padding in INCEPTION:
        yield conv([2, size, size, channels], [*kernel, channels, outputs], stride, padding)
    for outputs, kernel, strides, padding, dilations, groups in (
        (5, (2, 2), 1, "VALID", (1, 1), 1),
        (4, (3, 3), 2, "SAME", (1, 1), 1),
        (6, (2, 2), 1, "SAME", (2, 2), 2),
        (6, (2, 2), 1, "SAME", (2, 3), 2),
        (6, (4, 3), (2, 1), "VALID", (1, 1), 2),
    ):
        for size in (4, 5, 8):
            yield conv([2, size, size, 4], [*kernel, 4 // groups, outputs], strides, padding, dilations)
    for kernel, stride, dilation, padding in product((1, 2, 3, 5), (1, 2, 3), (1, 2, 3), BOTH):
        yield conv([2, 13, 11, 2], [kernel, kernel, 2, 3], stride, padding, (dilation, dilation))
    for stride, padding in product(((2, 3), (3, 1)), BOTH):
        yield conv([2, 7, 11, 3], [3, 2, 3, 5], stride, padding)


def depthwise() -> Iterator[Case]:
    """TensorFlow's shapes, Keras's table, and the product of parameters; strides are alike along both axes."""
    for x, weight, stride, padding in (
        ([2, 5, 5, 48], [1, 1, 48, 2], 1, "SAME"),
        ([2, 8, 8, 84], [1, 3, 84, 1], 1, "SAME"),
        ([2, 17, 17, 48], [3, 1, 48, 4], 1, "SAME"),
        ([2, 9, 27, 8], [3, 3, 8, 1], 1, "SAME"),
        ([2, 31, 31, 7], [3, 3, 7, 1], 1, "SAME"),
        ([2, 35, 35, 2], [5, 5, 2, 1], 1, "SAME"),
        ([2, 147, 147, 2], [3, 3, 2, 8], 3, "VALID"),
    ):
        yield conv(x, weight, stride, padding, op="depthwise_conv2d")
    for multiplier, stride, padding, dilations in (
        *((5, 1, "VALID", (1, 1)), (6, 1, "SAME", (2, 2)), (6, 2, "VALID", (1, 1))),
    ):
        yield conv([2, 8, 8, 4], [2, 2, 4, multiplier], stride, padding, dilations, "depthwise_conv2d")
    for kernel, stride, padding in product((2, 3, 5), (1, 2, 3), BOTH):
        yield conv([2, 11, 7, 3], [kernel, kernel, 3, 2], stride, padding, op="depthwise_conv2d")
    for kernel, padding in product((2, 3), BOTH):
        yield conv([2, 11, 7, 3], [kernel, kernel, 3, 2], 1, padding, (3, 2), "depthwise_conv2d")


def transposed() -> Iterator[Case]:
    """Keras's product of kernels, strides, paddings and output paddings, and its table."""
    for kernel, stride, padding, extra in product(range(1, 5), range(1, 5), BOTH, (None, 1, 2, 3)):
        if extra is None or extra < stride:
            found = conv([2, 3, 4, 2], [kernel, kernel, 3, 2], stride, padding, op="conv_transpose2d")
            yield {**found, "output_padding": extra}
    for outputs, kernel, strides, padding, extra in (
        *((5, [2, 2], 2, "VALID", None), (6, [7, 7], 16, "SAME", 2), (6, [2, 3], (2, 1), "VALID", None)),
        *((2, [7, 7], 16, "VALID", None), (3, [3, 2], (2, 3), "SAME", None), (3, [5, 2], (3, 2), "SAME", None)),
    ):
        found = conv([1, 5, 7, 4], [*kernel, outputs, 4], strides, padding, op="conv_transpose2d")
        yield {**found, "output_padding": extra}
    for kernel, padding, dilation in product((2, 3), BOTH, (2, 3)):
        found = conv([2, 5, 4, 2], [kernel, kernel, 3, 2], 1, padding, (dilation, dilation), "conv_transpose2d")
        yield {**found, "output_padding": None}


def pools() -> Iterator[Case]:
    """TensorFlow's shapes, Keras's tables, and the product of windows, strides and paddings."""
    shapes = ([1, 3, 3, 3], [1, 2, 4, 3], [1, 2, 3, 3], [1, 4, 4, 1], [1, 7, 7, 8], [1, 3, 6, 3], [3, 5, 5, 4])
    for op, x, (kernel, strides), padding in product(
        ("max_pool2d", "avg_pool2d"),
        shapes,
        (([2, 2], [2, 2]), ([2, 2], [1, 1]), ([1, 2], [1, 2]), ([2, 2], [3, 3]), ([2, 3], [2, 2]), ([3, 3], [2, 2])),
        BOTH,
    ):
        yield {"op": op, "x": x, "kernel": kernel, "strides": strides, "padding": padding}
    for op, kernel, strides, padding in product(
        ("max_pool2d", "avg_pool2d"), ([1, 1], [3, 3], [4, 3], [5, 5]), ([1, 1], [2, 2], [3, 2], [4, 4]), BOTH
    ):
        yield {"op": op, "x": [2, 13, 11, 2], "kernel": kernel, "strides": strides, "padding": padding}
    for padding in ([[1, 1], [1, 1]], [[0, 2], [1, 0]], [[1, 2], [2, 1]]):
        yield {"op": "max_pool2d", "x": [2, 7, 5, 2], "kernel": [3, 3], "strides": [2, 2], "padding": padding}


def others() -> Iterator[Case]:
    """Resizing, neighbours' norm, pixels of channels, and padding."""
    for method, size in product(("bilinear", "nearest"), ([6, 4], [3, 2], [5, 9], [1, 1], [11, 13], [7, 3], [20, 20])):
        for x in ([1, 6, 4, 1], [2, 5, 7, 3], [2, 1, 1, 2]):
            yield {"op": "resize", "x": x, "size": size, "method": method}
    for method, factors in product(("bilinear", "nearest"), ([2, 2], [3, 2], [1, 4])):
        yield {"op": "upsampling", "x": [2, 3, 5, 2], "size": factors, "method": method}
    for radius, bias, alpha, beta in product((1, 2, 5), (1.0, 2.0), (1.0, 0.1), (0.5, 0.75)):
        yield {"op": "lrn", "x": [2, 3, 3, 7], "radius": radius, "bias": bias, "alpha": alpha, "beta": beta}
    for block, x in ((2, [2, 3, 5, 8]), (3, [1, 2, 2, 9]), (2, [1, 1, 1, 4])):
        yield {"op": "depth_to_space", "x": x, "block": block}
    for mode, pads in product(("CONSTANT", "REFLECT"), ([[1, 2], [3, 0]], [[0, 0], [1, 1]], [[2, 2], [2, 2]])):
        yield {"op": "pad", "x": [2, 4, 5, 2], "padding": pads, "mode": mode}


def cases() -> list[Case]:
    """All of them, in order, each once."""
    found: list[Case] = []
    for case in (*published(), *convolutions(), *depthwise(), *transposed(), *pools(), *others()):
        if case not in found:
            found.append(case)
    return found
