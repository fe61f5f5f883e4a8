"""Traps of everything with windows: the order of pairs, "same" and uneven padding, places that nobody reads."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import PellucidError
from ...layers import MaxPool2d
from ...layers.node import Shape
from ...window import Window
from .trap import Place, Trap, counted, listed

PAIRS = ("kernel_size", "stride", "dilation", "output_padding")


def _windows(at: Place, layer: Any) -> list[tuple[str, Window, int]]:
    """Return the windows along height and width, with the sizes that they move over."""
    axes = zip(("row", "column"), layer.windows(*at.shapes), at.shapes[0][1:], strict=True)
    return [(what, window, size) for what, window, size in axes if isinstance(window, Window)]


def pairs(at: Place, layer: Any) -> Trap | None:
    """Pairs are (height, width); figures and image libraries write (width, height)."""
    odd = {name: pair for name, pair in _pairs(layer).items() if pair[0] != pair[1]}
    if not odd:
        return None
    name, (down, right) = next(iter(odd.items()))
    turned = dataclasses.replace(layer, **{key: pair[::-1] for key, pair in odd.items()})
    return Trap(
        "Pairs are (height, width)",
        f"{name}={(down, right)} is {down} down and {right} to the right. Figures, OpenCV and TFLite write the width "
        f"first: read so, {_otherwise(at, turned)}.",
    )


def _pairs(layer: Any) -> dict[str, tuple[int, int]]:
    """Return the layer's pairs by name; of padding, only one whose ends are alike."""
    given: dict[str, Any] = {name: getattr(layer, name, None) for name in PAIRS}
    own: dict[str, tuple[int, int]] = {name: pair for name, pair in given.items() if pair is not None}
    sides = layer.padding
    if sides not in ("same", "valid") and all(before == after for before, after in sides):
        own["padding"] = sides[0][0], sides[1][0]
    return own


def _otherwise(at: Place, layer: Any) -> str:
    """Say what another layer would give in this place."""
    try:
        shape: Shape = layer.output_shape(*at.shapes)
    except PellucidError:
        return "the layer would not fit its input"
    return f"the output would be {shape}, not {at.shape}" if shape != at.shape else "shapes stay, and numbers change"


def same_with_stride(at: Place, layer: Any) -> Trap | None:
    """What "same" adds depends on the size of the input where the stride is more than 1."""
    if layer.padding != "same" or max(layer.stride or layer.kernel_size) == 1:
        return None
    axes = [(what, window.pads(size), size, window) for what, window, size in _windows(at, layer)]
    said = listed([f"{pads} to the {what}s" for what, pads, _, _ in axes])
    what, pads, size, window = max(axes, key=lambda axis: axis[1][1] - axis[1][0])
    other = next((n for n in range(size + 1, size + 2 * window.stride + 1) if window.pads(n) != pads), None)
    grown = "" if other is None else f"; {counted(other, what)} would get {window.pads(other)}"
    extent = " x ".join(str(places) for _, _, places, _ in axes)
    half = f"; padding={window.span // 2} there pads both ends alike, so that its windows lie elsewhere"
    return Trap(
        '"same" with a stride',
        f'On {extent} "same" adds {said}, (before, after), as TensorFlow does{grown}. '
        f"PyTorch refuses it with a stride{half if pads[0] != pads[1] else ''}.",
    )


def same_with_even_kernel(at: Place, layer: Any) -> Trap | None:
    """The extra place of "same" goes to one side."""
    if layer.padding != "same" or max(layer.stride or layer.kernel_size) > 1:
        return None
    uneven = [(window, window.pads(size)) for _, window, size in _windows(at, layer) if len(set(window.pads(size))) > 1]
    if not uneven:
        return None
    window, (before, after) = uneven[0]
    return Trap(
        "Which side gets the extra place",
        f'A window of {window.span} needs {before + after} places: "same" puts {before} before and {after} after, as '
        f"PyTorch, TensorFlow and ONNX's SAME_UPPER do. SAME_LOWER puts {after} before.",
    )


def uneven_padding(at: Place, layer: Any) -> Trap | None:
    """Padding whose ends differ has no argument in PyTorch or Keras, and three orders of numbers."""
    if isinstance(layer.padding, str) or all(before == after for before, after in layer.padding):
        return None
    (top, bottom), (left, right) = layer.padding
    filled = " with minus infinity" if isinstance(layer, MaxPool2d) else ""
    return Trap(
        "Uneven padding",
        f"Neither PyTorch's nor Keras's layer has an argument for it: pad{filled} before the layer. The same padding "
        f"is ({left}, {right}, {top}, {bottom}) for F.pad, (({top}, {bottom}), ({left}, {right})) in Keras and "
        f"[{top}, {left}, {bottom}, {right}] as ONNX's pads.",
    )


def unread(at: Place, layer: Any) -> Trap | None:
    """Rows and columns that no window reads."""
    read: list[tuple[str, NDArray[np.bool_]]] = [
        (what, np.logical_or.reduce(window.incidence(size), axis=0)) for what, window, size in _windows(at, layer)
    ]
    lost = [counted(int((~places).sum()), what) for what, places in read if not places.all()]
    if not lost:
        return None
    height, width = at.shapes[0][1:]
    jumps = any(not places[: int(np.flatnonzero(places)[-1])].all() for _, places in read)
    why = "The stride jumps over places." if jumps else "The size is rounded down: one more window would not fit."
    return Trap(
        "Places that nobody reads",
        f"No window reads {listed(lost)} of this {height} x {width} input: what is there changes no output. {why}",
    )


WINDOWED = (pairs, same_with_stride, same_with_even_kernel, uneven_padding, unread)
