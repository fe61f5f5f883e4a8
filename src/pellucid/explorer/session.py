"""What one explorer is open on: a network in its versions, images to choose from, and the runs made so far."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..comparison import check_inputs
from ..engines import Engine, decides, get, probabilities
from ..errors import DataError, unknown_name
from ..explain import Summary, trace
from ..images import fit_pixels
from ..layers.node import Node
from ..network import Network
from ..train import Dataset
from .drawing import Bitmap, Drawing, fit
from .numbers import checked_numbers
from .pixels import PIXELS, Pixels
from .runs import Run
from .samples import Samples
from .studio import Studio
from .versions import Version

RUNS = 12  # runs kept: enough for the page to look back while a hand draws on
RUN_BYTES = 768 << 20  # and never more than this, but for the newest: a large network's run is a tenth of it


class Session:
    """A network with its images and a bounded number of runs. Its methods may be called from several threads.

    Args:
        net: the network.
        images: (N, C, H, W), one image (C, H, W), a tuple with one array an input; None: the test data's images, or an
            image of noise.
        labels: (N,) each image's class, or None.
        classes: the classes' names; None: the network's own, or numbers.
        title: what the page is called.
        engine: what runs and trains the network.
        drawing: makes the network's input of a bitmap (height, width) of 0 (paper) to 1 (ink); None: resize it.
        hint: what to know before drawing, for a person to read.
        data: (train, test) to train on in the page, or None.
        numbers: the user's own number for each layer, by its name, or None.
        other: a network that reads the same, to be compared with this one, or None.
        pixels: what is done to the pixels of pictures, which are from 0 to 1; None: nothing.
        pictured: whether `images` are pictures to which that was done.

    Raises:
        ShapeError, DataError: images, labels, classes, data or numbers that do not fit the network.
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
        data: tuple[Dataset, Dataset] | None = None,
        numbers: Mapping[str, float] | None = None,
        other: Network | None = None,
        pixels: Pixels | None = None,
        pictured: bool = False,
    ) -> None:
        self.pixels = pixels or PIXELS["unit"]
        self._pictured = pictured
        if other is not None:
            check_inputs(net, other)
        self.other = other
        self._engine = get(engine)  # a page that can run nothing is refused before it is served
        self.numbers = checked_numbers(net, numbers or {})
        self.studio = Studio(net, data, self._engine)
        self.title = title or net.name
        self._images = Samples(net, images, labels, None if data is None else data[1])
        self._given_classes = tuple(str(name) for name in classes or ())
        if classes and len(self._given_classes) != net.outputs[0].shape[0]:
            raise DataError(
                "explorer",
                got=f"{len(self._given_classes)} class names",
                expected=f"{net.outputs[0].shape[0]}, one an output of {net.outputs[0].name!r}",
                fix="give a name for each output",
            )
        self._drawing = drawing or self._fitting()
        self.hint = hint
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._brought = 0
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """What runs the network."""
        return self._engine

    @property
    def version(self) -> Version:
        """The version of the network that is shown."""
        return self.studio.version

    @property
    def net(self) -> Network:
        """The network that is shown."""
        return self.version.net

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Inputs and layers of the network that is shown; a node's number is its place here."""
        return self.version.nodes

    @property
    def summary(self) -> Summary:
        """Shapes, parameters and costs of the network that is shown."""
        return self.version.summary

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the first output's classes; where there are none, their numbers."""
        net = self.net
        count = net.outputs[0].shape[0]
        names = self._given_classes or net.classes or ()
        return tuple(names) if len(names) == count else tuple(str(number) for number in range(count))

    @property
    def samples(self) -> int:
        """How many images there are to choose from."""
        return len(self._images)

    @property
    def first_test(self) -> int:
        """The number of the first image of the test data, where there are some."""
        return self._images.first_test

    def image(self, number: int) -> tuple[NDArray[np.float32], ...]:
        """Return one of the images to choose from, one array an input.

        Raises:
            DataError: there is no such image.
        """
        return self._images.image(number)

    @property
    def draws(self) -> bool:
        """Whether a hand can draw what the network reads."""
        return self._drawing is not None

    @property
    def reads_pictures(self) -> bool:
        """Whether the network reads one image, grey or of three colours."""
        shape = self.net.inputs[0].shape
        return len(self.net.inputs) == 1 and len(shape) == 3 and shape[0] in (1, 3)

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
        image = self._images.image(number)
        with self._lock:
            version = self.version
            name = _named(version, f"sample-{number}")
            if name in self._runs:
                self._runs.move_to_end(name)
                return self._runs[name]
            return self._keep(name, version, image, number)

    def run_drawing(self, bitmap: Bitmap) -> Run:
        """Run the network on a drawing.

        Raises:
            DataError: this network reads nothing that a hand can draw.
        """
        if self._drawing is None:
            raise DataError(
                "explorer", got="a drawing", expected="a network that reads one image", fix="choose a sample instead"
            )
        return self.bring("drawing", (self._drawing(bitmap),))

    def run_picture(self, pixels: NDArray[np.uint8], *, invert: bool = False) -> Run:
        """Run the network on a picture, fitted to it as an image file is.

        Args:
            pixels: (height, width, 3 or 4), red, green, blue and opacity.
            invert: turn around dark and light.

        Raises:
            DataError: this network reads no picture.
        """
        if not self.reads_pictures:
            raise DataError(
                "explorer",
                got="a picture",
                expected="a network that reads one image, grey or of three colours",
                fix="choose a sample instead",
            )
        channels, height, width = self.net.inputs[0].shape
        fitted = fit_pixels(pixels, (channels, height, width), invert=invert)
        return self.bring("picture", (self.pixels.apply(fitted),))

    def run_again(self, name: str) -> Run:
        """Run the network as it is now on what an earlier run was made of.

        Raises:
            UnknownNameError: there is no such run, or it was long ago.
        """
        made = self.run(name)
        if made.sample is not None:
            return self.run_sample(made.sample)
        if made.version is self.version:
            return made
        kind = name.rsplit("-", 1)[0].rsplit("-", 1)[-1]
        return self.bring(kind, tuple(made.trace[str(node.name)] for node in made.version.net.inputs))

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
        """Return the node of that number in the network that is shown.

        Raises:
            ShapeError: there is none.
        """
        return self.version.node(number)

    def label(self, sample: int | None) -> int | None:
        """Return a sample's class, where it is known."""
        return None if sample is None else self._images.label(sample)

    def scores(self, run: Run) -> NDArray[np.float64] | None:
        """Return the probability of each class, or None where the network does not decide between classes.

        Maps of a single place are scores too: some networks end in a pool.
        """
        net = run.version.net
        values = run.trace[str(net.outputs[0].name)]
        if not decides(net) and not (len(values) > 1 and values.shape[1:] == (1, 1)):
            return None
        return probabilities(net, values.reshape(1, -1))[0]

    def prepared(self, run: Run) -> str:
        """Return what was done to the picture that a run was made of; nothing where it was no picture."""
        picture = self._pictured and run.sample is not None and run.sample < self.first_test
        if not picture and "picture-" not in run.name:
            return ""
        return self.pixels.words(run.version.net.inputs[0].shape)

    def bring(self, kind: str, image: tuple[NDArray[np.float32], ...]) -> Run:
        """Run the network on an image that is no sample, one array an input; `kind` is a word for it."""
        with self._lock:
            self._brought += 1
            version = self.version
            return self._keep(_named(version, f"{kind}-{self._brought}"), version, image, None)

    def _keep(self, name: str, version: Version, image: tuple[NDArray[np.float32], ...], sample: int | None) -> Run:
        values = trace(version.net, image[0] if len(image) == 1 else image, engine=self._engine)
        run = Run(name, version, values, sample)
        self._runs[name] = run
        while len(self._runs) > 1 and (len(self._runs) > RUNS or self._held() > RUN_BYTES):
            self._runs.popitem(last=False)
        return run

    def _held(self) -> int:
        """Return the bytes that runs take, with the weights of versions that nothing else needs to show."""
        past = {run.version.number: run.version.size for run in self._runs.values() if run.version is not self.version}
        return sum(run.size for run in self._runs.values()) + sum(past.values())

    def _fitting(self) -> Drawing | None:
        return fit(self.net.inputs[0].shape, *self._images.range) if self.reads_pictures else None


def _named(version: Version, name: str) -> str:
    """Return a run's name: it says of which version it is, unless that is the first."""
    return name if version.number == 1 else f"{version.number}-{name}"
