"""Steps of small ONNX models as tests write them, and networks that were held against ONNX Runtime as they opened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_models import Step, assert_close, by_runtime, small_model

import pellucid
from pellucid import Network
from pellucid.errors import UnmappedError

F = np.float32


def step(op: str, reads: str, gives: str = "y", **attributes: Any) -> Step:
    """One node; "-" among what it reads is an input that is left out."""
    return op, ["" if name == "-" else name for name in reads.split()], gives, attributes


def opened(*steps: Step, batch: int = 2, **model: Any) -> Network:
    """The network of a model, after its numbers were compared with ONNX Runtime's."""
    made = small_model(steps, **model)
    net = pellucid.load(made)
    given = np.random.default_rng(4).normal(0, 2, (batch, *net.inputs[0].shape)).astype(F)
    found: Any = net.predict(given, engine="reference")
    wanted = by_runtime(made, [given])
    for one, other in zip(found if isinstance(found, tuple) else (found,), wanted, strict=True):
        assert_close(one, other)
    return net


def kinds(net: Network) -> list[str]:
    """The kinds of a network's layers, in order."""
    return [layer.kind for layer in net.layers.values()]


def reason(*steps: Step, **model: Any) -> str:
    """Why a model's only node that has no layer has none."""
    with pytest.raises(UnmappedError) as refused:
        pellucid.load(small_model(steps, **model))
    (only,) = refused.value.unmapped
    return only.reason
