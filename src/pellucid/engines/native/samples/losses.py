"""Losses of a block of samples, and their gradients: the definitions of train/losses.py, a sample a lane.

Free lanes get no gradient: they are left out by a selection, for a product with 0 would keep NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel
from .functions import exp, log

_TINY = 2.0**-126  # the smallest normal number
_PART = 256  # squares that are summed by themselves: a long sum of floats would lose more
_AT_ONCE = 4


@dataclass(frozen=True)
class CrossEntropyLoss(Kernel):
    """The negative logarithm of the right class's probability, and its gradient in the outputs.

    Args:
        classes: how many there are.
        probabilities: the outputs are probabilities, not logits.
    """

    arguments: ClassVar[tuple[str, ...]] = ("y", "targets", "mask", "count", "losses", "dy")
    classes: int
    probabilities: bool

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over the classes."""
        y, targets, mask, count, losses, dy = pointers
        right = _classes(code, targets)
        write = self._of_probabilities if self.probabilities else self._of_logits
        write(code, y, right, mask, count, losses, dy)

    def _of_logits(
        self, code: Code, y: Value, right: Value, mask: Value, count: Value, losses: Value, dy: Value
    ) -> None:
        def larger(k: Value, most: Value) -> Value:
            x = code.load(y, k)
            return code.select(code.compare("ogt", x, most), x, most)

        most = code.loop(self.classes, larger, code.load(y), start=1)

        def add(k: Value, total: Value, chosen: Value) -> tuple[Value, Value]:
            shifted = code.load(y, k) - most
            power = exp(code, shifted)
            code.store(power, dy, k)
            return total + power, code.select(_is(code, right, k), shifted, chosen)

        total, chosen = code.loop(self.classes, add, code.zero(), code.zero())
        code.store(log(code, total) - chosen, losses)
        real, samples = _real(code, mask), code.broadcast(count)

        def slope(k: Value) -> None:
            probability = code.load(dy, k) / total
            gradient = code.select(_is(code, right, k), probability - 1.0, probability) / samples
            code.store(code.select(real, gradient, 0.0), dy, k)

        code.loop(self.classes, slope)

    def _of_probabilities(
        self, code: Code, y: Value, right: Value, mask: Value, count: Value, losses: Value, dy: Value
    ) -> None:
        real, samples = _real(code, mask), code.broadcast(count)

        def turn(k: Value, chosen: Value) -> Value:
            x = code.load(y, k)
            x = code.select(code.compare("olt", x, _TINY), _TINY, x)  # NaN stays
            here = _is(code, right, k)
            code.store(code.select(here & real, -1.0 / x / samples, 0.0), dy, k)
            return code.select(here, x, chosen)

        chosen = code.loop(self.classes, turn, code.zero())
        code.store(code.zero() - log(code, chosen), losses)


@dataclass(frozen=True)
class SquaredError(Kernel):
    """The mean of the squared differences, and its gradient in the outputs.

    Args:
        features: outputs of a sample.
        labels: targets are class numbers, which stand for 1 at the class and 0 elsewhere; else they are floats in
            sample lanes.
    """

    arguments: ClassVar[tuple[str, ...]] = ("y", "targets", "mask", "count", "losses", "dy")
    features: int
    labels: bool

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over parts of the outputs, so that each sum is short."""
        y, targets, mask, count, losses, dy = pointers
        right = _classes(code, targets) if self.labels else None
        real = _real(code, mask)
        size = code.spread(code.load(count, of="float") * float(self.features))

        def square(k: Value | int, before: Value) -> Value:
            wanted = code.load(targets, k) if right is None else code.select(_is(code, right, k), code.splat(1.0), 0.0)
            apart = code.load(y, k) - wanted
            code.store(code.select(real, (apart + apart) / size, 0.0), dy, k)
            return code.fma(apart, apart, before)

        def several(k: Value, *sums: Value) -> tuple[Value, ...]:
            return tuple(square(k + lane, before) for lane, before in enumerate(sums))

        def part(first: Value | int, total: Value) -> Value:
            zeros = (code.zero(),) * _AT_ONCE
            a, b, c, d = code.loop(first + _PART, several, *zeros, start=first, step=_AT_ONCE)
            return total + ((a + b) + (c + d))

        parts = self.features // _PART * _PART
        total = code.loop(parts, part, code.zero(), step=_PART)
        rest = code.loop(self.features, square, code.zero(), start=parts)
        code.store((total + rest) / float(self.features), losses)


def _classes(code: Code, targets: Value) -> Value:
    """Return each lane's class number as i32."""
    return code.convert("trunc", code.load(targets, of=f"<{code.lanes} x i64>", align=8), code.ints)


def _is(code: Code, right: Value, k: Value | int) -> Value:
    """Return in which lanes k is the right class."""
    if isinstance(k, int):
        return code.compare("eq", right, k)
    return code.compare("eq", right, code.spread(code.convert("trunc", k, "i32")))


def _real(code: Code, mask: Value) -> Value:
    """Return which lanes hold a real sample."""
    return code.compare("one", code.load(mask), 0.0)
