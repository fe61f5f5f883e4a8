"""The memory that a program is given from outside: weights, what belongs to a call, and arrays of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...network import Network
from .machine import Target
from .memory import up
from .plan import Buffer
from .rewrite import kernels_of

RATES = 8  # scalars of an optimizer


@dataclass
class Arguments:
    """Buffers whose place a program's owner decides.

    Args:
        weights: by name, all in one array.
        size: bytes of that array.
        folded: by the name of a convolution that does a batch norm too, its own weights by its names for them.
        call: by name, see below.

    What a call tells, for each block of samples: `real`, how many samples are real; `mask`, 1 for them and 0 for free
    lanes; `samples`, their numbers in the data set; `targets`, their classes; `losses`, the answer. And once: `count`,
    the batch's samples as a float; `blocks` and `chunks`; `one`, the number 1; `random`, seed and step; `rates`, the
    optimizer's scalars.
    """

    weights: dict[str, Buffer]
    size: int
    call: dict[str, Buffer]
    folded: dict[str, dict[str, Buffer]]

    @property
    def buffers(self) -> list[Buffer]:
        """All of them."""
        own = [buffer for buffers in self.folded.values() for buffer in buffers.values()]
        return [*self.weights.values(), *own, *self.call.values()]


def arguments_of(net: Network, target: Target, norms: Mapping[str, str] | None = None) -> Arguments:
    """Return the buffers of a network's weights and of a call.

    Args:
        net: the network.
        target: what the kernels are made for.
        norms: by a convolution's name, the batch norm that it does too.
    """
    weights: dict[str, Buffer] = {}
    offset = 0
    for name, spec in net.weights.specs.items():
        size = 4
        for length in spec.shape:
            size *= length
        weights[name] = Buffer(name, size, "once", "weights", offset, stride=0)
        offset += up(size)
    folded: dict[str, dict[str, Buffer]] = {}
    for conv in norms or {}:
        kernels = kernels_of(net, conv)
        own = {kernels: weights[net.weight_names(conv)[kernels]].size, "bias": 4 * net.shapes[conv][0]}
        folded[conv] = {}
        for short, size in own.items():
            folded[conv][short] = Buffer(f"{conv}.{short}, normalised", size, "once", "weights", offset, stride=0)
            offset += up(size)
    lanes = target.lanes
    sizes = {"real": 8, "mask": 4 * lanes, "samples": 8 * lanes, "targets": 8 * lanes, "losses": 4 * lanes}
    call = {name: Buffer(name, up(size), kept=True) for name, size in sizes.items()}
    once = {"count": 4, "blocks": 8, "chunks": 8, "one": 8, "random": 16, "rates": 4 * RATES}
    call |= {name: Buffer(name, up(size), "once", kept=True) for name, size in once.items()}
    return Arguments(weights, offset, call, folded)
