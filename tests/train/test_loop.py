"""The training loop: what it does to the network, in which order, and how it ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pellucid import Network
from pellucid.engines import Program, Step, Trainer
from pellucid.engines.base import LossRule, OptimizerRule, Samples
from pellucid.engines.reference import ReferenceEngine, ReferenceTrainer
from pellucid.errors import DataError, ParameterError
from pellucid.layers import Conv2d, Flatten, Linear, ReLU, Softmax
from pellucid.random import permutation
from pellucid.train import (
    SGD,
    Adam,
    Constant,
    Cosine,
    Dataset,
    MeanSquaredError,
    Status,
    evaluate,
    fit,
)

from .conftest import bits, small_network, stripes


class Watched(ReferenceEngine):
    """The reference engine, which writes down every step that it is asked for."""

    def __init__(self) -> None:
        self.samples: list[list[int]] = []
        self.rates: list[float] = []
        self.steps: list[Step] = []

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Return a trainer that tells its steps."""
        watched = self

        class Watching(ReferenceTrainer):
            def step(
                self, inputs: tuple[NDArray[np.float32], ...], targets: NDArray[Any], samples: Samples, *, rate: float
            ) -> Step:
                step = super().step(inputs, targets, samples, rate=rate)
                watched.samples.append(samples.tolist())
                watched.rates.append(rate)
                watched.steps.append(step)
                return step

        return Watching(net, loss, optimizer, seed)


def test_learns(net: Network, data: Dataset) -> None:
    """Training makes the loss small, on training and test data; its history has a record an epoch."""
    before = evaluate(net, data).loss
    history = fit(net, data, test=stripes(seed=1), epochs=10, batch_size=7, optimizer=SGD(0.1, momentum=0.9))
    assert [epoch.number for epoch in history.epochs] == list(range(1, 11))
    assert evaluate(net, data).loss < before / 5
    assert history.epochs[-1].test_accuracy == 1.0
    assert not history.stopped
    assert all(epoch.seconds > 0 for epoch in history.epochs)


def test_the_door_leads_here(data: Dataset) -> None:
    """Network.fit passes everything on."""
    nets = small_network(), small_network()
    ours = nets[0].fit(data, epochs=2, batch_size=9, optimizer=Adam(), schedule=Cosine(), seed=3, engine="reference")
    theirs = fit(nets[1], data, epochs=2, batch_size=9, optimizer=Adam(), schedule=Cosine(), seed=3, engine="reference")
    assert bits(nets[0]) == bits(nets[1])
    assert [epoch.loss for epoch in ours.epochs] == [epoch.loss for epoch in theirs.epochs]


def test_same_seed_same_bits(data: Dataset) -> None:
    """Two trainings with one seed give the same weights and the same records; another seed gives others."""
    nets = [small_network() for _ in range(3)]
    histories = [fit(net, data, epochs=3, batch_size=8, seed=seed) for net, seed in zip(nets, (5, 5, 6), strict=True)]
    assert bits(nets[0]) == bits(nets[1]) != bits(nets[2])
    records = [[(epoch.loss, epoch.accuracy, epoch.rate) for epoch in history.epochs] for history in histories]
    assert records[0] == records[1] != records[2]


def test_watching_changes_nothing(data: Dataset) -> None:
    """Test data, callbacks and progress look on: the weights are the same bits."""
    plain, watched = small_network(), small_network()
    fit(plain, data, epochs=2, batch_size=8)
    seen: list[Any] = []
    fit(watched, data, test=data, epochs=2, batch_size=8, progress=True, on_epoch=seen.append, on_step=seen.append)
    assert bits(plain) == bits(watched)
    assert len(seen) == 2 + 2 * 5


def test_order_of_the_samples(net: Network, data: Dataset) -> None:
    """Each epoch visits all samples in the order of its own permutation; the last batch is what is left."""
    engine = Watched()
    fit(net, data, epochs=2, batch_size=8, seed=7, engine=engine)
    for epoch in (1, 2):
        steps = engine.samples[5 * (epoch - 1) : 5 * epoch]
        assert [len(step) for step in steps] == [8, 8, 8, 8, 3]
        assert [sample for step in steps for sample in step] == permutation(7, epoch, 35).tolist()


