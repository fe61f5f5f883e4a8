"""The engines: what runs a network. `ENGINES` is the table; everything that offers a choice reads it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import EngineError, ParameterError, unknown_name
from ..network import Network
from .base import BatchGradients, Engine, EngineWarning, LossRule, OptimizerRule, Program, State, Step, Trainer
from .inputs import as_inputs
from .keras import KerasEngine
from .native import NativeEngine
from .outputs import decides, ends_in_softmax, probabilities
from .part import part_of
from .reference import ReferenceEngine, exact_values
from .torch import TorchEngine

__all__ = [
    "ENGINES",
    "BatchGradients",
    "Engine",
    "EngineWarning",
    "KerasEngine",
    "LossRule",
    "NativeEngine",
    "OptimizerRule",
    "Program",
    "State",
    "Step",
    "TorchEngine",
    "Trainer",
    "as_inputs",
    "available",
    "decides",
    "ends_in_softmax",
    "exact_values",
    "get",
    "part_of",
    "predict",
    "probabilities",
]

ENGINES: dict[str, Engine] = {
    engine.name: engine for engine in (NativeEngine(), ReferenceEngine(), TorchEngine(), KerasEngine())
}
DEFAULT, LAST = "native", "reference"  # what runs a network if nothing is said, and what runs anywhere


def available() -> dict[str, str]:
    """Return every engine's name with what it is, or why it cannot run here.

    >>> available()["reference"]
    'plain NumPy, the definition of every layer'
    """
    return {
        name: engine.about if (why := engine.unavailable()) is None else f"not available: {why}"
        for name, engine in ENGINES.items()
    }


def get(engine: str | Engine | None = None) -> Engine:
    """Return an engine by name, or an engine as it is; None is the native one, where it runs, or else the reference.

    Warns:
        EngineWarning: nothing was asked for, and the native engine cannot run here.

    Raises:
        UnknownNameError: there is no engine of that name.
        EngineError: the engine cannot run on this machine.

    >>> get("reference").about
    'plain NumPy, the definition of every layer'
    """
    if isinstance(engine, Engine):
        return engine
    name = DEFAULT if engine is None else engine
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    why = ENGINES[name].unavailable()
    if why is not None and engine is None:
        warnings.warn(f"networks run on {LAST!r}, which is slow: {why}", EngineWarning, stacklevel=3)
        return ENGINES[LAST]
    if why is not None:
        raise EngineError(f"engine {name!r}", got=why, expected="an engine that runs here", fix=f"use {LAST!r}")
    return ENGINES[name]


def predict(
    net: Network,
    images: Any,
    *,
    engine: str | Engine | None = None,
    batch_size: int = 64,
    channels_last: bool = False,
) -> Any:
    """Return the outputs (N, ...) for images (N, C, H, W): an array, or a tuple for several outputs.

    Raises:
        ShapeError, DataError: the images do not fit the network.

    >>> from pellucid.layers import ReLU
    >>> predict(Network(3, [ReLU()]), [[-1.0, 0.0, 2.0]])
    array([[0., 0., 2.]], dtype=float32)
    """
    if batch_size < 1:
        raise ParameterError("predict", got=f"batch_size={batch_size}", expected="1 or more", fix="use 64")
    inputs = as_inputs(net, images, channels_last=channels_last)
    program = get(engine).program(net)
    count = len(inputs[0])
    if count == 0:
        empty = tuple(np.zeros((0, *node.shape), np.float32) for node in net.outputs)
        return empty if len(net.outputs) > 1 else empty[0]
    parts = [program.run(tuple(x[i : i + batch_size] for x in inputs)) for i in range(0, count, batch_size)]
    outputs = tuple(np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return outputs if len(net.outputs) > 1 else outputs[0]
