"""Versions, undo, and trainings beside what is looked at."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from pellucid import Network
from pellucid.engines import get
from pellucid.errors import DataError, ParameterError, ShapeError
from pellucid.explorer import training as trainings
from pellucid.explorer import versions
from pellucid.explorer.editing import Add, Change, Remove
from pellucid.explorer.judging import judged
from pellucid.explorer.samples import Samples
from pellucid.explorer.session import Session
from pellucid.explorer.studio import Studio
from pellucid.explorer.training import OPTIMIZERS, SCHEDULES, Settings
from pellucid.layers import Flatten, Linear, ReLU
from pellucid.train import Dataset, data
from pellucid.train.digits import digits_network

ENGINE = get("reference")


def pets(count: int = 24) -> tuple[Dataset, Dataset]:
    """Images of two classes that are easily told apart: dark ones and bright ones."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = (random.random((count, 1, 4, 4)) + labels[:, None, None, None]) / 2
    return (Dataset(images, labels, ("dark", "bright"), "pets"), Dataset(images[:9], labels[:9], ("dark", "bright")))


def small() -> Network:
    """A network for them."""
    return Network((1, 4, 4), [Flatten(), Linear(8), ReLU(), Linear(2)], classes=("dark", "bright"))


def weights(net: Network) -> dict[str, bytes]:
    """All bits of a network's weights."""
    return {name: net.weights[name].tobytes() for name in net.weights}


def trained(studio: Studio, settings: Settings) -> Network:
    """The network after a training to its end."""
    training = studio.train(settings)
    training.join(60)
    assert training.state == "finished", training.problem
    return studio.version.net


# Versions


def test_undo_restores_every_bit() -> None:
    """Undo brings back layers and weights, bit for bit; redo brings back what was undone."""
    studio = Studio(digits_network(), None, ENGINE)
    seen = [(studio.version.number, dict(studio.version.net.layers), weights(studio.version.net))]
    for edit in (Change("conv1", {"out_channels": 4}), Add("relu1", "BatchNorm2d"), Remove("pool2")):
        studio.edit(edit)
        seen.append((studio.version.number, dict(studio.version.net.layers), weights(studio.version.net)))
    assert [number for number, _, _ in seen] == [1, 2, 3, 4]
    for before in reversed(seen[:-1]):
        version = studio.undo()
        assert (version.number, dict(version.net.layers), weights(version.net)) == before
    for after in seen[1:]:
        version = studio.redo()
        assert (version.number, dict(version.net.layers), weights(version.net)) == after
    with pytest.raises(ParameterError, match="something to redo"):
        studio.redo()


def test_an_edit_after_undo_takes_the_place_of_what_was_ahead() -> None:
    """What was undone is gone once something else is done, and its number is not given again."""
    studio = Studio(digits_network(), None, ENGINE)
    studio.edit(Remove("relu1"))
    studio.undo()
    studio.edit(Remove("relu2"))
    assert studio.version.number == 3
    assert (studio.undone, studio.redone) == ("remove relu2", None)
    studio.undo()
    assert studio.redone == "remove relu2"
    with pytest.raises(ParameterError, match="something to undo"):
        studio.undo()


def test_a_refused_edit_leaves_everything() -> None:
    """An edit that cannot be makes no version."""
    studio = Studio(digits_network(), None, ENGINE)
    with pytest.raises(ParameterError):
        studio.edit(Change("conv1", {"kernel_size": 99}))
    assert (studio.version.number, studio.undone) == (1, None)


def test_old_versions_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many versions are kept, and no more; the newest is always shown, with one to go back to."""
    monkeypatch.setattr(versions, "MOST", 3)
    studio = Studio(digits_network(), None, ENGINE)
    for channels in range(1, 8):
        studio.edit(Change("conv1", {"out_channels": channels}))
    assert studio.version.number == 8
    studio.undo()
    assert studio.undone is not None
    studio.undo()
    with pytest.raises(ParameterError, match="the first version"):
        studio.undo()
    monkeypatch.setattr(versions, "MOST_BYTES", 1)
    studio.edit(Remove("relu1"))
    studio.edit(Remove("relu2"))
    studio.undo()
    with pytest.raises(ParameterError, match="the first version"):
        studio.undo()


# Training


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_training_is_the_training_of_everywhere(engine: str) -> None:
    """The page's training gives the bits that net.fit gives with its settings, and leaves the old version alone."""
    net, again = small(), small()
    before = weights(net)
    studio = Studio(net, pets(), get(engine))
    settings = Settings(epochs=3, batch_size=5, seed=4)
    shown = trained(studio, settings)
    train, test = pets()
    again.fit(
        train,
        test=test,
        epochs=3,
        batch_size=5,
        optimizer=OPTIMIZERS[settings.optimizer](settings.rate),
        schedule=SCHEDULES[settings.schedule](),
        seed=4,
        engine=engine,
    )
    assert weights(shown) == weights(again)
    assert weights(net) == before
    assert studio.undo().net is net


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_way_to_train(optimizer: str, schedule: str) -> None:
    """Every optimizer and every schedule that is offered learns."""
    studio = Studio(small(), pets(), ENGINE)
    rate = 0.01 if "Adam" in optimizer else 0.1
    net = trained(studio, Settings(epochs=15, batch_size=4, rate=rate, optimizer=optimizer, schedule=schedule))
    assert net.evaluate(pets()[1], engine=ENGINE).accuracy == 1.0


