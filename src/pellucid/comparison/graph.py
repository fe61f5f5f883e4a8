"""A network as its alignment sees it: layers that carry its structure, and others that hang below them in chains."""

from __future__ import annotations

import math

import numpy as np

from ..layers.node import Shape
from ..network import Network
from ..wiring import name_of

# What a kind of layer is to a network's structure. What is not listed is an activation if it reads one value and has no
# weights, and else a family of its own.
FAMILIES: dict[str, str] = {
    kind: family
    for family, kinds in {
        "weighted": "Conv2d ConvTranspose2d SeparableConv2d Linear",
        "pool": "MaxPool2d AvgPool2d LpPool2d GlobalAvgPool2d GlobalMaxPool2d AdaptiveAvgPool2d AdaptiveMaxPool2d",
        "merge": "Add Subtract Multiply",
        "concat": "Concat",
        "resize": "Upsample PixelShuffle",
        "slice": "Slice",
        "shuffle": "ChannelShuffle",
        "norm": "BatchNorm2d BatchNorm1d LayerNorm GroupNorm InstanceNorm2d Scale",
        "local norm": "LocalResponseNorm",
        "dropout": "Dropout Dropout2d",
        "layout": "Flatten Reshape Permute",
        "pad": "Pad2d ZeroPad2d",
        "softmax": "Softmax LogSoftmax",
        "activation": "PReLU",
    }.items()
    for kind in kinds.split()
}
IN_CHAINS = {"norm", "local norm", "dropout", "layout", "pad", "softmax", "activation"}

Label = tuple[str, int]
Print = tuple[float, ...]


class Graph:
    """A network's values by number, in the order in which they run, the inputs first.

    Args:
        net: the network.

    Attributes:
        names, families, shapes: of each value.
        reads: the values that each reads, in order.
        readers: the values that read each.
        structural: whether each carries the structure; the others hang below one that does.
        above: of each, the structural values that it reads, through whatever hangs on the way.
        below: of each structural one, the structural ones that read it, in that sense.
        hanging: of each structural one, what hangs below it.
        leads: of each that hangs, the structural ones that read it, through whatever hangs on the way.
        outputs: the values asked for.
        ends: of each structural one, the places among the outputs that it, or what hangs below it, has.
    """

    def __init__(self, net: Network) -> None:
        nodes = (*net.inputs, *net.nodes)
        self.net = net
        self.names = [name_of(node) for node in nodes]
        place = {name: number for number, name in enumerate(self.names)}
        self.shapes: list[Shape] = [node.shape for node in nodes]
        self.reads = [[place[name_of(before)] for before in node.inputs] for node in nodes]
        self.readers: list[list[int]] = [[] for _ in nodes]
        for number, read in enumerate(self.reads):
            for before in read:
                self.readers[before].append(number)
        self.families = [self._family(number) for number in range(len(nodes))]
        self.structural = [family not in IN_CHAINS for family in self.families]
        self.above: list[tuple[int, ...]] = []
        for read in self.reads:
            self.above.append(tuple(n if self.structural[n] else self.above[n][0] for n in read))
        self.below: list[list[int]] = [[] for _ in nodes]
        self.hanging: list[list[int]] = [[] for _ in nodes]
        for number, above in enumerate(self.above):
            for upper in above:
                (self.below if self.structural[number] else self.hanging)[upper].append(number)
        self.leads: list[list[int]] = [[] for _ in nodes]
        for number in reversed(range(len(nodes))):
            if not self.structural[number]:
                for n in self.readers[number]:
                    self.leads[number] += [n] if self.structural[n] else self.leads[n]
        self.outputs = [place[name_of(node)] for node in net.outputs]
        self.ends: list[list[int]] = [[] for _ in nodes]
        for number, end in enumerate(self.outputs):
            self.ends[end if self.structural[end] else self.above[end][0]].append(number)

    def _family(self, number: int) -> str:
        layer = self.net.node(self.names[number]).layer
        if layer is None:
            return "input"
        own = f"other {layer.kind}"
        plain = len(self.reads[number]) == 1 and not self.net.weight_names(self.names[number])
        return FAMILIES.get(layer.kind, "activation" if plain else own)

    def label(self, number: int) -> Label:
        """Return what a structural value must share with its partner: its family, and how many channels are made."""
        family, shape = self.families[number], self.shapes[number]
        if family == "input":
            return family, number
        return family, (shape[0] if len(shape) == 3 else shape[-1]) if family == "weighted" else 0

    def downward(self) -> list[int]:
        """Return of each value a number that only values of the same history share, whatever its inputs' order."""
        found: list[int] = []
        for number in range(len(self.names)):
            found.append(hash((self.label(number), tuple(sorted(found[n] for n in self.above[number])))))
        return found

    def upward(self) -> list[int]:
        """Return of each structural value a number that only values of the same future share."""
        found = [0] * len(self.names)
        for number in reversed(range(len(self.names))):
            if self.structural[number]:
                future = tuple(sorted(found[n] for n in self.below[number]))
                found[number] = hash((self.label(number), future, tuple(self.ends[number])))
        return found

    def prints(self) -> list[Print]:
        """Return of each value what its weights sum to: the same however they are turned or put in order."""
        return [self._print(name) for name in self.names]

    def _print(self, name: str) -> Print:
        found: list[float] = []
        for full in self.net.weight_names(name).values():
            array = self.net.weights[full]
            size = float(np.abs(array).max(initial=0.0))
            total = float(array.sum(dtype=np.float64)) / size if size and math.isfinite(size) else 0.0
            found += [array.size, round(size, 9), round(total, 3)]
        return tuple(found)
