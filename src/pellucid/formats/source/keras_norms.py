"""In Keras programs: norms of an image's own numbers, lengths of windows and largest of parts."""

from __future__ import annotations

from ...layers import AdaptiveMaxPool2d, GroupNorm, InstanceNorm2d, Layer, LayerNorm, LocalResponseNorm, LpPool2d
from ...layers.node import Shape
from .keras_windows import axis_of, edges_of, named, padded, widen
from .pieces import Argument, Piece, Write, expression, literal, option, place
from .refused import UnwritableError


def _affine(eps: float, *, scale: bool, bias: bool) -> tuple[Argument, ...]:
    return option("epsilon", eps, 1e-3), option("center", bias, True), option("scale", scale, True)


def layer_norm(layer: LayerNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own, over the same axes."""
    axes = sorted(axis_of(axis, shapes[0]) for axis in layer.varies(shapes[0]))
    last = axes == [len(shapes[0])]
    over = option("axis", -1 if last else axes[0] if len(axes) == 1 else tuple(axes), -1)
    return named("layers.LayerNormalization", over, *_affine(layer.eps, scale=layer.scale, bias=layer.bias))


def group_norm(layer: GroupNorm | InstanceNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's own; -1 groups are a group a channel."""
    groups = layer.num_groups if isinstance(layer, GroupNorm) else -1
    axis = option("axis", -1 if len(shapes[0]) != 2 else 1, -1)
    affine = _affine(layer.eps, scale=layer.affine, bias=layer.affine)
    return named("layers.GroupNormalization", option("groups", groups, 32), axis, *affine)


def local_response(layer: LocalResponseNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return the formula, over the squares side by side."""
    rank, axis, channels = len(shapes[0]), axis_of(0, shapes[0]), shapes[0][0]
    around = tuple(layer.sides() if place == axis else (0, 0) for place in range(rank + 1))
    squares = f"ops.pad(ops.square({{0}}), {literal(around)})"
    before = ":, " * axis
    sums = f"sum(squares[{before}i : i + {channels}] for i in range({layer.size}))"
    base = f"{literal(layer.k)} + {literal(layer.alpha / layer.size)} * {sums}"
    return expression(f"(lambda squares: {{0}} / ({base}) ** {literal(layer.beta)})({squares})", "ops")


def lp_pool(layer: LpPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return the root of the mean of powers times their number."""
    if layer.dilation != (1, 1):
        raise UnwritableError("Keras has no pools with holes")
    kernel, power = layer.kernel_size, literal(layer.norm_type)
    powers = padded(edges_of(layer, shapes[0], filled=True), text=f"ops.abs({{0}}) ** {power}")
    strides = literal(widen(layer.stride or kernel))
    pool = f"layers.AveragePooling2D({literal(widen(kernel))}, strides={strides})"
    return expression(f"({kernel[0] * kernel[1]} * {pool}({powers})) ** {literal(1 / layer.norm_type)}", "ops")


def adaptive_max(layer: AdaptiveMaxPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return a maximum of equal parts, or Keras's own of parts that are not."""
    size = layer.output_shape(*shapes)[1:]
    parts = [divmod(given, wanted) for given, wanted in zip(shapes[0][1:], size, strict=True)]
    if all(rest == 0 for _, rest in parts):
        return named("layers.MaxPooling2D", place("pool_size", widen((parts[0][0], parts[1][0]))))
    return named("layers.AdaptiveMaxPooling2D", place("output_size", size))


NORMS: dict[type[Layer], Write] = {
    AdaptiveMaxPool2d: adaptive_max,
    GroupNorm: group_norm,
    InstanceNorm2d: group_norm,
    LayerNorm: layer_norm,
    LocalResponseNorm: local_response,
    LpPool2d: lp_pool,
}
