"""Maps resized by weighing neighbours, in sample lanes: rows first and then columns, as the layer defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps

Share = tuple[int, float, int, float]  # a place and its share, and those of a second; 0 where there is none


@dataclass(frozen=True)
class Resize(Kernel):
    """y = for each place the numbers of two rows and two columns, weighed.

    Args:
        x, y: the layouts.
        rows, columns: what each row and column of y weighs.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps
    y: Maps
    rows: tuple[Share, ...]
    columns: tuple[Share, ...]

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        x, y = pointers
        rows, columns = _Tables(code, self.rows), _Tables(code, self.columns)

        def channel(c: Number) -> None:
            def row(r: Number) -> None:
                (upper, lower), shares = rows.at(r)
                above, below = (code.address(x, self.x.at(c, each)) for each in (upper, lower))
                start = code.address(y, self.y.at(c, r))

                def column(q: Number) -> None:
                    places, across = columns.at(q)
                    first, second = (
                        _weighed(code, code.load(above, place), code.load(below, place), shares) for place in places
                    )
                    code.store(_weighed(code, first, second, across), start, q)

                code.loop(self.y.width, column)

            code.loop(self.y.height, row)

        code.loop(self.y.channels, channel)


@dataclass(frozen=True)
class ResizeGradient(Kernel):
    """Add to each place of dx its shares of the gradients of those that weigh it.

    Args:
        dy, dx: the layouts.
        rows, columns: what each row and column of y weighs.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "dx")
    dy: Maps
    dx: Maps
    rows: tuple[Share, ...]
    columns: tuple[Share, ...]

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places of dy."""
        dy, dx = pointers
        rows, columns = _Tables(code, self.rows), _Tables(code, self.columns)

        def channel(c: Number) -> None:
            def row(r: Number) -> None:
                lines, shares = rows.at(r)
                starts = [code.address(dx, self.dx.at(c, each)) for each in lines]
                source = code.address(dy, self.dy.at(c, r))

                def column(q: Number) -> None:
                    places, across = columns.at(q)
                    gradient = code.load(source, q)
                    for start, share in zip(starts, shares, strict=True):
                        part = gradient * share
                        for place, own in zip(places, across, strict=True):
                            code.store(code.fma(part, own, code.load(start, place)), start, place)

                code.loop(self.dy.width, column)

            code.loop(self.dy.height, row)

        code.loop(self.dy.channels, channel)


class _Tables:
    """An axis' places and shares in memory."""

    def __init__(self, code: Code, axis: Sequence[Share]) -> None:
        self._code = code
        self._places = [code.table([share[k] for share in axis]) for k in (0, 2)]
        self._shares = [code.table([share[k] for share in axis], "float") for k in (1, 3)]

    def at(self, number: Number) -> tuple[list[Value], list[Value]]:
        """Return the two places and the two shares, spread over the lanes, of an output."""
        places = [self._code.load(table, number, of="i64") for table in self._places]
        return places, [self._code.broadcast(table, number) for table in self._shares]


def _weighed(code: Code, first: Value, second: Value, shares: Sequence[Value]) -> Value:
    """Return the sum of two products; a number whose share is 0 is not read, be it infinite."""
    one = first * shares[0]
    return code.select(code.compare("one", shares[1], 0.0), one + second * shares[1], one)
