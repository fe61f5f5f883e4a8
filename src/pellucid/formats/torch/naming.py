"""What an operation's node is called: as the module that runs it, where that does nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from .program import Step


def names_of(steps: Sequence[Step], silent: Collection[str]) -> dict[int, tuple[str, bool]]:
    """Return each step's name and whether the step is all that its module does, by the step's id.

    Args:
        steps: the operations that get a node.
        silent: the kinds that get none.

    A module that runs one operation gives its path, such as "layer1.0.conv1". In others it is followed by the
    operation, such as "layer1.0.add"; a number tells apart what would be called the same.
    """
    seen = [step for step in steps if step.kind not in silent]
    within = Counter(call for step in seen for call in dict.fromkeys(step.place.calls))
    alone = {id(step): bool(step.place.path) and within[step.place.call] == 1 for step in seen}
    taken = {step.place.path for step in seen if alone[id(step)]}
    found: dict[int, tuple[str, bool]] = {}
    for step in steps:
        if alone.get(id(step), False):
            found[id(step)] = (step.place.path, True)
            continue
        stem = f"{step.place.path}.{step.kind.lstrip('_')}" if step.place.path else step.kind.lstrip("_")
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        found[id(step)] = (name, False)
    return found
