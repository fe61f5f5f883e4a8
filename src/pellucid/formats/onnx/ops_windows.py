"""ONNX's convolutions and pools."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...layers import AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer, MaxPool2d, Node
from ...window import Window
from ..opening import UnreadableError, make
from ..stored import Stored
from .call import Call, Value, alone

Sides = tuple[tuple[int, int], tuple[int, int]]
MOST_SHARES = 2**22  # numbers of a convolution that stands for an average
NO_SIDES = ((0, 0), (0, 0))


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
    if min(strides) < 1:
        raise UnreadableError(f"strides {strides}")
    sides: list[tuple[int, int]] = []
    for k, s, d, size in zip(kernel, strides, dilations, node.shape[1:], strict=True):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        sides.append((total - total // 2, total // 2))
    return sides[0], sides[1]


def wide(entry: Callable[[Call], Node | None]) -> Callable[[Call], Node | None]:
    """Return what opens an operator's windows over rows too: as maps of one row."""

    def opened(call: Call) -> Node | None:
        node = call.values[0] if call.values else None
        if not isinstance(node, Node) or len(node.shape) != 2:
            return entry(call)
        given = dict(call.attributes)
        for name, first in (("kernel_shape", 1), ("strides", 1), ("dilations", 1), ("output_padding", 0)):
            if name in given:
                given[name] = [first, *given[name]]
        if len(given.get("pads", ())) == 2:
            given["pads"] = [0, given["pads"][0], 0, given["pads"][1]]
        if "output_shape" in given:
            given["output_shape"] = [1, given["output_shape"][-1]]
        maps = call.reshaped(node, (node.shape[0], 1, node.shape[1]), name=f"{call.name}/maps", checked=False)
        values: list[Value] = [maps, *call.values[1:]]
        if len(values) > 1 and isinstance(weight := values[1], Stored) and len(weight.shape) == 3:
            values[1] = weight.reshaped(*weight.shape[:2], 1, weight.shape[2])

        def fuse(after: int) -> Stored | None:
            return call.fuse(after - 1)

        made = entry(replace(call, values=values, attributes=given, fuse=fuse))
        return made and call.reshaped(made, (made.shape[0], made.shape[2]), name=f"{call.name}/rows", checked=False)

    return opened


def conv(call: Call) -> Node | None:
    """Conv over height and width."""
    node, weight = call.maps(), call.constant(1)
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
    node, weight = call.maps(), call.constant(1)
    if len(weight.shape) != 4:
        raise UnreadableError(f"a weight of shape {weight.shape}, where four axes are expected")
    kernel, strides, dilations = (weight.shape[2], weight.shape[3]), _pair(call, "strides"), _pair(call, "dilations")
    groups, extra = int(call.get("group", 1)), _pair(call, "output_padding", 0)
    if _pair(call, "kernel_shape", None if "kernel_shape" in call.attributes else 0) not in (kernel, (0, 0)):
        raise UnreadableError(f"kernel_shape is not that of its weight, {kernel}")
    auto, wanted = call.get("auto_pad", "NOTSET"), call.get("output_shape", [])
    call.used.add("pads")  # of no meaning beside a shape
    sides: list[tuple[int, int]] = []
    if wanted or auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = wanted[-2:] if wanted else [size * s for size, s in zip(node.shape[1:], strides, strict=True)]
        if len(sizes) != 2:
            raise UnreadableError(f"output_shape {wanted!r:.60}, where height and width are expected")
        added: list[int] = []
        for size, s, k, d, e, out in zip(node.shape[1:], strides, kernel, dilations, extra, sizes, strict=True):
            total = s * (size - 1) + e + (k - 1) * d + 1 - int(out)
            half = max(total, 0) // 2
            sides.append((half, max(total, 0) - half) if auto == "SAME_UPPER" else (max(total, 0) - half, half))
            added.append(e + max(-total, 0))
        extra = added[0], added[1]
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
    node = call.maps()
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
        counts = bool(call.get("count_include_pad", 0))
        if dilations != (1, 1):
            return _dilated(call, node, kernel, sides, counts=counts, ceil=ceil)
        layer = AvgPool2d(kernel, strides, padding=sides, ceil_mode=ceil, count_include_pad=counts)
    return call.add(layer)


