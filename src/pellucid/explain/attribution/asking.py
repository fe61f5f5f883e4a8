"""From what people ask to a question that is checked: a method by name, a class by name or number, a place."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...checks import check_count, whole_number
from ...engines import Engine, get
from ...errors import ParameterError, ShapeError, unknown_name
from ...layers import LogSoftmax, Softmax
from ...network import Network
from ...wiring import name_of
from .attribution import Attribution
from .method import Method
from .question import Question, Told, leading_to

if TYPE_CHECKING:
    from ..trace import Trace

Target = int | str | tuple[str, Sequence[int]] | None


def ask(
    trace: Trace,
    how: Method,
    target: Target,
    *,
    of: str | None,
    engine: str | Engine | None,
    batch_size: int,
    progress: Told | None,
) -> Attribution:
    """Return what a method finds; arguments and errors: `Trace.attribute`."""
    net = trace.net
    check_count("attribute", "batch_size", batch_size)
    _check_weights(trace)
    source, index, number, label = _number(trace, target)
    if of is not None and of not in {name_of(node) for node in net.inputs}:
        raise unknown_name("input", of, [name_of(node) for node in net.inputs])
    given = [node for node in net.inputs if name_of(node) in leading_to(net, source)]
    images = [node for node in given if len(node.shape) == 3]
    question = Question(
        net,
        trace,
        trace.runner if engine is None else get(engine),
        name_of((images or given)[0]) if of is None else of,
        source,
        index,
        number,
        label,
        batch_size,
        progress,
    )
    return how.answer(question)


def method_of(method: str | Method, options: Mapping[str, Any], methods: Mapping[str, type[Method]]) -> Method:
    """Return a method by name with its settings, or a method as it is.

    Raises:
        UnknownNameError: no such method, or no such setting of it.
        ParameterError: a setting that cannot be, or settings beside a method that is made.
    """
    if isinstance(method, Method):
        if options:
            raise ParameterError(
                "attribute",
                got=f"{method!r} and {', '.join(options)}",
                expected="a method that is made, or its name and settings",
                fix=f"put them into {type(method).__name__}(...)",
            )
        return method
    if method not in methods:
        raise unknown_name("method", method, methods)
    known = list(inspect.signature(methods[method]).parameters)
    for name in options:
        if name not in known:
            if known:
                raise unknown_name(f"setting of {method!r}", name, known)
            raise ParameterError(
                f"method {method!r}", got=f"{name}={options[name]!r}", expected="no settings", fix="leave it out"
            )
    return methods[method](**options)


def _check_weights(trace: Trace) -> None:
    """Refuse a trace whose network was trained or changed since."""
    changed = [name for name, weight in trace.weights.items() if trace.net.weights[name] is not weight]
    if changed:
        raise ParameterError(
            "attribute",
            got=f"a trace from before {changed[0]!r} was assigned",
            expected="a trace of the network as it is",
            fix="trace the image again",
        )


def _number(trace: Trace, target: Target) -> tuple[str, tuple[int, ...], int | None, str | None]:
    """Return whose value is asked about, the place in it, and the class with its name."""
    net, output = trace.net, name_of(trace.net.outputs[0])
    if isinstance(target, tuple):
        source, index = cast("tuple[Any, Any]", target) if len(cast("Any", target)) == 2 else (None, None)
        if not isinstance(source, str):
            raise ParameterError(
                "attribute",
                got=f"target={target!r}",
                expected="a class, or a layer's name with a place",
                fix='write for instance target=("conv2", (3, 10, 12))',
            )
        place = trace.place(source, cast("Sequence[int]", index))
        if net.node(source).layer is None:
            raise ParameterError(
                "attribute", got=f"input {source!r}", expected="a layer's number", fix="an input is given, not computed"
            )
        return source, place, None, None
    shape = net.shapes[output]
    count, rest = math.prod(shape), (0,) * (len(shape) - 1)
    if target is None and count == 1:
        return output, (0, *rest), None, None
    if count == 1 or count > shape[0]:  # scores may stand in maps of one place, one a class
        raise ShapeError(
            f"output {output!r}",
            got=f"shape {shape}, and no place in it",
            expected="scores of classes",
            fix=f"name the number: target=({output!r}, {(0,) * len(shape)})",
        )
    number = int(np.argmax(trace[output])) if target is None else _class(net, target)
    last = net.outputs[0]
    if isinstance(last.layer, (Softmax, LogSoftmax)):  # a class's own score; its probability is also the others' doing
        output = name_of(last.inputs[0])
    return output, (number, *rest), number, net.classes[number] if net.classes else None


def _class(net: Network, target: object) -> int:
    """Return a class's number."""
    if isinstance(target, str):
        if target not in (net.classes or ()):
            raise unknown_name("class", target, net.classes or ())
        return (net.classes or ()).index(target)
    number = whole_number(target, 0, net.outputs[0].shape[0] - 1)
    if number is None:
        raise ParameterError(
            "attribute",
            got=f"target={target!r}",
            expected=f"a class from 0 to {net.outputs[0].shape[0] - 1}, or its name",
            fix="leave it out for the predicted class",
        )
    return number
