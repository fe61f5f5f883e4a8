"""Compare peers on works: make ready, check the result, choose each peer's best setting, then measure in turn."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import engines
from pellucid.train import SGD, CrossEntropy

from .children import Child, ChildError, children
from .peers import OURS
from .ratios import Ratio, disagreement
from .rounds import interleaved
from .works import CHECKED_STEPS, MOMENTUM, RATE, Work

TRIALS = 3  # rounds to choose a setting
ROUNDS = 15
SLICE = 0.15  # seconds that one is timed at a time; slower works run once


@dataclass
class Comparison:
    """What a work gave on so many threads.

    Args:
        work: the work.
        threads: how many threads each had.
        times: by peer, the median seconds of a run in each round.
        settings: by peer, the setting that was measured.
        tried: by peer, every setting's seconds.
        failures: by peer, why it or one of its settings is not here.
    """

    work: Work
    threads: int
    times: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    tried: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    failures: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def seconds(self, peer: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(self.times[peer])

    def ratio(self, peer: str) -> Ratio | None:
        """Return how many times our time the peer's is, or None where one of the two is missing."""
        if peer not in self.times or OURS not in self.times:
            return None
        return Ratio.of(self.times[peer], self.times[OURS])


def compare(works: Iterable[Work], peers: list[str], threads: int, rounds: int = ROUNDS) -> list[Comparison]:
    """Return what each work gave."""
    with children(peers, threads) as started:
        return [_measured(work, started, threads, rounds) for work in works]


def _measured(work: Work, started: dict[str, Child], threads: int, rounds: int) -> Comparison:
    found = Comparison(work, threads)
    expected = definition(work)
    for peer, child in started.items():
        ready = [(peer, setting) for setting in _ready(found, peer, child, expected)]
        trials = interleaved({key: _timing(child, work, key[1]) for key in ready}, TRIALS)
        found.tried[peer] = {setting: min(times) for (_, setting), times in trials.items()}
        if found.tried[peer]:
            found.settings[peer] = min(found.tried[peer], key=found.tried[peer].__getitem__)
    best = {peer: _timing(started[peer], work, setting) for peer, setting in found.settings.items()}
    found.times = interleaved(best, rounds)
    for peer, child in started.items():
        if peer in found.settings:
            child.ask("drop", work.name)
    _tell(f"{work.name}, {threads} threads: " + ", ".join(f"{p} {found.seconds(p) * 1e3:.3f} ms" for p in best))
    return found


def _ready(found: Comparison, peer: str, child: Child, expected: NDArray[Any]) -> list[str]:
    """Make every setting ready that the peer has for the work, and return those whose result is right."""
    ready: list[str] = []
    wrong = found.failures.setdefault(peer, [])
    try:
        settings = child.ask("settings", found.work.name)
    except ChildError as error:
        wrong.append(str(error))
        return ready
    for setting in settings:
        try:
            why = disagreement(child.ask("make", found.work.name, setting), expected)
        except ChildError as error:
            why = str(error)
        if why is None:
            ready.append(setting)
        else:
            _tell(f"{found.work.name}: {peer}, {setting}: {why}")
            wrong.append(f"{setting}: {why}")
    return ready


def _timing(child: Child, work: Work, setting: str) -> Callable[[], float]:
    return lambda: child.ask("time", work.name, setting, SLICE)


def definition(work: Work) -> NDArray[Any]:
    """Return what must come out, by the layers' own definitions: outputs, or the first training steps' losses."""
    net = work.network()
    images, engine = (work.images(net),), engines.get("reference")
    if not work.training:
        return engine.program(net).run(images)[0]
    trainer = engine.trainer(net, CrossEntropy(), SGD(RATE, momentum=MOMENTUM), seed=0)
    labels, samples = work.labels(net), np.arange(work.batch)
    steps = [trainer.step(images, labels, samples, rate=RATE) for _ in range(CHECKED_STEPS)]
    return np.array([step.losses.mean(dtype=np.float64) for step in steps])


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
