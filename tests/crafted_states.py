"""PyTorch files made by hand, instruction by instruction: valid ones, and every part of them open to change."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.layers import Linear

HEAD = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."  # what a stream begins with
NUMBERS = np.arange(1, 7, dtype="<f4").tobytes()
MEBI = 2**20


def network() -> Network:
    """The network that the crafted files have the weights of."""
    return Network((3,), [("fc", Linear(2))])


def text(value: str) -> bytes:
    """The instruction of a text."""
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def whole(value: int) -> bytes:
    """The instruction of a whole number."""
    size = max(1, (value.bit_length() + 8) // 8)
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def wholes(values: Iterable[int]) -> bytes:
    """The instructions of a tuple of whole numbers."""
    return b"(" + b"".join(map(whole, values)) + b"t"


def storage(key: str = "0", count: int = 6, kind: str = "Float") -> bytes:
    """The instructions of a storage."""
    return b"(" + text("storage") + f"ctorch\n{kind}Storage\n".encode() + text(key) + text("cpu") + whole(count) + b"tQ"


def tensor(
    sizes: Iterable[int] = (2, 3),
    strides: Iterable[int] = (3, 1),
    offset: int = 0,
    held: bytes | None = None,
) -> bytes:
    """The instructions of a tensor."""
    held = storage() if held is None else held
    inside = held + whole(offset) + wholes(sizes) + wholes(strides) + b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + inside + b"tR"


BIAS = tensor((2,), (1,), 0, storage("1", 2))


def pickled(entries: Mapping[str, bytes], protocol: int = 2) -> bytes:
    """A pickle of a dictionary of these values."""
    return bytes([0x80, protocol]) + b"}(" + b"".join(text(name) + value for name, value in entries.items()) + b"u."


def valid(**changes: bytes) -> bytes:
    """A pickle of the network's weights, or of `changes` beside or instead of them; `_` in a name stands for a dot."""
    return pickled({"fc.weight": tensor(), "fc.bias": BIAS} | {n.replace("_", ".", 1): v for n, v in changes.items()})


def archive(
    pickle: bytes,
    held: Mapping[str, bytes] | None = None,
    method: int = zipfile.ZIP_STORED,
    root: str = "x/",
    members: Mapping[str, bytes] | None = None,
) -> bytes:
    """An archive as torch.save writes it, of this pickle and these storages."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        made.writestr(f"{root}data.pkl", pickle)
        for key, data in ({"0": NUMBERS, "1": NUMBERS[:8]} if held is None else held).items():
            made.writestr(f"{root}data/{key}", data)
        for name, data in (members or {}).items():
            made.writestr(f"{root}{name}", data)
    return file.getvalue()


def stream(pickle: bytes, held: Mapping[str, bytes] | None = None) -> bytes:
    """The older stream of pickles, of this one and these storages of four-byte numbers."""
    held = {"0": NUMBERS, "1": NUMBERS[:8]} if held is None else held
    keys = b"\x80\x02](" + b"".join(map(text, held)) + b"e."
    return HEAD + pickle + keys + b"".join((len(d) // 4).to_bytes(8, "little") + d for d in held.values())


def refused(path: Path, content: bytes | bytearray, most: int = 32 * MEBI) -> ModelFileError:
    """Return the error that loading this file raises, in few words, little memory and without touching the network."""
    path.write_bytes(content)
    net = network()
    before = [net.weights[name].tobytes() for name in net.weights]
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error:
        net.load_weights(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most + len(content)
    assert [net.weights[name].tobytes() for name in net.weights] == before
    assert path.name in str(error.value)
    assert len(str(error.value)) <= 300
    assert all(line.isprintable() for line in str(error.value).split("\n"))
    return error.value


def assert_weights_or_refused(path: Path) -> None:
    """Fail unless a file gives weights, or one error of ours that names it."""
    try:
        network().load_weights(path)
    except ModelFileError as error:
        told = str(error)
    else:
        return
    assert path.name in told


def loaded(path: Path, content: bytes) -> None:
    """Fail unless this file loads, with the numbers that it was crafted from."""
    path.write_bytes(content)
    net = network()
    net.load_weights(path)
    assert net.weights["fc.weight"].tobytes() == NUMBERS
    assert net.weights["fc.bias"].tobytes() == NUMBERS[:8]
