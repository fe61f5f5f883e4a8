"""The contract of a layer: everything about it except how to run it fast.

A layer is immutable and checked when it is made. It knows its parameters, its shape rule, its weights, its cost,
its forward and backward in plain NumPy (the definition that every engine is compared with), which inputs a unit
reads, how one output number is explained, and examples that every contract test runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, ShapeError, unknown_name
from ..window import AnyWindow, Window
from .arithmetic import Arithmetic
from .initializers import Weight
from .node import Node, Shape
from .params import param

Array = NDArray[Any]  # float32 when a network runs, float64 when a definition is checked
Mask = NDArray[np.bool_]
Weights = Mapping[str, Array]
Windows = tuple[AnyWindow | None, AnyWindow | None]  # None: all of the axis


@dataclass(frozen=True, slots=True)
class Run:
    """How a network is being run: in training or not, and the key of its random numbers.

    Args:
        training: True while training: dropout drops, batch norm uses the batch's own statistics.
        seed: the run's seed.
        step: the training step.
        samples: (N,) each sample's number in its data set, or None: its place in the batch.
        layer: the name of the layer that runs.
    """

    training: bool = False
    seed: int = 0
    step: int = 0
    samples: NDArray[np.int64] | None = None
    layer: str = ""

    def at(self, layer: str) -> Run:
        """Return the same run, told which layer runs."""
        return dataclasses.replace(self, layer=layer)


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations of one layer for one sample, each counted in its own column, none twice.

    Args:
        macs: multiplications whose product is added to a sum (convolutions and linear layers, bias apart).
        adds: other additions, biases among them.
        muls: other multiplications and divisions.
        compares: comparisons (maxima, ReLU).
        specials: exponentials, square roots, hyperbolic tangents.
    """

    macs: int = 0
    adds: int = 0
    muls: int = 0
    compares: int = 0
    specials: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))


@dataclass(frozen=True, eq=False)
class Gradients:
    """What a backward pass gives: the loss's gradient in each input, and in each trainable weight by name."""

    inputs: tuple[Array, ...]
    weights: Mapping[str, Array] = field(default_factory=dict[str, Array])


