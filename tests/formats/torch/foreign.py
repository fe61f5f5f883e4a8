"""Modules as other people write them: small ones, each with its inputs' shapes and the layers that it becomes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

F: Any = nn.functional


class Does(nn.Module):
    """A function of the inputs, as a module."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Return what the function gives."""
        return self.function(self, *inputs)


def does(function: Callable[..., Any], **parts: Any) -> Callable[[], nn.Module]:
    """Return what makes such a module, with weights that are not all alike."""
    return lambda: Does(
        function, **{name: part() if inspect.isfunction(part) else part for name, part in parts.items()}
    )


def normed(kind: Callable[..., nn.Module], *given: Any, **named: Any) -> Callable[[], nn.Module]:
    """Return what makes a normalization whose averages and factors are no zeros and ones."""

    def make() -> nn.Module:
        module = kind(*given, **named)
        for number, tensor in enumerate((*module.parameters(), *module.buffers())):
            if tensor.is_floating_point():
                tensor.data += 0.1 * number + 0.03 * torch.arange(tensor.numel()).reshape(tensor.shape)
        return module

    return make


MAPS, SMALL, VECTOR = (6, 7, 11), (6, 2, 3), (5,)
Case = tuple[str, Callable[[], nn.Module], tuple[tuple[int, ...], ...], list[str]]

