"""Training in PyTorch: its gradients, with our masks, our losses, our optimizers and our rule for running averages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...layers import BatchNorm2d, Conv2d, Dropout, Linear, ReLU
from ...layers.base import Run
from ...network import Network
from ...wiring import name_of
from ..base import BatchGradients, Floats, LossRule, OptimizerRule, Samples, State, Step, Trainer
from ..reference import trained
from .graph import Graph
from .program import device_of, exact, given, taken
from .rules import compare, update


@dataclass(frozen=True, eq=False)
class _Pass:
    """What one forward and backward pass of a batch gave."""

    losses: Tensor
    outputs: Tensor
    inputs: tuple[Tensor, ...]
    weights: dict[str, Tensor]
    running: dict[str, Tensor]


class TorchTrainer(Trainer):
    """Trains a network in PyTorch; weights and slots stay there until `sync`.

    Args:
        net: the network.
        loss: the loss.
        optimizer: the optimizer.
        seed: the seed of dropout's masks.
        device: PyTorch's name of a device.
    """

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int, device: str) -> None:
        self._net, self._loss, self._optimizer, self._seed = net, loss, optimizer, seed
        self._device = device_of(device)
        self._graph = Graph(net).pull(net).to(self._device)
        self._own = self._graph.own(net)
        self._over = _may_overwrite(net, self._graph)
        self._step = 0
        self._names = trained(net)
        self._slots = {
            name: {slot: torch.zeros_like(self._own[name], requires_grad=False) for slot in optimizer.slots}
            for name in self._names
        }

    def _output(self, inputs: list[Tensor], samples: Samples, running: dict[str, Tensor]) -> Tensor:
        """Return the output in training; `running` receives the running averages after this batch.

        Nothing else is kept here, so that on the way back PyTorch frees what it has done with.
        """
        values: list[Any] = [*inputs]
        run = Run(training=True, seed=self._seed, step=self._step, samples=samples)
        for (module, read), done, node in zip(self._graph.steps, self._graph.done, self._net.nodes, strict=True):
            name, layer, read_values = name_of(node), node.layer, [values[place] for place in read]
            if isinstance(layer, Dropout):
                x = read_values[0]
                factors = layer.factors(tuple(x.shape), run.at(name)).astype(np.float32)
                values.append(x * torch.from_numpy(factors).to(self._device))
            elif isinstance(layer, BatchNorm2d):
                values.append(self._normalized(layer, name, read_values[0], running))
            elif id(module) in self._over:
                values.append(torch.relu_(read_values[0]))
            else:
                values.append(module(*read_values))
            for place in done:
                values[place] = None
        return values[self._graph.ends[0]]

    def _normalized(self, layer: BatchNorm2d, name: str, x: Tensor, running: dict[str, Tensor]) -> Tensor:
        """Return a batch normalized by its own mean and variance; a shared layer goes on from the step's averages."""
        full = self._net.weight_names(name)
        over = [axis for axis in range(x.ndim) if axis != 1]
        if x.numel() == x.shape[1]:  # PyTorch refuses a single number a channel
            y = (x - x) / layer.eps**0.5
            wide = (-1, *[1] * (x.ndim - 2))
            affine = [self._own[full[short]].reshape(wide) for short in ("weight", "bias") if layer.affine]
            y = y * affine[0] + affine[1] if affine else y
        else:
            learned = [self._own[full[short]] if layer.affine else None for short in ("weight", "bias")]
            y = torch.nn.functional.batch_norm(x, None, None, *learned, training=True, eps=layer.eps)
        with torch.no_grad():
            count = x.numel() // x.shape[1]
            variance, mean = torch.var_mean(x, over, correction=int(layer.unbiased and count > 1))
            for short, new in (("running_mean", mean), ("running_var", variance)):
                before = self._own[full[short]]
                running[full[short]] = (1 - layer.momentum) * before + layer.momentum * new
        return y

    def _pass(
        self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, outward: bool = False
    ) -> _Pass:
        """Return what one batch gives, with `outward` the inputs' gradients too; nothing is changed."""
        running: dict[str, Tensor] = {}
        with torch.enable_grad(), exact():
            read = [given(x, self._device).requires_grad_(outward) for x in inputs]
            output = self._output(read, samples, running)
            losses, slopes = compare(self._loss, output.detach(), targets)
            wanted = [*(read if outward else ()), *(self._own[name] for name in self._names)]
            grads: Any = torch.autograd.grad(output, wanted, slopes, allow_unused=True) if wanted else ()
        found = [torch.zeros_like(x) if grad is None else grad for x, grad in zip(wanted, grads, strict=True)]
        count = len(wanted) - len(self._names)
        weights = dict(zip(self._names, found[count:], strict=True))
        return _Pass(losses, output.detach(), tuple(found[:count]), weights, running)

    @torch.no_grad()
    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step."""
        made = self._pass(inputs, targets, samples)
        result = Step(taken(made.losses), taken(made.outputs))
        for name, value in made.running.items():
            self._own[name].copy_(value)
        for name in self._names:
            grad, slots = made.weights[name], self._slots[name]
            update(self._optimizer, self._own[name], grad, slots, step=self._step, rate=rate)
        self._step += 1
        return result

    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> BatchGradients:
        """Return the mean loss's gradients; weights that the first output does not depend on have zeros."""
        made, specs = self._pass(inputs, targets, samples, outward=True), self._net.weights.specs
        weights = {
            name: taken(made.weights[name]) if name in made.weights else np.zeros(specs[name].shape, np.float32)
            for name in self._net.weights.trainable
        }
        return BatchGradients(tuple(taken(grad) for grad in made.inputs), weights)

    def sync(self) -> None:
        """Write the weights back into the network."""
        for name, tensor in self._own.items():
            array = taken(tensor)
            if not np.array_equal(array, self._net.weights[name], equal_nan=True):
                self._net.weights[name] = array

    def state(self) -> State:
        """Return the optimizer's arrays and the number of steps made."""
        state: State = {"step": np.array(self._step, np.int64)}
        for name, slots in self._slots.items():
            state |= {f"{name}/{slot}": taken(value) for slot, value in slots.items()}
        return state

    def restore(self, state: State) -> None:
        """Take back the optimizer's arrays, the number of steps made, and the network's weights."""
        self._graph.pull(self._net)
        self._step = int(state["step"])
        for name, slots in self._slots.items():
            for slot in slots:
                array = np.array(state[f"{name}/{slot}"], np.float32)
                slots[slot] = torch.from_numpy(array).to(self._device)


def _may_overwrite(net: Network, graph: Graph) -> set[int]:
    """Return the ids of modules whose result may take the place of what they read: less memory is gone through.

    Nobody else reads it, and the layer that made it finds its gradient without it.
    """
    readers = Counter(name_of(before) for node in net.nodes for before in node.inputs)
    readers.update(name_of(node) for node in net.outputs)
    uses = Counter(id(module) for module, _ in graph.steps)
    found: set[int] = set()
    for (module, _), node in zip(graph.steps, net.nodes, strict=True):
        before = node.inputs[0]
        alone = readers[name_of(before)] == 1 and uses[id(module)] == 1
        if alone and isinstance(node.layer, ReLU) and isinstance(before.layer, BatchNorm2d | Conv2d | Linear):
            found.add(id(module))
    return found
