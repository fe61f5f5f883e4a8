"""Functions of every number by itself, and of numbers at the same place, in channel lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..samples.elementwise import Activation, at_once
from ..samples.places import AT_ONCE, walk
from .epilogue import epilogue
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Forward(Blockwise):
    """y = the function of x.

    Args:
        activation: the function.
        x, y: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    activation: Activation
    x: Blocked
    y: Blocked

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""

        def same(x: Value) -> Value:
            return code.load(x)

        _each(code, block, pointers, (self.x, self.y), self.activation, same, at_once(self.activation))


@dataclass(frozen=True)
class Add(Blockwise):
    """y = activation(the sum of several values).

    Args:
        xs: the layouts of what is added.
        y: the layout of the sum.
        activation: what is done to the sum.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    xs: tuple[Blocked, ...]
    y: Blocked
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.xs) + 1

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""

        def total(*xs: Value) -> Value:
            total = code.load(xs[0])
            for x in xs[1:]:
                total = total + code.load(x)
            return total

        _each(code, block, pointers, (*self.xs, self.y), self.activation, total)


@dataclass(frozen=True)
class ScaleShift(Blockwise):
    """y = activation(scale * x + shift), channel by channel: batch norm with running averages.

    Args:
        x, y: the layouts.
        activation: what follows, if anything.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "scale", "shift", "y")
    x: Blocked
    y: Blocked
    activation: Activation | None = None

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        x, scale, shift, y = pointers
        by, to = code.load(scale, block), code.load(shift, block)

        def scaled(x: Value) -> Value:
            return code.fma(code.load(x), by, to)

        _each(code, block, (x, y), (self.x, self.y), self.activation, scaled)


def _each(
    code: Code,
    block: Value,
    pointers: tuple[Value, ...],
    layouts: tuple[Blocked, ...],
    activation: Activation | None,
    function: Callable[..., Value],
    places: int = AT_ONCE,
) -> None:
    """Write what a block of the last value is: an activation of a function of the others at the same place."""
    ending = epilogue(code, layouts[-1], activation)

    def place(*places: Value) -> None:
        code.store(ending.finish(code, function(*places[:-1]), block, None), places[-1])

    blocks = [
        (block_at(code, pointer, maps, block), one_block(maps)) for pointer, maps in zip(pointers, layouts, strict=True)
    ]
    walk(code, blocks, place, places)
    clear_around(code, pointers[-1], layouts[-1], block)
