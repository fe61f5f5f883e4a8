"""How well and how fast the first minute's network learns, over several seeds."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Learned:
    """Accuracy on the test split and seconds of training, an entry a seed."""

    accuracies: list[float]
    seconds: list[float]

    @property
    def worst(self) -> float:
        """The lowest accuracy of any seed."""
        return min(self.accuracies)

    @property
    def median_seconds(self) -> float:
        """The median time of a training."""
        return statistics.median(self.seconds)


def learn(seeds: int = 5) -> Learned:
    """Train the digits network once a seed."""
    from pellucid.train.digits import train_digits

    accuracies: list[float] = []
    seconds: list[float] = []
    for seed in range(seeds):
        start = time.perf_counter()
        net, _, _, test = train_digits(seed=seed)
        seconds.append(time.perf_counter() - start)
        accuracies.append(net.evaluate(test).accuracy)
    return Learned(accuracies, seconds)
