"""In PyTorch programs: norms of an image's own numbers, lengths of windows and largest of parts."""

from __future__ import annotations

from ...layers import AdaptiveMaxPool2d, GroupNorm, InstanceNorm2d, Layer, LayerNorm, LocalResponseNorm, LpPool2d
from ...layers.node import Shape
from .pieces import Piece, Write, brief, made, option, place
from .torch_windows import edges_of


def layer_norm(layer: LayerNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own of the last axes; others are moved there and back."""
    shape, axes = shapes[0], layer.varies(shapes[0])
    here, there = [axis + 1 for axis in axes], [*range(-len(axes), 0)]
    moved = here != [axis + len(shape) + 1 for axis in there]
    sizes = place("normalized_shape", tuple(shape[axis] for axis in axes))
    use = f"{{call}}({{0}}.movedim({here}, {there})).movedim({there}, {here})" if moved else "{call}({0})"
    eps = option("eps", layer.eps, 1e-5)
    if layer.bias and not layer.scale:
        return made("ShiftedLayerNorm", sizes, eps, use=use, needs=("ShiftedLayerNorm",))
    return made(
        "nn.LayerNorm",
        sizes,
        eps,
        option("elementwise_affine", layer.scale, True),
        option("bias", layer.bias or not layer.scale, True),
        use=use,
    )


def group_norm(layer: GroupNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own."""
    return made(
        "nn.GroupNorm",
        place("num_groups", layer.num_groups),
        place("num_channels", shapes[0][0]),
        option("eps", layer.eps, 1e-5),
        option("affine", layer.affine, True),
    )


def instance_norm(layer: InstanceNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own."""
    affine = option("affine", layer.affine, False)
    return made("nn.InstanceNorm2d", place("num_features", shapes[0][0]), option("eps", layer.eps, 1e-5), affine)


def local_response(layer: LocalResponseNorm, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own: in a mirror where an even window's odd channel is last, of vectors as maps of a place."""
    vector, mirror = len(shapes[0]) == 1, ".flip(1)" if layer.extra == "after" and layer.size % 2 == 0 else ""
    return made(
        "nn.LocalResponseNorm",
        place("size", layer.size),
        option("alpha", layer.alpha, 1e-4),
        option("beta", layer.beta, 0.75),
        option("k", layer.k, 1.0),
        use="{call}({0}" + mirror + (".unsqueeze(2)).squeeze(2)" if vector else ")") + mirror,
    )


def lp_pool(layer: LpPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return our definition: PyTorch's own takes no sizes."""
    edges = edges_of(layer.windows(), shapes[0], filled=True)
    return made(
        "LpPool2d",
        place("norm_type", layer.norm_type),
        place("kernel_size", layer.kernel_size),
        place("stride", layer.stride or layer.kernel_size),
        option("edges", edges, (0, 0, 0, 0)),
        option("dilation", layer.dilation, (1, 1)),
        needs=("LpPool2d",),
    )


def adaptive_max(layer: AdaptiveMaxPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own."""
    height, width = layer.output_shape(*shapes)[1:]
    return made("nn.AdaptiveMaxPool2d", place("output_size", brief((height, width))))


NORMS: dict[type[Layer], Write] = {
    AdaptiveMaxPool2d: adaptive_max,
    GroupNorm: group_norm,
    InstanceNorm2d: instance_norm,
    LayerNorm: layer_norm,
    LocalResponseNorm: local_response,
    LpPool2d: lp_pool,
}
