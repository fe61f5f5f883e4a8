"""What becomes of a finished gradient: it is kept, or moves its weight at once by an optimizer's rule.

The rules are those of train/optimizers.py, rounded step by step as NumPy rounds them, so that the same gradient moves
a weight to the same bits. All settings are numbers in `rates`, not in the code: another rate or decay compiles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel

TILE = 2048  # floats of an item, a multiple of every number of lanes
AT_ONCE = 4  # vectors that are summed side by side


@dataclass(frozen=True)
class Finish:
    """What becomes of a gradient. Subclasses are frozen dataclasses."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What each pointer that it needs points to."""
        raise NotImplementedError

    def apply(self, code: Code, gradient: Value, pointers: Mapping[str, Value], index: Number) -> None:
        """Write the code that uses a gradient up.

        Args:
            code: where to write.
            gradient: a vector of floats, a shorter one, or one float.
            pointers: by the names of `arguments`.
            index: the number of the gradient's first float.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Store(Finish):
    """The gradient is kept."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Where to keep it."""
        return ("gradient",)

    def apply(self, code: Code, gradient: Value, pointers: Mapping[str, Value], index: Number) -> None:
        """Write it down."""
        _write(code, gradient, pointers["gradient"], index)


@dataclass(frozen=True)
class Add(Finish):
    """The gradient is added to another, of the same weight used elsewhere."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The sum."""
        return ("gradient",)

    def apply(self, code: Code, gradient: Value, pointers: Mapping[str, Value], index: Number) -> None:
        """Add it."""
        before = _read(code, pointers["gradient"], index, gradient)
        _write(code, before + gradient, pointers["gradient"], index)


@dataclass(frozen=True)
class Sgd(Finish):
    """Stochastic gradient descent.

    Args:
        momentum: there is a velocity.
        nesterov: look ahead along it.
        decay: the weight's share is added to the gradient.
    """

    momentum: bool
    nesterov: bool
    decay: bool

    @property
    def arguments(self) -> tuple[str, ...]:
        """The weight, its velocity if there is one, and the numbers of `host_rates`."""
        return ("weight", "velocity", "rates") if self.momentum else ("weight", "rates")

    def apply(self, code: Code, gradient: Value, pointers: Mapping[str, Value], index: Number) -> None:
        """Move the weight."""
        rate, momentum, decay = (_rate(code, pointers, k, gradient) for k in range(3))
        weight = _read(code, pointers["weight"], index, gradient)
        if self.decay:
            gradient = gradient + decay * weight
        move = gradient
        if self.momentum:
            velocity = momentum * _read(code, pointers["velocity"], index, gradient) + gradient
            _write(code, velocity, pointers["velocity"], index)
            move = gradient + momentum * velocity if self.nesterov else velocity
        _write(code, weight - rate * move, pointers["weight"], index)


@dataclass(frozen=True)
class Adam(Finish):
    """Adam and AdamW.

    Args:
        decay: the weight's share is added to the gradient.
        shrink: the weight first shrinks (AdamW).
    """

    decay: bool
    shrink: bool

    @property
    def arguments(self) -> tuple[str, ...]:
        """The weight, both averages, and the numbers of `host_rates`."""
        return "weight", "mean", "square", "rates"

    def apply(self, code: Code, gradient: Value, pointers: Mapping[str, Value], index: Number) -> None:
        """Move the weight."""
        rate, root, first, second, rest, eps, decay = (_rate(code, pointers, k, gradient) for k in range(7))
        weight = _read(code, pointers["weight"], index, gradient)
        if self.shrink:
            weight = weight * decay
        elif self.decay:
            gradient = gradient + decay * weight
        mean = _read(code, pointers["mean"], index, gradient)
        mean = mean + first * (gradient - mean)
        square = second * _read(code, pointers["square"], index, gradient) + rest * gradient * gradient
        _write(code, mean, pointers["mean"], index)
        _write(code, square, pointers["square"], index)
        deviation = code.call("sqrt", square) / root + eps
        _write(code, weight - rate * (mean / deviation), pointers["weight"], index)


