"""Wiring: lists and graphs become nodes in an order that can be run, each under a name of its own."""

from __future__ import annotations

import random
from typing import Any

import pytest
from by_hand import Refusal
from hypothesis import given
from hypothesis import strategies as st

from pellucid import Input, Network
from pellucid.errors import ParameterError
from pellucid.layers import (
    Add,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Node,
    ReLU,
)

ANY: Any = Network


def test_names_count_by_kind() -> None:
    """Unnamed layers are numbered by their kind's word: all pools are pools, both ReLUs are relus."""
    net = Network(
        (1, 12, 12),
        [Conv2d(2, 3), ReLU(), MaxPool2d(2), Conv2d(3, 3), LeakyReLU(), GlobalAvgPool2d(), Linear(4), ReLU()],
    )
    assert list(net.layers) == ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "linear1", "relu3"]


def test_given_names_are_kept_and_stepped_over() -> None:
    """A name that was given stands; numbering goes on around it."""
    net = ANY((4,), [("first", Linear(3)), ReLU(), ("linear1", Linear(3)), Linear(3), ["relu2", ReLU()], ReLU()])
    assert list(net.layers) == ["first", "relu1", "linear1", "linear2", "relu2", "relu3"]


def test_names_of_inputs() -> None:
    """One input is "input", several are numbered, and a given name is kept."""
    a, b, c = Input((3,)), Input((3,)), Input((3,), "side")
    assert list(Network(a, ReLU()(a)).shapes) == ["input", "relu1"]
    assert list(Network([a, b, c], Add()(a, b, c)).shapes) == ["input1", "input2", "side", "add1"]
    assert list(Network(c, [ReLU()]).shapes) == ["side", "relu1"]


def test_a_list_is_a_chain() -> None:
    """A list and the same layers called one after another make the same network."""
    x = Input((1, 8, 8))
    y = Linear(3)(Flatten()(Conv2d(2, 3)(x)))
    listed, called = Network((1, 8, 8), [Conv2d(2, 3), Flatten(), Linear(3)]), Network(x, y)
    assert listed.shapes == called.shapes
    assert listed.layers == called.layers
    assert listed.weights["conv1.weight"].tobytes() == called.weights["conv1.weight"].tobytes()


def test_nodes_run_in_the_order_in_which_they_were_wired() -> None:
    """Of branches the one that was wired first comes first, whatever order the join names them in."""
    x = Input((2, 6, 6))
    left = ReLU()(Conv2d(2, 3)(x, name="left"), name="after")
    right = Conv2d(3, 3)(x, name="right")
    joined = Concat()(right, left, name="join")
    net = Network(x, joined)
    assert [node.name for node in net.nodes] == ["left", "after", "right", "join"]
    assert [node.name for node in net.node("join").inputs] == ["right", "after"]


@given(seed=st.integers(0, 10**6), count=st.integers(1, 12))
def test_every_node_comes_after_what_it_reads(seed: int, count: int) -> None:
    """However branches cross, the order can be run, holds each needed node once, and no other."""
    rng = random.Random(seed)
    nodes: list[Node] = [Input((2,)), Input((2,))]
    for _ in range(count):
        layer: Layer = rng.choice([ReLU(), Add()])
        nodes.append(layer(*rng.choices(nodes, k=1 if isinstance(layer, ReLU) else 2)))
    outputs = rng.choices(nodes[2:], k=2)
    needed: set[int] = set()
    waiting = [*outputs]
    while waiting:
        node = waiting.pop()
        needed.add(id(node))
        waiting.extend(node.inputs)
    net = Network(nodes[:2], outputs)
    seen = {node.name for node in net.inputs}
    for node in net.nodes:
        assert {before.name for before in node.inputs} <= seen
        assert node.name not in seen
        seen.add(node.name)
    assert len(net.nodes) == len(needed - {id(nodes[0]), id(nodes[1])})


def test_a_branch_that_leads_nowhere_is_no_part() -> None:
    """What the outputs do not need is left out of the network."""
    x = Input((3,))
    Linear(5)(x)
    assert list(Network(x, ReLU()(x)).layers) == ["relu1"]


