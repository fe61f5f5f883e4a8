"""Operations that are one layer here: a module of PyTorch's that runs several, and what people write by hand.

Every rule looks at the last operation of its row. Those before it must have no other reader, and, but for the rows that
mean the same wherever they are written, must run in the same call of the same module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .program import MISFITS, Program, Ref, Step, refs


class Rows:
    """The operations by what they give, and how often each value is read.

    Args:
        program: the program.
        computed: the names of values that depend on the inputs.
    """

    def __init__(self, program: Program, computed: Collection[str]) -> None:
        self.program, self.computed = program, computed
        self.givers = {name: step for step in program.steps for name in step.gives if name}
        self.readers = Counter(name for step in program.steps for name in step.reads)
        self.readers.update(ref.name for ref in refs(program.outputs))

    def shape(self, value: Any) -> tuple[int, ...]:
        """Return a value's shape without the batch, or () where it is not told."""
        return self.program.shape(value.name)[1:] if isinstance(value, Ref) else ()

    def before(self, step: Step, arg: str, *kinds: str, inside: bool = True) -> Step | None:
        """Return the operation of one of these kinds that alone gives an argument to `step` and to nobody else."""
        value = step.args.get(arg)
        giver = self.givers.get(value.name) if isinstance(value, Ref) else None
        if giver is None or giver.kind not in kinds or giver.in_place or self.readers[giver.gives[0]] != 1:
            return None
        if inside and giver.place.calls != step.place.calls:
            return None
        return giver

    def is_computed(self, value: Any) -> bool:
        """Return whether an argument depends on the inputs."""
        return isinstance(value, Ref) and value.name in self.computed


@dataclass(frozen=True)
class Fused:
    """What a row is together.

    Args:
        op: what it is called.
        args: its arguments.
        steps: the operations before the last that are in it.
    """

    op: str
    args: dict[str, Any]
    steps: tuple[Step, ...]


Rule = Callable[[Rows, Step], Fused | None]


def fuse(program: Program, computed: Collection[str], rules: dict[str, tuple[Rule, ...]]) -> list[Step]:
    """Return a program's operations with rows of them as one, each in the place of its last."""
    rows = Rows(program, computed)
    gone: set[int] = set()
    steps: list[Step] = []
    for step in reversed(program.steps):
        if id(step) in gone:
            continue
        fused = next(_tried(rows, step, rules), None)
        if fused is not None:
            gone.update(id(inner) for inner in fused.steps)
            words = ", ".join(inner.kind for inner in (*fused.steps, step))
            step = Step(f"{fused.op} ({words})", fused.args, step.gives, step.place)
        steps.append(step)
    return steps[::-1]


def _tried(rows: Rows, step: Step, rules: dict[str, tuple[Rule, ...]]) -> Iterator[Fused]:
    if step.in_place or not any(name in rows.computed for name in step.gives):
        return
    for rule in rules.get(step.kind, ()):
        try:
            fused = rule(rows, step)
        except MISFITS:
            continue  # no row of PyTorch's: each operation is looked at by itself
        if fused is not None:
            yield fused
