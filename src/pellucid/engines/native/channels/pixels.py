"""Convolution of an image into few channels: neighbouring pixels fill the lanes, which channels would not.

Only at the end are the sums turned, so that channels lie in lanes as everywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..machine import Target
from ..samples.elementwise import Activation
from ..samples.geometry import ConvGeometry
from ..samples.packing import turned
from .epilogue import Floats, clear_halo
from .layout import Blocked, Planar
from .split import ITEMS, LEAST
from .tiles import carried

MOST_VECTORS = 8  # of a row, which are written out
MOST_TAPS = 16  # of a kernel's row, whose products are written out
TOGETHER = 2  # vectors of pixels that share a reading of the weights, and hide each other's latency


@dataclass(frozen=True)
class PixelConv(Kernel):
    """y = activation(convolution of x + bias), an item being some rows.

    Args:
        x: the image's layout; its halo is at least the padding, and zero.
        y: the output's layout, one block; its halo is filled with zeros.
        geometry: the convolution, without strides or groups.
        activation: what is done to the sums.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y")
    x: Planar
    y: Blocked
    geometry: ConvGeometry
    activation: Activation | None = None

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return -(-self.y.height // self._rows)

    @cached_property
    def _rows(self) -> int:
        """Rows of an item."""
        macs = self.geometry.inputs * self.geometry.outputs * self.geometry.area * self.y.height * self.y.width
        return -(-self.y.height // min(ITEMS, max(1, macs // LEAST)))

    def pack(self, weight: Floats) -> Floats:
        """Return the weights (outputs, inputs, rows, columns) as the kernel reads them: outputs last."""
        return np.ascontiguousarray(weight.transpose(1, 2, 3, 0))

    def pack_bias(self, bias: Floats | None) -> Floats:
        """Return the bias; zeros, if there is none."""
        return np.zeros(self.geometry.outputs, np.float32) if bias is None else bias

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over rows; the vectors of a row are written out, and the last one may overlap another."""
        y, lanes, first = pointers[3], code.lanes, item * self._rows
        rows = code.call("smin", code.constant(self.y.height, "i64") - first, code.constant(self._rows, "i64"))
        starts = [*range(0, self.y.width - lanes, lanes), self.y.width - lanes]

        def row(r: Number) -> None:
            for k in range(0, len(starts), TOGETHER):
                self._vectors(code, first + r, starts[k : k + TOGETHER], pointers)

        code.loop(rows, row)
        clear_halo(code, y, self.y, code.constant(0, "i64"), first, rows)

    def _vectors(self, code: Code, row: Value, starts: Sequence[int], pointers: Sequence[Value]) -> None:
        """Write the outputs of some vectors of pixels of a row."""
        x, weight, bias, y = pointers
        outputs, (rows, taps), (down, right) = self.geometry.outputs, self.geometry.kernel, self.geometry.dilation
        (top, _), (left, _) = self.geometry.padding

        def kernel_row(a: Number, *sums: Value, channel: Number) -> tuple[Value, ...]:
            source = code.address(x, self.x.at(channel, row + (a * down - top), -left), of="float")
            own = code.address(weight, (channel * rows + a) * (taps * outputs), of="float")
            done = list(sums)
            for b in range(taps):
                pixels = [code.load(code.address(source, start + b * right, of="float"), align=4) for start in starts]
                for o in range(outputs):
                    number = code.broadcast(own, b * outputs + o)
                    for p, vector in enumerate(pixels):
                        at = p * outputs + o
                        done[at] = code.fma(vector, number, done[at])
            return tuple(done)

        def channel(c: Number, *sums: Value) -> tuple[Value, ...]:
            return carried(code.loop(rows, partial(kernel_row, channel=c), *sums))

        begun = [code.broadcast(bias, o) for o in range(outputs)] * len(starts)
        sums = carried(code.loop(self.geometry.inputs, channel, *begun))
        for p, start in enumerate(starts):
            own = sums[p * outputs : (p + 1) * outputs]
            self._store(code, own, code.address(y, self.y.at(0, row, start)))

    def _store(self, code: Code, sums: Sequence[Value], place: Value) -> None:
        """Write the places of a vector of pixels, given their sums by channel."""
        lanes, zero = code.lanes, code.zero()
        values = [self.activation.apply(code, value) for value in sums] if self.activation else list(sums)
        values += [zero] * (-len(values) % 4)
        squares = [turned(code, values[q : q + 4]) for q in range(0, len(values), 4)]
        for k in range(lanes):
            group = range(k - k % 4, k - k % 4 + 4)  # of the lanes that hold four channels of this pixel
            vector = squares[0][k % 4]
            if len(squares) > 1:
                both = [*group, *(lane + lanes for lane in group)]
                vector = code.shuffle(vector, squares[1][k % 4], both + both[: lanes - 8])
                group = range(8)
            full = [*group, *range(lanes, 2 * lanes - len(group))]  # and zeros
            code.store(code.shuffle(vector, zero, full), place, k)


def suits(geometry: ConvGeometry, width: int, target: Target) -> bool:
    """Return whether a convolution of an image has so few outputs, and so wide, that pixels fill the lanes better.

    >>> from ..machine import x86
    >>> suits(ConvGeometry(1, 6, (5, 5)), 28, x86("avx512"))
    True
    """
    plain = geometry.stride == (1, 1) and geometry.groups == 1
    few = geometry.outputs <= min(8, target.lanes // 2) and geometry.kernel[1] <= MOST_TAPS
    return plain and few and target.lanes <= width <= MOST_VECTORS * target.lanes
