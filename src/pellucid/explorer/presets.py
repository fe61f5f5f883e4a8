"""Layers to begin with: what a kind is made of when it is put into a network by its name alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import layers as kinds
from ..errors import ParameterError, PellucidError
from ..layers import REGISTRY, Layer
from ..layers.node import Shape

Values = dict[str, Any]

_POOLS: list[Values] = [{"kernel_size": 2}, {"kernel_size": 3, "stride": 1, "padding": 1}, {"kernel_size": 1}]


def _same_size(channels: int) -> list[Values]:
    return [
        {"out_channels": channels, "kernel_size": 3, "padding": 1},
        {"out_channels": channels, "kernel_size": 1},
    ]


def _groups(channels: int) -> int:
    """Return a number of groups that channels can be parted into."""
    return next((groups for groups in (4, 2, 3) if channels % groups == 0), 1)


# What kinds with parameters that must be given are tried with, the most useful first; a kind that is absent needs none.
_FIRST: Mapping[type[Layer], Callable[[Shape], list[Values]]] = {
    kinds.Conv2d: lambda shape: _same_size(shape[0]),
    kinds.ConvTranspose2d: lambda shape: _same_size(shape[0]),
    kinds.SeparableConv2d: lambda shape: _same_size(shape[0]),
    kinds.MaxPool2d: lambda shape: _POOLS,
    kinds.AvgPool2d: lambda shape: _POOLS,
    kinds.LpPool2d: lambda shape: [{"norm_type": 2.0, **values} for values in _POOLS],
    kinds.AdaptiveAvgPool2d: lambda shape: [{"output_size": shape[1:]}],
    kinds.AdaptiveMaxPool2d: lambda shape: [{"output_size": shape[1:]}],
    kinds.Linear: lambda shape: [{"out_features": shape[0]}],
    kinds.LocalResponseNorm: lambda shape: [{"size": 5}],
    kinds.GroupNorm: lambda shape: [{"num_groups": _groups(shape[0])}],
    kinds.Pad2d: lambda shape: [{"padding": 1}],
    kinds.ZeroPad2d: lambda shape: [{"padding": 1}],
    kinds.Upsample: lambda shape: [{"scale_factor": 2}, {"scale_factor": 1}],
    kinds.Reshape: lambda shape: [{"shape": shape}, {"shape": (math.prod(shape),)}],
    kinds.Permute: lambda shape: [{"order": (0, *range(len(shape) - 1, 0, -1))}, {"order": tuple(range(len(shape)))}],
    kinds.Slice: lambda shape: [{"start": 0}],
    kinds.ChannelShuffle: lambda shape: [{"groups": _groups(shape[0])}],
    kinds.PixelShuffle: lambda shape: [{"upscale_factor": 2}, {"upscale_factor": 1}],
    kinds.Clip: lambda shape: [{"min": 0.0, "max": 1.0}],
}


def presets(kind: str, shape: Shape, values: Values, like: Layer | None = None) -> Sequence[Layer]:
    """Return layers of a kind to try in a place, the most useful first.

    Args:
        kind: the layers' kind.
        shape: the shape of what they would read.
        values: parameters that are chosen already.
        like: a layer whose parameters are taken over where the kind has parameters of the same names.

    Raises:
        ParameterError, UnknownNameError: the chosen parameters cannot be.

    >>> presets("Conv2d", (4, 8, 8), {"kernel_size": 5})[0]
    Conv2d(4, 5, padding=1)
    """
    cls = REGISTRY[kind]
    first: list[Values] = _FIRST[cls](shape) if cls in _FIRST and len(shape) in (1, 3) else [{}]
    shared = {} if like is None else {name: value for name, value in like.config().items() if _has(cls, name, value)}
    made: list[Layer] = []
    refusal: PellucidError | None = None
    for taken in [shared, {}] if shared else [{}]:
        for given in first:
            try:
                made.append(cls(**{**given, **taken, **values}))
            except (PellucidError, IndexError) as error:
                refusal = error if isinstance(error, PellucidError) else refusal
    if not made:
        raise refusal or ParameterError(
            kind, got=f"a value of shape {shape}", expected="maps (channels, height, width)", fix="put it after maps"
        )
    return made


def _has(cls: type[Layer], name: str, value: Any) -> bool:
    """Return whether a kind has a parameter that could have this value."""
    fields: Mapping[str, Any] = getattr(cls, "__dataclass_fields__", {})
    if name not in fields:
        return False
    try:
        fields[name].metadata["converter"](value)
    except ParameterError:
        return False
    return True
