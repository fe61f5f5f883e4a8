"""Small modules for what PyTorch has functions for, but no modules: padding, moving, cutting off, and growing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pieces import Edges


class CroppedConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution whose whole result is cropped at each side, or has zeros added before the bias."""

    def __init__(self, *given: Any, edges: Edges, **named: Any) -> None:
        super().__init__(*given, **named)
        self.edges = edges

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Return the maps."""
        whole = functional.conv_transpose2d(
            input, self.weight, stride=self.stride, groups=self.groups, dilation=self.dilation
        )
        maps = functional.pad(whole, self.edges)
        return maps if self.bias is None else maps + self.bias[:, None, None]


class SeparableConv2d(nn.Module):
    """A convolution of each channel by itself, then one of each place over all channels."""

    def __init__(
        self, sizes: Mapping[str, tuple[int, ...]], stride: tuple[int, int], dilation: tuple[int, int], edges: Edges
    ) -> None:
        super().__init__()
        self.stride, self.dilation, self.edges = stride, dilation, edges
        self.depthwise_weight = nn.Parameter(torch.zeros(sizes["depthwise_weight"]))
        self.pointwise_weight = nn.Parameter(torch.zeros(sizes["pointwise_weight"]))
        self.bias = nn.Parameter(torch.zeros(sizes["bias"])) if "bias" in sizes else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        padded, channels = functional.pad(x, self.edges), x.shape[1]
        apart = functional.conv2d(
            padded, self.depthwise_weight, stride=self.stride, dilation=self.dilation, groups=channels
        )
        return functional.conv2d(apart, self.pointwise_weight, self.bias)


class Pad2d(nn.Module):
    """Numbers around maps, and maps of one number around maps."""

    def __init__(self, edges: Edges, channels: tuple[int, int], mode: str, value: float) -> None:
        super().__init__()
        self.edges, self.channels, self.mode, self.value = edges, channels, mode, value

    def forward(self, x: Tensor) -> Tensor:
        """Return the larger maps."""
        x = functional.pad(x, self.edges, self.mode, self.value if self.mode == "constant" else None)
        return functional.pad(x, (0, 0, 0, 0, *self.channels), value=self.value) if any(self.channels) else x


class Clip(nn.Module):
    """Every number within its bounds."""

    def __init__(self, least: float | None, most: float | None) -> None:
        super().__init__()
        self.least, self.most = least, most

    def forward(self, x: Tensor) -> Tensor:
        """Return them; without bounds, the numbers as they are."""
        return x if self.least is None and self.most is None else torch.clamp(x, self.least, self.most)


class HardSigmoid(nn.Module):
    """A sigmoid of three straight pieces, whatever their slope: PyTorch's own has 1/6."""

    def __init__(self, alpha: float, beta: float) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta

    def forward(self, x: Tensor) -> Tensor:
        """Return max(0, min(1, alpha * x + beta))."""
        return functional.hardtanh(self.alpha * x + self.beta, 0.0, 1.0)


class DepthToSpace(nn.Module):
    """Channels as pixels, the channels of one pixel side by side: ONNX's and TensorFlow's order."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C / factor^2, H * factor, W * factor)."""
        n, channels, height, width = x.shape
        r, left = self.factor, channels // self.factor**2
        return x.reshape(n, r, r, left, height, width).permute(0, 3, 4, 1, 5, 2).reshape(n, left, height * r, width * r)


class Reshape(nn.Module):
    """The same numbers in another shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, *shape)."""
        return x.reshape(len(x), *self.shape)


class Permute(nn.Module):
    """The axes in another order, which does not count the batch."""

    def __init__(self, order: tuple[int, ...]) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """Return the same numbers."""
        return x.permute(0, *(axis + 1 for axis in self.order))


class Slice(nn.Module):
    """Some places of one axis, the batch counted."""

    def __init__(self, axis: int, kept: slice) -> None:
        super().__init__()
        self.index = (slice(None),) * axis + (kept,)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is kept."""
        return x[self.index]
