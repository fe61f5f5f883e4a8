"""What PyTorch's convolutions, pools, paddings and resizings are among our layers, given its arguments."""

from __future__ import annotations

import math
from typing import Any

from opinfo_samples import Call, ExcludedError, Given, Mapped

from pellucid import layers

Laid = tuple[Given, tuple[int, ...]]


def alone(x: Given) -> Laid:
    """The tensor as one sample."""
    return x, (1, *x.shape)


def maps(x: Given) -> Laid:
    """The tensor as a batch of maps: a batch may be missing, and rows are maps one row high."""
    if len(x.shape) == 5:
        raise ExcludedError("volumes")
    return x, {4: x.shape, 3: (1, *x.shape)}[len(x.shape)]


def rows(x: Given) -> Laid:
    """Rows as maps one row high."""
    batch = x.shape if len(x.shape) == 3 else (1, *x.shape)
    return x, (*batch[:2], 1, batch[2])


def two(value: Any) -> tuple[int, int]:
    """One number or one of two as two."""
    values = value if isinstance(value, list) else [value]
    return (values[0], values[0]) if len(values) == 1 else (values[0], values[1])


def beside(value: Any) -> Any:
    """A number along the width as a pair with nothing, or 1, along the height."""
    return value if isinstance(value, str) else two(value)[0]


