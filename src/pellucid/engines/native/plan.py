"""A plan: what the native engine will run, as data. Steps are kernels with the places they work on, in phases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from ...layers.base import Run
from ...layers.node import Shape
from .kernel import Kernel

Copies = Literal["block", "item", "thread", "once"]


@dataclass(eq=False)
class Buffer:
    """A piece of memory with a name.

    Args:
        name: what it holds, for people.
        size: bytes of one copy.
        copies: "block": one for each block of samples (or image); "item": one for each item of its phase, such as a
            chunk's gradients; "thread": one for each thread, for the time of an item; "once": one in all.
        base: the memory it lies in: "plan" until `place` decides between a thread's own and the plan's; or an array
            from outside, such as "weights".
        offset: bytes from the beginning of that memory.
        kept: it must outlive the phase: the caller reads it, or writes it before the run.
    """

    name: str
    size: int
    copies: Copies = "block"
    base: str = "plan"
    offset: int = 0
    kept: bool = False
    stride: int | None = None  # bytes from copy to copy, where that is not `size`


@dataclass(frozen=True)
class Place:
    """Some byte of a buffer: what a kernel gets a pointer to."""

    buffer: Buffer
    offset: int = 0


@dataclass(frozen=True)
class Step:
    """A kernel on its places.

    Args:
        layer: the layer it works for, for people.
        kernel: what runs.
        places: one for each of the kernel's pointers.
        macs: multiply-adds, those of all its items together.
        items: in a phase of tasks, how many items the kernel is cut into.
    """

    layer: str
    kernel: Kernel
    places: tuple[Place, ...]
    macs: int = 0
    items: int = 1


@dataclass
class Phase:
    """Steps between two barriers.

    Args:
        name: for people.
        kind: "blocks": each block of samples (or image) runs all steps; "chunks": the same, but blocks come in at most
            eight chunks, each with gradients of its own; "tasks": each step is cut into items.
        opening: in a phase of chunks, what each chunk does first.
        steps: what is run.
    """

    name: str
    kind: Literal["blocks", "chunks", "tasks"]
    opening: list[Step] = field(default_factory=list[Step])
    steps: list[Step] = field(default_factory=list[Step])


@dataclass
class Context:
    """What a layer's own definition needs in the midst of a plan.

    Args:
        arrays: by name, the arrays between the phases and the definitions, (N, ...).
        weights: a layer's weights, by its name and then by its own names for them.
        run: the run that it is part of.
        targets: what the loss compares the outputs with.
        losses: each sample's loss, from a loss without a kernel.
        watched: by their full names, what weights that only watch the data become.
    """

    arrays: dict[str, NDArray[Any]]
    weights: Callable[[str], dict[str, NDArray[Any]]]
    run: Run
    targets: NDArray[Any] | None = None
    losses: NDArray[Any] | None = None
    watched: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])


@dataclass
class Call:
    """A step that Python makes between two phases: a layer that has no kernel runs its own definition.

    Args:
        layer: the layer.
        why: why it is no kernel.
        run: what is called.
    """

    layer: str
    why: str
    run: Callable[[Context], None]


@dataclass
class Plan:
    """Everything that one native call does, in order.

    Args:
        lanes: "samples" or "channels": what fills a vector.
        width: lanes of a vector.
        stages: phases, and calls of Python between them.
        buffers: all buffers.
        preparing: what is made of the weights, whenever they changed.
        between: the arrays that its calls read and write, by name: their shape, and whether there is one a sample.
    """

    lanes: str
    width: int
    stages: list[Phase | Call] = field(default_factory=list[Phase | Call])
    buffers: list[Buffer] = field(default_factory=list[Buffer])
    between: dict[str, tuple[Shape, bool]] = field(default_factory=dict[str, tuple[Shape, bool]])
    preparing: Phase = field(default_factory=lambda: Phase("weights", "tasks"))

    def phases(self) -> Iterator[Phase]:
        """Give the phases in order."""
        return (stage for stage in self.stages if isinstance(stage, Phase))

    def steps(self) -> Iterator[Step]:
        """Give all steps in order."""
        return (step for phase in (self.preparing, *self.phases()) for step in (*phase.opening, *phase.steps))

    def kernels(self) -> list[Kernel]:
        """Return every kernel once."""
        return list(dict.fromkeys(step.kernel for step in self.steps()))

    @property
    def macs(self) -> int:
        """Multiply-adds of one block (samples) or image (channels)."""
        return sum(step.macs for phase in self.phases() for step in phase.steps)

    def falls_back(self) -> dict[str, str]:
        """Return which layers are left to their own definition, and why."""
        return {stage.layer: stage.why for stage in self.stages if isinstance(stage, Call)}
