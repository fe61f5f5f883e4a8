"""A plan made ready: its kernels loaded, its memory at hand, its tables written for the batch that comes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EngineError
from .arena import place
from .driver import MOST_ITEMS, MOST_POINTERS
from .kernel import Kernel
from .loader import address_of
from .machine import Target
from .memory import address, aligned
from .plan import Buffer, Call, Context, Phase, Plan, Step
from .pool import Pool

Arrays = dict[str, NDArray[Any]]

SHARED_FROM = 2_000_000  # multiply-adds that one thread makes sooner than others are woken
MOST_CHUNKS = 8


class Executable:
    """A plan that can be run, for batches of any number of blocks.

    Args:
        plan: the plan; its buffers are given their places.
        target: the machine it was made for.
        pool: the threads.
        slab: bytes of one chunk's gradients.
    """

    def __init__(self, plan: Plan, target: Target, pool: Pool, *, slab: int = 0) -> None:
        self.plan, self._pool, self._slab = plan, pool, slab
        self.sizes = place(plan)
        first = {step.kernel: step.layer for step in reversed([*plan.steps()])}
        self._functions: dict[Kernel, int] = {k: address_of(k, target, layer) for k, layer in first.items()}
        used = [spot.buffer for step in plan.steps() for spot in step.places]
        names = dict.fromkeys(buffer.base for buffer in [*plan.buffers, *used])
        self._bases = {name: number for number, name in enumerate(["thread", *(n for n in names if n != "thread")])}
        self._addresses = np.zeros(len(self._bases), np.int64)
        self._threads = aligned(self.sizes.thread * pool.threads, np.uint8)
        self._once = aligned(self.sizes.once, np.uint8)
        self._once[:] = 0
        self._blocks = aligned(0, np.uint8)
        self._slabs = aligned(0, np.uint8)
        self._tables: dict[int, list[_Table | Call]] = {}
        self._views: dict[tuple[Buffer, int], NDArray[Any]] = {}
        self._preparing = _Table([plan.preparing] if plan.preparing.steps else [], self, 1)
        self._macs = plan.macs
        self._point()

    def give(self, name: str, array: NDArray[Any]) -> None:
        """Tell where memory from outside lies; who gives it keeps it."""
        if name in self._bases:
            self._addresses[self._bases[name]] = address(array)

    def view(self, buffer: Buffer, blocks: int, dtype: Any) -> NDArray[Any]:
        """Return a buffer that is kept, as an array: (blocks, ...) or (...)."""
        key = buffer, blocks
        if key not in self._views:
            once, count = buffer.copies == "once", buffer.size // np.dtype(dtype).itemsize
            memory, start = (self._once, buffer.offset) if once else (self._blocks, buffer.offset * blocks)
            found = memory[start : start + buffer.size * (1 if once else blocks)].view(dtype)
            self._views[key] = found if once else found.reshape(blocks, count)
        return self._views[key]

    def ready(self, blocks: int) -> None:
        """Have memory and tables for so many blocks."""
        if blocks in self._tables:
            return
        if blocks >= MOST_ITEMS:
            raise EngineError(
                "engine 'native'",
                got=f"a batch of {blocks} blocks",
                expected=f"fewer than {MOST_ITEMS}",
                fix="use a smaller batch_size",
            )
        try:  # there may be memory for one and not for the other, and what went must not be pointed to
            if self.sizes.block * blocks > len(self._blocks):
                self._views.clear()
                self._blocks = aligned(self.sizes.block * blocks, np.uint8)
            if self._slab * chunks_of(blocks) > len(self._slabs):
                self._slabs = aligned(self._slab * chunks_of(blocks), np.uint8)
        finally:
            self._point()
        stages: list[_Table | Call] = []
        phases: list[Phase] = []
        for stage in [*self.plan.stages, None]:
            if isinstance(stage, Phase):
                phases.append(stage)
                continue
            if phases:
                stages.append(_Table(phases, self, blocks))
                phases = []
            if stage is not None:
                stages.append(stage)
        self._tables[blocks] = stages

    def prepare(self) -> None:
        """Make of the weights what is made of them; needed again whenever they changed."""
        self._execute(self._preparing, share=True)

    def run(self, blocks: int, samples: int, context: Callable[[Arrays], Context] | None = None) -> Context | None:
        """Run the plan on so many blocks, for which `ready` was asked.

        Args:
            blocks: how many.
            samples: the samples in them.
            context: makes what calls of Python need, given their arrays; returned when all is done.
        """
        told = None
        if self.plan.between and context:
            told = context(self._between(samples))
        share = self._macs * blocks >= SHARED_FROM
        for stage in self._tables[blocks]:
            if isinstance(stage, _Table):
                self._execute(stage, share=share)
            elif told:
                stage.run(told)
        return told

    def _between(self, samples: int) -> Arrays:
        """Return fresh arrays for calls of Python."""
        arrays: Arrays = {}
        for name, (shape, each) in self.plan.between.items():
            arrays[name] = np.zeros((samples, *shape) if each else shape, np.float32)
            self.give(name, arrays[name])
        return arrays

    def _point(self) -> None:
        for name, array in (("blocks", self._blocks), ("once", self._once), ("slabs", self._slabs)):
            self.give(name, array)

    def _execute(self, table: _Table, *, share: bool) -> None:
        if table.phases:
            self._pool.execute(table.address, share=share)

    def step_words(self, step: Step, kind: str, blocks: int) -> list[int]:
        """Return a step as the driver reads it."""
        assert len(step.places) <= MOST_POINTERS, step
        words = [self._functions[step.kernel], len(step.places), step.items]
        for spot in step.places:
            buffer = spot.buffer
            stride = buffer.size if buffer.stride is None else buffer.stride
            start = buffer.offset * (blocks if buffer.base == "blocks" else 1) + spot.offset
            by_item = stride if buffer.copies == "item" and kind == "chunks" else 0
            by_block = stride if buffer.copies == "block" and kind != "tasks" and buffer.base != "thread" else 0
            words += [self._bases[buffer.base], start, by_item, by_block]
        return words

    @property
    def header(self) -> tuple[NDArray[np.int64], int, int]:
        """What every table begins with: the bases, the memory of thread 0, and bytes of memory a thread."""
        return self._addresses, self._threads.ctypes.data, self.sizes.thread


class _Table:
    """The driver's table for some phases and a number of blocks; it keeps its arrays alive."""

    def __init__(self, phases: list[Phase], owner: Executable, blocks: int) -> None:
        self.phases = len(phases)
        self._kept: list[NDArray[np.int64]] = []
        words: list[int] = []
        for phase in phases:
            words += self._phase_words(phase, owner, blocks)
        bases, memory, share = owner.header
        self._table = np.array([len(phases), self._keep(words), bases.ctypes.data, memory, share], np.int64)
        self.address = self._table.ctypes.data

    def _phase_words(self, phase: Phase, owner: Executable, blocks: int) -> list[int]:
        steps = [word for step in phase.steps for word in owner.step_words(step, phase.kind, blocks)]
        opening = [word for step in phase.opening for word in owner.step_words(step, phase.kind, blocks)]
        items, ranges = blocks, 0
        if phase.kind == "tasks":
            items = sum(step.items for step in phase.steps)
        elif phase.kind == "chunks":
            items = chunks_of(blocks)
            ranges = self._keep([chunk * blocks // items for chunk in range(items + 1)])
        kind = int(phase.kind == "tasks")
        opened = self._keep(opening)
        return [kind, items, ranges, len(phase.opening), opened, len(phase.steps), self._keep(steps)]

    def _keep(self, words: list[int]) -> int:
        self._kept.append(np.array(words or [0], np.int64))
        return self._kept[-1].ctypes.data


def chunks_of(blocks: int) -> int:
    """Return into how many chunks a batch is cut: a function of the batch alone, so that threads change no bit.

    >>> chunks_of(4), chunks_of(100)
    (4, 8)
    """
    return min(blocks, MOST_CHUNKS)


def blocks_of(samples: int, lanes: int) -> int:
    """Return the blocks of a batch.

    >>> blocks_of(33, 16)
    3
    """
    return math.ceil(samples / lanes)
