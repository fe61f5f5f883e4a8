"""What each operation of PyTorch is among our layers, given its arguments in PyTorch's order and names."""

from __future__ import annotations

from typing import Any

import numpy as np
from opinfo_samples import Call, ExcludedError, Given, Mapped
from opinfo_windows import WINDOWS, alone

from pellucid import layers


def elementwise(make: Any) -> Mapped:
    """Activations: the whole tensor is one sample."""

    def call(x: Given, *values: Any, inplace: bool = False, **named: Any) -> Call:
        return Call(make(*values, **named), [alone(x)])

    return call


def along(kind: type[layers.Softmax] | type[layers.LogSoftmax]) -> Mapped:
    """Softmax along a dimension of one sample."""

    def call(x: Given, dim: int, dtype: str | None = None) -> Call:
        if not x.shape:
            raise ExcludedError("a number without axes")
        return Call(kind(dim), [alone(x)])

    return call


def affine(channels: int, weight: Given | None, bias: Given | None) -> dict[str, Any]:
    """Scale and shift of channels; what is left out is 1 and 0."""
    given = {"weight": weight, "bias": bias}
    usual = {"weight": np.ones(channels), "bias": np.zeros(channels)}
    return {name: usual[name] if one is None else (one, one.shape) for name, one in given.items()}


