"""A network as a module of PyTorch: a module for each layer, under the layer's name, called in the network's order."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import EngineError
from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from .table import TABLE


class Graph(nn.Module):
    """A network's layers as modules; dots in their names become modules in modules.

    Args:
        net: the network.

    Raises:
        EngineError: a layer's kind has no entry in the table.
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        self._title = net.name
        places = {name_of(node): place for place, node in enumerate((*net.inputs, *net.nodes))}
        made: dict[int, nn.Module] = {}
        steps: list[tuple[nn.Module, tuple[int, ...]]] = []
        for node in net.nodes:
            module = made.get(id(node.layer))
            if module is None:
                module = made[id(node.layer)] = _module(node)
                _place(self, name_of(node), module)
            steps.append((module, tuple(places[name_of(before)] for before in node.inputs)))
        self._steps = tuple(steps)
        self.ends = tuple(places[name_of(node)] for node in net.outputs)
        last = {place: number for number, (_, read) in enumerate(steps) for place in read}
        self._done = tuple(
            tuple({place for place in read if last[place] == number and place not in self.ends})
            for number, (_, read) in enumerate(steps)
        )

    @property
    def steps(self) -> tuple[tuple[nn.Module, tuple[int, ...]], ...]:
        """Each layer's module in order, and the places of the values that it reads: inputs first, then layers."""
        return self._steps

    @property
    def done(self) -> tuple[tuple[int, ...], ...]:
        """For each layer in order, the places of values that nobody reads after it, and that are no outputs."""
        return self._done

    def _get_name(self) -> str:
        """Return what the module is called where it is printed: the network's name."""
        return self._title

    def own(self, net: Network) -> dict[str, Tensor]:
        """Return the tensors that hold the network's weights, by the network's names."""
        found: dict[str, Tensor] = {}
        for (module, _), node in zip(self._steps, net.nodes, strict=True):
            named = dict((*module.named_parameters(), *module.named_buffers()))
            found |= {full: named[short] for short, full in net.weight_names(name_of(node)).items()}
        return found

    def pull(self, net: Network) -> Graph:
        """Take the network's weights."""
        with torch.no_grad():
            for full, tensor in self.own(net).items():
                tensor.copy_(torch.from_numpy(net.weights[full].copy()))
        return self

    def forward(self, input: Tensor, *more: Tensor) -> Any:
        """Return the output for inputs (N, ...), or a tuple of all outputs."""
        values: list[Any] = [input, *more]
        for (module, read), done in zip(self._steps, self._done, strict=True):
            values.append(module(*[values[place] for place in read]))
            for place in done:
                values[place] = None
        ends: list[Any] = [values[place] for place in self.ends]
        return tuple(ends) if len(ends) > 1 else ends[0]


def _module(node: Node) -> nn.Module:
    layer = node.layer
    assert layer is not None
    entry = TABLE.get(type(layer))
    if entry is None:
        raise EngineError(
            f"{layer.kind} {node.name!r}",
            got=f"a {layer.kind}, which the engine 'torch' has no entry for",
            expected=f"one of {', '.join(sorted(kind.__name__ for kind in TABLE))}",
            fix="run it on 'native' or 'reference'",
        )
    return entry(layer, tuple(before.shape for before in node.inputs))


def _place(root: nn.Module, name: str, module: nn.Module) -> None:
    """Hang a module under a dotted name; a name that a module uses itself gets a "_" behind it."""
    *folders, leaf = name.split(".")
    for folder in folders:
        inner = root._modules.get(folder)  # pyright: ignore[reportPrivateUsage]
        if inner is None:
            inner = nn.Module()
            root.add_module(_free(root, folder), inner)
        root = inner
    root.add_module(_free(root, leaf), module)


def _free(root: nn.Module, name: str) -> str:
    while hasattr(root, name):
        name += "_"
    return name
