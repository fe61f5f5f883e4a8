"""Where one number of a trace came from: a layer's arithmetic in its place, beside the engine's value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..layers.arithmetic import Arithmetic

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation(Arithmetic):
    """One number taken apart. Prints as a drawing of its arithmetic.

    Args:
        layer: the layer's name.
        kind: the layer's kind.
        description: the layer with its parameters.
        index: the number's place in the layer's output, (channel, row, column) for maps.
        inputs: the names of what the layer reads; `terms.source` counts them.
        value: what the engine computed, in float32.
        rule, formula, terms, total, bias, divisor, numbers: see `Arithmetic`.

    >>> from pellucid import Network
    >>> from pellucid.layers import Linear
    >>> net = Network(2, [Linear(1)])
    >>> net.weights["linear1.weight"], net.weights["linear1.bias"] = [[2.0, 3.0]], [0.5]
    >>> e = net.trace(np.array([10.0, 1.0])).explain("linear1", (0,))
    >>> e.terms.product.tolist(), e.bias, e.total, e.value
    ([20.0, 3.0], 0.5, 23.5, 23.5)
    """

    layer: str
    kind: str
    description: str
    index: tuple[int, ...]
    inputs: tuple[str, ...]
    value: float

    @property
    def address(self) -> str:
        """The number's address, such as "conv1[2,10,12]": the same in Python, terminal and browser."""
        return f"{self.layer}[{','.join(str(i) for i in self.index)}]"

    @property
    def error(self) -> float:
        """The engine's value minus the exact total."""
        return 0.0 if self.value == self.total else self.value - self.total

    @property
    def ulps(self) -> float:
        """The size of the error in units of float32's last place at the total."""
        if self.error == 0:
            return 0.0
        if not math.isfinite(self.error):
            return math.nan if math.isnan(self.error) else math.inf
        with np.errstate(over="ignore"):
            spacing = float(np.spacing(np.abs(np.float32(self.total))))
        return abs(self.error) / spacing

    @property
    def cancellation(self) -> float:
        """Of a sum, a difference or a mean: how many times larger the sum of sizes is than its size; else NaN.

        1 is no cancellation; a large number says that much larger terms took each other away, and digits with them.
        """
        if self.rule not in ("sum", "difference", "mean") or not math.isfinite(self.total):
            return math.nan
        sizes = math.fsum(np.abs(self.terms.product).tolist()) + abs(self.bias or 0.0)
        size = abs(self.total) * (self.divisor or 1.0)
        return sizes / size if size else math.inf if sizes else math.nan

    def __str__(self) -> str:
        from .text import plain

        return plain(self.__rich__())

    def __rich__(self) -> RenderableType:
        from .text import draw

        return draw(self)
