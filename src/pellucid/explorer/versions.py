"""The versions of a network that is edited and trained: each has a number and never changes; undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ..errors import ParameterError, ShapeError
from ..explain import Summary, summarize
from ..layers.node import Node
from ..network import Network
from .rewiring import size

MOST = 100  # versions that are kept to go back to
MOST_BYTES = 2 << 30  # that these may take, as if no two had weights in common


@dataclass(frozen=True, eq=False)
class Version:
    """A network as it is at one moment, weights included.

    Args:
        number: counted from 1; a later version has a larger one.
        net: the network; nothing changes it any more.
        done: what made it of the version before, for a person to read.
        summary: its shapes, parameters and costs.
        structure: the number of the first version with the same layers: between them only weights differ.
    """

    number: int
    net: Network
    done: str
    summary: Summary = field(repr=False)
    structure: int

    @cached_property
    def size(self) -> int:
        """Bytes that its weights and the values of one image take."""
        return size(self.net)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Inputs and layers; a node's number is its place here."""
        return (*self.net.inputs, *self.net.nodes)

    def node(self, number: int) -> Node:
        """Return the node of that number.

        Raises:
            ShapeError: there is none.
        """
        nodes = self.nodes
        if not 0 <= number < len(nodes):
            raise ShapeError(
                "explorer", got=f"layer {number}", expected=f"0 to {len(nodes) - 1}", fix="choose one of these"
            )
        return nodes[number]


class Versions:
    """A line of versions to go back and forth on. A new one after going back takes the place of those ahead.

    Args:
        net: the first version.

    >>> from pellucid.layers import ReLU
    >>> line = Versions(Network((1, 2, 2), [ReLU()]))
    >>> line.now.number, line.undone, line.redone
    (1, None, None)
    """

    def __init__(self, net: Network) -> None:
        self._made = 1
        self._line = [Version(1, net, "", summarize(net), 1)]
        self._at = 0

    @property
    def now(self) -> Version:
        """The version that is shown."""
        return self._line[self._at]

    @property
    def undone(self) -> str | None:
        """What undo would take back, or None."""
        return self.now.done if self._at else None

    @property
    def redone(self) -> str | None:
        """What redo would do again, or None."""
        return self._line[self._at + 1].done if self._at + 1 < len(self._line) else None

    def edit(self, net: Network, done: str) -> Version:
        """Make a version with other layers the one that is shown."""
        self._made += 1
        return self._push(Version(self._made, net, done, summarize(net), self._made))

    def train(self, net: Network, done: str, *, onward: bool) -> Version:
        """Make a version with other weights the one that is shown.

        Args:
            net: the network, with the layers of the version that is shown.
            done: what was done.
            onward: it takes the place of the version that is shown, as the next moment of the same training.
        """
        self._made += 1
        now = self.now
        made = Version(self._made, net, done, now.summary, now.structure)
        if onward and self._at:
            self._line[self._at] = made
            return made
        return self._push(made)

    def undo(self) -> Version:
        """Go back by one version.

        Raises:
            ParameterError: this is the first.
        """
        if not self._at:
            raise ParameterError("undo", got="the first version", expected="something to undo", fix="change a layer")
        self._at -= 1
        return self.now

    def redo(self) -> Version:
        """Go forward again by one version.

        Raises:
            ParameterError: this is the last.
        """
        if self.redone is None:
            raise ParameterError("redo", got="the last version", expected="something to redo", fix="undo first")
        self._at += 1
        return self.now

    def _push(self, version: Version) -> Version:
        del self._line[self._at + 1 :]
        self._line.append(version)
        most = min(MOST, max(MOST_BYTES // max(version.size, 1), 2))
        del self._line[:-most]
        self._at = len(self._line) - 1
        return version
