"""PyTorch as the judge of our definitions: values and all gradients, in float64.

Where we allow more than PyTorch (four sides, "same" with a stride, padding beyond half a window), the input is padded
for it first, by its own `pad`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch_judge_of_movement import padded, pixels, resized, separable, sides, sliced, transposed

from pellucid.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    LayerNorm,
    LocalResponseNorm,
    LpPool2d,
    MaxPool2d,
    PReLU,
    Scale,
)
from pellucid.layers.base import Layer, Run

Array = NDArray[Any]
F: Any = torch.nn.functional
Tensor = torch.Tensor
Tensors = Mapping[str, Tensor]
BATCH = 3
EXACT: Any = {"rtol": 1e-11, "atol": 1e-12}  # float64 sums of at most some hundred terms, in another order


@contextmanager
def one_torch_thread() -> Generator[None]:
    """On small tensors PyTorch's threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# PyTorch's way of each layer: inputs, weights, run -> output


def conv(layer: Conv2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Pad, then convolve."""
    mode = {"zeros": "constant"}.get(layer.padding_mode, layer.padding_mode)
    padded = F.pad(x, sides(*layer.windows(), x.shape[2], x.shape[3]), mode=mode)
    return F.conv2d(
        padded, w["weight"], w.get("bias"), stride=layer.stride, dilation=layer.dilation, groups=layer.groups
    )


def held(layer: MaxPool2d | AvgPool2d | LpPool2d, x: Tensor, value: float) -> tuple[Tensor, tuple[int, int]]:
    """The input with room for every window, and how many windows there are: PyTorch need neither pad nor round up."""
    rows, columns = layer.windows()
    (top, bottom), (left, right) = rows.extent(x.shape[2]), columns.extent(x.shape[3])
    return F.pad(x, [left, right, top, bottom], value=value), (rows.out(x.shape[2]), columns.out(x.shape[3]))


def maximum(layer: MaxPool2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Pad with -inf, then take maxima."""
    padded, (height, width) = held(layer, x, -torch.inf)
    y = F.max_pool2d(padded, layer.kernel_size, layer.stride, dilation=layer.dilation)
    return y[:, :, :height, :width]


def average(layer: AvgPool2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Pad with zeros and sum; divide by the same sum over a map of ones where places count."""
    counting = layer.count_include_pad and layer.padding != "same"
    where = sides(*layer.windows(), x.shape[2], x.shape[3]) if counting else [0, 0, 0, 0]
    ones = F.pad(torch.ones_like(x), where, value=1.0)
    padded, (height, width) = held(layer, x, 0.0)
    (top, _), (left, _) = (of.extent(size) for of, size in zip(layer.windows(), x.shape[2:], strict=True))
    before = [left - where[0], top - where[2]]
    after = [padded.shape[3] - ones.shape[3] - before[0], padded.shape[2] - ones.shape[2] - before[1]]
    ones = F.pad(ones, [before[0], after[0], before[1], after[1]])
    sums, counts = (F.avg_pool2d(of, layer.kernel_size, layer.stride, divisor_override=1) for of in (padded, ones))
    return (sums / counts)[:, :, :height, :width]


def normalised(layer: BatchNorm2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Batch norm; PyTorch writes into the running averages that it is given."""
    mean, variance = w["running_mean"].clone(), w["running_var"].clone()
    return F.batch_norm(
        x, mean, variance, w.get("weight"), w.get("bias"), run.training, momentum=layer.momentum, eps=layer.eps
    )


def dropped(layer: Dropout, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """The mask is injected: no two libraries draw the same."""
    return x * torch.from_numpy(layer.factors(tuple(x.shape), run)) if run.training else x


def flat(layer: Any, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Flatten, after moving the channels last for Keras's order."""
    return (x.permute(0, 2, 3, 1) if layer.order == "HWC" else x).flatten(1)


def across(layer: PReLU | Scale, weight: Tensor, x: Tensor) -> Tensor:
    """A weight in the shape that meets all places."""
    return weight.reshape([size if axis - 1 in layer.axes else 1 for axis, size in enumerate(x.shape)])


def slopes(layer: PReLU, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch's own where it has it: a slope a channel, or one in all; else the two halves by hand."""
    if layer.axes in ((), (0,)):
        return F.prelu(x, w["weight"])
    return torch.where(x > 0, x, x * across(layer, w["weight"], x))


def scaled(layer: Scale, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """A product and a sum."""
    y = x * across(layer, w["weight"], x) if layer.scale else x * 1
    return y + across(layer, w["bias"], x) if layer.shift else y


def grouped(layer: Any, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Groups of channels; a group a channel is instance norm, which PyTorch refuses for one place."""
    groups = layer.num_groups if layer.kind == "GroupNorm" else x.shape[1]
    return F.group_norm(x, groups, w.get("weight"), w.get("bias"), layer.eps)


def layer_norm(layer: LayerNorm, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch normalises the last axes: ours are moved there, and back."""
    axes = layer.varies(tuple(x.shape[1:]))
    ends = list(range(-len(axes), 0))
    moved = x.movedim([axis + 1 for axis in axes], ends)
    sizes = moved.shape[x.ndim - len(axes) :]
    return F.layer_norm(moved, sizes, w.get("weight"), w.get("bias"), layer.eps).movedim(ends, [a + 1 for a in axes])


def local_response(layer: LocalResponseNorm, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch's own; ONNX's even window is PyTorch's in a mirror. Vectors are maps of one place."""
    maps = x[:, :, None] if x.ndim == 2 else x
    maps = maps.flip(1) if layer.extra == "after" else maps
    y = F.local_response_norm(maps, layer.size, layer.alpha, layer.beta, layer.k)
    return (y.flip(1) if layer.extra == "after" else y).reshape(x.shape)


def lengths(layer: LpPool2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """PyTorch's own takes no sizes and no padding: sizes to the power, summed, and the root."""
    padded, (height, width) = held(layer, x, 0.0)
    kernel = torch.ones((x.shape[1], 1, *layer.kernel_size), dtype=x.dtype)
    powers = torch.where(padded == 0, 0.0, padded.abs()) ** layer.norm_type
    sums = F.conv2d(powers, kernel, None, layer.stride or layer.kernel_size, 0, layer.dilation, x.shape[1])
    sums = sums[:, :, :height, :width]
    return torch.where(sums > 0, torch.where(sums > 0, sums, 1.0) ** (1 / layer.norm_type), sums)  # no slope at 0


THEIRS: dict[str, Callable[..., Tensor]] = {
    "CELU": lambda layer, x, w, run: F.celu(x, layer.alpha),
    "ChannelShuffle": lambda layer, x, w, run: F.channel_shuffle(x, layer.groups),
    "Clip": lambda layer, x, w, run: torch.clamp(x, layer.min, layer.max),
    "ConvTranspose2d": transposed,
    "ELU": lambda layer, x, w, run: F.elu(x, layer.alpha),
    "GELU": lambda layer, x, w, run: F.gelu(x, approximate=layer.approximate),
    "HardSigmoid": lambda layer, x, w, run: torch.clamp(layer.alpha * x + layer.beta, 0, 1),
    "HardSwish": lambda layer, x, w, run: F.hardswish(x),
    "LogSoftmax": lambda layer, x, w, run: F.log_softmax(x, layer.axis + 1 if layer.axis >= 0 else layer.axis),
    "Mish": lambda layer, x, w, run: F.mish(x),
    "Multiply": lambda layer, *xs, w, run: reduce(torch.mul, xs),
    "PReLU": slopes,
    "Pad2d": padded,
    "Permute": lambda layer, x, w, run: x.permute(0, *(axis + 1 for axis in layer.order)),
    "PixelShuffle": pixels,
    "ReLU6": lambda layer, x, w, run: F.relu6(x),
    "Reshape": lambda layer, x, w, run: x.reshape(len(x), *layer.output_shape(tuple(x.shape[1:]))),
    "SELU": lambda layer, x, w, run: F.selu(x),
    "Scale": scaled,
    "SeparableConv2d": separable,
    "SiLU": lambda layer, x, w, run: F.silu(x),
    "Slice": sliced,
    "Softplus": lambda layer, x, w, run: F.softplus(x, layer.beta, layer.threshold),
    "Softsign": lambda layer, x, w, run: F.softsign(x),
    "Subtract": lambda layer, x, other, w, run: torch.sub(x, other),
    "Upsample": resized,
    "ZeroPad2d": padded,
    "AdaptiveMaxPool2d": lambda layer, x, w, run: F.adaptive_max_pool2d(x, layer.output_size or x.shape[2:]),
    "GroupNorm": grouped,
    "InstanceNorm2d": grouped,
    "LayerNorm": layer_norm,
    "LocalResponseNorm": local_response,
    "LpPool2d": lengths,
    "AdaptiveAvgPool2d": lambda layer, x, w, run: F.adaptive_avg_pool2d(x, layer.output_size or x.shape[2:]),
    "Add": lambda layer, *xs, w, run: reduce(torch.add, xs),
    "AvgPool2d": average,
    "BatchNorm1d": normalised,
    "BatchNorm2d": normalised,
    "Concat": lambda layer, *xs, w, run: torch.cat(xs, dim=layer.axis + 1 if layer.axis >= 0 else layer.axis),
    "Conv2d": conv,
    "Dropout": dropped,
    "Dropout2d": dropped,
    "Flatten": flat,
    "GlobalAvgPool2d": lambda layer, x, w, run: x.mean((2, 3), keepdim=layer.keepdims),
    "GlobalMaxPool2d": lambda layer, x, w, run: x.amax((2, 3), keepdim=layer.keepdims),
    "LeakyReLU": lambda layer, x, w, run: F.leaky_relu(x, layer.negative_slope),
    "Linear": lambda layer, x, w, run: F.linear(x, w["weight"], w.get("bias")),
    "MaxPool2d": maximum,
    "ReLU": lambda layer, x, w, run: F.relu(x),
    "Sigmoid": lambda layer, x, w, run: F.sigmoid(x),
    "Softmax": lambda layer, x, w, run: F.softmax(x, layer.axis + 1 if layer.axis >= 0 else layer.axis),
    "Tanh": lambda layer, x, w, run: F.tanh(x),
}


def compare(layer: Layer, xs: list[Array], theirs: Callable[..., Tensor], run: Run) -> None:
    """Demand PyTorch's values and gradients."""
    rng = np.random.default_rng(1)
    specs = layer.weights(*(x.shape[1:] for x in xs))
    w = {name: rng.standard_normal(of.shape) for name, of in specs.items()}
    w |= {name: np.abs(w[name]) + 0.5 for name in w if name.endswith("var")}
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    weights = {name: torch.tensor(of, requires_grad=specs[name].trainable) for name, of in w.items()}
    wanted = theirs(layer, *tensors, w=weights, run=run)
    y = layer.forward(*xs, w=w, run=run)
    np.testing.assert_allclose(y, wanted.detach().numpy(), **EXACT)
    grad = rng.standard_normal(y.shape)
    wanted.backward(torch.tensor(grad))
    found = layer.backward(grad, *xs, y=y, w=w, run=run)
    for ours, tensor in zip(found.inputs, tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(ours, tensor.grad.numpy(), **EXACT)
    for name, ours in found.weights.items():
        of = weights[name].grad
        assert of is not None
        np.testing.assert_allclose(ours, of.numpy(), **EXACT)


def drawn(shapes: tuple[tuple[int, ...], ...], key: int = 0) -> list[Array]:
    """Normal numbers for a batch."""
    rng = np.random.default_rng(key)
    return [rng.standard_normal((BATCH, *shape)) for shape in shapes]
