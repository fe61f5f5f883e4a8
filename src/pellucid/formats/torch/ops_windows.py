"""PyTorch's operations that slide windows over maps, or resize them."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from ...layers import AdaptiveAvgPool2d, AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer, MaxPool2d, Node
from ..opening import UnreadableError, make
from ..stored import Stored
from .call import Call

Sides = tuple[tuple[int, int], tuple[int, int]]
MODES = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def kernel_of(weight: Stored) -> tuple[int, int]:
    """Return the height and width of a convolution's kernel."""
    if len(weight.shape) != 4:
        raise UnreadableError(f"a weight of {len(weight.shape)} axes, where four are expected")
    return weight.shape[2], weight.shape[3]


def conv(call: Call) -> Node | None:
    """conv2d, with a padding of numbers or of a word; convolution, which may be transposed."""
    if call.get("transposed", False):
        return conv_transpose(call)
    if any(call.sizes("output_padding")):
        raise UnreadableError("output_padding of a convolution that is not transposed")
    node, padding = call.maps("input"), call.get("padding", 0)
    return _conv(call, node, padding if isinstance(padding, str) else call.pair("padding", 0), "zeros")


def padded_conv(call: Call) -> Node | None:
    """conv2d of what its own module has padded."""
    mode = call.get("mode", "constant")
    if mode not in MODES or call.number("value", 0.0):
        raise UnreadableError(f"a convolution of {mode!r:.40} padding with {call.get('value')}")
    return _conv(call, call.maps("input"), sides(call), MODES[mode])


def _conv(call: Call, node: Node, padding: Any, mode: str) -> Node | None:
    weights = call.weights(weight="weight", bias="bias")
    layer = Conv2d(
        weights["weight"].shape[0],
        kernel_of(weights["weight"]),
        stride=call.pair("stride", 1),
        padding=padding,
        dilation=call.pair("dilation", 1),
        groups=call.whole("groups", 1),
        bias="bias" in weights,
        padding_mode=mode,
    )
    return call.add(layer, node, weights=weights)


