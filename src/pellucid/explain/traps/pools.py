"""Traps of pools: what they step by, what padding counts for, how sizes are rounded, and which axes go."""

from __future__ import annotations

import dataclasses

from ...layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    LpPool2d,
    MaxPool2d,
    ReLU,
    ReLU6,
    Sigmoid,
)
from ...layers.node import Shape
from ...window import Window
from .trap import Place, Rules, Trap, counted, listed
from .windows import WINDOWED

Pool = MaxPool2d | AvgPool2d | LpPool2d
NEVER_NEGATIVE = (ReLU, ReLU6, Sigmoid)


def _axes(at: Place, layer: Pool) -> list[tuple[str, Window, int]]:
    return list(zip(("row", "column"), layer.windows(*at.shapes), at.shapes[0][1:], strict=True))


def _padded(at: Place, layer: Pool) -> bool:
    return any(sum(window.pads(size)) for _, window, size in _axes(at, layer))


def stride(at: Place, layer: Pool) -> Trap | None:
    """ONNX's pools move by 1 where no stride is given."""
    if layer.stride is not None or layer.kernel_size == (1, 1):
        return None
    given: Shape = dataclasses.replace(layer, stride=1).output_shape(*at.shapes)
    return Trap(
        "The stride that is not said",
        f"No stride is given, so windows move by their own size, {layer.kernel_size}, as in PyTorch and Keras. In ONNX "
        f"they would move by 1, and give {given} instead of {at.shape}.",
    )


def divisor(at: Place, layer: AvgPool2d) -> Trap | None:
    """Whether padding counts in a mean."""
    if not _padded(at, layer):
        return None
    places = layer.kernel_size[0] * layer.kernel_size[1]
    (_, rows, height), (_, columns, width) = _axes(at, layer)
    real = int(rows.counts(height, include_pad=False)[0] * columns.counts(width, include_pad=False)[0])
    if real == places:  # all of the padding lies at the far end
        real = int(rows.counts(height, include_pad=False)[-1] * columns.counts(width, include_pad=False)[-1])
        corner = "last"
    else:
        corner = "first"
    here = "does, as by default in PyTorch" if layer.padding_counts else "does not, as in Keras and by default in ONNX"
    other = "Keras and ONNX's default divide" if layer.padding_counts else "PyTorch's default divides"
    ours, theirs = (places, real) if layer.padding_counts else (real, places)
    return Trap(
        "Whether padding counts",
        f"The {corner} window holds {real} numbers of the map and {counted(places - real, 'place')} of padding. "
        f"Padding counts or not: here it {here}, and the sum is divided by {ours}; {other} by {theirs}.",
    )


def rounding(at: Place, layer: Pool) -> Trap | None:
    """What rounding up adds."""
    if not layer.ceil_mode:
        return None
    down: Shape = dataclasses.replace(layer, ceil_mode=False).output_shape(*at.shapes)
    if down == at.shape:
        return None
    over = [(what, window.extent(size)[1] - window.pads(size)[1]) for what, window, size in _axes(at, layer)]
    hanging = listed([counted(places, what) for what, places in over if places > 0])
    average = " What hangs over does not count in a mean." if isinstance(layer, AvgPool2d) else ""
    return Trap(
        "Sizes rounded up",
        f"ceil_mode=True gives {at.shape}, not {down}: the last windows hang over by {hanging}.{average} Keras has no "
        "such mode.",
    )


def left_out(at: Place, layer: Pool) -> Trap | None:
    """A last window that would start in the padding is left out."""
    for what, window, size in _axes(at, layer):
        room = size + sum(window.pads(size)) - window.span
        rounded = -(-room // window.stride) + 1
        if layer.ceil_mode and rounded > window.out(size):
            return Trap(
                "A window that is left out",
                f"Rounded up, {size} {what}s would give {rounded} outputs; the last would lie in the padding alone and "
                f"is left out: {window.out(size)}, as in PyTorch. ONNX says so from opset 22 on only.",
            )
    return None


def never_wins(at: Place, layer: MaxPool2d) -> Trap | None:
    """Padding of a maximum is not zeros."""
    if not _padded(at, layer):
        return None
    name, harmless = at.before.name, isinstance(at.before.layer, NEVER_NEGATIVE)
    spared = f" Here that would do no harm: {name} gives nothing below 0." if harmless else ""
    return Trap(
        "Padding that never wins",
        "Padding counts as minus infinity. Zeros padded before the pool are numbers like others, and win wherever a "
        f"window holds nothing above 0.{spared}",
    )


def narrow(at: Place, layer: Pool) -> Trap | None:
    """PyTorch's pools pad by half a window at most."""
    sides = [(window.kernel, side) for _, window, size in _axes(at, layer) for side in window.pads(size)]
    wide = [(kernel, side) for kernel, side in sides if side > kernel // 2]
    if not wide:
        return None
    return Trap(
        "More padding than PyTorch takes",
        f"{wide[0][1]} places of padding are more than half of a window of {wide[0][0]}: PyTorch's pools refuse that; "
        "there the input is padded before.",
    )


def holes(at: Place, layer: MaxPool2d | LpPool2d) -> Trap | None:
    """Keras's pools have no dilation."""
    if layer.dilation == (1, 1):
        return None
    return Trap("Holes in the window", f"dilation={layer.dilation}: PyTorch and ONNX have it, Keras's pools have none.")


def axes_that_go(at: Place, layer: GlobalAvgPool2d | GlobalMaxPool2d) -> Trap | None:
    """Frameworks differ in whether the two axes stay."""
    channels, kept = at.shapes[0][0], (at.shapes[0][0], 1, 1)
    ours = "keeps" if layer.keepdims else "drops"
    return Trap(
        "Axes that go or stay",
        f"This one {ours} the two axes: {at.shape}. Keras's global pools give ({channels},) unless keepdims=True; "
        f"PyTorch's adaptive pool to 1 and ONNX's global pools give {kept}.",
    )


def uneven_parts(at: Place, layer: AdaptiveAvgPool2d | AdaptiveMaxPool2d) -> Trap | None:
    """Parts that do not divide a map are no pool with one window."""
    for what, window, size in zip(("row", "column"), layer.windows(*at.shapes), at.shapes[0][1:], strict=True):
        if size % window.outputs:
            reads = [window.reads(o, size) for o in range(min(2, window.outputs))]
            said = listed([f"output {o} reads {what}s {one.start} to {one.stop - 1}" for o, one in enumerate(reads)])
            return Trap(
                "Parts that are not equal",
                f"{size} {what}s do not fall into {window.outputs} equal parts: {said}. No pool with one kernel and "
                "one stride computes this; ONNX has no such layer.",
            )
    return None


TRAPS: Rules = {
    MaxPool2d: (*WINDOWED, never_wins, rounding, left_out, narrow, holes, stride),
    AvgPool2d: (*WINDOWED, divisor, rounding, left_out, narrow, stride),
    LpPool2d: (*WINDOWED, rounding, left_out, holes, stride),
    AdaptiveAvgPool2d: (uneven_parts,),
    AdaptiveMaxPool2d: (uneven_parts,),
    GlobalAvgPool2d: (axes_that_go,),
    GlobalMaxPool2d: (axes_that_go,),
}
