"""Every operation of PyTorch's that has a layer here: opened, it is that layer, and computes the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from formats.torch.foreign import FUNCTIONS, MODULES, NORMS
from torch import nn

import pellucid

Shapes = tuple[tuple[int, ...], ...]


ALL = (*MODULES, *NORMS, *FUNCTIONS)
CASES = [pytest.param(*case[1:], id=case[0]) for case in ALL]


@pytest.mark.parametrize(("make", "shapes", "kinds"), CASES)
def test_an_operation_is_opened_as_its_layer(make: Callable[[], nn.Module], shapes: Shapes, kinds: list[str]) -> None:
    """The kinds are those that it should become, and the outputs are PyTorch's, in training mode or not."""
    torch.manual_seed(5)
    module = make()
    net = pellucid.load(module, input_shape=list(shapes))
    assert [layer.kind for layer in net.layers.values()] == kinds
    assert module.training
    inputs = [torch.randn(3, *shape) for shape in shapes]
    with torch.no_grad():
        wanted = module.eval()(*[x.clone() for x in inputs]).numpy()
    found = net.predict([x.numpy() for x in inputs] if len(inputs) > 1 else inputs[0].numpy(), engine="reference")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
