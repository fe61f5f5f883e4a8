"""What must hold of every layer and every engine, as functions that raise AssertionError.

`test_contract.py` runs them on what we ship; `test_checks.py` runs them on what is deliberately wrong, and demands that
they fail.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import Network
from pellucid.engines import Engine
from pellucid.engines.reference import backward, forward, gradients
from pellucid.layers import Input
from pellucid.layers.base import Example, Layer, Run
from pellucid.train import SGD, MeanSquaredError

Array = NDArray[Any]
BATCH = 2
GRADIENT = 1e-6  # relative, in float64
EXACT = 1e-12  # relative, in float64


def values(shape: Sequence[int], key: int) -> Array:
    """Numbers that are all distinct and at least 0.01 apart, of both signs: no ties, no kinks within a small step."""
    count = int(np.prod(shape))
    ranks = np.random.default_rng(key).permutation(count)
    spread = (ranks - count / 2 + 0.5) * max(0.01, 4 / max(count, 1))
    return spread.reshape(shape).astype(np.float64)


def weights(layer: Layer, shapes: Sequence[tuple[int, ...]], key: int) -> dict[str, Array]:
    """Values for a layer's weights; variances are positive."""
    specs = layer.weights(*shapes)
    drawn = {name: values(spec.shape, key + i) * 0.5 for i, (name, spec) in enumerate(specs.items(), 1)}
    return {name: np.abs(value) + 0.5 if name.endswith("var") else value for name, value in drawn.items()}


def runs() -> list[Run]:
    """The two modes, with a seed, a step and sample numbers that are not the defaults."""
    return [Run(layer="here"), Run(training=True, seed=3, step=5, samples=np.array([7, 4]), layer="here")]


def check_shape(example: Example) -> None:
    """The output has the shape that was promised, in both modes, in float32 and float64, and keeps the dtype."""
    promised = example.layer.shape_of(*example.shapes)
    for run in runs():
        for dtype in (np.float32, np.float64):
            xs = [values((BATCH, *shape), i).astype(dtype) for i, shape in enumerate(example.shapes)]
            w = {name: value.astype(dtype) for name, value in weights(example.layer, example.shapes, 9).items()}
            y = example.layer.forward(*xs, w=w, run=run)
            assert y.shape == (BATCH, *promised), f"{example.layer}: promised {promised}, gave {y.shape[1:]}"
            assert y.dtype == dtype, f"{example.layer}: {dtype} became {y.dtype}"
            found = example.layer.backward(np.ones_like(y), *xs, y=y, w=w, run=run)
            for grad, array in [*zip(found.inputs, xs, strict=True), *((g, w[n]) for n, g in found.weights.items())]:
                assert grad.shape == array.shape, f"{example.layer}: gradient {grad.shape} for {array.shape}"
                assert grad.dtype == dtype, f"{example.layer}: gradient of {dtype} became {grad.dtype}"


def check_pure(example: Example) -> None:
    """Forward and backward change none of the arrays that they are given."""
    for run in runs():
        xs = [values((BATCH, *shape), i) for i, shape in enumerate(example.shapes)]
        w = weights(example.layer, example.shapes, 9)
        given = [*xs, *w.values()]
        before = [array.copy() for array in given]
        y = example.layer.forward(*xs, w=w, run=run)
        grad = np.ones_like(y)
        given += [y, grad]
        before += [y.copy(), grad.copy()]
        example.layer.backward(grad, *xs, y=y, w=w, run=run)
        example.layer.updates(*xs, w=w)
        for array, kept in zip(given, before, strict=True):
            assert np.array_equal(array, kept), f"{example.layer} wrote into an array that is not its own"


def check_gradients(example: Example, *, step: float = 1e-5) -> None:
    """Every gradient equals central differences in float64, along random directions and for single places."""
    layer = example.layer
    for run in runs():
        xs = [values((BATCH, *shape), i) for i, shape in enumerate(example.shapes)]
        w = weights(layer, example.shapes, 9)
        y = layer.forward(*xs, w=w, run=run)
        grad = values(y.shape, 31)
        found = layer.backward(grad, *xs, y=y, w=w, run=run)
        trained = {name for name, spec in layer.weights(*example.shapes).items() if spec.trainable}
        assert set(found.weights) == trained, f"{layer}: gradients for {set(found.weights)}, wanted {trained}"
        arrays = [*zip(found.inputs, xs, strict=True), *((found.weights[name], w[name]) for name in sorted(trained))]
        for number, (claimed, array) in enumerate(arrays):
            directions = [np.random.default_rng(number + i).standard_normal(array.shape) for i in range(3)]
            places = np.random.default_rng(number).choice(array.size, size=min(array.size, 6), replace=False)
            for place in places:
                directions.append(np.zeros(array.shape))
                directions[-1].flat[place] = 1.0
            for direction in directions:
                kept = array.copy()
                ends = []
                for side in (step, -step):
                    array += side * direction
                    ends.append((layer.forward(*xs, w=w, run=run) * grad).sum())
                    array[...] = kept
                measured = (ends[0] - ends[1]) / (2 * step)
                told = float((claimed * direction).sum())
                scale = max(1.0, float(np.abs(grad).sum()) * 0.01, abs(measured))
                assert abs(measured - told) <= GRADIENT * scale, f"{layer} {run.training=}: {told} for {measured}"


