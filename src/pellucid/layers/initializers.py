"""The first values of weights, by name. Each says where its formula comes from.

| name | values | used by |
| --- | --- | --- |
| "pytorch" | uniform +-1/sqrt(fan_in) | PyTorch's Conv2d and Linear, weight and bias |
| "keras", "glorot_uniform", "xavier_uniform" | uniform +-sqrt(6/(fan_in + fan_out)) | Keras's Conv2D and Dense |
| "glorot_normal", "xavier_normal" | normal, std sqrt(2/(fan_in + fan_out)) | Glorot and Bengio, AISTATS 2010 |
| "he_uniform", "kaiming_uniform" | uniform +-sqrt(6/fan_in) | He et al., ICCV 2015 |
| "he_normal", "kaiming_normal" | normal, std sqrt(2/fan_in) | the same, for ReLU networks |
| "zeros", "ones" | constants | biases; the scale of a batch norm |
| "prelu" | 0.25 | He et al., ICCV 2015: the slopes of PReLU |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .params import choice


@dataclass(frozen=True, slots=True)
class Weight:
    """One array of a layer, before it has values.

    Args:
        shape: its shape.
        initializer: the name of its first values, a key of `INITIALIZERS`.
        fan_in: inputs that one output sums over.
        fan_out: outputs that one input goes into.
        trainable: False for what only watches the data, such as running means.
    """

    shape: tuple[int, ...]
    initializer: str = "zeros"
    fan_in: int = 1
    fan_out: int = 1
    trainable: bool = True

    def initial(self, generator: np.random.Generator) -> NDArray[np.float32]:
        """Return the first values: float32 of `shape`."""
        return INITIALIZERS[self.initializer](self, generator)


Initializer = Callable[[Weight, np.random.Generator], NDArray[np.float32]]


def _uniform(bound: Callable[[Weight], float]) -> Initializer:
    def initial(weight: Weight, generator: np.random.Generator) -> NDArray[np.float32]:
        numbers = generator.random(weight.shape, dtype=np.float32)
        numbers -= np.float32(0.5)
        numbers *= np.float32(2 * bound(weight))
        return numbers

    return initial


def _normal(std: Callable[[Weight], float]) -> Initializer:
    def initial(weight: Weight, generator: np.random.Generator) -> NDArray[np.float32]:
        numbers = generator.standard_normal(weight.shape, dtype=np.float32)
        numbers *= np.float32(std(weight))
        return numbers

    return initial


def _constant(value: float) -> Initializer:
    return lambda weight, generator: np.full(weight.shape, value, np.float32)


_GLOROT_UNIFORM = _uniform(lambda w: (6 / (w.fan_in + w.fan_out)) ** 0.5)
_GLOROT_NORMAL = _normal(lambda w: (2 / (w.fan_in + w.fan_out)) ** 0.5)
_HE_UNIFORM = _uniform(lambda w: (6 / w.fan_in) ** 0.5)
_HE_NORMAL = _normal(lambda w: (2 / w.fan_in) ** 0.5)

INITIALIZERS: dict[str, Initializer] = {
    "pytorch": _uniform(lambda w: w.fan_in**-0.5),
    "keras": _GLOROT_UNIFORM,
    "glorot_uniform": _GLOROT_UNIFORM,
    "xavier_uniform": _GLOROT_UNIFORM,
    "glorot_normal": _GLOROT_NORMAL,
    "xavier_normal": _GLOROT_NORMAL,
    "he_uniform": _HE_UNIFORM,
    "kaiming_uniform": _HE_UNIFORM,
    "he_normal": _HE_NORMAL,
    "kaiming_normal": _HE_NORMAL,
    "zeros": _constant(0.0),
    "ones": _constant(1.0),
    "prelu": _constant(0.25),
}

initializer = choice(*INITIALIZERS)
