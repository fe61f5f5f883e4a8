"""Open a network: a file by its suffix, or an object of another framework."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import ModelFileError, ParameterError
from ..network import Network
from ..words import legible
from .disk import opened
from .loading import check_finite, into_network, load_weights
from .paths import as_path, suffix_of, suffixes
from .recognize import recognize
from .refusal import told
from .table import FORMATS, OBJECTS


def load(
    source: str | os.PathLike[str] | Any,
    *,
    into: Network | str | None = None,
    partial: bool = False,
    strict: bool = False,
    input_shape: Any = None,
) -> Network:
    """Open a network: a file, whose suffix says the format, or a model in memory, such as a torch.nn.Module.

    Nothing in a file is ever run.

    Args:
        source: the file's path, or the object.
        into: for a file of weights alone (a state dict): the network that they belong to, or its name in the zoo.
        partial: open what can be opened of a model with nodes that no layer here computes, or load the weights that
            fit; a warning lists the rest.
        strict: weights that are NaN, infinite or largely denormal are an error; otherwise a warning.
        input_shape: for a torch.nn.Module: the shape of one input without the batch, or a list of several inputs'.

    Raises:
        ModelFileError: it is not a network that can be opened; the error says what it is, and what to do.
        UnmappedError: some of its nodes have no layer here; the error lists all of them.
        WeightsError: the weights are not those of the network `into`; the error lists all that differ.
        MissingPackageError: a package that the format needs is not installed.

    >>> load("lost.safetensors")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: lost.safetensors
      got       no such file
      expected  an existing file
      fix       check its path and name
    """
    if into is not None:
        _check_unshaped(input_shape, "weights")
        net = into_network(into)
        load_weights(net, source, partial=partial, strict=strict)
        return net
    kind = next((kind for kind in OBJECTS.values() if kind.holds(source)), None)
    if kind is not None:
        if not kind.shaped:
            _check_unshaped(input_shape, kind.about)
        net = kind.load(source, partial, input_shape) if kind.shaped else kind.load(source, partial)
        check_finite(net.weights, strict)
        return net
    _check_unshaped(input_shape, "a file")
    place = as_path("load", source)
    net = _opened(place, partial)
    try:
        check_finite(net.weights, strict)
    except ModelFileError as error:
        raise told(error, place) from None
    return net


def _opened(place: Path, partial: bool) -> Network:
    """Return the network in a file."""
    known = FORMATS.get(place.suffix.lower())
    if known is not None and known.load is not None:
        return known.load(place, partial)
    if known is not None and known.weights is not None:
        with known.weights(place) as tensors:
            raise ModelFileError(
                "",
                got=f"a state dict: {len(tensors)} tensors without a network",
                expected="the network that they belong to",
                fix="load them into it: pellucid.load(path, into='resnet18') or net.load_weights(path)",
            )
    try:
        with opened(place) as (file, _):
            what, fix = recognize(file.read(64))
        got = suffix_of(place) + (f", {what}" if what else "")
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
