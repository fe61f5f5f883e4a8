"""Build a network as PyTorch's own module."""

from __future__ import annotations

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
            made = nn.Conv2d(channels, layer.out_channels, size, layer.stride, margin(layer), bias=layer.bias)
        case "Linear":
            made = nn.Linear(step.shapes[0][0], layer.out_features)
        case "BatchNorm2d":
            made = nn.BatchNorm2d(step.shape[0], eps=layer.eps, momentum=layer.momentum)
        case "MaxPool2d":
            made = nn.MaxPool2d(layer.kernel_size, layer.stride, margin(layer))
        case "AvgPool2d":
            made = nn.AvgPool2d(layer.kernel_size, layer.stride, margin(layer))
        case "GlobalAvgPool2d":
            made = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "ReLU":
            made = nn.ReLU(inplace=True)
        case "Add":
            made = _sum()
        case _:
            made = {"Tanh": nn.Tanh, "Flatten": nn.Flatten, "Identity": nn.Identity}[step.kind]()
    weights = {name: torch.from_numpy(weight.copy()) for name, weight in step.weights.items()}
    made.load_state_dict(weights, strict=not weights or step.kind != "BatchNorm2d")  # it also counts its batches
    return made


def _sum() -> Any:
    class Sum(foreign("torch").nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return x + y

    return Sum()
