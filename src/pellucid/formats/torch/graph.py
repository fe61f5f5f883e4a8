"""A program, walked in the order in which it runs: constants are calculated, everything else is wired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ModelFileError, PellucidError
from ...layers import Layer
from ...network import Network
from ..opening import Opening, UnreadableError
from ..stored import Stored
from .call import Call, Value
from .folding import fold
from .fusing import fuse
from .naming import names_of
from .program import BATCH, MISFITS, UNKNOWN, Program, Ref, Step
from .table import OPERATIONS, RULES, SAME, VIEWS


def network(program: Program, partial: bool) -> Network:
    """Return the network of a program.

    Raises:
        ModelFileError: an input has sizes that are not known.
        UnmappedError: some of its operations have no layer here.
    """
    return _Walk(program).network(partial)


class _Walk:
    """The values of a program, by name, as far as it has been walked."""

    def __init__(self, program: Program) -> None:
        self.program, self.opening = program, Opening(program.name)
        self.values: dict[str, Value] = dict(program.constants)
        self.roots: dict[str, str] = {}  # by value: the value whose memory it may share
        self.newer: dict[str, str] = {}  # by value: what it is after it was changed in place
        self.stale: dict[str, Step] = {}  # values that share memory with one that was changed, and by what
        computed = set(program.inputs)
        for step in program.steps:
            if any(name in computed for name in step.reads):
                computed.update(name for name in step.gives if name)
        self.computed = computed
        program.steps = _needed(program)
        self.steps = fuse(program, computed, RULES)
        made = [step for step in self.steps if any(name in computed for name in step.gives)]
        self.names = names_of(made, SAME)
        self.shared: dict[tuple[Any, ...], Layer] = {}
        self.folded: dict[tuple[Any, ...], Stored] = {}
        self.trained = {id(program.constants[name]) for name in program.trained if name in program.constants}

    def network(self, partial: bool) -> Network:
        """Return the network."""
        for name in self.program.inputs:
            self._input(name)
        for step in self.steps:
            self._step(step)
        outputs: list[Any] = []
        for ref in self.program.outputs:
            value = self.values.get(self._now(ref.name)) if ref else None
            if ref is None or isinstance(value, Stored):
                self.opening.refuse(ref.name if ref else "output", "output", "it does not depend on the inputs")
                value = None
            elif ref.name in self.stale:
                value = self.opening.refuse(ref.name, "output", self._changed(ref.name))
            outputs.append(value)
        return self.opening.network(outputs, partial=partial)

    def _input(self, name: str) -> None:
        shape = self.program.shape(name)
        known = all(size not in (BATCH, UNKNOWN) and size > 0 for size in shape[1:])
        if len(shape) < 2 or shape[0] != self.program.batch or not known:
            told = ", ".join({BATCH: "batch", UNKNOWN: "?"}.get(size, str(size)) for size in shape)
            raise ModelFileError(
                f"input {name!r}",
                got=f"shape ({told})",
                expected="(batch, ...), the batch that of every input, and every other size known",
                fix="export it again with numbers for all sizes but the batch's",
            )
        self.values[name] = self.opening.input(name, shape[1:])

    def _step(self, step: Step) -> None:
        made: list[Value] = [None] * len(step.gives)
        name, own = self.names.get(id(step), (step.gives[0] if step.gives else step.op, False))
        try:
            lost = [read for read in step.reads if self.values.get(self._now(read)) is None]
            unknown = [read for read in lost if self._now(read) not in self.values]
            stale = [read for read in step.reads if read in self.stale]
            if unknown:
                raise UnreadableError(f"it reads {unknown[0]!r:.60}, which is no tensor of the program")
            if stale:
                raise UnreadableError(self._changed(stale[0]))
            if step.kind not in OPERATIONS and any(read in self.computed for read in step.reads):
                raise UnreadableError("no layer computes it")
            if not lost:
                made = self._made(step, name, own)
        except UnreadableError as error:
            self.opening.refuse(name, step.op, str(error))
        except PellucidError as error:
            if isinstance(error, ModelFileError):
                raise
            self.opening.refuse(name, step.op, f"{error.got}; expected {error.expected}")
        except MISFITS as error:
            self.opening.refuse(name, step.op, f"its arguments are not those that PyTorch gives it: {error!r:.100}")
        for given, value in zip(step.gives, made, strict=True):
            if given:
                self.values[given] = value
        self._note_memory(step)

    def _made(self, step: Step, name: str, own: bool) -> list[Value]:
        values = {read: self.values[self._now(read)] for read in step.reads}
        if not any(read in self.computed for read in step.reads):
            return [self._constant(step, values), *[None] * (len(step.gives) - 1)]
        given = (self.program.shapes, self.program.batch, name, own, self.shared, self.trained)
        call = Call(self.opening, step, values, *given)
        made = OPERATIONS[step.kind](call)
        unread = [arg for arg, value in step.args.items() if arg not in call.used and value is not None]
        if unread:
            raise UnreadableError(f"its argument {unread[0]}={step.args[unread[0]]!r:.60}")
        if isinstance(made, list):
            return (made + [None] * len(step.gives))[: len(step.gives)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if any(step.gives[1:]):
            self.opening.refuse(name, step.op, "a second result of it is used")
        return [made, *[None] * (len(step.gives) - 1)]

    def _constant(self, step: Step, values: Mapping[str, Value]) -> Stored:
        """Return what an operation makes of constants; the same of the same is the same."""
        args = ((arg, id(values[v.name]) if isinstance(v, Ref) else repr(v)) for arg, v in step.args.items())
        key = (step.kind, *args)
        if key not in self.folded:
            self.folded[key] = fold(step, values, self.program.shapes.get(step.gives[0]))
        read = [value for value in values.values() if isinstance(value, Stored)]
        if read and all(id(value) in self.trained for value in read):
            self.trained.add(id(self.folded[key]))
        return self.folded[key]

    def _now(self, name: str) -> str:
        """Return the name under which a value stands after it was changed in place."""
        while name in self.newer:
            name = self.newer[name]
        return name

    def _note_memory(self, step: Step) -> None:
        """Note whose memory a result shares, and what an operation in place changes."""
        first = next(iter(step.args.values()), None)
        if not isinstance(first, Ref) or not (step.in_place or step.kind in VIEWS):
            return
        root = self.roots.get(first.name, first.name)
        if step.in_place and step.kind != "detach":
            for other in (root, *(name for name, of in self.roots.items() if of == root)):
                if self._now(other) != self._now(first.name):
                    self.stale[other] = step
            self.newer[self._now(first.name)] = step.gives[0]
        self.roots.update(dict.fromkeys((name for name in step.gives if name), root))

    def _changed(self, name: str) -> str:
        return f"{name!r:.60} was changed in place by {self.stale[name].op}, through another view of it"


def _needed(program: Program) -> list[Step]:
    """Return the operations that an output depends on; what nobody asks for is not given."""
    roots: dict[str, str] = {}
    for step in program.steps:
        first = next(iter(step.args.values()), None)
        if isinstance(first, Ref) and (step.in_place or step.kind in VIEWS):
            roots.update(dict.fromkeys(step.gives, roots.get(first.name, first.name)))
    needed = {ref.name for ref in program.outputs if ref}
    memory = {roots.get(name, name) for name in needed}
    kept: list[Step] = []
    for step in reversed(program.steps):
        first = next(iter(step.args.values()), None)
        changes = step.in_place and isinstance(first, Ref) and roots.get(first.name, first.name) in memory
        if not changes and not any(name in needed for name in step.gives):
            continue
        gives = tuple(name if name in needed or len(step.gives) == 1 else "" for name in step.gives)
        kept.append(Step(step.op, step.args, gives, step.place))
        needed.update(step.reads)
        memory.update(roots.get(name, name) for name in step.reads)
    return kept[::-1]
