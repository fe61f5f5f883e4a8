"""Pools by the length of what a window holds, in sample lanes: a power of each number, their sum, and its root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps
from .functions import power
from .pooling import apart, clearing, give
from .taps import STRAIGHT, Place, Reads, Taps, visit

NAN = float("nan")


@dataclass(frozen=True)
class LpPoolForward(Kernel):
    """y = the sum of |x|**p of each window, to the power 1/p.

    Args:
        x, y: the layouts.
        rows, columns: what each output reads.
        p: the power, above 0.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps
    y: Maps
    rows: Taps
    columns: Taps
    p: float

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        x, y = pointers

        def output(reads: Reads) -> None:
            window = reads.window(x, self.x)

            def turn(places: list[Place], total: Value) -> Value:
                for place in places:
                    total = total + power(code, code.call("fabs", code.load(window(place))), self.p)
                return total

            total = reads.fold(turn, code.zero())
            code.store(power(code, total, 1 / self.p), reads.output(y, self.y))

        visit(code, self.x.channels, self.rows, self.columns, output, straight=_straight(self.p))


@dataclass(frozen=True)
class LpPoolBackward(Kernel):
    """Give each place of a window sign(x) (|x| / y)**(p - 1) of the output's gradient, and 0 where x is 0.

    Args:
        x, y: the layouts of what went in and what came out.
        dx, dy: the layouts of the gradients.
        rows, columns: what each output reads.
        p: the power, above 0.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y", "dy", "dx")
    x: Maps
    y: Maps
    dx: Maps
    dy: Maps
    rows: Taps
    columns: Taps
    p: float
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over all outputs."""
        x, y, dy, dx = pointers
        adds = self.add or not apart(self.rows, self.columns)
        clear = None if self.add else clearing(code, self.dx, dx, self.rows, self.columns)

        def output(reads: Reads) -> None:
            values, gradients = reads.window(x, self.x), reads.window(dx, self.dx)
            length, gradient = reads.output(y, self.y), reads.output(dy, self.dy)  # loaded where registers are free

            def turn(places: list[Place]) -> None:
                for place in places:
                    share = self._share(code, code.load(values(place)), code.load(length, fresh=True))
                    give(code, share * code.load(gradient, fresh=True), gradients(place), adds)

            reads.fold(turn)

        visit(code, self.x.channels, self.rows, self.columns, output, clear, _straight(self.p - 1))

    def _share(self, code: Code, x: Value, length: Value) -> Value:
        """Return the slope of a length along one of its numbers; the length may have sunk to 0 where no number is."""
        ratio = code.call("fabs", x) / length
        ratio = code.select(code.compare("oeq", length, 0.0), 1.0, ratio)
        signed = code.call("copysign", power(code, ratio, self.p - 1), x)
        signed = code.select(code.compare("oeq", x, 0.0), 0.0, signed)
        return code.select(code.compare("uno", x, x), NAN, signed)


def _straight(p: float) -> int:
    """Return how many places of a window may be written out: few, where a power takes many instructions."""
    return STRAIGHT if p % 0.25 == 0 and abs(p) <= 2 else 0
