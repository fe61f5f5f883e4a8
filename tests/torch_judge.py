"""PyTorch as the judge of our definitions: values and all gradients, in float64.

Where we allow more than PyTorch (four sides, "same" with a stride, padding beyond half a window), the input is padded
for it first, by its own `pad`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pellucid.layers import AvgPool2d, BatchNorm2d, Conv2d, Dropout, MaxPool2d
from pellucid.layers.base import Layer, Run
from pellucid.window import Window

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


def sides(rows: Window, columns: Window, height: int, width: int) -> list[int]:
    """The padding in the order of F.pad: left, right, top, bottom."""
    return [*columns.pads(width), *rows.pads(height)]


def conv(layer: Conv2d, x: Tensor, w: Tensors, run: Run) -> Tensor:
    """Pad, then convolve."""
    mode = {"zeros": "constant"}.get(layer.padding_mode, layer.padding_mode)
    padded = F.pad(x, sides(*layer.windows(), x.shape[2], x.shape[3]), mode=mode)
    return F.conv2d(
        padded, w["weight"], w.get("bias"), stride=layer.stride, dilation=layer.dilation, groups=layer.groups
    )


def held(layer: MaxPool2d | AvgPool2d, x: Tensor, value: float) -> tuple[Tensor, tuple[int, int]]:
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


THEIRS: dict[str, Callable[..., Tensor]] = {
    "AdaptiveAvgPool2d": lambda layer, x, w, run: F.adaptive_avg_pool2d(x, layer.output_size or x.shape[2:]),
    "Add": lambda layer, *xs, w, run: torch.stack(xs).sum(dim=0),
    "AvgPool2d": average,
    "BatchNorm2d": normalised,
    "Concat": lambda layer, *xs, w, run: torch.cat(xs, dim=1),
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
