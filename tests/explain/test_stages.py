"""Stages: what repeats in a network is found by its structure, whatever its layers are called."""

from __future__ import annotations

import pytest

from pellucid import Input, Network, zoo
from pellucid.explain import Stage, stages
from pellucid.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Node,
    ReLU,
)
from pellucid.wiring import name_of

# How many parts each stage that repeats has, as the papers' tables say.
REPEATED = {
    "alexnet": [3, 3],
    "vgg11": [2, 2, 2, 3],
    "vgg13": [2, 2, 2, 2, 2, 3],
    "vgg16": [2, 2, 3, 3, 3, 3],
    "vgg19": [2, 2, 4, 4, 4, 3],
    "resnet18": [2, 2, 2, 2],
    "resnet34": [3, 4, 6, 3],
    "resnet50": [3, 4, 6, 3],
    "resnet101": [3, 4, 23, 3],
    "resnet152": [3, 8, 36, 3],
    "resnet20": [3, 3, 3],
    "resnet32": [5, 5, 5],
    "resnet44": [7, 7, 7],
    "resnet56": [9, 9, 9],
    "densenet121": [6, 12, 24, 16],
    "googlenet": [2, 5, 2],
    "inception_v3": [2, 3, 4, 2],
    "squeezenet1_1": [2, 2, 4],
    "mobilenet_v1": [2, 2, 6, 2],
    "mobilenet_v2": [2, 3, 7, 4],  # maps of one size: 64 and 96 channels are one stage, and so are 160 and 320
    "mobilenet_v3_large": [2, 3, 4, 2, 3, 2],
    "mobilenet_v3_small": [2, 5, 3, 2],
    "efficientnet_b0": [2, 2, 6, 5],
    "shufflenet_v2_x1_0": [4, 8, 4],
    "lenet5": [3],
}
MOST_COLUMNS = 16  # what is left to look at of the deepest network


def flat(found: tuple[Stage, ...]) -> list[Stage]:
    """All stages, each before its parts."""
    return [one for stage in found for one in (stage, *flat(stage.parts))]


def check(net: Network, found: tuple[Stage, ...]) -> None:
    """Every stage is a row of layers that one value enters and one leaves; parts make up their stage."""
    order = {name_of(node): place for place, node in enumerate(net.nodes)}
    for stage in flat(found):
        first, last = order[stage.layers[0]], order[stage.layers[-1]]
        assert stage.layers == tuple(name_of(node) for node in net.nodes[first : last + 1])
        inside = set(net.nodes[first : last + 1])
        entering = {before for node in inside for before in node.inputs} - inside
        leaving = {before for node in net.nodes for before in node.inputs if before in inside and node not in inside}
        assert len(entering) == 1
        assert leaving <= {net.nodes[last]}
        if stage.parts:
            assert stage.layers == tuple(name for part in stage.parts for name in part.layers)
    every = [name for stage in found for name in stage.layers]
    assert every == sorted(set(every), key=order.__getitem__)


@pytest.mark.parametrize("name", sorted(zoo.NETWORKS))
def test_what_repeats_is_what_the_papers_say(name: str) -> None:
    """Of every network of the zoo; folded, none has more columns than fit a few screens, and each has its own title."""
    net = zoo.NETWORKS[name]()
    found = stages(net)
    check(net, found)
    assert [len(stage.parts) for stage in found if stage.parts] == REPEATED[name]
    columns = len(found) + len(net.nodes) - sum(len(stage.layers) for stage in found)
    assert columns <= MOST_COLUMNS
    titles = [stage.title for stage in found]
    assert len(set(titles)) == len(titles)


def test_names_make_titles_and_nothing_else() -> None:
    """A network whose layers have meaningless names has the same stages."""
    renamed: dict[Node, Node] = {}
    net = zoo.resnet18()
    for number, node in enumerate((*net.inputs, *net.nodes)):
        if node.layer is None:
            renamed[node] = Input(node.shape)
        else:
            renamed[node] = node.layer(*(renamed[before] for before in node.inputs), name=f"n{number}")
    other = Network(renamed[net.inputs[0]], renamed[net.outputs[0]])
    places = {name_of(node): place for place, node in enumerate(net.nodes)}
    shape = [(len(s.layers), places[s.layers[0]]) for s in flat(stages(net))]
    places = {name_of(node): place for place, node in enumerate(other.nodes)}
    assert [(len(s.layers), places[s.layers[0]]) for s in flat(stages(other))] == shape
    assert [stage.title for stage in stages(other)][:2] == ["n1 to n3", "n5 to n18"]


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["body.0.conv", "body.0.act"], "body.0"),
        (["body/conv", "body/act"], "body"),
        (["left", "right"], "left to right"),
        (["conv_a", "conv_b"], "conv"),
        (["out.a", "out.b"], "out.a to out.b"),
        (["out.a.x", "b"], "out.a.x to b"),
    ],
)
def test_a_title_is_what_these_names_and_no_others_have_in_common(names: list[str], title: str) -> None:
    """Else it is the words that tell the first layer and the last."""
    x = Input((3, 6, 6))
    y = ReLU()(Conv2d(4, 3)(x, name=names[0]), name=names[1])
    net = Network(x, Linear(2)(Flatten()(y, name="flat"), name="out.end"))
    assert [stage.title for stage in stages(net)] == [title]


def test_a_norm_before_a_convolution_belongs_to_it_where_branches_end_before() -> None:
    """As in DenseNet: what joins branches is not normed by their block, but for the next."""
    x = Input((4, 6, 6))
    y = Concat()(x, Conv2d(4, 3, padding=1)(x, name="found"), name="joined")
    z = Conv2d(4, 1)(ReLU()(BatchNorm2d()(y, name="norm"), name="bend"), name="next")
    net = Network(x, z)
    check(net, stages(net))
    assert [stage.layers for stage in stages(net)] == [("found", "joined"), ("norm", "bend", "next")]


def test_a_network_with_several_inputs_is_cut_where_they_have_met() -> None:
    """Before that, no single value carries all that is known."""
    left, right = Input((2, 6, 6), name="left"), Input((2, 6, 6), name="right")
    met = Add()(Conv2d(2, 1)(left, name="a"), Conv2d(2, 1)(right, name="b"), name="met")
    net = Network([left, right], Linear(2)(GlobalAvgPool2d()(ReLU()(met, name="bend"), name="mean"), name="says"))
    assert [stage.layers for stage in stages(net)] == [("a", "b", "met", "bend")]


def test_what_ends_in_several_outputs_is_one_unit_to_its_end() -> None:
    """Both outputs are read by the world, neither carries the other."""
    x = Input((2, 6, 6))
    trunk = MaxPool2d(2)(Conv2d(4, 3, padding=1)(x, name="conv"), name="pool")
    one = Conv2d(1, 1)(ReLU()(trunk, name="one1"), name="one2")
    other = Conv2d(2, 1)(trunk, name="other")
    net = Network(x, [one, other])
    assert [stage.layers for stage in stages(net)] == [("one1", "one2", "other")]


def test_a_single_layer_has_no_stages() -> None:
    """There is nothing to fold."""
    assert stages(Network((1, 4, 4), [Conv2d(1, 3)])) == ()
