"""Training on the native engine: forward, loss, backward and optimizer of a batch in one native call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers.base import Run
from ...network import Network
from ..base import BatchGradients, Floats, LossRule, OptimizerRule, Samples, State, Step, Trainer
from ..reference import trained
from .arguments import RATES, Arguments, arguments_of
from .executable import Arrays, Executable, blocks_of, chunks_of
from .machine import Target
from .memory import aligned
from .plan import Context
from .pool import Pool
from .samples.learning import Goal, ends_of
from .samples.planning import training_plan
from .samples.rules.losses import loss_of
from .samples.updates import Store, finish_of, host_rates


class NativeTrainer(Trainer):
    """A network being trained in sample lanes. It keeps the weights in memory of its own until `sync`.

    Args:
        net: the network; every layer has a rule.
        loss, optimizer: those that have kernels.
        seed: decides what dropout drops.
        target: the instruction set.
        pool: the threads.
        exact: without Winograd's algorithm.
    """

    def __init__(
        self,
        net: Network,
        loss: LossRule,
        optimizer: OptimizerRule,
        seed: int,
        *,
        target: Target,
        pool: Pool,
        exact: bool,
    ) -> None:
        self._net, self._optimizer, self._seed = net, optimizer, seed
        self._loss, self._target, self._pool, self._exact = loss, target, pool, exact
        self._arguments = arguments_of(net, target)
        self._trained = trained(net)
        size = self._arguments.size // 4
        self._weights = aligned(size, np.float32)
        self._slots = {slot: aligned(size, np.float32) for slot in optimizer.slots}
        for array in self._slots.values():
            array[:] = 0
        self._finish = finish_of(optimizer.kind, optimizer.config())
        self._gradients = aligned(size, np.float32)  # where they are kept, when somebody wants to see them
        self._step = 0
        self._version = -1
        self._seen: dict[str, Floats] = {}  # the network's arrays that ours agree with, but for steps made since
        self._made: dict[tuple[bool, bool], _Made] = {}

    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step."""
        if self._version != self._net.weights.version:
            self._take()
        made = self._ready(targets, gradients=False)
        known = self._finish is not None
        rates = host_rates(self._optimizer.kind, self._optimizer.config(), self._step, rate) if known else [rate]
        context = self._context(samples, targets)
        outputs, losses, told = made.run(inputs, targets, samples, self._random(), rates, context)
        if not known:
            self._move(rate)
        for name, value in (told.watched if told else {}).items():
            self._of(self._weights, name)[...] = value
        self._step += 1
        return Step(losses, outputs)

    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> BatchGradients:
        """Return the mean loss's gradient in every trainable weight and every input."""
        if self._version != self._net.weights.version:
            self._take()
        made = self._ready(targets, gradients=True)
        self._gradients[:] = 0
        found = tuple(np.zeros_like(x) for x in inputs)
        for node, array in zip(self._net.inputs, found, strict=True):
            made.executable.give(f"gradient of {node.name}", array)
        made.run(inputs, targets, samples, self._random(), [0.0] * RATES, self._context(samples, targets))
        weights = {name: self._of(self._gradients, name).copy() for name in self._net.weights.trainable}
        return BatchGradients(found, weights)

    def sync(self) -> None:
        """Write the weights back into the network."""
        weights = self._net.weights
        if self._version != weights.version:
            self._take()
        for name in weights:
            weights[name] = self._of(self._weights, name)
            self._seen[name] = weights[name]
        self._version = weights.version

    def state(self) -> State:
        """Return the optimizer's arrays and the number of steps made."""
        state: State = {"step": np.array(self._step, np.int64)}
        for name in self._trained:
            for slot, array in self._slots.items():
                state[f"{name}/{slot}"] = self._of(array, name).copy()
        return state

    def restore(self, state: State) -> None:
        """Take back the optimizer's arrays and the number of steps made, and the network's weights."""
        self._step = int(state["step"])
        for name in self._trained:
            for slot, array in self._slots.items():
                self._of(array, name)[...] = state[f"{name}/{slot}"]
        self._seen.clear()
        self._take()

    def _take(self) -> None:
        """Take the weights that somebody assigned since; the others keep the steps that they made."""
        version = self._net.weights.version
        for name, weight in self._net.weights.items():
            if self._seen.get(name) is not weight:
                self._of(self._weights, name)[...] = weight
                self._seen[name] = weight
        self._version = version

    def _of(self, array: Floats, name: str) -> Floats:
        """Return a weight's part of an array that is laid out as the weights are."""
        buffer = self._arguments.weights[name]
        start = buffer.offset // 4
        return array[start : start + buffer.size // 4].reshape(self._net.weights.specs[name].shape)

    def _move(self, rate: float) -> None:
        """Move the weights by an optimizer that has no kernel: by its own definition."""
        for name in self._trained:
            weight, slots = (
                self._of(self._weights, name),
                {k: self._of(array, name) for k, array in self._slots.items()},
            )
            gradient = self._of(self._gradients, name)
            new, kept = self._optimizer.update(weight.copy(), gradient, slots, step=self._step, rate=rate)
            weight[...] = new
            for slot, value in kept.items():
                slots[slot][...] = value

    def _context(self, samples: Samples, targets: NDArray[Any]) -> Callable[[Arrays], Context]:
        """Return what layers without kernels need, once their arrays are there."""
        run = Run(training=True, seed=self._seed, step=self._step, samples=samples)

        def weights(layer: str) -> Arrays:
            return {short: self._of(self._weights, full) for short, full in self._net.weight_names(layer).items()}

        return lambda arrays: Context(arrays, weights, run, targets)

    def _random(self) -> list[int]:
        return [self._seed & 0xFFFFFFFF, (self._seed >> 32) & 0xFFFFFFFF, self._step & 0xFFFFFFFF, self._step >> 32]

    def _ready(self, targets: NDArray[Any], *, gradients: bool) -> _Made:
        labels = targets.ndim == 1 and targets.dtype.kind in "iu" and len(self._net.outputs[0].shape) == 1
        key = gradients, labels
        if key not in self._made:
            self._made[key] = self._make(gradients=gradients, labels=labels)
        return self._made[key]

    def _make(self, *, gradients: bool, labels: bool) -> _Made:
        """Make the plan of a step, or of gradients, ready."""
        arguments = arguments_of(self._net, self._target)  # a plan's own: their places are its business
        finish = (None if gradients else self._finish) or Store()
        kernel = loss_of(self._loss.kind, self._loss.config(), self._net.outputs[0].shape, labels=labels) or self._loss
        ends = ends_of(self._trained, self._slots, arguments)
        goal = Goal(self._trained, finish, ends, inputs_too=gradients, moves_averages=not gradients)
        plan, slab = training_plan(self._net, self._target, arguments, goal, kernel, exact=self._exact)
        executable = Executable(plan, self._target, self._pool, slab=slab)
        executable.give("weights", self._weights)
        executable.give("grads", self._gradients)
        for slot, array in self._slots.items():
            executable.give(f"slot {slot}", array)
        return _Made(self._net, arguments, executable, self._target.lanes, labels)


@dataclass
class _Made:
    """A plan made ready, and how a batch is handed to it."""

    net: Network
    arguments: Arguments
    executable: Executable
    lanes: int
    labels: bool
    last: int = 0  # samples of the batch before

    def run(
        self,
        inputs: tuple[Floats, ...],
        targets: NDArray[Any],
        samples: Samples,
        random: list[int],
        rates: list[float],
        context: Callable[[Arrays], Context],
    ) -> tuple[Floats, Floats, Context | None]:
        """Run the plan on a batch; return the first output, each sample's loss, and what calls of Python left."""
        count, lanes = len(samples), self.lanes
        blocks = blocks_of(count, lanes)
        executable, call = self.executable, self.arguments.call
        if count != self.last:
            self._tell(count, blocks)
        for node, array in zip(self.net.inputs, inputs, strict=True):
            executable.give(f"input {node.name}", array)
        last = self.net.outputs[0]
        outputs = np.empty((count, *last.shape), np.float32)
        executable.give(f"value {last.name}", outputs)
        _fill(executable.view(call["samples"], blocks, np.int64), samples, lanes)
        wanted = targets
        if self.labels:
            _fill(executable.view(call["targets"], blocks, np.int64), targets, lanes)
        else:
            wanted = np.ascontiguousarray(targets, np.float32)
            executable.give("wanted", wanted)
        executable.view(call["random"], 1, np.uint32)[:4] = random
        executable.view(call["rates"], 1, np.float32)[: len(rates)] = rates
        told = executable.run(blocks, count, context)
        del wanted  # until here it must live
        if told and told.losses is not None:
            return outputs, told.losses, told
        losses = executable.view(call["losses"], blocks, np.float32)[:, :lanes].reshape(-1)[:count].copy()
        return outputs, losses, told

    def _tell(self, count: int, blocks: int) -> None:
        """Have memory for a batch, and tell the kernels how many samples there are."""
        self.last = 0  # if this ends in an error, memory may be new, and nobody has been told
        self.executable.ready(blocks)
        view, call, lanes = self.executable.view, self.arguments.call, self.lanes
        real = np.full(blocks, lanes)
        real[-1] = count - (blocks - 1) * lanes
        view(call["real"], blocks, np.int64)[:, 0] = real
        view(call["mask"], blocks, np.float32)[:, :lanes] = np.arange(lanes) < real[:, None]
        view(call["count"], 1, np.float32)[0] = count
        view(call["blocks"], 1, np.int64)[0] = blocks
        view(call["chunks"], 1, np.int64)[0] = chunks_of(blocks)
        view(call["one"], 1, np.int64)[0] = 1
        self.last = count


def _fill(held: NDArray[np.int64], values: NDArray[Any], lanes: int) -> None:
    """Write numbers, one for each lane of each block; free lanes repeat the last."""
    whole = len(values) // lanes
    held[:whole, :lanes] = values[: whole * lanes].reshape(whole, lanes)
    if whole < len(held):
        rest = values[whole * lanes :]
        held[whole, : len(rest)] = rest
        held[whole, len(rest) : lanes] = rest[-1]
