"""A network as a function of its inputs, line by line, with functions for what repeats: the frame of two dialects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...layers import Layer
from ...layers.node import Node
from ...network import Network
from .layout import INDENT, definitions_of
from .naming import Variables, identifier, snake
from .pieces import Piece, Write, literal
from .refused import entry_of
from .sharing import Definition, Part, Use, gives_of, shared
from .tree import Leaf, tree_of


@dataclass(frozen=True)
class Dialect:
    """What differs between the dialects that write functions.

    Args:
        name: the dialect's name.
        table: what each kind of layer is.
        definitions: our file of definitions that programs copy from.
        passed: what every function is given besides its inputs: the weights, or nothing.
        comments: a comment behind the lines of some kinds of layers.
        objects: whether layers are objects, of which one that is used twice is made once.
        spelled: letters that a layer's name cannot have there, and what stands for them.
    """

    name: str
    table: Mapping[type[Layer], Write]
    definitions: str
    passed: tuple[str, ...]
    comments: Mapping[str, str] = field(default_factory=dict[str, str])
    objects: bool = False
    spelled: Mapping[str, str] = field(default_factory=dict[str, str])

    def blocks(self, net: Network, root: str) -> list[list[str]]:
        """Return the definitions that the network needs, and the network's own function, called `root`."""

        def piece(node: Node) -> Piece:
            return entry_of(net, node, self.table, self.name)

        body = shared(tree_of(net, piece), _form)
        needs = {name for node in net.nodes for name in piece(node).needs}
        ends = tuple(str(node.name) for node in net.inputs), tuple(str(node.name) for node in net.outputs)
        whole = Definition(root, {}, body.parts, *ends, 1, chain=False)
        copied = definitions_of(self.definitions, needs)
        functions = {snake(one.name) for one in (*body.definitions, whole)} | {name for name, _ in copied}
        return [
            *(text.splitlines() for _, text in copied),
            *(
                list(self._function(one, one.signature(*self.passed, "name"), "name", functions))
                for one in body.definitions
            ),
            list(self._function(whole, ", ".join(self.passed), "", functions)),
        ]

    def _function(self, definition: Definition, others: str, prefix: str, functions: set[str]) -> Iterator[str]:
        steps = [(part.reads, gives_of(part), part.path) for part in definition.parts]
        taken = functions | {"np", "w", "keras", "layers", "ops", "name", "len", "sum", *definition.parameters}
        variables = Variables(definition.reads, steps, definition.gives, taken)
        signature = ", ".join([*variables.inputs, *([others] if others else [])])
        yield f"def {snake(definition.name)}({signature}):"
        made = self._made_once(definition.parts)
        yield from (f"{INDENT}{variable} = {call}" for variable, call in made.values())
        for part, (reads, writes) in zip(definition.parts, variables, strict=True):
            comment = self.comments.get(part.kind, "") if isinstance(part, Leaf) else ""
            yield f"{INDENT}{', '.join(writes)} = {self._value(part, reads, prefix, made)}{comment}"
        yield f"{INDENT}return {', '.join(map(variables.of, definition.gives))}"

    def _made_once(self, parts: Sequence[Part]) -> dict[str, tuple[str, str]]:
        """Return the variable and the call of each layer that is used more than once, by the first use's name."""
        leaves = [part for part in parts if isinstance(part, Leaf)]
        again = {leaf.owner for leaf in leaves if leaf.owner != leaf.value} if self.objects else set[str]()
        return {
            leaf.value: (
                identifier(f"{leaf.value}_layer"),
                leaf.piece.call.text().format(name=self._quoted(leaf.path, "")),
            )
            for leaf in leaves
            if leaf.value in again and leaf.piece.call is not None
        }

    def value(self, leaf: Leaf, reads: Sequence[str]) -> str:
        """Return the expression of one layer by itself, on the variables `reads`."""
        return self._value(leaf, reads, "", {})

    def _value(self, part: Part, reads: Sequence[str], prefix: str, made: Mapping[str, tuple[str, str]]) -> str:
        if isinstance(part, Use):
            call = part.call.text(", ".join([*reads, *self.passed, self._quoted(part.path, prefix)]))
            return snake(part.call.head) + call.removeprefix(part.call.head)
        assert isinstance(part, Leaf)
        call = "" if part.piece.call is None else part.piece.call.text()
        text = part.piece.use.replace("{call}", made[part.owner][0] if part.owner in made else call)
        path = part.path if prefix else tuple(part.owner.split("."))
        weights = {short: f"w[{_quoted((*path, short), prefix)}]" for short in part.weights}
        return text.format(*reads, all=", ".join(reads), name=self._quoted(path, prefix), w=weights)

    def _quoted(self, path: Sequence[str], prefix: str) -> str:
        return _quoted([word.translate(str.maketrans(dict(self.spelled))) for word in path], prefix)


def _quoted(path: Sequence[str], prefix: str) -> str:
    """Return a name as it is written where the names of all layers begin with what the variable `prefix` holds."""
    name = literal(".".join(path))
    return f'f"{{{prefix}}}.{name[1:-1].replace("{", "{{").replace("}", "}}")}"' if prefix else name


def _form(parts: Sequence[Part], count: int, chain: bool) -> str:
    """Write once what stands there more than once and is more than one line."""
    return "define" if count > 1 and len(parts) > 1 else "open"
