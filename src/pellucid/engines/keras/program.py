"""A network compiled by TensorFlow: one function for its outputs, and one for all values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from ...errors import EngineError
from ...network import Network
from ...wiring import in_order, name_of
from ..base import Floats, Program
from .built import Built, Values
from .framework import tf
from .made import Tensor, inward, outward, theirs


def device_of(name: str | None) -> str | None:
    """Return the name of a device that TensorFlow has here; None leaves the choice to it.

    Raises:
        EngineError: there is none of that name here.
    """
    known = [device.name.removeprefix("/device:") for device in tf.config.list_logical_devices()]
    if name is not None and not {name, f"{name}:0"} & set(known):  # TensorFlow would quietly take another
        raise EngineError(
            "engine 'keras'", got=f"device {name!r}", expected=f"one of {', '.join(known)}", fix='use "CPU:0"'
        )
    return name


class KerasProgram(Program):
    """Runs a network in TensorFlow.

    Args:
        net: the network.
        device: TensorFlow's name of a device, or None.
    """

    def __init__(self, net: Network, device: str | None) -> None:
        self._device = device_of(device)
        with tf.device(self._device):
            self._built = Built(net)
        self._outputs = [name_of(node) for node in net.outputs]
        self._lock = threading.Lock()  # weights may be assigned while another thread runs
        self._inputs = [tf.TensorSpec(shape=theirs(node.shape), dtype=tf.float32) for node in net.inputs]
        self._functions: dict[tuple[Any, ...], Any] = {}

    def _compiled(self, key: tuple[Any, ...], function: Callable[..., Any], specs: Any) -> Any:
        """Return the compiled function, made when it is first asked for."""
        if key not in self._functions:
            self._functions[key] = tf.function(function, autograph=False).get_concrete_function(*specs)
        return self._functions[key]

    def _found(self, inputs: tuple[Floats, ...], everything: bool) -> Any:
        """Return values for inputs; again and carefully where a NaN may have been lost."""

        def call(careful: bool, given: list[Tensor]) -> tuple[Any, Any]:
            def function(*inputs: Any) -> tuple[Any, ...]:
                values: Values = self._built.values(list(inputs), careful=careful)
                found = values.by_name
                return found if everything else [found[name] for name in self._outputs], values.doubt

            return self._compiled((everything, careful), function, self._inputs)(*given)

        return self._twice(call, inputs)

    def _twice(self, call: Callable[[bool, list[Tensor]], tuple[Any, Any]], arrays: Iterable[Floats]) -> Any:
        """Return what a call gives for arrays; again and carefully where a NaN may have been lost."""
        with self._lock, nullcontext() if self._device is None else tf.device(self._device):
            self._built.push()
            given = [tf.convert_to_tensor(outward(x)) for x in arrays]
            found, doubt = call(False, given)
            if doubt is not None and np.isnan(doubt.numpy()):
                found, _ = call(True, given)
            return found

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        return tuple(inward(y.numpy()) for y in self._found(inputs, False))

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        return {name: inward(y.numpy()) for name, y in self._found(inputs, True).items()}

    def gradients(self, known: Mapping[str, Floats], name: str, slope: Floats) -> dict[str, Floats]:
        """Return the gradient of sum(slope * value) in each of `known`."""
        net, names = self._built.net, tuple(known)
        nodes = in_order([net.node(name)], [net.node(each) for each in names])
        specs = [tf.TensorSpec(shape=theirs(net.shapes[each]), dtype=tf.float32) for each in (*names, name)]

        def call(careful: bool, given: list[Tensor]) -> tuple[Any, Any]:
            def function(*given: Any) -> tuple[Any, ...]:
                *read, weighed = given
                with tf.GradientTape() as tape:
                    for x in read:
                        tape.watch(x)
                    values = self._built.onward(dict(zip(names, read, strict=True)), nodes, careful=careful)
                zero = tf.UnconnectedGradients.ZERO
                value = values.by_name[name]
                return tape.gradient(value, read, output_gradients=weighed, unconnected_gradients=zero), values.doubt

            return self._compiled((names, name, careful), function, specs)(*given)

        return dict(
            zip(names, map(inward, (x.numpy() for x in self._twice(call, (*known.values(), slope)))), strict=True)
        )
