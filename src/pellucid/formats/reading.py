"""Open a network: a file by its suffix, or an object of another framework."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import ModelFileError, ParameterError
from ..network import Network
from ..words import legible
from .disk import opened
from .recognize import recognize
from .refusal import told
from .table import FORMATS, OBJECTS


def load(source: str | os.PathLike[str] | Any, *, partial: bool = False, input_shape: Any = None) -> Network:
    """Open a network: a file, whose suffix says the format, or a model in memory, such as a torch.nn.Module.

    Nothing in a file is ever run.

    Args:
        source: the file's path, or the object.
        partial: open what can be opened of a model with nodes that no layer here computes; a warning lists them.
        input_shape: for a torch.nn.Module: the shape of one input without the batch, or a list of several inputs'.

    Raises:
        ModelFileError: it is not a network that can be opened; the error says what it is, and what to do.
        UnmappedError: some of its nodes have no layer here; the error lists all of them.
        MissingPackageError: a package that the format needs is not installed.

    >>> load("lost.safetensors")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: lost.safetensors
      got       no such file
      expected  an existing file
      fix       check its path and name
    """
    for kind in OBJECTS.values():
        if kind.holds(source):
            if kind.shaped:
                return kind.load(source, partial, input_shape)
            _check_unshaped(input_shape, kind.about)
            return kind.load(source, partial)
    _check_unshaped(input_shape, "a file")
    place = as_path("load", source)
    known = FORMATS.get(place.suffix.lower())
    if known is not None and known.load is not None:
        return known.load(place, partial)
    try:
        with opened(place) as (file, _):
            what, fix = recognize(file.read(64))
        got = (f"the suffix {place.suffix!r}" if place.suffix else "no suffix") + (f", {what}" if what else "")
        raise ModelFileError("", got=got, expected=suffixes(s for s, f in FORMATS.items() if f.load), fix=fix)
    except ModelFileError as error:
        raise told(error, place) from None


def _check_unshaped(input_shape: object, what: str) -> None:
    """Raise ParameterError if a shape is given for what says its own."""
    if input_shape is not None:
        raise ParameterError(
            "load",
            got=f"input_shape={legible(repr(input_shape), 60)} for {what}, which says its own",
            expected="input_shape for a torch.nn.Module only",
            fix="leave input_shape out",
        )


def as_path(what: str, path: object) -> Path:
    """Return a path, or raise the error of what is none."""
    if isinstance(path, (str, os.PathLike)):
        return Path(path)  # pyright: ignore[reportUnknownArgumentType]
    raise ModelFileError(
        what,
        got=f"{legible(repr(path), 60)}, which is no path",
        expected="a file's path as text or pathlib.Path",
        fix="give for instance 'digits.safetensors'",
    )


def suffixes(known: Iterable[str]) -> str:
    """Return what a file must end in, in words."""
    return "a file that ends in " + ", ".join(known)
