"""A network ready to run in PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import EngineError
from ...network import Network
from ...wiring import in_order, name_of
from ..base import Floats, Program
from .graph import Graph


def device_of(name: str) -> torch.device:
    """Return a device.

    Raises:
        EngineError: there is none of that name here.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise EngineError(
            "engine 'torch'",
            got=f"device {name!r}: {str(error).splitlines()[0][:200]}",
            expected="a device that PyTorch has here",
            fix='use "cpu"',
        ) from None
    return device


@contextmanager
def exact() -> Generator[None]:
    """Keep cuDNN to algorithms that give the same bits every time, in full float32."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def given(array: Floats, device: torch.device) -> Tensor:
    """Return an array on the device; on the CPU without a copy, if it may be written to."""
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def taken(tensor: Tensor) -> Floats:
    """Return a tensor as an array that nobody else holds."""
    return np.array(tensor.detach().cpu().numpy(), np.float32, order="C")


class TorchProgram(Program):
    """Runs a network in PyTorch.

    Args:
        net: the network.
        device: PyTorch's name of a device.
    """

    def __init__(self, net: Network, device: str) -> None:
        self._device = device_of(device)
        self._graph = Graph(net).eval().to(self._device)
        self._weights, self._version = net.weights, -1
        self._own = self._graph.own(net)
        self._names = [name_of(node) for node in (*net.inputs, *net.nodes)]
        self._nodes = {name_of(node): node for node in (*net.inputs, *net.nodes)}
        self._modules = dict(zip(map(name_of, net.nodes), (module for module, _ in self._graph.steps), strict=True))
        self._lock = threading.Lock()  # weights may be assigned while another thread runs

    def _pull(self) -> None:
        version = self._weights.version
        if version != self._version:
            for full, tensor in self._own.items():
                tensor.copy_(torch.from_numpy(self._weights[full].copy()))
            self._version = version

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        with self._lock, torch.inference_mode(), exact():
            self._pull()
            found: Any = self._graph(*(given(x, self._device) for x in inputs))
            return tuple(taken(y) for y in ([found] if len(self._graph.ends) == 1 else found))

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        with self._lock, torch.inference_mode(), exact():
            self._pull()
            values = [given(x, self._device) for x in inputs]
            for module, read in self._graph.steps:
                values.append(module(*(values[place] for place in read)))
            return {name: taken(value) for name, value in zip(self._names, values, strict=True)}

    def gradients(self, known: Mapping[str, Floats], name: str, slope: Floats) -> dict[str, Floats]:
        """Return the gradient of sum(slope * value) in each of `known`."""
        nodes = in_order([self._nodes[name]], [self._nodes[each] for each in known])
        with self._lock, torch.enable_grad(), exact():
            with torch.no_grad():
                self._pull()
            values = {each: given(x, self._device).requires_grad_() for each, x in known.items()}
            wanted = list(values.values())
            for node in nodes:
                read = (values[name_of(before)] for before in node.inputs)
                values[name_of(node)] = self._modules[name_of(node)](*read)
            found: Any = torch.autograd.grad(values[name], wanted, given(slope, self._device), allow_unused=True)
            return {
                each: np.zeros_like(x) if grad is None else taken(grad)
                for (each, x), grad in zip(known.items(), found, strict=True)
            }