def test_a_training_is_one_step_to_undo() -> None:
    """However many epochs, undo goes back before the training; each epoch was a version with its own number."""
    studio = Studio(small(), pets(), ENGINE)
    trained(studio, Settings(epochs=4))
    assert studio.version.number == 5
    assert studio.version.structure == 1
    assert studio.undone == "train"
    assert studio.undo().number == 1
    assert studio.redo().number == 5


def test_the_curves() -> None:
    """Points of the curves lie along the epochs; each epoch's end has the test's loss and accuracy."""
    studio = Studio(small(), pets(), ENGINE)
    training = studio.train(Settings(epochs=2, batch_size=4))
    training.join(60)
    places = [point["at"] for point in training.points]
    assert places == sorted(places)
    assert [point["at"] for point in training.points if "test_loss" in point] == [1.0, 2.0]
    assert places[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1.0])
    assert all(0 <= point["accuracy"] <= 1 for point in training.points)


def test_anew_begins_with_first_values() -> None:
    """Training anew is training a network that was made with that seed, whatever the weights are now."""
    studio = Studio(small(), pets(), ENGINE)
    first = trained(studio, Settings(epochs=2, seed=5, anew=True))
    second = trained(studio, Settings(epochs=2, seed=5, anew=True))
    onward = trained(studio, Settings(epochs=2, seed=5))
    assert weights(first) == weights(second)
    assert weights(onward) != weights(second)


class Gate:
    """Lets a training take one step at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = threading.Semaphore(0)
        self.waiting = threading.Semaphore(0)
        step = trainings.Training._step

        def slow(training: Any, status: Any) -> None:
            self.waiting.release()
            self.steps.acquire()
            step(training, status)

        monkeypatch.setattr(trainings.Training, "_step", slow)

    def open(self) -> None:
        """Let all steps go."""
        self.steps.release(10_000)


def test_stop_holds_and_continue_goes_on_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that was held and continued gives the bits of one that was not."""
    whole = trained(Studio(small(), pets(), ENGINE), Settings(epochs=3, batch_size=4))
    gate = Gate(monkeypatch)
    studio = Studio(small(), pets(), ENGINE)
    training = studio.train(Settings(epochs=3, batch_size=4))
    gate.waiting.acquire()  # it is within its first step
    studio.stop()
    gate.open()
    training.join(0.05)
    assert training.state == "stopped"
    assert (training.points, studio.version.number) == (training.points[:1], 1)
    studio.go_on()
    training.join(60)
    assert training.state == "finished"
    assert weights(studio.version.net) == weights(whole)


