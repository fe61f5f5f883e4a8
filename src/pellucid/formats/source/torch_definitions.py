"""What PyTorch has no word for, as a program that uses it would define it: copied into programs from here."""

# pyright: basic

import torch
import torch.nn.functional as F
from torch import nn


class SeparableConv2d(nn.Module):
    """One convolution a channel, then one over the channels at each place. `edges`: left, right, top, bottom."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=(1, 1),
        edges=(0, 0, 0, 0),
        dilation=(1, 1),
        depth_multiplier=1,
        bias=True,
    ):
        super().__init__()
        self.stride, self.edges, self.dilation = stride, edges, dilation
        depthwise = nn.Conv2d(in_channels, in_channels * depth_multiplier, kernel_size, groups=in_channels, bias=False)
        pointwise = nn.Conv2d(in_channels * depth_multiplier, out_channels, 1, bias=bias)
        self.depthwise_weight, self.pointwise_weight = depthwise.weight, pointwise.weight
        self.bias = pointwise.bias

    def forward(self, x):
        x = F.pad(x, self.edges)
        x = F.conv2d(x, self.depthwise_weight, None, self.stride, 0, self.dilation, groups=x.shape[1])
        return F.conv2d(x, self.pointwise_weight, self.bias)


class ShiftedLayerNorm(nn.Module):
    """The last axes normalised together, then shifted and not scaled."""

    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        self.normalized_shape, self.eps = normalized_shape, eps
        self.bias = nn.Parameter(torch.zeros(normalized_shape))

    def forward(self, x):
        return F.layer_norm(x, self.normalized_shape, None, self.bias, self.eps)


class LpPool2d(nn.Module):
    """The p-norm of each window, of sizes. `edges`: left, right, top, bottom."""

    def __init__(self, norm_type, kernel_size, stride, edges=(0, 0, 0, 0), dilation=(1, 1)):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride = norm_type, kernel_size, stride
        self.edges, self.dilation = edges, dilation

    def forward(self, x):
        powers = F.pad(x.abs() ** self.norm_type, self.edges)
        ones = powers.new_ones((x.shape[1], 1, *self.kernel_size))
        sums = F.conv2d(powers, ones, None, self.stride, 0, self.dilation, x.shape[1])
        return sums ** (1 / self.norm_type)


class Slopes(nn.Module):
    """x where it is positive, else a learned slope times x. `view`: the slopes' shape beside one x."""

    def __init__(self, shape, view):
        super().__init__()
        self.view = view
        self.weight = nn.Parameter(torch.full(shape, 0.25))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(self.view) * x)


class Scale(nn.Module):
    """x * weight + bias. `view`: their shape beside one x."""

    def __init__(self, shape, view, scale=True, shift=True, trainable=False):
        super().__init__()
        self.view = view
        self.weight = nn.Parameter(torch.ones(shape), requires_grad=trainable) if scale else None
        self.bias = nn.Parameter(torch.zeros(shape), requires_grad=trainable) if shift else None

    def forward(self, x):
        if self.weight is not None:
            x = x * self.weight.view(self.view)
        return x if self.bias is None else x + self.bias.view(self.view)
