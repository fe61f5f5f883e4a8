"""In NumPy programs: norms of an image's own numbers, lengths of windows and largest of parts."""

from __future__ import annotations

from typing import Any

from ...layers import AdaptiveMaxPool2d, GroupNorm, InstanceNorm2d, Layer, LayerNorm, LocalResponseNorm, LpPool2d
from ...layers.node import Shape
from .pieces import Argument, Piece, Verbatim, Write, made, option, place


def _call(head: str, *values: Argument) -> Piece:
    return made(head, place("x", Verbatim("{0}")), *values, use="{call}", needs=(head,))


def _affine(layer: Layer, shapes: tuple[Shape, ...]) -> list[Argument]:
    return [option(name, Verbatim(f"{{w[{name}]}}"), None) for name in layer.weights(*shapes)]


def layer_norm(layer: LayerNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return the norm over axes that count the batch."""
    axes = tuple(axis + 1 for axis in layer.varies(shapes[0]))
    return _call("layer_norm", place("axes", axes), *_affine(layer, shapes), option("eps", layer.eps, 1e-5))


def group_norm(layer: GroupNorm | InstanceNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return the norm of groups, or of as many as there are channels."""
    groups = layer.num_groups if isinstance(layer, GroupNorm) else shapes[0][0]
    return _call("group_norm", place("groups", groups), *_affine(layer, shapes), option("eps", layer.eps, 1e-5))


def local_response(layer: LocalResponseNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return the norm, told how many channels come before and after."""
    return _call(
        "local_response_norm",
        place("sides", layer.sides()),
        option("alpha", layer.alpha, 1e-4),
        option("beta", layer.beta, 0.75),
        option("k", layer.k, 1.0),
    )


def lp_pool(layer: LpPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return lengths; what lies behind the padding is padding too."""
    sides: list[tuple[int, int]] = []
    for window, size in zip(layer.windows(), shapes[0][1:], strict=True):
        before, after = window.pads(size)
        sides.append((before, max(after, (window.out(size) - 1) * window.stride + window.span - size - before)))
    return _call(
        "lp_pool2d",
        place("power", layer.norm_type),
        place("kernel", layer.kernel_size),
        place("stride", layer.stride or layer.kernel_size),
        option("padding", tuple(sides), ((0, 0), (0, 0))),
        option("dilation", layer.dilation, (1, 1)),
    )


def adaptive_max(layer: Any, shapes: tuple[Shape, ...]) -> Piece:
    """Return the largest of parts."""
    return _call("adaptive_max_pool2d", place("size", layer.output_shape(*shapes)[1:]))


NORMS: dict[type[Layer], Write] = {
    AdaptiveMaxPool2d: adaptive_max,
    GroupNorm: group_norm,
    InstanceNorm2d: group_norm,
    LayerNorm: layer_norm,
    LocalResponseNorm: local_response,
    LpPool2d: lp_pool,
}
