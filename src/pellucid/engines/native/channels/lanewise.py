"""Convolutions whose groups are no whole blocks of lanes: each lane reads the channels of its own group.

Depthwise convolutions read the lane itself, and groups that fill a block without crossing its border read lanes beside
it, by a shuffle. All others collect their lanes one by one, which is slow; they are rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..machine import Target
from ..samples.elementwise import Activation
from ..samples.geometry import ConvGeometry
from .epilogue import Epilogue, Floats, clear_halo, dear, epilogue, finish_stored, packed_bias
from .layout import Blocked
from .split import Split, split
from .tiles import carried, parts_of


@dataclass(frozen=True)
class LanewiseConv(Kernel):
    """y = activation(grouped convolution of x + bias + residual), one item being some blocks of channels of some rows.

    Args:
        x: the input's layout; its halo is at least the padding, and filled.
        y: the output's layout; its halo is filled with zeros.
        geometry: the convolution.
        activation: what is done to the sums.
        residual: the layout of a value that is added before the activation.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y", "residual")
    x: Blocked
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
        """Return the weights (outputs, inputs / groups, rows, columns) as the kernel reads them.

        Returns:
            (blocks of outputs, kernel rows, kernel columns, inputs of a group, lanes).
        """
        packed = np.zeros((self.y.blocks * self.y.lanes, *weight.shape[1:]), np.float32)
        packed[: len(weight)] = weight
        shaped = packed.reshape(self.y.blocks, self.y.lanes, *weight.shape[1:])
        return np.ascontiguousarray(shaped.transpose(0, 3, 4, 2, 1))

    def pack_bias(self, bias: Floats | None) -> Floats:
        """Return the bias as the kernel reads it; zeros, if there is none."""
        return packed_bias(bias, self.y.blocks * self.y.lanes)

    @cached_property
    def _inputs(self) -> int:
        """Inputs that each output reads."""
        return self.geometry.inputs // self.geometry.groups

    @cached_property
    def _beside(self) -> bool:
        """Whether a lane's inputs lie in the same block."""
        return self.geometry.inputs == self.geometry.outputs and self.x.lanes % self._inputs == 0

    @cached_property
    def _split(self) -> Split:
        macs = self.geometry.outputs * self.y.height * self.y.width * self._inputs * self.geometry.area
        # Strips would read the rows between them twice.
        return split(self.y.blocks, self.y.height, 1, macs=macs, reads=0, weights=1)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops over blocks, rows and tiles."""
        cut, ending = self._split, epilogue(code, self.y, self.activation)
        chunk, first = item // cut.strips * cut.chunk, item % cut.strips * cut.strip
        left = code.constant(cut.rows, "i64") - first
        rows = code.call("smin", left, code.constant(cut.strip, "i64"))
        runs = parts_of(self.y.width, self._places(code.target)).runs()

        def block(b: Value) -> None:
            def row(r: Value) -> None:
                for start, places, count in runs:

                    def tile(t: Number, start: int = start, places: int = places) -> None:
                        self._tile(code, places, (b, first + r, t * places + start), pointers, ending)

                    code.loop(count, tile)

            code.loop(rows, row)
            clear_halo(code, pointers[3], self.y, b, first, rows)

        code.loop(chunk + cut.chunk, block, start=chunk)

    def _places(self, target: Target) -> int:
        """Return how many places a tile has."""
        held = self.geometry.kernel[1] * self._inputs
        free = target.registers - held - (4 if target.fused else 6)
        return min(14, free) if self._beside and held <= target.registers // 2 else 1

    def _tile(
        self, code: Code, places: int, at: tuple[Value, Value, Number], pointers: Sequence[Value], ending: Epilogue
    ) -> None:
        """Write a tile of one row."""
        x, weight, bias, y, *residual = pointers
        block, row, column = at
        (rows, taps), (down, _), (sy, sx) = self.geometry.kernel, self.geometry.dilation, self.geometry.stride
        (top, _), (left, _) = self.geometry.padding
        source = self.x.at(block if self._beside else 0, row * sy - top, column * sx - left)
        start, w = code.address(x, source), code.address(weight, block * (rows * taps * self._inputs))

        def kernel_row(a: Number, *sums: Value) -> tuple[Value, ...]:
            here = code.address(start, a * (down * self.x.row)), code.address(w, a * (taps * self._inputs))
            return (self._row_beside if self._beside else self._row_anywhere)(code, *here, block, sums)

        sums = carried(code.loop(rows, kernel_row, *(code.load(bias, block),) * places))
        here = code.address(y, self.y.at(block, row, column))
        other = code.address(residual[0], self.residual.at(block, row, column)) if self.residual else None
        for p, value in enumerate(sums):
            total = value if other is None else value + code.load(other, p)
            code.store(total if dear(self.activation) else ending.finish(code, total, block, None), here, p)
        if dear(self.activation):
            finish_stored(code, ending, here, places, block)

    def _row_beside(self, code: Code, x: Value, w: Value, block: Value, sums: Sequence[Value]) -> tuple[Value, ...]:
        """Write a row of taps, where every vector of x is loaded once for all places and taps that read it."""
        (_, taps), (_, right), (_, stride) = self.geometry.kernel, self.geometry.dilation, self.geometry.stride
        table = list(sums)
        weights: dict[int, Value] = {}
        readers: dict[int, list[tuple[int, int]]] = {}
        for p in range(len(table)):
            for b in range(taps):
                readers.setdefault(p * stride + b * right, []).append((p, b))
        for place in sorted(readers):
            numbers = code.load(x, place)
            for i in range(self._inputs):
                read = self._shuffled(code, numbers, i)
                for p, b in readers[place]:
                    number = b * self._inputs + i
                    if number not in weights:
                        weights[number] = code.load(w, number)
                    table[p] = code.fma(read, weights[number], table[p])
        return tuple(table)

    def _shuffled(self, code: Code, numbers: Value, i: int) -> Value:
        """Return what each lane reads as input i of its group."""
        if self._inputs == 1:
            return numbers
        return code.shuffle(numbers, numbers, [n // self._inputs * self._inputs + i for n in range(code.lanes)])

    def _row_anywhere(self, code: Code, x: Value, w: Value, block: Value, sums: Sequence[Value]) -> tuple[Value, ...]:
        """Write a row of taps of one place, whose lanes are collected one by one."""
        (_, taps), (_, right) = self.geometry.kernel, self.geometry.dilation
        lanes, outputs = self.x.lanes, self.geometry.outputs // self.geometry.groups
        channels = np.minimum(np.arange(self.y.blocks * lanes), self.geometry.outputs - 1) // outputs * self._inputs
        read = channels.reshape(-1, 1, lanes) + np.arange(self._inputs)[:, None]  # (blocks, inputs, lanes)
        table = code.table((read // lanes * self.x.plane * lanes + read % lanes).ravel().tolist())

        def tap(b: Number, total: Value) -> Value:
            xb, wb = code.address(x, b * right), code.address(w, b * self._inputs)

            def one(i: Number, total: Value) -> Value:
                places = code.address(table, (block * self._inputs + i) * lanes, of="i64")
                numbers = code.zero()
                for n in range(lanes):
                    number = code.load(xb, code.load(places, n, of="i64"), of="float")
                    numbers = code.let(f"insertelement {code.vector} {numbers}, float {number}, i64 {n}", code.vector)
                return code.fma(numbers, code.load(wb, i), total)

            return code.loop(self._inputs, one, total)

        return (code.loop(taps, tap, *sums),)