ROWS: list[tuple[Any, tuple[Any, ...], dict[str, Any], tuple[int, ...], list[str]]] = [
    (nn.Conv2d, (6, 5, (3, 2)), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}, MAPS, ["Conv2d"]),
    (nn.Conv2d, (6, 9, 3), {"groups": 3, "bias": False, "padding": "same", "dilation": 2}, MAPS, ["Conv2d"]),
    (nn.Conv2d, (6, 5, 4), {"padding": "same", "padding_mode": "reflect"}, MAPS, ["Conv2d"]),
    (nn.Conv2d, (6, 5, 3), {"padding": (2, 1), "padding_mode": "circular"}, MAPS, ["Conv2d"]),
    (nn.Conv2d, (6, 5, 3), {"padding": 1, "padding_mode": "replicate"}, MAPS, ["Conv2d"]),
    (nn.Conv2d, (6, 5, 1), {"padding": "valid"}, MAPS, ["Conv2d"]),
    (nn.ConvTranspose2d, (6, 4, (3, 2)), {"stride": (2, 3), "padding": (1, 0)}, MAPS, ["ConvTranspose2d"]),
    (nn.ConvTranspose2d, (6, 4, 3), {"stride": 2, "output_padding": 1, "groups": 2}, MAPS, ["ConvTranspose2d"]),
    (nn.MaxPool2d, (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, MAPS, ["MaxPool2d"]),
    (nn.MaxPool2d, (2,), {"dilation": 2, "stride": 1}, MAPS, ["MaxPool2d"]),
    (nn.AvgPool2d, (3,), {"padding": 1, "count_include_pad": False}, MAPS, ["AvgPool2d"]),
    (nn.AvgPool2d, ((2, 3),), {"stride": (1, 2), "ceil_mode": True}, MAPS, ["AvgPool2d"]),
    (nn.LPPool2d, (2, 3), {"stride": 2}, MAPS, ["LpPool2d"]),
    (nn.AdaptiveAvgPool2d, ((2, 3),), {}, MAPS, ["AdaptiveAvgPool2d"]),
    (nn.AdaptiveAvgPool2d, ((None, 5),), {}, MAPS, ["AdaptiveAvgPool2d"]),
    (nn.AdaptiveMaxPool2d, ((2, 3),), {}, MAPS, ["AdaptiveMaxPool2d"]),
    (nn.AdaptiveMaxPool2d, (1,), {}, MAPS, ["GlobalMaxPool2d"]),
    (nn.Linear, (11, 4), {}, MAPS, ["Linear"]),
    (nn.Linear, (5, 3), {"bias": False}, VECTOR, ["Linear"]),
    (nn.ReLU, (True,), {}, MAPS, ["ReLU"]),
    (nn.ReLU6, (), {}, MAPS, ["ReLU6"]),
    (nn.LeakyReLU, (0.2,), {}, MAPS, ["LeakyReLU"]),
    (nn.PReLU, (), {}, MAPS, ["PReLU"]),
    (nn.PReLU, (6,), {"init": 0.3}, MAPS, ["PReLU"]),
    (nn.ELU, (0.7,), {}, MAPS, ["ELU"]),
    (nn.CELU, (1.7,), {}, MAPS, ["CELU"]),
    (nn.SELU, (), {}, MAPS, ["SELU"]),
    (nn.GELU, (), {}, MAPS, ["GELU"]),
    (nn.GELU, ("tanh",), {}, MAPS, ["GELU"]),
    (nn.SiLU, (), {}, MAPS, ["SiLU"]),
    (nn.Mish, (), {}, MAPS, ["Mish"]),
    (nn.Hardswish, (), {}, MAPS, ["HardSwish"]),
    (nn.Hardsigmoid, (), {}, MAPS, ["HardSigmoid"]),
    (nn.Hardtanh, (-0.5, 0.7), {}, MAPS, ["Clip"]),
    (nn.Softplus, (2.0, 3.0), {}, MAPS, ["Softplus"]),
    (nn.Softsign, (), {}, MAPS, ["Softsign"]),
    (nn.Sigmoid, (), {}, MAPS, ["Sigmoid"]),
    (nn.Tanh, (), {}, VECTOR, ["Tanh"]),
    (nn.Threshold, (0, 0), {}, MAPS, ["ReLU"]),
    (nn.Softmax, (1,), {}, MAPS, ["Softmax"]),
    (nn.Softmax2d, (), {}, MAPS, ["Softmax"]),
    (nn.LogSoftmax, (-1,), {}, MAPS, ["LogSoftmax"]),
    (nn.Dropout, (0.3,), {}, MAPS, ["Dropout"]),
    (nn.Dropout2d, (0.3,), {}, MAPS, ["Dropout2d"]),
    (nn.Identity, (), {}, MAPS, []),
    (nn.Flatten, (), {}, MAPS, ["Flatten"]),
    (nn.Flatten, (2, 3), {}, MAPS, ["Reshape"]),
    (nn.Unflatten, (1, (2, 3)), {}, MAPS, ["Reshape"]),
    (nn.ZeroPad2d, ((1, 2, 3, 0),), {}, MAPS, ["ZeroPad2d"]),
    (nn.ConstantPad2d, ((1, 2, 3, 0), 0.5), {}, MAPS, ["Pad2d"]),
    (nn.ReflectionPad2d, ((1, 2, 3, 0),), {}, MAPS, ["Pad2d"]),
    (nn.ReplicationPad2d, (2,), {}, MAPS, ["Pad2d"]),
    (nn.CircularPad2d, (1,), {}, MAPS, ["Pad2d"]),
    (nn.Upsample, (), {"scale_factor": (2, 3)}, MAPS, ["Upsample"]),
    (nn.Upsample, (), {"size": (5, 13), "mode": "bilinear"}, MAPS, ["Upsample"]),
    (nn.Upsample, (), {"scale_factor": 1.5, "mode": "bilinear", "align_corners": True}, MAPS, ["Upsample"]),
    (nn.Upsample, (), {"size": (5, 13), "mode": "nearest-exact"}, MAPS, ["Upsample"]),
    (nn.PixelShuffle, (2,), {}, (12, 3, 5), ["PixelShuffle"]),
    (nn.ChannelShuffle, (3,), {}, MAPS, ["ChannelShuffle"]),
    (nn.LocalResponseNorm, (5,), {"alpha": 0.3, "beta": 0.6, "k": 2.0}, MAPS, ["LocalResponseNorm"]),
    (nn.LocalResponseNorm, (4,), {}, MAPS, ["LocalResponseNorm"]),
]
MODULES: list[Case] = [
    (f"{kind.__name__}-{number}", functools.partial(kind, *given, **named), (shape,), layers)
    for number, (kind, given, named, shape, layers) in enumerate(ROWS)
]

