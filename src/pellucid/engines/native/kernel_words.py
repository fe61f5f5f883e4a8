"""A kernel in words: its name, and its geometry in short. Tiles and other matters of speed are left out."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any, cast

from .channels.layout import Blocked, Planar
from .channels.whole import Whole
from .kernel import Kernel
from .layout import Maps
from .samples.geometry import ConvGeometry
from .samples.taps import Taps

_HIDDEN = ("layer", "tail", "zeros")  # what says nothing to people, or is a matter of speed


def kernel_name(kernel: Kernel) -> str:
    """Return a kernel's name.

    >>> from .samples.filling import Fill
    >>> kernel_name(Fill(32)), kernel_name(Whole(Fill(32)))
    ('fill', 'fill')
    """
    return " ".join(re.findall("[A-Z][^A-Z]*", type(_inner(kernel)).__name__)).lower()


def kernel_geometry(kernel: Kernel) -> str:
    """Return a kernel's geometry.

    >>> from .samples.filling import Masked
    >>> kernel_geometry(Masked(Maps(6, 5, 4), Maps(6, 5, 4).with_halo(2, 2, 2, 2), add=True))
    'x 6x5x4, y 6x5x4 + 2, add'
    """
    inner = _inner(kernel)
    told = ((f.name, getattr(inner, f.name)) for f in fields(inner) if getattr(inner, f.name) != f.default)
    return ", ".join(part for name, value in told if (part := _part(name, value)))


def _inner(kernel: Kernel) -> Kernel:
    return kernel.kernel if isinstance(kernel, Whole) else kernel


def _part(name: str, value: Any) -> str:
    if value is None or name in _HIDDEN or name.endswith("stride"):
        return ""
    if isinstance(value, (Maps, Blocked, Planar)):
        return f"{name} {_shape(value)}"
    if isinstance(value, ConvGeometry):
        return " ".join(["x".join(map(str, value.kernel)), *_unusual(value)])
    if isinstance(value, Taps):
        return f"{max(value.count)} {name}"
    if isinstance(value, tuple):
        parts = cast("tuple[Any, ...]", value)
        told = [_shape(part) for part in parts if isinstance(part, (Maps, Blocked))]
        return f"{name} {' and '.join(told)}" if told else ""
    if isinstance(value, bool):
        return name if value else ""
    if hasattr(value, "kind"):
        return str(value.kind)
    if is_dataclass(value):
        return type(value).__name__.lower()
    if (name, value) == ("rows", 1):
        return ""
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def _shape(maps: Maps | Blocked | Planar) -> str:
    if maps.height == maps.width == 1 and not any(maps.halo):
        return str(maps.channels)
    return f"{maps.channels}x{maps.height}x{maps.width}" + (f" + {max(maps.halo)}" if any(maps.halo) else "")


def _unusual(geometry: ConvGeometry) -> list[str]:
    told = {"stride": geometry.stride, "dilation": geometry.dilation, "groups": (geometry.groups,)}
    return [f"{what} {' '.join(map(str, value))}" for what, value in told.items() if set(value) != {1}]
