"""What people hand to training and evaluation, as checked arrays: inputs of the network, and targets of the loss."""

from __future__ import annotations

import hashlib
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

    def digest(self) -> str:
        """Return what tells these samples from all others: SHA-256 of their numbers."""
        data = hashlib.sha256()
        for array in (*self.inputs, self.targets):
            data.update(np.ascontiguousarray(array).data)
        return data.hexdigest()

    def batch(self, chosen: Any) -> tuple[tuple[Floats, ...], NDArray[Any]]:
        """Return inputs and targets of some samples, given by a slice or by their numbers."""
        return tuple(x[chosen] for x in self.inputs), self.targets[chosen]


def as_samples(
    what: str, net: Network, data: Dataset | tuple[ArrayLike, ArrayLike], loss: Loss, *, channels_last: bool = False
) -> Samples:
    """Return `data` in the form that `net` and `loss` take.

    Args:
        what: what the data are for, for errors.
        net: the network.
        data: a Dataset, or (images, targets); images are a tuple where the network has several inputs.
        loss: the loss.
        channels_last: images are (N, H, W, C); those of a Dataset never are.

    Raises:
        DataError, ShapeError: the data do not fit the network, the loss, or each other.
    """
    if isinstance(data, Dataset):
        images, targets, channels_last = data.images, data.labels, False
        _check_classes(what, net, data)
    elif isinstance(data, (tuple, list)) and len(data) == 2:  # pyright: ignore[reportUnnecessaryIsInstance] - or anything
        images, targets = data
    else:
        raise DataError(
            what, got=f"a {type(data).__name__}", expected="a Dataset, or (images, labels)", fix="give (images, labels)"
        )
    inputs = as_inputs(net, images, channels_last=channels_last)
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


def _check_classes(what: str, net: Network, data: Dataset) -> None:
    """Refuse data whose classes are other ones, or in another order, than the network's; bare numbers are no names."""
    numbered = data.classes == tuple(str(number) for number in range(len(data.classes)))
    if net.classes is None or numbered or net.classes == data.classes:
        return
    differs = next(
        (i for i, (ours, theirs) in enumerate(zip(net.classes, data.classes, strict=False)) if ours != theirs),
        min(len(net.classes), len(data.classes)),
    )
    ours, theirs = ([*names, "none"][min(differs, len(names))] for names in (net.classes, data.classes))
    raise DataError(
        what,
        got=f"class {differs} is {theirs!r}",
        expected=f"{ours!r}, as the network's classes have it",
        fix="order the data's classes as the network's, or set net.classes = None to go by numbers",
    )
