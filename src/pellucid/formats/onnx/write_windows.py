"""How convolutions and pools are written in ONNX."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ...window import AnyWindow, ResizedWindow
from .writing import Writing

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
Sides = tuple[tuple[int, int], tuple[int, int]]


def _pads(sides: Sides) -> list[int]:
    """Return four sides in ONNX's order: both starts, then both ends."""
    (top, bottom), (left, right) = sides
    return [top, left, bottom, right]


def padded(w: Writing, value: str, sides: Sides, mode: str = "constant", filling: float = 0.0) -> str:
    """Put places around every map."""
    reads = [value, w.constant("pads", _pads(sides))]
    if mode == "constant":
        reads += [w.number("filling", filling)]
    else:
        reads += [""]
    return w.add("Pad", *reads, w.constant("axes", [2, 3]), mode=MODES[mode])


def _around(padding: Sides | str) -> dict[str, Any]:
    """Return the attributes that say a window's padding."""
    if isinstance(padding, str):
        return {"auto_pad": {"same": "SAME_UPPER", "valid": "VALID"}[padding]}
    return {"pads": _pads(padding)}


def conv(w: Writing) -> None:
    """Conv, behind a Pad where the padding holds something else than zeros."""
    layer, reads = w.layer, w.reads[0]
    around = _around(layer.padding)
    if layer.padding_mode != "zeros":
        rows, columns = (window.pads(size) for window, size in zip(layer.windows(), w.shapes[0][1:], strict=True))
        reads, around = padded(w, reads, (rows, columns), layer.padding_mode), {}
    bias = [w.weight("bias")] if layer.bias else []
    attributes = {"strides": layer.stride, "dilations": layer.dilation, "group": layer.groups}
    w.add("Conv", reads, w.weight("weight"), *bias, kernel_shape=layer.kernel_size, **attributes, **around)


def conv_transpose(w: Writing) -> None:
    """ConvTranspose, whose pads crop."""
    layer = w.layer
    crops = [window.crops(size) for window, size in zip(layer.windows(), w.shapes[0][1:], strict=True)]
    added = [max(-after, 0) for _, after in crops]  # what "same" adds, and output_padding, less what is cropped
    pads = _pads(((crops[0][0], max(crops[0][1], 0)), (crops[1][0], max(crops[1][1], 0))))
    if not isinstance(layer.padding, str):
        added, pads = list(layer.output_padding), _pads(layer.padding)
    bias = [w.weight("bias")] if layer.bias else []
    attributes = {"strides": layer.stride, "dilations": layer.dilation, "group": layer.groups}
    w.add(
        "ConvTranspose",
        w.reads[0],
        w.weight("weight"),
        *bias,
        kernel_shape=layer.kernel_size,
        pads=pads,
        output_padding=added,
        **attributes,
    )


def separable(w: Writing) -> None:
    """A convolution of every channel by itself, then one of 1x1."""
    layer, channels = w.layer, w.shapes[0][0]
    alone = {"strides": layer.stride, "dilations": layer.dilation, "group": channels} | _around(layer.padding)
    each = w.add("Conv", w.reads[0], w.weight("depthwise_weight"), kernel_shape=layer.kernel_size, **alone)
    bias = [w.weight("bias")] if layer.bias else []
    w.add("Conv", each, w.weight("pointwise_weight"), *bias, kernel_shape=[1, 1])


def _pool(layer: Any) -> dict[str, Any]:
    return {
        "kernel_shape": layer.kernel_size,
        "strides": layer.stride or layer.kernel_size,
        "ceil_mode": int(layer.ceil_mode),
    } | _around(layer.padding)


def _is_usual(w: Writing) -> bool:
    """Return whether runtimes take the padding as it is: less at each end than the kernel has taps."""
    sides = w.layer.padding
    return isinstance(sides, str) or all(max(s) < k for s, k in zip(sides, w.layer.kernel_size, strict=True))


