"""The article's fully connected layer, and the two ways from maps to a vector: flatten, or global pooling."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.layers import AvgPool2d, Conv2d, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, Layer, Linear, MaxPool2d

IMAGE = np.random.default_rng(0).random((1, 3, 9, 9), dtype=np.float32)


@pytest.mark.parametrize(("way", "published"), [(Flatten(), (1, 392)), (GlobalAvgPool2d(), (1, 8))])
def test_eight_maps_of_a_9x9_image_have_the_published_shapes(
    engine: str, way: Layer, published: tuple[int, int]
) -> None:
    """8 feature maps of 7x7 are 8 * 7 * 7 = 392 numbers flattened, and 8 pooled."""
    assert Network((3, 9, 9), [Conv2d(8, 3), way]).predict(IMAGE, engine=engine).shape == published


def test_flattening_keeps_every_number_and_pooling_one_a_map() -> None:
    """5 maps of 3x3 flatten to 45 numbers (the article prints 75, which are 5 maps of 5x3); pooled, both are 5."""
    assert Flatten().output_shape((5, 3, 3)) == (45,)
    assert Flatten().output_shape((5, 5, 3)) == (75,)
    for shape in ((5, 3, 3), (5, 5, 3)):
        assert GlobalAvgPool2d().output_shape(shape) == GlobalMaxPool2d().output_shape(shape) == (5,)


@pytest.mark.parametrize(("whole", "window"), [(GlobalAvgPool2d, AvgPool2d), (GlobalMaxPool2d, MaxPool2d)])
def test_a_global_pool_is_a_pool_with_the_maps_size(
    engine: str, whole: type[GlobalAvgPool2d | GlobalMaxPool2d], window: type[AvgPool2d | MaxPool2d]
) -> None:
    """The article's PyTorch has no global pool: a window as large as the 7x7 map gives the same numbers."""
    by_size = Network((3, 9, 9), [Conv2d(8, 3), window(7), Flatten()]).predict(IMAGE, engine=engine)
    at_once = Network((3, 9, 9), [Conv2d(8, 3), whole()]).predict(IMAGE, engine=engine)
    np.testing.assert_allclose(by_size, at_once, rtol=1e-5, atol=1e-6)


def test_the_frameworks_flatten_in_different_orders(engine: str) -> None:
    """PyTorch lays out map after map, Keras place after place: the same 392 numbers, in another order."""
    maps = Network((3, 9, 9), [Conv2d(8, 3)]).predict(IMAGE, engine=engine)
    torch, keras = (Network((8, 7, 7), [Flatten(order)]).predict(maps, engine=engine) for order in ("CHW", "HWC"))
    assert torch[0].tolist() == maps.ravel().tolist()
    assert keras[0].tolist() == np.moveaxis(maps, 1, -1).ravel().tolist()
    assert torch[0].tolist() != keras[0].tolist()


def test_a_unit_weighs_every_number_of_the_vector(engine: str) -> None:
    """One output of the fully connected layer is all 392 products and its bias."""
    net = Network((3, 9, 9), [Conv2d(8, 3), Flatten(), Linear(10)])
    trace = net.trace(IMAGE, engine=engine)
    unit = trace.explain("linear1", (4,))
    by_hand = net.weights["linear1.weight"][4].astype(np.float64) @ trace["flatten1"].astype(np.float64)
    assert len(unit.terms) == 392
    assert unit.total == pytest.approx(by_hand + float(net.weights["linear1.bias"][4]), rel=1e-9)
    assert unit.value == pytest.approx(unit.total, rel=1e-5)
