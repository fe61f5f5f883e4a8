"""Convolutions and pools: kernels are turned from (height, width, in, out), and "same" is one rule in both houses."""

from __future__ import annotations

from ...layers import AdaptiveAvgPool2d, AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer, MaxPool2d
from ...layers.params import Sides
from ..opening import UnreadableError, make
from ..stored import Stored
from .activating import activated
from .call import Call, Entry, Value

NONE: Sides = ((0, 0), (0, 0))


def _padding(call: Call) -> Sides | str:
    """Return "same", or what a step before has put around: nothing where there was none."""
    same = call.config.need("padding", "valid", "same") == "same"
    if same and call.padding is not None:
        raise UnreadableError(f"{call.config.path}: padded twice")
    return "same" if same else NONE if call.padding is None else call.padding[0]


def _stride(call: Call) -> tuple[int, int]:
    own = call.config.pair("strides")
    return own if call.stride is None else call.stride


def _mode(call: Call) -> str:
    return "zeros" if call.padding is None else call.padding[1]


def _bias(call: Call, kernels: list[Stored]) -> dict[str, Stored]:
    return {"bias": kernels[-1]} if call.config.values.get("use_bias", True) else {}


def _variables(call: Call, *kernels: tuple[str, ...]) -> list[Stored]:
    bias = call.config.need("use_bias", True, False)
    return call.weights(*kernels, *([("bias",)] if bias else []))


def convolution(call: Call, values: list[Value]) -> Value:
    """Conv2D."""
    value, config = call.maps(values[0]), call.config
    found = _variables(call, ("kernel",))
    _four(call, found[0])
    layer = Conv2d(
        config.whole("filters"),
        config.pair("kernel_size"),
        stride=_stride(call),
        padding=_padding(call),
        dilation=config.pair("dilation_rate"),
        groups=config.whole("groups", 1),
        bias=len(found) == 2,
        padding_mode=_mode(call),
    )
    return activated(
        call, call.add(layer, value, weights={"weight": found[0].permuted(3, 2, 0, 1)} | _bias(call, found))
    )


def depthwise(call: Call, values: list[Value]) -> Value:
    """DepthwiseConv2D: a grouped convolution whose kernels Keras keeps as (height, width, in, times)."""
    value, config = call.maps(values[0]), call.config
    config.take("groups")  # files of Keras 2 say 1, which is not so
    times = config.whole("depth_multiplier", 1)
    found = _variables(call, ("depthwise_kernel", "kernel"))
    channels = _channels(value)
    _four(call, found[0], channels, times)
    layer = Conv2d(
        channels * times,
        config.pair("kernel_size"),
        stride=_stride(call),
        padding=_padding(call),
        dilation=config.pair("dilation_rate"),
        groups=channels,
        bias=len(found) == 2,
        padding_mode=_mode(call),
    )
    weights = {"weight": _grouped(found[0])} | _bias(call, found)
    return activated(call, call.add(layer, value, weights=weights))


def separable(call: Call, values: list[Value]) -> Value:
    """SeparableConv2D."""
    value, config = call.maps(values[0]), call.config
    times = config.whole("depth_multiplier", 1)
    found = _variables(call, ("depthwise_kernel",), ("pointwise_kernel",))
    _four(call, found[0], _channels(value), times)
    _four(call, found[1])
    config.take("groups")
    layer = make(
        "SeparableConv2d",
        config.whole("filters"),
        config.pair("kernel_size"),
        stride=config.pair("strides"),
        padding=_padding(call),
        dilation=config.pair("dilation_rate"),
        depth_multiplier=times,
        bias=len(found) == 3,
    )
    pointwise = found[1].permuted(3, 2, 0, 1)
    weights = {"depthwise_weight": _grouped(found[0]), "pointwise_weight": pointwise} | _bias(call, found)
    return activated(call, call.add(layer, value, weights=weights))


