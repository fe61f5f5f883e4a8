"""What excites a channel is what a search through every number finds, whatever the batches."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.engines import ENGINES, Engine, Program, get
from pellucid.errors import DataError, ParameterError, PellucidError, ShapeError, UnknownNameError
from pellucid.explain import Excitation, excitations, facts, summarize
from pellucid.explain.boxes import Boxes
from pellucid.explain.receptive import masks, receptive_field
from pellucid.explain.strongest import Strongest
from pellucid.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Slice,
    Upsample,
)
from pellucid.train import Dataset

MODULE = import_module("pellucid.explain.excitations")  # its function has the same name


def whole_numbers(seed: int = 3) -> Network:
    """A network whose weights are small whole numbers: on images of such numbers every engine is exact."""
    x = Input((3, 7, 11))
    a = Conv2d(5, 3, padding=1)(x, name="a")
    b = MaxPool2d(2)(ReLU()(a, name="relu"), name="pool")
    c = Conv2d(2, (1, 3))(b, name="c")
    net = Network(x, [Linear(4)(Flatten()(c), name="scores"), Upsample(2)(a, name="up")])
    random = np.random.default_rng(seed)
    for name in net.weights:
        net.weights[name] = random.integers(-2, 3, net.weights[name].shape)
    return net


def pictures(count: int, seed: int = 4) -> np.ndarray:
    """Images of whole numbers, some of them the same: there are ties."""
    random = np.random.default_rng(seed)
    few = random.integers(-1, 2, (max(count // 3, 1), 3, 7, 11))
    return few[random.integers(0, len(few), count)].astype(np.float32)


def searched(values: np.ndarray, channel: int, top: int) -> list[tuple[int, tuple[int, ...], float]]:
    """The best images by looking at every number in turn: their number, the first best place, and the value."""
    best: list[tuple[float, int, tuple[int, ...]]] = []
    for image, maps in enumerate(values):
        found: tuple[float, tuple[int, ...]] | None = None
        for place in product(*(range(size) for size in maps.shape[1:])):
            value = float(maps[(channel, *place)])
            if not np.isnan(value) and (found is None or value > found[0]):
                found = value, (channel, *place)
        if found:
            best.append((-found[0], image, found[1]))
    return [(image, place, -value) for value, image, place in sorted(best)[:top]]


def told(found: tuple[Excitation, ...]) -> list[tuple[int, tuple[int, ...], float]]:
    """The same three facts of what was found."""
    return [(each.image, each.place, each.value) for each in found]


@pytest.mark.parametrize("top", [1, 4, 50])
def test_it_finds_what_a_search_through_all_numbers_finds(top: int) -> None:
    """Each channel of each layer, of maps and of vectors, has the images that a plain search finds, ties included."""
    net, images = whole_numbers(), pictures(20)
    found = excitations(net, images, top=top, engine="reference")
    values = get("reference").program(net).trace((images,))
    assert list(found) == list(net.layers)
    for name, layer in found.items():
        assert (layer.layer, layer.shape, layer.source) == (name, net.shapes[name], "input")
        assert len(layer.channels) == layer.shape[0]
        for channel, best in enumerate(layer.channels):
            assert told(best) == searched(values[name], channel, top), f"{name}[{channel}]"
    assert (found.images, found.top, found.engine) == (20, top, "reference")


@pytest.mark.parametrize("engine", [name for name, engine in ENGINES.items() if engine.unavailable() is None])
def test_batches_and_engines_change_nothing(engine: str) -> None:
    """Where numbers are exact, the answer is the same for every engine and every size of batches, ties included."""
    net, images = whole_numbers(), pictures(37)
    expected = facts.excitations(excitations(net, images, top=5, engine="reference"))
    for size in (None, 1, 5, 16, 37, 100):
        found = facts.excitations(excitations(net, images, top=5, engine=engine, batch_size=size))
        assert found["layers"] == expected["layers"]
        assert found["engine"] == engine


class Counting(Program):
    """A program that writes down how many images it is given at once."""

    def __init__(self, program: Program, sizes: list[int]) -> None:
        self._program, self._sizes = program, sizes

    def run(self, inputs: Any) -> Any:
        """Run nothing: only traces are asked for."""
        raise NotImplementedError

    def trace(self, inputs: Any) -> Any:
        """Count and pass on."""
        self._sizes.append(len(inputs[0]))
        return self._program.trace(inputs)


class CountingEngine(Engine):
    """The reference engine, watched."""

    name = "counting"
    about = "the reference engine, watched"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def program(self, net: Network) -> Program:
        """Make a watched program."""
        return Counting(get("reference").program(net), self.sizes)

    def trainer(self, net: Network, loss: Any, optimizer: Any, *, seed: int) -> Any:
        """Train nothing."""
        raise NotImplementedError


def test_images_are_run_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch is larger than it was asked for, or than values for 256 MiB; progress tells of each."""
    net, engine, seen = Network((1, 5, 5), [Conv2d(2, 3)]), CountingEngine(), []
    images = np.zeros((150, 1, 5, 5))
    excitations(net, images, engine=engine, progress=lambda done, of: seen.append((done, of)))
    assert engine.sizes == [64, 64, 22]
    assert seen == [(64, 150), (128, 150), (150, 150)]
    engine.sizes.clear()
    excitations(net, images, engine=engine, batch_size=100)
    assert engine.sizes == [100, 50]
    engine.sizes.clear()
    monkeypatch.setattr(MODULE, "BATCH_BYTES", 20 * 4 * (25 + 18) + 1)
    excitations(net, images[:50], engine=engine)
    assert engine.sizes == [20, 20, 10]
    engine.sizes.clear()
    monkeypatch.setattr(MODULE, "BATCH_BYTES", 1)
    excitations(net, images[:3], engine=engine)
    assert engine.sizes == [1, 1, 1]