@dataclass(frozen=True)
class Example:
    """A layer with the shapes of its inputs, for contract tests and documentation."""

    layer: Layer
    shapes: tuple[Shape, ...]

    def __init__(self, layer: Layer, *shapes: Shape) -> None:
        object.__setattr__(self, "layer", layer)
        object.__setattr__(self, "shapes", shapes)


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(param,))
class Layer:
    """One building block of a network. Subclasses are frozen dataclasses whose parameters are made by `param`.

    A new layer defines `prefix`, `output_shape`, `forward`, `backward`, `explain` and `examples`, and what applies of
    `weights`, `updates`, `cost`, `windows`, `branch_windows` and `reads`.

    >>> from pellucid.layers import Conv2d
    >>> layer: Layer = Conv2d(5, 3, padding=1)
    >>> layer, layer.shape_of((3, 28, 28)), layer.config()["padding"]
    (Conv2d(5, 3, padding=1), (5, 28, 28), ((1, 1), (1, 1)))
    """

    prefix: ClassVar[str]
    arity: ClassVar[int | None] = 1  # how many inputs; None: two or more

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(frozen=True, repr=False)(cls)

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Refuse parameters by the wrong place or name; what is left has the types and checks of the dataclass."""
        known = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
        places = [f.name for f in known if not f.kw_only]
        if len(values) > len(places):
            raise ParameterError(
                cls.__name__,
                got=f"{len(values)} values without names: {', '.join(map(repr, values))}",
                expected=f"{', '.join(places) or 'none'}; all others by name",
                fix="name the others, and leave the input's channels out: they are inferred",
            )
        for name in named:
            if name not in [f.name for f in known]:
                raise unknown_name(f"{cls.__name__} parameter", name, [f.name for f in known])
        missing = [f.name for f in known if f.default is dataclasses.MISSING][len(values) :]
        if (values or named) and any(name not in named for name in missing):
            raise ParameterError(
                cls.__name__, got=f"no {missing[0]}", expected=", ".join(places), fix=f"give {missing[0]}"
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for f in _fields(self):
            value = getattr(self, f.name)
            try:
                object.__setattr__(self, f.name, f.metadata["converter"](value))
            except ParameterError as error:
                raise ParameterError(
                    self.kind, got=f"{f.name}={value!r}", expected=error.expected, fix=error.fix
                ) from None
        self.check()

    def check(self) -> None:
        """Check what depends on several parameters at once."""

    @property
    def kind(self) -> str:
        """The layer's kind, such as "Conv2d"."""
        return type(self).__name__

    def __repr__(self) -> str:
        shown: list[str] = []
        for f in sorted(_fields(self), key=lambda f: bool(f.kw_only)):  # a family's own parameters may come first
            value = getattr(self, f.name)
            if f.default is dataclasses.MISSING:
                shown.append(_brief(value))
            elif value != f.metadata["converter"](f.default):
                shown.append(f"{f.name}={_brief(value)}")
        return f"{self.kind}({', '.join(shown)})"

    def config(self) -> dict[str, Any]:
        """Return the parameters by name, as plain numbers, strings, tuples and None."""
        return {f.name: getattr(self, f.name) for f in _fields(self)}

    def __call__(self, *inputs: Node, name: str | None = None) -> Node:
        """Wire the layer onto nodes.

        Args:
            inputs: the nodes it reads.
            name: its name in the network; by default its kind and a number, such as "conv1".

        Returns:
            The node of its output.

        Raises:
            ParameterError: called on something else than nodes, such as an array.
            ShapeError: the layer cannot read inputs of these shapes.
        """
        for node in inputs:
            if not isinstance(node, Node):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ParameterError(
                    self.kind,
                    got=f"a call on a value of type {type(node).__name__}",
                    expected="nodes: an Input, or what another layer gave",
                    fix="build a Network with it, and call the network's predict",
                )
        return Node(self, inputs, self.shape_of(*(node.shape for node in inputs), name=name), name)

    def shape_of(self, *shapes: Shape, name: str | None = None) -> Shape:
        """Return the output's shape for inputs of `shapes`; errors tell the layer's `name`."""
        where = f"{self.kind} {name!r}" if name else self.kind
        wanted = "2 or more" if self.arity is None else str(self.arity)
        if len(shapes) < 2 if self.arity is None else len(shapes) != self.arity:
            raise ShapeError(
                where, got=f"{len(shapes)} inputs", expected=f"{wanted}", fix=f"call it on {wanted} node(s)"
            )
        try:
            return self.output_shape(*shapes)
        except ShapeError as error:
            got = error.got if error.where == self.kind else f"input {_shapes(shapes)}: {error.got}"
            raise ShapeError(where, got=got, expected=error.expected, fix=error.fix) from None

    def fail(self, got: str, expected: str, fix: str) -> ShapeError:
        """Return a ShapeError of this layer."""
        return ShapeError(self.kind, got=got, expected=expected, fix=fix)

    # --- what a layer says about itself

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the output's shape, without the batch, for inputs of `shapes`."""
        raise NotImplementedError

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return the layer's weights by name for inputs of `shapes`."""
        return {}

    def cost(self, *shapes: Shape) -> Cost:
        """Return the operations for one sample with inputs of `shapes`."""
        return Cost()

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the output (N, ...) for inputs (N, ...): the definition."""
        raise NotImplementedError

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradients in inputs and weights, given the one in the output `y`: the definition."""
        raise NotImplementedError

    def updates(self, *inputs: Array, w: Weights) -> dict[str, Array]:
        """Return the new values of weights that are not trained but watch the data in training."""
        return {}

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the arithmetic of output number `index` of the first sample of `inputs` (N, ...)."""
        raise NotImplementedError

    def windows(self, *shapes: Shape) -> Windows:
        """Return the windows of a unit along height and width; None where it reads the whole axis."""
        return Window(1), Window(1)

    def branch_windows(self, source: int, *shapes: Shape) -> Windows:
        """Return the windows of a unit on input number `source`, where inputs differ in them."""
        return self.windows(*shapes)

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return which places of each input the output places in `mask` (of the output's shape) can depend on."""
        return tuple(mask for _ in shapes)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return small examples; every contract test runs them."""
        raise NotImplementedError


def _fields(layer: Layer) -> Iterator[dataclasses.Field[Any]]:
    yield from dataclasses.fields(layer)  # pyright: ignore[reportArgumentType]


def _shapes(shapes: tuple[Shape, ...]) -> str:
    return " and ".join(str(shape) for shape in shapes)


def _brief(value: object) -> str:
    """Write equal sides once: ((2, 2), (2, 2)) is 2, ((1, 1), (0, 0)) is (1, 0), (3, 3) is 3."""
    if isinstance(value, tuple):
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if all(isinstance(item, tuple) and item == item[:1] * len(item) for item in items):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            items = [item[0] for item in items]  # pyright: ignore[reportIndexIssue, reportUnknownVariableType]
        if items and items.count(items[0]) == len(items):
            return repr(items[0])
        return repr(tuple(items))
    return repr(value)