NORMS: list[Case] = [
    ("BatchNorm2d", normed(nn.BatchNorm2d, 6, eps=1e-3, momentum=0.3), (MAPS,), ["BatchNorm2d"]),
    ("BatchNorm2d, plain", normed(nn.BatchNorm2d, 6, affine=False, momentum=None), (MAPS,), ["BatchNorm2d"]),
    ("BatchNorm1d", normed(nn.BatchNorm1d, 5), (VECTOR,), ["BatchNorm1d"]),
    ("GroupNorm", normed(nn.GroupNorm, 3, 6, eps=1e-3), (MAPS,), ["GroupNorm"]),
    ("GroupNorm, plain", normed(nn.GroupNorm, 2, 6, affine=False), (MAPS,), ["GroupNorm"]),
    ("InstanceNorm2d", normed(nn.InstanceNorm2d, 6, affine=True), (MAPS,), ["InstanceNorm2d"]),
    ("InstanceNorm2d, plain", normed(nn.InstanceNorm2d, 6), (MAPS,), ["InstanceNorm2d"]),
    ("InstanceNorm2d, tracking", normed(nn.InstanceNorm2d, 6, track_running_stats=True), (MAPS,), ["BatchNorm2d"]),
    ("LayerNorm", normed(nn.LayerNorm, [7, 11]), (MAPS,), ["LayerNorm"]),
    ("LayerNorm, no bias", normed(nn.LayerNorm, 5, bias=False), (VECTOR,), ["LayerNorm"]),
]

