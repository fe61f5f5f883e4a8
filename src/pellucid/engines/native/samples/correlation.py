"""What a correlation is: sums of weights times places, on their way from one layout to another. Data, and no loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..ir import Code, Number, Value
from ..layout import Maps
from .elementwise import Activation


@dataclass(frozen=True)
class Weights:
    """How a correlation walks through the weights.

    Args:
        groups: sums stay within a group of channels.
        sources, results: channels of a group that are read, and that are written.
        source_step, result_step, group_step: floats from one to the next.
        row_step: floats from one row of a kernel to the next.
    """

    groups: int
    sources: int
    results: int
    source_step: int
    result_step: int
    group_step: int
    row_step: int


@dataclass(frozen=True)
class Correlation:
    """A correlation being written: where its operands are, and what happens to the sums.

    Args:
        code: the program.
        source, result: the layout of what is read and written.
        weights: the walk through the weights.
        x, weight, y: pointers to them.
        bias: pointer to the first value of each result's sums; none starts from zero.
        add: the sums start from what is in y.
        activation: is applied to the sums.
        zeros: what lies around the source is zeros, so that products with it may be left out.
    """

    code: Code
    source: Maps
    result: Maps
    weights: Weights
    x: Value
    weight: Value
    y: Value
    bias: Value | None = None
    add: bool = False
    activation: Activation | None = None
    zeros: bool = False


class Place(NamedTuple):
    """A tile's places, and where their sums start.

    Args:
        n: how many.
        column: the first one's number, where it is known and there may be zeros around; else None.
        rows: the first row of taps that counts, and the first that no more does.
        x, weight, bias, y: pointers to channel 0 of a group.
    """

    n: int
    column: int | None
    rows: tuple[Number, Number]
    x: Value
    weight: Value
    bias: Value | None
    y: Value
