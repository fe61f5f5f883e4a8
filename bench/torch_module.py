"""Build a network as PyTorch's own module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid import Network
from pellucid.wiring import name_of

from .foreign import foreign
from .graph import Step, is_chain, margin, steps


def module(net: Network) -> Any:
    """Return the network as a module with the same weights: a Sequential if it is a chain."""
    torch = foreign("torch")
    layers = {step.name: _layer(step) for step in steps(net)}
    if is_chain(net):
        return torch.nn.Sequential(*layers.values())
    wiring = [(number, step.name, step.reads) for number, step in enumerate(steps(net))]
    source, target = name_of(net.inputs[0]), name_of(net.outputs[0])

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(layers.values())

        def forward(self, x: Any) -> Any:
            values = {source: x}
            for number, name, reads in wiring:
                values[name] = self.parts[number](*(values[read] for read in reads))
            return values[target]

    return Graph()


def _layer(step: Step) -> Any:
    torch = foreign("torch")
    nn = torch.nn
    layer = step.layer
    match step.kind:
        case "Conv2d":
            channels, size = step.shapes[0][0], layer.kernel_size
            window = size, layer.stride, margin(layer)
            made = nn.Conv2d(channels, layer.out_channels, *window, groups=layer.groups, bias=layer.bias)
        case "Linear":
            made = nn.Linear(step.shapes[0][0], layer.out_features)
        case "BatchNorm2d":
            made = nn.BatchNorm2d(step.shape[0], eps=layer.eps, momentum=layer.momentum)
        case "MaxPool2d":
            made = nn.MaxPool2d(layer.kernel_size, layer.stride, margin(layer), ceil_mode=layer.ceil_mode)
        case "AvgPool2d":
            made = nn.AvgPool2d(layer.kernel_size, layer.stride, margin(layer))
        case "GlobalAvgPool2d":
            made = nn.AdaptiveAvgPool2d(1) if layer.keepdims else nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "ReLU" | "ReLU6" | "SiLU":
            made = getattr(nn, step.kind)(inplace=True)
        case "HardSwish" | "HardSigmoid":
            made = getattr(nn, step.kind.replace("HardS", "Hards"))()
        case "ChannelShuffle":
            made = nn.ChannelShuffle(layer.groups)
        case "Add":
            made = _of(lambda x, y: x + y)
        case "Multiply":
            made = _of(lambda x, y: x * y)
        case "Concat":
            made = _of(lambda *xs: torch.cat(xs, 1))
        case "Slice":
            made = _of(lambda x: x[:, layer.start : layer.stop])
        case _:
            plain = {"Tanh": nn.Tanh, "Sigmoid": nn.Sigmoid, "Flatten": nn.Flatten, "Identity": nn.Identity}
            made = plain[step.kind]()
    weights = {name: torch.from_numpy(weight.copy()) for name, weight in step.weights.items()}
    made.load_state_dict(weights, strict=not weights or step.kind != "BatchNorm2d")  # it also counts its batches
    return made


def _of(function: Callable[..., Any]) -> Any:
    """Return a module of a function without weights."""

    class Of(foreign("torch").nn.Module):
        def forward(self, *xs: Any) -> Any:
            return function(*xs)

    return Of()