def check_explanation(example: Example, *, most: int = 40) -> None:
    """The arithmetic of a number gives forward's number, from the very numbers that it says it read."""
    layer = example.layer
    for run, shift in itertools.product(runs(), (0.0, -100.0)):  # zeros that should not count win among negatives
        xs = [values((BATCH, *shape), i) + shift for i, shape in enumerate(example.shapes)]
        w = weights(layer, example.shapes, 9)
        y = layer.forward(*xs, w=w, run=run)
        places = list(np.ndindex(y.shape[1:]))
        chosen = np.random.default_rng(0).permutation(len(places))[:most]
        for place in (places[i] for i in chosen):
            told = layer.explain(place, *xs, w=w, run=run)
            scale = max(1.0, abs(told.total), float(np.abs(told.terms.product).sum()))
            assert abs(told.total - y[(0, *place)]) <= EXACT * scale, (
                f"{layer} at {place}: {told.total} {y[(0, *place)]}"
            )
            _check_terms(layer, told.terms, xs)
            _check_rule(layer, told, place)


def _check_terms(layer: Layer, terms: Any, xs: Sequence[Array]) -> None:
    assert len(terms) > 0
    for i in range(len(terms)):
        x = xs[terms.source[i]][0]
        place = tuple(terms.index[i])
        inside = all(0 <= p < size for p, size in zip(place, x.shape, strict=True))
        assert inside == terms.inside[i], f"{layer}: {place} inside={terms.inside[i]}"
        assert terms.value[i] == (x[place] if inside else 0.0), f"{layer}: another number stands at {place}"
    if terms.weight is not None:
        assert np.array_equal(terms.product, terms.value * terms.weight)


SYMBOLS = {
    "abs": abs,
    "erf": math.erf,
    "exp": np.exp,
    "log": np.log,
    "max": max,
    "min": min,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "__builtins__": {},
}


def _check_rule(layer: Layer, told: Any, place: tuple[int, ...]) -> None:
    shares = told.rule in ("share", "log share")
    own = (told.terms.index == place).all(axis=1).argmax() if shares else 0
    used = told.terms.product[told.terms.used]
    recomputed = {
        "sum": lambda: used.sum() + (told.bias or 0.0),
        "difference": lambda: used[0] - used[1],
        "product": lambda: used.prod(),
        "mean": lambda: used.sum() / told.divisor,
        "max": lambda: used.max(),
        "pick": lambda: used[0],
        "share": lambda: used[own] / used.sum(),
        "log share": lambda: np.log(used[own] / used.sum()),
        "root": lambda: used.sum() ** (1 / told.numbers["p"]),
        "normal": lambda: eval(told.formula, {**SYMBOLS, **told.numbers}),
        "function": lambda: eval(told.formula, {**SYMBOLS, **told.numbers, "x": float(told.terms.value[0])}),
    }[told.rule]()
    assert abs(recomputed - told.total) <= EXACT * max(1.0, float(np.abs(used).sum())), f"{layer}: {told.rule}"
    if shares:  # a softmax's shares, of exponentials that are those of the values read
        x = told.terms.value
        assert np.array_equal(told.terms.product, np.exp(x - x.max()))
    if told.rule == "root":
        assert np.array_equal(told.terms.product, np.abs(told.terms.value) ** told.numbers["p"])
    if told.rule == "normal":
        _check_statistics(told, place)
    if told.rule == "max":
        assert told.total == told.terms.value[told.terms.inside].max()


def _check_statistics(told: Any, place: tuple[int, ...]) -> None:
    """The number is among those that were read, and the statistics are theirs."""
    (own,) = np.flatnonzero((told.terms.index == place).all(axis=1))
    assert told.numbers["x"] == told.terms.value[own]
    x, product = told.terms.value, told.terms.product
    told_of = {"mean": x.mean(), "variance": x.var(), "sum": product.sum()}
    for symbol, wanted in told_of.items():
        assert abs(told.numbers.get(symbol, wanted) - wanted) <= EXACT * max(1.0, float(np.abs(product).sum()))


