"""In PyTorch's own words: the same parameters go to its modules and to our layers, and mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from geometries import PRIMES, shapes
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch_judge import EXACT, Tensor, Tensors, compare, drawn, one_torch_thread

from pellucid.errors import ShapeError
from pellucid.layers import AvgPool2d, BatchNorm2d, Conv2d, Layer, MaxPool2d
from pellucid.layers.base import Run


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On tensors this small PyTorch's threads only wait for each other."""
    with one_torch_thread():
        yield


pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))


@st.composite
def common(draw: st.DrawFn) -> tuple[tuple[int, int, int], dict[str, Any]]:
    """A shape and parameters that a convolution has in both: all distinct primes, or deliberate coincidences."""
    c, h, w, *others = draw(st.permutations(PRIMES))
    if draw(st.booleans()):
        kernel = (min(others[0], 5), min(others[1], 5))
        return (c, h, w), {"kernel_size": kernel, "stride": (2, 3), "padding": (3, 1), "dilation": (1, 2)}
    size = draw(st.integers(1, 5))
    one = draw(st.integers(1, size))
    return (size, size, size), {"kernel_size": one, "stride": one, "padding": one // 2, "dilation": 1}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # it may be slow there, PyTorch says
@settings(max_examples=60)
@given(
    of=common(),
    mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    padding=st.sampled_from(["numbers", "same", "valid"]),
    bias=st.booleans(),
    grouped=st.booleans(),
)
def test_pytorchs_convolution(
    of: tuple[tuple[int, int, int], dict[str, Any]], mode: str, padding: str, bias: bool, grouped: bool
) -> None:
    """Conv2d takes PyTorch's parameters and means the same by them, "same" at stride 1 and even kernels too."""
    shape, settings = of
    if padding != "numbers":
        settings |= {"padding": padding} | ({"stride": 1} if padding == "same" else {})
    settings |= {"padding_mode": mode, "bias": bias, "groups": shape[0] if grouped else 1}
    module = torch.nn.Conv2d(shape[0], 2 * shape[0], **settings).double()
    layer = Conv2d(2 * shape[0], **settings)
    try:
        layer.shape_of(shape)
    except ShapeError:
        with pytest.raises(RuntimeError):
            module(torch.zeros(1, *shape, dtype=torch.float64))
        return

    def theirs(layer: Layer, x: Tensor, w: Tensors, run: Run) -> Tensor:
        return torch.func.functional_call(module, dict(w), (x,))

    compare(layer, drawn((shape,)), theirs, Run())


@settings(max_examples=60)
@given(
    shape=shapes(),
    kernel=pairs,
    stride=st.none() | pairs,
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    ceil_mode=st.booleans(),
    include=st.booleans(),
    data=st.data(),
)
def test_pytorchs_pools(
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int] | None,
    dilation: tuple[int, int],
    ceil_mode: bool,
    include: bool,
    data: st.DataObject,
) -> None:
    """Pools take PyTorch's parameters and mean the same by them, rounding up and counting padding as it does."""
    padding = tuple(data.draw(st.integers(0, size // 2)) for size in kernel)
    both: Any = {"padding": padding, "ceil_mode": ceil_mode}
    layer = MaxPool2d(kernel, stride, dilation=dilation, **both)
    try:
        layer.shape_of(shape)  # where dilation jumps over the whole map, PyTorch gives -inf and we refuse
    except ShapeError:
        assume(False)
    largest = torch.nn.MaxPool2d(kernel, stride, dilation=dilation, **both)
    compare(layer, drawn((shape,)), lambda layer, x, w, run: largest(x), Run())
    mean = torch.nn.AvgPool2d(kernel, stride, count_include_pad=include, **both)
    layer = AvgPool2d(kernel, stride, count_include_pad=include, **both)
    compare(layer, drawn((shape,)), lambda layer, x, w, run: mean(x), Run())


@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 3, 3), (1, 1, 2)])
@pytest.mark.parametrize("momentum", [0.1, 0.01, 1.0])
def test_running_averages(shape: tuple[int, int, int], momentum: float) -> None:
    """After a batch in training the running averages are those of PyTorch's module."""
    (x,) = drawn((shape,))
    module = torch.nn.BatchNorm2d(shape[0], momentum=momentum).double()
    w = {"running_mean": np.zeros(shape[0]), "running_var": np.ones(shape[0])}
    for _ in range(2):
        module(torch.tensor(x))
        w = BatchNorm2d(momentum=momentum).updates(x, w=w)
    for name, ours in w.items():
        np.testing.assert_allclose(ours, module.get_buffer(name).numpy(), **EXACT)
