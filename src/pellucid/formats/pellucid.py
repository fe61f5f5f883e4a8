"""Our own format: a standard safetensors file with the network as JSON in its metadata, and a digest of everything.

| metadata | what it holds |
| --- | --- |
| "pellucid" | the network without its weights: see `description` |
| "sha256" | JSON: the SHA-256 of the text above under "pellucid", and of each weight's bytes under its name |

The same network gives the same bytes. Reading checks everything before it makes anything of it, imports nothing, calls
nothing by name, and notices a single changed bit.
"""

from __future__ import annotations

import json
from hashlib import sha256
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelFileError
from ..network import Network
from .container import check_tensors, header_bytes, read_header
from .description import build, describe
from .disk import opened, write
from .refusal import told
from .strict_json import DAMAGED, as_names, parse

NETWORK, DIGESTS = "pellucid", "sha256"


def save(net: Network, path: Path) -> None:
    """Write the network and its weights; the file is replaced at once or not at all.

    Raises:
        ModelFileError: the file cannot be written, or the network could not be read again.
    """
    try:
        text = json.dumps(describe(net), separators=(",", ":"))
        build(parse(text, NETWORK))  # what is too large to be read must not be written
        arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in net.weights.items()}
        digests = {NETWORK: _digest(text.encode()), **{name: _digest(_bytes(arrays[name])) for name in arrays}}
        metadata = {NETWORK: text, DIGESTS: json.dumps(digests, separators=(",", ":"))}
        head = header_bytes({name: array.shape for name, array in arrays.items()}, metadata)
        size = len(head) + sum(array.nbytes for array in arrays.values())
        write(path, (head, *(_bytes(array) for array in arrays.values())), size)
    except ModelFileError as error:
        raise told(error, path) from None


def load(path: Path) -> Network:
    """Read a network and its weights.

    Raises:
        ModelFileError: the file is not such a file, or is damaged; the error names the file and the place in it.
    """
    try:
        with opened(path) as (file, size):
            return read(file, size)
    except ModelFileError as error:
        raise told(error, path) from None
    except RecursionError:
        error = ModelFileError("header", got="brackets nested too deeply", expected="a few levels", fix=DAMAGED)
        raise told(error, path) from None


def read(file: BufferedReader, size: int) -> Network:
    """Return the network in an open file of `size` bytes. Errors: `load`, without the file's name."""
    header = read_header(file, size)
    if NETWORK not in header.metadata:
        raise ModelFileError(
            "header",
            got=f"a safetensors file with {len(header.tensors)} tensors and no network",
            expected='a network in the metadata, under "pellucid"',
            fix="load them into one: pellucid.load(path, into='resnet18') or net.load_weights(path)",
        )
    text = header.metadata[NETWORK]
    digests = as_names(parse(header.metadata.get(DIGESTS, ""), DIGESTS), DIGESTS)
    _check(NETWORK, "network", text.encode("utf-8", "surrogatepass"), digests)
    net = build(parse(text, NETWORK))
    shapes = {name: spec.shape for name, spec in net.weights.specs.items()}
    for name, start in check_tensors(header, shapes).items():
        net.weights[name] = _tensor(file, start, name, shapes[name], digests)
    return net


def _tensor(
    file: BufferedReader, start: int, name: str, shape: tuple[int, ...], digests: dict[str, object]
) -> NDArray[np.float32]:
    """Return a tensor that is known to lie within the file."""
    place = f"tensor {name!r}"
    try:
        array = np.empty(shape, "<f4")
    except MemoryError:
        raise ModelFileError(
            place, got=f"shape {shape}", expected="a shape that fits the memory", fix=DAMAGED
        ) from None
    file.seek(start)
    room = _bytes(array)
    if file.readinto(room) < len(room):
        raise ModelFileError(
            place, got="an end of the file", expected=f"{len(room)} bytes", fix="do not change it while it is read"
        )
    _check(name, place, room, digests)
    return array


def _check(name: str, place: str, data: bytes | memoryview, digests: dict[str, object]) -> None:
    """Raise ModelFileError unless the data has the digest that the file says."""
    found, said = _digest(data), digests.get(name)
    if found != said:
        raise ModelFileError(
            place,
            got=f"SHA-256 {found[:16]}...",
            expected=f"{said[:16]}..., as the file says" if isinstance(said, str) else "its SHA-256 in the file",
            fix=DAMAGED,
        )


def _digest(data: bytes | memoryview) -> str:
    return sha256(data).hexdigest()


def _bytes(array: NDArray[np.float32]) -> memoryview:
    """Return the bytes of a contiguous array, not a copy of them."""
    return array.reshape(-1).view(np.uint8).data
