"""A network's doors: methods that lead to another room, with everything that they were given."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from pellucid import Network
from pellucid.layers import ReLU

DOORS = {  # method -> room, function there
    "summary": ("explain", "summarize"),
    "predict": ("engines", "predict"),
    "trace": ("explain", "trace"),
    "fit": ("train", "fit"),
    "evaluate": ("train", "evaluate"),
    "save": ("formats", "save"),
    "to_torch": ("formats", "to_torch"),
    "to_keras": ("formats", "to_keras"),
    "code": ("formats", "code"),
    "load_weights": ("formats", "load_weights"),
    "explore": ("explorer", "explore"),
}


def test_every_door_is_listed() -> None:
    """The doors are the methods that stand below the line that says so."""
    source = inspect.getsource(Network)
    below = source[source.index("--- doors") :]
    public = [name for name in vars(Network) if not name.startswith("_") and f"def {name}(" in below]
    assert public == list(DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_doors_hand_everything_on(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parameter of a door reaches the room's function under the same name, and the answer comes back."""
    room, function = DOORS[door]
    seen: dict[str, Any] = {}
    module = importlib.import_module(f"pellucid.{room}")
    theirs = inspect.signature(getattr(module, function))

    def called(*args: Any, **kwargs: Any) -> str:
        seen.update(theirs.bind(*args, **kwargs).arguments)
        return "answer"

    monkeypatch.setattr(module, function, called)
    net = Network((3,), [ReLU()])
    ours = list(inspect.signature(getattr(net, door)).parameters.values())
    positional = [f"the {p.name}" for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name: f"the {p.name}" for p in ours if p.kind is p.KEYWORD_ONLY}
    answer = getattr(net, door)(*positional, **named)
    assert answer == (None if door in ("save", "load_weights") else "answer")
    first, *others = seen.values()
    assert first is net
    assert others == [*positional, *named.values()]
    assert list(named) == [name for name in seen if name in named]


@pytest.mark.parametrize("door", DOORS)
def test_defaults_are_the_rooms(door: str) -> None:
    """What a door assumes when it is not told is what the room's function assumes; the room may offer more."""
    room, function = DOORS[door]
    theirs = inspect.signature(getattr(importlib.import_module(f"pellucid.{room}"), function)).parameters
    ours = inspect.signature(getattr(Network, door)).parameters
    for (name, parameter), counterpart in zip(ours.items(), theirs.values(), strict=False):
        same = theirs[name] if parameter.kind is parameter.KEYWORD_ONLY else counterpart
        assert (same.kind, same.default) == (parameter.kind, parameter.default)