def _held(w: Writing) -> Sides:
    """Return the padding, cropped or grown so that the last window ends where it ends."""
    sides: list[tuple[int, int]] = []
    for window, size in zip(w.layer.windows(), w.shapes[0][1:], strict=True):
        before = window.pads(size)[0]
        sides.append((before, (window.out(size) - 1) * window.stride + window.span - size - before))
    return sides[0], sides[1]


def max_pool(w: Writing) -> None:
    """MaxPool, behind a Pad where runtimes do not take as much padding."""
    layer = w.layer
    if _is_usual(w):
        w.add("MaxPool", dilations=layer.dilation, **_pool(layer))
        return
    reads = padded(w, w.reads[0], _held(w), filling=-np.inf)
    strides = layer.stride or layer.kernel_size
    w.add("MaxPool", reads, kernel_shape=layer.kernel_size, strides=strides, dilations=layer.dilation)


def avg_pool(w: Writing) -> None:
    """AveragePool; where runtimes do not take as much padding, behind a Pad, and its divisors put right."""
    layer = w.layer
    if _is_usual(w):
        w.add("AveragePool", count_include_pad=int(layer.padding_counts), **_pool(layer))
        return
    reads = padded(w, w.reads[0], _held(w))
    mean = w.add("AveragePool", reads, kernel_shape=layer.kernel_size, strides=layer.stride or layer.kernel_size)
    counts = [
        window.counts(size, include_pad=layer.padding_counts)
        for window, size in zip(layer.windows(), w.shapes[0][1:], strict=True)
    ]
    area = layer.kernel_size[0] * layer.kernel_size[1]
    w.add("Mul", mean, w.constant("shares", area / np.outer(*counts), np.float32))


def lp_pool(w: Writing) -> None:
    """LpPool; for a norm that is not whole, or more padding than runtimes take, the mean of powers in its place."""
    layer, power = w.layer, float(w.layer.norm_type)
    if power.is_integer() and _is_usual(w):
        w.add("LpPool", p=int(power), dilations=layer.dilation, **_pool(layer))
        return
    powers = padded(w, w.add("Pow", w.add("Abs", w.reads[0]), w.number("p", power)), _held(w))
    window = {"kernel_shape": layer.kernel_size, "strides": layer.stride or layer.kernel_size}
    mean = w.add("AveragePool", powers, dilations=layer.dilation, **window)
    sums = w.add("Mul", mean, w.number("places", layer.kernel_size[0] * layer.kernel_size[1]))
    w.add("Pow", sums, w.number("root", 1 / power))


def weighed(w: Writing, rows: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]) -> None:
    """Multiply every map by a matrix from the left, (outputs, rows), and by another from the right."""
    tall = w.add("MatMul", w.constant("rows", rows, np.float32), w.reads[0])
    w.add("MatMul", tall, w.constant("columns", columns.T, np.float32))


