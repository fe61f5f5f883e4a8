"""Why this class: attributions that a page asks for, in a time that one can wait for, with progress, and given up."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import unknown_name
from ..explain import Attribution, attribution
from ..network import Network
from .session import Run

KEPT = 16  # attributions, and askers
LARGE = 1_000_000_000  # multiply-adds of a network that is asked in few and small batches
BUDGET = 100 * LARGE  # that occlusion may spend, but for the fewest patches
FEWEST, MOST = 6, 16  # patches along a side

Target = int | tuple[str, tuple[int, ...]] | None


@dataclass
class Progress:
    """How many images of an asker's question were run, and how many there are; 0 of 0 before it has begun."""

    done: int = 0
    total: int = 0
    given_up: bool = False


class GivenUpError(Exception):
    """A question that nobody waits for any more."""


class Attributions:
    """What was asked, and what is being asked. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, Target], Attribution] = OrderedDict()
        self._asking: OrderedDict[str, Progress] = OrderedDict()
        self._lock = threading.Lock()
        self._one = threading.Lock()  # the machine is shared: one question after another

    def progress(self, asker: str) -> Progress:
        """Return how far an asker's last question is."""
        with self._lock:
            return self._asking.get(asker, Progress())

    def find(self, run: Run, method: str, target: Target, asker: str) -> Attribution | None:
        """Return an attribution, or None if the asker asked something else before it was found.

        Raises:
            UnknownNameError, ShapeError, ParameterError: as for `Trace.attribute`.
        """
        if method not in attribution.METHODS:
            raise unknown_name("method", method, attribution.METHODS)
        key = run.name, method, target
        with self._lock:
            self._asking.setdefault(asker, Progress()).given_up = True
            mine = self._asking[asker] = Progress()
            self._asking.move_to_end(asker)
            while len(self._asking) > KEPT:
                self._asking.popitem(last=False)
            if key in self._kept:
                return self._kept[key]
        net = run.version.net
        try:
            with self._one:
                found = run.trace.attribute(
                    affordable(method, net), target, batch_size=batch_size(net), progress=telling(mine)
                )
        except GivenUpError:
            return None
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def telling(progress: Progress) -> Callable[[int, int], None]:
    """Return what is told after each batch: it remembers how far it is, and ends what was given up."""

    def told(done: int, total: int) -> None:
        if progress.given_up:
            raise GivenUpError
        progress.done, progress.total = done, total

    return told


def affordable(method: str, net: Network) -> attribution.Method:
    """Return a method with settings for which a person can wait: the larger the network, the fewer images.

    >>> from pellucid.zoo import lenet5, vgg16
    >>> affordable("occlusion", lenet5())
    Occlusion(size=(4, 4), stride=(2, 2), baseline=0.0)
    >>> affordable("occlusion", vgg16()).size, affordable("integrated gradients", vgg16()).steps
    ((64, 64), 16)
    """
    shape = net.inputs[0].shape
    if method == attribution.Occlusion.name and len(shape) == 3:
        along = min(MOST, max(FEWEST, math.isqrt(BUDGET // max(1, macs(net)))))
        rows, columns = (math.ceil(side / (along + 1)) for side in shape[1:])
        return attribution.Occlusion(size=(2 * rows, 2 * columns), stride=(rows, columns))
    if method == attribution.IntegratedGradients.name:
        return attribution.IntegratedGradients(steps=16 if macs(net) > LARGE else 32)
    return attribution.METHODS[method]()


def batch_size(net: Network) -> int:
    """Return how many images to run at a time."""
    return 2 if macs(net) > LARGE else 16


def macs(net: Network) -> int:
    """Return the multiply-adds of one image."""
    costs = (node.layer.cost(*(before.shape for before in node.inputs)) for node in net.nodes if node.layer)
    return sum(cost.macs for cost in costs)
