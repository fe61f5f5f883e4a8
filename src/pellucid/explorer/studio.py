"""Where the network of a session is changed and trained: one version after another, each of which stays as it is."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine
from ..errors import DataError
from ..network import Network
from ..train import Dataset
from .editing import Edit, Edited, edited
from .rewiring import copied, rewired
from .training import Settings, Training
from .versions import Version, Versions


class Studio:
    """A network in its versions, and the training that goes on. Its methods may be called from several threads.

    An edit, or a step back or forth, ends the training: what it has given so far is a version, and stays one.

    Args:
        net: the first version.
        data: (train, test), or None.
        engine: what trains.
    """

    def __init__(self, net: Network, data: tuple[Dataset, Dataset] | None, engine: Engine) -> None:
        self.data = data
        self.engine = engine
        self._line = Versions(net)
        self._training: Training | None = None
        self._trained = 0  # trainings that were begun
        self._lock = threading.RLock()

    @property
    def version(self) -> Version:
        """The version that is shown."""
        return self._line.now

    @property
    def undone(self) -> str | None:
        """What undo would take back, or None."""
        with self._lock:
            return self._line.undone

    @property
    def redone(self) -> str | None:
        """What redo would do again, or None."""
        with self._lock:
            return self._line.redone

    @property
    def training(self) -> Training | None:
        """The last training that was begun."""
        return self._training

    def training_image(self, number: int) -> NDArray[np.float32]:
        """Return an image (C, H, W) of the training data.

        Raises:
            DataError: there is no such image.
        """
        count = 0 if self.data is None else len(self.data[0])
        if self.data is None or not 0 <= number < count:
            expected = f"0 to {count - 1}" if count else "an explorer that has training data"
            raise DataError(
                "explorer", got=f"training image {number}", expected=expected, fix="choose a sample instead"
            )
        return self.data[0].images[number]

    def edit(self, edit: Edit) -> Edited:
        """Change, add or remove a layer.

        Raises:
            ParameterError, ShapeError, UnknownNameError: it cannot be; the error says what would fit.
        """
        with self._lock:
            made = edited(self.version.net, edit)
            self._end()
            self._line.edit(made.net, made.done)
            return made

    def undo(self) -> Version:
        """Go back by one version, weights included.

        Raises:
            ParameterError: this is the first.
        """
        with self._lock:
            self._end()
            return self._line.undo()

    def redo(self) -> Version:
        """Go forward again by one version, weights included.

        Raises:
            ParameterError: this is the last.
        """
        with self._lock:
            self._end()
            return self._line.redo()

    def train(self, settings: Settings) -> Training:
        """Begin to train in a thread of its own; a training that goes on is ended.

        Raises:
            DataError: there is nothing to train on.
            ParameterError: settings out of range.
        """
        if self.data is None:
            raise DataError(
                "training",
                got="no data",
                expected="images with their classes",
                fix="start with them: pellucid explore MODEL --data DATA, or net.explore(data=(train, test))",
            )
        with self._lock:
            self._end()
            self._trained += 1
            now = self.version.net
            net = rewired(now, seed=settings.seed) if settings.anew else copied(now)
            training = Training(self._trained, net, self.data, settings, self.engine, self._publish)
            self._training = training
            training.start()
            return training

    def stop(self) -> None:
        """Hold the training where it is."""
        if self._training is not None:
            self._training.hold()

    def go_on(self) -> None:
        """Let a held training go on, as if it had not been held."""
        if self._training is not None:
            self._training.go_on()

    def _publish(self, training: Training, net: Network) -> None:
        """Show a moment of a training, unless something else was done since."""
        with self._lock:
            if training is self._training and not training.ended:
                self._line.train(copied(net), "train", onward=training.shown)
                training.shown = True

    def _end(self) -> None:
        if self._training is not None:
            self._training.end()
