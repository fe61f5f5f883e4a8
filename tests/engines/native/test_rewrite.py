"""Networks that are not trained: which batch norms a convolution takes over, and with what weights."""

from __future__ import annotations

import numpy as np

from pellucid.engines import get
from pellucid.engines.native.rewrite import rewritten, weights_of
from pellucid.layers import Add, BatchNorm2d, Conv2d, Dropout, Flatten, Input, Linear, ReLU
from pellucid.network import Network


def drawn(net: Network) -> Network:
    """The network with weights that are neither 0 nor 1."""
    rng = np.random.default_rng(1)
    for name, spec in net.weights.specs.items():
        net.weights[name] = rng.uniform(0.5, 2, spec.shape)
    return net


def test_a_norm_that_alone_reads_a_convolution_is_folded() -> None:
    """One behind an activation, or beside another reader, or behind an output, is not."""
    image = Input((3, 8, 8))
    a = Conv2d(4, 3, padding=1)(image, name="a")
    one = BatchNorm2d()(a, name="one")
    two = BatchNorm2d()(ReLU()(one), name="two")
    b = Conv2d(4, 3, padding=1)(two, name="b")
    three = BatchNorm2d()(b, name="three")
    c = Conv2d(4, 1)(Add()(three, b), name="c")
    four = BatchNorm2d()(c, name="four")
    net = Network([image], [four, c])
    assert dict(rewritten(net).folded) == {"one": "a"}
    assert dict(rewritten(net, fold=False).folded) == {}


def test_folded_weights_do_what_both_layers_did() -> None:
    """The convolution with the folded weights gives the batch norm's values."""
    net = drawn(Network((3, 8, 8), [("c", Conv2d(4, 3, bias=False)), ("n", BatchNorm2d())]))
    own = weights_of(net, rewritten(net))
    assert own.keys() == {"c"}
    assert own["c"]["weight"].dtype == own["c"]["bias"].dtype == np.float32
    alone = Network((3, 8, 8), [("c", Conv2d(4, 3))])
    for short, array in own["c"].items():
        alone.weights[f"c.{short}"] = array
    x = np.random.default_rng(2).standard_normal((2, 3, 8, 8)).astype(np.float32)
    reference = get("reference")
    np.testing.assert_allclose(alone.predict(x, engine=reference), net.predict(x, engine=reference), rtol=1e-5)


def test_a_shared_convolution_is_folded_in_one_place_only() -> None:
    """A layer used twice has weights of its own in each place: with the batch norm in one, without in the other."""
    image, shared = Input((4, 6, 6)), Conv2d(4, 3, padding=1)
    first = BatchNorm2d()(shared(image, name="first"), name="norm")
    second = shared(ReLU()(first), name="second")
    net = drawn(Network([image], [Linear(2)(Flatten()(second))]))
    own = weights_of(net, rewritten(net))
    np.testing.assert_array_equal(own["second"]["weight"], net.weights["first.weight"])
    assert not np.array_equal(own["first"]["weight"], net.weights["first.weight"])


def test_dropout_is_its_input_and_lone_norms_scale_and_shift() -> None:
    """Dropout has the value before it; a batch norm that stays is one multiplication and one addition."""
    net = drawn(Network((3, 2, 2), [("n", BatchNorm2d()), ("d", Dropout(0.5))]))
    assert rewritten(net).same == {"d"}
    own = weights_of(net, rewritten(net))["n"]
    x = np.random.default_rng(3).standard_normal((1, 3, 2, 2))
    made = x * own["scale"][:, None, None] + own["shift"][:, None, None]
    np.testing.assert_allclose(made, net.predict(x, engine="reference"), rtol=1e-5, atol=1e-6)