@pytest.mark.parametrize("deed", ["edit", "undo", "redo", "train"])
def test_what_is_done_meanwhile_ends_the_training(deed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit, a step back or forth, or another training ends the one that goes on, and it changes nothing any more."""
    studio = Studio(small(), pets(), ENGINE)
    studio.edit(Remove("relu1"))
    studio.edit(Add("linear1", "Tanh"))
    studio.undo()
    gate = Gate(monkeypatch)
    training = studio.train(Settings(epochs=1))
    gate.waiting.acquire()
    deeds = {
        "edit": lambda: studio.edit(Change("linear1", {"out_features": 5})),
        "undo": studio.undo,
        "redo": studio.redo,
        "train": lambda: studio.train(Settings(epochs=1, seed=1)),
    }
    deeds[deed]()
    number = studio.version.number
    gate.open()
    training.join(60)
    assert training.state == "ended"
    if deed == "train":
        assert studio.training not in (None, training)
    else:
        assert studio.version.number == number


def test_a_held_training_can_be_ended() -> None:
    """A training that is held does not wait for ever: what is done meanwhile lets it go."""
    studio = Studio(small(), pets(), ENGINE)
    training = studio.train(Settings(epochs=1000, pace=0.01))
    studio.stop()
    studio.edit(Remove("relu1"))
    training.join(60)
    assert training.state == "ended"


def test_without_data_there_is_no_training() -> None:
    """Without data an error says how to give some; stop and continue are of no effect."""
    studio = Studio(small(), None, ENGINE)
    studio.stop()
    studio.go_on()
    with pytest.raises(DataError, match="--data DATA"):
        studio.train(Settings())
    with pytest.raises(DataError, match="--data DATA"):
        judged(studio.version, None, ENGINE)


def test_a_training_that_fails_says_why() -> None:
    """Data that do not fit what the network became, or a rate that is too large, are told; the version stays."""
    studio = Studio(Network((1, 4, 4), [Flatten(), Linear(1)]), pets(), ENGINE)
    training = studio.train(Settings())
    training.join(60)
    assert training.state == "failed"
    assert training.problem is not None
    assert studio.version.number == 1
    with pytest.raises(ParameterError, match="rate"):
        studio.train(Settings(rate=0.0))


def test_digits_learn_again_after_an_edit() -> None:
    """The digits network, changed and trained once more, is right again in more than 95 of 100 cases."""
    studio = Studio(digits_network(), data.load("digits"), get(None))
    studio.edit(Change("conv1", {"kernel_size": 5, "out_channels": 8}))
    assert studio.version.net.evaluate(data.load("digits")[1]).accuracy < 0.5
    net = trained(studio, Settings())
    assert net.evaluate(data.load("digits")[1]).accuracy > 0.95


# Judging


def test_judging_counts_right() -> None:
    """The confusion matrix counts every test image once, and the mistakes are the surest ones first."""
    studio = Studio(small(), pets(), ENGINE)
    found = judged(studio.version, studio.data[1] if studio.data else None, ENGINE)
    ours = small().evaluate(pets()[1], engine=ENGINE)
    assert found["confusion"] == ours.confusion.tolist()
    assert (found["of"], found["in_all"], found["accuracy"]) == (9, 9, ours.accuracy)
    wrong = [number for number in range(9) if ours.predicted[number] != pets()[1].labels[number]]
    assert sorted(mistake["number"] for mistake in found["mistakes"]) == wrong
    sure = [mistake["sure"] for mistake in found["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    for mistake in found["mistakes"]:
        assert mistake["label"] == pets()[1].labels[mistake["number"]] != mistake["predicted"]


def test_of_many_images_some_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large test set is judged by images spread over all of it, and their numbers are those of the whole set."""
    monkeypatch.setattr("pellucid.explorer.judging.MOST", 5)
    studio = Studio(small(), pets(), ENGINE)
    found = judged(studio.version, studio.data[1] if studio.data else None, ENGINE)
    assert (found["of"], found["in_all"]) == (5, 9)
    assert {mistake["number"] for mistake in found["mistakes"]} <= {0, 2, 4, 6, 8}


# The session


def test_samples_are_those_given_and_then_the_test_images() -> None:
    """A given image comes first, with no class; after it come the test images with theirs."""
    _, test = pets()
    samples = Samples(small(), np.zeros((1, 4, 4)), None, test)
    assert (len(samples), samples.first_test, samples.label(0)) == (10, 1, None)
    assert samples.label(3) == test.labels[2]
    assert np.array_equal(samples.image(3)[0], test.images[2])
    assert samples.range == (0.0, 1.0)
    with pytest.raises(DataError, match="0 to 9"):
        samples.image(10)


def test_data_that_do_not_fit_are_named() -> None:
    """Data whose images the network cannot read are refused by their name, before anything is shown."""
    with pytest.raises(ShapeError) as caught:
        Session(digits_network(), data=pets())
    assert caught.value.where == "data 'data'"
    assert caught.value.got == "images of shape (1, 4, 4)"
    assert "(1, 8, 8), for input 'input' of 'digits'" in caught.value.expected


def test_runs_belong_to_a_version() -> None:
    """A run goes on telling what it was made of, however the network changes; a new run is of the new version."""
    session = Session(small(), data=pets())
    old = session.run_sample(2)
    drawn = session.run_drawing(np.ones((8, 8), np.float32))
    session.studio.edit(Change("linear1", {"out_features": 5}))
    new = session.run_sample(2)
    assert (old.name, new.name) == ("sample-2", "2-sample-2")
    assert session.run("sample-2") is old
    assert (old.trace["linear1"].shape, new.trace["linear1"].shape) == ((8,), (5,))
    assert old.version.number == 1
    again = session.run_again(drawn.name)
    assert again.name == "2-drawing-2"
    assert np.array_equal(again.trace["input"], drawn.trace["input"])
    assert session.run_again(again.name) is again
    assert session.run_again("sample-2") is new


def test_classes_follow_the_outputs() -> None:
    """Where an edit changes how many outputs there are, they are numbered instead of named."""
    session = Session(Network((1, 4, 4), [Flatten(), Linear(2)]), classes=("a", "b"))
    assert session.classes == ("a", "b")
    session.studio.edit(Change("linear1", {"out_features": 3}))
    assert session.classes == ("0", "1", "2")


def test_runs_of_old_versions_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs of earlier versions hold counts, weights included: beyond the limit the oldest are let go."""
    session = Session(small(), data=pets())
    session.run_sample(0)
    monkeypatch.setattr("pellucid.explorer.session.RUN_BYTES", 3 * session.version.size)
    for outputs in range(3, 7):
        session.studio.edit(Change("linear1", {"out_features": outputs}))
        session.run_sample(0)
    assert 1 < len(session.runs) < 5
    assert session.runs[-1] == "5-sample-0"
