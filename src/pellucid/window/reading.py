"""What all windows along an axis share that say which places each output reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Reading:
    """What follows from which places each output reads."""

    __slots__ = ()

    @property
    def gap(self) -> int:
        """Places between two neighbouring places that an output reads."""
        return 1

    def out(self, size: int) -> int:
        """Return how many outputs an axis of `size` places gives."""
        raise NotImplementedError

    def reads(self, output: int, size: int) -> range:
        """Return the input places that `output` reads."""
        raise NotImplementedError

    def reached(self, place: int, size: int) -> list[int]:
        """Return the outputs that read input `place`, in order."""
        return [o for o in range(self.out(size)) if place in self.reads(o, size)]

    def incidence(self, size: int) -> NDArray[np.bool_]:
        """Return which (output, input place) pairs meet: the rule as a matrix."""
        meets = np.zeros((self.out(size), size), dtype=np.bool_)
        for o in range(len(meets)):
            meets[o, self.reads(o, size)] = True
        return meets

    def room(self, size: int) -> int:
        """Return how many places running needs at once."""
        return max(size, self.out(size))
