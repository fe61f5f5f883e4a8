"""Small modules for weights that vary along some axes: slopes, factors, numbers to add."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class PReLU(nn.Module):
    """Slopes of negative numbers along any axes: PyTorch's own vary along the channels."""

    def __init__(self, across: tuple[int, ...], size: tuple[int, ...]) -> None:
        super().__init__()
        self.across = across
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        """Return x where it is positive, else the slope times x."""
        return torch.where(x > 0, x, x * self.weight.reshape(self.across))


class Scale(nn.Module):
    """Factors and numbers to add, which are constants unless they are trained."""

    def __init__(self, across: tuple[int, ...], sizes: Mapping[str, tuple[int, ...]], trainable: bool) -> None:
        super().__init__()
        self.across = across
        given = {name: nn.Parameter(torch.zeros(size), requires_grad=trainable) for name, size in sizes.items()}
        self.weight, self.bias = given.get("weight"), given.get("bias")

    def forward(self, x: Tensor) -> Tensor:
        """Return x * weight + bias."""
        x = x if self.weight is None else x * self.weight.reshape(self.across)
        return x if self.bias is None else x + self.bias.reshape(self.across)
