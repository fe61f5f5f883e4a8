"""Hostile files in our own format: each is refused by one error of ours, and its harmless twin is opened."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from crafted_files import Attack, Change, CraftedFile, assert_refused, part, swap

from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats import load, save
from pellucid.formats.container import check_tensors
from pellucid.layers import Flatten, Linear

DEEP = "[" * 100_000 + "]" * 100_000


def header(change) -> Change:
    """Return a change of the header's text."""
    return part(change_header=change)


def metadata(change) -> Change:
    """Return a change of the header's metadata."""
    return part(change_metadata=change)


def tensor(**changes: object) -> Change:
    """Return a change of what the header says of conv1.bias, which has two numbers in bytes 144 to 152."""
    return lambda crafted: crafted.tensors["conv1.bias"].update(changes)


def move(**places: list[int]) -> Change:
    """Return a change of the places that the header gives for conv1's tensors."""

    def change(crafted: CraftedFile) -> None:
        for short, place in places.items():
            crafted.tensors[f"conv1.{short}"]["data_offsets"] = place

    return change


def grow(crafted: CraftedFile) -> None:
    """Leave a hole before the last tensor, as long as a number."""
    crafted.tensors["linear1.bias"]["data_offsets"] = [180, 192]
    crafted.data += bytes(4)


START, BIAS = "start of the file", "tensor 'conv1.bias'"
EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}

