"""What people hand to a network, as the arrays that engines run on: (N, C, H, W), float32, contiguous, checked."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import Floats, as_array, as_float32
from ..errors import ShapeError
from ..layers.node import Node
from ..network import Network


def as_inputs(net: Network, images: Any, *, channels_last: bool = False) -> tuple[Floats, ...]:
    """Return one array (N, ...) for each input of `net`.

    Args:
        net: the network.
        images: (N, C, H, W), or (C, H, W) for one image; any real dtype, any layout; a tuple for several inputs.
        channels_last: the images are (N, H, W, C) or (H, W, C).

    Raises:
        ShapeError: the shape does not fit the network's input.
        DataError: not numbers, or not real ones.

    >>> from pellucid.layers import ReLU
    >>> (pixels,) = as_inputs(Network((1, 2, 3), [ReLU()]), np.zeros((4, 2, 3, 1), np.uint8), channels_last=True)
    >>> pixels.shape, pixels.dtype
    ((4, 1, 2, 3), dtype('float32'))
    """
    several: list[ArrayLike] = [images]
    if len(net.inputs) > 1 and isinstance(images, (tuple, list)):
        several = cast("list[ArrayLike]", list(images))  # pyright: ignore[reportUnknownArgumentType]
    if len(several) != len(net.inputs):
        raise ShapeError(
            f"network {net.name!r}",
            got=f"{len(several)} arrays",
            expected=f"{len(net.inputs)}: {', '.join(str(node.name) for node in net.inputs)}",
            fix="give a tuple with one array an input",
        )
    arrays = tuple(
        _as_batch(node, array, channels_last=channels_last) for node, array in zip(net.inputs, several, strict=True)
    )
    if len({len(array) for array in arrays}) > 1:
        raise ShapeError(
            f"network {net.name!r}",
            got=f"batches of {', '.join(str(len(array)) for array in arrays)}",
            expected="as many samples for each input",
            fix="give every input the same batch",
        )
    return arrays


def _as_batch(node: Node, images: ArrayLike, *, channels_last: bool) -> Floats:
    where = f"input {node.name!r}"
    array = as_array(where, images)
    wanted, given = node.shape, array.shape
    if array.ndim == len(wanted):
        array = array[None]
    if channels_last and array.ndim == len(wanted) + 1 and len(wanted) == 3:
        array = np.moveaxis(array, -1, 1)
    if array.shape[1:] != wanted:
        moved = len(wanted) == 3 and array.shape[1:] == (*wanted[1:], wanted[0])
        fix = "pass channels_last=True" if moved else "resize or reorder it; see the network's summary"
        if len(wanted) == 3 and wanted[0] == 1 and array.shape[-2:] == wanted[1:]:
            fix = "add the channel axis: images[:, None]"
        raise ShapeError(
            where,
            got=f"shape {given}",
            expected=f"(N, {', '.join(str(size) for size in wanted)}) or {wanted}",
            fix=fix,
        )
    return as_float32(where, array)
