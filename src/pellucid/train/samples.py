"""What people hand to training and evaluation, as checked arrays: inputs of the network, and targets of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import as_inputs
from ..errors import DataError
from ..network import Network
from .dataset import Dataset
from .losses import Loss

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, one array (N, ...) an input of the network, and the targets (N, ...) that belong to them."""

    inputs: tuple[Floats, ...]
    targets: NDArray[Any]

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The class numbers (N,), or None where the targets are not classes."""
        return self.targets if self.targets.dtype == np.int64 else None

    def batch(self, chosen: Any) -> tuple[tuple[Floats, ...], NDArray[Any]]:
        """Return inputs and targets of some samples, given by a slice or by their numbers."""
        return tuple(x[chosen] for x in self.inputs), self.targets[chosen]


def as_samples(what: str, net: Network, data: Dataset | tuple[ArrayLike, ArrayLike], loss: Loss) -> Samples:
    """Return `data` in the form that `net` and `loss` take.

    Args:
        what: what the data are for, for errors.
        net: the network.
        data: a Dataset, or (images, targets); images are a tuple where the network has several inputs.
        loss: the loss.

    Raises:
        DataError, ShapeError: the data do not fit the network, the loss, or each other.
    """
    if isinstance(data, Dataset):
        images, targets = data.images, data.labels
    elif isinstance(data, (tuple, list)) and len(data) == 2:  # pyright: ignore[reportUnnecessaryIsInstance] - or anything
        images, targets = data
    else:
        raise DataError(
            what, got=f"a {type(data).__name__}", expected="a Dataset, or (images, labels)", fix="give (images, labels)"
        )
    inputs = as_inputs(net, images)
    try:
        checked = loss.check(net, targets)
    except DataError as error:
        raise DataError(what, got=error.got, expected=error.expected, fix=error.fix) from None
    if len(inputs[0]) != len(checked) or not len(checked):
        raise DataError(
            what,
            got=f"{len(inputs[0])} images and {len(checked)} labels",
            expected="one label an image, 1 or more",
            fix="leave out the rest, or find what is missing" if len(checked) else "add samples",
        )
    for node, x in zip(net.inputs, inputs, strict=True):
        if not (np.isfinite(x.min()) and np.isfinite(x.max())):  # no copy of all data; the rest is for the message
            bad = ~np.isfinite(x).reshape(len(x), -1).all(axis=1)
            raise DataError(
                what,
                got=f"a number that is not finite in sample {int(bad.argmax())} of input {node.name!r}",
                expected="finite numbers",
                fix="correct it, or leave the sample out",
            )
    return Samples(inputs, checked)
