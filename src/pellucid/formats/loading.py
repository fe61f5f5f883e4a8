"""Put the weights of a file into a network that is there: all of them or none, and whatever does not fit is told."""

from __future__ import annotations

import os
import warnings
from typing import Any

from ..errors import ModelFileError, WeightsError, unknown_name
from ..network import Network
from ..zoo import NETWORKS
from .disk import opened
from .finite import not_finite
from .opening import OpeningWarning
from .paths import as_path, suffix_of, suffixes
from .recognize import recognize
from .refusal import told
from .states.names import Match, match
from .table import FORMATS


def load_weights(net: Network, path: str | os.PathLike[str], *, partial: bool = False, strict: bool = False) -> None:
    """Take a network's weights from a file: a state dict of PyTorch's, a safetensors file, or an .npz.

    Names must be the network's, apart from what DataParallel or torch.compile put before all of them. Nothing in a file
    is ever run. If the file is refused, the network is as it was.

    Args:
        net: the network.
        path: the file; its suffix says the format.
        partial: load the tensors that fit; a warning lists what differs.
        strict: NaN, infinities and many denormals are an error; otherwise a warning.

    Raises:
        WeightsError: names or shapes are not the network's; the error lists all of them.
        ModelFileError: the file is none of weights, or is damaged.

    >>> from pellucid.layers import Linear
    >>> load_weights(Network(2, [Linear(1)]), "lost.pt")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: lost.pt
      got       no such file
      expected  an existing file
      fix       check its path and name
    """
    place = as_path("load_weights", path)
    known = FORMATS.get(place.suffix.lower())
    if known is None or known.weights is None:
        try:
            with opened(place) as (file, _):
                what, _ = recognize(file.read(64))
            raise ModelFileError(
                "",
                got=suffix_of(place) + (f", {what}" if what else ""),
                expected=suffixes(suffix for suffix, each in FORMATS.items() if each.weights),
                fix="open a whole model with pellucid.load(path)",
            )
        except ModelFileError as error:
            raise told(error, place) from None
    wanted = {name: spec.shape for name, spec in net.weights.specs.items()}
    with known.weights(place) as tensors:
        found = match(tensors, wanted)
        if not found.complete and not (partial and found.found):
            raise _mismatch(found, net)
        arrays = {name: stored.numbers() for name, stored in found.found.items()}
        check_finite(arrays, strict)
    net.weights.adopt_all(arrays)
    if not found.complete:
        warnings.warn(f"loaded in part: {found.differences()}", OpeningWarning, stacklevel=2)


def into_network(into: Network | str) -> Network:
    """Return the network that weights go into, of the zoo where it is a name.

    Raises:
        UnknownNameError: the zoo has no such network.
    """
    if isinstance(into, Network):
        return into
    if not isinstance(into, str) or into not in NETWORKS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise unknown_name("network", into, NETWORKS)
    return NETWORKS[into]()


def check_finite(arrays: Any, strict: bool) -> None:
    """Warn of numbers that are not finite, or with `strict` raise ModelFileError."""
    found = not_finite(arrays)
    if found is None:
        return
    name, text = found
    if strict:
        raise ModelFileError(
            f"tensor {name!r}",
            got=text,
            expected="finite numbers",
            fix="get weights from before the training failed, or open them without strict=True",
        )
    warnings.warn(f"weights that are not finite: {text}", OpeningWarning, stacklevel=3)


def _mismatch(found: Match, net: Network) -> WeightsError:
    return WeightsError(
        "",
        got=found.differences(),
        expected=f"the {len(net.weights)} weights of {net.name!r}, each of its shape",
        fix="load what fits with partial=True; error.missing, .unexpected and .shapes list all"
        if found.found
        else "load it into the network that it was saved from",
        missing=found.missing,
        unexpected=found.unexpected,
        shapes=found.shapes,
    )
