"""Reads one HDF5 file in a process of its own, whose memory and time are limited: its parser may die.

Run as a script with the number of the open file, and the limits: it imports h5py alone. It writes a list of what is in
the file as JSON, after its length; then, for each index that it reads, the bytes of that tensor.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

MOST_OBJECTS = 100_000
MOST_DEPTH = 64
MOST_TEXT = 2**24  # bytes of one attribute
MOST_CHUNK = 2**26  # bytes of one chunk of a tensor that is stored in chunks
MOST_RANK = 32
FREE_EXPANSION, MOST_EXPANSION = 2**26, 100  # what compressed tensors may hold, against the bytes that they take
PIECE = 2**22  # bytes that are read at once
TEXTS = ("model_config", "keras_version", "backend", "name")
LISTS = ("layer_names", "weight_names")
FILTERS = {1, 2, 3}  # deflate, shuffle and checksum, which are HDF5's own


class RefusedError(Exception):
    """A place in the file, what is there, and what should be."""


def limit(memory: int, seconds: int) -> None:
    """Give up this process's right to more memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class Tree:
    """What is in the file: groups with attributes, and tensors, none of which is anything but numbers of its own."""

    def __init__(self, h5py: Any, file: Any) -> None:
        self.h5py = h5py
        self.tensors: list[Any] = []
        self.told: list[tuple[str, list[int], str]] = []
        self.attributes: dict[str, dict[str, Any]] = {}
        self._seen: set[Any] = set()
        self._declared = self._stored = 0
        waiting = [("", file, 0)]
        while waiting:
            path, group, depth = waiting.pop()
            self._once(path, group, depth)
            kept = dict(self._texts(path, group))
            if kept:
                self.attributes[path] = kept
            for name in group:
                place = f"{path}/{name}" if path else name
                if type(group.get(name, getlink=True)) is not h5py.HardLink:
                    raise RefusedError(place, "a link to another place or file", "tensors and groups of this file")
                child = group[name]
                if isinstance(child, h5py.Group):
                    waiting.append((place, child, depth + 1))
                elif isinstance(child, h5py.Dataset):
                    self._once(place, child, depth)
                    self._tensor(place, child)
                else:
                    raise RefusedError(place, "a named type", "tensors and groups")

    def _once(self, path: str, item: Any, depth: int) -> None:
        info = self.h5py.h5o.get_info(item.id)
        if info.addr in self._seen:
            raise RefusedError(path or "/", "a group or tensor that has a second place", "each in one place")
        self._seen.add(info.addr)
        if len(self._seen) > MOST_OBJECTS or depth > MOST_DEPTH:
            raise RefusedError(path[:200], "more groups and tensors", f"{MOST_OBJECTS} at most, {MOST_DEPTH} deep")

    def _texts(self, path: str, group: Any) -> Iterator[tuple[str, Any]]:
        for name in group.attrs:
            stem = name.rstrip("0123456789")
            if name not in TEXTS and stem not in LISTS:
                continue
            attribute = group.attrs.get_id(name)
            if math.prod(attribute.shape) * attribute.dtype.itemsize > MOST_TEXT:
                raise RefusedError(f"{path} {name}", "an attribute too long", f"at most {MOST_TEXT} bytes")
            value = group.attrs[name]
            if stem in LISTS:
                yield name, [_text(path, name, item) for item in value]
            else:
                yield name, _text(path, name, value)

    def _tensor(self, path: str, tensor: Any) -> None:
        kind, plan = tensor.id.get_type(), tensor.id.get_create_plist()
        plain = isinstance(kind, (self.h5py.h5t.TypeFloatID, self.h5py.h5t.TypeIntegerID))
        if not plain or tensor.dtype.kind not in "fiu" or tensor.dtype.hasobject:
            raise RefusedError(path, f"numbers of the type {tensor.dtype}"[:100], "floating point or whole numbers")
        if plan.get_external_count() or plan.get_layout() == self.h5py.h5d.VIRTUAL:
            raise RefusedError(path, "a tensor whose numbers are in another file", "numbers in this file")
        filters = {plan.get_filter(i)[0] for i in range(plan.get_nfilters())}
        if not filters <= FILTERS:
            raise RefusedError(path, f"the filter {min(filters - FILTERS)}", "deflate, or no compression")
        if tensor.shape is None or len(tensor.shape) > MOST_RANK:
            raise RefusedError(path, "a tensor without a shape", f"a shape of at most {MOST_RANK} axes")
        declared = math.prod(map(int, tensor.shape)) * tensor.dtype.itemsize
        stored = int(tensor.id.get_storage_size())
        if plan.get_layout() == self.h5py.h5d.CHUNKED:
            chunk = math.prod(map(int, tensor.chunks)) * tensor.dtype.itemsize
            if chunk > MOST_CHUNK:
                raise RefusedError(path, f"chunks of {chunk} bytes", f"at most {MOST_CHUNK}")
        whole = stored >= declared
        if filters & {1}:
            self._declared, self._stored = self._declared + declared, self._stored + stored
            whole = self._declared <= max(FREE_EXPANSION, MOST_EXPANSION * self._stored) and (
                stored > 0 or not declared
            )
        if not whole:
            raise RefusedError(
                path, f"shape {tensor.shape}, {declared} bytes, of which {stored} are there"[:250], "all of it"
            )
        self.tensors.append(tensor)
        self.told.append((path, [int(size) for size in tensor.shape], tensor.dtype.newbyteorder("<").str))


def _text(path: str, name: str, value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode()
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise RefusedError(f"{path} {name}", "an attribute that is no text", f"text of at most {MOST_TEXT} bytes")
    return value


def pieces(tensor: Any) -> Iterator[bytes]:
    """Yield a tensor's bytes, little-endian, a few rows at a time."""
    little = tensor.dtype.newbyteorder("<")
    if not tensor.shape or not tensor.size:
        yield tensor[()].astype(little).tobytes()
        return
    row = max(1, tensor.size // tensor.shape[0] * tensor.dtype.itemsize)
    step = max(1, PIECE // row)
    for start in range(0, tensor.shape[0], step):
        yield tensor[start : start + step].astype(little, copy=False).tobytes()


def say(out: BinaryIO, told: object) -> None:
    """Write JSON after its length."""
    text = json.dumps(told).encode()
    out.write(len(text).to_bytes(8, "little") + text)
    out.flush()


def main() -> None:
    """Answer for the file that was given open."""
    number, memory, seconds = (int(word) for word in sys.argv[1:4])
    import h5py

    codecs.lookup("ascii")  # Python and h5py load it late, when no file can be opened any more
    limit(memory, seconds)
    out = sys.stdout.buffer
    try:
        with os.fdopen(number, "rb") as source, h5py.File(source, "r") as file:
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # from here on no other file can be opened
            tree = Tree(h5py, file)
            say(out, {"tensors": tree.told, "attributes": tree.attributes})
            for line in sys.stdin.buffer:
                for piece in pieces(tree.tensors[int(line)]):
                    out.write(piece)
                out.flush()
    except RefusedError as refused:
        say(out, {"refused": refused.args})
    except Exception as error:  # whatever damage makes of HDF5
        say(out, {"refused": ("", f"damaged HDF5: {error}"[:200], "an HDF5 file")})


if __name__ == "__main__":
    main()
