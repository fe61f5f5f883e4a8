"""ONNX's convolutions and pools."""

from __future__ import annotations

import numpy as np

from ...layers import AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer, MaxPool2d, Node
from ..opening import UnreadableError, make
from ..stored import Stored
from .call import Call

Sides = tuple[tuple[int, int], tuple[int, int]]


def _pair(call: Call, name: str, usual: int | None = 1) -> tuple[int, int]:
    found = call.get(name, [usual, usual])
    if len(found) != 2 or None in found:
        raise UnreadableError(f"{name} {found!r:.60}, where two sizes are expected: height and width")
    return int(found[0]), int(found[1])


def padding(call: Call, kernel: tuple[int, int], node: Node) -> Sides | str:
    """Return a window's padding: pads, or what auto_pad says, which for SAME_LOWER depends on the input's size."""
    auto = call.get("auto_pad", "NOTSET")
    pads = call.get("pads", [0, 0, 0, 0])
    if auto == "NOTSET":
        if len(pads) != 4:
            raise UnreadableError(f"pads {pads!r:.60}, where four are expected")
        return (int(pads[0]), int(pads[2])), (int(pads[1]), int(pads[3]))
    if auto in ("SAME_UPPER", "VALID"):
        return {"SAME_UPPER": "same", "VALID": "valid"}[auto]
    if auto != "SAME_LOWER":
        raise UnreadableError(f"auto_pad {auto!r:.60}")
    strides, dilations = _pair(call, "strides"), _pair(call, "dilations")
    sides: list[tuple[int, int]] = []
    for k, s, d, size in zip(kernel, strides, dilations, node.shape[1:], strict=True):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        sides.append((total - total // 2, total // 2))
    return sides[0], sides[1]


def _maps(call: Call) -> Node:
    node = call.node()
    if len(node.shape) != 3:
        raise UnreadableError(
            f"an input of {len(node.shape) + 1} axes, where (batch, channels, height, width) is expected"
        )
    return node


def conv(call: Call) -> Node | None:
    """Conv over height and width."""
    node, weight = _maps(call), call.constant(1)
    if len(weight.shape) != 4:
        raise UnreadableError(f"a weight of shape {weight.shape}, where four axes are expected")
    kernel = weight.shape[2], weight.shape[3]
    if _pair(call, "kernel_shape", None if "kernel_shape" in call.attributes else 0) not in (kernel, (0, 0)):
        raise UnreadableError(f"kernel_shape is not that of its weight, {kernel}")
    weights = {"weight": weight}
    bias = call.constant(2) if call.has(2) else call.fuse(len(node.shape) - 1)
    if bias is not None:
        weights["bias"] = bias
    layer = Conv2d(
        weight.shape[0],
        kernel,
        stride=_pair(call, "strides"),
        padding=padding(call, kernel, node),
        dilation=_pair(call, "dilations"),
        groups=int(call.get("group", 1)),
        bias=bias is not None,
    )
    return call.add(layer, weights=weights)


def conv_transpose(call: Call) -> Node | None:
    """ConvTranspose over height and width; pads crop its full output."""
    node, weight = _maps(call), call.constant(1)
    if len(weight.shape) != 4:
        raise UnreadableError(f"a weight of shape {weight.shape}, where four axes are expected")
    kernel, strides, dilations = (weight.shape[2], weight.shape[3]), _pair(call, "strides"), _pair(call, "dilations")
    groups, extra = int(call.get("group", 1)), _pair(call, "output_padding", 0)
    auto, wanted = call.get("auto_pad", "NOTSET"), call.get("output_shape", [])
    sides: list[tuple[int, int]] = []
    if wanted or auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = wanted[-2:] if wanted else [size * s for size, s in zip(node.shape[1:], strides, strict=True)]
        for size, s, k, d, e, out in zip(node.shape[1:], strides, kernel, dilations, extra, sizes, strict=True):
            total = max(s * (size - 1) + e + (k - 1) * d + 1 - int(out), 0)
            half = total // 2
            sides.append((half, total - half) if auto == "SAME_UPPER" else (total - half, half))
        cropped: Sides | str = (sides[0], sides[1])
    else:
        cropped = padding(call, kernel, node)
    weights = {"weight": weight} | ({"bias": call.constant(2)} if call.has(2) else {})
    layer = make(
        "ConvTranspose2d",
        weight.shape[1] * groups,
        kernel,
        stride=strides,
        padding=cropped,
        output_padding=extra,
        dilation=dilations,
        groups=groups,
        bias=call.has(2),
    )
    return call.add(layer, weights=weights)


def pool(call: Call) -> Node | None:
    """MaxPool, AveragePool and LpPool over height and width; ONNX's strides are 1 unless given."""
    node = _maps(call)
    kernel, strides, ceil = _pair(call, "kernel_shape", None), _pair(call, "strides"), bool(call.get("ceil_mode", 0))
    dilations = _pair(call, "dilations")
    sides = padding(call, kernel, node)
    layer: Layer
    if call.op == "MaxPool":
        layer = MaxPool2d(kernel, strides, padding=sides, dilation=dilations, ceil_mode=ceil)
    elif call.op == "LpPool":
        layer = make(
            "LpPool2d", call.get("p", 2), kernel, stride=strides, padding=sides, dilation=dilations, ceil_mode=ceil
        )
    else:
        if dilations != (1, 1):
            raise UnreadableError("an average over dilated windows")
        counts = bool(call.get("count_include_pad", 0))
        layer = AvgPool2d(kernel, strides, padding=sides, ceil_mode=ceil, count_include_pad=counts)
    return call.add(layer)


def global_pool(call: Call) -> Node | None:
    """GlobalAveragePool and GlobalMaxPool, which keep height and width as ones."""
    _maps(call)
    layer = GlobalAvgPool2d(keepdims=True) if call.op == "GlobalAveragePool" else GlobalMaxPool2d(keepdims=True)
    return call.add(layer)


def mean(call: Call) -> Node | None:
    """ReduceMean over height and width."""
    node = _maps(call)
    if call.axes(1, node) != [1, 2]:
        raise UnreadableError("a mean over other axes than height and width")
    return call.add(GlobalAvgPool2d(keepdims=bool(call.get("keepdims", 1))))


def ones(name: str, count: int, value: float = 1.0) -> Stored:
    """Return a weight of one value."""
    return Stored.of(name, np.full((count,), value, np.float32))