def test_what_is_kept_does_not_grow() -> None:
    """Whatever comes, a channel keeps its `top` best and nothing else: three arrays of one size."""
    strongest, random = Strongest((3, 4, 5), top=7), np.random.default_rng(0)
    for count in (1, 40, 200):
        strongest.see(random.standard_normal((count, 3, 4, 5), np.float32))
        arrays = [each for each in vars(strongest).values() if isinstance(each, np.ndarray)]
        assert [each.shape for each in arrays] == [(3, 7)] * 3
        assert all(each.base is None or each.base.size <= 3 * (7 + count) for each in arrays)


def test_arrays_stay_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the images that are run are made float32: whole numbers of a byte may lie on the disk."""
    taken: list[tuple[int, np.dtype[Any]]] = []
    whole = MODULE.as_inputs

    def as_inputs(net: Network, images: Any, *, channels_last: bool) -> Any:
        taken.append((len(images), images.dtype))
        return whole(net, images, channels_last=channels_last)

    monkeypatch.setattr(MODULE, "as_inputs", as_inputs)
    found = excitations(whole_numbers(), pictures(30).astype(np.int8), top=2, batch_size=8)
    assert taken == [(8, np.dtype(np.int8))] * 3 + [(6, np.dtype(np.int8))]
    assert facts.excitations(found) == facts.excitations(excitations(whole_numbers(), pictures(30), top=2))


def test_boxes_are_receptive_fields() -> None:
    """Every box holds all that the number depends on, and is what the layer's field says of its place."""
    net, images = whole_numbers(), pictures(12)
    axes = {layer.name: layer.field for layer in summarize(net).layers}
    exact = 0
    for name, layer in excitations(net, images, top=2).items():
        for one in (one for best in layer.channels for one in best):
            followed = receptive_field(masks(net, name, one.place)["input"])
            assert set(followed.rows) <= set(one.rows) <= set(range(7))
            assert set(followed.columns) <= set(one.columns) <= set(range(11))
            if len(one.place) == 3:
                assert one.rows == axes[name][0].places(one.place[1], 7)
                assert one.columns == axes[name][1].places(one.place[2], 11)
            if one.status != "upper bound":
                exact += 1
                assert (followed.rows, followed.columns) == (one.rows, one.columns)
    assert exact == 2 * (5 + 5 + 5 + 2 + 18 + 4)


