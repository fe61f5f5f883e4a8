"""Local response normalisation in channel lanes: neighbours lie in lanes beside, and in the blocks before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..layout import Maps
from ..samples.functions import power
from ..samples.local_response import LocalResponse, Response
from ..samples.places import walk
from .epilogue import epilogue
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class LaneResponse(Blockwise):
    """y = x over its base to the power beta, the neighbours being channels.

    Args:
        response: what it is divided by.
        x, y: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    response: Response
    x: Blocked
    y: Blocked

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        (x, y), ending, lanes = pointers, epilogue(code, self.y, None), self.x.lanes
        before, after = (min(side, self.x.channels - 1) for side in self.response.sides)
        reached = range(-before // lanes, (after + lanes - 1) // lanes + 1)  # blocks that the sums reach into
        starts: dict[int, tuple[Value, Value]] = {}
        for beside in reached:
            near = code.call("smin", code.call("smax", block + beside, code.constant(0, "i64")), self._last(code))
            starts[beside] = block_at(code, x, self.x, near), code.compare("eq", near, block + beside)

        def square(place: Number, beside: int) -> Value:
            start, there = starts[beside]
            value = code.load(start, place)
            return value * value if beside == 0 else code.select(there, value * value, code.zero())

        def numbers(place: Number, from_: Value, to: Value) -> None:
            squares = {beside: square(place, beside) for beside in reached}
            total = code.zero()
            for distance in range(-before, after + 1):
                beside, lane = divmod(distance, lanes)
                shown = squares[beside]
                if lane:
                    shown = code.shuffle(shown, squares[beside + 1], list(range(lane, lane + lanes)))
                total = total + shown
            value = code.load(from_) / power(code, self.response.base(total), self.response.beta)
            code.store(ending.finish(code, value, block, None), to)

        read, made = one_block(self.x), one_block(self.y)
        own, to = block_at(code, x, self.x, block), block_at(code, y, self.y, block)

        def row(r: Number) -> None:
            def column(q: Number) -> None:
                place = read.at(0, r, q)
                numbers(place, code.address(own, place), code.address(to, made.at(0, r, q)))

            code.loop(read.width, column)

        code.loop(read.height, row)
        clear_around(code, y, self.y, block)

    def _last(self, code: Code) -> Value:
        return code.constant(self.x.blocks - 1, "i64")


@dataclass(frozen=True)
class PlaceResponse(Blockwise):
    """y = x over its base to the power beta, the neighbours being places: each lane is by itself.

    Args:
        response: what it is divided by.
        channels: places that neighbour one another; what is left of the places is between two of them.
        x, y: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    response: Response
    channels: int
    x: Blocked
    y: Blocked

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write the kernel of sample lanes for one block, and zeros where there is no channel."""
        x, y = pointers
        maps = Maps(self.channels, 1, self.y.width // self.channels, dense=True)
        start, ending = block_at(code, y, self.y, block), epilogue(code, self.y, None)
        LocalResponse(self.response, maps, maps).write(code, block, block_at(code, x, self.x, block), start)

        def place(y: Value) -> None:
            code.store(ending.finish(code, code.load(y), block, None), y)

        if ending.present is not None:
            walk(code, [(start, maps)], place)
        clear_around(code, y, self.y, block)
