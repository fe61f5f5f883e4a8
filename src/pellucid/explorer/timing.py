"""How long each layer takes: one after another, each as a network of its own, on the numbers that it read in a run."""

from __future__ import annotations

import statistics
import time

import numpy as np

from ..engines import Engine
from ..explain import Trace
from ..layers.node import Input, Node
from ..network import Network
from ..wiring import name_of

ROUNDS = 7  # runs of each layer, of which the median counts
LONGEST = 0.25  # seconds of runs of one layer, after which it has no more


def layer_seconds(trace: Trace, engine: Engine) -> dict[str, float]:
    """Return the median seconds that each layer of a traced network takes for its one image, by name.

    A whole network may take less than the sum: engines run some layers in one step with their neighbours.

    Args:
        trace: what each layer read.
        engine: what runs the layers.

    Returns:
        Seconds for every layer, inputs left out.
    """
    return {name_of(node): _seconds(trace, node, engine) for node in trace.net.nodes}


def alone(net: Network, node: Node) -> Network:
    """Return a layer as a network of its own, with its weights."""
    assert node.layer is not None
    inputs = [Input(before.shape, name=f"input{number}") for number, before in enumerate(node.inputs)]
    single = Network(inputs, node.layer(*inputs, name="layer"))
    for short, full in net.weight_names(name_of(node)).items():
        single.weights[single.weight_names("layer")[short]] = net.weights[full]
    return single


def _seconds(trace: Trace, node: Node, engine: Engine) -> float:
    read = tuple(np.ascontiguousarray(trace[name_of(before)])[None] for before in node.inputs)
    program = engine.program(alone(trace.net, node))
    program.run(read)  # whatever is made on first use is made now
    taken: list[float] = []
    while len(taken) < ROUNDS and sum(taken) < LONGEST:
        start = time.perf_counter()
        program.run(read)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
