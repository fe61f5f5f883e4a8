"""Names that people would give: of classes and functions, of variables, and of layers as Python spells names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

MOST_KINDS = 4  # more layers than this in a row are no longer named after their kinds


class Named(Protocol):
    """A part that has a path."""

    @property
    def path(self) -> tuple[str, ...]:
        """The words of its name."""
        ...


def identifier(name: str) -> str:
    """Return a name as Python can spell it.

    >>> identifier("conv1/relu"), identifier("0"), identifier("lambda")
    ('conv1_relu', 'layer_0', 'lambda_')
    """
    spelled = re.sub(r"\W", "_", name, flags=re.ASCII) or "layer"
    if spelled[0].isdigit():
        spelled = f"layer_{spelled}"
    return f"{spelled}_" if keyword.iskeyword(spelled) else spelled


def free(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number behind it if it is taken."""
    if name not in taken:
        return name
    number, joint = 2, "_" if name[-1].isdigit() else ""
    while f"{name}{joint}{number}" in taken:
        number += 1
    return f"{name}{joint}{number}"


def camel(name: str) -> str:
    """Return a name as a class is named.

    >>> camel("dense_block"), camel("inception3a")
    ('DenseBlock', 'Inception3a')
    """
    words = [word for word in re.split(r"[\W_]+", name) if word]
    spelled = "".join(word[0].upper() + word[1:] for word in words) or "Block"
    return f"Block{spelled}" if spelled[0].isdigit() else spelled


def snake(name: str) -> str:
    """Return a class's name as a function is named.

    >>> snake("ConvBatchNormReLU"), snake("Block2")
    ('conv_batch_norm_relu', 'block2')
    """
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return identifier(spelled.replace("re_lu", "relu"))


def definition_name(
    paths: Sequence[tuple[str, ...]], parts: Sequence[Named], taken: Mapping[str, Collection[str]]
) -> str:
    """Return a name for parts that are alike: what their names share, or what they are made of.

    Args:
        paths: the names of the parts.
        parts: what stands in them; layers know their `kind`.
        taken: names that are in use, each with the names of what stands in it.
    """
    kinds = [getattr(part, "kind", None) for part in parts]
    words = {path[-1] for path in paths}
    if len(words) > 1 and len(kinds) <= MOST_KINDS and all(kinds):
        name = "".join(str(kind).removesuffix("2d") for kind in kinds)
    elif all(word.isdigit() for word in words):
        name = "Block"
    else:
        share = _beginning([word for word in words if not word.isdigit()])
        name = camel(share.rstrip("0123456789_")) if len(share) > 2 else "Block"
    if name not in taken:
        return name
    odd = next((part.path[0] for part in parts if part.path[0] not in taken[name]), "0")
    longer = f"{name}With{camel(odd)}"
    return longer if not odd.isdigit() and longer not in taken else free(name, taken)


def _beginning(words: Sequence[str]) -> str:
    """Return the letters with which all of them begin."""
    first, last = min(words), max(words)
    return first[: next((place for place, letter in enumerate(first) if last[place : place + 1] != letter), len(first))]


class Variables:
    """Names of the values in one function: `x` for what passes through, a name of its own for what is needed later.

    Args:
        reads: the values that come in; one is called x, several by their own names.
        steps: for each step, the values that it reads and gives, in order, and the words of its name.
        ends: the values that go out.
        taken: names that mean something else.
    """

    def __init__(
        self,
        reads: Sequence[str],
        steps: Sequence[tuple[Sequence[str], Sequence[str], Sequence[str]]],
        ends: Sequence[str],
        taken: Collection[str],
    ) -> None:
        self._steps = steps
        self._taken = set(taken)
        self._last = {name: number for number, (read, *_) in enumerate(steps) for name in read}
        self._last |= dict.fromkeys(ends, len(steps))
        self._held: dict[str, str] = {}  # variable -> the value it holds
        self.inputs = ["x"] if len(reads) == 1 else [self._own(words) for words in _apart(reads)]
        self._held = dict(zip(self.inputs, reads, strict=True))

    def __iter__(self) -> Iterator[tuple[list[str], list[str]]]:
        """Yield, for each step, the variables that it reads and those that it writes."""
        for number, (read, given, words) in enumerate(self._steps):
            where = {value: variable for variable, value in self._held.items()}
            reads = [where[name] for name in read]
            self._held = {v: name for v, name in self._held.items() if self._last.get(name, -1) > number}
            writes = [self._variable(name, number, words if len(given) == 1 else name.split(".")) for name in given]
            yield reads, writes

    def of(self, value: str) -> str:
        """Return the variable that holds a value now."""
        return next(variable for variable, held in self._held.items() if held == value)

    def _variable(self, value: str, number: int, words: Sequence[str]) -> str:
        passing = self._last.get(value) == number + 1
        general = [name for name in ("x", "out") if name not in self._held] if passing else []
        name = general[0] if general else self._own(words)
        self._held[name] = value
        return name

    def _own(self, words: Sequence[str]) -> str:
        spelled = identifier("_".join(words[-2:]) if words[-1].isdigit() else words[-1])
        name = free(spelled, self._taken | {"x", "out"})
        self._taken.add(name)
        return name


def _apart(names: Sequence[str]) -> list[list[str]]:
    """Return the words of each name up to the first in which the names differ."""
    words = [name.split(".") for name in names]
    shared = 0
    while all(len(one) > shared + 1 and one[shared] == words[0][shared] for one in words):
        shared += 1
    return [one[: shared + 1] for one in words]
