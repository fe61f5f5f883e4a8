"""Traps of convolutions: how kernels lie in memory, groups, holes, modes of padding, and a bias that goes astray."""

from __future__ import annotations

from ...layers import Conv2d, ConvTranspose2d, SeparableConv2d
from .trap import Place, Rules, Trap, counted
from .windows import WINDOWED, pairs


def layout(at: Place, layer: Conv2d) -> Trap | None:
    """Keras holds kernels in another order of axes."""
    outputs, inputs, height, width = own = at.weight("weight")
    if layer.groups > 1 and inputs == 1:
        return _depthwise(at, layer)
    if own == (1, 1, 1, 1):
        return None
    alike = " Inputs and outputs are as many: exchanged, it would fit too." if inputs == outputs > 1 else ""
    return Trap(
        "How the kernel lies",
        f"The weight is {own} here, in PyTorch and in ONNX: outputs, inputs, height, width. Keras holds "
        f"{(height, width, inputs, outputs)}: weight.transpose(2, 3, 1, 0).{alike}",
    )


def _depthwise(at: Place, layer: Conv2d) -> Trap:
    outputs, _, height, width = at.weight("weight")
    channels, each = layer.groups, outputs // layer.groups
    return Trap(
        "How a depthwise kernel lies",
        f"A kernel a channel: {at.weight('weight')} here and in PyTorch, {(height, width, channels, each)} in Keras's "
        f"DepthwiseConv2D: weight.reshape({channels}, {each}, {height}, {width}).transpose(2, 3, 0, 1). Output channel "
        f"c * {each} + m is kernel m of channel c.",
    )


def groups(at: Place, layer: Conv2d | ConvTranspose2d) -> Trap | None:
    """A kernel of a group sees only its group's channels."""
    if layer.groups == 1:
        return None
    inputs, outputs = at.shapes[0][0], at.shape[0]
    read, given = (f"0 to {n // layer.groups - 1}" if n > layer.groups else "0" for n in (inputs, outputs))
    return Trap(
        "Groups",
        f"Each output channel reads {inputs // layer.groups} of {inputs}: those of the first group, {given}, read "
        f"input {read} alone. The {layer.groups} groups must divide both {inputs} and {outputs}.",
    )


def holes(at: Place, layer: Conv2d | SeparableConv2d) -> Trap | None:
    """Dilated kernels are larger than they look."""
    wide = [window for window in layer.windows(*at.shapes) if window.dilation > 1 and window.kernel > 1]
    if not wide:
        return None
    refused = " Keras's layer refuses a stride and a dilation together." if max(layer.stride) > 1 else ""
    return Trap(
        "Holes in the kernel",
        f"{wide[0].kernel} taps, {wide[0].dilation} apart, span {wide[0].span} places: keeping the size takes "
        f"{wide[0].span - 1} places of padding, not {wide[0].kernel - 1}.{refused}",
    )


def mode(at: Place, layer: Conv2d) -> Trap | None:
    """Only PyTorch's convolution pads with anything but zeros."""
    padded = any(sum(window.pads(n)) for window, n in zip(layer.windows(), at.shapes[0][1:], strict=True))
    if layer.padding_mode == "zeros" or not padded:
        return None
    told = {
        "reflect": "mirrors the map without its edge",
        "replicate": "repeats the edge",
        "circular": "goes on at the other end",
    }[layer.padding_mode]
    return Trap(
        "Padding that is not zeros",
        f"padding_mode={layer.padding_mode!r} {told}. Neither Keras's nor ONNX's convolution can: both need a layer "
        "that pads before it.",
    )


def stray_bias(at: Place, layer: Conv2d | SeparableConv2d) -> Trap | None:
    """Keras on TensorFlow adds a channels-first bias along the width where that is as wide as there are channels."""
    channels, _, width = at.shape
    if not layer.bias or channels != width or channels == 1:
        return None
    return Trap(
        "A bias that goes astray",
        f'{channels} channels on rows of {width}: with data_format="channels_first", Keras 3 on TensorFlow takes the '
        "width for the channels and adds the bias along it, outside of predict(). Channels last is right.",
    )


def turned(at: Place, layer: Conv2d) -> Trap | None:
    """Convolutions of networks do not turn the kernel."""
    if max(layer.kernel_size) == 1:
        return None
    return Trap(
        "The kernel is not turned",
        f"Entry [0, 0] of the {layer.kernel_size[0]} x {layer.kernel_size[1]} kernel meets the window's upper left "
        "number, as in every framework. scipy.signal.convolve2d turns the kernel; correlate2d does not.",
    )


def transposed_layout(at: Place, layer: ConvTranspose2d) -> Trap | None:
    """A transposed convolution's weight has its inputs first."""
    inputs, outputs, height, width = own = at.weight("weight")
    if layer.groups > 1:
        return Trap("No groups in Keras", f"Conv2DTranspose has none: the {layer.groups} groups need a layer each.")
    return Trap(
        "How the kernel lies",
        f"The weight is {own} here, in PyTorch and in ONNX: inputs first. Keras holds "
        f"{(height, width, outputs, inputs)}: weight.transpose(2, 3, 1, 0).",
    )


def cropped(at: Place, layer: ConvTranspose2d) -> Trap | None:
    """Padding of a transposed convolution takes places away."""
    axes = list(zip(layer.windows(), at.shapes[0][1:], strict=True))
    crops = [window.crops(size) for window, size in axes]
    if not any(map(any, crops)) or min(map(min, crops)) < 0:
        return None
    full = " x ".join(str(window.full(size)) for window, size in axes)
    (top, bottom), (left, right) = crops
    before, after = max(crops, key=lambda sides: sides[1] - sides[0])
    uneven = (
        f" PyTorch's padding={after}, output_padding={after - before} has the same shape, shifted by "
        f"{counted(after - before, 'place')}: it can leave the end uncropped, never the start."
        if after > before
        else ""
    )
    return Trap(
        "Padding takes away",
        f"The whole result is {full}; of it {top} rows above and {bottom} below, {left} columns left and {right} right "
        f"are cut off. Padding the input instead is another layer.{uneven}",
    )


TRAPS: Rules = {
    Conv2d: (*WINDOWED, groups, holes, mode, stray_bias, layout, turned),
    ConvTranspose2d: (pairs, groups, cropped, transposed_layout),
    SeparableConv2d: (*WINDOWED, holes, stray_bias),
}
