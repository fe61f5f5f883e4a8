"""Training in TensorFlow: one compiled step of forward, loss, backward and optimizer, with our masks and our rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...layers import BatchNorm2d, Dropout
from ...layers.base import Run
from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from ..base import BatchGradients, Floats, LossRule, OptimizerRule, Samples, State, Step, Trainer
from ..reference import trained
from .built import Built
from .framework import tf
from .made import Tensor, inward, outward
from .program import device_of
from .rules import applied, known, losses, numbers_of, update


class _Pass(NamedTuple):
    """What one forward and backward pass of a batch gives.

    Args:
        losses: each sample's loss.
        output: the first output.
        inputs: the mean loss's gradient in each input.
        weights: the same in each trained weight.
        watched: the running averages after the batch, by layer.
        sound: false where a NaN may have been lost.
    """

    losses: Tensor
    output: Tensor
    inputs: list[Tensor]
    weights: list[Tensor]
    watched: dict[str, tuple[Tensor, Tensor]]
    sound: Tensor


class KerasTrainer(Trainer):
    """Trains a network in TensorFlow; weights and slots stay there until `sync`.

    Args:
        net: the network.
        loss: the loss.
        optimizer: the optimizer.
        seed: the seed of dropout's masks.
        device: TensorFlow's name of a device, or None.
    """

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int, device: str | None) -> None:
        self._net, self._loss, self._optimizer, self._seed = net, loss, optimizer, seed
        self._device = device_of(device)
        with tf.device(self._device):
            self._built = Built(net)
            self._built.push()
        self._step = 0
        self._names = trained(net)
        self._output = name_of(net.outputs[0])
        with tf.device(self._device):
            self._slots: dict[str, dict[str, Any]] = {
                name: {slot: tf.Variable(tf.zeros(self._built.kept[name].variable.shape)) for slot in optimizer.slots}
                for name in self._names
            }
        self._functions: dict[Any, Any] = {}

    def _masks(self, count: int, samples: Samples) -> dict[str, Tensor]:
        """Return dropout's factors by layer: a function of seed, step and samples, as in every engine."""
        masks: dict[str, Tensor] = {}
        for node in self._net.nodes:
            if isinstance(node.layer, Dropout):
                name = name_of(node)
                run = Run(training=True, seed=self._seed, step=self._step, samples=samples, layer=name)
                factors = node.layer.factors((count, *node.shape), run).astype(np.float32)
                masks[name] = tf.constant(outward(factors))
        return masks

    def _pass(self, inputs: list[Tensor], targets: Tensor, masks: dict[str, Tensor]) -> _Pass:
        """Return what a batch gives."""
        return self._both_ways(inputs, targets, masks, careful=False)

    def _careful(self, inputs: list[Tensor], targets: Tensor, masks: dict[str, Tensor]) -> _Pass:
        """Return what a batch gives, no NaN lost."""
        return self._both_ways(inputs, targets, masks, careful=True)

    def _both_ways(self, inputs: list[Tensor], targets: Tensor, masks: dict[str, Tensor], *, careful: bool) -> _Pass:
        watched: dict[str, tuple[Tensor, Tensor]] = {}

        def special(node: Node, read: list[Tensor]) -> Tensor | None:
            name = name_of(node)
            if isinstance(node.layer, Dropout):
                return read[0] * masks[name]
            if isinstance(node.layer, BatchNorm2d):
                y, watched[name] = self._normalized(node.layer, name, read[0])
                return y
            return None

        variables = [self._built.kept[name].variable.value for name in self._names]
        with tf.GradientTape() as tape:
            for x in inputs:
                tape.watch(x)
            values = self._built.values(inputs, special, careful=careful)
            output = values.by_name[self._output]
            each = losses(self._loss, output, targets)
            mean = tf.reduce_mean(each)
        zero = tf.UnconnectedGradients.ZERO
        grads = tape.gradient(mean, [*inputs, *variables], unconnected_gradients=zero)
        sound = tf.constant(True) if values.doubt is None else tf.logical_not(tf.math.is_nan(values.doubt))
        return _Pass(each, output, grads[: len(inputs)], grads[len(inputs) :], watched, sound)

    def _normalized(self, layer: BatchNorm2d, name: str, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return a batch normalized by its own mean and variance, and the running ones after it."""
        over = tuple(axis for axis in range(len(x.shape)) if axis != (3 if len(x.shape) == 4 else 1))
        mean = tf.reduce_mean(x, axis=over, keepdims=True)
        apart = x - mean
        variance = tf.reduce_mean(apart * apart, axis=over, keepdims=True)
        y = apart / tf.sqrt(variance + layer.eps)
        full = self._net.weight_names(name)
        own = {short: self._built.kept[full[short]].variable.value for short in full}
        if layer.affine:
            y = y * tf.reshape(own["weight"], mean.shape) + tf.reshape(own["bias"], mean.shape)
        count = tf.cast(tf.size(x) // tf.size(mean), tf.float32)
        spread = variance * (count / tf.maximum(count - 1, 1)) if layer.unbiased else variance
        share = layer.momentum
        flat = (-1,)
        running = (
            (1 - share) * own["running_mean"] + share * tf.reshape(mean, flat),
            (1 - share) * own["running_var"] + share * tf.reshape(spread, flat),
        )
        return y, running

    def _whole(
        self, inputs: list[Tensor], targets: Tensor, masks: dict[str, Tensor], numbers: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Make one step, if no NaN was lost, where the optimizer's formula is TensorFlow's too."""
        made = self._pass(inputs, targets, masks)

        def move() -> Tensor:
            self._watch(made.watched)
            for name, grad in zip(self._names, made.weights, strict=True):
                kept, slots = self._built.kept[name].variable.value, self._slots[name]
                if applied(self._optimizer, kept, slots, grad, numbers):
                    continue
                weight, moved = update(self._optimizer, kept, grad, slots, numbers)
                kept.assign(weight)
                for slot, value in moved.items():
                    slots[slot].assign(value)
            return tf.constant(True)

        if not any(made.careful for made in self._built.made.values()):
            return made.losses, made.output, move()
        return made.losses, made.output, tf.cond(made.sound, move, lambda: tf.constant(False))

    def _watch(self, watched: dict[str, tuple[Tensor, Tensor]]) -> None:
        for name, (mean, variance) in watched.items():
            full = self._net.weight_names(name)
            self._built.kept[full["running_mean"]].variable.value.assign(mean)
            self._built.kept[full["running_var"]].variable.value.assign(variance)

    def _compiled(self, function: Callable[..., Any], *given: Any) -> Any:
        """Return a function compiled for batches of any size, called on `given`."""
        leaves = tf.nest.flatten(given)
        key = (function, tuple((leaf.dtype, len(leaf.shape)) for leaf in leaves))
        if key not in self._functions:
            specs = tf.nest.map_structure(_any_batch, given)
            self._functions[key] = tf.function(function, autograph=False).get_concrete_function(*specs)
        return self._functions[key](*given)

    def _passed(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> _Pass:
        """Return what one batch gives; computed again and carefully where a NaN may have been lost."""
        given = self._given(inputs, targets, samples)
        made: _Pass = self._compiled(self._pass, *given)
        return made if made.sound.numpy() else self._compiled(self._careful, *given)

    def _given(
        self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples
    ) -> tuple[list[Tensor], Tensor, dict[str, Tensor]]:
        given = [tf.constant(outward(x)) for x in inputs]
        return given, tf.constant(targets), self._masks(len(inputs[0]), samples)

    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step."""
        with tf.device(self._device):
            result = self._moved(inputs, targets, samples, rate) if known(self._optimizer) else None
            if result is None:
                made = self._passed(inputs, targets, samples)
                result = made.losses, made.output
                self._watch(made.watched)
                for name, grad in zip(self._names, made.weights, strict=True):
                    self._update_as_defined(name, grad.numpy(), rate)
        each, output = result
        self._step += 1
        return Step(np.array(each.numpy()), inward(output.numpy()))

    def _moved(
        self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, rate: float
    ) -> tuple[Tensor, Tensor] | None:
        """Make one step wholly in TensorFlow; None where a NaN may have been lost, and nothing was done."""
        given = self._given(inputs, targets, samples)
        each, output, moved = self._compiled(self._whole, *given, numbers_of(self._optimizer, self._step, rate))
        return (each, output) if moved.numpy() else None

    def _update_as_defined(self, name: str, grad: NDArray[Any], rate: float) -> None:
        """Move one weight by the optimizer's own definition, in NumPy and in our layout."""
        kept, slots = self._built.kept[name], self._slots[name]
        shape = self._net.weights.specs[name].shape
        weight = kept.back(kept.variable.numpy(), shape)
        ours = {slot: kept.back(value.numpy(), shape) for slot, value in slots.items()}
        moved = self._optimizer.update(weight, kept.back(grad, shape), ours, step=self._step, rate=rate)
        kept.variable.assign(kept.there(moved[0]))
        for slot, value in moved[1].items():
            slots[slot].assign(kept.there(value))

    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> BatchGradients:
        """Return the mean loss's gradients; weights that the first output does not depend on have zeros."""
        with tf.device(self._device):
            made = self._passed(inputs, targets, samples)
        specs = self._net.weights.specs
        found = {name: np.zeros(specs[name].shape, np.float32) for name in self._net.weights.trainable}
        for name, grad in zip(self._names, made.weights, strict=True):
            found[name] = self._built.kept[name].back(grad.numpy(), specs[name].shape)
        return BatchGradients(tuple(inward(grad.numpy()) for grad in made.inputs), found)

    def sync(self) -> None:
        """Write the weights back into the network."""
        for name, kept in self._built.kept.items():
            array = kept.back(kept.variable.numpy(), self._net.weights.specs[name].shape)
            if not np.array_equal(array, self._net.weights[name], equal_nan=True):
                self._net.weights[name] = array

    def state(self) -> State:
        """Return the optimizer's arrays in our layout, and the number of steps made."""
        state: State = {"step": np.array(self._step, np.int64)}
        for name, slots in self._slots.items():
            kept, shape = self._built.kept[name], self._net.weights.specs[name].shape
            state |= {f"{name}/{slot}": kept.back(value.numpy(), shape) for slot, value in slots.items()}
        return state

    def restore(self, state: State) -> None:
        """Take back the optimizer's arrays, the number of steps made, and the network's weights."""
        self._built.push()
        self._step = int(state["step"])
        for name, slots in self._slots.items():
            for slot, value in slots.items():
                value.assign(self._built.kept[name].there(np.asarray(state[f"{name}/{slot}"], np.float32)))


def _any_batch(value: Tensor) -> Any:
    """Return what a compiled function may be given in a value's place: as many samples as come."""
    return tf.TensorSpec(shape=(None, *value.shape[1:]) if len(value.shape) else (), dtype=value.dtype)
