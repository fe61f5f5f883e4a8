"""Where the gradient of Winograd's weights keeps what, and how much of it is in registers at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from ..ir import Code, Number
from ..machine import Target
from .winograd_weights import POINTS

GROUP = 4  # tiles whose products are summed before they are added to those of the tiles before
SUMS = 2**21  # bytes of sums that are made and used up before others, where a single group of tiles makes them final


@dataclass(frozen=True)
class Room:
    """Where scratch holds what; sizes in vectors, odd from point to point, so that these lie in different sets.

    Args:
        inputs, outputs: channels.
        tiles: of a map.
        target: the instruction set.
    """

    inputs: int
    outputs: int
    tiles: int
    target: Target

    @property
    def blocks(self) -> int:
        """Vectors of input channels."""
        return -(-self.inputs // self.target.lanes)

    @property
    def strips(self) -> int:
        """Parts of the vectors of input channels."""
        return -(-self.blocks // (4 if self.target.registers >= 32 else 2))

    @property
    def wide(self) -> int:
        """Vectors of input channels in registers at once."""
        return -(-self.blocks // self.strips)

    @property
    def high(self) -> int:
        """Output channels in registers at once."""
        return (16 if self.target.registers >= 32 else 8) // self.wide

    @property
    def rows(self) -> int:
        """Output channels in whole turns."""
        return -(-self.outputs // self.high) * self.high

    @property
    def at_once(self) -> int:
        """Output channels whose sums are kept at once: all, unless one group of tiles makes them final."""
        if self.tiles > GROUP:
            return self.rows
        each = POINTS * self.strips * self.wide * self.target.lanes * 4 * self.high
        return min(self.rows, max(1, SUMS // each) * self.high)

    @property
    def steps(self) -> int:
        """Tiles times samples of a group."""
        return GROUP * self.target.lanes

    @property
    def sums(self) -> int:
        """Sums of one point."""
        return self.at_once * self.strips * self.wide | 1

    @property
    def image(self) -> int:
        """Transformed inputs of one point, tile and block of channels, before they are turned."""
        return self.target.lanes | 1

    @property
    def gradients(self) -> int:
        """Transformed gradients of one point."""
        return self.rows * GROUP | 1

    @property
    def turned(self) -> int:
        """Turned inputs of one point."""
        return self.steps * self.strips * self.wide | 1

    @property
    def starts(self) -> tuple[int, ...]:
        """Where zeros, sums, images, gradients and turned inputs start, and the end."""
        sizes = (self.high * self.wide, *(POINTS * n for n in (self.sums, self.image, self.gradients, self.turned)))
        return 0, *accumulate(sizes)

    def channels(self, code: Code, block: Number) -> Number:
        """Return how many channels a block has."""
        lanes = self.target.lanes
        if self.inputs % lanes == 0:
            return lanes
        return code.call("smin", code.constant(self.inputs - block * lanes, "i64"), code.constant(lanes, "i64"))

    def count(self, code: Code, outputs: int, first: Number) -> Number:
        """Return how many of the output channels from `first` on are made at once."""
        if outputs % self.at_once == 0:
            return self.at_once
        return code.call("smin", code.constant(outputs - first, "i64"), code.constant(self.at_once, "i64"))
