"""Values written out of the lanes, together with what the layers behind them make of each number.

In a trace every value is wanted. A convolution's is read once, and the batch norm, the sum and the activation behind it
are made and written on the way, so that no layer reads from memory again what the one before has just written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation
from .epilogue import epilogue
from .layout import Blocked
from .packing import each_kind
from .places import Blockwise, block_at, clear_around, one_block
from .unloading import Steps, side_of, unload


@dataclass(frozen=True)
class Scaled:
    """Times a channel's number, plus another: a batch norm."""

    pointers: ClassVar[int] = 2


@dataclass(frozen=True)
class Added:
    """Plus another value.

    Args:
        other: its layout.
    """

    pointers: ClassVar[int] = 1
    other: Blocked


@dataclass(frozen=True)
class Activated:
    """A function of every number.

    Args:
        activation: the function.
    """

    pointers: ClassVar[int] = 0
    activation: Activation


Stage = Scaled | Added | Activated


@dataclass(frozen=True)
class Tell(Blockwise):
    """Write a value into an array, what each stage makes of it into arrays as well, and the last one into lanes.

    The pointers: the value; those of each stage; the arrays; and, if there are stages, the last value in lanes.

    Args:
        x: the value's layout.
        steps: of the arrays.
        stages: what is made of it, one after another.
        y: the layout of the last; that of x, if there is no stage.
        tail: zeros that are written behind the array.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "array")
    x: Blocked
    steps: Steps
    y: Blocked
    stages: tuple[Stage, ...] = ()
    tail: int = 0

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 2 + sum(stage.pointers + 1 for stage in self.stages) + bool(self.stages)

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a loop over the places of a block, a square at a time."""
        given = list(pointers)
        from_ = block_at(code, given.pop(0), self.x, block)
        functions = [self._function(code, block, stage, given) for stage in self.stages]
        by_channel, by_row, by_column = self.steps
        arrays = [
            code.address(given.pop(0), block * (by_channel * self.x.lanes), of="float")
            for _ in range(len(self.stages) + 1)
        ]
        one, to = one_block(self.x), block_at(code, given[0], self.y, block) if given else None
        last = one_block(self.y)
        ending = epilogue(code, self.y, None)
        height, width = self._rows()
        side = side_of(width)

        def walk(channels: int) -> None:
            def row(r: Number) -> None:
                def square(x: Number) -> None:
                    places = [code.load(from_, one.at(0, r, x) + k) for k in range(side)]
                    for array, function in zip(arrays, [None, *functions], strict=True):
                        if function is not None:
                            places = [function(place, r, x, k) for k, place in enumerate(places)]
                        start = code.address(array, r * by_row + x * by_column, of="float")
                        unload(code, places, start, self.steps, channels)
                    for k, place in enumerate(places if to is not None else []):
                        assert to is not None
                        code.store(ending.finish(code, place, block, None), to, last.at(0, r, x) + k)

                looped = width // side * side
                code.loop(looped, square, step=side)
                if width > looped:
                    square(width - side)  # covers some numbers again, rather than leave the row

            code.loop(height, row)

        each_kind(code, block, self.x, walk)
        if to is not None:
            clear_around(code, pointers[-1], self.y, block)
        if self.tail:
            code.when(code.compare("eq", block, 0), lambda: self._clear_tail(code, pointers[1]))

    def _rows(self) -> tuple[int, int]:
        """Return rows and places of a row, with all in one row where it lies in one run."""
        layouts = [self.x, self.y, *(stage.other for stage in self.stages if isinstance(stage, Added))]
        if self.steps[1] == self.steps[2] * self.x.width and all(maps.row == maps.width for maps in layouts):
            return 1, self.x.height * self.x.width
        return self.x.height, self.x.width

    def _function(
        self, code: Code, block: Value, stage: Stage, given: list[Value]
    ) -> Callable[[Value, Number, Number, int], Value]:
        """Return what a stage makes of a vector at a row and column, given also its number in the square."""
        if isinstance(stage, Scaled):
            scale, shift = (code.load(given.pop(0), block) for _ in range(2))
            return lambda value, r, x, k: code.fma(value, scale, shift)
        if isinstance(stage, Added):
            other, one = block_at(code, given.pop(0), stage.other, block), one_block(stage.other)
            return lambda value, r, x, k: value + code.load(other, one.at(0, r, x) + k)
        return lambda value, r, x, k: stage.activation.apply(code, value)

    def _clear_tail(self, code: Code, array: Value) -> None:
        size = self.x.channels * self.x.height * self.x.width
        for k in range(self.tail):
            code.store(code.constant(0.0, "float"), array, size + k)