def test_boxes_of_vectors_laid_out_from_maps() -> None:
    """Numbers of a vector have the boxes of the numbers on maps that they came from, whatever was done on the way."""
    x = Input((2, 6, 9))
    maps = Conv2d(3, 3, stride=2)(x)
    a = Flatten("HWC")(maps)
    b = ReLU()(Flatten()(AvgPool2d(2, stride=1)(maps)))
    joined = Concat()(Slice(0, 5, 20)(a), b)
    net = Network(x, Add()(joined, joined))
    boxes = Boxes(net)
    for name in (name for name, shape in net.shapes.items() if len(shape) == 1):
        for unit in range(net.shapes[name][0]):
            followed = receptive_field(masks(net, name, (unit,))["input"])
            assert boxes.box(name, (unit,)) == (followed.rows, followed.columns)


def test_boxes_of_vectors_of_several_inputs() -> None:
    """A number that does not depend on the first input, where the others of its vector do, has no box there."""
    a, b = Input((1, 2, 2)), Input((1, 2, 3))
    net = Network([a, b], Concat()(Flatten()(a), Flatten()(b)))
    boxes = Boxes(net)
    assert boxes.box("concat1", (2,)) == (range(1, 2), range(1))
    assert boxes.box("concat1", (5,)) == (range(0), range(0))


def test_boxes_are_clipped_at_the_border() -> None:
    """A field that reaches beyond the image is cut off there; one that lies in padding alone has no places."""
    net = Network((1, 4, 4), [Conv2d(1, 3, padding=3, bias=True)])
    net.weights["conv1.weight"] = np.zeros((1, 1, 3, 3))
    net.weights["conv1.weight"] = np.pad([[[[1.0]]]], ((0, 0), (0, 0), (1, 1), (1, 1)))
    net.weights["conv1.bias"] = [0.0]
    corner, dark = np.zeros((1, 4, 4)), np.full((1, 4, 4), -1.0)
    corner[0, 0, 0] = 1
    first, second = excitations(net, np.stack([corner, dark]))["conv1"].channels[0]
    assert (first.place, first.rows, first.columns, first.status) == ((0, 2, 2), range(2), range(2), "exact")
    assert (second.place, second.value, len(second.rows), len(second.columns)) == ((0, 0, 0), 0.0, 0, 0)


def test_maps_of_one_place_and_vectors() -> None:
    """A map of one number has its place, a feature of a vector has its own; both read the whole image."""
    x = Input((2, 5, 6))
    one = Conv2d(3, (5, 6))(x, name="one")
    mean = GlobalAvgPool2d()(x, name="mean")
    net = Network(x, [one, Linear(2)(Flatten()(mean), name="last")])
    found = excitations(net, np.random.default_rng(2).random((4, 2, 5, 6)))
    assert {each.place for each in found["one"].channels[2]} == {(2, 0, 0)}
    assert {each.place for each in found["last"].channels[1]} == {(1,)}
    for each in (*found["one"].channels[0], *found["mean"].channels[1], *found["last"].channels[0]):
        assert (each.rows, each.columns) == (range(5), range(6))
    assert found["last"].channels[0][0].status == "whole input"


def test_networks_of_vectors() -> None:
    """Where the input is a vector, its places are columns."""
    net = Network(3, [ReLU()])
    found = excitations(net, [[0.0, 1.0, 2.0], [5.0, 0.0, 0.0]])["relu1"]
    assert told(found.channels[0]) == [(1, (0,), 5.0), (0, (0,), 0.0)]
    assert [(each.rows, each.columns) for each in found.channels[2]] == [(range(1), range(2, 3))] * 2


def test_nan_is_passed_over() -> None:
    """A NaN excites nothing: the largest number beside it counts, and a map of nothing else has none."""
    images = np.array([[[1.0, np.nan]], [[np.nan, np.nan]], [[-np.inf, np.nan]], [[np.nan, np.inf]], [[2.0, 2.0]]])
    found = excitations(Network((1, 1, 2), [ReLU()]), images[:, None], layers="input", top=5)["input"]
    inf = float("inf")
    assert told(found.channels[0]) == [
        (3, (0, 0, 1), inf), (4, (0, 0, 0), 2.0), (0, (0, 0, 0), 1.0), (2, (0, 0, 0), -inf)
    ]  # fmt: skip


def test_nothing_but_nan() -> None:
    """A channel that is NaN on all images has no images that excite it; those beside it have theirs."""
    images = np.full((3, 2, 1, 1), np.nan)
    images[:, 1] = 1.0
    found = excitations(Network((2, 1, 1), [ReLU()]), images, batch_size=2)["relu1"]
    assert found.channels[0] == ()
    assert [each.image for each in found.channels[1]] == [0, 1, 2]