ATTACKS = {
    # the length
    "length 0": Attack(part(change_length=lambda n: 0), "header", "b''"),
    "length 1": Attack(part(change_length=lambda n: 1), "header", "expecting property name"),
    "length 2**63": Attack(part(change_length=lambda n: 2**63), START, "a header of 9223372036854775808 bytes"),
    "length beyond the cap": Attack(part(change_length=lambda n: 2**24 + 1, data=bytes(2**25)), START, "16777217"),
    "length beyond the file": Attack(part(change_length=lambda n: 10**6), START, "the file is cut short"),
    # the text
    "a list": Attack(header(lambda text: f"[{text}]"), "header", "b'[{"),
    "a leading space": Attack(header(lambda text: " " + text), "header", "b' {", twin=header(lambda text: text + " ")),
    "a byte order mark": Attack(header(lambda text: "\ufeff" + text), "header", "\\xef\\xbb\\xbf"),
    "no UTF-8": Attack(header(lambda text: text.encode().replace(b"F32", b"F\xff2")), "header", "not UTF-8"),
    "two JSON values": Attack(header(lambda text: text + "{}"), "header", "extra data"),
    "a tensor twice": Attack(
        header(swap('"linear1.bias": {', '"linear1.bias": 1, "linear1.bias": {')), "header", "'linear1.bias' twice"
    ),
    "a field twice": Attack(
        header(swap('"dtype": "F32"', '"dtype": "F32", "dtype": "F32"')), "header", "the name 'dtype' twice"
    ),
    "the metadata twice": Attack(header(swap("{", '{"__metadata__": {}, ')), "header", "the name '__metadata__' twice"),
    "deep brackets": Attack(header(swap("{", f'{{"x": {DEEP}, ')), "header", "brackets nested too deeply"),
    "NaN": Attack(header(swap("[0, 144]", "[NaN, 144]")), "header", "the number NaN"),
    "5000 digits": Attack(header(swap("[0, 144]", f"[{'1' * 5000}, 144]")), "header", "4300 digits"),
    # the metadata
    "numbers": Attack(
        metadata(lambda m: {**m, "steps": 3}),
        "__metadata__ 'steps'",
        "3",
        twin=metadata(lambda m: {**m, "steps": "3"}),
    ),
    "a list of metadata": Attack(metadata(lambda m: [m]), "__metadata__", "[{'pellucid'"),
    "no digests": Attack(metadata(lambda m: {"pellucid": m["pellucid"]}), "sha256", "expecting value at character 0"),
    "digests in a list": Attack(metadata(lambda m: {**m, "sha256": "[]"}), "sha256", "[]"),
    "no digest of the network": Attack(metadata(lambda m: {**m, "sha256": "{}"}), "network", "SHA-256"),
    "no digest of a tensor": Attack(lambda f: f.digests.pop("conv1.bias"), BIAS, "SHA-256"),
    "a number as digest": Attack(lambda f: f.digests.update({"conv1.bias": 7}), BIAS, "SHA-256"),
    # what is said of tensors
    "a type that we do not have": Attack(tensor(dtype="F16"), BIAS, "dtype 'F16'"),
    "a type that is no string": Attack(tensor(dtype=[1]), BIAS, "[1]"),
    "no object": Attack(lambda f: f.tensors.update({"conv1.bias": [144, 152]}), BIAS, "[144, 152]"),
    "a field too many": Attack(tensor(scale=1), BIAS, "an unknown name 'scale'"),
    "a field too few": Attack(lambda f: f.tensors["conv1.bias"].pop("shape"), BIAS, "no 'shape'"),
    "another shape": Attack(tensor(shape=[1, 2]), BIAS, "shape (1, 2)"),
    "a float as shape": Attack(tensor(shape=[2.0]), BIAS, "2.0"),
    "true as shape": Attack(tensor(shape=[True]), BIAS, "True"),
    "a negative shape": Attack(tensor(shape=[-2]), BIAS, "shape (-2,)"),
    "a shape that overflows": Attack(tensor(shape=[2**62, 8]), BIAS, "shape (4611686018427387904, 8)"),
    "900,000 axes": Attack(tensor(shape=[1] * 900_000), BIAS, "shape (1, 1, 1"),
    "one place": Attack(tensor(data_offsets=[144]), BIAS, "data_offsets [144]"),
    "a place of 2**64": Attack(move(bias=[2**64, 2**64 + 8]), BIAS, "bytes 18446744073709551616 to"),
    "a negative place": Attack(move(bias=[-8, 0]), BIAS, "bytes -8 to 0"),
    "one byte short": Attack(move(bias=[144, 151]), BIAS, "bytes 144 to 151"),
    "backwards": Attack(move(bias=[152, 144]), BIAS, "bytes 152 to 144"),
    "one on top of another": Attack(move(bias=[136, 144]), BIAS, "bytes 136 to 144"),
    "two that changed places": Attack(move(bias=[0, 8], weight=[8, 152]), BIAS, "SHA-256"),
    "a hole": Attack(grow, "tensor 'linear1.bias'", "bytes 180 to 192"),
    "data of no tensor": Attack(lambda f: part(data=f.data + b"\0")(f), "end of the file", "1 bytes that belong to no"),
    "a tensor too many": Attack(lambda f: f.tensors.update(x=EMPTY), "tensor 'x'", "a tensor that no layer has"),
    "a tensor too few": Attack(lambda f: f.tensors.pop("conv1.bias"), BIAS, "no such tensor"),
    "a tensor of ANSI colours": Attack(
        lambda f: f.tensors.update({"\x1b[31m\u202e": EMPTY}), "tensor '\\x1b[31m\\u202e'", "a tensor that no layer has"
    ),
    "twenty thousand empty tensors": Attack(
        lambda f: f.tensors.update({f"t{i}": EMPTY for i in range(20_000)}), "tensor 't0'", "a tensor that no layer"
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused(name, tmp_path, monkeypatch):
    """The attack is refused in few words that name the file and the place; its twin is opened."""
    monkeypatch.chdir(tmp_path)
    assert_refused(ATTACKS[name], Path("net.safetensors"))


def test_brackets_of_any_depth(tmp_path):
    """Brackets that can just be read, but not be written into an error any more, are refused like deeper ones."""
    path = tmp_path / "net.safetensors"
    for depth in range(900, 1000):
        crafted = CraftedFile()
        crafted.change_network = swap("[3, 3]", "[" * depth + "]" * depth)
        path.write_bytes(crafted.bytes())
        with pytest.raises(ModelFileError):
            load(path)


def test_a_tensor_beyond_memory_is_refused(tmp_path, monkeypatch):
    """Where the memory ends, the tensor is named."""
    path = tmp_path / "net.safetensors"
    path.write_bytes(CraftedFile().bytes())

    def full(*args):
        raise MemoryError

    monkeypatch.setattr("pellucid.formats.pellucid.np.empty", full)
    with pytest.raises(ModelFileError, match="a shape that fits the memory") as error:
        load(path)
    assert error.value.where.endswith("tensor 'conv1.weight'")


def test_a_file_that_shrinks_while_it_is_read(tmp_path, monkeypatch):
    """A file that is cut while it is read is refused as one that changed."""
    path = tmp_path / "net.safetensors"
    save(Network((1, 100, 100), [Flatten(), Linear(9)]), path)

    def cut(*args):
        os.truncate(path, path.stat().st_size - 100_000)
        return check_tensors(*args)

    monkeypatch.setattr("pellucid.formats.pellucid.check_tensors", cut)
    with pytest.raises(ModelFileError, match="the file changed while it was read") as error:
        load(path)
    assert error.value.where == str(path)


def test_a_header_is_not_read_before_its_length_is_checked(tmp_path):
    """A file of a gigabyte, nearly all of it header, is refused without reading it."""
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write((2**30).to_bytes(8, "little"))
        file.truncate(2**30 + 8)  # takes no room on the disk
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="a header of 1073741824 bytes"):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