def _dilated(
    call: Call, node: Node, kernel: tuple[int, int], sides: Sides | str, *, counts: bool, ceil: bool
) -> Node | None:
    """Average over dilated windows: a convolution of every channel by itself, with even shares."""
    steps = zip(kernel, _pair(call, "strides"), _pair(call, "dilations"), strict=True)
    windows = [
        Window(k, s, d, sides if isinstance(sides, str) else sides[axis], ceil) for axis, (k, s, d) in enumerate(steps)
    ]
    held = all(window.extent(size) == window.pads(size) for window, size in zip(windows, node.shape[1:], strict=True))
    if not held or sides == "same" or (not counts and sides not in (NO_SIDES, "valid")):
        raise UnreadableError("an average over dilated windows of which some reach beyond the maps")
    channels, area = node.shape[0], kernel[0] * kernel[1]
    if channels * area > MOST_SHARES:
        raise UnreadableError(f"an average over {area} dilated places of {channels} maps")
    strides, dilations = _pair(call, "strides"), _pair(call, "dilations")
    layer = Conv2d(channels, kernel, stride=strides, padding=sides, dilation=dilations, groups=channels, bias=False)
    shares = np.full((channels, 1, *kernel), 1 / area, np.float32)
    return call.add(layer, weights={"weight": Stored.of("even shares", shares)})


def global_pool(call: Call) -> Node | None:
    """GlobalAveragePool, GlobalMaxPool and GlobalLpPool, which keep height and width as ones."""
    node = call.maps()
    if call.op == "GlobalLpPool":
        return call.add(make("LpPool2d", call.get("p", 2), node.shape[1:]))
    layer = GlobalAvgPool2d(keepdims=True) if call.op == "GlobalAveragePool" else GlobalMaxPool2d(keepdims=True)
    return call.add(layer)


def reduce(call: Call) -> Node | None:
    """ReduceMean and its kin: of height and width one layer, of other axes maps that are made of them."""
    node = call.node()
    call.used.add("noop_with_empty_axes")  # no axes are refused
    axes, keepdims = call.axes(1, node), bool(call.get("keepdims", 1))
    if not axes or len(set(axes)) < len(axes):
        raise UnreadableError("all axes, the batch's among them")
    if len(axes) == len(node.shape) and not keepdims:
        raise UnreadableError("nothing is left but the batch's axis")
    whole = GlobalMaxPool2d if call.op in ("ReduceMax", "ReduceMin") else GlobalAvgPool2d
    power = {"ReduceL1": 1.0, "ReduceL2": 2.0}.get(call.op)
    if len(node.shape) == 3 and axes == [1, 2] and call.op in ("ReduceMax", "ReduceMean"):
        return call.add(whole(keepdims))
    kept = [axis for axis in range(len(node.shape)) if axis not in axes]
    order = (*kept, *axes)
    value: Node | None = node
    if order != tuple(range(len(order))):
        value = call.add(make("Permute", order), node, name=f"{call.name}/turned")
    count = math.prod(node.shape[axis] for axis in axes)
    value = value and call.reshaped(value, (math.prod(node.shape) // count, count, 1), name=f"{call.name}/maps")
    if call.op == "ReduceMin":  # the largest of the negative numbers, negative
        value = value and _scaled(call, value, "negative", -1)
    pool = whole() if power is None else make("LpPool2d", power, (count, 1))
    value = value and call.add(pool, value, name=f"{call.name}/whole")
    if call.op in ("ReduceMin", "ReduceSum"):
        value = value and _scaled(call, value, *(("least", -1) if call.op == "ReduceMin" else ("sum", count)))
    sizes = [1 if axis in axes else size for axis, size in enumerate(node.shape) if keepdims or axis not in axes]
    return value and call.reshaped(value, tuple(sizes))


def _scaled(call: Call, node: Node, name: str, by: float) -> Node | None:
    """Return a value times a number."""
    layer, weights = make("Scale", (), shift=False), {"weight": alone(name, by)}
    return call.add(layer, node, name=f"{call.name}/{name}", weights=weights)
