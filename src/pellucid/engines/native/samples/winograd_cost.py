"""Where Winograd's convolution pays in sample lanes, by the times that its parts and the direct kernels take.

They were measured with lanes of 16, and are told in products of vectors, two of which go by in a cycle. Shorter lanes
gain a little more.
"""

from __future__ import annotations

from ..transforms import TAPS, TILE
from .geometry import ConvGeometry
from .winograd_weights import POINTS

LANES = 16
INPUT, OUTPUT, TURN, GRADIENT, WAY_BACK = (
    340,
    260,
    220,
    260,
    44,
)  # of a tile and channel; the last, of a weight's kernel
GAIN = 1.2  # below it, the weights' transform, which comes once a batch, may take what was gained


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
    inputs, outputs, tiles = geometry.inputs, geometry.outputs, _tiles(height, width)
    products = POINTS * inputs * outputs * max(tiles, 2)
    return _fits(geometry) and _gains(geometry, height, width, products + tiles * (INPUT * inputs + OUTPUT * outputs))


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
    return _fits(geometry) and _gains(geometry, height, width, products + transforms)


def _fits(geometry: ConvGeometry) -> bool:
    shape = geometry.kernel, geometry.stride, geometry.dilation, geometry.groups
    return shape == ((TAPS, TAPS), (1, 1), (1, 1), 1) and all(0 <= n < TAPS for side in geometry.padding for n in side)


def _tiles(height: int, width: int) -> int:
    return -(-height // TILE) * -(-width // TILE)


def _gains(geometry: ConvGeometry, height: int, width: int, time: int) -> bool:
    return TAPS * TAPS * geometry.inputs * geometry.outputs * height * width > GAIN * time