def test_one_large_batch(net: Network, data: Dataset) -> None:
    """A batch larger than the data is all of the data."""
    engine = Watched()
    fit(net, data, epochs=1, batch_size=1000, engine=engine)
    assert [sorted(step) for step in engine.samples] == [list(range(35))]


def test_dropout_belongs_to_samples() -> None:
    """Another order within a batch drops the same numbers of each sample: losses move with their samples."""
    net = Network((1, 6, 6), [layer for name, layer in small_network().layers.items() if name != "norm1"])
    data, order = stripes(), permutation(1, 1, 35)
    steps: list[Step] = []
    for chosen in (np.arange(35), order):
        net.weights.update(Network((1, 6, 6), list(net.layers.values())).weights)
        trainer = ReferenceEngine().trainer(net, MeanSquaredError(), SGD(0.1), seed=3)
        steps.append(trainer.step((data.images[chosen],), data.labels[chosen], chosen, rate=0.1))
    np.testing.assert_allclose(steps[0].losses[order], steps[1].losses, rtol=1e-5)
    assert len(set(steps[0].losses.tolist())) > 30


def test_rates_follow_the_schedule(net: Network, data: Dataset) -> None:
    """Each step takes its share of the optimizer's rate; an epoch records its last."""
    engine, schedule = Watched(), Cosine(warmup=0.3)
    history = fit(
        net, data, epochs=2, batch_size=8, optimizer=SGD(0.2), schedule=schedule, engine=engine, loss=MeanSquaredError()
    )
    assert engine.rates == [0.2 * schedule.factor(step, 10) for step in range(10)]
    assert [epoch.rate for epoch in history.epochs] == [engine.rates[4], engine.rates[9]]


def test_training_records_are_those_of_the_steps(net: Network, data: Dataset) -> None:
    """Loss and accuracy of an epoch are means over its samples, as each step found them; so is what a step tells."""
    engine, told = Watched(), list[Status]()
    (epoch,) = fit(net, data, epochs=1, batch_size=8, engine=engine, on_step=told.append).epochs
    losses = np.concatenate([step.losses for step in engine.steps]).astype(np.float64)
    right = [
        (step.outputs.argmax(axis=1) == data.labels[chosen]).sum()
        for step, chosen in zip(engine.steps, engine.samples, strict=True)
    ]
    assert epoch.loss == pytest.approx(losses.mean(), rel=1e-12)
    assert epoch.accuracy == sum(right) / 35
    assert [(status.epoch, status.epochs, status.step, status.steps) for status in told] == [
        (1, 1, step, 5) for step in (1, 2, 3, 4, 5)
    ]
    assert told[1].loss == pytest.approx(losses[:16].mean(), rel=1e-12)
    assert (told[-1].loss, told[-1].accuracy) == (epoch.loss, epoch.accuracy)


def test_test_records_are_evaluations(net: Network, data: Dataset) -> None:
    """Loss and accuracy on test data are those of evaluate with the weights of that moment, dropout silent."""
    test, found = stripes(seed=9), list[Any]()
    history = fit(
        net,
        data,
        test=test,
        epochs=3,
        batch_size=8,
        on_epoch=lambda epoch: found.append(evaluate(net, test, batch_size=32)),
    )
    assert [(each.loss, each.accuracy) for each in found] == [
        (epoch.test_loss, epoch.test_accuracy) for epoch in history.epochs
    ]


def test_without_test_data(net: Network, data: Dataset) -> None:
    """Without test data there are no test records, and the best epoch is the one of least training loss."""
    history = fit(net, data, epochs=4, batch_size=8)
    assert {epoch.test_loss for epoch in history.epochs} == {epoch.test_accuracy for epoch in history.epochs} == {None}
    assert history.best == min(history.epochs, key=lambda epoch: epoch.loss).number


def test_classes_are_the_datas(data: Dataset) -> None:
    """A network without class names takes those of its data, unless the training is refused; numbers are no names."""
    net, named = small_network(), Network((1, 6, 6), [Flatten(), Linear(3)], classes=("a", "b", "c"))
    with pytest.raises(ParameterError):
        fit(net, data, epochs=0)
    assert net.classes is None
    fit(net, data, epochs=1)
    assert net.classes == ("rows", "columns", "noise")
    fit(named, (data.images, data.labels), epochs=1)
    fit(named, Dataset(data.images, data.labels, ("0", "1", "2")), epochs=1)
    assert named.classes == ("a", "b", "c")


