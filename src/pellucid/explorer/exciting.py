"""What excites the channels of a layer, among the images that an explorer has: found once a layer, within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..explain import LayerExcitations, excitations
from .session import Session
from .versions import Version

TOP = 9  # images a channel
KEPT = 32  # layers whose answers are kept
MOST_IMAGES = 4096
MOST_MACS = 20_000_000_000  # of all images together: a few seconds
MOST_VALUES = 500_000_000


@dataclass(frozen=True, eq=False)
class Searched:
    """What was found for a layer.

    Args:
        version: the version of the network that was run.
        layer: what excites its channels.
        images: how many images were looked at, the first ones.
    """

    version: Version
    layer: LayerExcitations
    images: int


class Exciting:
    """Searches through a session's images, each layer once for each version of the network. Threads may share it.

    Args:
        session: whose network and images.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: OrderedDict[tuple[int, str, int], Searched] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def groups(self) -> dict[str, int]:
        """How many images there are to look through: samples to choose from, and images of the training data."""
        data = self._session.studio.data
        groups = {"samples": self._session.samples}
        return groups if data is None else {**groups, "training": len(data[0])}

    def image(self, group: str, number: int) -> tuple[NDArray[np.float32], ...]:
        """Return an image of a group, one array an input.

        Raises:
            ParameterError: there is no such group.
            DataError: there is no such image.
        """
        self._count(group)
        session = self._session
        return session.image(number) if group == "samples" else (session.studio.training_image(number),)

    def label(self, group: str, number: int) -> int | None:
        """Return an image's class, where it is known."""
        data = self._session.studio.data
        if group == "samples" or data is None:
            return self._session.label(number)
        return int(data[0].labels[number])

    def layer(self, group: str, number: int) -> Searched:
        """Return what excites each channel of a layer of the network that is shown.

        Raises:
            ParameterError: there is no such group of images.
            ShapeError: there is no such layer.
        """
        count = self._count(group)
        version = self._session.version
        name = str(version.node(number).name)
        with self._lock:  # whoever asks for the same layer meanwhile waits for it
            key = (version.number, group, number)
            if key not in self._found:
                self._found[key] = self._search(version, name, group, min(count, _room(version)))
            self._found.move_to_end(key)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
            return self._found[key]

    def _count(self, group: str) -> int:
        if group not in self.groups:
            raise ParameterError(
                "explorer, over", got=repr(group), expected=" or ".join(self.groups), fix="look through these"
            )
        return self.groups[group]

    def _search(self, version: Version, name: str, group: str, count: int) -> Searched:
        images = [self.image(group, number) for number in range(count)]
        arrays = [np.stack(each) for each in zip(*images, strict=True)]
        found = excitations(
            version.net,
            arrays if len(arrays) > 1 else arrays[0],
            layers=name,
            top=TOP,
            engine=self._session.studio.engine,
        )
        return Searched(version, found[name], count)


def _room(version: Version) -> int:
    """Return how many images can be looked through in bounded time and memory, at least one."""
    summary = version.summary
    return min(MOST_IMAGES, max(MOST_MACS // max(summary.macs, 1), 1), max(MOST_VALUES // max(summary.values, 1), 1))
