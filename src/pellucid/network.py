"""A network: named layers wired into a graph from inputs to outputs, with every shape known when it is built."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from .errors import ParameterError, ShapeError, unknown_name
from .layers import Layer, Node
from .layers.initializers import Weight
from .layers.node import Shape
from .random import checked_seed
from .weights import WeightStore
from .wiring import Named, in_order, input_nodes, name_of, names_of, output_nodes, owners_of

if TYPE_CHECKING:
    from .engines import Engine
    from .explain import Summary, Trace
    from .train import Checkpoints, Dataset, Evaluation, History, Loss, Optimizer, Schedule


class Network:
    """Layers wired from inputs to outputs, with names, shapes and weights.

    Args:
        inputs: the input's shape (channels, height, width), an `Input`, or several.
        layers: layers that follow one another, each alone or as (name, layer); or the output node, or several.
        seed: the seed of the weights' first values, a whole number of 64 bits.
        classes: names of the outputs' classes, in order.
        name: what the network is called.

    Raises:
        ShapeError: a layer cannot read what comes; the error names the layer, what came, and the fix.
        ParameterError: names that clash, outputs that do not come from the inputs, and the like.

    >>> from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
    >>> net = Network((1, 28, 28), [Conv2d(6, 5, padding=2), ReLU(), MaxPool2d(2), Flatten(), Linear(10)])
    >>> net.shapes["pool1"]
    (6, 14, 14)
    >>> net.weights["conv1.weight"].shape
    (6, 1, 5, 5)
    """

    def __init__(
        self,
        inputs: int | Shape | Node | Sequence[Node],
        layers: Node | Sequence[Node] | Sequence[Named],
        *,
        seed: int = 0,
        classes: Sequence[str] | None = None,
        name: str = "network",
    ) -> None:
        self.name = name
        self.seed = checked_seed(seed)
        nodes_in = input_nodes(inputs)
        nodes_out = output_nodes(nodes_in, layers)
        wired = in_order(nodes_out, nodes_in)
        names = names_of([*nodes_in, *wired])
        placed = {
            id(old): Node(old.layer, (), old.shape, name) for old, name in zip([*nodes_in, *wired], names, strict=True)
        }
        for old in wired:
            placed[id(old)].inputs = tuple(placed[id(node)] for node in old.inputs)
        self.inputs: tuple[Node, ...] = tuple(placed[id(node)] for node in nodes_in)
        self.nodes: tuple[Node, ...] = tuple(placed[id(node)] for node in wired)
        self.outputs: tuple[Node, ...] = tuple(placed[id(node)] for node in nodes_out)
        self.shapes: dict[str, Shape] = {name_of(node): node.shape for node in (*self.inputs, *self.nodes)}
        self.classes = classes
        self._nodes = {name_of(node): node for node in (*self.inputs, *self.nodes)}
        self._owners = owners_of(self.nodes)
        self._weight_names: dict[str, dict[str, str]] = {}
        self._weights = WeightStore(self._specs(), self.seed)

    @property
    def weights(self) -> WeightStore:
        """The weights by full name, such as "conv1.weight"; assign to a name to change one."""
        return self._weights

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the first output's classes, in order, or None; assigning checks how many there are."""
        return self._classes

    @classes.setter
    def classes(self, names: Sequence[str] | None) -> None:
        self._classes = self._checked(names)

    @property
    def layers(self) -> dict[str, Layer]:
        """The layers by name, in the order in which they run."""
        return {name_of(node): node.layer for node in self.nodes if node.layer is not None}

    @property
    def params(self) -> int:
        """How many trainable numbers the weights hold."""
        return sum(math.prod(self.weights.specs[name].shape) for name in self.weights.trainable)

    def node(self, name: str) -> Node:
        """Return the node of that name, an input or a layer's.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self._nodes:
            raise unknown_name("layer", name, self.shapes)
        return self._nodes[name]

    def weight_names(self, name: str) -> dict[str, str]:
        """Return the weights of the layer `name`: its own name of each, and the network's."""
        return self._weight_names.get(name_of(self.node(name)), {})

    def __repr__(self) -> str:
        ends = " -> ".join(
            " and ".join(f"{node.name} {node.shape}" for node in nodes) for nodes in (self.inputs, self.outputs)
        )
        return f"<Network {self.name!r}: {ends}, {len(self.nodes)} layers, {self.params:,} parameters>"

    def _checked(self, classes: Sequence[str] | None) -> tuple[str, ...] | None:
        if classes is None:
            return None
        if len(classes) != self.outputs[0].shape[0]:
            raise ParameterError(
                "Network",
                got=f"{len(classes)} class names",
                expected=f"{self.outputs[0].shape[0]}, one an output of {self.outputs[0].name!r}",
                fix="give a name for each output",
            )
        return tuple(str(name) for name in classes)

    def _specs(self) -> Mapping[str, Weight]:
        """Return every weight by full name; a layer used twice must have the same weights both times."""
        specs: dict[str, Weight] = {}
        for node in self.nodes:
            assert node.layer is not None
            own = self._weight_names[name_of(node)] = {}
            for short, weight in node.layer.weights(*(n.shape for n in node.inputs)).items():
                full = own[short] = f"{self._owners[name_of(node)]}.{short}"
                if specs.setdefault(full, weight) != weight:
                    raise ShapeError(
                        f"{node.layer.kind} {node.name!r}",
                        got=f"the layer of {self._owners[name_of(node)]!r} again, now with {short} {weight.shape}",
                        expected=f"{short} {specs[full].shape}: one layer used twice has one set of weights",
                        fix="make a second layer, or give it an input with as many channels",
                    )
        return specs

    # --- doors: each leads to the room that does the work

    def summary(self) -> Summary:
        """Return shapes, parameters, cost and receptive field of every layer; prints as a table."""
        from .explain import summarize

        return summarize(self)

    def predict(
        self,
        images: ArrayLike,
        *,
        engine: str | Engine | None = None,
        batch_size: int = 64,
        channels_last: bool = False,
    ) -> Any:
        """Return the outputs (N, ...) for images (N, C, H, W): an array, or a tuple for several outputs.

        Arguments and errors: `pellucid.engines.predict`.

        >>> from pellucid.layers import Flatten, Linear
        >>> Network((1, 2, 2), [Flatten(), Linear(3)]).predict([[[[0, 1], [2, 3]]]]).shape
        (1, 3)
        """
        from .engines import predict

        return predict(self, images, engine=engine, batch_size=batch_size, channels_last=channels_last)

    def trace(self, image: ArrayLike, *, engine: str | Engine | None = None, channels_last: bool = False) -> Trace:
        """Return every value of one run on one image (C, H, W). Arguments and errors: `pellucid.explain.trace`.

        >>> from pellucid.layers import ReLU
        >>> Network((1, 1, 2), [ReLU()]).trace([[[-1.0, 2.0]]])["relu1"].tolist()
        [[[0.0, 2.0]]]
        """
        from .explain import trace

        return trace(self, image, engine=engine, channels_last=channels_last)

    def fit(
        self,
        train: Dataset | tuple[ArrayLike, ArrayLike],
        *,
        test: Dataset | tuple[ArrayLike, ArrayLike] | None = None,
        epochs: int = 5,
        batch_size: int = 64,
        optimizer: Optimizer | None = None,
        loss: Loss | None = None,
        schedule: Schedule | None = None,
        seed: int = 0,
        progress: bool = False,
        engine: str | Engine | None = None,
        checkpoints: Checkpoints | str | Path | None = None,
        channels_last: bool = False,
    ) -> History:
        """Train on images and labels; returns what each epoch gave. Arguments and errors: `pellucid.train.fit`."""
        from .train import fit

        return fit(
            self,
            train,
            test=test,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            loss=loss,
            schedule=schedule,
            seed=seed,
            progress=progress,
            engine=engine,
            checkpoints=checkpoints,
            channels_last=channels_last,
        )

    def evaluate(
        self,
        test: Dataset | tuple[ArrayLike, ArrayLike],
        *,
        engine: str | Engine | None = None,
        loss: Loss | None = None,
        channels_last: bool = False,
    ) -> Evaluation:
        """Return accuracy, loss and confusion matrix. Arguments and errors: `pellucid.train.evaluate`."""
        from .train import evaluate

        return evaluate(self, test, engine=engine, loss=loss, channels_last=channels_last)

    def save(self, path: str | Path) -> None:
        """Write the network with its weights to a file; the suffix says the format. Errors: `pellucid.formats.save`."""
        from .formats import save

        save(self, path)

    def to_torch(self) -> Any:
        """Return the network as an ordinary torch.nn.Module. Errors: `pellucid.formats.to_torch`."""
        from .formats import to_torch

        return to_torch(self)

    def to_keras(self) -> Any:
        """Return the network as an ordinary functional keras.Model. Errors: `pellucid.formats.to_keras`."""
        from .formats import to_keras

        return to_keras(self)

    def code(self, dialect: str = "torch", *, layer: str | None = None) -> str:
        """Return source of the network or of one layer, "torch", "keras" or "numpy". Errors: `pellucid.formats.code`.

        >>> from pellucid.layers import Linear
        >>> print(Network(3, [Linear(2)]).code("numpy"))
        import numpy as np
        <BLANKLINE>
        <BLANKLINE>
        def network(x, w):
            x = x @ w["linear1.weight"].T + w["linear1.bias"]
            return x
        <BLANKLINE>
        """
        from .formats import code

        return code(self, dialect, layer=layer)

    def load_weights(self, path: str | Path, *, partial: bool = False, strict: bool = False) -> None:
        """Take the weights from a file, such as a .pt. Arguments and errors: `pellucid.formats.load_weights`."""
        from .formats import load_weights

        load_weights(self, path, partial=partial, strict=strict)

    def explore(
        self,
        images: ArrayLike | None = None,
        *,
        data: tuple[Dataset, Dataset] | None = None,
        numbers: Mapping[str, float] | None = None,
        port: int = 0,
        browser: bool = True,
    ) -> Any:
        """Open the explorer on this network: in the browser, until Ctrl-C, or in a notebook as the value to be shown.

        There it can train on data (train, test), and shows numbers of yours, by layer, on its columns.
        """
        from .explorer import explore

        return explore(self, images, data=data, numbers=numbers, port=port, browser=browser)
