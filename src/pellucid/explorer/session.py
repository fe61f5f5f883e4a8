"""What one explorer is open on: a network, images to choose from, and the runs made so far."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import Engine, as_inputs, decides, get, probabilities
from ..errors import DataError, ShapeError, unknown_name
from ..explain import Trace, summarize, trace
from ..layers.node import Node
from ..network import Network
from .drawing import Bitmap, Drawing, fit

RUNS = 12  # runs kept: enough for the page to look back while a hand draws on
RUN_BYTES = 768 << 20  # and never more than this, but for the newest: a large network's run is a tenth of it


@dataclass(frozen=True, eq=False)
class Run:
    """One run of the network on one image.

    Args:
        name: what the page calls it.
        trace: every value.
        sample: the image's number, or None for a drawing.
    """

    name: str
    trace: Trace
    sample: int | None

    @property
    def size(self) -> int:
        """Bytes that its values take."""
        return sum(value.nbytes for value in self.trace.values())


class Session:
    """A network with its images and a bounded number of runs. Its methods may be called from several threads.

    Args:
        net: the network.
        images: (N, C, H, W), one image (C, H, W), a tuple with one array an input, or None for an image of noise.
        labels: (N,) each image's class, or None.
        classes: the classes' names; None: the network's own, or numbers.
        title: what the page is called.
        engine: what runs the network.
        drawing: makes the network's input of a bitmap (height, width) of 0 (paper) to 1 (ink); None: resize it.
        hint: what to know before drawing, for a person to read.

    Raises:
        ShapeError, DataError: images, labels or classes that do not fit the network.
        UnknownNameError, EngineError: an engine that is not there, or cannot run here.
    """

    def __init__(
        self,
        net: Network,
        *,
        images: Any = None,
        labels: ArrayLike | None = None,
        classes: Sequence[str] | None = None,
        title: str | None = None,
        engine: str | Engine | None = None,
        drawing: Drawing | None = None,
        hint: str = "",
    ) -> None:
        self.net = net
        self.title = title or net.name
        self.summary = summarize(net)
        self.nodes: tuple[Node, ...] = (*net.inputs, *net.nodes)  # a node's number is its place here
        self._engine = get(engine)  # a page that can run nothing is refused before it is served
        self._images = as_inputs(net, noise(net) if images is None else images)
        if not len(self._images[0]):
            raise DataError("explorer", got="0 images", expected="1 or more", fix="leave images out, or give some")
        self.samples = len(self._images[0])
        self._labels = _labels(labels, self.samples)
        self.classes = self._names(classes)
        self._drawing = drawing or self._fitting()
        self.hint = hint
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._drawn = 0
        self._lock = threading.Lock()

    @property
    def draws(self) -> bool:
        """Whether a hand can draw what the network reads."""
        return self._drawing is not None

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of the runs that are kept, the oldest first."""
        with self._lock:
            return tuple(self._runs)

    def run_sample(self, number: int) -> Run:
        """Run the network on one of the images, or return the run that is there.

        Raises:
            DataError: there is no such image.
        """
        if not 0 <= number < self.samples:
            raise DataError(
                "explorer", got=f"sample {number}", expected=f"0 to {self.samples - 1}", fix="choose one of these"
            )
        with self._lock:
            name = f"sample-{number}"
            if name in self._runs:
                self._runs.move_to_end(name)
                return self._runs[name]
            return self._keep(name, tuple(x[number] for x in self._images), number)

    def run_drawing(self, bitmap: Bitmap) -> Run:
        """Run the network on a drawing.

        Raises:
            DataError: this network reads nothing that a hand can draw.
        """
        if self._drawing is None:
            raise DataError(
                "explorer", got="a drawing", expected="a network that reads one image", fix="choose a sample instead"
            )
        image = self._drawing(bitmap)
        with self._lock:
            self._drawn += 1
            return self._keep(f"drawing-{self._drawn}", (image,), None)

    def run(self, name: str) -> Run:
        """Return a run by name.

        Raises:
            UnknownNameError: there is none, or it was long ago.
        """
        with self._lock:
            if name not in self._runs:
                raise unknown_name("run", name, self._runs)
            return self._runs[name]

    def node(self, number: int) -> Node:
        """Return the node of that number.

        Raises:
            ShapeError: there is none.
        """
        if not 0 <= number < len(self.nodes):
            raise ShapeError(
                "explorer", got=f"layer {number}", expected=f"0 to {len(self.nodes) - 1}", fix="choose one of these"
            )
        return self.nodes[number]

    def label(self, sample: int | None) -> int | None:
        """Return a sample's class, where it is known."""
        return None if sample is None or self._labels is None else int(self._labels[sample])

    def scores(self, run: Run) -> NDArray[np.float64] | None:
        """Return the probability of each class, or None where the network does not decide between classes."""
        if not decides(self.net):
            return None
        return probabilities(self.net, run.trace[str(self.net.outputs[0].name)][None])[0]

    def _keep(self, name: str, image: Sequence[NDArray[np.float32]], sample: int | None) -> Run:
        run = Run(
            name, trace(self.net, tuple(image) if len(self.net.inputs) > 1 else image[0], engine=self._engine), sample
        )
        self._runs[name] = run
        total = sum(one.size for one in self._runs.values())
        while len(self._runs) > 1 and (len(self._runs) > RUNS or total > RUN_BYTES):
            total -= self._runs.popitem(last=False)[1].size
        return run

    def _names(self, classes: Sequence[str] | None) -> tuple[str, ...]:
        count = self.net.outputs[0].shape[0]
        names = tuple(str(name) for name in classes or self.net.classes or range(count))
        if len(names) != count:
            raise DataError(
                "explorer",
                got=f"{len(names)} class names",
                expected=f"{count}, one an output of {self.net.outputs[0].name!r}",
                fix="give a name for each output",
            )
        return names

    def _fitting(self) -> Drawing | None:
        shape = self.net.inputs[0].shape
        if len(self.net.inputs) > 1 or len(shape) != 3 or shape[0] not in (1, 3):
            return None
        return fit(shape, float(self._images[0].min()), float(self._images[0].max()))


def noise(net: Network) -> Any:
    """Return an image of noise (C, H, W), one for each input, the same every time: something to see without data."""
    random = np.random.default_rng(0)
    images = [random.random(node.shape, np.float32) for node in net.inputs]
    return tuple(images) if len(net.inputs) > 1 else images[0]


def _labels(labels: ArrayLike | None, samples: int) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.shape != (samples,) or array.dtype.kind not in "iu":
        raise DataError(
            "explorer",
            got=f"labels of shape {array.shape}, {array.dtype}",
            expected=f"{samples} whole numbers, one an image",
            fix="give each image the number of its class",
        )
    return array.astype(np.int64)
