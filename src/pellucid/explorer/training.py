"""A training that goes on in a thread while the page looks on: begun, held, continued, ended."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..engines import Engine
from ..errors import PellucidError
from ..network import Network
from ..train import SGD, Adam, AdamW, Constant, Cosine, Dataset, Epoch, Optimizer, Schedule, Status, fit

POINTS = 10  # of an epoch's curve, beside its end

OPTIMIZERS: Mapping[str, Callable[[float], Optimizer]] = {
    "SGD": lambda rate: SGD(rate),
    "SGD with momentum": lambda rate: SGD(rate, momentum=0.9, weight_decay=5e-4),
    "Adam": lambda rate: Adam(rate),
    "AdamW": lambda rate: AdamW(rate),
}
SCHEDULES: Mapping[str, Callable[[], Schedule]] = {
    "constant": Constant,
    "cosine": lambda: Cosine(warmup=0.1),
}


@dataclass(frozen=True)
class Settings:
    """How to train.

    Args:
        epochs: passes over the training data.
        batch_size: samples a step.
        rate: the learning rate.
        optimizer: a name of `OPTIMIZERS`.
        schedule: a name of `SCHEDULES`.
        seed: decides the order of the samples and what dropout drops.
        anew: begin with first values instead of the weights that are there.
        pace: seconds to wait after each epoch, for a person to watch.
    """

    epochs: int = 20
    batch_size: int = 32
    rate: float = 0.1
    optimizer: str = "SGD with momentum"
    schedule: str = "cosine"
    seed: int = 0
    anew: bool = False
    pace: float = 0.0


class Training:
    """One training of a network of its own, by the same loop as everywhere.

    Args:
        number: which training of its studio it is.
        net: the network, which nothing else uses.
        data: (train, test).
        settings: how to train.
        engine: what trains.
        publish: called after each epoch with this training and its network, to take a copy.

    Raises:
        ParameterError: settings that cannot be.
    """

    def __init__(
        self,
        number: int,
        net: Network,
        data: tuple[Dataset, Dataset],
        settings: Settings,
        engine: Engine,
        publish: Callable[[Training, Network], None],
    ) -> None:
        self.number = number
        self.settings = settings
        self.points: list[dict[str, Any]] = []  # of the curves; only ever appended to
        self.problem: PellucidError | None = None
        self.finished = False
        self.shown = False  # one of its moments is a version
        self.ended = False
        self._net, self._data, self._engine, self._publish = net, data, engine, publish
        self._optimizer = OPTIMIZERS[settings.optimizer](settings.rate)
        self._held = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"training-{number}")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hold(self) -> None:
        """Stop before the next step, to be continued."""
        with self._turn:
            self._held = True
            self._turn.notify_all()

    def go_on(self) -> None:
        """Continue after a hold."""
        with self._turn:
            self._held = False
            self._turn.notify_all()

    def end(self) -> None:
        """Stop before the next step, for good; what comes after is not shown."""
        with self._turn:
            self.ended = True
            self._turn.notify_all()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is over."""
        self._thread.join(timeout)

    @property
    def state(self) -> str:
        """Where it is: "running", "stopped", "finished", "ended" or "failed"."""
        if self.problem is not None:
            return "failed"
        if self.finished:
            return "finished"
        if self.ended:
            return "ended"
        return "stopped" if self._held else "running"

    def _work(self) -> None:
        train, test = self._data
        settings = self.settings
        try:
            history = fit(
                self._net,
                train,
                test=test,
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                optimizer=self._optimizer,
                schedule=SCHEDULES[settings.schedule](),
                seed=settings.seed,
                engine=self._engine,
                on_step=self._step,
                on_epoch=self._epoch,
            )
            self.finished = not history.stopped
        except PellucidError as error:
            self.problem = error

    def _step(self, status: Status) -> None:
        every = max(1, status.steps // POINTS)
        if status.step % every == 0 and status.step < status.steps:
            place = status.epoch - 1 + status.step / status.steps
            self.points.append({"at": place, "loss": _finite(status.loss), "accuracy": _finite(status.accuracy)})
        self._pass()

    def _epoch(self, epoch: Epoch) -> None:
        self.points.append(
            {
                "at": float(epoch.number),
                "loss": _finite(epoch.loss),
                "accuracy": _finite(epoch.accuracy),
                "test_loss": _finite(epoch.test_loss),
                "test_accuracy": _finite(epoch.test_accuracy),
            }
        )
        self._publish(self, self._net)
        if epoch.number < self.settings.epochs:
            with self._turn:
                self._turn.wait_for(lambda: self.ended, self.settings.pace)
        self._pass()

    def _pass(self) -> None:
        """Wait while the training is held; leave the loop, as Ctrl-C does, when it is ended."""
        with self._turn:
            self._turn.wait_for(lambda: self.ended or not self._held)
            if self.ended:
                raise KeyboardInterrupt


def _finite(value: float | None) -> float | None:
    """Return a number that JSON can hold; NaN, where targets are no classes, is none."""
    return None if value is None or not math.isfinite(value) else value
