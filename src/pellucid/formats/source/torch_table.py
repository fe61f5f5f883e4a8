"""What each kind of layer is in a PyTorch program that a person writes."""

from __future__ import annotations

from typing import Any

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    AdaptiveAvgPool2d,
    Add,
    BatchNorm1d,
    BatchNorm2d,
    ChannelShuffle,
    Clip,
    Concat,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    HardSigmoid,
    HardSwish,
    Layer,
    LeakyReLU,
    Linear,
    Mish,
    Multiply,
    Permute,
    PixelShuffle,
    ReLU,
    ReLU6,
    Reshape,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Subtract,
    Tanh,
    Upsample,
)
from ...layers.node import Shape
from .pieces import Piece, Write, brief, expression, literal, made, option, place
from .torch_norms import NORMS
from .torch_varying import VARYING
from .torch_windows import WINDOWS


def plain(head: str) -> Write:
    """Return the entry of a layer without parameters."""
    return lambda layer, shapes: made(head)


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return batch normalization of maps or of vectors."""
    return made(
        f"nn.BatchNorm{2 if len(shapes[0]) == 3 else 1}d",
        place("num_features", shapes[0][0]),
        option("eps", layer.eps, 1e-5),
        option("momentum", layer.momentum, 0.1),
        option("affine", layer.affine, True),
    )


def upsample(layer: Upsample, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own resizing, which goes by the scale where one is given."""
    scale = layer.scale_factor
    corners = layer.align_corners if layer.mode == "bilinear" else None
    return made(
        "nn.Upsample",
        option("size", layer.size, None),
        option("scale_factor", brief(scale) if scale else None, None),
        option("mode", layer.mode, "nearest"),
        option("align_corners", corners, None),
    )


def pixel_shuffle(layer: PixelShuffle, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own shuffle, or the one whose blocks come first."""
    r = layer.upscale_factor
    if layer.order == "CRD":
        return made("nn.PixelShuffle", place("upscale_factor", r))
    return expression("{0}.unflatten(1, " + f"({r}, {r}, -1)).permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)")


def cut(layer: Slice, shapes: tuple[Shape, ...]) -> Piece:
    """Return the slice in brackets."""
    axis = layer.axis % len(shapes[0])
    ends = ("" if layer.start == 0 else str(layer.start), "" if layer.stop is None else str(layer.stop))
    step = "" if layer.step == 1 else f":{layer.step}"
    return expression("{0}[" + ":, " * (axis + 1) + ":".join(ends) + step + "]")


def pool_to(layer: AdaptiveAvgPool2d, shapes: tuple[Shape, ...]) -> Piece:
    """Return pooling to a size."""
    return made("nn.AdaptiveAvgPool2d", place("output_size", brief(layer.output_size or shapes[0][1:])))  # pyright: ignore[reportArgumentType]


def clip(layer: Clip, shapes: tuple[Shape, ...]) -> Piece:
    """Return a clamp."""
    ends = [f"{name}={literal(end)}" for name, end in (("min", layer.min), ("max", layer.max)) if end is not None]
    return expression("torch.clamp({0}, " + ", ".join(ends) + ")" if ends else "{0}")


def hard_sigmoid(layer: HardSigmoid, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own where the slope is a sixth, else the line itself."""
    if (layer.alpha, layer.beta) == (1 / 6, 0.5):
        return made("nn.Hardsigmoid")
    return expression(f"torch.clamp({literal(layer.alpha)} * {{0}} + {literal(layer.beta)}, 0, 1)")


def whole(reduce: str) -> Write:
    """Return the entry of a pool over whole maps."""

    def entry(layer: Any, shapes: tuple[Shape, ...]) -> Piece:
        return expression("{0}." + reduce + "((2, 3)" + (", keepdim=True)" if layer.keepdims else ")"))

    return entry


def flatten(layer: Flatten, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own, or the one with the channels innermost."""
    if layer.order == "HWC" and len(shapes[0]) == 3:
        return expression("{0}.permute(0, 2, 3, 1).flatten(1)")
    return made("nn.Flatten")


TABLE: dict[type[Layer], Write] = {
    **VARYING,
    **NORMS,
    **WINDOWS,
    AdaptiveAvgPool2d: pool_to,
    Add: lambda layer, shapes: expression(" + ".join(f"{{{number}}}" for number in range(len(shapes)))),
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    CELU: lambda layer, shapes: made("nn.CELU", option("alpha", layer.alpha, 1.0)),
    ChannelShuffle: lambda layer, shapes: made("nn.ChannelShuffle", place("groups", layer.groups)),
    Clip: clip,
    Concat: lambda layer, shapes: expression(
        f"torch.cat([{{all}}], dim={int(layer.config().get('axis', 0)) % len(shapes[0]) + 1})"
    ),
    Dropout: lambda layer, shapes: made("nn.Dropout", option("p", layer.p, 0.5)),
    Dropout2d: lambda layer, shapes: made("nn.Dropout2d", option("p", layer.p, 0.5)),
    ELU: lambda layer, shapes: made("nn.ELU", option("alpha", layer.alpha, 1.0)),
    Flatten: flatten,
    GELU: lambda layer, shapes: made("nn.GELU", option("approximate", layer.approximate, "none")),
    GlobalAvgPool2d: whole("mean"),
    GlobalMaxPool2d: whole("amax"),
    HardSigmoid: hard_sigmoid,
    HardSwish: plain("nn.Hardswish"),
    LeakyReLU: lambda layer, shapes: made("nn.LeakyReLU", option("negative_slope", layer.negative_slope, 0.01)),
    Linear: lambda layer, shapes: made(
        "nn.Linear",
        place("in_features", shapes[0][-1]),
        place("out_features", layer.out_features),
        option("bias", layer.bias, True),
    ),
    Mish: plain("nn.Mish"),
    Multiply: lambda layer, shapes: expression(" * ".join(f"{{{number}}}" for number in range(len(shapes)))),
    Permute: lambda layer, shapes: expression(f"{{0}}.permute{(0, *(axis + 1 for axis in layer.order))}"),
    PixelShuffle: pixel_shuffle,
    ReLU: plain("nn.ReLU"),
    ReLU6: plain("nn.ReLU6"),
    Reshape: lambda layer, shapes: expression(
        "{0}.reshape(len({0}), " + ", ".join(map(str, layer.output_shape(*shapes))) + ")"
    ),
    SELU: plain("nn.SELU"),
    SiLU: plain("nn.SiLU"),
    Sigmoid: plain("nn.Sigmoid"),
    Slice: cut,
    Softmax: lambda layer, shapes: made("nn.Softmax", option("dim", layer.axis % len(shapes[0]) + 1, None)),
    Softplus: lambda layer, shapes: made(
        "nn.Softplus", option("beta", layer.beta, 1.0), option("threshold", layer.threshold, 20.0)
    ),
    Softsign: plain("nn.Softsign"),
    Subtract: lambda layer, shapes: expression("{0} - {1}"),
    Tanh: plain("nn.Tanh"),
    Upsample: upsample,
}
