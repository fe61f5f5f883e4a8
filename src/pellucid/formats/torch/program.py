"""What torch.export tells of a model, without PyTorch: its operations in the order in which they run, by name.

An exported program in memory and a .pt2 file both become this, and everything after reads nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..stored import Stored

BATCH = -(2**62) - 57  # stands in shapes for a batch of any size; only moved, never calculated with
UNKNOWN = -(2**62) - 58  # a size that is not known before the model runs, and is not the batch's
Sizes = tuple[int, ...]  # a value's shape, the batch counted

# What Python raises where a file gives an operation arguments of other types, or other ones, than PyTorch does.
MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Ref:
    """An argument that is a value of the program."""

    name: str


@dataclass(frozen=True)
class Place:
    """Where in the model an operation stands.

    Args:
        path: the module that runs it, such as "layer1.0.conv1"; "" is the model itself.
        calls: the calls that it is inside of, outermost first, each by a text of its own: a module may run twice.
    """

    path: str = ""
    calls: tuple[str, ...] = ("",)

    @property
    def call(self) -> str:
        """The call that runs it."""
        return self.calls[-1]


@dataclass(frozen=True)
class Step:
    """One operation.

    Args:
        op: PyTorch's name of it with its overload, such as "aten.conv2d.default".
        args: its arguments by their names in PyTorch's schema: numbers, texts, lists, Refs; what is left out has its
            default there.
        gives: names of what it gives; "" where nobody asked.
        place: where it stands.
    """

    op: str
    args: Mapping[str, Any]
    gives: tuple[str, ...]
    place: Place

    @property
    def kind(self) -> str:
        """The operation without its library, its overload, and the sign that it changes its input in place."""
        name = self.op.split(" ")[0]
        return name.split(".")[1].removesuffix("_") if name.startswith("aten.") else name

    @property
    def in_place(self) -> bool:
        """Whether it changes its first argument."""
        return self.op.startswith("aten.") and self.op.split(".")[1].endswith("_")

    @property
    def reads(self) -> tuple[str, ...]:
        """The values that it reads."""
        return tuple(ref.name for ref in refs(list(self.args.values())))


def refs(value: Any) -> Iterator[Ref]:
    """Return the values among arguments."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from refs(item)


@dataclass
class Program:
    """A model.

    Args:
        name: what it is called.
        inputs: its inputs' names, in order.
        constants: its parameters, buffers and constants by the names that operations read them under.
        steps: its operations.
        outputs: what it gives; None is no value of the program.
        shapes: values' shapes, as far as they are told.
        batch: the batch's size, or BATCH.
        trained: which of the constants are parameters that are trained.
    """

    name: str
    inputs: list[str]
    constants: dict[str, Stored]
    steps: list[Step]
    outputs: list[Ref | None]
    shapes: dict[str, Sizes] = field(default_factory=dict[str, Sizes])
    batch: int = BATCH
    trained: set[str] = field(default_factory=set[str])

    def shape(self, name: str) -> Sizes:
        """Return a value's shape, or () where it is not told."""
        return self.shapes.get(name, ())
