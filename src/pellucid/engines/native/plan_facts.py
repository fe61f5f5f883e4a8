"""A plan as plain facts, for people and programs: what is run, in which order, and what lies where in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .arena import Sizes
from .executable import SHARED_FROM, blocks_of, chunks_of
from .kernel_words import kernel_geometry, kernel_name
from .plan import Buffer, Call, Phase, Plan, Step

MEMORIES = {"thread": "thread", "blocks": "block", "slabs": "chunk", "once": "once"}  # by a buffer's base


@dataclass(frozen=True)
class StepFacts:
    """A step of a plan.

    Args:
        number: its place in the plan, from 1.
        layer: the layer it works for, or "" for all of them.
        kernel: the kernel's name in words.
        geometry: what it works on, in short.
        buffers: the names of what its pointers point to.
        items: into how many items it is cut, which threads take; 1 in phases over blocks.
        macs: multiply-adds for one sample.
    """

    number: int
    layer: str
    kernel: str
    geometry: str
    buffers: tuple[str, ...]
    items: int
    macs: int


@dataclass(frozen=True)
class StageFacts:
    """Steps between two barriers, or a layer's own definition between two phases.

    Args:
        kind: "weights" (whenever they changed), "blocks", "chunks", "tasks", or "definition".
        items: how many items threads take in this batch: blocks, chunks, or tiles of all steps.
        steps: what each block runs, or for tasks what the items are parts of; none for a definition.
        opening: what each chunk does first.
        layer: the layer whose definition is called, or "".
    """

    kind: str
    items: int
    steps: tuple[StepFacts, ...] = ()
    opening: tuple[StepFacts, ...] = ()
    layer: str = ""


@dataclass(frozen=True)
class BufferFacts:
    """A piece of the plan's own memory.

    Args:
        name: what it holds.
        memory: where it lies: "thread", "block" or "chunk" (each has one), or "once".
        begin, end: bytes from the beginning of that memory.
        first, last: the numbers of the steps between which it is in use. What several phases touch is in use from the
            beginning of the first to the end of the last of them, as blocks do not wait for one another.
        after: what lay in its place before, the latest first.
    """

    name: str
    memory: str
    begin: int
    end: int
    first: int
    last: int
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanFacts:
    """What the native engine runs. Prints as a table.

    Args:
        network: the network's name.
        training: it is a step of training, not a run.
        target: the instruction set.
        lanes: what fills a vector: "samples", or "channels".
        width: numbers in a vector.
        batch: samples.
        blocks: into how many blocks of samples (or images) the batch falls.
        shared: threads share the work; a smaller batch is done sooner by one.
        macs: multiply-adds for one sample.
        memory: bytes of each memory: for each "thread", "block" and "chunk", and "once".
        stages: what is run, in order.
        buffers: what lies where in these memories.
        outside: the arrays that it is given from outside: inputs, weights, and where answers go.
        falls_back: layers left to their own definition, and why.
    """

    network: str
    training: bool
    target: str
    lanes: str
    width: int
    batch: int
    blocks: int
    shared: bool
    macs: int
    memory: dict[str, int]
    stages: tuple[StageFacts, ...]
    buffers: tuple[BufferFacts, ...]
    outside: tuple[str, ...]
    falls_back: dict[str, str]

    def __str__(self) -> str:
        from .plan_text import plan_text

        return plan_text(self)


def facts_of(
    plan: Plan, sizes: Sizes, *, network: str, target: str, batch: int, training: bool = False, slab: int = 0
) -> PlanFacts:
    """Return the facts of a plan.

    Args:
        plan: the plan, with its buffers in their places.
        sizes: the memory that it needs.
        network: the network's name.
        target: the instruction set's name.
        batch: how many samples.
        training: it is a step of training.
        slab: bytes of one chunk's gradients.
    """
    samples = plan.width if plan.lanes == "samples" else 1  # of a block
    blocks = blocks_of(batch, samples)
    numbers = {id(step): number for number, step in enumerate(plan.steps(), 1)}

    def step(one: Step) -> StepFacts:
        names = tuple(place.buffer.name for place in one.places)
        words = kernel_name(one.kernel), kernel_geometry(one.kernel)
        return StepFacts(numbers[id(one)], one.layer, *words, names, one.items, one.macs // samples)

    def stage(one: Phase | Call) -> StageFacts:
        if isinstance(one, Call):
            return StageFacts("definition", 1, layer=one.layer)
        kind = "weights" if one is plan.preparing else one.kind
        tiles = sum(task.items for task in one.steps)
        items = {"blocks": blocks, "chunks": chunks_of(blocks)}.get(kind, tiles)
        return StageFacts(kind, items, tuple(map(step, one.steps)), tuple(map(step, one.opening)))

    return PlanFacts(
        network=network,
        training=training,
        target=target,
        lanes=plan.lanes,
        width=plan.width,
        batch=batch,
        blocks=blocks,
        shared=plan.macs * blocks >= SHARED_FROM,
        macs=plan.macs // samples,
        memory={"thread": sizes.thread, "block": sizes.block, "chunk": slab, "once": sizes.once},
        stages=tuple(stage(one) for one in (*([plan.preparing] if plan.preparing.steps else []), *plan.stages)),
        buffers=tuple(_with_what_was_before(list(_buffers(plan, numbers)))),
        outside=tuple(_outside(plan)),
        falls_back=plan.falls_back(),
    )


def _buffers(plan: Plan, numbers: dict[int, int]) -> Iterator[BufferFacts]:
    """Give every buffer that has a place in a memory of the plan's, with its life."""
    uses: dict[int, list[tuple[int, int, int]]] = defaultdict(list)  # step, first and last of its phase
    for phase in (plan.preparing, *plan.phases()):
        steps = [numbers[id(step)] for step in (*phase.opening, *phase.steps)]
        for step in (*phase.opening, *phase.steps):
            for place in step.places:
                uses[id(place.buffer)].append((numbers[id(step)], steps[0], steps[-1]))
    whole = {id(place.buffer) for phase in plan.phases() for step in phase.opening for place in step.places}
    for buffer in plan.buffers:
        if buffer.base in MEMORIES and id(buffer) not in whole:  # all of a chunk's memory is no buffer of its own
            first, last = _life(buffer, uses[id(buffer)], len(numbers))
            memory = MEMORIES[buffer.base]
            yield BufferFacts(buffer.name, memory, buffer.offset, buffer.offset + buffer.size, first, last)


