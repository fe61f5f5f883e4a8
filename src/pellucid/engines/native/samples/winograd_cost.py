"""Where Winograd's convolution pays in sample lanes, by the times that its parts and the direct kernels take.

They were measured with lanes of 16, and are told in products of vectors, two of which go by in a cycle. Shorter lanes
gain a little more.
"""

from __future__ import annotations

from ..transforms import BY_TAPS, REACH, TAPS, TILE
from .geometry import ConvGeometry, forward_axis
from .strips import Strips
from .winograd_weights import POINTS

LANES = 16
INPUT, OUTPUT, TURN, GRADIENT = 340, 260, 220, 260  # of a tile and channel
WEIGHTS, WAY_BACK = 25, 44  # of a weight's kernel; the first, of its transform, which a few blocks of samples share
ROW_INPUT, ROW_OUTPUT, ROW_PLACE = 35, 20, 5  # of a tile of a row and channel; the last, of each of its outputs
ROW_WEIGHTS, ROW_WAY_BACK = 8, 22  # of a row of a kernel, like those above
GAIN = 1.1  # what is to be gained at least


def pays(geometry: ConvGeometry, height: int, width: int) -> bool:
    """Return whether Winograd is faster than the direct convolution, forward or back to the input.

    Args:
        geometry: the convolution.
        height: rows of what is written.
        width: columns of what is written.

    >>> same = ((1, 1), (1, 1))
    >>> pays(ConvGeometry(64, 64, (3, 3), padding=same), 16, 16), pays(ConvGeometry(1, 32, (3, 3)), 26, 26)
    (True, False)
    """
    pairs, tiles = geometry.inputs * geometry.outputs, _tiles(height, width)
    transforms = tiles * (INPUT * geometry.inputs + OUTPUT * geometry.outputs) + WEIGHTS * pairs
    products = POINTS * pairs * max(tiles, 2)  # of one tile, they take as long as of two
    rows, columns = (
        TAPS * size - sum(side * (side + 1) // 2 for side in sides)  # the direct kernel leaves out zeros around maps
        for size, sides in zip((height, width), geometry.padding, strict=True)
    )
    return _fits(geometry) and rows * columns * pairs > GAIN * (products + transforms)


def weight_gradient_pays(geometry: ConvGeometry, height: int, width: int) -> bool:
    """Return whether Winograd is faster than the direct gradient of the weights.

    Args:
        geometry: the convolution.
        height: rows of the output.
        width: columns of the output.

    >>> same = ((1, 1), (1, 1))
    >>> weight_gradient_pays(ConvGeometry(3, 32, (3, 3), padding=same), 32, 32)
    False
    """
    outputs, tiles = geometry.outputs, _tiles(height, width)
    inputs = -(-geometry.inputs // LANES) * LANES  # lanes are channels here, and work whether or not they hold one
    products = POINTS * inputs * outputs * tiles
    transforms = tiles * ((INPUT + TURN) * inputs + GRADIENT * outputs) + WAY_BACK * inputs * outputs
    direct = TAPS * TAPS * geometry.inputs * outputs * height * width
    return _fits(geometry) and direct > GAIN * (products + transforms)


def rows_pay(geometry: ConvGeometry, height: int, width: int) -> bool:
    """Return whether Winograd along rows is faster than the direct convolution, forward and back to the input.

    Args:
        geometry: the convolution.
        height: rows of the output.
        width: columns of the output.

    >>> rows_pay(ConvGeometry(6, 16, (5, 5)), 10, 10), rows_pay(ConvGeometry(1, 6, (5, 5)), 24, 24)
    (True, False)
    """
    return _rows_pay(geometry, height, width, ROW_WEIGHTS)


def rows_weight_gradient_pays(geometry: ConvGeometry, height: int, width: int) -> bool:
    """Return whether Winograd along rows is faster than the direct gradient of the weights; the arguments are the same.

    >>> rows_weight_gradient_pays(ConvGeometry(6, 16, (5, 5)), 10, 10)
    True
    """
    return _rows_pay(geometry, height, width, ROW_WAY_BACK)


def _rows_pay(geometry: ConvGeometry, height: int, width: int, kernel: int) -> bool:
    if geometry.kernel[1] not in BY_TAPS or geometry.stride[1] != 1 or geometry.dilation[1] != 1:
        return False
    strips = Strips(geometry, width)
    pairs = geometry.inputs // geometry.groups * geometry.outputs
    rows, columns = (_met(geometry, axis, size) for axis, size in enumerate((height, width)))
    below = (height - 1) * geometry.stride[0] + geometry.dilation[0] * (geometry.kernel[0] - 1) + 1
    output = ROW_OUTPUT + ROW_PLACE * strips.size
    transforms = strips.tiles * (ROW_INPUT * geometry.inputs * below + output * geometry.outputs * height)
    products = rows * strips.tiles * REACH * pairs
    return rows * columns * pairs > GAIN * (products + transforms + kernel * strips.kernels)


def _met(geometry: ConvGeometry, axis: int, outputs: int) -> float:
    """Return how many pairs of an output and a tap meet the map, and not zeros around it, along an axis."""
    places = forward_axis(geometry, axis, outputs)
    size = (outputs - 1) * places.advance + (places.taps - 1) * places.reach + 1 - sum(geometry.padding[axis])
    return outputs * places.taps * (1 - places.outside(size))


def _fits(geometry: ConvGeometry) -> bool:
    shape = geometry.kernel, geometry.stride, geometry.dilation, geometry.groups
    return shape == ((TAPS, TAPS), (1, 1), (1, 1), 1) and all(0 <= n < TAPS for side in geometry.padding for n in side)


def _tiles(height: int, width: int) -> int:
    return -(-height // TILE) * -(-width // TILE)
