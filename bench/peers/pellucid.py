"""Ourselves, through the same doors as any user."""

from __future__ import annotations

import numpy as np

from pellucid import engines
from pellucid.train import SGD, CrossEntropy

from ..ready import Ready
from ..works import MOMENTUM, RATE, Work

ENGINE = "native" if "native" in engines.ENGINES else "reference"


class Pellucid:
    """Pellucid's engine."""

    def __init__(self, threads: int) -> None:
        self._engine = engines.get(ENGINE)

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return the engine's name: there is nothing to set."""
        return (ENGINE,)

    def make(self, work: Work, setting: str) -> Ready:
        """Make a program or a trainer."""
        net = work.network()
        images = (work.images(net),)
        if work.training:
            labels, samples = work.labels(net), np.arange(work.batch)
            trainer = self._engine.trainer(net, CrossEntropy(), SGD(RATE, momentum=MOMENTUM), seed=0)
            return Ready(
                lambda: trainer.step(images, labels, samples, rate=RATE),
                lambda: Ready.training(
                    lambda: trainer.step(images, labels, samples, rate=RATE).losses.mean(dtype=np.float64)
                ).result(),
            )
        program = self._engine.program(net)
        return Ready(lambda: program.run(images), lambda: program.run(images)[0])


PEER = Pellucid
