"""Convolution in sample lanes, and the gradient of its input: both are correlations, with other places and weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ....errors import EngineError
from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps
from .correlate import correlate
from .correlation import Correlation, Weights
from .elementwise import Activation
from .geometry import Axis, ConvGeometry, forward_axis, gradient_axes, gradient_halo
from .weight_gradient import WeightGradient
from .weight_tile import Task


@dataclass(frozen=True)
class ConvForward(Kernel):
    """y = activation(convolution of x + bias).

    Args:
        x: the input's layout; its halo holds the padding.
        y: the output's layout.
        geometry: the convolution.
        bias: there is one.
        activation: is applied to the sums, or None.
        zeros: the padding is zeros, so that products with it may be left out.
        add: add to what is in y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y")
    x: Maps
    y: Maps
    geometry: ConvGeometry
    bias: bool
    activation: Activation | None = None
    zeros: bool = False
    add: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 if self.bias else 3

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops."""
        conv = self.geometry
        inputs, outputs = conv.inputs // conv.groups, conv.outputs // conv.groups
        step = inputs * conv.area
        _check("input of a convolution", self.x, padding_halo(conv, self.x, self.y))
        task = Correlation(
            code,
            source=self.x,
            result=self.y,
            weights=Weights(conv.groups, inputs, outputs, conv.area, step, outputs * step, conv.kernel[1]),
            x=pointers[0],
            weight=pointers[1],
            y=pointers[-1],
            bias=pointers[2] if self.bias else None,
            activation=self.activation,
            add=self.add,
            zeros=self.zeros,
        )
        rows, columns = forward_axis(conv, 0, self.y.height), forward_axis(conv, 1, self.y.width)
        _run(task, [rows], [columns])


@dataclass(frozen=True)
class ConvInputGradient(Kernel):
    """dx = the gradient of a convolution's input; with bias and activation it is a transposed convolution.

    Args:
        dy: layout of the output's gradient; its halo (see `gradient_halo`) holds zeros.
        dx: layout of the input's gradient.
        geometry: the convolution.
        add: add to what is in dx.
        whole: the places of the padding, which are dx's halo, get their gradient too.
        bias: there is one.
        activation: is applied to the sums, or None.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "weight", "bias", "dx")
    dy: Maps
    dx: Maps
    geometry: ConvGeometry
    add: bool = False
    whole: bool = False
    bias: bool = False
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 if self.bias else 3

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops, for every residue of the place modulo the stride."""
        conv, dx = self.geometry, self.dx
        needed = gradient_halo(conv, dx.height, dx.width, self.dy.height, self.dy.width, whole=self.whole)
        _check("gradient of a convolution's output", self.dy, needed)
        inputs, outputs = conv.inputs // conv.groups, conv.outputs // conv.groups
        step = inputs * conv.area
        task = Correlation(
            code,
            source=self.dy,
            result=self.dx,
            weights=Weights(conv.groups, outputs, inputs, step, conv.area, outputs * step, conv.kernel[1]),
            x=pointers[0],
            weight=pointers[1],
            y=pointers[-1],
            bias=pointers[2] if self.bias else None,
            activation=self.activation,
            add=self.add,
            zeros=True,
        )
        rows = gradient_axes(conv, 0, dx.height, whole=self.whole)
        columns = gradient_axes(conv, 1, dx.width, whole=self.whole)
        _run(task, rows, columns)


@dataclass(frozen=True)
class ConvWeightGradient(Kernel):
    """Add the gradients of a convolution's weights and bias, summed over a block's samples, to what is there.

    Args:
        x: the input's layout; its halo holds the padding.
        dy: layout of the output's gradient.
        geometry: the convolution.
        bias: there is one.
        zeros: the padding is zeros, so that products with it may be left out.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "dweight", "dbias")
    x: Maps
    dy: Maps
    geometry: ConvGeometry
    bias: bool
    zeros: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 if self.bias else 3

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the loops."""
        x, dy, dweight, *dbias = pointers
        _check("input of a convolution", self.x, padding_halo(self.geometry, self.x, self.dy))
        task = Task(code, self.x, self.dy, self.geometry, self.zeros)
        WeightGradient(task, x, dy, dweight, dbias[0] if dbias else None).write()


def padding_halo(geometry: ConvGeometry, x: Maps, y: Maps) -> tuple[int, int, int, int]:
    """Return the halo (top, bottom, left, right) that a convolution reads around its input: most of the padding."""
    sides: list[int] = []
    for axis, (inputs, outputs) in enumerate(((x.height, y.height), (x.width, y.width))):
        low, high = forward_axis(geometry, axis, outputs).reads()
        sides += [max(0, -low), max(0, high - inputs + 1)]
    return sides[0], sides[1], sides[2], sides[3]


def _check(what: str, maps: Maps, needed: tuple[int, int, int, int]) -> None:
    """Raise an error if maps lack some of the halo that a kernel reads."""
    if any(has < wants for has, wants in zip(maps.halo, needed, strict=True)):
        raise EngineError(
            f"engine 'native', {what}",
            got=f"a halo of {maps.halo} (top, bottom, left, right)",
            expected=f"at least {needed}",
            fix="plan the value with that halo",
        )


def _run(task: Correlation, rows: list[Axis], columns: list[Axis]) -> None:
    """Write a correlation over every pair of axes."""
    width = task.result.width
    for row in rows:
        for column in columns:
            # Pointwise between maps whose rows follow one another: a single row, which makes the better tiles.
            plain = all(axis.taps == axis.step == axis.advance == 1 and axis.first == 0 for axis in (row, column))
            if plain and task.source.row == task.result.row == width == column.count:
                correlate(replace(task, zeros=False), replace(row, count=1), replace(column, count=row.count * width))
            else:
                correlate(task, row, column)
