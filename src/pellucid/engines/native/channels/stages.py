"""The three stages of Winograd's convolution in channel lanes: inputs become points, points products, products outputs.

A group of tiles stays in the second cache from one stage to the next. What lies there:

    v[point][tile][channel]         the transformed inputs
    m[point][tile][block of lanes]  the products' sums for one group of output channels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Code, Number, Value
from ..samples.elementwise import Activation
from ..transforms import MATRICES, TAPS, transform
from .epilogue import Epilogue, dear, epilogue
from .layout import Blocked
from .tiles import accumulate, carried, flat, parts_of, places_of, shaped, zeros

SUMMED = 128  # products that are added one after another; such sums are then added, which keeps the rounding small


@dataclass(frozen=True)
class Stages:
    """Winograd's convolution of a group of tiles.

    Args:
        x, y: the layouts.
        padding: places above and left of the map that the first window reads.
        shape: rows and columns of the convolution's output, before a pool.
        size: outputs of a tile along each axis, 2 or 4.
        tiles: tiles of a group.
        group: blocks of output channels that are made at once.
        activation: what is done to the sums.
        residual: the layout of a value that is added before.
        pool: whether y is the maximum of every two by two outputs.
    """

    x: Blocked
    y: Blocked
    padding: tuple[int, int]
    shape: tuple[int, int]
    size: int
    tiles: int
    group: int
    activation: Activation | None
    residual: Blocked | None
    pool: bool

    @property
    def points(self) -> int:
        """Products of a tile and channel."""
        return (self.size + TAPS - 1) ** 2

    @property
    def columns(self) -> int:
        """Tiles of a row."""
        return -(-self.shape[1] // self.size)

    @property
    def v_pitch(self) -> int:
        """Vectors from one point to the next in v: odd, so that they spread over the first cache."""
        return self.tiles * self.x.blocks | 1

    @property
    def m_pitch(self) -> int:
        """Vectors from one point to the next in m."""
        return self.tiles * self.group | 1

    @property
    def v_size(self) -> int:
        """Vectors of v."""
        return self.points * self.v_pitch

    @property
    def m_size(self) -> int:
        """Vectors of m, and of one place more for what lies outside the map."""
        return self.points * self.m_pitch + 1

    @property
    def u_size(self) -> int:
        """Vectors of the weights of a group of outputs."""
        return self.points * self.x.channels * self.group

    def inputs(self, code: Code, x: Value, v: Value, first: Value, blocks: tuple[Number, Number]) -> None:
        """Write the first stage.

        Args:
            code: where to write.
            x: the input.
            v: the points.
            first: the first tile.
            blocks: the first block of channels, and the one after the last.
        """
        matrix, (top, left) = MATRICES[self.size][0], self.padding

        def block(c: Number) -> None:
            plane, column_of_v = code.address(x, self.x.at(c, -top, -left)), code.address(v, c)

            def tile(t: Number) -> None:
                row, column = self._place(first + t)
                source = code.address(plane, row * (self.size * self.x.row) + column * self.size)
                target = code.address(column_of_v, t * self.x.blocks)

                def load(i: int, j: int) -> Value:
                    return code.load(source, i * self.x.row + j)

                def store(i: int, j: int, value: Value) -> None:
                    code.store(value, target, (i * len(matrix) + j) * self.v_pitch)

                transform(code, matrix, load, store)

            code.loop(self.tiles, tile)

        code.loop(blocks[1], block, start=blocks[0])

    def products(self, code: Code, v: Value, u: Value, m: Value) -> None:
        """Write the second stage: one matrix product a point, for one group of outputs."""
        runs = parts_of(self.tiles, places_of(code.target, self.group)).runs()
        depth = self.x.channels

        def point(p: Number) -> None:
            at_v, at_m = code.address(v, p * self.v_pitch), code.address(m, p * self.m_pitch)
            at_u = code.address(u, p * (depth * self.group))
            for start, places, count in runs:

                def part(i: Number, start: int = start, places: int = places) -> None:
                    tile = i * places + start
                    here = code.address(at_v, tile * self.x.blocks), at_u, code.address(at_m, tile * self.group)
                    self._part(code, places, 0, min(SUMMED, depth), *here)
                    whole = depth // SUMMED * SUMMED

                    def more(k: Number) -> None:
                        self._part(code, places, k, SUMMED, *here)

                    code.loop(whole, more, start=SUMMED, step=SUMMED)
                    if SUMMED <= whole < depth:
                        self._part(code, places, whole, depth - whole, *here)

                code.loop(count, part)

        code.loop(self.points, point)

    def _part(self, code: Code, places: int, first: Number, depth: int, v: Value, u: Value, m: Value) -> None:
        """Write the product of some tiles and `depth` channels from `first` on; it is added to that of those before."""
        offsets = [t * self.x.blocks * self.x.lanes for t in range(places)]
        v, u_first = code.address(v, first, of="float"), code.address(u, first * self.group)

        def channel(k: Number, *values: Value) -> tuple[Value, ...]:
            sums = shaped(values, self.group)
            at_v, at_u = code.address(v, k, of="float"), code.address(u_first, k * self.group)
            return flat(accumulate(code, sums, at_v, at_u, offsets))

        sums = shaped(carried(code.loop(depth, channel, *flat(zeros(code, self.group, places)))), self.group)
        for t in range(places):
            for b in range(self.group):
                place, value = t * self.group + b, sums[b][t]
                code.store(value if first == 0 else code.load(m, place) + value, m, place)

    def outputs(self, code: Code, m: Value, pointers: Sequence[Value], g: Value, tiles: tuple[Value, Value]) -> None:
        """Write the third stage for one group of outputs.

        Args:
            code: where to write.
            m: the sums.
            pointers: bias, y and perhaps the residual.
            g: the group.
            tiles: the first tile, and the first that no other item makes too.
        """
        activation = None if dear(self.activation) else self.activation
        nowhere, ending = code.address(m, self.m_size - 1), epilogue(code, self.y, activation)

        def block(b: Number) -> None:
            number, begin = g * self.group + b, (code.address(m, b), nowhere)
            if self.y.blocks % self.group == 0:
                self._outputs(code, ending, begin, pointers, number, tiles)
            else:
                there = code.compare("slt", number, self.y.blocks)
                code.when(there, lambda: self._outputs(code, ending, begin, pointers, number, tiles))

        code.loop(self.group, block)

    def _outputs(
        self,
        code: Code,
        ending: Epilogue,
        sums: tuple[Value, Value],
        pointers: Sequence[Value],
        block: Value,
        tiles: tuple[Value, Value],
    ) -> None:
        """Write the third stage for one block of outputs; `sums` is where its sums begin, and a place for nothing."""
        (m, nowhere), (bias, y, *others) = sums, pointers
        matrix, step = MATRICES[self.size][2], 2 if self.pool else 1
        side = self.size // step  # of a tile in y

        def tile(t: Number) -> None:
            row, column = self._place(tiles[0] + t)
            start = code.address(y, self.y.at(block, row * side, column * side))
            inside = self._inside(code, row * side, column * side, side)
            if dear(self.activation):  # y is written again: a tile must have one writer
                own = code.compare("sge", tiles[0] + t, tiles[1])
                inside = {at: own if test is None else own & test for at, test in inside.items()}
            at_m = code.address(m, t * self.group)
            waiting: dict[tuple[int, int], Value] = {}

            def load(i: int, j: int) -> Value:
                place = code.address(at_m, (i * len(matrix[0]) + j) * self.m_pitch)
                # A row of tiles waits for the next one where there is a pool, and sums that are read twice must not.
                how = "load volatile" if self.pool else "load"
                return code.let(f"{how} {code.vector}, ptr {place}, align {4 * code.lanes}", code.vector)

            def finish(i: int, j: int, value: Value) -> None:
                test, other = inside[i // step, j // step], None
                if self.residual:
                    at = self.residual.at(block, row * self.size + i, column * self.size + j)
                    other = code.load(within(test, code.address(others[0], at)))
                value = ending.finish(code, value + code.load(bias, block), block, other)
                for axis in (1, 0) if self.pool else ():
                    place = (i, j)
                    if place[axis] % 2 == 0:
                        waiting[place] = value
                        return
                    value = code.call("maximum", waiting.pop((i, j - 1) if axis else (i - 1, j)), value)
                code.store(value, within(test, code.address(start, i // step * self.y.row + j // step)))

            def within(test: Value | None, place: Value) -> Value:
                return place if test is None else code.select(test, place, nowhere)

            transform(code, matrix, load, finish)

        code.loop(self.tiles, tile)

    def activate(self, code: Code, y: Value, blocks: tuple[Number, Number], tiles: tuple[Value, Value]) -> None:
        """Write a walk over the outputs with an activation that would have taken the registers of the stages before.

        Args:
            code: where to write.
            y: the sums.
            blocks: the first block of channels, and the one after the last.
            tiles: the first tile, and the first that no other item makes too.
        """
        side, ending = self.size // 2 if self.pool else self.size, epilogue(code, self.y, self.activation)

        def block(b: Value) -> None:
            def tile(t: Value) -> None:
                row, column = self._place(tiles[0] + t)
                own = code.compare("sge", tiles[0] + t, tiles[1])

                def place(k: Value) -> None:
                    r, c = row * side + k // side, column * side + k % side
                    test = own & code.compare("slt", r, self.y.height) & code.compare("slt", c, self.y.width)
                    code.when(test, lambda: at(code.address(y, self.y.at(b, r, c))))

                def at(address: Value) -> None:
                    code.store(ending.finish(code, code.load(address), b, None), address)

                code.loop(code.constant(side * side, "i64"), place)

            code.loop(code.constant(self.tiles, "i64"), tile)

        code.loop(blocks[1], block, start=blocks[0])

    def _place(self, tile: Value) -> tuple[Value, Value]:
        """Return a tile's row and column among the tiles."""
        return tile // self.columns, tile % self.columns

    def _inside(self, code: Code, row: Value, column: Value, side: int) -> dict[tuple[int, int], Value | None]:
        """Return which places of a tile of y are places of the map; None where all tiles have that place."""

        def tests(first: Value, places: int, outputs: int) -> list[Value | None]:
            beyond = -(-outputs // self.size) * side - places  # of the last tile; a pool may leave out all of it
            return [None if k < side - beyond else code.compare("slt", first + k, places) for k in range(side)]

        rows, columns = tests(row, self.y.height, self.shape[0]), tests(column, self.y.width, self.shape[1])
        return {
            (i, j): a & b if a is not None and b is not None else b if a is None else a
            for i, a in enumerate(rows)
            for j, b in enumerate(columns)
        }
