"""ONNX's Resize and Upsample: whichever of our Upsample's ways reads the same places, or weighs them alike.

ONNX has many words for where an output lies; what they mean is reckoned here for the sizes at hand, and compared.
Formulas: the specification of Resize, https://onnx.ai/onnx/operators/onnx__Resize.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...layers import Node
from ...window import ResizedWindow
from ..opening import UnreadableError, make
from .call import Call

LONGEST = 2**16  # places of an axis that are compared one by one
WAYS = (("nearest", False), ("nearest-exact", False), ("bilinear", False), ("bilinear", True))
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Axis:
    """How one axis is resized.

    Args:
        size: its places.
        out: its places then.
        scale: what coordinates are reckoned with.
        told: whether the scale was told, or is out / size.
    """

    size: int
    out: int
    scale: Fraction
    told: bool


Place = Callable[[int, Axis], Fraction]
PLACES: dict[str, Place] = {
    "asymmetric": lambda o, axis: o / axis.scale,
    "half_pixel": lambda o, axis: (o + HALF) / axis.scale - HALF,
    "pytorch_half_pixel": lambda o, axis: (o + HALF) / axis.scale - HALF if axis.out > 1 else Fraction(0),
    "tf_half_pixel_for_nn": lambda o, axis: (o + HALF) / axis.scale,
    "align_corners": lambda o, axis: Fraction(o * (axis.size - 1)) / max(axis.out - 1, 1),
    "half_pixel_symmetric": lambda o, axis: _symmetric(axis) + (o + HALF) / axis.scale - HALF,
}
ROUNDED: dict[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "round_prefer_floor": lambda at: math.ceil(at - HALF),
    "round_prefer_ceil": lambda at: math.floor(at + HALF),
}


def _symmetric(axis: Axis) -> Fraction:
    wanted = axis.scale * axis.size
    return Fraction(axis.size, 2) * (1 - axis.out / wanted)


def resize(call: Call) -> Node | None:
    """Resize of height and width, from opset 11 on."""
    coordinates = call.get("coordinate_transformation_mode", "half_pixel")
    rounding = call.get("nearest_mode", "round_prefer_floor")
    axes = _axes(call)
    if call.get("antialias", 0) and any(axis.scale < 1 for axis in axes):
        raise UnreadableError("antialias with maps that become smaller")
    if call.get("exclude_outside", 0):
        raise UnreadableError("exclude_outside")
    call.used |= {"cubic_coeff_a", "extrapolation_value"}  # of a mode and of coordinates that are refused
    return _resized(call, axes, call.get("mode", "nearest"), coordinates, rounding)


def resize_old(call: Call) -> Node | None:
    """Resize of opset 10, which had one rule for where an output lies."""
    return _resized(call, _scaled(call, _scales(call, 1)), call.get("mode", "nearest"), "asymmetric", "floor")


def upsample(call: Call) -> Node | None:
    """Upsample, which Resize came after."""
    scales = call.get("scales", None)
    given = [_decimal(number) for number in scales] if scales is not None else _scales(call, 1)
    return _resized(call, _scaled(call, given), call.get("mode", "nearest"), "asymmetric", "floor")


def _axes(call: Call) -> tuple[Axis, ...]:
    """Return how height and width are resized."""
    maps = call.maps()
    axes: list[int] = [axis % 4 for axis in call.get("axes", range(4))]
    policy = call.get("keep_aspect_ratio_policy", "stretch")
    whole = (call.batch, *maps.shape)
    if call.has(2) and math.prod(call.constant(2).shape):
        scales = _scales(call, 2)
        if len(scales) != len(axes):
            raise UnreadableError(f"{len(scales)} scales of {len(axes)} axes")
        found = dict(zip(axes, scales, strict=True))
        return _scaled(call, [found.get(axis, Fraction(1)) for axis in range(4)])
    given = call.numbers(3)
    if len(given) != len(axes):
        raise UnreadableError(f"{len(given)} sizes of {len(axes)} axes")
    sizes = dict(zip(axes, given, strict=True))
    if any(sizes.get(axis, whole[axis]) != whole[axis] for axis in (0, 1)):
        raise UnreadableError("another size of the batch, or of the channels")
    pairs = [(maps.shape[axis - 1], sizes.get(axis, maps.shape[axis - 1])) for axis in (2, 3)]
    if policy != "stretch":
        if policy not in ("not_larger", "not_smaller"):
            raise UnreadableError(f"keep_aspect_ratio_policy {policy!r:.60}")
        scales = [Fraction(sizes[axis], maps.shape[axis - 1]) for axis in sizes if axis > 1]
        scale = min(scales) if policy == "not_larger" else max(scales)
        return tuple(Axis(size, math.floor(scale * size + HALF), scale, False) for size, _ in pairs)
    return tuple(Axis(size, out, Fraction(out, size), False) for size, out in pairs)


def _scaled(call: Call, scales: Sequence[Fraction]) -> tuple[Axis, ...]:
    maps = call.maps()
    if len(scales) != 4 or scales[0] != 1 or scales[1] != 1:
        raise UnreadableError("scales of other axes than height and width")
    return tuple(
        Axis(size, math.floor(size * scale), scale, True)
        for size, scale in zip(maps.shape[1:], scales[2:], strict=True)
    )


def _scales(call: Call, place: int) -> list[Fraction]:
    stored = call.constant(place)
    if math.prod(stored.shape) > 4:
        raise UnreadableError(f"{math.prod(stored.shape)} scales")
    return [_decimal(number) for number in stored.read().reshape(-1)]


def _decimal(number: Any) -> Fraction:
    """Return a number that is stored in float32 as it was meant."""
    if not np.isfinite(number) or number <= 0 or number > LONGEST:
        raise UnreadableError(f"a scale of {number}")
    return Fraction(str(np.float32(number)))


def _resized(call: Call, axes: tuple[Axis, ...], mode: str, coordinates: str, rounding: str) -> Node | None:
    told = f"mode {mode}, coordinates {coordinates}" + (f", {rounding}" if mode == "nearest" else "")
    if mode not in ("nearest", "linear", "bilinear") or coordinates not in PLACES or rounding not in ROUNDED:
        raise UnreadableError(f"{told:.150}")
    if any(not 1 <= size <= LONGEST for axis in axes for size in (axis.size, axis.out)):
        raise UnreadableError(f"maps of {tuple(axis.out for axis in axes)} places")
    if coordinates == "align_corners" and any(axis.told and axis.scale * axis.size != axis.out for axis in axes):
        raise UnreadableError("aligned corners with a factor that gives no whole size: ONNX and its runtimes differ")
    if all(axis.size == axis.out and axis.scale == 1 for axis in axes):
        return call.node()
    wanted = [_shares(axis, mode, PLACES[coordinates], ROUNDED[rounding]) for axis in axes]
    for way, corners in WAYS:
        if all(axis.told for axis in axes):
            factors = [float(axis.scale) for axis in axes]
            if all(map(_reads, [ResizedWindow(None, factor, way, corners) for factor in factors], axes, wanted)):
                return call.add(make("Upsample", tuple(factors), mode=way, align_corners=corners))
        if all(map(_reads, [ResizedWindow(axis.out, None, way, corners) for axis in axes], axes, wanted)):
            return call.add(make("Upsample", size=tuple(axis.out for axis in axes), mode=way, align_corners=corners))
    raise UnreadableError(f"places that none of our ways of resizing reads ({told})")


def _shares(axis: Axis, mode: str, place: Place, rounded: Callable[[Fraction], int]) -> list[dict[int, Fraction]]:
    """Return the places that every output reads, each with its weight."""
    found: list[dict[int, Fraction]] = []
    for o in range(axis.out):
        at = place(o, axis)
        if mode == "nearest":
            found.append({min(max(rounded(at), 0), axis.size - 1): Fraction(1)})
            continue
        at = min(max(at, Fraction(0)), Fraction(axis.size - 1))
        low = math.floor(at)
        found.append({low: 1 - (at - low)} | ({low + 1: at - low} if at > low else {}))
    return found


def _reads(window: ResizedWindow, axis: Axis, wanted: list[dict[int, Fraction]]) -> bool:
    """Return whether our window reads the same places, and weighs them the same but for rounding."""
    if window.out(axis.size) != axis.out:
        return False
    for o, shares in enumerate(wanted):
        ours = window.shares(o, axis.size)
        if any(abs(ours.get(place, 0) - shares.get(place, 0)) > 1e-6 for place in (*ours, *shares)):
            return False
    return True
