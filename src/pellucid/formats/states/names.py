"""Where in a file the state dict is, and which of its names are which of a network's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ...errors import ModelFileError
from ...words import legible
from ..stored import Stored

NESTS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")
WRAPPERS = ("module", "_orig_mod", "model", "net", "network")  # what DataParallel, torch.compile and people put around
COUNTERS = "num_batches_tracked"  # how many batches a batch norm has seen, which changes nothing
DEEPEST = 4

Shape = tuple[int, ...]


def state_dict(tree: object, is_tensor: type) -> dict[str, Any]:
    """Return the tensors of the state dict in what a file holds, by name, in the file's order.

    Raises:
        ModelFileError: there is none; the error says what there is.

    >>> state_dict({"epoch": 3, "state_dict": {"fc.bias": 0.5, "name": "x"}}, float)
    {'fc.bias': 0.5}
    """
    found = tree
    for _ in range(DEEPEST):
        if not isinstance(found, dict):
            break
        entries = cast("dict[object, object]", found)
        named = {name: value for name, value in entries.items() if isinstance(name, str)}
        tensors = {name: value for name, value in named.items() if isinstance(value, is_tensor)}
        if tensors:
            return tensors
        found = next((named[name] for name in NESTS if isinstance(named.get(name), dict)), None)
    if isinstance(tree, dict):
        held = ", ".join(_shown(str(name)) for name in list(cast("dict[object, object]", tree))[:8])
        got = f"a dictionary of {held}, and no tensors among them" if held else "an empty dictionary"
    else:
        got = f"a {type(tree).__name__}" if tree is not None else "nothing"
    raise ModelFileError(
        "",
        got=got,
        expected="tensors by name, themselves or under 'state_dict' or 'model'",
        fix="save the weights alone: torch.save(model.state_dict(), 'weights.pt')",
    )


@dataclass(frozen=True)
class Match:
    """What of a file's tensors fits a network.

    Args:
        found: tensors by the network's names, each of the right shape.
        missing: weights of the network that the file lacks.
        unexpected: tensors that no layer has.
        shapes: tensors of another shape: (name, the file's, the network's).
    """

    found: dict[str, Stored]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[tuple[str, Shape, Shape], ...]

    @property
    def complete(self) -> bool:
        """Whether the file has the network's weights, all of them and no others."""
        return not (self.missing or self.unexpected or self.shapes)

    def differences(self) -> str:
        """Return what differs, in words; "" if nothing does."""
        shapes = [f"{_shown(name)} {theirs}, not {ours}" for name, theirs, ours in self.shapes]
        parts = (
            _listed("missing", map(_shown, self.missing)),
            _listed("unexpected", map(_shown, self.unexpected)),
            _listed("of another shape", shapes),
        )
        return "; ".join(part for part in parts if part)


def match(tensors: Mapping[str, Stored], wanted: Mapping[str, Shape]) -> Match:
    """Compare a file's tensors with the weights that a network has, by name and shape; nothing is read.

    Names are taken as they are; only where none of them is the network's, what wraps all of them is taken off.
    """
    held = _unwrapped({name: each for name, each in tensors.items() if not name.endswith(COUNTERS)}, wanted)
    return Match(
        {name: held[name] for name, shape in wanted.items() if name in held and held[name].shape == shape},
        tuple(name for name in wanted if name not in held),
        tuple(name for name in held if name not in wanted),
        tuple((n, held[n].shape, shape) for n, shape in wanted.items() if n in held and held[n].shape != shape),
    )


def _unwrapped(held: dict[str, Stored], wanted: Mapping[str, Shape]) -> dict[str, Stored]:
    for _ in range(DEEPEST):
        if not held or any(name in wanted for name in held):
            break
        first = next(iter(held)).partition(".")[0]
        if first not in WRAPPERS or not all(name.startswith(f"{first}.") for name in held):
            break
        held = {name[len(first) + 1 :]: each for name, each in held.items()}
    return held


def _shown(name: str) -> str:
    return legible(repr(name), 100)


def _listed(what: str, items: Iterable[str]) -> str:
    names = list(items)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{len(names)} {what}: {', '.join(names[:8])}{more}" if names else ""
