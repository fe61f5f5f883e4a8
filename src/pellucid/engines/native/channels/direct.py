"""Convolution in channel lanes by its definition: for any kernel, stride, dilation and padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..samples.elementwise import Activation
from ..samples.geometry import ConvGeometry
from .epilogue import Epilogue, Floats, clear_halo, dear, epilogue, finish_stored, packed_bias
from .layout import Blocked, Planar
from .split import Split, split
from .tiles import Sums, accumulate, carried, flat, group_of, parts_of, places_of, shaped

LONGEST = 28  # places of the longest tile of any target; strips keep to whole tiles of small maps
At = tuple[Value, Number, Number]  # a group of outputs, a row and a column


@dataclass(frozen=True)
class DirectConv(Kernel):
    """y = activation(convolution of x + bias + residual), one item being some output channels of some rows.

    Groups of channels must be whole blocks of lanes, but for one group; see `GroupedConv` for all others.

    Args:
        x: the input's layout; its halo is at least the padding, and filled.
        y: the output's layout; its halo is filled with zeros.
        geometry: the convolution.
        activation: what is done to the sums.
        residual: the layout of a value that is added before the activation.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y", "residual")
    x: Blocked | Planar
    y: Blocked
    geometry: ConvGeometry
    activation: Activation | None = None
    residual: Blocked | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 + (self.residual is not None)

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return self._split.items

    def pack(self, weight: Floats) -> Floats:
        """Return the weights as the kernel reads them.

        Args:
            weight: (outputs, inputs / groups, kernel rows, kernel columns).

        Returns:
            (groups of outputs, blocks of inputs, kernel rows, kernel columns, inputs of a block, outputs of a group).
        """
        width, (rows, columns) = self._group * self.y.lanes, self.geometry.kernel
        packed = np.zeros((self._groups * width, self._blocks * self._depth, rows, columns), np.float32)
        packed[: weight.shape[0], : weight.shape[1]] = weight
        return np.ascontiguousarray(
            packed.reshape(self._groups, width, self._blocks, self._depth, rows, columns).transpose(0, 2, 4, 5, 3, 1)
        )

    def pack_bias(self, bias: Floats | None) -> Floats:
        """Return the bias as the kernel reads it; zeros, if there is none."""
        return packed_bias(bias, self._groups * self._group * self.y.lanes)

    @cached_property
    def _group(self) -> int:
        """Blocks of outputs that are made at once; only without groups some may not be there."""
        blocks = self.y.blocks // self.geometry.groups
        group = group_of(blocks)
        return group if self.geometry.groups == 1 or blocks % group == 0 else 1

    @cached_property
    def _groups(self) -> int:
        """Groups of outputs."""
        return self.geometry.groups * -(-self.y.blocks // self.geometry.groups // self._group)

    @cached_property
    def _depth(self) -> int:
        """Inputs of a block: all channels of a small input, or one of a planar one."""
        if isinstance(self.x, Planar):
            return 1
        return min(self.x.lanes, self.geometry.inputs // self.geometry.groups)

    @cached_property
    def _blocks(self) -> int:
        """Blocks of inputs that an output reads."""
        return -(-self.geometry.inputs // self.geometry.groups // self._depth)

    @cached_property
    def _split(self) -> Split:
        macs = self.geometry.outputs * self.y.height * self.y.width * self._blocks * self._depth * self.geometry.area
        weights = 4 * self.geometry.outputs * self._blocks * self._depth * self.geometry.area
        rows = max(1, LONGEST // self.y.width)
        return split(self._groups, self.y.height, rows, macs=macs, reads=4 * self.x.floats, weights=weights)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over groups, rows and tiles."""
        y, cut = pointers[3], self._split
        chunk, strip = item // cut.strips, item % cut.strips
        if cut.chunks == 1:
            chunk, strip = code.constant(0, "i64"), item
        first = strip * cut.strip
        rows: Number = cut.strip
        if cut.rows % cut.strip:
            rows = code.call("smin", code.constant(cut.rows, "i64") - first, code.constant(cut.strip, "i64"))

        ending = epilogue(code, self.y, self.activation)

        def group(g: Value) -> None:
            self._group_of_outputs(code, g, (first, rows), pointers, ending)
            for b in range(self._group):
                self._if_there(code, g, b, lambda block: clear_halo(code, y, self.y, block, first, rows))

        code.loop(chunk * cut.chunk + cut.chunk, group, start=chunk * cut.chunk)

    def _group_of_outputs(
        self, code: Code, g: Value, some: tuple[Value, Number], pointers: Sequence[Value], ending: Epilogue
    ) -> None:
        """Write the loops over the tiles of some rows (the first, and how many), for one group of outputs."""
        first, rows = some
        most = places_of(code.target, self._group)
        together = max(1, most // self.y.width)
        columns = parts_of(self.y.width, most).runs()

        def tiles(height: int, row: Number) -> None:
            for start, width, count in columns:

                def tile(t: Number, start: int = start, width: int = width) -> None:
                    self._tile(code, (height, width), (g, row, t * width + start), pointers, ending)

                code.loop(count, tile)

        whole = rows // together
        rest = first + whole * together

        def several(r: Number) -> None:
            tiles(together, r * together + first)

        def one(r: Number) -> None:
            tiles(1, r + rest)

        code.loop(whole, several)
        if isinstance(rows, int) and rows % together:
            tiles(rows % together, rest)
        elif together > 1:
            code.loop(rows % together, one)

    def _tile(self, code: Code, size: tuple[int, int], at: At, pointers: Sequence[Value], ending: Epilogue) -> None:
        """Write a tile: its sums begin with the bias, and end with the epilogue."""
        x, weight, bias, y, *residual = pointers
        g, row, column = at
        places = [(r, c) for r in range(size[0]) for c in range(size[1])]
        biases = [code.load(bias, g * self._group + b) for b in range(self._group)]
        sums = tuple((value,) * len(places) for value in biases)
        sums = self._sums(code, sums, x, weight, places, at)
        for b in range(self._group):

            def store(block: Number, b: int = b) -> None:
                start = code.address(y, self.y.at(block, row, column))
                others = [code.address(p, self.residual.at(block, row, column)) for p in residual if self.residual]
                for p, (r, c) in enumerate(places):
                    value = sums[b][p]
                    if self.residual:
                        value = value + code.load(others[0], r * self.residual.row + c)
                    value = value if dear(self.activation) else ending.finish(code, value, block, None)
                    code.store(value, start, r * self.y.row + c)
                for r in range(size[0]) if dear(self.activation) else ():
                    finish_stored(code, ending, code.address(start, r * self.y.row), size[1], block)

            self._if_there(code, g, b, store)

    def _sums(
        self,
        code: Code,
        sums: Sums,
        x: Value,
        weight: Value,
        places: Sequence[tuple[int, int]],
        at: At,
    ) -> Sums:
        """Write the loops over what a tile reads."""
        g, row, column = at
        (down, right), (rows, taps) = self.geometry.dilation, self.geometry.kernel
        (sy, sx), ((top, _), (left, _)) = self.geometry.stride, self.geometry.padding
        lanes, unit = (1, "float") if isinstance(self.x, Planar) else (self.x.lanes, None)
        offsets = [(r * sy * self.x.row + c * sx) * lanes for r, c in places]
        slab = self._depth * self._group  # vectors of a tap's weights
        block = g // (self._groups // self.geometry.groups) * self._blocks if self.geometry.groups > 1 else 0
        start = code.address(x, self.x.at(block, row * sy - top, column * sx - left), of=unit)
        start_w = code.address(weight, g * (self._blocks * rows * taps * slab))

        def inputs(i: Number, *values: Value) -> tuple[Value, ...]:
            xi, wi = code.address(start, i * self.x.plane, of=unit), code.address(start_w, i * (rows * taps * slab))

            def kernel_row(a: Number, *values: Value) -> tuple[Value, ...]:
                xa = code.address(xi, a * (down * self.x.row), of=unit)
                wa = code.address(wi, a * (taps * slab))

                def tap(b: Number, *values: Value) -> tuple[Value, ...]:
                    xb, wb = code.address(xa, b * right, of=unit), code.address(wa, b * slab)

                    def depth(k: Number, *values: Value) -> tuple[Value, ...]:
                        xk, wk = code.address(xb, k, of="float"), code.address(wb, k * self._group)
                        return flat(accumulate(code, shaped(values, self._group), xk, wk, offsets))

                    return carried(code.loop(self._depth, depth, *values))

                return carried(code.loop(taps, tap, *values))

            return carried(code.loop(rows, kernel_row, *values))

        return shaped(carried(code.loop(self._blocks, inputs, *flat(sums))), self._group)

    def _if_there(self, code: Code, g: Value, b: int, body: Callable[[Number], None]) -> None:
        """Write what is done to block b of a group, if the output has that block."""
        block = g * self._group + b
        if b == 0 or self.y.blocks % self._group == 0:
            body(block)
        else:
            code.when(code.compare("slt", block, self.y.blocks), lambda: body(block))
