"""Which kernels make a convolution in channel lanes: told by its geometry alone, from measurements of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..machine import Target
from ..samples.elementwise import Activation
from ..samples.geometry import ConvGeometry
from ..transforms import TAPS
from .direct import DirectConv
from .lanewise import LanewiseConv
from .layout import Blocked, Planar
from .winograd import WinogradConv, WinogradInputs, WinogradProducts, halo

FEW = 16  # channels below which transforms cost more than they save
KEPT = 3 << 20  # bytes of weights that may stay in the third cache from one image to the next
# A vector's multiply-add takes one; what else is done, in such units:
INPUTS, OUTPUTS = {2: 70, 4: 260}, {2: 50, 4: 200}  # transforming a tile and block of channels
STREAM, FLOOD = 1.3, 1.9  # a number of the weights from memory, for each of two cores; and if there are very many
MANY = 16 << 20  # bytes


@dataclass(frozen=True)
class Method:
    """A way to make a convolution.

    Args:
        kind: "direct"; "lanewise", for groups that are no whole blocks of lanes; or Winograd's, in one phase or two.
        size: outputs of one of Winograd's tiles along each axis.
    """

    kind: Literal["direct", "lanewise", "one phase", "two phases"]
    size: int = 0

    @property
    def pools(self) -> bool:
        """Whether the kernels can make the maximum of every two by two outputs on the way."""
        return self.size > 0

    def halo(self, geometry: ConvGeometry, height: int, width: int) -> tuple[int, int, int, int]:
        """Return the halo (top, bottom, left, right) that an input of height x width must have."""
        if self.size:
            return halo(geometry, height, width, self.size)
        (top, bottom), (left, right) = geometry.padding
        return top, bottom, left, right

    def kernels(
        self,
        x: Blocked | Planar,
        y: Blocked,
        geometry: ConvGeometry,
        activation: Activation | None = None,
        residual: Blocked | None = None,
        *,
        pool: bool = False,
    ) -> tuple[DirectConv | LanewiseConv | WinogradConv | WinogradInputs | WinogradProducts, ...]:
        """Return what is run, phase by phase; the last kernel packs the weights.

        Args:
            x: the input's layout.
            y: the output's layout, or that of the pool, if there is one.
            geometry: the convolution.
            activation: what is done to the sums.
            residual: the layout of a value that is added before the activation.
            pool: y is the maximum of every two by two outputs; only where `pools` says so.
        """
        if self.kind == "direct" or isinstance(x, Planar):
            return (DirectConv(x, y, geometry, activation, residual),)
        if self.kind == "lanewise":
            return (LanewiseConv(x, y, geometry, activation, residual),)
        fields = (x, y, geometry, self.size, activation, residual, pool)
        if self.kind == "one phase":
            return (WinogradConv(*fields),)
        return WinogradInputs(*fields), WinogradProducts(*fields)


DIRECT, LANEWISE = Method("direct"), Method("lanewise")


def choose(geometry: ConvGeometry, height: int, width: int, target: Target, *, exact: bool = False) -> Method:
    """Return how a convolution is best made.

    Args:
        geometry: the convolution.
        height: rows of its input.
        width: columns of its input.
        target: what the kernels are made for.
        exact: whether only kernels may be chosen that compute the definition's own products.

    >>> from pellucid.engines.native.machine import x86
    >>> choose(ConvGeometry(64, 64, (3, 3), padding=((1, 1), (1, 1))), 56, 56, x86("avx512"))
    Method(kind='one phase', size=4)
    """
    if geometry.groups > 1:
        inputs, outputs = geometry.inputs // geometry.groups, geometry.outputs // geometry.groups
        return LANEWISE if inputs % target.lanes or outputs % target.lanes else DIRECT
    three_by_three = geometry.kernel == (TAPS, TAPS) and geometry.stride == geometry.dilation == (1, 1)
    if exact or not three_by_three or min(geometry.inputs, geometry.outputs) < FEW:
        return DIRECT
    size = min((0, 4, 2), key=lambda size: _cost(geometry, height, width, target, size))
    if size == 0:
        return DIRECT
    few_tiles = _tiles(geometry, height, width, size) <= 64
    return Method("two phases" if few_tiles and _bytes(geometry, size) > KEPT else "one phase", size)


def _tiles(geometry: ConvGeometry, height: int, width: int, size: int) -> int:
    (top, bottom), (left, right) = geometry.padding
    rows, columns = height + top + bottom - TAPS + 1, width + left + right - TAPS + 1
    return -(-rows // size) * -(-columns // size)


def _bytes(geometry: ConvGeometry, size: int) -> int:
    """Return the bytes of the weights, transformed for tiles of a size."""
    return 4 * geometry.inputs * geometry.outputs * (size + TAPS - 1) ** 2


def _cost(geometry: ConvGeometry, height: int, width: int, target: Target, size: int) -> float:
    """Return the vector operations of each of two cores; a size of 0 stands for the direct kernel."""
    inputs, outputs = -(-geometry.inputs // target.lanes), -(-geometry.outputs // target.lanes)
    numbers = geometry.inputs * outputs
    points = (max(size, 1) + TAPS - 1) ** 2
    tiles = _tiles(geometry, height, width, max(size, 1))
    work = tiles * numbers * points / 2
    if size:
        work += tiles * (inputs * INPUTS[size] + outputs * OUTPUTS[size]) / 2
    weights = _bytes(geometry, max(size, 1))
    if weights <= KEPT:
        return work
    return max(work, weights / 4 * (STREAM if weights <= MANY else FLOOD) / 2)
