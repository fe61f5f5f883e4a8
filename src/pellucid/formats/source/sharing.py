"""Parts of a network that are alike are written once, with a parameter for whatever differs between them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from .naming import definition_name, free, identifier
from .pieces import REQUIRED, Argument, Call, Parameter, literal
from .tree import Group, Item, Leaf

PLACED = 2  # so many arguments of a definition are written without their names


@dataclass(frozen=True, eq=False)
class Definition:
    """What is written once: a class or a function.

    Args:
        name: its name, in CamelCase.
        parameters: what differs between the parts that use it, each with its default.
        parts: what stands in it, in the words of its first use.
        reads, gives: the values that it takes and returns, as its first use calls them.
        uses: how many parts of the network it stands for.
        chain: whether it is one row of parts, each of which reads the one before.
    """

    name: str
    parameters: dict[str, object]
    parts: tuple[Part, ...]
    reads: tuple[str, ...]
    gives: tuple[str, ...]
    uses: int
    chain: bool

    def signature(self, *first: str) -> str:
        """Return what stands in the brackets of its definition, other parameters first."""
        own = [key if default is REQUIRED else f"{key}={literal(default)}" for key, default in self.parameters.items()]
        return ", ".join([*first, *own])


@dataclass(frozen=True, eq=False)
class Use:
    """A definition in its place."""

    path: tuple[str, ...]
    definition: Definition
    call: Call
    reads: tuple[str, ...]
    gives: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """A chain of parts that is written where it stands."""

    path: tuple[str, ...]
    parts: tuple[Part, ...]
    reads: tuple[str, ...]
    gives: tuple[str, ...]


Part = Leaf | Use | Row
Form = Callable[[Sequence[Part], int, bool], str]  # parts, how many are alike, a chain? -> "define", "row" or "open"


@dataclass(frozen=True)
class Body:
    """All that is to be written: the definitions in the order in which they are used, and the network itself."""

    definitions: tuple[Definition, ...]
    parts: tuple[Part, ...]


def shared(root: Group, form: Form) -> Body:
    """Return the network with its like parts made one.

    Args:
        root: the network.
        form: what becomes of parts that are alike: "define" writes them once, "row" writes each where it stands, "open"
            puts what stands in each into the part around it.
    """
    written: dict[int, tuple[Part, ...]] = {}
    definitions: list[Definition] = []
    names: dict[str, set[str]] = {}
    for level in _levels(root):
        alike: dict[Hashable, list[tuple[Group, tuple[Part, ...]]]] = {}
        for group in level:
            parts = _inside(group, written)
            alike.setdefault(_structure(parts, group.reads, group.gives), []).append((group, parts))
        for same in alike.values():
            group, parts = same[0]
            chain = is_chain(parts, group.reads, group.gives)
            match form(parts, len(same), chain):
                case "define":
                    definition, calls = _define(same, names, chain)
                    definitions.append(definition)
                    for (one, _), call in zip(same, calls, strict=True):
                        written[id(one)] = (Use(one.path, definition, call, one.reads, one.gives),)
                case "row":
                    written |= {id(one): (Row(one.path, own, one.reads, one.gives),) for one, own in same}
                case _:
                    written |= {id(one): tuple(_below(one.path, part) for part in own) for one, own in same}
    return Body(tuple(definitions), _inside(root, written))


def gives_of(part: Part) -> tuple[str, ...]:
    """Return the names of the values that others read of it."""
    return (part.value,) if isinstance(part, Leaf) else part.gives


def is_chain(parts: Sequence[Part], reads: tuple[str, ...], gives: tuple[str, ...]) -> bool:
    """Return whether each part reads the one before and nothing else."""
    if len(reads) != 1 or len(gives) != 1:
        return False
    before = reads
    for part in parts:
        if part.reads != before:
            return False
        before = gives_of(part)
    return before == gives


def _levels(root: Group) -> list[list[Group]]:
    """Return all parts but the whole, those without parts in them first."""
    levels: list[list[Group]] = []

    def height(item: Item) -> int:
        if isinstance(item, Leaf):
            return 0
        own = max(map(height, item.items)) + 1
        while len(levels) < own:
            levels.append([])
        levels[own - 1].append(item)
        return own

    for item in root.items:
        height(item)
    return levels


def _inside(group: Group, written: dict[int, tuple[Part, ...]]) -> tuple[Part, ...]:
    return tuple(part for item in group.items for part in ((item,) if isinstance(item, Leaf) else written[id(item)]))


def _below(path: tuple[str, ...], part: Part) -> Part:
    return replace(part, path=(*path, *part.path))


def _structure(parts: Sequence[Part], reads: tuple[str, ...], gives: tuple[str, ...]) -> Hashable:
    """Return all of a part but the values in its calls and its names outside."""
    places = {name: place for place, name in enumerate(reads)}

    def of(part: Part) -> Hashable:
        read = tuple(places[name] for name in part.reads)
        if isinstance(part, Leaf):
            call = part.piece.call
            keys = (
                None if call is None else (call.head, tuple((a.key, a.named, repr(a.default)) for a in call.arguments))
            )
            own: Hashable = (keys, part.piece.use, part.weights)
        elif isinstance(part, Use):
            own = id(part.definition)
        else:
            own = tuple(map(of_row, part.parts))
        for name in gives_of(part):
            places[name] = len(places)
        return part.path, read, own

    def of_row(part: Part) -> Hashable:
        for name in part.reads:
            places.setdefault(name, len(places))
        return of(part)

    return tuple(map(of, parts)), tuple(places[name] for name in gives)


def _calls(parts: Sequence[Part]) -> Iterator[tuple[str, Call]]:
    """Yield every call with the name of its part."""
    for part in parts:
        if isinstance(part, Row):
            yield from _calls(part.parts)
        elif isinstance(part, Use):
            yield part.path[-1], part.call
        elif part.piece.call is not None:
            yield part.path[-1], part.piece.call


def _define(
    same: Sequence[tuple[Group, tuple[Part, ...]]], names: dict[str, set[str]], chain: bool
) -> tuple[Definition, list[Call]]:
    """Return what is written once for parts that are alike, and how each of them calls it."""
    group, parts = same[0]
    slots = [(name, argument) for name, call in _calls(parts) for argument in call.arguments]
    table = [[argument.value for _, call in _calls(own) for argument in call.arguments] for _, own in same]
    known: dict[Hashable, str] = {}
    parameters: dict[str, tuple[list[object], object]] = {}  # each one's values, and its default
    filled: list[object] = []
    for (name, argument), column in zip(slots, zip(*table, strict=True), strict=True):
        kept = tuple(map(repr, column))
        if len(set(kept)) == 1:
            filled.append(column[0])
            continue
        if kept not in known:
            wanted = argument.key if argument.key not in parameters or name.isdigit() else f"{name}_{argument.key}"
            known[kept] = free(identifier(wanted), parameters)
            parameters[known[kept]] = (list(column), argument.default)
        filled.append(Parameter(known[kept]))
    parameters = dict(sorted(parameters.items(), key=lambda item: item[1][1] is not REQUIRED))
    name = definition_name([one.path for one, _ in same], parts, names)
    names[name] = {part.path[0] for part in parts}
    inside = _filled(parts, iter(filled))
    defaults = {key: default for key, (_, default) in parameters.items()}
    definition = Definition(name, defaults, inside, group.reads, group.gives, len(same), chain)
    calls = [
        Call(
            name,
            tuple(
                Argument(key, values[place], default, named=number >= PLACED or default is not REQUIRED)
                for number, (key, (values, default)) in enumerate(parameters.items())
            ),
        )
        for place in range(len(same))
    ]
    return definition, calls


def _filled(parts: Sequence[Part], values: Iterator[object]) -> tuple[Part, ...]:
    """Return the same parts with other values in their calls."""
    done: list[Part] = []
    for part in parts:
        if isinstance(part, Row):
            done.append(replace(part, parts=_filled(part.parts, values)))
        elif isinstance(part, Use):
            done.append(replace(part, call=part.call.given(tuple(next(values) for _ in part.call.arguments))))
        elif part.piece.call is not None:
            call = part.piece.call.given(tuple(next(values) for _ in part.piece.call.arguments))
            done.append(replace(part, piece=replace(part.piece, call=call)))
        else:
            done.append(part)
    return tuple(done)