@dataclass(frozen=True)
class Update(Kernel):
    """Sum the slabs of a gradient in their order, and finish it; each item is a tile of TILE floats.

    Args:
        size: floats of the weight.
        finish: what becomes of the sum.
        slab_stride: floats from one slab to the next, a multiple of 16.
    """

    arguments: ClassVar[tuple[str, ...]] = ("slabs", "chunks")  # and those of the finish
    size: int
    finish: Finish
    slab_stride: int

    @property
    def items(self) -> int:
        """How many items there are."""
        return -(-self.size // TILE)

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.arguments) + len(self.finish.arguments)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over several vectors at once, over single ones, and over the floats that fill none."""
        slabs, chunks, *rest = pointers
        given = dict(zip(self.finish.arguments, rest, strict=True))
        count = code.load(chunks, of="i64")
        start = item * TILE
        stop = code.call("umin", start + TILE, code.constant(self.size, "i64"))

        def walk(first: Value, last: Value, many: int, of: str) -> None:
            width = 1 if of == "float" else code.lanes

            def sums(index: Value) -> None:
                def add(slab: Value | int, *before: Value) -> tuple[Value, ...]:
                    place = code.address(slabs, slab * self.slab_stride + index, of="float")
                    return tuple(s + code.load(place, k, of=of, align=4) for k, s in enumerate(before))

                place = code.address(slabs, index, of="float")
                totals = code.loop(count, add, *(code.load(place, k, of=of, align=4) for k in range(many)), start=1)
                for k, total in enumerate(totals if many > 1 else (totals,)):
                    self.finish.apply(code, total, given, index + k * width)

            code.loop(last, sums, start=first, step=many * width)

        several = start + (stop - start) // (AT_ONCE * code.lanes) * (AT_ONCE * code.lanes)
        whole = start + (stop - start) // code.lanes * code.lanes
        walk(start, several, AT_ONCE, code.vector)
        walk(several, whole, 1, code.vector)
        walk(whole, stop, 1, "float")


def finish_of(kind: str, config: Mapping[str, Any]) -> Finish | None:
    """Return what an optimizer does with a gradient.

    Args:
        kind: the optimizer's kind, such as "SGD".
        config: its settings by name.

    Returns:
        The finish; None for an optimizer that is not known here.

    >>> finish_of("SGD", {"rate": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}).arguments
    ('weight', 'velocity', 'rates')
    """
    if kind == "SGD":
        return Sgd(bool(config["momentum"]), bool(config["nesterov"]), bool(config["weight_decay"]))
    if kind in ("Adam", "AdamW"):
        return Adam(kind == "Adam" and bool(config["weight_decay"]), kind == "AdamW")
    return None


def host_rates(kind: str, config: Mapping[str, Any], step: int, rate: float) -> list[float]:
    """Return the numbers that a finish reads as float32 from `rates`, in the double precision of the definition.

    SGD: rate, momentum, weight decay. Adam and AdamW: the step's length rate / (1 - b1**t), the root of 1 - b2**t,
    1 - b1, b2, 1 - b2, eps, and the weight decay or (AdamW) what the weight is multiplied with.

    Args:
        kind: the optimizer's kind, one that `finish_of` knows.
        config: its settings by name.
        step: the number of steps made before.
        rate: this step's learning rate.
    """
    decay = config["weight_decay"]
    if kind == "SGD":
        return [rate, config["momentum"], decay]
    first, second = config["betas"]
    length, root = rate / (1 - first ** (step + 1)), (1 - second ** (step + 1)) ** 0.5
    return [length, root, 1 - first, second, 1 - second, config["eps"], 1 - rate * decay if kind == "AdamW" else decay]


def _rate(code: Code, pointers: Mapping[str, Value], number: int, like: Value) -> Value:
    """Return a number of `rates`, as wide as another value; one that nobody uses costs nothing."""
    scalar = code.load(pointers["rates"], number, of="float")
    if like.type == "float":
        return scalar
    whole, count = code.spread(scalar), int(like.type[1:].split()[0])
    return whole if count == code.lanes else code.shuffle(whole, whole, list(range(count)))


def _read(code: Code, pointer: Value, index: Number, like: Value) -> Value:
    return code.load(code.address(pointer, index, of="float"), of=like.type, align=4)


def _write(code: Code, value: Value, pointer: Value, index: Number) -> None:
    code.store(value, code.address(pointer, index, of="float"), align=4)
