"""Traps of layers that pad, resize and move maps: whose numbers come first, and where exactly places lie."""

from __future__ import annotations

from ...layers import Pad2d, Permute, PixelShuffle, Slice, Upsample, ZeroPad2d
from .trap import Place, Rules, Trap


def sides(at: Place, layer: Pad2d | ZeroPad2d) -> Trap | None:
    """Four sides, three orders."""
    (top, bottom), (left, right) = layer.padding
    if top == bottom == left == right:
        return None
    return Trap(
        "The order of four sides",
        f"{top} above, {bottom} below, {left} left, {right} right: {((top, bottom), (left, right))} here and in Keras, "
        f"({left}, {right}, {top}, {bottom}) in PyTorch, the last axis first, {[top, left, bottom, right]} in ONNX, "
        "all starts before all ends.",
    )


def mode(at: Place, layer: Pad2d) -> Trap | None:
    """Keras has a layer for zeros only, and modes have other names."""
    if layer.mode == "constant":
        return None
    onnx = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[layer.mode]
    return Trap(
        "Padding that is not zeros",
        f"mode={layer.mode!r} as in PyTorch; ONNX calls it {onnx!r}. Keras's ZeroPadding2D pads with zeros only.",
    )


def corners(at: Place, layer: Upsample) -> Trap | None:
    """Two rules of one name say where the places lie that are weighed."""
    size, out = at.shapes[0][1], at.shape[1]
    if layer.mode != "bilinear" or 1 in (size, out):
        return None
    half = size / out if layer.scale_factor is None else 1 / layer.scale_factor[0]
    aligned = (size - 1) / (out - 1)
    ours, theirs = (aligned, half) if layer.align_corners else (half, aligned)
    others = ("align_corners=False, as in TensorFlow and Keras,", "align_corners=True")
    return Trap(
        "Where the places lie",
        f"align_corners={layer.align_corners}: from {size} to {out} rows, neighbours lie {ours:.4g} rows apart. With "
        f"{others[0] if layer.align_corners else others[1]} it would be {theirs:.4g}.",
    )


def nearest(at: Place, layer: Upsample) -> Trap | None:
    """The nearest place is rounded down by one, and rounded by another."""
    whole = all(out % size == 0 for out, size in zip(at.shape[1:], at.shapes[0][1:], strict=True))
    if layer.mode == "bilinear" or whole:
        return None
    names = ("PyTorch's nearest", "nearest-exact, as tf.image.resize,")
    here, there = names[::-1] if layer.mode == "nearest-exact" else names
    return Trap(
        "Which place is nearest",
        f"{at.shapes[0][1:]} to {at.shape[1:]} is no whole factor: {here} reads these places; {there} reads others.",
    )


def cut(at: Place, layer: PixelShuffle) -> Trap | None:
    """Channels are dealt out in two orders."""
    r, channels = layer.upscale_factor, at.shape[0]
    if channels == 1 or r == 1:
        return None
    own, other = (1, channels) if layer.order == "CRD" else (channels, 1)
    whose = ("PyTorch", "TensorFlow's depth_to_space and ONNX's default")
    here, there = whose if layer.order == "CRD" else whose[::-1]
    return Trap(
        "In which order channels are dealt out",
        f"The right neighbour of map 0's first number comes from channel {own}, as in {here}; in {there} from channel "
        f"{other}. {at.shapes[0][0]} channels become {channels} of {r} x {r} times the places either way.",
    )


def axes(at: Place, layer: Permute) -> Trap | None:
    """Axes are counted without the batch here, from 1 in Keras, with it in PyTorch."""
    if len(layer.order) == 1:
        return None
    counted = tuple(axis + 1 for axis in layer.order)
    last = ", and its axes are rows, columns, channels" if len(counted) == 3 else ""
    return Trap(
        "Counted with or without the batch",
        f"{layer.order} counts from 0 without the batch; PyTorch's permute is {(0, *counted)}. Keras's Permute counts "
        f"from 1{last}.",
    )


def outer(at: Place, layer: Slice) -> Trap | None:
    """Axes are counted without the batch here."""
    rank = len(at.shape)
    own = layer.axis % rank
    keras = (3, 1, 2)[own] if rank == 3 else own + 1
    return Trap(
        "Counted with or without the batch",
        f"axis={layer.axis} is axis {own + 1} where the batch counts, and {keras} in Keras, channels last.",
    )


TRAPS: Rules = {
    Pad2d: (sides, mode),
    Permute: (axes,),
    PixelShuffle: (cut,),
    Slice: (outer,),
    Upsample: (corners, nearest),
    ZeroPad2d: (sides,),
}