def transposed(call: Call, values: list[Value]) -> Value:
    """Conv2DTranspose: "same" gives height times stride, "valid" the full output, at least a stride a place."""
    value, config = call.maps(values[0]), call.config
    found = _variables(call, ("kernel",))
    _four(call, found[0])
    kernel, stride, dilation = config.pair("kernel_size"), config.pair("strides"), config.pair("dilation_rate")
    config.take("groups")
    padding = _padding(call)
    given = config.take("output_padding")
    extra = (0, 0)
    if given is not None:
        extra = config.pair("output_padding")
    elif padding != "same":  # Keras fills up what a stride wider than the kernel leaves
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        extra = (max(stride[0] - spans[0], 0), max(stride[1] - spans[1], 0))
    sides = padding
    if given is not None and padding == "same":
        # Keras: (n-1)*s + span%2 + extra numbers, cropped by span//2 at the start.
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        rows, columns = ((span // 2, span - span % 2 - span // 2) for span in spans)
        sides = rows, columns
    layer = make(
        "ConvTranspose2d",
        config.whole("filters"),
        kernel,
        stride=stride,
        padding=sides,
        output_padding=extra,
        dilation=dilation,
        bias=len(found) == 2,
    )
    return activated(
        call, call.add(layer, value, weights={"weight": found[0].permuted(3, 2, 0, 1)} | _bias(call, found))
    )


def _channels(value: Value) -> int:
    assert value.node is not None
    return value.node.shape[0]


def _four(call: Call, kernel: Stored, *ends: int) -> None:
    """Refuse a kernel that has not four axes, or does not end as it must: it could not be turned."""
    if len(kernel.shape) != 4 or (ends and kernel.shape[-len(ends) :] != ends):
        expected = f"(height, width, {', '.join(map(str, ends)) or 'in, out'})"
        raise UnreadableError(f"{call.config.path}: {kernel.name!r} of shape {kernel.shape}; expected {expected}")


def _grouped(kernel: Stored) -> Stored:
    height, width, channels, times = kernel.shape
    return kernel.permuted(2, 3, 0, 1).reshaped(channels * times, 1, height, width)


def _pool(kind: type[MaxPool2d] | type[AvgPool2d]) -> Entry:
    def entry(call: Call, values: list[Value]) -> Value:
        value, config = call.maps(values[0]), call.config
        size = config.pair("pool_size", 2)
        stride = None if config.take("strides") is None else config.pair("strides")
        stride = None if stride == size else stride  # the usual one
        padding = _padding(call)
        layer: Layer = kind(size, stride, padding)
        if isinstance(layer, AvgPool2d):
            layer = AvgPool2d(size, stride, padding, count_include_pad=False) if padding == "same" else layer
        return call.add(layer, value)

    return entry


def _global(kind: type[GlobalAvgPool2d] | type[GlobalMaxPool2d]) -> Entry:
    def entry(call: Call, values: list[Value]) -> Value:
        value = call.maps(values[0])
        return call.add(kind(keepdims=bool(call.config.need("keepdims", False, True))), value)

    return entry


def _adaptive(kind: str) -> Entry:
    def entry(call: Call, values: list[Value]) -> Value:
        value = call.maps(values[0])
        size = call.config.pair("output_size")
        return call.add(AdaptiveAvgPool2d(size) if kind == "avg" else make("AdaptiveMaxPool2d", size), value)

    return entry


ENTRIES: dict[str, Entry] = {
    "AdaptiveAveragePooling2D": _adaptive("avg"),
    "AdaptiveMaxPooling2D": _adaptive("max"),
    "AveragePooling2D": _pool(AvgPool2d),
    "Conv2D": convolution,
    "Conv2DTranspose": transposed,
    "DepthwiseConv2D": depthwise,
    "GlobalAveragePooling2D": _global(GlobalAvgPool2d),
    "GlobalMaxPooling2D": _global(GlobalMaxPool2d),
    "MaxPooling2D": _pool(MaxPool2d),
    "SeparableConv2D": separable,
}
