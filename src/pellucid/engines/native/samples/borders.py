"""What lies around maps: filling their halo so that windows need no bounds, the adjoint of that, and plain copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ....window import Window
from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import walk


@dataclass(frozen=True)
class Border(Kernel):
    """Fill the halo of maps in place, as a padding of that mode would.

    Args:
        maps: the layout.
        mode: "zeros", "reflect", "replicate" or "circular".
    """

    arguments: ClassVar[tuple[str, ...]] = ("x",)
    maps: Maps
    mode: str

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over channels."""
        maps = self.maps

        def channel(c: Number) -> None:
            plane = code.address(pointers[0], c * maps.plane)
            if self.mode == "zeros":
                _clear(code, maps, plane)
            else:
                _each_copy(code, maps, self.mode, plane, lambda held, copy: code.store(code.load(held), copy))

        code.loop(maps.channels, channel)


@dataclass(frozen=True)
class Fold(Kernel):
    """Add the gradient of each place of the halo to the place that it was copied from: the adjoint of `Border`.

    Args:
        maps: the layout of the gradient.
        mode: "reflect", "replicate" or "circular".
    """

    arguments: ClassVar[tuple[str, ...]] = ("dx",)
    maps: Maps
    mode: str

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over channels."""
        maps = self.maps

        def add(held: Value, copy: Value) -> None:
            code.store(code.load(held) + code.load(copy), held)

        def channel(c: Number) -> None:
            plane = code.address(pointers[0], c * maps.plane)
            _each_copy(code, maps, self.mode, plane, add, backward=True)

        code.loop(maps.channels, channel)


@dataclass(frozen=True)
class Copy(Kernel):
    """y = x, from one layout of the same maps to another; the halo is left alone.

    Args:
        x, y: the layouts.
        add: add to y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps
    y: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""

        def place(x: Value, y: Value) -> None:
            value = code.load(x)
            code.store(code.load(y) + value if self.add else value, y)

        walk(code, list(zip(pointers, (self.x, self.y), strict=True)), place)


def _clear(code: Code, maps: Maps, plane: Value) -> None:
    """Write zeros to a plane's halo: above it, between the rows, and below it, each without a gap."""
    zero, sides = code.zero(), maps.left + maps.right

    def run(start: Number, size: int) -> None:
        at = code.address(plane, start)

        def place(k: Number) -> None:
            code.store(zero, at, k)

        code.loop(size, place)

    def between(y: Number) -> None:
        run(y * maps.row + (first + maps.width), sides)

    first = maps.top * maps.row + maps.left
    run(0, first)
    if sides:
        code.loop(maps.height - 1, between)
    run(first + (maps.height - 1) * maps.row + maps.width, maps.right + maps.bottom * maps.row)


def _each_copy(
    code: Code,
    maps: Maps,
    mode: str,
    plane: Value,
    body: Callable[[Value, Value], None],
    *,
    backward: bool = False,
) -> None:
    """Call `body` with the addresses of each place of a plane's halo and of the place that it copies.

    The columns beside the map come first, then whole rows above and below it, corners included; backward, the other way
    round.
    """

    def columns() -> None:
        copies = _copies(maps.left, maps.width, maps.right, mode)

        def row(y: Number) -> None:
            start = code.address(plane, y * maps.row + maps.top * maps.row)
            for held, copy in copies:
                body(code.address(start, held), code.address(start, copy))

        if copies:
            code.loop(maps.height, row)

    def rows() -> None:
        for held, copy in _copies(maps.top, maps.height, maps.bottom, mode):
            pair(code.address(plane, held * maps.row), code.address(plane, copy * maps.row))

    def pair(held: Value, copy: Value) -> None:
        def place(x: Number) -> None:
            body(code.address(held, x), code.address(copy, x))

        code.loop(maps.row, place)

    for step in (rows, columns) if backward else (columns, rows):
        step()


def _copies(before: int, size: int, after: int, mode: str) -> list[tuple[int, int]]:
    """Return (place copied, place of the copy) along an axis, counted from the halo's first place."""
    sources = Window(1, padding=(before, after)).sources(size, mode)
    return [(int(held) + before, place) for place, held in enumerate(sources) if not before <= place < before + size]
