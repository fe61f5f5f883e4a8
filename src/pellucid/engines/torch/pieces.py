"""Small modules for what PyTorch has no module of its own for: uneven padding, merging, whole maps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Edges = tuple[int, int, int, int]  # left, right, top, bottom: PyTorch's order; a negative one cuts away


class PaddedConv2d(nn.Conv2d):
    """A convolution whose padding differs from side to side."""

    def __init__(self, *given: Any, edges: Edges, mode: str, **named: Any) -> None:
        super().__init__(*given, **named)
        self.edges, self.mode = edges, "constant" if mode == "zeros" else mode

    def forward(self, input: Tensor) -> Tensor:
        """Return the maps."""
        return super().forward(functional.pad(input, self.edges, self.mode))


class PaddedMaxPool2d(nn.MaxPool2d):
    """A maximum whose padding differs from side to side, and never wins."""

    def __init__(self, *given: Any, edges: Edges, **named: Any) -> None:
        super().__init__(*given, **named)
        self.edges = edges

    def forward(self, input: Tensor) -> Tensor:
        """Return the largest value of each window."""
        most: Any = super().forward(functional.pad(input, self.edges, value=float("-inf")))
        return most


class PaddedAvgPool2d(nn.Module):
    """An average whose padding differs from side to side, with a divisor for each place."""

    divisors: Tensor

    def __init__(self, kernel: tuple[int, int], stride: tuple[int, int], edges: Edges, divisors: Tensor) -> None:
        super().__init__()
        self.kernel, self.stride, self.edges = kernel, stride, edges
        self.register_buffer("divisors", divisors, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return each window's sum over its divisor."""
        padded = functional.pad(x, self.edges)
        return functional.avg_pool2d(padded, self.kernel, self.stride, divisor_override=1) / self.divisors


class GlobalAvgPool2d(nn.Module):
    """The mean of each map."""

    def __init__(self, keepdims: bool) -> None:
        super().__init__()
        self.keepdims = keepdims

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C), or (N, C, 1, 1)."""
        return x.mean((2, 3), keepdim=self.keepdims)


class GlobalMaxPool2d(nn.Module):
    """The largest value of each map."""

    def __init__(self, keepdims: bool) -> None:
        super().__init__()
        self.keepdims = keepdims

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C), or (N, C, 1, 1)."""
        most = functional.adaptive_max_pool2d(x, 1)
        return most if self.keepdims else most.flatten(1)


class FlattenLast(nn.Module):
    """All numbers in a row, the channels innermost."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, H * W * C)."""
        return x.permute(0, 2, 3, 1).flatten(1)


class Add(nn.Module):
    """The sum of all inputs."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Subtract(nn.Module):
    """The first input less the second."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the difference."""
        return first - second


class Multiply(nn.Module):
    """The product of all inputs."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the product."""
        product = inputs[0]
        for x in inputs[1:]:
            product = product * x
        return product


class Concat(nn.Module):
    """The inputs side by side along one axis, the batch counted."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return all of them."""
        return torch.cat(inputs, self.axis)