def _outside(plan: Plan) -> Iterator[str]:
    """Give the name of every array that is none of the plan's own: that of its only buffer, or one for all of them."""
    inside: dict[str, list[str]] = {}
    for buffer in {id(place.buffer): place.buffer for step in plan.steps() for place in step.places}.values():
        if buffer.base not in MEMORIES:
            inside.setdefault(buffer.base, []).append(buffer.name)
    return (names[0] if len(names) == 1 else base for base, names in inside.items())


def _life(buffer: Buffer, uses: list[tuple[int, int, int]], steps: int) -> tuple[int, int]:
    if buffer.kept or buffer.base in ("once", "slabs"):
        return 1, steps
    if buffer.base == "thread":
        return min(step for step, _, _ in uses), max(step for step, _, _ in uses)
    return min(first for _, first, _ in uses), max(last for _, _, last in uses)


def _with_what_was_before(buffers: list[BufferFacts]) -> Iterator[BufferFacts]:
    for one in sorted(buffers, key=lambda b: (list(MEMORIES.values()).index(b.memory), b.first, b.begin)):
        before = [
            other
            for other in buffers
            if other.memory == one.memory and other.last < one.first and other.begin < one.end and one.begin < other.end
        ]
        before.sort(key=lambda other: (-other.last, other.begin))
        yield replace(one, after=tuple(other.name for other in before))