FUNCTIONS: list[Case] = [
    ("sum", does(lambda m, x, y: x + y), (MAPS, MAPS), ["Add"]),
    ("sum of three", does(lambda m, x, y, z: x + y + z), (MAPS, MAPS, MAPS), ["Add"]),
    ("sum in place", does(lambda m, x: F.relu(x).add_(torch.sigmoid(x))), (MAPS,), ["ReLU", "Sigmoid", "Add"]),
    ("product", does(lambda m, x, y: x * y), (MAPS, (6, 1, 1)), ["Multiply"]),
    ("product expanded", does(lambda m, x, y: x * y.expand_as(x)), (MAPS, (6, 1, 1)), ["Multiply"]),
    ("difference", does(lambda m, x, y: x - y), (MAPS, MAPS), ["Subtract"]),
    ("numbers", does(lambda m, x: (3 - x / 4) * 2 + 1), (MAPS,), ["Scale"] * 4),
    ("minus", does(lambda m, x: -x), (MAPS,), ["Scale"]),
    (
        "constants",
        does(lambda m, x: (x - m.k[:, None, None]) / m.k.view(1, 6, 1, 1), k=torch.arange(1.0, 7)),
        (MAPS,),
        ["Scale", "Scale"],
    ),
    ("factor", does(lambda m, x: x * m.k, k=lambda: nn.Parameter(torch.arange(1.0, 12))), (MAPS,), ["Scale"]),
    ("matrix", does(lambda m, x: x @ m.w, w=torch.randn(5, 3)), (VECTOR,), ["Linear"]),
    ("addmm", does(lambda m, x: torch.addmm(m.w[0], x, m.w), w=torch.randn(5, 3)), (VECTOR,), ["Linear"]),
    ("cat", does(lambda m, x, y: torch.cat([x, y], 1)), (MAPS, (2, 7, 11)), ["Concat"]),
    ("cat of rows", does(lambda m, x, y: torch.cat((x, y), dim=-2)), (MAPS, (6, 2, 11)), ["Concat"]),
    ("chunk", does(lambda m, x: torch.cat(x.chunk(2, 1)[::-1], 1)), (MAPS,), ["Slice", "Slice", "Concat"]),
    ("split", does(lambda m, x: torch.split(x, [1, 2, 3], 1)[1]), (MAPS,), ["Slice"]),
    ("split evenly", does(lambda m, x: x.split(4, dim=3)[2]), (MAPS,), ["Slice"]),
    ("slices", does(lambda m, x: x[:, 1:, ::2, -3:]), (MAPS,), ["Slice", "Slice", "Slice"]),
    ("narrow", does(lambda m, x: x.narrow(1, -3, 2)), (MAPS,), ["Slice"]),
    ("one place", does(lambda m, x: x[:, :, -1]), (MAPS,), ["Slice", "Reshape"]),
    ("view", does(lambda m, x: x.view(x.size(0), -1)), (MAPS,), ["Flatten"]),
    ("view by -1", does(lambda m, x: x.reshape(-1, 6 * 7 * 11)), (MAPS,), ["Flatten"]),
    ("flatten", does(lambda m, x: torch.flatten(x, 1)), (MAPS,), ["Flatten"]),
    ("squeeze", does(lambda m, x: x.squeeze(3).squeeze(2)), ((6, 1, 1), ), ["Reshape", "Flatten"]),
    ("squeeze all", does(lambda m, x: x.squeeze()), ((6, 1, 1), ), ["Flatten"]),
    ("unsqueeze", does(lambda m, x: x.unsqueeze(-1).unsqueeze(1)), (VECTOR,), ["Reshape", "Reshape"]),
    ("permute", does(lambda m, x: x.permute(0, 3, 1, 2)), (MAPS,), ["Permute"]),
    ("transpose", does(lambda m, x: x.transpose(2, 3).contiguous()), (MAPS,), ["Permute"]),
    ("channels last row", does(lambda m, x: x.permute(0, 2, 3, 1).flatten(1)), (MAPS,), ["Flatten"]),
    ("mean", does(lambda m, x: x.mean([2, 3])), (MAPS,), ["GlobalAvgPool2d"]),
    ("mean kept", does(lambda m, x: x.mean((-1, -2), keepdim=True)), (MAPS,), ["GlobalAvgPool2d"]),
    ("two means", does(lambda m, x: x.mean(3).mean(2)), (MAPS,), ["GlobalAvgPool2d"]),
    ("two means kept", does(lambda m, x: x.mean(3, True).mean(2, True)), (MAPS,), ["GlobalAvgPool2d"]),
    ("largest", does(lambda m, x: x.amax((2, 3))), (MAPS,), ["GlobalMaxPool2d"]),
    ("largest row", does(lambda m, x: F.adaptive_max_pool2d(x, 1).flatten(1)), (MAPS,), ["GlobalMaxPool2d"]),
    ("pool of all", does(lambda m, x: F.avg_pool2d(x, x.shape[2:])), (MAPS,), ["AvgPool2d"]),
    ("clamp", does(lambda m, x: x.clamp(min=-0.2)), (MAPS,), ["Clip"]),
    ("clamp both", does(lambda m, x: torch.clamp(x, -0.2, 0.4)), (MAPS,), ["Clip"]),
    ("pad channels", does(lambda m, x: F.pad(x, (0, 1, 2, 0, 1, 2), value=0.5)), (MAPS,), ["Pad2d"]),
    ("pad width", does(lambda m, x: F.pad(x, (1, 2))), (MAPS,), ["ZeroPad2d"]),
    (
        "shuffle",
        does(lambda m, x: x.view(x.size(0), 2, 3, 7, 11).transpose(1, 2).contiguous().view(x.size(0), -1, 7, 11)),
        (MAPS,),
        ["ChannelShuffle"],
    ),
    (
        "blocks first",
        does(lambda m, x: x.view(-1, 2, 2, 3, 3, 5).permute(0, 3, 4, 1, 5, 2).reshape(-1, 3, 6, 10)),
        ((12, 3, 5),),
        ["PixelShuffle"],
    ),
    (
        "blocks last",
        does(lambda m, x: x.view(-1, 3, 2, 2, 3, 5).permute(0, 1, 4, 2, 5, 3).reshape(-1, 3, 6, 10)),
        ((12, 3, 5),),
        ["PixelShuffle"],
    ),
    ("hard swish by hand", does(lambda m, x: x * F.relu6(x + 3) / 6), (MAPS,), ["Scale", "ReLU6", "Multiply", "Scale"]),
    ("interpolate", does(lambda m, x: F.interpolate(x, scale_factor=2.5, mode="nearest")), (MAPS,), ["Upsample"]),
    ("dropout", does(lambda m, x: F.dropout(x, 0.4, m.training)), (MAPS,), ["Dropout"]),
]  # fmt: skip
