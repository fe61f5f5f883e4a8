"""Errors: one tree, three things said, and the parts still there after a trip to another process."""

from __future__ import annotations

import builtins
import copy
import pickle
import re

import pytest

from pellucid import errors
from pellucid.errors import PellucidError, UnknownNameError, unknown_name

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PellucidError)]


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawing at the top of the file names every error, with the builtin one that also catches it."""
    drawn = dict(re.findall(r"^[├└]── (\w+) .*\((\w+)\)", errors.__doc__ or "", re.MULTILINE))
    below = set(re.findall(r"^│   [├└]── (\w+) ", errors.__doc__ or "", re.MULTILINE))
    made = {kind.__name__: kind.__bases__[1].__name__ for kind in KINDS if kind.__bases__[0] is PellucidError}
    assert drawn == made
    assert below == {kind.__name__ for kind in KINDS} - set(made) - {"PellucidError"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said(kind: type[PellucidError]) -> None:
    """Every error says where, what came, what was expected and how to fix it, and lets programs read each part."""
    error = kind("Conv2d 'conv2'", got="stride 0", expected="at least 1", fix="use stride 1")
    assert str(error) == "Conv2d 'conv2'\n  got       stride 0\n  expected  at least 1\n  fix       use stride 1"
    assert (error.where, error.got, error.expected, error.fix) == (
        "Conv2d 'conv2'",
        "stride 0",
        "at least 1",
        "use stride 1",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_caught_in_three_ways(kind: type[PellucidError]) -> None:
    """An error is caught by its own name, by the root's, and by the builtin error that a stranger would expect."""
    for caught in {kind, PellucidError, getattr(builtins, kind.__bases__[-1].__name__, kind)}:
        with pytest.raises(caught):
            raise kind("here", got="a", expected="b", fix="c")


@pytest.mark.parametrize("kind", KINDS)
def test_errors_travel(kind: type[PellucidError]) -> None:
    """A pickled or copied error is of the same kind and says the same, so that it survives worker processes."""
    error = kind("here", got="a", expected="b", fix="c")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert str(twin) == str(error)


@pytest.mark.parametrize(
    ("name", "known", "expected", "fix"),
    [
        ("conv9", ["conv1", "relu1"], "one of conv1, relu1", "did you mean 'conv1'?"),
        ("zebra", ["conv1", "relu1"], "one of conv1, relu1", "use the name of an existing layer"),
        ("conv1", [], "a layer, but there is none", "use the name of an existing layer"),
        (7, ["a"], "one of a", "use the name of an existing layer"),
        (
            "l99",
            [f"l{i}" for i in range(20)],
            "one of l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, ... (20 in all)",
            "did you mean 'l9'?",
        ),
    ],
)
def test_unknown_names(name: object, known: list[str], expected: str, fix: str) -> None:
    """An unknown name is answered with the known ones, at most twelve of them, and the nearest."""
    error = unknown_name("layer", name, known)
    assert type(error) is UnknownNameError
    assert (error.where, error.got) == (f"layer {name!r}", repr(name))
    assert (error.expected, error.fix) == (expected, fix)


def test_key_errors_text_is_not_quoted() -> None:
    """UnknownNameError is a KeyError, whose own text would be the repr of its arguments; ours is readable."""
    assert str(unknown_name("layer", "x", ["y"])).startswith("layer 'x'\n")
