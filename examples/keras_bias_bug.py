"""A bug in Keras, found by comparing it with the definition, number by number, and named.

With its channels first, Keras on TensorFlow adds a convolution's bias along the width wherever the output is as wide as
there are filters: it tells the axis by its size. Shapes, losses and most tests look right. The engine "keras" has its
channels last, and the right numbers; the same layer with channels first is an engine of four lines here.

It prints what is compared, and then what Keras does, in the version that is installed:

    4 filters on maps 6 wide give maps 4 wide: as many columns as filters
    channels last: the same
    channels first:
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import Network
from pellucid.comparison import compare
from pellucid.engines import ENGINES, Engine, Program
from pellucid.layers import Conv2d

NAME = "conv1"


class ChannelsFirst(Engine):
    """Keras's convolution as it is, given our layout."""

    name = "keras, channels first"
    about = "one convolution of Keras with channels first"

    def program(self, net: Network) -> Program:
        """Return the layer with the network's weights."""
        return OneConvolution(net)

    def trainer(self, net: Network, loss: Any, optimizer: Any, *, seed: int) -> Any:
        """Only running is shown here."""
        raise NotImplementedError


class OneConvolution(Program):
    """One convolution, called as a user calls a layer."""

    def __init__(self, net: Network) -> None:
        import keras

        self.layer = keras.layers.Conv2D(4, 3, data_format="channels_first")
        self.layer.build((None, *net.inputs[0].shape))
        kernel = net.weights[f"{NAME}.weight"].transpose(2, 3, 1, 0)
        self.layer.set_weights([kernel, net.weights[f"{NAME}.bias"]])

    def run(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the maps."""
        return (np.array(self.layer(inputs[0]).numpy()),)

    def trace(self, inputs: tuple[Any, ...]) -> dict[str, Any]:
        """Return the image and the maps."""
        return {"input": inputs[0], NAME: self.run(inputs)[0]}


def installed() -> str:
    """Return which versions are here."""
    import keras
    import tensorflow as tf

    return f"Keras {keras.__version__} on TensorFlow {tf.__version__}"


def main() -> None:
    """Compare both layouts with the definition."""
    net = Network((3, 6, 6), [(NAME, Conv2d(4, 3))], seed=1)
    print("4 filters on maps 6 wide give maps 4 wide: as many columns as filters")
    why = ENGINES["keras"].unavailable()
    if why is not None:
        print(f"Keras cannot run here: {why}")
        return
    image = np.random.default_rng(0).standard_normal((1, 3, 6, 6), dtype=np.float32)
    last = compare(net, net, image, engines=("reference", "keras"))
    print("channels last:", "the same" if not last.differences else last.sentence)
    first = compare(net, net, image, engines=("reference", ChannelsFirst()))
    print("channels first:")
    print("the same: the bug is fixed in" if not first.differences else "other numbers in", installed())
    for difference in first.differences:
        for finding in difference.findings:
            print(f"{finding.rule}: {finding.words}")


if __name__ == "__main__":
    main()
