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
from ..samples.places import along
from .epilogue import epilogue
from .layout import Blocked
from .packing import each_kind
from .places import Blockwise, block_at, clear_around, one_block
from .unloading import Steps, side_of, unload

PIECE = 256  # places of a long row that stay in the first cache while one array after the other is written


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
        """Write a loop over rows, or over pieces of one long row."""
        given = list(pointers)
        from_ = block_at(code, given.pop(0), self.x, block)
        functions = [self._function(code, block, stage, given) for stage in self.stages]
        by_block = self.steps[0] * self.x.lanes
        arrays = [code.address(given.pop(0), block * by_block, of="float") for _ in range(len(self.stages) + 1)]
        one, last, ending = one_block(self.x), one_block(self.y), epilogue(code, self.y, None)
        to = block_at(code, pointers[-1], self.y, block)  # an array, if nothing is made in lanes

        def value(count: int, r: Number, x: Number) -> Value:
            """Return what the first stages make of a place."""
            vector = code.load(from_, one.at(0, r, x))
            for function in functions[:count]:
                vector = function(vector, r, x)
            return vector

        def walk(channels: int) -> None:
            def piece(r: Number, first: Number, count: int) -> None:
                """Write one array after the other, which keeps the lines that are being written few."""
                for number, array in enumerate(arrays):
                    start = code.address(array, r * self.steps[1] + first * self.steps[2], of="float")

                    def given_by(x: Number, number: int = number) -> Value:
                        return value(number, r, first + x)

                    self._tell(code, start, count, channels, given_by)

                def place(x: Number) -> None:
                    vector = ending.finish(code, value(len(functions), r, first + x), block, None)
                    code.store(vector, to, last.at(0, r, first + x))

                if given:
                    along(code, count, place)

            height, width = self._rows()

            def row(r: Number) -> None:
                piece(r, 0, width)

            def part(p: Number) -> None:
                piece(0, p * PIECE, PIECE)

            if height > 1:
                code.loop(height, row)
                return
            whole = width // PIECE
            code.loop(whole, part)
            if width % PIECE:
                piece(0, whole * PIECE, width % PIECE)

        each_kind(code, block, self.x, walk)
        if given:
            clear_around(code, pointers[-1], self.y, block)
        if self.tail:
            code.when(code.compare("eq", block, 0), lambda: self._clear_tail(code, pointers[1]))

    def _tell(self, code: Code, array: Value, count: int, channels: int, value: Callable[[Number], Value]) -> None:
        """Write neighbouring places into an array, some squares at a time."""
        side = side_of(count)
        together = code.target.registers // 8  # squares that the registers hold while they are turned

        def several(x: Number, squares: int) -> None:
            start = code.address(array, x * self.steps[2], of="float")
            places = [[value(x + (q * side + k)) for k in range(side)] for q in range(squares)]
            unload(code, places, start, self.steps, channels)

        step = side * together
        looped = count // step * step

        def turn(x: Number) -> None:
            several(x, together)

        code.loop(looped, turn, step=step)
        if left := (count - looped) // side:
            several(looped, left)
        if count % side:
            several(count - side, 1)  # covers some numbers again, rather than leave the row

    def _rows(self) -> tuple[int, int]:
        """Return rows and places of a row, with all in one row where it lies in one run."""
        layouts = [self.x, self.y, *(stage.other for stage in self.stages if isinstance(stage, Added))]
        if self.steps[1] == self.steps[2] * self.x.width and all(maps.row == maps.width for maps in layouts):
            return 1, self.x.height * self.x.width
        return self.x.height, self.x.width

    def _function(
        self, code: Code, block: Value, stage: Stage, given: list[Value]
    ) -> Callable[[Value, Number, Number], Value]:
        """Return what a stage makes of a vector at a row and column."""
        if isinstance(stage, Scaled):
            scale, shift = (code.load(given.pop(0), block) for _ in range(2))
            return lambda value, r, x: code.fma(value, scale, shift)
        if isinstance(stage, Added):
            other, one = block_at(code, given.pop(0), stage.other, block), one_block(stage.other)
            return lambda value, r, x: value + code.load(other, one.at(0, r, x))
        return lambda value, r, x: stage.activation.apply(code, value)

    def _clear_tail(self, code: Code, array: Value) -> None:
        size = self.x.channels * self.x.height * self.x.width
        for k in range(self.tail):
            code.store(code.constant(0.0, "float"), array, size + k)
