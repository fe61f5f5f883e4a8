"""Every error Pellucid raises on purpose, in one tree.

PellucidError
├── ParameterError     a layer, optimizer or option was given a value it cannot have   (ValueError)
├── ShapeError         shapes, sizes or weights that do not fit together               (ValueError)
├── DataError          images, labels or files of data that cannot be used             (ValueError)
├── UnknownNameError   a layer, engine, weight or data set that does not exist         (KeyError)
├── ModelFileError     a file that is no network, or is damaged                        (ValueError)
│   ├── UnmappedError  a model holds what no layer here computes; lists all of it
│   └── WeightsError   weights of a file are not those of the network; lists all that differ
├── TrainingError      training cannot go on (the loss is not finite, ...)             (RuntimeError)
├── EngineError        an engine cannot run this network, or cannot run here           (RuntimeError)
├── MissingPackageError  a package that is not required is not installed               (ImportError)
└── ExplorerError      the explorer cannot be served (port in use, ...)                (RuntimeError)

Each says three things besides where it happened: what came, what was expected, how to fix it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class PellucidError(Exception):
    """The root of all errors that Pellucid raises on purpose.

    Args:
        where: the thing that complains, such as ``"Conv2d 'conv2'"``.
        got: what came.
        expected: what would have been right.
        fix: what to do about it.

    >>> print(PellucidError("Conv2d", got="stride 0", expected="at least 1", fix="use stride 1"))
    Conv2d
      got       stride 0
      expected  at least 1
      fix       use stride 1
    """

    def __init__(self, where: str, *, got: str, expected: str, fix: str) -> None:
        super().__init__(where, got, expected, fix)
        self.where = where
        self.got = got
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.where}\n  got       {self.got}\n  expected  {self.expected}\n  fix       {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.where, self.got, self.expected, self.fix)


def _rebuild(kind: type[PellucidError], where: str, got: str, expected: str, fix: str) -> PellucidError:
    return kind(where, got=got, expected=expected, fix=fix)


class ParameterError(PellucidError, ValueError):
    """A layer, optimizer or option was given a value it cannot have."""


class ShapeError(PellucidError, ValueError):
    """Shapes, sizes or weights do not fit together."""


class DataError(PellucidError, ValueError):
    """Images, labels or files of data cannot be used."""


class UnknownNameError(PellucidError, KeyError):
    """A layer, engine, weight or data set of that name does not exist."""


class ModelFileError(PellucidError, ValueError):
    """A file is no network, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A node of a foreign model that has no layer here.

    Args:
        node: its name in the model.
        op: what kind of node it is there, such as "LSTM".
        reason: why it cannot be opened.

    >>> print(Unmapped("rnn", "LSTM", "no layer computes it"))
    'rnn' (LSTM): no layer computes it
    """

    node: str
    op: str
    reason: str

    def __str__(self) -> str:
        return f"{self.node!r} ({self.op}): {self.reason}"


class UnmappedError(ModelFileError):
    """A model holds what no layer here computes.

    Attributes:
        unmapped: every such node, with the reason.
    """

    def __init__(self, where: str, *, got: str, expected: str, fix: str, unmapped: tuple[Unmapped, ...] = ()) -> None:
        super().__init__(where, got=got, expected=expected, fix=fix)
        self.unmapped = unmapped

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_unmapped, (self.where, self.got, self.expected, self.fix, self.unmapped)


def _rebuild_unmapped(where: str, got: str, expected: str, fix: str, unmapped: tuple[Unmapped, ...]) -> UnmappedError:
    return UnmappedError(where, got=got, expected=expected, fix=fix, unmapped=unmapped)


class WeightsError(ModelFileError):
    """Weights of a file are not those of the network.

    Attributes:
        missing: the network's weights that the file lacks.
        unexpected: the file's tensors that the network has no weight for.
        shapes: tensors of another shape: (name, the file's, the network's).
    """

    def __init__(
        self,
        where: str,
        *,
        got: str,
        expected: str,
        fix: str,
        missing: tuple[str, ...] = (),
        unexpected: tuple[str, ...] = (),
        shapes: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = (),
    ) -> None:
        super().__init__(where, got=got, expected=expected, fix=fix)
        self.missing = missing
        self.unexpected = unexpected
        self.shapes = shapes

    def __reduce__(self) -> tuple[object, ...]:
        lists = {"missing": self.missing, "unexpected": self.unexpected, "shapes": self.shapes}
        return _rebuild_weights, (self.where, self.got, self.expected, self.fix, lists)


def _rebuild_weights(where: str, got: str, expected: str, fix: str, lists: dict[str, Any]) -> WeightsError:
    return WeightsError(where, got=got, expected=expected, fix=fix, **lists)


class MissingPackageError(PellucidError, ImportError):
    """A package that is not required is not installed."""


class TrainingError(PellucidError, RuntimeError):
    """Training cannot go on."""


class EngineError(PellucidError, RuntimeError):
    """An engine cannot run this network, or cannot run on this machine."""


class ExplorerError(PellucidError, RuntimeError):
    """The explorer cannot be served."""


def unknown_name(what: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Return an error that lists what exists and the nearest of it.

    >>> print(unknown_name("layer", "conv9", ["conv1", "relu1"]))
    layer 'conv9'
      got       'conv9'
      expected  one of conv1, relu1
      fix       did you mean 'conv1'?
    """
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    shown = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
    return UnknownNameError(
        f"{what} {name!r}",
        got=repr(name),
        expected=f"one of {shown}" if names else f"a {what}, but there is none",
        fix=f"did you mean {near[0]!r}?" if near else f"use the name of an existing {what}",
    )
