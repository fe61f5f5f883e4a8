"""TensorFlow.js's layers models: JSON with a list of weights, and files of raw numbers beside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ModelFileError
from ..disk import opened
from ..stored import Stored
from ..strict_json import as_list, as_names, as_text, parse
from .config import damaged
from .hdf5 import bytes_of
from .weights import Scope

LONGEST = 2**24
TYPES = {"float32": "<f4", "int32": "<i4", "float16": "<f2", "uint8": "u1", "uint16": "<u2"}
Tensors = list[tuple[Scope, str, Stored]]


def read(path: Path) -> tuple[object, object, Tensors]:
    """Return the model's configuration, Keras's version, and the weights that it names.

    Raises:
        ModelFileError: it is no such model, or a file beside it is not what it says.
    """
    with opened(path) as (file, size):
        if size > LONGEST:
            raise damaged("", f"{size} bytes of JSON", f"at most {LONGEST}")
        said = as_names(parse(file.read(size), "model.json"), "model.json")
    if said.get("format") not in ("layers-model", None) or "modelTopology" not in said:
        raise ModelFileError(
            "format",
            got=f"{said.get('format')!r:.60}",
            expected="a TensorFlow.js layers-model",
            fix="convert the Keras model, not a graph: tensorflowjs_converter --input_format keras",
        )
    topology = as_names(said["modelTopology"], "modelTopology")
    version = topology.get("keras_version")
    config = topology.get("model_config", topology)
    tensors: Tensors = []
    for i, group in enumerate(as_list(said.get("weightsManifest"), "weightsManifest")):
        tensors.extend(_group(path.parent, as_names(group, f"weightsManifest[{i}]"), f"weightsManifest[{i}]"))
    return config, version, tensors


def _group(folder: Path, group: dict[str, object], place: str) -> Iterator[tuple[Scope, str, Stored]]:
    """Yield a group's weights; its files together must hold exactly their bytes."""
    names = [as_text(item, f"{place}.paths") for item in as_list(group.get("paths"), f"{place}.paths")]
    for name in names:
        if Path(name).name != name or name in ("", ".", "..") or "\\" in name or ":" in name:
            raise damaged(f"{place}.paths", f"{name!r:.100}", "names of files in the same folder")
    planned: list[tuple[str, tuple[int, ...], np.dtype[Any], dict[str, object] | None, int]] = []
    start = 0
    for i, item in enumerate(as_list(group.get("weights"), f"{place}.weights")):
        said = as_names(item, f"{place}.weights[{i}]")
        name = as_text(said.get("name"), f"{place}.weights[{i}].name")
        shape = as_list(said.get("shape"), name)
        if len(shape) > 32 or not all(type(size) is int and 0 <= size < 2**62 for size in shape):
            raise damaged(name, f"shape {shape!r:.100}", "whole numbers, 0 or more")
        sizes = tuple(size for size in shape if isinstance(size, int))
        packed = said.get("quantization")
        rule = None if packed is None else as_names(packed, name)
        kind = as_text((rule or said).get("dtype"), name)
        if kind not in TYPES:
            raise damaged(name, f"the type {kind!r:.60}", ", ".join(TYPES))
        planned.append((name, sizes, np.dtype(TYPES[kind]), rule, start))
        start += math.prod(sizes) * np.dtype(TYPES[kind]).itemsize
    files = [(folder / name, _size(folder / name)) for name in names]
    if sum(size for _, size in files) != start:
        raise damaged(place, f"{sum(size for _, size in files)} bytes in {names!r:.100}", f"{start}")
    ends = list(itertools.accumulate((size for _, size in files), initial=0))
    for name, shape, kind, rule, begin in planned:
        *scope, short = name.split("/")
        stored = Stored(name, shape, _reader(files, ends, begin, shape, kind, rule, name))
        yield tuple(scope), short.split(":")[0], stored


def _size(path: Path) -> int:
    if path.is_symlink():
        raise damaged(path.name, "a link", "a file beside model.json")
    try:
        with opened(path) as (_, size):
            return size
    except ModelFileError as error:
        raise damaged(path.name, error.got, "a file beside model.json") from None


def _reader(
    files: list[tuple[Path, int]],
    ends: list[int],
    begin: int,
    shape: tuple[int, ...],
    kind: np.dtype[Any],
    rule: dict[str, object] | None,
    name: str,
) -> Any:
    def read() -> Any:
        array = np.empty(shape, kind)
        room = bytes_of(array)
        done = 0
        for (path, size), first in zip(files, ends, strict=False):
            low, high = max(begin, first), min(begin + len(room), first + size)
            if low >= high:
                continue
            with opened(path) as (file, _):
                file.seek(low - first)
                count = file.readinto(room[low - begin : high - begin])
            done += count or 0
        if done != len(room):
            raise damaged(name, "a file that has changed", f"{len(room)} bytes")
        if rule is None or kind.kind == "f":
            return array
        scale, least = rule.get("scale"), rule.get("min")
        if not isinstance(scale, (int, float)) or not isinstance(least, (int, float)):
            raise damaged(name, "a quantization without scale and min", "both numbers")
        return array.astype(np.float32) * np.float32(scale) + np.float32(least)

    return read
