"""Where buffers lie: those that live within one phase share a thread's memory; the others have memory of their own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .memory import up
from .plan import Buffer, Call, Phase, Plan


@dataclass(frozen=True)
class Sizes:
    """Bytes of memory that a plan needs.

    Args:
        thread: for each thread.
        block: for each block of samples (or image).
        once: besides.
    """

    thread: int
    block: int
    once: int


def place(plan: Plan) -> Sizes:
    """Give every buffer its memory and offset there.

    A buffer that only one phase touches, between its first and last step, lies in the thread's own memory. What several
    phases touch has one copy for each block, so that any thread may go on with it. In both, buffers that live at
    different times share their places.
    """
    lives: dict[int, list[tuple[int, int]]] = defaultdict(list)  # of a buffer: (stage, step) of every use
    for number, stage in enumerate(plan.stages):
        if isinstance(stage, Phase):
            for turn, step in enumerate((*stage.opening, *stage.steps)):
                for spot in step.places:
                    lives[id(spot.buffer)].append((number, turn))
    own: dict[int, list[Buffer]] = defaultdict(list)
    shared: list[Buffer] = []
    kept: list[Buffer] = []
    once = 0
    for buffer in plan.buffers:
        uses = lives[id(buffer)]
        if buffer.base != "plan" or not (uses or buffer.kept):
            continue
        stages = {number for number, _ in uses}
        if buffer.copies == "once":
            buffer.base, buffer.offset = "once", once
            once += up(buffer.size)
        elif buffer.kept:
            kept.append(buffer)
        elif len(stages) == 1 and (buffer.copies == "thread" or _is_blocks(plan.stages[min(stages)])):
            buffer.base = "thread"
            own[min(stages)].append(buffer)
        else:
            shared.append(buffer)
    block = _share(shared, {id(buffer): [number for number, _ in lives[id(buffer)]] for buffer in shared})
    for buffer in kept:
        buffer.offset = block
        block += up(buffer.size)
    for buffer in (*shared, *kept):  # the copies of one buffer lie together, so that a kernel can walk them
        buffer.base, buffer.stride = "blocks", up(buffer.size)
    turns = {key: [turn for _, turn in uses] for key, uses in lives.items()}
    most = max((_share(buffers, turns) for buffers in own.values()), default=0)
    return Sizes(up(most, 4096) + 64 * 9 if most else 64, block, once)


def _is_blocks(stage: Phase | Call) -> bool:
    return isinstance(stage, Phase) and stage.kind != "tasks"


def _share(buffers: list[Buffer], lives: dict[int, list[int]]) -> int:
    """Lay buffers into one stretch of memory so that those alive at the same time do not meet; return its bytes.

    Largest first, each at the lowest place that is free during its life.
    """
    laid: list[tuple[int, int, int, int]] = []  # first use, last use, begin, end
    for buffer in sorted(buffers, key=lambda b: -b.size):
        first, last = min(lives[id(buffer)]), max(lives[id(buffer)])
        begin = 0
        for other in sorted(laid, key=lambda entry: entry[2]):
            if other[0] <= last and first <= other[1] and begin < other[3] and other[2] < begin + buffer.size:
                begin = up(other[3])
        laid.append((first, last, begin, begin + up(buffer.size)))
        buffer.offset = begin
    return max((entry[3] for entry in laid), default=0)
