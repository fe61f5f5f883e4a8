"""Edits of a network as plain facts: a layer changed, added, removed. What cannot be is refused with what would fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ParameterError, PellucidError, ShapeError, unknown_name
from ..layers import REGISTRY, Layer, Node
from ..network import Network
from .fitting import fits, removable, require
from .presets import presets
from .rewiring import Insertion, carry, layer_of, rewired, with_values
from .trials import shown


@dataclass(frozen=True)
class Change:
    """Other parameters for a layer, or another kind with the parameters that both kinds have.

    Args:
        layer: its name.
        values: the parameters' new values by name.
        kind: the new kind; None is the layer's own.
    """

    layer: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kind: str | None = None


@dataclass(frozen=True)
class Add:
    """A new layer after another, or after an input.

    Args:
        after: the name of what it reads; what read that reads the new layer.
        kind: its kind.
        values: its parameters by name; what is not given is chosen so that it fits.
        name: its name; None is its kind's prefix and a number.
    """

    after: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str | None = None


@dataclass(frozen=True)
class Remove:
    """A layer left out: what read it reads what it read."""

    layer: str


Edit = Change | Add | Remove


@dataclass(frozen=True, eq=False)
class Edited:
    """What an edit gave.

    Args:
        net: the new network; the old one stays as it was.
        fresh: names of its weights that have first values; all others were kept.
        done: what was done, for a person to read.
        layer: the name of the layer to look at now.
    """

    net: Network
    fresh: tuple[str, ...]
    done: str
    layer: str


def edited(net: Network, edit: Edit) -> Edited:
    """Return the network that an edit gives.

    Raises:
        ParameterError, ShapeError, UnknownNameError: it cannot be; the error says why, and what would fit.

    >>> from pellucid.layers import Flatten, Linear, MaxPool2d
    >>> net = Network((1, 8, 8), [MaxPool2d(2), Flatten(), Linear(10)])
    >>> edited(net, Change("pool1", {"kernel_size": 4})).fresh
    ('linear1.weight', 'linear1.bias')
    >>> edited(net, Change("pool1", {"kernel_size": 9}))
    Traceback (most recent call last):
    pellucid.errors.ParameterError: MaxPool2d 'pool1'
      got       kernel_size=9: input (1, 8, 8): kernel 9 spans 9; 8 places + padding 0 + 0 = 8
      expected  kernel_size 1 to 8, for which the whole network can be built
      fix       use kernel_size 8
    """
    match edit:
        case Change():
            made, done, layer = *_changed(net, edit), edit.layer
        case Add():
            made, layer = _added(net, edit)
            done = f"add {layer}, {_article(made.layers[layer].kind)}, after {edit.after}"
        case Remove():
            made, layer = _removed(net, edit.layer)
            done = f"remove {edit.layer}"
    return Edited(made, carry(net, made), done, layer)


def _changed(net: Network, edit: Change) -> tuple[Network, str]:
    """Return the network with a layer changed, and what was done."""
    layer = layer_of(net, edit.layer)
    kind = layer.kind if edit.kind is None else edit.kind
    if kind not in REGISTRY:
        raise unknown_name("layer kind", kind, REGISTRY)
    if kind != layer.kind:
        made = _first(net, edit.layer, kind, edit.values)
        return made, f"make {edit.layer} {_article(kind)}"
    for parameter in edit.values:
        require(layer, parameter)
    try:
        made = with_values(net, edit.layer, edit.values)
    except PellucidError as error:
        raise _refused(net, edit, error) from None
    said = ", ".join(f"{name} to {shown(getattr(made.layers[edit.layer], name))}" for name in edit.values)
    return made, f"change {edit.layer}'s {said}"


def _first(net: Network, name: str, kind: str, values: Mapping[str, Any]) -> Network:
    """Return the network with the first layer of another kind that fits in a layer's place."""
    node, layer = net.node(name), net.layers[name]
    cls = REGISTRY[kind]
    if (cls.arity == 1) != (len(node.inputs) == 1):
        raise ShapeError(
            f"{layer.kind} {name!r}",
            got=f"the kind {kind}",
            expected=f"a kind that reads as much as it: {len(node.inputs)}",
            fix=f"choose one of {', '.join(k for k, c in REGISTRY.items() if c.arity == layer.arity)}",
        )
    layers = presets(kind, node.inputs[0].shape, dict(values), layer)
    return _first_of(lambda one: rewired(net, layers={name: one}), layers)


def _added(net: Network, edit: Add) -> tuple[Network, str]:
    """Return the network with a layer put in, and its name."""
    node: Node = net.node(edit.after)
    if edit.kind not in REGISTRY:
        raise unknown_name("layer kind", edit.kind, REGISTRY)
    if REGISTRY[edit.kind].arity != 1:
        raise ShapeError(
            edit.kind,
            got=f"one value to read, that of {edit.after!r}",
            expected="a kind that reads one value; this one joins several",
            fix="add another kind",
        )
    layers = presets(edit.kind, node.shape, dict(edit.values))
    made = _first_of(lambda layer: rewired(net, insertion=Insertion(edit.after, layer, edit.name)), layers)
    return made, next(name for name in made.layers if name not in net.layers)


def _first_of(build: Callable[[Layer], Network], layers: Sequence[Layer]) -> Network:
    """Return the first network that can be built; the error of the first layer if there is none."""
    refusals: list[PellucidError] = []
    for layer in layers:
        try:
            return build(layer)
        except PellucidError as error:
            refusals.append(error)
    raise refusals[0]


def _removed(net: Network, name: str) -> tuple[Network, str]:
    """Return the network without a layer, and the name of what it read."""
    layer = layer_of(net, name)
    node = net.node(name)
    where = f"{layer.kind} {name!r}"
    if len(node.inputs) > 1:
        raise ShapeError(
            where,
            got=f"a request to remove it, where it joins {len(node.inputs)} branches",
            expected="a layer that reads one value",
            fix=f"remove the layers of one branch: {removable(net)}",
        )
    if len(net.nodes) == 1:
        raise ShapeError(
            where, got="a request to remove it", expected="one layer or more", fix="change it, or add another first"
        )
    try:
        return rewired(net, removed=name), next(str(before.name) for before in node.inputs)
    except PellucidError as error:
        raise ShapeError(
            where,
            got=f"a request to remove it: {error.where} would get {error.got}, where it needs {error.expected}",
            expected="a layer without which the whole network can be built",
            fix=removable(net),
        ) from None


def _refused(net: Network, edit: Change, error: PellucidError) -> ParameterError:
    """Return why a change cannot be, and which values of its parameters would fit."""
    layer = net.layers[edit.layer]
    where = f"{layer.kind} {edit.layer!r}"
    came = ", ".join(f"{name}={_short(value)}" for name, value in edit.values.items())
    own = error.where in (layer.kind, where)
    why = error.got if own else f"{error.where} would get {error.got}, where it needs {error.expected}"
    if why.startswith(tuple(f"{name}=" for name in edit.values)):  # the value itself, which is shown already
        why = f"it must be {error.expected}"
    for parameter, wanted in edit.values.items():
        best, words = fits(net, edit.layer, parameter, wanted, edit.values)
        if best is not None:
            break
    else:
        return ParameterError(where, got=f"{came}: {why}", expected=error.expected, fix=error.fix)
    return ParameterError(
        where,
        got=f"{came}: {why}",
        expected=f"{parameter} {words}, for which the whole network can be built",
        fix=f"use {parameter} {best}",
    )


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _article(kind: str) -> str:
    return f"an {kind}" if kind.startswith(("A", "E", "I", "O", "U")) else f"a {kind}"
