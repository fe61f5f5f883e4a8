"""Arrays in channel lanes for tests, and what a convolution makes of plain ones."""

from __future__ import annotations

import numpy as np
from engines.native.harness import aligned

from pellucid.engines.native.channels.layout import Blocked, Planar
from pellucid.engines.native.samples.geometry import ConvGeometry
from pellucid.layers import Conv2d

UNTOUCHED = np.float32(-77)


def places(array: np.ndarray, layout: Blocked | Planar) -> np.ndarray:
    """A view of a value's places with its halo: (blocks, rows, columns, lanes), or (channels, rows, columns)."""
    top, bottom, left, right = layout.halo
    rows, columns = top + layout.height + bottom, left + layout.width + right
    if isinstance(layout, Planar):
        planes = array.reshape(layout.channels, layout.plane)
        return planes[:, : rows * layout.row].reshape(-1, rows, layout.row)[:, :, :columns]
    planes = array.reshape(layout.blocks, layout.plane, layout.lanes)
    return planes[:, : rows * layout.row].reshape(-1, rows, layout.row, layout.lanes)[:, :, :columns]


def laid_out(value: np.ndarray, layout: Blocked | Planar) -> np.ndarray:
    """A value (C, H, W) as kernels read it: zeros around it, and something else between rows and planes."""
    array = aligned(np.full(layout.floats, UNTOUCHED, np.float32))
    view = places(array, layout)
    view[...] = 0
    top, _, left, _ = layout.halo
    inside = view[:, top : top + layout.height, left : left + layout.width]
    if isinstance(layout, Planar):
        inside[...] = value
    else:
        full = np.zeros((layout.blocks * layout.lanes, layout.height, layout.width), np.float32)
        full[: layout.channels] = value
        inside[...] = full.reshape(layout.blocks, layout.lanes, layout.height, layout.width).transpose(0, 2, 3, 1)
    return array


def room(layout: Blocked) -> np.ndarray:
    """Room for a value, with something in it."""
    return aligned(np.full(layout.floats, UNTOUCHED, np.float32))


def value_of(array: np.ndarray, layout: Blocked) -> np.ndarray:
    """The value (C, H, W); demands that the halo and the lanes without a channel are zero, and nothing else touched."""
    again = laid_out(np.zeros((layout.channels, layout.height, layout.width)), layout)
    top, _, left, _ = layout.halo
    inside = (slice(None), slice(top, top + layout.height), slice(left, left + layout.width))
    value = places(array, layout)[inside].transpose(0, 3, 1, 2).reshape(-1, layout.height, layout.width)
    assert not value[layout.channels :].any()
    places(again, layout)[inside] = places(array, layout)[inside]
    np.testing.assert_array_equal(array, again)
    return value[: layout.channels]


def convolved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, geometry: ConvGeometry) -> np.ndarray:
    """The convolution's own definition, in the numbers' own precision."""
    layer = Conv2d(
        geometry.outputs,
        geometry.kernel,
        stride=geometry.stride,
        dilation=geometry.dilation,
        padding=geometry.padding,
        groups=geometry.groups,
        bias=bias is not None,
    )
    weights = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return layer.forward(x[None], w=weights, run=None)[0]  # pyright: ignore[reportArgumentType]


def output_size(geometry: ConvGeometry, height: int, width: int) -> tuple[int, int]:
    """Height and width of a convolution's output."""
    sizes = zip((height, width), geometry.kernel, geometry.stride, geometry.dilation, geometry.padding, strict=True)
    rows, columns = ((n + sum(pad) - d * (k - 1) - 1) // s + 1 for n, k, s, d, pad in sizes)
    return rows, columns
