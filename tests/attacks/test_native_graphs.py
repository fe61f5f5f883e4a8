"""Sound files that hold a hostile network: each is refused by one error of ours, and its harmless twin is opened."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from crafted_files import Attack, Change, CraftedFile, assert_refused, part, swap

from pellucid.errors import ModelFileError
from pellucid.formats import load

DEEP = "[" * 100_000 + "]" * 100_000


def node(name: str, /, **changes: object) -> Change:
    """Return a change of a node; a parameter's name is written in capitals."""

    def change(crafted: CraftedFile) -> None:
        found = next(item for item in crafted.network["nodes"] if item["name"] == name)
        for key, value in changes.items():
            (found["params"] if key.isupper() else found)[key.lower()] = value

    return change


def without(name: str, param: str) -> Change:
    """Return a change that leaves out one parameter of a node."""
    return lambda crafted: next(n for n in crafted.network["nodes"] if n["name"] == name)["params"].pop(param)


def field(**changes: object) -> Change:
    """Return a change of the description's own fields."""
    return lambda crafted: crafted.network.update(changes)


def first(kind: str, **params: object) -> Change:
    """Return a change that puts a layer that reads the input before all others, and sends its output out too."""
    return add(0, made("first", kind, ["input"], **params))


def add(place: int, *nodes: dict[str, Any]) -> Change:
    """Return a change that puts nodes at a place of the list, and sends the last one's output out too."""

    def change(crafted: CraftedFile) -> None:
        crafted.network["nodes"][place:place] = nodes
        crafted.network["outputs"].append(nodes[-1]["name"])

    return change


def made(name: str, kind: str, inputs: list[str], **params: object) -> dict[str, Any]:
    """Return a node."""
    return {"name": name, "layer": kind, "params": params, "inputs": inputs}


def shared(name: str, other: str) -> dict[str, Any]:
    """Return a node that uses the layer of another on what `again` gives."""
    return {"name": name, "same_as": other, "inputs": ["again"]}


DOUBLING = [made(f"c{i}", "Concat", [f"c{i - 1}" if i else "input"] * 2) for i in range(40)]
TALL, OTHER = {"name": "input", "shape": [2, 2**30, 4]}, {"name": "other", "shape": [3]}

