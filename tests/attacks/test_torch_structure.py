"""PyTorch files whose tensors cannot be what they say: refused by the tensor's name before a number is read."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
from crafted_states import (
    BIAS,
    HEAD,
    MEBI,
    NUMBERS,
    archive,
    assert_weights_or_refused,
    loaded,
    pickled,
    refused,
    storage,
    stream,
    tensor,
    text,
    valid,
    whole,
    wholes,
)

from pellucid.errors import ModelFileError

HUGE = 2**62
WEIGHT = "tensor 'fc.weight'"
TENSORS: dict[str, tuple[bytes, str]] = {  # the tensor, and what the error says of it
    "sizes beyond the storage": (tensor((3, 3)), "numbers up to 9"),
    "strides beyond the storage": (tensor((2, 3), (4, 1)), "numbers up to 7"),
    "an offset beyond the storage": (tensor(offset=1), "numbers up to 7"),
    "an offset beyond it with nothing to read": (tensor((0, 3), offset=7), "offset 7"),
    "a negative size": (tensor((-2, -3)), "sizes (-2, -3)"),
    "a negative stride": (tensor(strides=(3, -1)), "strides (3, -1)"),
    "a negative offset": (tensor(offset=-1), "offset -1"),
    "a size that wraps 64 bits": (tensor((2**32, 2**32), (0, 1)), "sizes (4294967296, 4294967296)"),
    "a size beyond 64 bits": (tensor((2**64, 1)), "sizes (18446744073709551616, 1)"),
    "a stride that wraps 64 bits": (tensor(strides=(2**63, 1)), "strides (9223372036854775808, 1)"),
    "an offset that wraps 64 bits": (tensor(offset=2**64 - 1), "offset 18446744073709551615"),
    "[2**62, 8]": (tensor((HUGE, 8)), f"sizes ({HUGE}, 8)"),
    "[0, 2**62] elsewhere": (tensor((0, HUGE), offset=99), "offset 99"),
    "fewer strides than sizes": (tensor((2, 3), (1,)), "2 sizes and 1 strides"),
    "a rank of 50": (tensor([1] * 50, [1] * 50), "50 sizes"),
    "other numbers": (tensor(held=storage(kind="Double")), "as 6 numbers <f8"),
}
ENTRIES: dict[str, tuple[bytes, str]] = {  # the instructions of a value, and what the error says
    "SETITEM on a tensor": (tensor() + text("a") + whole(1) + b"s", "SETITEM on a Tensor"),
    "APPEND on a tensor": (tensor() + text("a") + b"a", "items for a Tensor"),
    "a dangling number": (b"j\xff\xff\xff\x7f", "the value number 2147483647 again"),
    "a tensor of a text": (tensor(held=text("0")), "the first is str"),
    "a tensor of nothing": (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "of 0 values"),
    "sizes that are texts": (tensor(held=storage() + b"K\x00" + b"(" + text("a") + b"t" + wholes((1,))), "other sizes"),
    "sizes that are a list": (tensor(held=storage() + b"K\x00](K\x01e" + wholes((1,))), "other sizes"),
    "a truth for an offset": (tensor(held=storage() + b"\x88" + wholes((1,)) + wholes((1,))), "other sizes"),
    "a parameter of a text": (b"ctorch._utils\n_rebuild_parameter\n(" + text("a") + b"\x88NtR", "a parameter of str"),
    "a size of texts": (b"ctorch\nSize\n((" + text("a") + b"ttR", "a torch.Size of something else"),
    "a storage of a text": (b"(" + text("storage") + text("a") * 3 + whole(1) + b"tQ", "outside the pickle"),
    "a storage of -1": (storage(count=-1), "a storage whose key or size"),
    "a part of a storage": (storage()[:-2] + b"(" + text("v") + whole(5) + whole(2) + b"ttQ", "numbers 5 to 7"),
    "a part said otherwise": (storage()[:-2] + text("v") + b"tQ", "said in another way"),
    "pairs that are none": (b"ccollections\nOrderedDict\n](]" + b"e\x85R", "something else than pairs"),
    "an ordered dictionary of a number": (b"ccollections\nOrderedDict\nK\x01\x85R", "something else than pairs"),
    "a key that is a tuple": (b"})Ns", "a key that is a tuple"),
    "a key without a value": (b"}(" + text("a") + b"u", "a key without a value"),
    "a call of a dictionary": (b"})R", "a call of a dict"),
    "a text that is not UTF-8": (b"X\x02\x00\x00\x00\xff\xff", "not UTF-8"),
    "a text of 4 GiB": (b"X\xff\xff\xff\xff", "a text of 4294967295 bytes"),
    "a text of 16 EiB": (b"\x8d" + b"\xff" * 8, "a text of 18446744073709551615 bytes"),
    "a number of 2 GiB": (b"\x8b\xff\xff\xff\x7f", "a number of 2147483647 bytes"),
    "a word that does not end": (b"c" + b"a" * 500, "a word that does not end"),
    "a word that is a number": (b"K\x01K\x02\x93", "a word that is no text"),
    "a mark that was not set": (b"ttttt", "needs values where there are none"),
    "values that are not there": (b"}(u\x87\x87\x87\x87\x87\x87", "needs values where there are none"),
    "marks 100 deep": (b"(" * 100, "nested deeper than 64"),
    "tuples 1,000 deep": (b"N" + b"\x85" * 1000, "nested deeper than 64"),
    "a list in itself": (b"]q\x00h\x00a" + b"\x85" * 100, "nested deeper than 64"),
    "a pickle of the future": (b"\x80\x06", "a pickle of version 6"),
    "an end too early": (b"N.", "values left over"),
}
# What is noticed when the entry is no longer on the stack:
AFTERWARDS = ("a mark that was not set", "values that are not there", "tuples 1,000 deep", "a list in itself")
MANY: dict[str, tuple[bytes, str]] = {
    "10**7 numbered values": (b"\x80\x04N" + b"\x94" * 10**7 + b".", "more than 250000 values"),
    "10**6 tuples": (b"\x80\x04N" + b"\x85" * 10**6 + b".", "more than 400000 instructions"),
    "10**6 empty dictionaries": (b"\x80\x04(" + b"}" * 10**6 + b"t.", "more than 400000 instructions"),
}


@pytest.mark.parametrize("kind", ["archive", "stream"])
@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_does_not_fit_its_storage(name: str, kind: str, tmp_path: Path) -> None:
    """Sizes, strides and offsets are compared with the storage in whole numbers of any size; the tensor is named."""
    made, got = TENSORS[name]
    container = archive if kind == "archive" else stream
    entries = {"fc.bias": BIAS, "fc.weight": made}
    if name == "other numbers":
        entries = {"first": tensor(), **entries}
    error = refused(tmp_path / "x.pt", container(pickled(entries)))
    assert "fc.weight" in error.where
    assert got in error.got


@pytest.mark.parametrize("name", ENTRIES)
def test_an_instruction_that_cannot_be_meant(name: str, tmp_path: Path) -> None:
    """The error says what was asked for, and names the entry."""
    made, got = ENTRIES[name]
    error = refused(tmp_path / "x.pt", archive(valid(fc_odd=made)))
    assert got in error.got
    assert ("fc.odd" in error.where) == (name not in AFTERWARDS)


@pytest.mark.parametrize("name", MANY)
def test_instructions_without_end(name: str, tmp_path: Path) -> None:
    """Millions of instructions are counted, and refused while they still take little memory."""
    made, got = MANY[name]
    assert got in refused(tmp_path / "x.pt", made).got


def test_ends_anywhere(tmp_path: Path) -> None:
    """A file that is cut is refused, wherever; one with something behind its storages too."""
    for whole_file in (archive(valid()), stream(valid())):
        for length in range(0, len(whole_file), 5):
            refused(tmp_path / "x.pt", whole_file[:length])
    error = refused(tmp_path / "x.pt", stream(valid()) + b"more")
    assert error.got == "4 bytes that belong to no storage"


ARCHIVES: dict[str, tuple[bytes, str, str]] = {  # the file, the place, and what is there
    "a storage too short": (archive(valid(), {"0": NUMBERS[:-4], "1": NUMBERS[:8]}), "x/data/0", "20 bytes"),
    "a storage too long": (archive(valid(), {"0": NUMBERS + b"1234", "1": NUMBERS[:8]}), "x/data/0", "28 bytes"),
    "no storage": (archive(valid(), {"1": NUMBERS[:8]}), "x/data/0", "no such member"),
    "a storage elsewhere": (
        archive(valid(fc_weight=tensor(held=storage("../data.pkl")))),
        "x/data/../data.pkl",
        "no such member",
    ),
    "an order that is none": (archive(valid(), members={"byteorder": b"middle"}), "x/byteorder", "b'middle'"),
    "no pickle": (archive(valid()).replace(b"data.pkl", b"data.txt"), "x.pt", "0 data.pkl"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_not_what_its_pickle_says(name: str, tmp_path: Path) -> None:
    """Members are compared with what the pickle says of storages; the member is named."""
    content, place, got = ARCHIVES[name]
    error = refused(tmp_path / "x.pt", content)
    assert place in error.where
    assert got in error.got


def test_storages_that_would_have_to_be_unpacked(tmp_path: Path) -> None:
    """A compressed storage is refused: PyTorch stores them as they are."""
    error = refused(tmp_path / "x.pt", archive(valid(), method=zipfile.ZIP_DEFLATED))
    assert error.got == "a compressed member"


def test_a_stream_that_is_not_what_its_pickle_says(tmp_path: Path) -> None:
    """Counts before the numbers, the list of keys and the version are compared with the pickle."""
    for content, got in (
        (stream(valid(), {"0": NUMBERS[:-4], "1": NUMBERS[:8]}), "5 numbers in its place"),
        (stream(valid(), {"0": NUMBERS}), "1 keys"),
        (stream(valid(), {"0": NUMBERS, "2": NUMBERS[:8]}), "2 keys"),
        (stream(valid())[:-1], "bytes up to"),
        (HEAD.replace(b"M\xe9\x03", b"M\xea\x03") + valid(), "a stream of version 1002"),
        (b"\x80\x02K\x07." + valid(), "a pickle that torch.save did not write"),
    ):
        assert got in refused(tmp_path / "x.pt", content).got


def test_their_twins_are_loaded(tmp_path: Path) -> None:
    """Parts of a storage, turned tensors and empty ones that do fit are loaded."""
    for container in (archive, stream):
        loaded(tmp_path / "x.pt", container(valid()))
        turned = tensor((3, 2), (1, 3))
        with pytest.raises(ModelFileError, match=r"'fc.weight' \(3, 2\), not \(2, 3\)"):
            loaded(tmp_path / "x.pt", container(valid(fc_weight=turned)))
        for extra in (tensor((0, HUGE), (1, 1)), tensor((2**40,), (0,)), tensor((1,) * 32, (1,) * 32)):
            with pytest.raises(ModelFileError, match=r"1 unexpected: 'fc.more'"):
                loaded(tmp_path / "x.pt", container(valid(fc_more=extra)))


def test_a_tensor_is_read_alone(tmp_path: Path) -> None:
    """A small part of a large storage is read without the rest of it being in memory."""
    count = 16 * MEBI
    made = archive(
        pickled({"fc.weight": tensor(offset=count - 6, held=storage("0", count)), "fc.bias": BIAS}),
        {"0": bytes(4 * count - 24) + NUMBERS, "1": NUMBERS[:8]},
    )
    loaded(tmp_path / "x.pt", made)
    changed = bytearray(made)
    changed[len(made) // 2] ^= 1
    assert "CRC-32" in refused(tmp_path / "x.pt", changed, most=8 * MEBI).got


def test_random_damage(tmp_path: Path) -> None:
    """With bytes replaced, cut out or put in, a file gives weights or one error of ours, and nothing else."""
    chance, path = random.Random(0), tmp_path / "x.pt"
    for number in range(400):
        content = bytearray((archive, stream)[number % 2](valid()))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content))
            change = chance.randrange(3)
            content[at : at + change] = chance.randbytes(chance.choice((1, 1, 1, 4))) if change < 2 else b""
        path.write_bytes(content)
        assert_weights_or_refused(path)
