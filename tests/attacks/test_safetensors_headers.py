"""Safetensors files of others whose headers lie: refused by the tensor or the place, before a number is read."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from crafted_states import MEBI, NUMBERS, assert_weights_or_refused, loaded, refused

from pellucid.errors import ModelFileError

HUGE = 2**62


def entry(start: int = 0, stop: int = 24, shape: object = (2, 3), dtype: object = "F32", **more: object) -> Any:
    """What a header says of one tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop], **more}


BIAS = entry(24, 32, (2,))
DATA = NUMBERS + NUMBERS[:8]


def made(header: object, data: bytes = DATA, length: int | None = None) -> bytes:
    """A file with this header, a value of JSON, or its text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def weights(weight: object = None, **more: object) -> bytes:
    """A file of the network's weights, with another entry for the weight, or `more` tensors."""
    return made({"fc.weight": weight or entry(), "fc.bias": BIAS, **more})


def text(inside: str) -> bytes:
    """A file whose header is this text."""
    return made(inside.encode())


ENTRY = '"fc.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}'
REST = '"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}'
HEADERS: dict[str, tuple[bytes, str, str]] = {  # the file, the place that is named, and what is there
    "an empty file": (b"", "start of the file", "an empty file"),
    "seven bytes": (b"\0" * 7, "start of the file", "cut short"),
    "a length of 2**63": (made({}, length=2**63), "start of the file", "a header of 9223372036854775808 bytes"),
    "a length beyond the cap": (made({}, length=2**24 + 1), "start of the file", "a header of 16777217 bytes"),
    "a length beyond the file": (made({}, length=999), "start of the file", "cut short"),
    "a length of nothing": (made(b""), "header", "b''"),
    "a byte order mark": (made(b"\xef\xbb\xbf{}"), "header", "xef"),
    "a leading space": (made(b" {}"), "header", "b' {}"),
    "a list": (made(b"[]"), "header", "b'[]'"),
    "two values": (made(b"{}{}"), "header", "extra data"),
    "an end too early": (made(b'{"fc.weight":'), "header", "expecting value"),
    "bytes that are no UTF-8": (made(b'{"\xff":1}'), "header", "not UTF-8"),
    "NaN": (text('{"fc.weight":NaN}'), "header", "the number NaN"),
    "brackets 10**6 deep": (text('{"a":' + "[" * 10**6), "header", "nested too deeply"),
    "2 * 10**6 texts": (made(b'{"a":[' + b'"ab",' * 2_000_000 + b"1]}"), "header", "more than 1000000 values"),
    "a name twice": (text("{" + ENTRY + "," + ENTRY + "," + REST + "}"), "header", "the name 'fc.weight' twice"),
    "an entry twice": (text('{"a":{"dtype":"F32","dtype":"F32"}}'), "header", "the name 'dtype' twice"),
    "metadata of a number": (made({"__metadata__": {"a": 1}}), "'a'", "1"),
    "metadata that is a list": (made({"__metadata__": []}), "__metadata__", "[]"),
    "an entry that is a number": (weights(7), "fc.weight", "7"),
    "no type": (weights({"shape": [2, 3], "data_offsets": [0, 24]}), "fc.weight", "no 'dtype'"),
    "more than is known": (weights(entry(more=1)), "fc.weight", "an unknown name 'more'"),
    "an unknown type": (weights(entry(dtype="F33")), "fc.weight", "dtype 'F33'"),
    "half bytes": (weights(entry(dtype="F4", stop=3)), "fc.weight", "dtype 'F4'"),
    "a type that is a number": (weights(entry(dtype=32)), "fc.weight", "32"),
    "a shape of fractions": (weights(entry(shape=[2.0, 3])), "fc.weight", "2.0"),
    "a shape of texts": (weights(entry(shape=["2", "3"])), "fc.weight", "'2'"),
    "a shape of truths": (weights(entry(shape=[True, 6])), "fc.weight", "True"),
    "a negative shape": (weights(entry(shape=[-2, -3])), "fc.weight", "shape (-2, -3)"),
    "a shape that wraps 64 bits": (weights(entry(shape=[HUGE, 8])), "fc.weight", "shape (4611686018427387904, 8)"),
    "a shape of 2**64": (weights(entry(shape=[2**64])), "fc.weight", "shape (18446744073709551616,)"),
    "a rank of 10**5": (weights(entry(shape=[1] * 10**5)), "fc.weight", "100000 axes"),
    "one number short": (weights(entry(shape=[2, 2])), "fc.weight", "bytes 0 to 24"),
    "one byte short": (weights(entry(stop=23)), "fc.weight", "bytes 0 to 23"),
    "one byte more": (weights(entry(stop=25)), "fc.weight", "bytes 0 to 25"),
    "half a number": (weights(entry(dtype="F16", shape=[25], stop=49)), "fc.weight", "bytes 0 to 49"),
    "beyond the file": (weights(entry(24, 48)), "fc.weight", "bytes 24 to 48"),
    "a negative place": (weights(entry(-24, 0)), "fc.weight", "bytes -24 to 0"),
    "a place backwards": (weights(entry(24, 0)), "fc.weight", "bytes 24 to 0"),
    "places of 2**64": (weights(entry(2**64, 2**64 + 24)), "fc.weight", "bytes 18446744073709551616"),
    "three places": (weights({**entry(), "data_offsets": [0, 24, 24]}), "fc.weight", "3 offsets"),
    "a hole": (made({"fc.weight": entry(4, 28), "fc.bias": entry(28, 36, (2,))}, DATA + DATA), "fc.weight", "bytes 4"),
    "an overlap": (weights(more=entry(0, 24)), "tensor", "bytes 0 to 24"),
    "trailing bytes": (made({"fc.weight": entry(), "fc.bias": BIAS}, DATA + b"more"), "end of the file", "4 bytes"),
    "10,000 on the same bytes": (
        made({str(number): entry() for number in range(10_000)}, NUMBERS),
        "tensor '1'",
        "bytes 0 to 24",
    ),
    "10**5 tensors of nothing": (
        made({str(number): entry(0, 0, (0,)) for number in range(100_000)}, b""),
        "header",
        "more than 30002 objects",
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies(name: str, tmp_path: Path) -> None:
    """Each lie is refused by the tensor or the place, in few words and little memory."""
    content, place, got = HEADERS[name]
    error = refused(tmp_path / "x.safetensors", content, most=64 * MEBI)
    assert place in error.where
    assert got in error.got


def test_there_are_forty_and_more() -> None:
    """The list is not cut short by accident."""
    assert len(HEADERS) >= 40


def test_their_twins_are_loaded(tmp_path: Path) -> None:
    """The same header told the truth, padded with spaces, with metadata and in any order, is loaded."""
    path = tmp_path / "x.safetensors"
    loaded(path, weights())
    loaded(path, made(b"{" + ENTRY.encode() + b"," + REST.encode() + b"}      "))
    loaded(path, made({"__metadata__": {"format": "pt"}, "fc.bias": BIAS, "fc.weight": entry()}))
    with pytest.raises(ModelFileError, match="1 unexpected: 'empty'"):
        loaded(path, weights(empty=entry(32, 32, (0, HUGE), "BF16")))


def test_random_damage(tmp_path: Path) -> None:
    """With bytes of the header replaced, a file gives weights or one error of ours."""
    chance, path = random.Random(0), tmp_path / "x.safetensors"
    whole = weights()
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(len(content) - len(DATA))] = chance.choice(b'{}[]",:0129eE-+.\\u \x00\xff')
        path.write_bytes(content)
        assert_weights_or_refused(path)


def test_ends_anywhere(tmp_path: Path) -> None:
    """A file that is cut is refused, wherever."""
    whole = weights()
    for length in range(len(whole)):
        refused(tmp_path / "x.safetensors", whole[:length])
