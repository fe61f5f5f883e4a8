"""A small network, state dicts for it, and files of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pellucid import Network
from pellucid.layers import BatchNorm2d, Conv2d, Flatten, Linear


def small() -> Network:
    """A network with statistics and a matrix."""
    return Network((1, 4, 4), [("conv", Conv2d(2, 3)), ("norm", BatchNorm2d()), Flatten(), ("fc", Linear(3))])


def state(**changes: object) -> dict[str, torch.Tensor]:
    """Weights that fit the small network, each number its own, with `changes`; None leaves a weight out."""
    net, made = small(), {}
    for number, name in enumerate(net.weights):
        shape = net.weights.specs[name].shape
        made[name] = torch.arange(1, 1 + int(np.prod(shape)), dtype=torch.float32).reshape(shape) + 100 * number
    made |= {name.replace("_", ".", 1): value for name, value in changes.items()}
    return {name: value for name, value in made.items() if value is not None}


def saved(path: Path, tensors: object) -> Path:
    """The file that torch.save writes."""
    torch.save(tensors, path)
    return path


def assert_loaded(net: Network, tensors: dict[str, torch.Tensor]) -> None:
    """Every weight is the file's."""
    for name in net.weights:
        np.testing.assert_array_equal(net.weights[name], tensors[name].to(torch.float32).numpy())


def bytes_of(net: Network) -> bytes:
    """All weights."""
    return b"".join(net.weights[name].tobytes() for name in net.weights)