ATTACKS = {
    # the description
    "a newer version": Attack(field(version=2), "network", "version 2"),
    "a version that is no number": Attack(field(version="1"), "network", "version '1'"),
    "no version": Attack(lambda f: f.network.pop("version"), "network", "version None"),
    "no description": Attack(part(network=[1]), "network", "[1]"),
    "a field too many": Attack(field(code="import os"), "network", "an unknown name 'code'"),
    "a field too few": Attack(lambda f: f.network.pop("seed"), "network", "no 'seed'"),
    "a field twice": Attack(part(change_network=swap("{", '{"seed": 1, ')), "pellucid", "the name 'seed' twice"),
    "a seed that is no number": Attack(field(seed="7"), "seed", "'7'", twin=field(seed=-(2**63))),
    "a name that is no string": Attack(field(name=None), "name", "None"),
    "classes in a string": Attack(field(classes="abc"), "classes", "'abc'", twin=field(classes=None)),
    "classes that are numbers": Attack(field(classes=[1, 2, 3]), "classes", "1", twin=field(classes=["1", "2", "3"])),
    "too few classes": Attack(field(classes=["a"]), "network", "1 class names"),
    "no inputs": Attack(field(inputs=[]), "network", "0 inputs, 5 nodes"),
    "an input of no size": Attack(field(inputs=[{"name": "input", "shape": [2, 0]}]), "inputs[0]", "shape (2, 0)"),
    "an input twice": Attack(
        lambda f: f.network["inputs"].append(f.network["inputs"][0]),
        "inputs[1]",
        "the name 'input' again",
        twin=lambda f: f.network["inputs"].append(OTHER),
    ),
    "no outputs": Attack(field(outputs=[]), "network", "Network: "),
    "an output that is not there": Attack(field(outputs=["x"]), "outputs", "input 'x', which does not exist"),
    "a node for nothing": Attack(
        field(outputs=["pool1"], classes=None), "node 'linear1'", "a node that no output reads"
    ),
    # names
    "a node that is no object": Attack(lambda f: f.network["nodes"].insert(0, 3), "nodes[0]", "3"),
    "a name twice": Attack(add(1, made("conv1", "ReLU", ["input"])), "nodes[1]", "the name 'conv1' again"),
    "an input's name": Attack(node("relu1", name="input"), "nodes[1]", "the name 'input' again"),
    "an illegal name": Attack(add(5, made("a[0]", "ReLU", ["pool1"])), "network", "name 'a[0]'"),
    "a name of control characters": Attack(add(5, made("\x1b[2J", "ReLU", ["pool1"])), "network", "\\x1b[2J"),
    "a name of a megabyte": Attack(add(5, made("x" * 2**20, "ReLU", ["pool1"])), "network", "xxx"),
    # layers
    "a layer that we do not have": Attack(
        node("relu1", layer="Lambda"), "nodes[1] 'relu1'", "'Lambda'", twin=node("relu1", layer="Tanh")
    ),
    "a layer by its import path": Attack(node("relu1", layer="os.system"), "nodes[1] 'relu1'", "'os.system'"),
    "what all layers are": Attack(node("relu1", layer="Layer"), "nodes[1] 'relu1'", "'Layer'"),
    "a layer that is no string": Attack(node("relu1", layer=["ReLU"]), "nodes[1] 'relu1'", "['ReLU']"),
    "a parameter too many": Attack(node("relu1", __CLASS__="int"), "nodes[1] 'relu1'", "an unknown name '__class__'"),
    "self as a parameter": Attack(node("relu1", SELF=1), "nodes[1] 'relu1'", "an unknown name 'self'"),
    "a parameter too few": Attack(
        without("conv1", "kernel_size"), "nodes[0] 'conv1'", "no 'kernel_size'", twin=without("conv1", "stride")
    ),
    "parameters in a list": Attack(node("relu1", params=[]), "nodes[1] 'relu1'", "[]"),
    "a parameter out of range": Attack(
        node("conv1", STRIDE=[0, 1]), "nodes[0] 'conv1'", "stride=[0, 1]", twin=node("conv1", STRIDE=[2, 1])
    ),
    "a parameter of another type": Attack(
        node("conv1", PADDING={"top": 1}), "nodes[0] 'conv1'", "padding={'top': 1}", twin=node("conv1", PADDING="same")
    ),
    "a parameter of 400 digits": Attack(
        first("LeakyReLU", negative_slope=10**400),
        "nodes[0] 'first'",
        "negative_slope=1000",
        twin=first("LeakyReLU", negative_slope=1e-30),
    ),
    "a parameter of deep brackets": Attack(
        part(change_network=swap('"params": {}', f'"params": {{"x": {DEEP}}}')), "pellucid", "nested too deeply"
    ),
    "no input": Attack(node("relu1", inputs=[]), "nodes[1] 'relu1'", "0 inputs"),
    "two inputs": Attack(node("relu1", inputs=["conv1", "input"]), "nodes[1] 'relu1'", "2 inputs"),
    "a window wider than its input": Attack(node("conv1", KERNEL_SIZE=9), "nodes[0] 'conv1'", "kernel 9 spans 9"),
    # wires
    "an input that is not there": Attack(node("relu1", inputs=["x"]), "nodes[1] 'relu1'", "'x', which does not exist"),
    "itself": Attack(node("relu1", inputs=["relu1"]), "nodes[1] 'relu1'", "'relu1', which comes later"),
    "a cycle": Attack(
        node("relu1", inputs=["again"]),
        "nodes[1] 'relu1'",
        "'again', which comes later",
        twin=lambda f: [node("relu1", inputs=["input"])(f), field(outputs=["linear1", "conv1"])(f)],
    ),
    "the layer of no node": Attack(node("again", same_as="x"), "nodes[2] 'again'", "'x', which does not exist"),
    "the layer of itself": Attack(node("again", same_as="again"), "nodes[2] 'again'", "'again', which comes later"),
    "the layer of an input": Attack(node("again", same_as="input"), "nodes[2] 'again'", "same_as 'input', an input"),
    "two layers in one node": Attack(node("again", layer="ReLU"), "nodes[2]", "an unknown name 'layer'"),
    "a shared layer with other weights": Attack(
        lambda f: [
            add(5, shared("x", "conv1"), made("y", "Flatten", ["x"]), {**shared("z", "linear1"), "inputs": ["y"]})(f)
        ],
        "network",
        "the layer of 'linear1' again",
        twin=add(
            5, shared("x", "conv1"), made("y", "GlobalAvgPool2d", ["x"]), {**shared("z", "linear1"), "inputs": ["y"]}
        ),
    ),
    # sizes
    "an input beyond any memory": Attack(field(inputs=[TALL]), "inputs[0] 'input'", "of shape (2, 1073741824, 4)"),
    "2**33 weights": Attack(
        lambda f: [node("linear1", OUT_FEATURES=2**31 - 1)(f), field(classes=None)(f)],
        "tensor 'linear1.weight'",
        "shape (3, 2)",
    ),
    "10**12 outputs": Attack(node("linear1", OUT_FEATURES=10**12), "nodes[4] 'linear1'", "out_features=1000000000000"),
    "padding beyond any picture": Attack(
        node("conv1", PADDING=2**31 - 1), "nodes[0] 'conv1'", "of shape (2, 4294967299, 4294967298)"
    ),
    "padding for a kernel that needs it": Attack(
        first("MaxPool2d", kernel_size=2**21, stride=2**21, padding=2**20),
        "nodes[0] 'first'",
        "of shape (2, 2097157, 2097156)",
        twin=first("MaxPool2d", kernel_size=3, stride=1, padding=1),
    ),
    "2**31 - 1 parts": Attack(
        first("AdaptiveAvgPool2d", output_size=2**31 - 1),
        "nodes[0] 'first'",
        "of shape (2, 2147483647, 2147483647)",
        twin=first("AdaptiveAvgPool2d", output_size=50),
    ),
    "channels that double": Attack(
        add(0, *DOUBLING), "nodes[25] 'c25'", "of shape (134217728, 5, 4)", twin=add(0, *DOUBLING[:20])
    ),
    "more nodes than any network": Attack(
        lambda f: f.network["nodes"].extend([0] * 100_001), "network", "1 inputs, 100006 nodes"
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused(name, tmp_path, monkeypatch):
    """The attack is refused in few words that name the file and the place; its twin is opened."""
    monkeypatch.chdir(tmp_path)
    assert_refused(ATTACKS[name], Path("net.safetensors"))


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack.got.startswith("of shape")])
def test_absurd_sizes_are_refused_before_anything_is_made_of_them(name, tmp_path):
    """A few bytes that ask for gigabytes are refused with hardly any memory."""
    crafted, path = CraftedFile(), tmp_path / "net.safetensors"
    ATTACKS[name].change(crafted)
    path.write_bytes(crafted.bytes())
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_long_chain_is_opened(tmp_path):
    """A thousand layers one after another are a network like any other."""
    crafted, path = CraftedFile(), tmp_path / "net.safetensors"
    add(0, *(made(f"r{i}", "ReLU", [f"r{i - 1}" if i else "input"]) for i in range(1000)))(crafted)
    path.write_bytes(crafted.bytes())
    assert len(load(path).nodes) == 1005
