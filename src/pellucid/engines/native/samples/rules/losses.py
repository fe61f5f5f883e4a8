"""Which kernel makes a loss and its gradient: `LOSSES`, the table by kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .....layers.node import Shape
from ...kernel import Kernel
from ..losses import CrossEntropyLoss, SquaredError

LOSSES: dict[str, Callable[[dict[str, Any], int, bool], Kernel]] = {
    "CrossEntropy": lambda config, size, labels: CrossEntropyLoss(size, config["probabilities"]),
    "MeanSquaredError": lambda config, size, labels: SquaredError(size, labels),
}


def loss_of(kind: str, config: dict[str, Any], shape: Shape, *, labels: bool) -> Kernel | None:
    """Return a loss's kernel, or None for a loss that has none.

    Args:
        kind: the loss's kind.
        config: its settings.
        shape: the shape of the outputs that it compares.
        labels: the targets are class numbers.
    """
    return LOSSES[kind](config, math.prod(shape), labels) if kind in LOSSES else None
