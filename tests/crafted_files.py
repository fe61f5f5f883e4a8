"""Files in our own format, made by hand: a valid one, and every part of it open to change."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats import load
from pellucid.layers import Conv2d, GlobalAvgPool2d, Input, Linear, ReLU


class CraftedFile:
    """A valid file whose parts can be changed before `bytes` puts it together, with digests that fit the change."""

    def __init__(self) -> None:
        weights = small_network().weights
        data = {name: weights[name].astype("<f4").tobytes() for name in weights}
        self.network: Any = description()
        self.tensors: dict[str, Any] = {}
        self.data = b"".join(data.values())
        self.digests: Any = {name: hashlib.sha256(content).hexdigest() for name, content in data.items()}
        end = 0
        for name, content in data.items():
            start, end = end, end + len(content)
            shape = list(weights[name].shape)
            self.tensors[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
        self.change_network: Callable[[str], str] = lambda text: text
        self.change_metadata: Callable[[dict[str, Any]], Any] = lambda metadata: metadata
        self.change_header: Callable[[str], str | bytes] = lambda text: text
        self.change_length: Callable[[int], int] = lambda length: length

    def bytes(self) -> bytes:
        """Return the file's content."""
        text = self.change_network(json.dumps(self.network))
        digests = {"pellucid": hashlib.sha256(text.encode()).hexdigest(), **self.digests}
        metadata = self.change_metadata({"pellucid": text, "sha256": json.dumps(digests)})
        header = self.change_header(json.dumps({"__metadata__": metadata, **self.tensors}))
        header = header if isinstance(header, bytes) else header.encode()
        return struct.pack("<Q", self.change_length(len(header))) + header + self.data


def small_network() -> Network:
    """Return the network of a crafted file: a layer used twice, windows, and a matrix."""
    image = Input((2, 5, 4))
    conv = Conv2d(2, 3, padding=1)
    x = conv(ReLU()(conv(image, name="conv1"), name="relu1"), name="again")
    x = Linear(3)(GlobalAvgPool2d()(x, name="pool1"), name="linear1")
    return Network(image, x, seed=7, classes=["a", "b", "c"], name="small")


def description() -> dict[str, Any]:
    """Return the small network's description, written by hand."""
    conv = {"out_channels": 2, "kernel_size": [3, 3], "stride": [1, 1], "padding": [[1, 1], [1, 1]]}
    return {
        "version": 1,
        "name": "small",
        "seed": 7,
        "classes": ["a", "b", "c"],
        "inputs": [{"name": "input", "shape": [2, 5, 4]}],
        "nodes": [
            {"name": "conv1", "layer": "Conv2d", "params": conv, "inputs": ["input"]},
            {"name": "relu1", "layer": "ReLU", "params": {}, "inputs": ["conv1"]},
            {"name": "again", "same_as": "conv1", "inputs": ["relu1"]},
            {"name": "pool1", "layer": "GlobalAvgPool2d", "params": {"keepdims": False}, "inputs": ["again"]},
            {"name": "linear1", "layer": "Linear", "params": {"out_features": 3}, "inputs": ["pool1"]},
        ],
        "outputs": ["linear1"],
    }


def assert_same_network(a: Network, b: Network) -> None:
    """Fail unless both are the same network down to the weights' bits."""
    assert (a.name, a.seed, a.classes) == (b.name, b.seed, b.classes)
    assert a.shapes == b.shapes
    assert list(a.layers.items()) == list(b.layers.items())
    assert _wiring(a) == _wiring(b)
    assert list(a.weights) == list(b.weights)
    for name in a.weights:
        assert a.weights[name].tobytes() == b.weights[name].tobytes(), name
        assert b.weights[name].dtype.str == "<f4"


def _wiring(net: Network) -> object:
    """Return who reads whom, which nodes share a layer, and what goes in and out."""
    first: dict[int, str] = {}
    shared = {node.name: first.setdefault(id(node.layer), str(node.name)) for node in net.nodes}
    reads = {node.name: [before.name for before in node.inputs] for node in net.nodes}
    return shared, reads, [node.name for node in net.inputs], [node.name for node in net.outputs]


Change = Callable[[CraftedFile], object]


def leave(crafted: CraftedFile) -> None:
    """Change nothing: the valid file itself."""


@dataclass(frozen=True)
class Attack:
    """A hostile file.

    Args:
        change: what it does to the valid file.
        place: what the error says of the place in the file.
        got: what the error says that came.
        twin: a change as like it as possible that is harmless.
    """

    change: Change
    place: str
    got: str
    twin: Change = leave


def part(**changes: object) -> Change:
    """Return a change of the file's parts."""

    def change(crafted: CraftedFile) -> None:
        for name, value in changes.items():
            assert hasattr(crafted, name)
            setattr(crafted, name, value)

    return change


def swap(old: str, new: str) -> Callable[[str], str]:
    """Return a change of a text, which must hold `old`."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def assert_refused(attack: Attack, path: Path) -> None:
    """Fail unless the attack is refused in few words, at its place, and its twin is opened."""
    twin, crafted = CraftedFile(), CraftedFile()
    attack.twin(twin)
    path.write_bytes(twin.bytes())
    assert load(path).name == "small"
    attack.change(crafted)
    content = crafted.bytes()
    assert content != twin.bytes()
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as error:
        load(path)
    assert error.value.where == f"{path}: {attack.place}"
    assert attack.got in error.value.got
    assert len(str(error.value)) <= 300
    assert all(line.isprintable() for line in str(error.value).split("\n"))
    assert len(str(error.value).split("\n")) == 4
