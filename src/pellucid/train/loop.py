"""The training loop: shuffle, step by step through the batches, test, remember the best, write it down."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import Engine, Program, Trainer, get
from ..errors import ParameterError, TrainingError
from ..network import Network
from ..random import checked_seed, permutation
from .checkpoints import Checkpoints, Snapshot
from .checks import made, whole
from .dataset import Dataset
from .evaluation import judge
from .history import Epoch, History, Status, best_of
from .losses import Loss, default_loss
from .optimizers import SGD, Optimizer
from .progress import Bars
from .samples import Samples, as_samples
from .schedules import Constant, Schedule

Arrays = dict[str, NDArray[Any]]


def fit(
    net: Network,
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
    on_epoch: Callable[[Epoch], None] | None = None,
    on_step: Callable[[Status], None] | None = None,
) -> History:
    """Train a network on images and labels, in place.

    The same network, data and arguments give the same bits, whatever the number of threads; and so does a training that
    was killed and went on from its checkpoint. On Ctrl-C the network keeps the weights of the best epoch so far, or in
    the first epoch those that it has.

    Args:
        net: the network. If it has no class names, it takes those of the data.
        train: a Dataset, or (images (N, C, H, W), labels (N,)).
        test: the same, to be evaluated after each epoch.
        epochs: passes over the training data.
        batch_size: samples a step; the last batch of an epoch may be smaller.
        optimizer: how weights move; None is SGD(0.05, momentum=0.9).
        loss: what is made small; None is the cross-entropy of the network's outputs.
        schedule: the learning rate over the steps; None is constant.
        seed: decides the order of the samples and what dropout drops.
        progress: draw a bar with loss and accuracy in the terminal.
        engine: what trains the network; None is the default engine.
        checkpoints: a file, or Checkpoints, to write the training down and go on from there.
        channels_last: images are (N, H, W, C); those of a Dataset never are.
        on_epoch: called after each epoch, when the network has its weights. It may stop the training by raising
            KeyboardInterrupt.
        on_step: called after each step; may stop the training too.

    Returns:
        What each epoch gave.

    Raises:
        DataError, ShapeError, ParameterError: data or settings that do not fit.
        TrainingError: the loss is not finite any more (the network has its last good weights), or a checkpoint cannot
            be written.
        ModelFileError: the checkpoint to go on from is damaged.

    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 1, 2), [Flatten(), Linear(2)])
    >>> images, labels = np.eye(2, dtype=np.float32).reshape(2, 1, 1, 2), [0, 1]
    >>> fit(net, (images, labels), epochs=50, optimizer=SGD(1.0)).epochs[-1].accuracy
    1.0
    """
    loss = default_loss(net) if loss is None else made("fit", "loss", loss, Loss, "CrossEntropy()")
    samples = as_samples("training data", net, train, loss, channels_last=channels_last)
    tested = None if test is None else as_samples("test data", net, test, loss, channels_last=channels_last)
    training = _Training(
        net,
        samples,
        tested,
        loss=loss,
        engine=get(engine),
        epochs=whole("fit", "epochs", epochs),
        batch_size=whole("fit", "batch_size", batch_size),
        optimizer=made("fit", "optimizer", optimizer or SGD(0.05, momentum=0.9), Optimizer, "SGD(0.05)"),
        schedule=made("fit", "schedule", schedule or Constant(), Schedule, "Cosine()"),
        seed=checked_seed(seed),
    )
    if checkpoints is not None and not isinstance(checkpoints, Checkpoints):
        checkpoints = Checkpoints(checkpoints)
    if isinstance(train, Dataset) and net.classes is None and net.outputs[0].shape == (len(train.classes),):
        net.classes = train.classes
    with Bars(progress) as bars:
        steps = [bars.step, *([on_step] if on_step else [])]
        ends = [bars.epoch, *([on_epoch] if on_epoch else [])]
        return training.run(checkpoints, steps, ends)


class _Training:
    """One training: its settings, and how far it is."""

    def __init__(
        self,
        net: Network,
        samples: Samples,
        tested: Samples | None,
        *,
        loss: Loss,
        engine: Engine,
        epochs: int,
        batch_size: int,
        optimizer: Optimizer,
        schedule: Schedule,
        seed: int,
    ) -> None:
        self.net, self.samples, self.tested = net, samples, tested
        self.loss, self.engine, self.optimizer, self.schedule = loss, engine, optimizer, schedule
        self.epochs, self.batch_size, self.seed = epochs, batch_size, seed
        self.steps = -(-len(samples) // batch_size)  # of an epoch
        self.done: tuple[Epoch, ...] = ()
        self.last: Arrays = net.weights.copy()  # of the last complete epoch, at first those before training
        self.best: Arrays = {}  # of the best epoch

    def run(
        self,
        checkpoints: Checkpoints | None,
        on_step: list[Callable[[Status], None]],
        on_epoch: list[Callable[[Epoch], None]],
    ) -> History:
        """Train to the end, or to the interruption."""
        settings = self._settings() if checkpoints else {}
        snapshot = checkpoints.start(settings) if checkpoints else None
        if snapshot:
            self._take(snapshot)
        trainer = self.engine.trainer(self.net, self.loss, self.optimizer, seed=self.seed)
        if snapshot:
            trainer.restore(snapshot.state)
        program = self.engine.program(self.net)
        try:
            if len(self.done) > self.epochs:
                raise ParameterError(
                    "fit",
                    got=f"epochs={self.epochs}, where {len(self.done)} are already made",
                    expected=f"{len(self.done)} or more, to go on",
                    fix="ask for more epochs, or begin anew at another path",
                )
            for number in range(len(self.done) + 1, self.epochs + 1):
                epoch = self._epoch(number, trainer, program, on_step)
                self._keep(epoch)
                if checkpoints and checkpoints.due(number, self.epochs):
                    best = {} if self.best is self.last else self.best
                    checkpoints.write(Snapshot(settings, self.done, self.last, best, trainer.state()))
                for call in on_epoch:
                    call(epoch)
        except KeyboardInterrupt:
            trainer.sync()
            if self.best:
                self._put(self.best)
            return History(self.done, True, best_of(self.done))
        except TrainingError:
            raise  # the network has its last good weights
        except BaseException:
            trainer.sync()
            raise
        return History(self.done, False, best_of(self.done))

    def _epoch(self, number: int, trainer: Trainer, program: Program, on_step: list[Callable[[Status], None]]) -> Epoch:
        """Make the steps of one epoch, and test."""
        began = time.perf_counter()
        order = permutation(self.seed, number, len(self.samples))
        seen, lost, right, rate = 0, 0.0, 0, 0.0
        for step in range(self.steps):
            chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
            inputs, targets = self.samples.batch(chosen)
            place = (number - 1) * self.steps + step
            rate = self.optimizer.rate * self.schedule.factor(place, self.epochs * self.steps)
            with np.errstate(over="ignore", invalid="ignore"):  # told below, in words
                result = trainer.step(inputs, targets, chosen, rate=rate)
            if not np.isfinite(result.losses).all():
                raise self._failed(f"a loss that is not finite in epoch {number}, step {step + 1} of {self.steps}")
            seen += len(chosen)
            lost += float(result.losses.sum(dtype=np.float64))
            if self.samples.labels is not None:
                right += int((result.outputs.argmax(axis=1) == targets).sum())
            status = Status(number, self.epochs, step + 1, self.steps, lost / seen, self._share(right, seen))
            for call in on_step:
                call(status)
        trainer.sync()
        for name, weight in self.net.weights.items():
            if not np.isfinite(weight).all():
                raise self._failed(f"a weight {name!r} that is not finite after epoch {number}")
        found = None if self.tested is None else judge(self.net, program, self.tested, self.loss, 4 * self.batch_size)
        if found is not None and not math.isfinite(found.loss):
            raise self._failed(f"a test loss that is not finite after epoch {number}")
        return Epoch(
            number=number,
            loss=lost / seen,
            accuracy=self._share(right, seen),
            test_loss=None if found is None else found.loss,
            test_accuracy=None if found is None else found.accuracy,
            seconds=time.perf_counter() - began,
            rate=rate,
        )

    def _share(self, right: int, seen: int) -> float:
        """Return the accuracy; NaN where targets are not classes."""
        return math.nan if self.samples.labels is None else right / seen

    def _keep(self, epoch: Epoch) -> None:
        """Remember an epoch and its weights."""
        done, last = (*self.done, epoch), self.net.weights.copy()
        best = last if best_of(done) == epoch.number else self.best
        self.done, self.last, self.best = done, last, best  # at once: an interruption sees all of it or nothing

    def _put(self, weights: Arrays) -> None:
        for name, weight in weights.items():
            self.net.weights[name] = weight

    def _take(self, snapshot: Snapshot) -> None:
        """Go back to where a checkpoint was written."""
        self.done, self.last, self.best = snapshot.epochs, snapshot.weights, snapshot.best or snapshot.weights
        self._put(self.last)

    def _settings(self) -> dict[str, str]:
        """Return what a training must share with its checkpoint to go on with the same bits."""
        layers = [(node.name, repr(node.layer), [n.name for n in node.inputs]) for node in self.net.nodes]
        settings = {
            "seed": str(self.seed),
            "batch_size": str(self.batch_size),
            "optimizer": repr(self.optimizer),
            "schedule": repr(self.schedule),
            "loss": repr(self.loss),
            "engine": self.engine.name,
            "samples": str(len(self.samples)),
            "data": self.samples.digest(),
            "test data": "none" if self.tested is None else self.tested.digest(),
            "layers": hashlib.sha256(repr(layers).encode()).hexdigest(),
        }
        if not isinstance(self.schedule, Constant):  # the rate at a step depends on how many there are
            settings["epochs"] = str(self.epochs)
        return settings

    def _failed(self, what: str) -> TrainingError:
        """Put the last good weights back, and return the error."""
        self._put(self.last)
        after = f"epoch {self.done[-1].number}" if self.done else "before the training"
        return TrainingError(
            f"training of {self.net.name!r}",
            got=what,
            expected="finite numbers",
            fix=f"use a smaller learning rate than {self.optimizer.rate:g}, such as {self.optimizer.rate / 10:g}; "
            f"the network has its weights of {after}",
        )