def conv2d(
    x: Given,
    weight: Given,
    bias: Given | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Call:
    """Convolutions of maps, or of rows, which are maps one row high."""
    flat = len(weight.shape) == 3
    shape = (*weight.shape[:2], 1, weight.shape[2]) if flat else weight.shape
    pairs = [(one, beside(of)) if flat else two(of) for one, of in ((1, stride), (1, dilation))]
    pads = padding if isinstance(padding, str) else (0, beside(padding)) if flat else two(padding)
    layer = layers.Conv2d(
        shape[0],
        (shape[2], shape[3]),
        stride=pairs[0],
        padding=pads,
        dilation=pairs[1],
        groups=groups,
        bias=bias is not None,
    )
    weights = {"weight": (weight, shape)} | ({} if bias is None else {"bias": (bias, bias.shape)})
    return Call(layer, [rows(x) if flat else maps(x)], weights)


def conv_transpose2d(
    x: Given,
    weight: Given,
    bias: Given | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Call:
    """PyTorch's order: the dilation comes last."""
    layer = layers.ConvTranspose2d(
        weight.shape[1] * groups,
        (weight.shape[2], weight.shape[3]),
        stride=two(stride),
        padding=two(padding),
        output_padding=two(output_padding),
        dilation=two(dilation),
        groups=groups,
        bias=bias is not None,
    )
    weights = {"weight": (weight, weight.shape)} | ({} if bias is None else {"bias": (bias, bias.shape)})
    return Call(layer, [maps(x)], weights)


def max_pool2d(
    x: Given,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Call:
    """Where the places of the winners are asked for too, only the winners are compared."""
    steps = None if stride in (None, []) else two(stride)
    return Call(
        layers.MaxPool2d(two(kernel_size), steps, two(padding), dilation=two(dilation), ceil_mode=ceil_mode), [maps(x)]
    )


def avg_pool2d(
    x: Given,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Call:
    """Averages by their own number of places."""
    if divisor_override is not None:
        raise ExcludedError("a divisor that is no number of places")
    steps = None if stride in (None, []) else two(stride)
    layer = layers.AvgPool2d(
        two(kernel_size), steps, two(padding), ceil_mode=ceil_mode, count_include_pad=count_include_pad
    )
    return Call(layer, [maps(x)])


def lp_pool2d(x: Given, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Call:
    """Lengths; an odd power has signs in PyTorch."""
    if norm_type % 2:
        raise ExcludedError("an odd power of numbers with signs")
    steps = None if stride is None else two(stride)
    return Call(layers.LpPool2d(norm_type, two(kernel_size), stride=steps, ceil_mode=ceil_mode), [maps(x)])


def adaptive(kind: Any) -> Mapped:
    """Parts; None is the input's size along one axis."""

    def call(x: Given, output_size: Any, return_indices: bool = False) -> Call:
        laid = maps(x)
        asked = output_size if isinstance(output_size, list) else [output_size]
        sizes = two(asked)
        height, width = (own if one is None else one for one, own in zip(sizes, laid[1][2:], strict=True))
        return Call(kind((height, width)), [laid])

    return call


def pad(x: Given, pads: list[int], mode: str = "constant", value: float | None = None) -> Call:
    """Up to three axes from the last; the axes before are batch and channels, folded where there are more."""
    if min(pads) < 0:
        raise ExcludedError("padding below 0, which cuts")
    axes = [(pads[i], pads[i + 1]) for i in range(0, len(pads), 2)]
    if len(axes) > 3 or (len(axes) == 3 and mode != "constant"):
        raise ExcludedError("padding of more than three axes, or of channels that are no constants")
    shape = (1,) * max(3 - len(x.shape), 0) + x.shape
    inner = shape[-3:]
    width, height, channels = (*axes, (0, 0), (0, 0))[:3]
    layer = layers.Pad2d((height, width), channels=channels, mode=mode, value=value or 0.0)
    return Call(layer, [(x, (math.prod(shape[:-3]), *inner))])


def interpolate(
    x: Given,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Call:
    """Maps, and rows as maps one row high; a scale that is reckoned anew is a size."""
    if mode in ("bicubic", "area", "trilinear") or antialias or len(x.shape) == 5:
        raise ExcludedError("volumes, or weights other than of the nearest or of two a side")
    flat = len(x.shape) == 3
    laid = rows(x) if flat else maps(x)
    mode = "bilinear" if mode == "linear" else mode
    if size is not None:
        sizes = (1, two(size)[0]) if flat else two(size)
        return Call(layers.Upsample(size=sizes, mode=mode, align_corners=bool(align_corners)), [laid])
    values = scale_factor if isinstance(scale_factor, list) else [scale_factor]
    pair = (1.0, values[0]) if flat else (values[0], values[-1])
    if recompute_scale_factor:
        sizes = tuple(math.floor(one * factor) for one, factor in zip(laid[1][2:], pair, strict=True))
        return Call(layers.Upsample(size=(sizes[0], sizes[1]), mode=mode, align_corners=bool(align_corners)), [laid])
    return Call(layers.Upsample(pair, mode=mode, align_corners=bool(align_corners)), [laid])


def upsample_nearest(x: Given, size: Any = None, scale_factor: Any = None) -> Call:
    """The older name."""
    return interpolate(x, size, scale_factor)


def upsample_bilinear(x: Given, size: Any = None, scale_factor: Any = None) -> Call:
    """The older name, which aligns corners."""
    return interpolate(x, size, scale_factor, "bilinear", True)


def pixel_shuffle(x: Given, upscale_factor: int) -> Call:
    """Axes before the channels are the batch."""
    return Call(layers.PixelShuffle(upscale_factor), [maps(x)])


def channel_shuffle(x: Given, groups: int) -> Call:
    """Of maps."""
    return Call(layers.ChannelShuffle(groups), [maps(x)])


WINDOWS: dict[str, Mapped] = {
    "nn.functional.adaptive_avg_pool2d": adaptive(layers.AdaptiveAvgPool2d),
    "nn.functional.adaptive_max_pool2d": adaptive(layers.AdaptiveMaxPool2d),
    "nn.functional.avg_pool2d": avg_pool2d,
    "nn.functional.channel_shuffle": channel_shuffle,
    "nn.functional.conv1d": conv2d,
    "nn.functional.conv2d": conv2d,
    "nn.functional.conv_transpose2d": conv_transpose2d,
    "nn.functional.interpolate": interpolate,
    "nn.functional.lp_pool2d": lp_pool2d,
    "nn.functional.max_pool2d": max_pool2d,
    "nn.functional.pad": pad,
    "nn.functional.pixel_shuffle": pixel_shuffle,
    "nn.functional.upsample_bilinear": upsample_bilinear,
    "nn.functional.upsample_nearest": upsample_nearest,
}