def test_several_inputs() -> None:
    """With several inputs there is an array for each, and the box lies in the first that the layer depends on."""
    a, b = Input((1, 3, 3), name="left"), Input((1, 3, 3), name="right")
    net = Network([a, b], [Add()(a, ReLU()(b, name="only"), name="sum"), Concat()(b, a, name="both")])
    ones, random = np.ones((2, 1, 3, 3)), np.random.default_rng(1).random((2, 1, 3, 3))
    found = excitations(net, (ones, random))
    assert {name: layer.source for name, layer in found.items()} == {"only": "right", "sum": "left", "both": "left"}
    assert found["sum"].channels[0][0].value == pytest.approx(1 + random.max())


def test_data_sets_and_layouts() -> None:
    """A data set stands for its images; channels may stand last, and one image need not be a batch."""
    net = Network((2, 3, 4), [AdaptiveAvgPool2d(2)])
    images = np.random.default_rng(0).random((5, 2, 3, 4), np.float32)
    expected = facts.excitations(excitations(net, images))
    assert facts.excitations(excitations(net, Dataset(images, [0, 1, 0, 1, 0], ("a", "b")))) == expected
    assert facts.excitations(excitations(net, images.transpose(0, 2, 3, 1), channels_last=True)) == expected
    one = excitations(net, images[0])
    assert (one.images, repr(one)) == (1, "<Excitations of 1 layers: the top 9 of 1 images>")
    assert len(one) == 1


def test_facts_are_plain() -> None:
    """As JSON values: numbers, lists and words; infinities as words."""
    net = Network((1, 2, 2), [Conv2d(1, 2, bias=False)])
    net.weights["conv1.weight"] = np.full((1, 1, 2, 2), 1e38)
    (layer,) = facts.excitations(excitations(net, np.full((1, 1, 2, 2), 10.0)))["layers"]
    assert layer == {
        "layer": "conv1",
        "shape": [1, 1, 1],
        "source": "input",
        "channels": [
            [
                {
                    "image": 0,
                    "place": [0, 0, 0],
                    "value": "inf",
                    "rows": [0, 2],
                    "columns": [0, 2],
                    "status": "exact",
                }
            ]
        ],
    }


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"top": 0}, ParameterError, "top 0"),
        ({"top": 1.5}, ParameterError, "top 1.5"),
        ({"batch_size": 0}, ParameterError, "batch_size 0"),
        ({"layers": []}, ParameterError, "no layers"),
        ({"layers": "conv9"}, UnknownNameError, "did you mean 'conv1'?"),
        ({"layers": ["conv1", "x"]}, UnknownNameError, "layer 'x'"),
        ({"images": np.zeros((0, 1, 4, 4))}, DataError, "0 images"),
        ({"images": 3}, DataError, "0 images"),
        ({"images": [[1], [1, 2]]}, DataError, "rows of different lengths"),
        ({"images": np.zeros((2, 4, 4))}, ShapeError, "add the channel axis"),
        ({"engine": "abacus"}, UnknownNameError, "engine 'abacus'"),
    ],
)  # fmt: skip
def test_what_is_refused(options: dict[str, Any], kind: type[PellucidError], words: str) -> None:
    """Impossible values say what came and what would do."""
    net = Network((1, 4, 4), [Conv2d(2, 3)])
    with pytest.raises(kind) as error:
        excitations(net, options.pop("images", np.zeros((2, 1, 4, 4))), **options)
    assert words in str(error.value)


def test_arrays_of_several_inputs_fit_together() -> None:
    """There is one array an input, and as many images in each."""
    a, b = Input((1, 3, 3)), Input((2, 3, 3))
    net = Network([a, b], Concat()(a, b))
    with pytest.raises(ShapeError, match="batches of 2, 3"):
        excitations(net, (np.zeros((2, 1, 3, 3)), np.zeros((3, 2, 3, 3))))
    with pytest.raises(ShapeError, match="1 arrays"):
        excitations(net, (np.zeros((2, 1, 3, 3)),))
    with pytest.raises(UnknownNameError, match="layer 'pool1'"):
        excitations(net, (np.zeros((2, 1, 3, 3)), np.zeros((2, 2, 3, 3))))["pool1"]
