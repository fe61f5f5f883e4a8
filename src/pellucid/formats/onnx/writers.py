"""What writes each kind of layer: one entry a kind."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ModelFileError
from ...layers import Layer
from ...layers.node import Shape
from . import write_others as others
from . import write_windows as windows
from .write_others import Writer, merge, plain
from .writing import Writing

WRITERS: dict[str, Writer] = {
    "AdaptiveAvgPool2d": windows.adaptive_avg,
    "AdaptiveMaxPool2d": windows.adaptive_max,
    "Add": merge("Add", "Sum"),
    "AvgPool2d": windows.avg_pool,
    "BatchNorm1d": others.batch_norm,
    "BatchNorm2d": others.batch_norm,
    "CELU": plain("Celu", "alpha"),
    "ChannelShuffle": others.channel_shuffle,
    "Clip": others.clip,
    "Concat": others.concat,
    "Conv2d": windows.conv,
    "ConvTranspose2d": windows.conv_transpose,
    "Dropout": others.dropout,
    "Dropout2d": others.dropout,
    "ELU": plain("Elu", "alpha"),
    "Flatten": others.flatten,
    "GELU": plain("Gelu", "approximate"),
    "GlobalAvgPool2d": windows.global_avg,
    "GlobalMaxPool2d": windows.global_max,
    "GroupNorm": others.group_norm,
    "HardSigmoid": plain("HardSigmoid", "alpha", "beta"),
    "HardSwish": plain("HardSwish"),
    "InstanceNorm2d": others.instance_norm,
    "LayerNorm": others.layer_norm,
    "LeakyReLU": others.leaky,
    "Linear": others.linear,
    "LocalResponseNorm": others.lrn,
    "LogSoftmax": others.along("LogSoftmax"),
    "LpPool2d": windows.lp_pool,
    "MaxPool2d": windows.max_pool,
    "Mish": plain("Mish"),
    "Multiply": merge("Mul"),
    "PReLU": others.prelu,
    "Pad2d": others.pad,
    "Permute": others.permute,
    "PixelShuffle": others.pixel_shuffle,
    "ReLU": plain("Relu"),
    "ReLU6": others.clip,
    "Reshape": others.reshape,
    "SELU": plain("Selu", alpha=1.6732632423543772, gamma=1.0507009873554805),
    "Scale": others.scale,
    "SeparableConv2d": windows.separable,
    "SiLU": others.silu,
    "Sigmoid": plain("Sigmoid"),
    "Slice": others.cut,
    "Softmax": others.along("Softmax"),
    "Softplus": others.softplus,
    "Softsign": plain("Softsign"),
    "Subtract": merge("Sub"),
    "Tanh": plain("Tanh"),
    "Upsample": windows.upsample,
    "ZeroPad2d": others.pad,
}


def written(layer: Layer, name: str, reads: Sequence[str], shapes: tuple[Shape, ...]) -> Writing:
    """Return a layer's nodes; the last gives the value `name`.

    Args:
        layer: the layer.
        name: what its node is called.
        reads: the names of the values that it reads.
        shapes: their shapes, without the batch.

    Raises:
        ModelFileError: ONNX has no operators for it.
    """
    writing = Writing(layer, name, reads, shapes)
    if layer.kind not in WRITERS:
        raise ModelFileError(
            f"{layer.kind} {name!r}",
            got=f"a layer of kind {layer.kind}, which is not written in ONNX",
            expected="layers that have operators in ONNX",
            fix="save the network as .safetensors, or build it of other layers",
        )
    WRITERS[layer.kind](writing)
    last = writing.nodes[-1]
    last.name = last.output[0] = name
    return writing