def test_an_input_can_be_an_output() -> None:
    """A network may hand an input through."""
    x = Input((3,))
    net = Network(x, [ReLU()(x), x])
    assert [node.name for node in net.outputs] == ["relu1", "input"]


def test_wiring_leaves_nodes_as_they_were() -> None:
    """Nodes can be part of several networks: each has nodes of its own, under names of its own."""
    x = Input((3,))
    y = ReLU()(x)
    Network(x, y)
    assert (x.name, y.name) == (None, None)
    longer = Network(x, Linear(2)(y))
    assert list(longer.layers) == ["relu1", "linear1"]


def test_a_network_can_be_built_upon() -> None:
    """New layers can be called on a network's own nodes; names that it gave are kept."""
    net = Network((3,), [Linear(4), ReLU()])
    longer = Network(net.inputs[0], Linear(2)(net.outputs[0]))
    assert list(longer.layers) == ["linear1", "relu1", "linear2"]
    assert longer.weights["linear1.weight"].tobytes() == net.weights["linear1.weight"].tobytes()


A_NAME = "a name of its own: printable, at most 200 characters, without square brackets"
ANOTHER = "choose another name"
REFUSED = [
    *(
        Refusal(
            lambda name=name: ANY((3,), [(name, ReLU())]),
            ParameterError,
            "ReLU",
            f"name {name!r}",
            A_NAME,
            ANOTHER,
        )
        for name in ("", " a", "a\n", "a[0]", "x" * 201, "\u202e")
    ),
    Refusal(
        lambda: ANY((3,), [("a", ReLU()), ("a", Linear(2))]),
        ParameterError,
        "Linear",
        "name 'a' twice",
        A_NAME,
        ANOTHER,
    ),
    Refusal(
        lambda: ANY((3,), [("input", ReLU())]),
        ParameterError,
        "ReLU",
        "name 'input' twice",
        A_NAME,
        ANOTHER,
    ),
    Refusal(lambda: ANY(Input((3,), "a]"), [ReLU()]), ParameterError, "Network", "name 'a]'", A_NAME, ANOTHER),
    *(
        Refusal(
            lambda layers=layers: ANY((3,), layers),
            ParameterError,
            "Network",
            repr(layers),
            "a list of layers, or output nodes",
            "give one layer or more",
        )
        for layers in ([], (), ReLU(), None, 5, {"a": ReLU()})
    ),
    Refusal(
        lambda: ANY((3,), [ReLU]),
        ParameterError,
        "Network",
        f"{ReLU!r} in the list of layers",
        "layers, or (name, layer)",
        "make it, as in ReLU()",
    ),
    *(
        Refusal(
            lambda item=item: ANY((3,), [ReLU(), item]),
            ParameterError,
            "Network",
            f"{item!r} in the list of layers",
            "layers, or (name, layer)",
            "put layers in the list",
        )
        for item in ("relu", None, ("a", "b"), (ReLU(), "a"), Input((3,)))
    ),
    Refusal(
        lambda: ANY([Input((3,)), Input((3,))], [ReLU()]),
        ParameterError,
        "Network",
        "a list of layers with 2 inputs",
        "one input",
        "call the layers on nodes, and give the output nodes",
    ),
    Refusal(
        lambda: ANY(Input((3,)), ReLU()(Input((4,), "other"))),
        ParameterError,
        "Network",
        "<other: Input -> (4,)>, which the outputs read",
        "only inputs that the network was given",
        "add it to the inputs: Network([a, b], outputs)",
    ),
    Refusal(
        lambda: ANY(ReLU()(Input((3,)), name="middle"), [ReLU()]),
        ParameterError,
        "Network",
        "<middle: ReLU() -> (3,)> as an input",
        "each input once, made by Input",
        "make it with Input(shape), and call the layers on it",
    ),
    Refusal(
        lambda: ANY([SAME, SAME], ReLU()(SAME)),
        ParameterError,
        "Network",
        "<same: Input -> (3,)> as an input twice",
        "each input once, made by Input",
        "make it with Input(shape), and call the layers on it",
    ),
]
SAME = Input((3,), "same")


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """Names that clash or cannot be told, and things that are no layers or no inputs, are refused."""
    refusal.check()
