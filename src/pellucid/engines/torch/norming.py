"""Small modules for normalisations and pools that PyTorch has only for some axes, sizes or powers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pieces import Edges


class LayerNorm(nn.Module):
    """Numbers along some axes normalised together, then a factor and a shift for each place of these axes."""

    def __init__(self, sizes: tuple[int, ...], axes: tuple[int, ...], eps: float, scale: bool, bias: bool) -> None:
        super().__init__()
        self.sizes, self.eps = sizes, eps
        self.axes, self.ends = [axis + 1 for axis in axes], [*range(-len(axes), 0)]
        self.weight = nn.Parameter(torch.ones(sizes)) if scale else None
        self.bias = nn.Parameter(torch.zeros(sizes)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised numbers: PyTorch's function takes the last axes."""
        moved = x.movedim(self.axes, self.ends)
        return functional.layer_norm(moved, self.sizes, self.weight, self.bias, self.eps).movedim(self.ends, self.axes)


class InstanceNorm2d(nn.GroupNorm):
    """Each map normalised by itself: a group a channel, which a map of one place may have too."""

    def __init__(self, channels: int, eps: float, affine: bool) -> None:
        super().__init__(channels, channels, eps, affine)


class LocalResponseNorm(nn.Module):
    """Numbers over a power of the squares in neighbouring channels; in a mirror the window's odd channel comes last."""

    def __init__(self, size: int, alpha: float, beta: float, k: float, mirrored: bool) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k, self.mirrored = size, alpha, beta, k, mirrored

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised numbers; a vector is maps of one place."""
        maps = x[:, :, None, None] if x.ndim == 2 else x
        maps = maps.flip(1) if self.mirrored else maps
        y = functional.local_response_norm(maps, self.size, self.alpha, self.beta, self.k)
        y = y.flip(1) if self.mirrored else y
        return y.reshape(x.shape) if x.ndim == 2 else y


class LpPool2d(nn.Module):
    """The p-norm of each window, of sizes: PyTorch's own has signs for an odd power, and no padding."""

    def __init__(
        self, power: float, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], edges: Edges
    ) -> None:
        super().__init__()
        self.power, self.kernel, self.stride, self.dilation, self.edges = power, kernel, stride, dilation, edges

    def forward(self, x: Tensor) -> Tensor:
        """Return the lengths; the slope of a window of zeros is 0."""
        powers = functional.pad(x.abs() ** self.power, self.edges)
        ones = powers.new_ones((x.shape[1], 1, *self.kernel))
        sums = functional.conv2d(powers, ones, None, self.stride, 0, self.dilation, x.shape[1])
        return torch.where(sums > 0, torch.where(sums > 0, sums, 1.0) ** (1 / self.power), sums)