def test_classes_in_another_order_are_refused(data: Dataset) -> None:
    """Data whose classes are named in another order would be learned, and judged, under wrong names."""
    net = Network((1, 6, 6), [Flatten(), Linear(3)], classes=("rows", "noise", "columns"))
    for use in (lambda: fit(net, data, epochs=1), lambda: net.evaluate(data)):
        with pytest.raises(DataError) as refused:
            use()
        assert str(refused.value).split("\n", 1)[1] == (
            "  got       class 1 is 'columns'\n  expected  'noise', as the network's classes have it\n"
            "  fix       order the data's classes as the network's, or set net.classes = None to go by numbers"
        )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"optimizer": "adam"}, "got       optimizer='adam'\n  expected  an optimizer that is made, such as SGD(0.05)"),
        ({"optimizer": SGD}, "fix       write optimizer=SGD(0.05)"),
        ({"loss": "mse"}, "got       loss='mse'"),
        ({"schedule": 0.1}, "got       schedule=0.1"),
    ],
)
def test_settings_are_made_not_named(data: Dataset, settings: dict[str, Any], text: str) -> None:
    """A name or a class where a setting is meant is refused with the way to make one."""
    with pytest.raises(ParameterError) as refused:
        fit(small_network(), data, epochs=1, **settings)
    assert text in str(refused.value)


def test_images_may_have_their_channels_last(data: Dataset) -> None:
    """Images (N, H, W, C) train and judge to the same bits as (N, C, H, W)."""
    first, last = small_network(), small_network()
    moved = np.moveaxis(data.images, 1, -1)
    a = fit(first, (data.images, data.labels), test=(data.images, data.labels), epochs=2)
    b = fit(last, (moved, data.labels), test=(moved, data.labels), epochs=2, channels_last=True)
    assert [epoch.test_loss for epoch in a.epochs] == [epoch.test_loss for epoch in b.epochs]
    assert last.evaluate((moved, data.labels), channels_last=True).loss == a.epochs[-1].test_loss


def test_a_network_that_ends_in_softmax(data: Dataset) -> None:
    """The loss of a network that ends in Softmax is taken of its probabilities, and trains it."""
    layers = [Flatten(), Linear(16), ReLU(), Linear(3)]
    plain, ending = (Network((1, 6, 6), [*layers, *end], seed=1) for end in ([], [Softmax()]))
    losses = [
        [epoch.loss for epoch in fit(net, data, epochs=4, batch_size=8, optimizer=SGD(0.5)).epochs]
        for net in (plain, ending)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0] / 2


def test_targets_that_are_no_classes() -> None:
    """A network learns values by squared error; without classes there is no accuracy."""
    rng = np.random.default_rng(0)
    images = rng.random((64, 1, 4, 4), np.float32)
    net = Network((1, 4, 4), [Conv2d(1, 3, padding=1)])
    history = fit(
        net, (images, 2 * images), test=(images, 2 * images), epochs=30, loss=MeanSquaredError(), optimizer=SGD(0.3)
    )
    assert history.epochs[-1].loss < 0.05 * history.epochs[0].loss
    assert math.isnan(history.epochs[-1].accuracy)
    assert history.best == 30


def test_pairs_of_arrays(net: Network, data: Dataset) -> None:
    """(images, labels) train as the data set of them does, whatever their dtype."""
    other = small_network()
    fit(net, data, epochs=1)
    fit(other, (data.images.astype(np.float64), data.labels.astype(np.uint8)), epochs=1)
    assert bits(net) == bits(other)


def test_programs_are_made_once() -> None:
    """Testing after each epoch runs one program, which an engine may have compiled."""
    made: list[Network] = []

    class Counting(ReferenceEngine):
        def program(self, net: Network) -> Program:
            made.append(net)
            return super().program(net)

    fit(small_network(), stripes(), test=stripes(), epochs=3, engine=Counting(), schedule=Constant())
    assert len(made) == 1
