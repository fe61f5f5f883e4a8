"""ONNX files damaged or made by hand on the wire: each is one clear error that names the byte."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from small_models import small_model

import pellucid
from pellucid.errors import ModelFileError

MEBI = 2**20


def whole() -> bytes:
    """A model of about two kilobytes."""
    constants = {"w": np.arange(4 * 3 * 3 * 3, dtype=np.float32).reshape(4, 3, 3, 3), "s": np.array([0, -1])}
    steps = [("Conv", ["x", "w"], "a", {"pads": [1, 1, 1, 1]}), ("Relu", ["a"], "b", {}), ("MaxPool", ["b"], "c",
             {"kernel_shape": [2, 2]}), ("Reshape", ["c", "s"], "y", {})]  # fmt: skip
    model = small_model(steps, constants=constants)
    model.doc_string = "text " * 200
    return model.SerializeToString()


def number(value: int) -> bytes:
    """A number as the wire has it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(place: int, content: bytes) -> bytes:
    """A field of bytes."""
    return number(place << 3 | 2) + number(len(content)) + content


def told(path: Path, data: bytes) -> str:
    """The error that opening a file of these bytes raises."""
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as error:
        pellucid.load(path)
    text = str(error.value)
    assert path.name in text
    assert len(text) <= 300 + len(str(path)) or "nodes that no layer" in text
    return text


def test_the_whole_file_opens(tmp_path: Path) -> None:
    """What the others are made of is sound."""
    (tmp_path / "net.onnx").write_bytes(whole())
    assert len(pellucid.load(tmp_path / "net.onnx").layers) == 4


def test_every_truncation(tmp_path: Path) -> None:
    """Cut behind any third byte, a file is refused; where a field is cut, with the byte at which it starts."""
    data = whole()
    assert 1500 < len(data) < 2500
    named = sum("byte " in told(tmp_path / "net.onnx", data[:end]) for end in range(0, len(data), 3))
    assert named > 0.98 * len(data) // 3


def test_random_bytes_changed(tmp_path: Path) -> None:
    """Whatever bytes are changed: a network, or one error of ours."""
    rng, path = random.Random(5), tmp_path / "net.onnx"
    for _ in range(500):
        data = bytearray(whole())
        for _ in range(rng.choice((1, 1, 2, 5))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            pellucid.load(path)
        except ModelFileError as error:
            assert "net.onnx" in str(error)  # noqa: PT017


def nested(depth: int) -> bytes:
    """A graph in an attribute of a node of a graph, and so on."""
    data = b""
    for _ in range(depth):
        data = field(1, field(5, field(6, data)))
    return field(8, b"\x10\x11") + field(7, data)


@pytest.mark.parametrize("depth", [100, 2_000])
def test_messages_nested_deeply(depth: int, tmp_path: Path) -> None:
    """However deep messages lie in each other, they are refused before a parser descends."""
    assert "nested more than 64 deep" in told(tmp_path / "net.onnx", nested(depth))


def chain(count: int) -> bytes:
    """A graph of nodes that all are the same."""
    relu = field(1, b"x") + field(2, b"y") + field(4, b"Relu")
    return field(7, field(1, relu) * count)


CASES = {
    "a group": (whole() + bytes([15 << 3 | 3]), "wire type 3"),
    "groups in groups": (whole() + bytes([15 << 3 | 3]) * 100_000, "wire type 3"),
    "the end of a group": (whole() + bytes([15 << 3 | 4]), "wire type 4"),
    "wire type 6": (whole() + bytes([15 << 3 | 6]), "wire type 6"),
    "a field numbered 0": (whole() + bytes([2, 0]), "numbered 0"),
    "a field longer than the file": (whole() + number(15 << 3 | 2) + number(10), "field of 10 bytes"),
    "more than 2 GiB declared": (whole() + number(15 << 3 | 2) + number(2**31), "field of 2147483648 bytes"),
    "2^63 bytes declared": (whole() + number(15 << 3 | 2) + number(2**63), "field of 9223372036854775808"),
    "a number without an end": (whole() + b"\xff" * 11, "does not end"),
    "a graph that is a number": (number(7 << 3) + number(5), "field 7 of a model of wire type 0"),
    "a node that is a number": (field(7, number(1 << 3) + number(5)), "field 1 of a graph of wire type 0"),
    "a name that is no UTF-8": (whole().replace(b"Relu_b", b"Rel\xff_b"), "not UTF-8"),
    "an operator that is no UTF-8": (whole().replace(b"MaxPool", b"Max\xc0ool"), "not UTF-8"),
    "a batch that is no UTF-8": (whole().replace(b"\x12\x01N", b"\x12\x01\xfe"), "not UTF-8"),
    "a text that is no UTF-8": (whole().replace(b"text text", b"text\x80text"), "not UTF-8"),
    "a million unknown fields": (whole() + (number(90 << 3) + b"\1") * 1_000_001, "more than 1000000 fields"),
    "a hundred thousand nodes": (chain(100_001), "more than 100000 nodes"),
    "nothing": (b"", "without an opset"),
    "text": (b"import os" * 100, "without an opset"),
    "a pickle": (b"\x80\x04\x95\0\0\0\0\0\0\0\0.", "byte 4"),
}


@pytest.mark.parametrize("case", CASES)
def test_bytes_made_by_hand(case: str, tmp_path: Path) -> None:
    """Each is refused with what is wrong."""
    data, wanted = CASES[case]
    assert wanted in told(tmp_path / "net.onnx", data)


@pytest.mark.parametrize("case", ["groups in groups", "more than 2 GiB declared", "a hundred thousand nodes"])
def test_little_memory_is_taken(case: str, tmp_path: Path) -> None:
    """However much a file declares, refusing it takes a few times its own size."""
    data, _ = CASES[case]
    tracemalloc.start()
    told(tmp_path / "net.onnx", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(data) + 32 * MEBI


def test_unknown_fields_are_passed_over(tmp_path: Path) -> None:
    """A field of a later version of ONNX does no harm: the twin of all unknown ones."""
    (tmp_path / "net.onnx").write_bytes(whole() + field(90, b"later") + number(91 << 3) + b"\1")
    assert len(pellucid.load(tmp_path / "net.onnx").layers) == 4


def test_a_model_in_memory_is_checked_as_a_file_is() -> None:
    """What a program built is walked on the wire too."""
    model = small_model([("Relu", ["x"], "y", {})])
    inner = onnx.GraphProto()
    for _ in range(40):
        outer = onnx.GraphProto()
        outer.node.add(op_type="If").attribute.add(name="body", type=onnx.AttributeProto.GRAPH).g.CopyFrom(inner)
        inner = outer
    model.graph.node[0].attribute.add(name="body", type=onnx.AttributeProto.GRAPH).g.CopyFrom(inner)
    with pytest.raises(ModelFileError, match=r"small: byte \d+\n.*nested more than 64 deep"):
        pellucid.load(model)