def check_reads(example: Example, *, most: int = 12) -> None:
    """A number depends on the places that `reads` tells, and on no other; `explain` and `windows` tell no others."""
    layer = example.layer
    xs = [values((1, *shape), i) for i, shape in enumerate(example.shapes)]
    w = weights(layer, example.shapes, 9)
    run = Run(layer="here")
    shape = layer.shape_of(*example.shapes)
    places = list(np.ndindex(shape))
    y = layer.forward(*xs, w=w, run=run)
    for i in np.random.default_rng(1).permutation(len(places))[:most]:
        place = places[i]
        mask = np.zeros(shape, np.bool_)
        mask[place] = True
        told = layer.reads(mask, *example.shapes)
        terms = layer.explain(place, *xs, w=w, run=run).terms
        for source, (x, read) in enumerate(zip(xs, told, strict=True)):
            assert read.shape == x.shape[1:], f"{layer}: a mask {read.shape} for an input {x.shape[1:]}"
            listed = np.zeros_like(read)
            chosen = (terms.source == source) & terms.inside
            listed[tuple(terms.index[chosen].T)] = True
            assert np.array_equal(listed, read), f"{layer} at {place}: explain and reads differ on input {source}"
            outside = x.copy()
            outside[0][~read] += 100.0
            others = [outside if s == source else other for s, other in enumerate(xs)]
            kept = layer.forward(*others, w=w, run=run)[(0, *place)]
            assert kept == y[(0, *place)], f"{layer} at {place} depends on more than it tells"


LAYER_CHECKS = {
    "shape": check_shape,
    "pure": check_pure,
    "gradients": check_gradients,
    "explanation": check_explanation,
    "reads": check_reads,
}


def network_of(example: Example) -> Network:
    """A network that is one layer."""
    inputs = [Input(shape) for shape in example.shapes]
    return Network(inputs, example.layer(*inputs, name="here"), seed=1)


def check_engine(engine: Engine, example: Example, *, tolerance: float = 2e-5) -> None:
    """An engine's values and gradients, in float32, equal the definition's in float64."""
    net = network_of(example)
    for name, value in weights(example.layer, example.shapes, 9).items():
        net.weights[f"here.{name}"] = value
    inputs = tuple(values((BATCH, *shape), i).astype(np.float32) for i, shape in enumerate(example.shapes))
    exact = {name: np.asarray(net.weights[name], np.float64) for name in net.weights}
    doubles = tuple(x.astype(np.float64) for x in inputs)
    _check_close(engine.program(net).trace(inputs), forward(net, doubles, Run(), weights=exact), tolerance)
    (y,) = engine.program(net).run(inputs)
    _check_close({"here": y}, {"here": forward(net, doubles, Run(), weights=exact)["here"]}, tolerance)
    slope = values(y.shape, 6).astype(np.float32)
    known = {str(node.name): x for node, x in zip(net.inputs, inputs, strict=True)}
    wide = {name: x.astype(np.float64) for name, x in known.items()}
    right = gradients(net, wide, "here", slope.astype(np.float64), weights=exact)
    _check_close(engine.program(net).gradients(known, "here", slope), right, tolerance)
    samples = np.array([7, 4])
    loss = MeanSquaredError()
    targets = values(y.shape, 5).astype(np.float32)
    run = Run(training=True, seed=3, samples=samples)
    told = forward(net, doubles, run, weights=exact)
    grads = {"here": loss.gradient(told["here"], targets.astype(np.float64))}
    wanted = backward(net, told, grads, run, weights=exact)
    trainer = engine.trainer(net, loss, SGD(0.5), seed=3)
    found = trainer.gradients(inputs, targets, samples)
    _check_close(found.weights, wanted.weights, tolerance)
    _check_close(dict(enumerate(found.inputs)), dict(enumerate(wanted.inputs)), tolerance)
    moved = {name: exact[name] - 0.5 * wanted.weights[name] for name in net.weights.trainable}
    step = trainer.step(inputs, targets, samples, rate=0.5)
    trainer.sync()
    _check_close({name: net.weights[name] for name in moved}, moved, tolerance)
    _check_close({"outputs": step.outputs}, {"outputs": told["here"]}, tolerance)
    watched = example.layer.updates(*doubles, w={n.removeprefix("here."): v for n, v in exact.items()})
    _check_close({n: net.weights[f"here.{n}"] for n in watched}, watched, tolerance)


def _check_close(found: Mapping[Any, Array], wanted: Mapping[Any, Array], tolerance: float) -> None:
    assert set(found) == set(wanted), f"gave {sorted(found)}, wanted {sorted(wanted)}"
    for name, right in wanted.items():
        given = found[name]
        assert given.shape == right.shape, f"{name}: {given.shape}, wanted {right.shape}"
        worst = float(np.abs(given - right).max(initial=0.0))
        assert worst <= tolerance * max(1.0, float(np.abs(right).max(initial=0.0))), f"{name}: off by {worst}"
