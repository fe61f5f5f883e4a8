"""Transposed convolution in channel lanes: outputs a stride apart are a plain convolution of their own."""

from __future__ import annotations

import numpy as np

from .....layers import Node
from .....wiring import name_of
from ...samples.geometry import Axis, ConvGeometry, gradient_axes
from ...samples.held import Halo
from ...samples.rules.transposed import halo_of, reversed_of
from ..builder import Builder
from ..choice import choose
from ..direct import DirectConv
from ..held import Floats, Held
from ..interleaving import Interleave, Spot
from ..lanewise import LanewiseConv
from ..packing import blocked_of
from .base import Rule, activated, layer_of


class TransposedRule(Rule):
    """ConvTranspose2d."""

    def halo(self, b: Builder, node: Node) -> Halo:
        """Return how far the outputs reach beyond the input."""
        return halo_of(node)

    def declines(self, node: Node) -> str | None:
        """Return that some outputs lie between all kernels."""
        bare = any(axis.taps == 0 for axes in _axes(node) for axis in axes)
        return "no kernel reaches some of its outputs" if bare else None

    def forward(self, b: Builder, node: Node) -> None:
        """Convolve for each residue of rows and columns, and put the parts together."""
        name, layer, x = name_of(node), layer_of(node), b.read(node.inputs[0], halo=halo_of(node))
        rows, columns = _axes(node)
        last = activated(b, node)
        whole = len(rows) == len(columns) == 1
        parts: list[Held] = []
        spots: list[Spot] = []
        for row in rows:
            for column in columns:
                shape = node.shape[0], row.count, column.count
                y = b.new(last.made) if whole else b.hold(f"part of {name}", blocked_of(shape, b.target.lanes))
                geometry = _geometry(reversed_of(node), row, column)
                method = choose(geometry, x.maps.height, x.maps.width, b.target, exact=True)
                (kernel,) = method.kernels(x.maps, y.maps, geometry, last.activation)
                assert isinstance(kernel, DirectConv | LanewiseConv)

                def pack(
                    weight: Floats | None,
                    kernel: DirectConv | LanewiseConv = kernel,
                    row: Axis = row,
                    column: Axis = column,
                ) -> Floats:
                    assert weight is not None
                    return kernel.pack(_turned(weight, row, column, layer.groups))

                form = type(kernel).__name__, row.start, column.start
                weights = b.weight(name, "weight", form, pack), b.weight(name, "bias", form, kernel.pack_bias)
                macs = node.inputs[0].shape[0] * geometry.outputs // layer.groups * geometry.area * row.count
                b.step(name, kernel, x, *weights, y, macs=macs * column.count)
                parts.append(y)
                spots.append((row.start, column.start, row.step, column.step))
        if not whole:
            y = b.new(last.made)
            b.step(name, Interleave(tuple(part.maps for part in parts), tuple(spots), y.maps), *parts, y)


def _axes(node: Node) -> tuple[list[Axis], list[Axis]]:
    """Return the loops over rows and columns of the output, one for each residue modulo the stride."""
    rows, columns = (gradient_axes(reversed_of(node), axis, node.shape[axis + 1]) for axis in (0, 1))
    return rows, columns


def _geometry(of: ConvGeometry, row: Axis, column: Axis) -> ConvGeometry:
    """Return the plain convolution that makes the outputs of one residue; its kernel is turned round."""
    before = [-(axis.first + (axis.taps - 1) * axis.reach) for axis in (row, column)]
    apart = max(1, -row.reach), max(1, -column.reach)
    padding = (before[0], 0), (before[1], 0)
    return ConvGeometry(of.outputs, of.inputs, (row.taps, column.taps), (1, 1), apart, padding, of.groups)


def _turned(weight: Floats, row: Axis, column: Axis, groups: int) -> Floats:
    """Return the taps of one residue, last tap first, as (outputs, inputs / groups, rows, columns)."""
    rows, columns = (axis.tap + np.arange(axis.taps)[::-1] * axis.tap_step for axis in (row, column))
    taps = weight[:, :, rows[:, None], columns]
    inputs, outputs = taps.shape[:2]
    cut = taps.reshape(groups, inputs // groups, outputs, *taps.shape[2:]).swapaxes(1, 2)
    return cut.reshape(groups * outputs, inputs // groups, *taps.shape[2:])
