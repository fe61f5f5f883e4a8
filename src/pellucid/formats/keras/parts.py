"""Layers of ours that are several steps in Keras: the steps have the layer's name with a word behind a dot.

A step is held back until the layer of that name is called: then both are one layer here. Where something else reads a
step, it is a layer of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from ...layers import Clip
from ..opening import UnreadableError, make
from . import operations, windows
from .call import LAST, Call, Entry, Value

Joined = Callable[[Call, list[Call], Value], Value]
STEPS = {
    ("Conv2D", "every"),
    ("Conv2DTranspose", "full"),
    ("DepthwiseConv2D", "every"),
    ("Maximum", "maximum"),
    ("Pad", "pad"),
    ("Permute", "turned"),
    ("Rescaling", "line"),
    ("Reshape", "groups"),
    ("Reshape", "pixels"),
    ("ZeroPadding2D", "pad"),
}


def owner(name: str) -> str:
    """Return the name of the layer that a step would be of: what stands before the last dot."""
    return name.rpartition(".")[0]


def padded(inner: Entry) -> Joined:
    """Return the entry of a layer behind zeros."""

    def entry(call: Call, before: list[Call], value: Value) -> Value:
        _zeros(call, before[0])
        return inner(call, [value])

    return entry


def _zeros(call: Call, step: Call) -> None:
    step.config.need("data_format", "channels_last", "channels_first", None)
    call.padding = step.config.sides("padding"), "zeros"
    step.config.finish()


def edged(inner: Entry) -> Joined:
    """Return the entry of a convolution behind mirrored edges."""

    def entry(call: Call, before: list[Call], value: Value) -> Value:
        found = operations.padding(before[0], value)
        if found.mode != "reflect" or any(found.channels):
            raise UnreadableError(f"{before[0].config.path}: a step of {call.name!r} that is no mirrored edge")
        call.padding = found.sides, found.mode
        return inner(call, [value])

    return entry


def lowered(call: Call, before: list[Call], value: Value) -> Value:
    """Return a max pool behind the lowest number."""
    found = operations.padding(before[0], value)
    if found.value > operations.LOWEST or found.mode != "constant" or any(found.channels):
        raise UnreadableError(
            f"{before[0].config.path}: a step of {call.name!r} that is no padding of the lowest number"
        )
    call.padding = found.sides, "zeros"
    return windows.ENTRIES["MaxPooling2D"](call, [value])


def thinned(call: Call, before: list[Call], value: Value) -> Value:
    """Return a convolution of every place, of which some are kept: one with a stride."""
    *first, conv = before
    config = call.config
    if config.pair("pool_size") != (1, 1):
        raise UnreadableError(f"{config.path}: a step of {conv.name!r} that does not keep some of its places")
    for name in ("padding", "data_format"):
        config.take(name)
    conv.name, conv.stride = call.name, config.pair("strides")
    for step in first:
        _zeros(conv, step)
    made = windows.ENTRIES[conv.config.kind](conv, [value])
    conv.config.finish()
    return made


def cropped(call: Call, before: list[Call], value: Value) -> Value:
    """Return a transposed convolution whose result is cropped."""
    (conv,) = before
    call.config.take("data_format")
    conv.name, conv.padding = call.name, (call.config.sides("cropping"), "zeros")
    made = windows.ENTRIES["Conv2DTranspose"](conv, [value])
    conv.config.finish()
    return made


def shuffled(call: Call, before: list[Call], value: Value) -> Value:
    """Return channels of groups in turn, or channels as pixels: cut, turned, and joined again."""
    cut, turned = before
    sizes, order, joined = cut.config.wholes("target_shape"), turned.config.wholes("dims"), None
    maps = call.laid_out(value, LAST)
    height, width, channels = maps.shape
    target = call.config.wholes("target_shape")
    if order == [1, 2, 4, 3] and sizes[:2] == [height, width] and target == [height, width, channels]:
        joined = make("ChannelShuffle", sizes[2])
    elif order in ([1, 4, 2, 5, 3], [1, 3, 2, 4, 5]) and sizes[:2] == [height, width]:
        crd = order == [1, 4, 2, 5, 3]
        factor = sizes[3]
        square = sizes[3:] == [factor, factor] if crd else sizes[2:4] == [factor, factor]
        if square and target == [height * factor, width * factor, channels // factor**2]:
            joined = make("PixelShuffle", factor, order="CRD" if crd else "DCR")
    if joined is None:
        raise UnreadableError(f"{cut.config.path}: steps of {call.name!r} that shuffle nothing known")
    return call.add(joined, maps)


def hard_sigmoid(call: Call, before: list[Call], value: Value) -> Value:
    """Return a straight line between 0 and 1."""
    line = before[0].config
    if call.config.number("max_value", 0.0) != 1.0:
        raise UnreadableError(f"{call.config.path}.config.max_value is not 1")
    for name in ("negative_slope", "threshold"):
        call.config.need(name, 0.0, None)
    return call.add(make("HardSigmoid", alpha=line.number("scale", 1.0), beta=line.number("offset", 0.0)), value)


def clip(call: Call, before: list[Call], value: Value) -> Value:
    """Return numbers within two bounds."""
    return call.add(Clip(operations.number(before[0]), operations.number(call)), value)


PADDED = ("AveragePooling2D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D")
ENTRIES: dict[tuple[str, ...], Joined] = {
    **{("ZeroPadding2D", kind): padded(windows.ENTRIES[kind]) for kind in PADDED},
    **{("Pad", kind): edged(windows.ENTRIES[kind]) for kind in PADDED[1:3]},
    **{(kind, "AveragePooling2D"): thinned for kind in PADDED[1:3]},
    **{("ZeroPadding2D", kind, "AveragePooling2D"): thinned for kind in PADDED[1:3]},
    ("Conv2DTranspose", "Cropping2D"): cropped,
    ("Maximum", "Minimum"): clip,
    ("Pad", "MaxPooling2D"): lowered,
    ("Rescaling", "ReLU"): hard_sigmoid,
    ("Reshape", "Permute", "Reshape"): shuffled,
}