def batch_norm(
    x: Given,
    mean: Given | None,
    variance: Given | None,
    weight: Given | None = None,
    bias: Given | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Call:
    """The first axis is the batch; without training the momentum is of no use."""
    if training and not 0 <= momentum <= 1:
        raise ExcludedError("a share of the new batch below 0 or above 1")
    if len(x.shape) not in (2, 3, 4):
        raise ExcludedError("volumes")
    channels, kind = x.shape[1], layers.BatchNorm2d if len(x.shape) == 4 else layers.BatchNorm1d
    learned = weight is not None or bias is not None
    layer = kind(eps=eps, momentum=momentum if training else 0.1, affine=learned)
    usual = {"running_mean": np.zeros(channels), "running_var": np.ones(channels)}
    followed = {"running_mean": mean, "running_var": variance}
    if not training and mean is None:
        raise ExcludedError("statistics of the batch without training")
    weights = {name: usual[name] if one is None else (one, one.shape) for name, one in followed.items()}
    weights |= affine(channels, weight, bias) if learned else {}
    return Call(layer, [(x, x.shape)], weights, training=training)


def instance_norm(
    x: Given,
    running_mean: Given | None = None,
    running_var: Given | None = None,
    weight: Given | None = None,
    bias: Given | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Call:
    """Of a map by itself; with running averages in use it is batch norm."""
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, 0.1, eps)
    channels, learned = x.shape[1], weight is not None or bias is not None
    layer = (
        layers.InstanceNorm2d(eps=eps, affine=learned)
        if len(x.shape) == 4
        else layers.GroupNorm(channels, eps=eps, affine=learned)
    )
    return Call(layer, [(x, x.shape)], affine(channels, weight, bias) if learned else {})


def group_norm(
    x: Given, num_groups: int, weight: Given | None = None, bias: Given | None = None, eps: float = 1e-5
) -> Call:
    """Groups of channels; the first axis is the batch."""
    learned = weight is not None or bias is not None
    layer = layers.GroupNorm(num_groups, eps=eps, affine=learned)
    return Call(layer, [(x, x.shape)], affine(x.shape[1], weight, bias) if learned else {})


def layer_norm(
    x: Given,
    normalized_shape: list[int],
    weight: Given | None = None,
    bias: Given | None = None,
    eps: float = 1e-5,
) -> Call:
    """The last axes; where these are all axes, the tensor is one sample."""
    if eps <= 0:
        raise ExcludedError("an eps below 0")
    count = len(normalized_shape)
    layer = layers.LayerNorm(tuple(range(-count, 0)), eps=eps, scale=weight is not None, bias=bias is not None)
    given = {"weight": weight, "bias": bias}
    return Call(layer, [alone(x)], {name: (one, one.shape) for name, one in given.items() if one is not None})


def local_response(x: Given, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Call:
    """The first axis is the batch."""
    return Call(layers.LocalResponseNorm(size, alpha=alpha, beta=beta, k=k), [(x, x.shape)])


def prelu(x: Given, weight: Given) -> Call:
    """One slope, or one a channel behind the batch."""
    if weight.shape in ((), (1,)):
        return Call(layers.PReLU(()), [alone(x)], {"weight": (weight, (1,))})
    return Call(layers.PReLU((0,)), [(x, x.shape)], {"weight": (weight, weight.shape)})


def linear(x: Given, weight: Given, bias: Given | None = None) -> Call:
    """The last axis of one sample."""
    if len(weight.shape) != 2:
        raise ExcludedError("a weight that is a vector")
    weights = {"weight": (weight, weight.shape)} | ({} if bias is None else {"bias": (bias, bias.shape)})
    return Call(layers.Linear(weight.shape[0], bias=bias is not None), [alone(x)], weights)


def dropout(x: Given, p: float = 0.5, training: bool = True, inplace: bool = False) -> Call:
    """What chance decides is not comparable."""
    if training and p not in (0.0, 1.0):
        raise ExcludedError("numbers drawn by chance")
    return Call(layers.Dropout(p), [alone(x)], training=training)


def dropout2d(x: Given, p: float = 0.5, training: bool = True, inplace: bool = False) -> Call:
    """Of maps."""
    if training and p not in (0.0, 1.0):
        raise ExcludedError("numbers drawn by chance")
    if len(x.shape) not in (3, 4):
        raise ExcludedError("no maps")
    return Call(layers.Dropout2d(p), [(x, x.shape if len(x.shape) == 4 else (1, *x.shape))], training=training)


def joined(kind: type[layers.Layer]) -> Mapped:
    """Two tensors of one rank after ones are put in front of the smaller one's axes."""

    def call(x: Given, other: Any, alpha: float = 1) -> Call:
        if not isinstance(other, Given) or alpha != 1:
            raise ExcludedError("a factor or a number instead of a second tensor")
        rank = max(len(x.shape), len(other.shape))
        if rank == 0:
            raise ExcludedError("a number without axes")
        return Call(kind(), [(one, (1, *[1] * (rank - len(one.shape)), *one.shape)) for one in (x, other)])

    return call


def concat(xs: list[Given], dim: int = 0) -> Call:
    """Tensors of one rank, each one sample."""
    if len({len(x.shape) for x in xs}) > 1 or len(xs) < 2:
        raise ExcludedError("one tensor, or tensors of different ranks")
    return Call(layers.Concat(dim), [alone(x) for x in xs])


def permute(x: Given, dims: list[int]) -> Call:
    """All axes of one sample."""
    if not x.shape:
        raise ExcludedError("a number without axes")
    return Call(layers.Permute(tuple(dim % len(x.shape) for dim in dims)), [alone(x)])


def reshape(x: Given, shape: list[int]) -> Call:
    """Another shape of one sample."""
    if not shape or not x.shape:
        raise ExcludedError("a number without axes")
    return Call(layers.Reshape(tuple(shape)), [alone(x)])


def flatten(x: Given, start_dim: int = 0, end_dim: int = -1) -> Call:
    """From the first axis of one sample, or behind the batch."""
    if not x.shape or end_dim != -1 or start_dim not in (0, 1):
        raise ExcludedError("some axes in the middle, or a number without axes")
    return Call(layers.Flatten(), [alone(x) if start_dim == 0 else (x, x.shape)])


def bounds(x: Given, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Call:
    """A clip."""
    return Call(layers.Clip(min_val, max_val), [alone(x)])


OPERATIONS: dict[str, Mapped] = {
    **WINDOWS,
    "add": joined(layers.Add),
    "cat": concat,
    "flatten": flatten,
    "log_softmax": along(layers.LogSoftmax),
    "mul": joined(layers.Multiply),
    "nn.functional.batch_norm": batch_norm,
    "nn.functional.celu": elementwise(layers.CELU),
    "nn.functional.dropout": dropout,
    "nn.functional.dropout2d": dropout2d,
    "nn.functional.elu": elementwise(layers.ELU),
    "nn.functional.gelu": elementwise(layers.GELU),
    "nn.functional.group_norm": group_norm,
    "nn.functional.hardsigmoid": elementwise(layers.HardSigmoid),
    "nn.functional.hardswish": elementwise(layers.HardSwish),
    "nn.functional.hardtanh": bounds,
    "nn.functional.instance_norm": instance_norm,
    "nn.functional.layer_norm": layer_norm,
    "nn.functional.leaky_relu": elementwise(layers.LeakyReLU),
    "nn.functional.linear": linear,
    "nn.functional.local_response_norm": local_response,
    "nn.functional.mish": elementwise(layers.Mish),
    "nn.functional.prelu": prelu,
    "nn.functional.relu": elementwise(layers.ReLU),
    "nn.functional.relu6": elementwise(layers.ReLU6),
    "nn.functional.selu": elementwise(layers.SELU),
    "nn.functional.silu": elementwise(layers.SiLU),
    "nn.functional.softplus": elementwise(layers.Softplus),
    "nn.functional.softsign": elementwise(layers.Softsign),
    "permute": permute,
    "reshape": reshape,
    "sigmoid": elementwise(layers.Sigmoid),
    "softmax": along(layers.Softmax),
    "sub": joined(layers.Subtract),
    "tanh": elementwise(layers.Tanh),
}
