"""A foreign graph becomes a network, or a complete list of what cannot."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from pellucid.errors import UnmappedError
from pellucid.formats.opening import Opening, OpeningWarning
from pellucid.formats.stored import Stored
from pellucid.layers import Add, Linear, ReLU


def weights(inputs: int, outputs: int) -> dict[str, Stored]:
    """Tensors of a linear layer, all numbers distinct."""
    return {
        "weight": Stored.of("w", np.arange(inputs * outputs, dtype=np.float64).reshape(inputs, outputs)).permuted(1, 0),
        "bias": Stored.of("b", np.arange(outputs, dtype=np.float16)),
    }


def test_a_graph_becomes_a_network_with_its_weights() -> None:
    """Names are kept, made legal where they are not, and told apart; weights are float32, whatever they were."""
    opening = Opening("foreign")
    x = opening.input("pixels", (3,))
    y = opening.add(Linear(2), x, name="dense[0]", weights=weights(3, 2))
    z = opening.add(ReLU(), y, name="dense[0]")
    net = opening.network([z])
    assert list(net.shapes) == ["pixels", "dense(0)", "dense(0)_2"]
    assert net.weights["dense(0).weight"].tolist() == [[0, 2, 4], [1, 3, 5]]
    assert net.weights["dense(0).bias"].dtype == np.float32


def test_a_layer_used_twice_has_one_set_of_weights() -> None:
    """The same layer object again shares what it was first given."""
    opening = Opening()
    layer = Linear(3)
    x = opening.input("x", (3,))
    once = opening.add(layer, x, name="a", weights=weights(3, 3))
    net = opening.network([opening.add(layer, once, name="b")])
    assert list(net.weights) == ["a.weight", "a.bias"]
    assert net.weights["a.bias"].tolist() == [0, 1, 2]


def test_all_that_cannot_be_opened_is_listed() -> None:
    """Every node without a layer is told, with its reason, and what reads it is not told again."""
    opening = Opening()
    x = opening.input("x", (3,))
    y = opening.add(Linear(2), x, name="short", weights=weights(3, 3))
    opening.add(ReLU(), y, name="behind")
    z = opening.refuse("rnn", "LSTM", "no layer computes it")
    with pytest.raises(UnmappedError) as refused:
        opening.network([z])
    assert [(item.node, item.op) for item in refused.value.unmapped] == [("short", "Linear"), ("rnn", "LSTM")]
    assert refused.value.got == (
        "2 nodes that no layer here computes: 'short' (Linear): weight 'w' of shape (3, 3); expected shape (2, 3); "
        "'rnn' (LSTM): no layer computes it"
    )
    again = pickle.loads(pickle.dumps(refused.value))
    assert again.unmapped == refused.value.unmapped


def test_what_can_be_opened_is_still_a_network() -> None:
    """With `partial` the rest runs, the deepest node its first output, and a warning lists what is missing."""
    opening = Opening()
    x = opening.input("x", (2,))
    side = opening.add(ReLU(), x, name="side")
    y = opening.add(Linear(2), x, name="dense", weights=weights(2, 2))
    z = opening.add(ReLU(), y, name="deep")
    opening.add(Add(), opening.refuse("rnn", "LSTM", "no layer computes it"), side, name="sum")
    with pytest.warns(OpeningWarning, match="opened in part: 1 nodes .*'rnn'"):
        net = opening.network([None], partial=True)
    assert [node.name for node in net.outputs] == ["deep", "side"]
    assert net.predict([[1.0, 1.0]])[0].tolist() == [[2.0, 5.0]]
    assert z is not None


def test_nothing_left_is_an_error_even_in_part() -> None:
    """A model of which no layer can be opened is refused."""
    opening = Opening()
    opening.input("x", (2,))
    with pytest.raises(UnmappedError):
        opening.network([opening.refuse("rnn", "LSTM", "no layer computes it")], partial=True)
