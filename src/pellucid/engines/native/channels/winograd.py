"""Winograd's convolution in channel lanes: 3x3 kernels of stride 1, with a quarter or less than half of the products.

Either one kernel makes everything of a group of tiles, or two kernels one after another: the first makes the points of
the whole map, the second makes some output channels of them. Two are better where there are few tiles and many
channels, since each number of the weights is then read once.

Outputs of a tile are sums of the same products: an infinite input makes NaN of the whole tile, not of its window alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..samples.elementwise import Activation
from ..samples.geometry import ConvGeometry
from ..transforms import MATRICES, TAPS
from .epilogue import Floats, clear_halo, dear, packed_bias
from .layout import Blocked
from .stages import Stages
from .tiles import group_of

AT_ONCE = 64  # tiles that share a reading of the weights, where points need not stay in the second cache


@dataclass(frozen=True)
class Winograd(Kernel):
    """What the kernels of a convolution y = activation(convolution of x + bias + residual) have in common.

    Args:
        x: the input's layout; its halo is at least `halo`, and zero.
        y: the output's layout; its halo is filled with zeros. It must not lie where the residual lies.
        geometry: the convolution: 3x3, without stride, dilation or groups.
        size: outputs of a tile along each axis: 4, or 2 for smaller weights.
        activation: what is done to the sums.
        residual: the layout of a value that is added before the activation.
        pool: y is the maximum of every two by two outputs.
    """

    x: Blocked
    y: Blocked
    geometry: ConvGeometry
    size: int = 4
    activation: Activation | None = None
    residual: Blocked | None = None
    pool: bool = False

    def pack(self, weight: Floats) -> Floats:
        """Return the weights (outputs, inputs, 3, 3) transformed, as the kernels read them.

        Returns:
            (groups of outputs, points, inputs, outputs of a group), rounded once, from float64.
        """
        matrix, width = np.array(MATRICES[self.size][1]), self._group * self.y.lanes
        both_axes, inputs = np.kron(matrix, matrix), weight.shape[1]  # (points, taps)
        taps, points = np.zeros((TAPS * TAPS, inputs, width)), np.empty((len(both_axes), inputs * width))
        packed = np.empty((self._groups, *points.shape), np.float32)
        for group in range(self._groups):
            own = weight[group * width : (group + 1) * width]
            taps[:, :, len(own) :] = 0
            taps[:, :, : len(own)] = own.reshape(*own.shape[:2], -1).T
            np.matmul(both_axes, taps.reshape(len(taps), -1), out=points)
            packed[group] = points
        return packed.reshape(self._groups, len(both_axes), inputs, width)

    def pack_bias(self, bias: Floats | None) -> Floats:
        """Return the bias as the kernels read it; zeros, if there is none."""
        return packed_bias(bias, self._groups * self._group * self.y.lanes)

    @cached_property
    def _group(self) -> int:
        """Blocks of outputs that are made at once."""
        return group_of(self.y.blocks)

    @cached_property
    def _groups(self) -> int:
        """Groups of outputs."""
        return -(-self.y.blocks // self._group)

    @cached_property
    def _output(self) -> tuple[int, int]:
        """Height and width of the convolution's output, before a pool."""
        (top, bottom), (left, right) = self.geometry.padding
        return self.x.height + top + bottom - TAPS + 1, self.x.width + left + right - TAPS + 1

    @cached_property
    def _tiles(self) -> int:
        """Tiles of the map."""
        height, width = self._output
        return -(-height // self.size) * -(-width // self.size)

    def _stages(self, tiles: int) -> Stages:
        (top, _), (left, _) = self.geometry.padding
        return Stages(
            self.x,
            self.y,
            (top, left),
            self._output,
            self.size,
            tiles,
            self._group,
            self.activation,
            self.residual,
            self.pool,
        )

    def _first(self, code: Code, number: Value, tiles: int) -> Value:
        """Return the first tile of a group; the last group begins earlier rather than being smaller."""
        return code.call("smin", number * tiles, code.constant(self._tiles - tiles, "i64"))


@dataclass(frozen=True)
class WinogradConv(Winograd):
    """All stages: an item is all outputs of a group of tiles."""

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y", "scratch", "residual")

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 + (self.residual is not None)

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return -(-self._tiles // self._together)

    @property
    def scratch(self) -> int:
        """Floats of scratch that each thread needs."""
        stages = self._stages(self._together)
        return (stages.v_size + stages.m_size) * self.x.lanes

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the three stages."""
        x, u, bias, y, v, *residual = pointers
        stages = self._stages(self._together)
        m, first = code.address(v, stages.v_size), self._first(code, item, stages.tiles)
        tiles = first, item * stages.tiles
        stages.inputs(code, x, v, first, (0, self.x.blocks))

        def group(g: Value) -> None:
            stages.products(code, v, code.address(u, g * stages.u_size), m)
            stages.outputs(code, m, (bias, y, *residual), g, tiles)

        code.loop(code.constant(self._groups, "i64"), group)
        if dear(self.activation):
            stages.activate(code, y, (code.constant(0, "i64"), self.y.blocks), tiles)
        rows = -(-self.y.height // self.items)
        top = item * rows
        count = code.call("smin", code.constant(self.y.height, "i64") - top, code.constant(rows, "i64"))

        def clear(block: Value) -> None:
            clear_halo(code, y, self.y, block, top, count)

        code.loop(code.constant(self.y.blocks, "i64"), clear)

    @cached_property
    def _together(self) -> int:
        """Tiles of a group: no more than a product makes at once, since reading the weights again costs little."""
        return tiles_of(self._tiles, 14)


@dataclass(frozen=True)
class WinogradInputs(Winograd):
    """The first stage for the whole map: an item is some blocks of channels of a group of tiles."""

    arguments: ClassVar[tuple[str, ...]] = ("x", "v")

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return groups_of_tiles(self._tiles)[1] * self._chunks

    @property
    def floats(self) -> int:
        """Numbers of v, which the second kernel reads."""
        tiles, groups = groups_of_tiles(self._tiles)
        return self._stages(tiles).v_size * groups * self.x.lanes

    @cached_property
    def _chunks(self) -> int:
        """Chunks of blocks of channels."""
        return next(count for count in (4, 2, 1) if self.x.blocks % count == 0)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the first stage."""
        x, v = pointers
        tiles, _ = groups_of_tiles(self._tiles)
        stages, number, chunk = self._stages(tiles), item // self._chunks, item % self._chunks
        blocks = self.x.blocks // self._chunks
        first = self._first(code, number, tiles)
        stages.inputs(
            code, x, code.address(v, number * stages.v_size), first, (chunk * blocks, chunk * blocks + blocks)
        )


@dataclass(frozen=True)
class WinogradProducts(Winograd):
    """The second and third stage: an item is a group of outputs of a group of tiles."""

    arguments: ClassVar[tuple[str, ...]] = ("v", "weight", "bias", "y", "scratch", "residual")

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 + (self.residual is not None)

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return self._groups * groups_of_tiles(self._tiles)[1]

    @property
    def scratch(self) -> int:
        """Floats of scratch that each thread needs."""
        return self._stages(groups_of_tiles(self._tiles)[0]).m_size * self.x.lanes

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write both stages."""
        v, u, bias, y, m, *residual = pointers
        tiles, groups = groups_of_tiles(self._tiles)
        stages, g, number = self._stages(tiles), item // groups, item % groups
        first = self._first(code, number, tiles)
        stages.products(code, code.address(v, number * stages.v_size), code.address(u, g * stages.u_size), m)
        stages.outputs(code, m, (bias, y, *residual), g, (first, number * tiles))
        if dear(self.activation):
            begin = g * self._group
            end = code.call("smin", begin + self._group, code.constant(self.y.blocks, "i64"))
            stages.activate(code, y, (begin, end), (first, number * tiles))
        rows = -(-self.y.height // groups)
        top = number * rows
        count = code.call("smin", code.constant(self.y.height, "i64") - top, code.constant(rows, "i64"))

        def clear(b: Number) -> None:
            block = g * self._group + b
            there = code.compare("slt", block, self.y.blocks)
            code.when(there, lambda: clear_halo(code, y, self.y, block, top, count))

        code.loop(self._group, clear)


def halo(geometry: ConvGeometry, height: int, width: int, size: int) -> tuple[int, int, int, int]:
    """Return the halo (top, bottom, left, right) that whole tiles read around an input of height x width.

    >>> halo(ConvGeometry(1, 1, (3, 3), padding=((1, 1), (1, 1))), 8, 7, 4)
    (1, 1, 1, 2)
    """
    sides: list[int] = []
    for places, (before, after) in zip((height, width), geometry.padding, strict=True):
        outputs = places + before + after - TAPS + 1
        sides += [before, after + -outputs % size]
    return sides[0], sides[1], sides[2], sides[3]


def tiles_of(tiles: int, most: int) -> int:
    """Return how many tiles a group has, so that two threads end together, and little is made twice.

    >>> tiles_of(196, 14), tiles_of(49, 14), tiles_of(16, 14)
    (14, 13, 8)
    """

    def cost(together: int) -> int:
        groups = -(-tiles // together)
        return -(-groups // 2) * together

    return min(range(min(tiles, most), min(tiles, most) // 2, -1), key=cost)


def groups_of_tiles(tiles: int) -> tuple[int, int]:
    """Return the tiles of a group, and the groups, where all points of the map are made before the products.

    >>> groups_of_tiles(49), groups_of_tiles(196)
    ((49, 1), (49, 4))
    """
    groups = -(-tiles // AT_ONCE)
    return -(-tiles // groups), groups
