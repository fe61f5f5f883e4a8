"""The article's dropout: which numbers fell, and what became of those that stayed."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines import ENGINES
from pellucid.layers import Dropout, Linear
from pellucid.layers.base import Run
from pellucid.train import SGD, MeanSquaredError

# The article's two runs at rate 0.5: the numbers in and out. The sample of our dropout that falls as they did was
# found by looking: its mask is a function of (seed, step, layer, sample).
KERAS_IN = np.array(
    [
        [-1.1899604, 1.1257381, 0.8904383, 0.812129, 0.36669895],
        [0.56058276, -0.48239076, -0.29940066, -0.39049834, 0.69480914],
    ],
    np.float32,
).ravel()
KERAS_OUT = np.array([-2.3799207, 0, 0, 1.624258, 0, 0, -0.9647815, -0.5988013, 0, 1.3896183], np.float32)
KERAS_SAMPLE = 254
TORCH_IN = np.array([0.4601, 0.0929, 0.9562, -0.4803, -0.5623, -1.1717, -1.6377, 0.7694, -0.5219, -0.7005], np.float32)
TORCH_OUT = np.array([0.9201, 0, 1.9124, -0.9606, 0, 0, 0, 0, 0, -1.4010], np.float32)
TORCH_SAMPLE = 1025
FOUR_DECIMALS = 1.5e-4  # PyTorch's input was rounded before it was doubled, and the output after


@pytest.mark.parametrize(
    ("given", "published", "sample", "tolerance"),
    [
        pytest.param(KERAS_IN, KERAS_OUT, KERAS_SAMPLE, 0, id="keras"),
        pytest.param(TORCH_IN, TORCH_OUT, TORCH_SAMPLE, FOUR_DECIMALS, id="torch"),
    ],
)
def test_training_gives_the_published_numbers(
    engine: str, given: np.ndarray, published: np.ndarray, sample: int, tolerance: float
) -> None:
    """Five or six of ten fall to 0, and each that stays is doubled: 1 / (1 - 0.5)."""
    net = Network(10, [Dropout(0.5), Linear(10, bias=False)])
    net.weights["linear1.weight"] = np.eye(10)  # what comes out is what dropout let through
    trainer = ENGINES[engine].trainer(net, MeanSquaredError(), SGD(0.1), seed=0)
    targets = np.zeros((1, 10), np.float32)
    found = trainer.step((given[None],), targets, np.array([sample]), rate=0.1).outputs[0]
    assert ((found == 0) == (published == 0)).all()
    np.testing.assert_allclose(found, published, rtol=0, atol=tolerance)
    assert (found[found != 0] == 2 * given[found != 0]).all()


def test_dropout_changes_nothing_but_in_training(engine: str) -> None:
    """A network that is asked, not trained, drops nothing and scales nothing."""
    net = Network(10, [Dropout(0.5)])
    assert net.predict(KERAS_IN, engine=engine)[0].tolist() == KERAS_IN.tolist()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.75])
def test_the_scale_keeps_the_average(rate: float) -> None:
    """What stays is divided by 1 - rate, so that over many samples the average of a number is the number itself."""
    run = Run(training=True, seed=0, layer="dropout1")
    factors = Dropout(rate).factors((4000, 10), run)
    assert set(np.unique(factors)) == {0, 1 / (1 - rate)}
    deviation = (rate / (1 - rate) / factors.size) ** 0.5  # of the average of so many factors
    assert factors.mean() == pytest.approx(1, abs=4 * deviation)
