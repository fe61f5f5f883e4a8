"""Checkpoints: all that a training needs to go on exactly, in one file that is either whole or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..disk import replace_file
from ..errors import ModelFileError, ParameterError, TrainingError
from .checks import flag, whole
from .history import Epoch

Arrays = dict[str, NDArray[Any]]

_FORMAT = "pellucid-checkpoint-1"
_GROUPS = ("weights", "best", "state")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A training between two epochs.

    Args:
        settings: what must be equal for the training to go on, by name.
        epochs: what the epochs so far gave.
        weights: the network's weights.
        best: the weights of the best epoch; empty where those are the last epoch's.
        state: what the engine's trainer keeps.
    """

    settings: dict[str, str]
    epochs: tuple[Epoch, ...]
    weights: Arrays
    best: Arrays
    state: Arrays


@dataclass(frozen=True)
class Checkpoints:
    """Where a training writes itself down after epochs, and whether it goes on from there.

    A checkpoint is one safetensors file. It is written beside the old one, which it replaces only when it is safely on
    the disk: a crash at any moment leaves one of them whole. Every array carries a digest, and damage is refused.

    Args:
        path: the file.
        every: epochs between checkpoints; the last epoch is always written.
        resume: go on from the file, if there is one; otherwise a file that exists is an error.

    >>> Checkpoints("digits.checkpoint", every=5).resume
    False
    """

    path: str | Path
    every: int = field(default=1)
    resume: bool = field(default=False)

    def __post_init__(self) -> None:
        if not isinstance(self.path, (str, PathLike)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ParameterError(
                "Checkpoints", got=f"path={self.path!r}", expected="the path of a file", fix='use "run.checkpoint", say'
            )
        object.__setattr__(self, "path", Path(self.path))
        whole("Checkpoints", "every", self.every)
        flag("Checkpoints", "resume", self.resume)

    @property
    def _file(self) -> Path:
        return Path(self.path)

    def start(self, settings: Mapping[str, str]) -> Snapshot | None:
        """Return the training to go on with, or None to begin.

        Raises:
            ParameterError: the file exists without `resume`, its folder does not, or its settings differ.
            ModelFileError: the file is damaged, or no checkpoint.
        """
        _check_place(self._file)
        if not self._file.exists():
            return None
        if not self.resume:
            raise ParameterError(
                f"checkpoint {str(self.path)!r}",
                got="a file that exists",
                expected="a new file, or a training to go on with",
                fix="use Checkpoints(path, resume=True) to go on, or another path",
            )
        snapshot = load(self._file)
        for name in [*settings, *(name for name in snapshot.settings if name not in settings)]:
            now, then = (str(each.get(name, "nothing")) for each in (settings, snapshot.settings))
            if now != then:
                raise ParameterError(
                    f"checkpoint {str(self.path)!r}",
                    got=f"{name} {now}",
                    expected=f"{name} {then}, with which the training in the file began",
                    fix="go on with the same settings, or begin anew at another path",
                )
        return snapshot

    def due(self, number: int, last: int) -> bool:
        """Return whether to write after epoch `number`."""
        return number % self.every == 0 or number == last

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file by a new checkpoint.

        Raises:
            TrainingError: it cannot be written; the old file is still there.
        """
        content = _encoded(snapshot)
        try:
            replace_file(self._file, [content])
        except OSError as error:
            raise TrainingError(
                f"checkpoint {str(self.path)!r}",
                got=f"{error.strerror or error}; the previous checkpoint, if any, is untouched",
                expected=f"room and permission to write {len(content):,} bytes",
                fix="free space or choose another place, then go on with Checkpoints(path, resume=True)",
            ) from error


def load(path: Path) -> Snapshot:
    """Return the checkpoint in a file, every array verified.

    Raises:
        ModelFileError: the file is damaged, cut short, or no checkpoint.
    """
    try:
        return _decoded(path.read_bytes())
    except Exception as error:  # whatever damage makes of the readers
        raise ModelFileError(
            f"checkpoint {str(path)!r}",
            got=f"{type(error).__name__}: {error}",
            expected="a checkpoint of this version, as it was written",
            fix="go on from an older copy, or begin anew at another path",
        ) from error


def _decoded(content: bytes) -> Snapshot:
    """Return the checkpoint that a file's content holds."""
    import safetensors.numpy

    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])["__metadata__"]
    if header["format"] != _FORMAT:
        raise ValueError(f"format {header['format']!r} instead of {_FORMAT!r}")
    if header["digest"] != _digest(header["facts"].encode()):
        raise ValueError("a header that differs from its digest")
    facts, arrays = json.loads(header["facts"]), safetensors.numpy.load(content)
    for name in [*facts["digests"], *arrays]:
        expected = facts["digests"].get(name)
        found = _array_digest(arrays[name]) if name in arrays else None
        if found != expected:
            raise ValueError(f"array {name!r} has the digest {found} instead of {expected}")
    groups = {group: _group(arrays, group) for group in _GROUPS}
    return Snapshot(facts["settings"], tuple(Epoch(**epoch) for epoch in facts["epochs"]), **groups)


def _encoded(snapshot: Snapshot) -> bytes:
    """Return the file's content."""
    import safetensors.numpy

    arrays = {
        f"{group}/{name}": np.ascontiguousarray(array).reshape(array.shape)
        for group in _GROUPS
        for name, array in getattr(snapshot, group).items()
    }
    facts = {
        "settings": snapshot.settings,
        "epochs": [asdict(epoch) for epoch in snapshot.epochs],
        "digests": {name: _array_digest(array) for name, array in arrays.items()},
    }
    text = json.dumps(facts)
    metadata = {"format": _FORMAT, "facts": text, "digest": _digest(text.encode())}
    return safetensors.numpy.save(arrays, metadata)


def _check_place(path: Path) -> None:
    """Refuse a path that could never be written, before any training."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # a new file, or a folder that is told of below
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        raise ParameterError(
            f"checkpoint {str(path)!r}",
            got=getattr(error, "strerror", None) or str(error),
            expected="a path that can be read and written",
            fix="choose another path",
        ) from error
    if path.is_dir() or not path.parent.is_dir():
        raise ParameterError(
            f"checkpoint {str(path)!r}",
            got="a folder" if path.is_dir() else f"a file in the folder {str(path.parent)!r}, which does not exist",
            expected="a file in a folder that exists",
            fix="add a file name" if path.is_dir() else "make the folder first, or correct the path",
        )


def _group(arrays: Arrays, group: str) -> Arrays:
    return {name.removeprefix(f"{group}/"): array for name, array in arrays.items() if name.startswith(f"{group}/")}


def _array_digest(array: NDArray[Any]) -> str:
    return _digest(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