def _parts(w: Writing) -> tuple[AnyWindow, AnyWindow, tuple[int, int] | None]:
    """Return the windows of an adaptive pool, and the size of its parts where all have one."""
    rows, columns = w.layer.windows(*w.shapes)
    _, height, width = w.shapes[0]
    even = height % rows.outputs == 0 and width % columns.outputs == 0
    return rows, columns, (height // rows.outputs, width // columns.outputs) if even else None


def adaptive_avg(w: Writing) -> None:
    """GlobalAveragePool, AveragePool of even parts, or two matrices of shares."""
    rows, columns, part = _parts(w)
    if w.shape[1:] == (1, 1):
        w.add("GlobalAveragePool")
    elif part:
        w.add("AveragePool", kernel_shape=part, strides=part)
    else:
        shares = [
            window.incidence(size) / window.incidence(size).sum(axis=1, keepdims=True)
            for window, size in zip((rows, columns), w.shapes[0][1:], strict=True)
        ]
        weighed(w, *shares)


def adaptive_max(w: Writing) -> None:
    """GlobalMaxPool, MaxPool of even parts, or the largest of the places that each part is gathered from."""
    rows, columns, part = _parts(w)
    if w.shape[1:] == (1, 1):
        w.add("GlobalMaxPool")
    elif part:
        w.add("MaxPool", kernel_shape=part, strides=part)
    else:
        value = w.reads[0]
        for axis, (window, size) in enumerate(zip((rows, columns), w.shapes[0][1:], strict=True)):
            reads = [list(window.reads(o, size)) for o in range(window.out(size))]
            longest = max(map(len, reads))
            even = [[*places, *[places[-1]] * (longest - len(places))] for places in reads]
            value = w.add("Gather", value, w.constant(("rows", "columns")[axis], even), axis=2 + axis)
            value = w.add("ReduceMax", value, w.constant(("rows.axis", "columns.axis")[axis], [3 + axis]), keepdims=0)


def global_avg(w: Writing) -> None:
    """GlobalAveragePool, or ReduceMean where the two axes go."""
    if w.layer.keepdims:
        w.add("GlobalAveragePool")
    else:
        w.add("ReduceMean", w.reads[0], w.constant("axes", [2, 3]), keepdims=0)


def global_max(w: Writing) -> None:
    """GlobalMaxPool, and Flatten where the two axes go."""
    value = w.add("GlobalMaxPool")
    if not w.layer.keepdims:
        w.add("Flatten", value, axis=1)


def upsample(w: Writing) -> None:
    """Resize where its arithmetic in float32 is ours, else a Gather of places, or two matrices of shares."""
    layer = w.layer
    sizes = list(zip(layer.windows(), w.shapes[0][1:], strict=True))
    if layer.size is not None or layer.align_corners:  # then ONNX and its runtimes differ about factors
        tail = ["", "", w.constant("sizes", w.shape[1:])]
    else:
        tail = ["", w.constant("scales", layer.scale_factor, np.float32)]
    mode, coordinates, rounding = {
        "nearest": ("nearest", "asymmetric", "floor"),
        "nearest-exact": ("nearest", "half_pixel", "round_prefer_ceil"),
        "bilinear": ("linear", "align_corners" if layer.align_corners else "half_pixel", None),
    }[layer.mode]
    if all(_resizes(window, size) for window, size in sizes):
        told = {"nearest_mode": rounding} if rounding else {}
        w.add("Resize", w.reads[0], *tail, axes=[2, 3], mode=mode, coordinate_transformation_mode=coordinates, **told)
    elif layer.mode == "bilinear":
        matrices = [np.zeros((window.out(size), size)) for window, size in sizes]
        for matrix, (window, size) in zip(matrices, sizes, strict=True):
            for o, row in enumerate(matrix):
                for place, share in window.shares(o, size).items():
                    row[place] = float(share)
        weighed(w, *matrices)
    else:
        value = w.reads[0]
        for axis, (window, size) in enumerate(sizes):
            places = [window.reads(o, size).start for o in range(window.out(size))]
            value = w.add("Gather", value, w.constant(("rows", "columns")[axis], places), axis=2 + axis)


def _resizes(window: ResizedWindow, size: int) -> bool:
    """Return whether Resize, which reckons in float32, reads the places that the window reads."""
    out = window.out(size)
    scale = np.float32(out / size if window.factor is None else window.factor)
    if window.align_corners:
        return True
    sizes = {int(np.floor(np.float32(size) * scale)), int(size * float(scale))}  # runtimes reckon one way or the other
    if window.factor is not None and sizes != {out}:
        return False
    if window.mode == "bilinear":
        return True
    first, step = window.position(size)
    exact = Fraction(float(scale)) == 1 / step  # then a whole place stays one
    places = (first + o * step for o in range(out))
    return all(exact if at.denominator == 1 else abs(at - round(at)) > 1e-6 * max(at, 1) for at in places)