def separable(call: Call) -> Node | None:
    """A convolution of each channel by itself and one of each place over all, by one module."""
    node = call.maps("input")
    weights = call.weights(depthwise_weight="depthwise", pointwise_weight="pointwise", bias="bias")
    layer = make(
        "SeparableConv2d",
        weights["pointwise_weight"].shape[0],
        kernel_of(weights["depthwise_weight"]),
        stride=call.pair("stride", 1),
        padding=sides(call),
        dilation=call.pair("dilation", 1),
        depth_multiplier=max(1, weights["depthwise_weight"].shape[0] // node.shape[0]),
        bias="bias" in weights,
    )
    return call.add(layer, node, weights=weights)


def conv_transpose(call: Call) -> Node | None:
    """conv_transpose2d, whose padding crops its full output."""
    return _transposed(call, call.pair("padding", 0), call.pair("output_padding", 0))


def cropped_transpose(call: Call) -> Node | None:
    """conv_transpose2d whose own module crops each side, or puts zeros there."""
    left, right, top, bottom = call.sizes("pad")
    return _transposed(call, ((-top, max(-bottom, 0)), (-left, max(-right, 0))), (max(bottom, 0), max(right, 0)))


def _transposed(call: Call, padding: Any, output_padding: tuple[int, int]) -> Node | None:
    node, weights = call.maps("input"), call.weights(weight="weight", bias="bias")
    call.ignore("padding", "output_padding")
    if "bias" in weights:
        weights["bias"] = weights["bias"].reshaped(math.prod(weights["bias"].shape))
    kernel, groups = kernel_of(weights["weight"]), call.whole("groups", 1)
    layer = make(
        "ConvTranspose2d",
        weights["weight"].shape[1] * groups,
        kernel,
        stride=call.pair("stride", 1),
        padding=padding,
        output_padding=output_padding,
        dilation=call.pair("dilation", 1),
        groups=groups,
        bias="bias" in weights,
    )
    return call.add(layer, node, weights=weights)


def sides(call: Call) -> Sides:
    """Return PyTorch's padding (left, right, top, bottom) as ((top, bottom), (left, right))."""
    found = call.sizes("pad")
    if len(found) > 4 and not any(found[4:]):
        found = found[:4]
    if len(found) not in (2, 4):
        raise UnreadableError(f"padding {found!r:.60}, where that of height and width is expected")
    left, right, top, bottom = found if len(found) == 4 else (*found, 0, 0)
    return (top, bottom), (left, right)


def _windows(call: Call) -> tuple[tuple[int, int], dict[str, Any]]:
    """Return a pool's kernel and what it has besides; a stride as long as the kernel is the usual one."""
    kernel = call.pair("kernel_size", None)
    stride = call.pair("stride", kernel)
    padding: Any = call.pair("padding", 0)
    if call.get("pad") is not None:  # a negative end cuts off what no window reads
        padding = tuple((before, max(after, 0)) for before, after in sides(call))
    ceil = bool(call.get("ceil_mode", False))
    return kernel, {"stride": None if stride == kernel else stride, "padding": padding, "ceil_mode": ceil}


def max_pool(call: Call) -> Node | None:
    """max_pool2d."""
    kernel, given = _windows(call)
    return call.add(MaxPool2d(kernel, dilation=call.pair("dilation", 1), **given), call.maps("self"))


def avg_pool(call: Call) -> Node | None:
    """avg_pool2d; a divisor is its own only where it is the window's size."""
    kernel, given = _windows(call)
    divisor = call.get("divisor_override")
    counts = bool(call.get("count_include_pad", True))
    if divisor is not None:
        plain = given["padding"] == (0, 0) and not given["ceil_mode"]
        if divisor != kernel[0] * kernel[1] or not (plain or counts):
            raise UnreadableError(f"divisor_override={divisor!r:.20}")
    return call.add(AvgPool2d(kernel, count_include_pad=counts, **given), call.maps("self"))


def padded_average(call: Call) -> Node | None:
    """Sums of windows over padded maps, each by its own divisor: the average of which these divisors are."""
    node, divisors = call.maps("self"), call.constant("divisors")
    kernel, stride = call.pair("kernel_size", None), call.pair("stride", call.pair("kernel_size", None))
    call.ignore("divisor_override", "padding", "ceil_mode", "count_include_pad")
    (top, bottom), (left, right) = sides(call)
    wanted = divisors.read().reshape(divisors.shape[-2:])
    below, beside = (
        sorted(range(k), key=lambda end, e=e: end != e) for k, e in zip(kernel, (bottom, right), strict=True)
    )
    for ceil, counts, end, side in product((False, True), (True, False), below, beside):
        layer = AvgPool2d(
            kernel,
            None if stride == kernel else stride,
            padding=((top, end), (left, side)),
            ceil_mode=ceil,
            count_include_pad=counts,
        )
        windows = list(zip(layer.windows(), node.shape[1:], strict=True))
        if tuple(window.out(size) for window, size in windows) != wanted.shape:
            continue
        rows, columns = (window.counts(size, include_pad=counts) for window, size in windows)
        if np.array_equal(np.outer(rows, columns), wanted):
            return call.add(layer, node)
    raise UnreadableError("sums of windows by constants that are no numbers of places")


def lp_pool(call: Call) -> Node | None:
    """lp_pool2d, whose norm is even: of odd ones PyTorch adds numbers with their signs."""
    kernel, given = _windows(call)
    layer = make("LpPool2d", call.number("norm_type", 2.0), kernel, dilation=call.pair("dilation", 1), **given)
    return call.add(layer, call.maps("self"))


def adaptive_avg(call: Call) -> Node | None:
    """adaptive_avg_pool2d."""
    return call.add(AdaptiveAvgPool2d(call.pair("output_size", None)), call.maps("self"))


def adaptive_max(call: Call) -> Node | None:
    """adaptive_max_pool2d; of one place it is the largest number of a map."""
    size = call.pair("output_size", None)
    keep = not call.get("flat", False)
    layer: Layer = GlobalMaxPool2d(keepdims=keep) if size == (1, 1) else make("AdaptiveMaxPool2d", size)
    return call.add(layer, call.maps("self"))


def mean(call: Call) -> Node | None:
    """A mean over height and width."""
    node = call.maps("self")
    if call.axes("dim", node) != [1, 2]:
        raise UnreadableError("a mean over other axes than height and width")
    call.ignore("dtype")
    return call.add(GlobalAvgPool2d(keepdims=bool(call.get("keepdim", False))), node)


def most(call: Call) -> Node | None:
    """The largest number of each map: amax."""
    node = call.maps("self")
    if call.axes("dim", node) != [1, 2]:
        raise UnreadableError("a maximum over other axes than height and width")
    return call.add(GlobalMaxPool2d(keepdims=bool(call.get("keepdim", False))), node)


def pad(call: Call) -> Node | None:
    """F.pad: numbers around maps; of a constant also before and after the channels."""
    node, found = call.maps("self"), call.sizes("pad")
    mode, value = call.get("mode", "constant"), call.number("value", 0.0)
    before, after = found[4:6] if len(found) == 6 else (0, 0)
    if len(found) not in (2, 4, 6) or min((*found, 0)) < 0:
        raise UnreadableError(f"padding {found!r:.60}, where numbers of 0 and more for three axes are expected")
    left, right, top, bottom = (*found, 0, 0)[:4]
    around = ((top, bottom), (left, right))
    if (mode, value, before, after) == ("constant", 0.0, 0, 0):
        return call.add(make("ZeroPad2d", around), node)
    return call.add(make("Pad2d", around, channels=(before, after), mode=mode, value=value), node)


def upsample(mode: str) -> Any:
    """Return the operation that resizes maps in this way."""

    def resize(call: Call) -> Node | None:
        node = call.maps("self" if "self" in call.step.args else "input")
        corners = bool(call.get("align_corners", False))
        factors = call.get("scale_factors") or [call.get("scales_h"), call.get("scales_w")]
        size = call.sizes("output_size")
        given: dict[str, Any] = {"mode": mode, "align_corners": corners}
        if None in factors or len(factors) != 2:
            return call.add(make("Upsample", size=call.pair("output_size", None), **given), node)
        layer = make("Upsample", (float(factors[0]), float(factors[1])), **given)
        if size and layer.shape_of(node.shape)[1:] != tuple(size):
            raise UnreadableError(f"a size {size!r:.40} that is not the input's times {factors!r:.40}")
        return call.add(layer, node)

    return resize


def pixel_shuffle(call: Call) -> Node | None:
    """pixel_shuffle, or the same with the blocks first."""
    return call.add(
        make("PixelShuffle", call.whole("upscale_factor"), order=call.get("order", "CRD")), call.maps("self")
    )


def channel_shuffle(call: Call) -> Node | None:
    """channel_shuffle."""
    return call.add(make("ChannelShuffle", call.whole("groups")), call.maps("self"))
