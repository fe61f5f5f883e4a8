"""Traps are told where they apply, with the layer's own numbers, and not elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import ParameterError, UnknownNameError
from pellucid.explain import traps
from pellucid.layers import (
    CELU,
    ELU,
    GELU,
    REGISTRY,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GroupNorm,
    HardSigmoid,
    HardSwish,
    InstanceNorm2d,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    Multiply,
    Pad2d,
    Permute,
    PixelShuffle,
    PReLU,
    ReLU,
    Reshape,
    SeparableConv2d,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Subtract,
    Upsample,
    ZeroPad2d,
)

PAIRS, SAME, EVEN = "Pairs are (height, width)", '"same" with a stride', "Which side gets the extra place"
UNEVEN, UNREAD, LIES = "Uneven padding", "Places that nobody reads", "How the kernel lies"

TOLD = [  # layer, shapes of its inputs, a trap's title, and words of it
    (Conv2d(2, (3, 2), stride=(2, 3)), [(1, 8, 9)], PAIRS, "kernel_size=(3, 2) is 3 down and 2 to the right."),
    (Conv2d(2, (3, 2), stride=(2, 3)), [(1, 8, 9)], PAIRS, "the output would be (2, 3, 4), not (2, 3, 3)"),
    (Conv2d(2, (5, 1)), [(1, 5, 3)], PAIRS, "the layer would not fit its input"),
    (MaxPool2d(3, stride=1, padding=(1, 0)), [(1, 5, 5)], PAIRS, "padding=(1, 0) is 1 down and 0 to the right."),
    (Conv2d(1, (3, 1), padding=(1, 0)), [(1, 4, 4)], PAIRS, "shapes stay, and numbers change"),
    (Conv2d(4, 3, stride=2, padding="same"), [(2, 7, 8)], SAME, 'On 7 x 8 "same" adds (1, 1) to the rows and (0, 1)'),
    (Conv2d(4, 3, stride=2, padding="same"), [(2, 7, 8)], SAME, "9 columns would get (1, 1)"),
    (Conv2d(4, 3, stride=2, padding="same"), [(2, 7, 8)], SAME, "padding=1 there pads both ends alike"),
    (MaxPool2d(3, padding="same"), [(2, 6, 9)], SAME, 'On 6 x 9 "same" adds (0, 0) to the rows and (0, 0)'),
    (Conv2d(4, 1, stride=2, padding="same"), [(2, 7, 7)], SAME, "PyTorch refuses it with a stride."),
    (Conv2d(4, 4, padding="same"), [(2, 7, 8)], EVEN, '4 needs 3 places: "same" puts 1 before and 2 after'),
    (SeparableConv2d(4, 2, padding="same"), [(2, 7, 8)], EVEN, "SAME_LOWER puts 1 before."),
    (Conv2d(3, 3, padding=((0, 2), (1, 0))), [(2, 9, 8)], UNEVEN, "(1, 0, 0, 2) for F.pad, ((0, 2), (1, 0)) in Keras"),
    (Conv2d(3, 3, padding=((0, 2), (1, 0))), [(2, 9, 8)], UNEVEN, "[0, 1, 2, 0] as ONNX's pads"),
    (MaxPool2d(3, stride=1, padding=((1, 0), (0, 1))), [(1, 4, 4)], UNEVEN, "pad with minus infinity before"),
    (
        Conv2d(3, 3, stride=2),
        [(1, 8, 7)],
        UNREAD,
        "reads 1 row of this 8 x 7 input: what is there changes no output. The",
    ),
    (Conv2d(3, 3, stride=2), [(1, 8, 7)], UNREAD, "one more window would not fit"),
    (Conv2d(3, 1, stride=2), [(1, 7, 7)], UNREAD, "3 rows and 3 columns of this 7 x 7 input"),
    (Conv2d(3, 1, stride=2), [(1, 7, 7)], UNREAD, "The stride jumps over places."),
    (Conv2d(6, 3, groups=3), [(3, 5, 4)], "Groups", "Each output channel reads 1 of 3"),
    (Conv2d(6, 3, groups=3), [(3, 5, 4)], "Groups", "the first group, 0 to 1, read input 0 alone"),
    (
        Conv2d(6, 3, groups=3),
        [(3, 5, 4)],
        "How a depthwise kernel lies",
        "weight.reshape(3, 2, 3, 3).transpose(2, 3, 0",
    ),
    (Conv2d(5, 3), [(3, 7, 6)], LIES, "The weight is (5, 3, 3, 3) here"),
    (Conv2d(5, 3), [(3, 7, 6)], LIES, "Keras holds (3, 3, 3, 5): weight.transpose(2, 3, 1, 0)."),
    (Conv2d(3, 3), [(3, 7, 6)], LIES, "exchanged, it would fit too"),
    (
        Conv2d(3, 3, padding=2, dilation=2),
        [(1, 9, 9)],
        "Holes in the kernel",
        "span 5 places: keeping the size takes 4",
    ),
    (
        Conv2d(3, 3, stride=2, dilation=2),
        [(1, 9, 9)],
        "Holes in the kernel",
        "refuses a stride and a dilation together",
    ),
    (Conv2d(2, 3, padding=1, padding_mode="reflect"), [(1, 5, 4)], "Padding that is not zeros", "mirrors the map"),
    (Conv2d(4, 3, padding=1), [(1, 5, 4)], "A bias that goes astray", "4 channels on rows of 4"),
    (Conv2d(4, 3), [(1, 5, 5)], "The kernel is not turned", "3 x 3 kernel meets the window's upper left"),
    (
        ConvTranspose2d(5, 3),
        [(3, 4, 5)],
        LIES,
        "The weight is (3, 5, 3, 3) here, in PyTorch and in ONNX: inputs first.",
    ),
    (ConvTranspose2d(4, 3, groups=2), [(2, 3, 4)], "No groups in Keras", "2 groups need a layer each"),
    (ConvTranspose2d(4, 3, padding=1), [(2, 3, 4)], "Padding takes away", "5 x 6; of it 1 rows above and 1 below"),
    (ConvTranspose2d(4, 3, stride=2, padding="same"), [(2, 3, 4)], "Padding takes away", "padding=1, output_padding=1"),
    (MaxPool2d(2), [(2, 4, 6)], "The stride that is not said", "give (2, 3, 5) instead of (2, 2, 3)"),
    (
        AvgPool2d(3, stride=2, padding=1),
        [(2, 7, 7)],
        "Whether padding counts",
        "holds 4 numbers of the map and 5 places",
    ),
    (
        AvgPool2d(3, stride=2, padding=1),
        [(2, 7, 7)],
        "Whether padding counts",
        "here it does, as by default in PyTorch",
    ),
    (
        AvgPool2d(3, stride=2, padding=1),
        [(2, 7, 7)],
        "Whether padding counts",
        "divided by 9; Keras and ONNX's default",
    ),
    (
        AvgPool2d(3, padding=1, count_include_pad=False),
        [(2, 7, 7)],
        "Whether padding counts",
        "divided by 4; PyTorch's",
    ),
    (AvgPool2d(2, stride=2, padding="same"), [(1, 5, 5)], "Whether padding counts", "The last window holds 1 numbers"),
    (MaxPool2d(3, stride=2, ceil_mode=True), [(2, 6, 8)], "Sizes rounded up", "gives (2, 3, 4), not (2, 2, 3)"),
    (
        AvgPool2d(3, stride=2, ceil_mode=True),
        [(2, 6, 7)],
        "Sizes rounded up",
        "by 1 row. What hangs over does not count",
    ),
    (
        MaxPool2d(4, stride=4, padding=2, ceil_mode=True),
        [(1, 9, 9)],
        "A window that is left out",
        "would give 4 outputs",
    ),
    (MaxPool2d(4, stride=4, padding=2, ceil_mode=True), [(1, 9, 9)], "A window that is left out", "left out: 3, as in"),
    (MaxPool2d(3, padding=1), [(1, 6, 6)], "Padding that never wins", "minus infinity"),
    (MaxPool2d(3, stride=1, padding=((0, 2), (0, 2))), [(1, 4, 4)], "More padding than PyTorch takes", "2 places of"),
    (MaxPool2d(2, stride=1, dilation=2), [(1, 6, 6)], "Holes in the window", "dilation=(2, 2)"),
    (LpPool2d(2, 2), [(1, 6, 6)], "The stride that is not said", "give (1, 5, 5) instead of (1, 3, 3)"),
    (GlobalAvgPool2d(), [(3, 4, 5)], "Axes that go or stay", "drops the two axes: (3,)"),
    (GlobalAvgPool2d(keepdims=True), [(3, 4, 5)], "Axes that go or stay", "keeps the two axes: (3, 1, 1)"),
    (
        AdaptiveAvgPool2d((3, 2)),
        [(2, 5, 7)],
        "Parts that are not equal",
        "output 0 reads rows 0 to 1 and output 1 reads",
    ),
    (
        Flatten(),
        [(3, 2, 5)],
        "The order of a flattened map",
        "place 1 is channel 0, row 0, column 1. In Keras it is channel",
    ),
    (Flatten("HWC"), [(3, 2, 5)], "The order of a flattened map", "place 1 is channel 1, row 0, column 0. In PyTorch"),
    (
        Linear(7),
        [(5,)],
        "How the weight lies",
        "(7, 5) here and in PyTorch: outputs, inputs. Keras's Dense holds (5, 7)",
    ),
    (Linear(5), [(5,)], "How the weight lies", "It is square"),
    (Linear(7), [(5,)], "Scores, not probabilities", "these 7 numbers"),
    (Linear(2), [(2, 3, 5)], "Which axis is mixed", "the 5 columns of each row"),
    (Softmax(), [(7,)], "Softmax twice", "7 classes could never get further apart"),
    (LogSoftmax(), [(7,)], "Logarithms, not logits", "NLLLoss"),
    (Softmax(), [(3, 2, 4)], "Counted with or without the batch", "axis=0 is the channels where"),
    (
        Softmax(),
        [(3, 2, 4)],
        "Counted with or without the batch",
        "dim=1 in PyTorch, axis=-1 in Keras. PyTorch's default",
    ),
    (
        Softmax(axis=-1),
        [(3, 4)],
        "Counted with or without the batch",
        "axis=-1 is axis 1 where the batch does not count",
    ),
    (
        Dropout(0.25),
        [(5,)],
        "At rest outside training",
        "single numbers with probability 0.25, and multiplies the rest by",
    ),
    (Dropout(0.25), [(5,)], "At rest outside training", "1 / (1 - 0.25) = 1.333"),
    (Dropout(1.0), [(5,)], "At rest outside training", "and leaves none"),
    (Dropout2d(0.5), [(5, 2, 2)], "At rest outside training", "whole maps out of 5"),
    (Reshape((3, 2, 5)), [(30,)], "Numbers in another order", "needs a Permute behind it"),
    (Reshape((4, 3, 2)), [(2, 3, 4)], "Numbers in another order", "needs a Permute before and behind it"),
    (BatchNorm2d(), [(3, 4, 5)], "What is added to the variance", "eps=1e-05; Keras's default is 0.001. Of channel 0"),
    (BatchNorm2d(), [(3, 4, 5)], "What is added to the variance", "0.049% smaller"),
    (BatchNorm2d(eps=1e-3), [(3, 4, 5)], "What is added to the variance", "PyTorch's and ONNX's default is 1e-05."),
    (BatchNorm2d(momentum=0.3), [(3, 4, 5)], "Whose share momentum is", "give the share that is kept: 0.7 there"),
    (BatchNorm2d(), [(3, 4, 5)], "Which variance is followed", "n is 640: they differ by a factor of 1.00156"),
    (BatchNorm2d(unbiased=False), [(3, 4, 5)], "Which variance is followed", "over n, as Keras's does"),
    (GroupNorm(3), [(6, 5, 2)], "How many groups", "3 groups of 2 channels"),
    (InstanceNorm2d(), [(3, 5, 2)], "What it learns", "affine=False: it learns nothing"),
    (InstanceNorm2d(affine=True), [(3, 5, 2)], "What it learns", "affine=True: it learns a scale and a shift"),
    (
        LayerNorm(),
        [(3, 5, 2)],
        "Which numbers are measured together",
        "channels, rows and columns: 30 numbers at a time",
    ),
    (LayerNorm(0), [(3, 5, 2)], "Which numbers are measured together", "nn.LayerNorm takes the last axes only"),
    (LayerNorm(-1), [(4, 6)], "Which numbers are measured together", "Here axis 1: 6 numbers at a time"),
    (LocalResponseNorm(5, alpha=0.5), [(7, 3, 2)], "What alpha is divided by", "there it is alpha=0.1,"),
    (
        LocalResponseNorm(4),
        [(7, 2, 2)],
        "Which side is longer",
        "2 stand before and 1 after the number's own, as in PyTorch",
    ),
    (
        LeakyReLU(),
        [(7,)],
        "The slope below 0",
        "-1 becomes -0.01, the default of PyTorch and ONNX. Other defaults: Keras's",
    ),
    (LeakyReLU(0.5), [(7,)], "The slope below 0", "-1 becomes -0.5. Other defaults: PyTorch and ONNX 0.01"),
    (GELU(), [(7,)], "Two formulas of one name", "the exact one: 2 becomes 1.954500"),
    (GELU("tanh"), [(7,)], "Two formulas of one name", "2 becomes 1.954598"),
    (HardSigmoid(), [(7,)], "Two slopes of one name", "1 becomes 0.6667"),
    (HardSigmoid(alpha=0.2), [(7,)], "Two slopes of one name", "1 becomes 0.7"),
    (HardSwish(), [(7,)], "Built from a hard sigmoid", "0.6667"),
    (SiLU(), [(7,)], "One function, two names", "Swish"),
    (ELU(0.5), [(7,)], "Two curves of one alpha", "-1 becomes -0.3161 here and -0.4323 by CELU"),
    (CELU(0.5), [(7,)], "Two curves of one alpha", "-1 becomes -0.4323 here and -0.3161 by ELU"),
    (
        PReLU(),
        [(3, 2, 5)],
        "How many slopes",
        "3 here. Keras's PReLU learns one a number, 30, unless shared_axes=[1, 2]",
    ),
    (Softplus(beta=2.0), [(7,)], "Beta", "0 becomes 0.3466"),
    (
        Add(),
        [(3, 5, 2), (3, 1, 1)],
        "What is spread over what",
        "input2 is (3, 1, 1) and meets every place of (3, 5, 2).",
    ),
    (Multiply(), [(3, 5, 2), (3, 1, 1)], "What is spread over what", "Keras's Multiply, channels first"),
    (Concat(), [(2, 3, 4), (3, 3, 4)], "Along which axis", "The channels: axis=0 without the batch, dim=1 in PyTorch"),
    (Concat(), [(2,), (3,)], "Along which axis", "The places: axis=0 without the batch, dim=1 in PyTorch"),
    (Concat(), [(2, 3, 4), (3, 3, 4)], "The order of the branches", "Channels 0 to 1 are input1 and 2 to 4 are input2"),
    (Subtract(), [(3,), (3,)], "Which one is taken away", "input1 less input2"),
    (ZeroPad2d(((0, 1), (2, 3))), [(1, 7, 2)], "The order of four sides", "(2, 3, 0, 1) in PyTorch"),
    (Pad2d(1, mode="replicate"), [(1, 7, 2)], "Padding that is not zeros", "ONNX calls it 'edge'"),
    (
        Upsample(2, mode="bilinear"),
        [(1, 3, 5)],
        "Where the places lie",
        "0.5 rows apart. With align_corners=True it would",
    ),
    (
        Upsample(size=(9, 9), mode="bilinear", align_corners=True),
        [(1, 3, 5)],
        "Where the places lie",
        "would be 0.3333",
    ),
    (
        Upsample(1.5),
        [(2, 4, 4)],
        "Which place is nearest",
        "(4, 4) to (6, 6) is no whole factor: PyTorch's nearest reads",
    ),
    (Upsample(1.5, mode="nearest-exact"), [(2, 4, 4)], "Which place is nearest", "PyTorch's nearest reads others"),
    (PixelShuffle(2), [(8, 3, 5)], "In which order channels are dealt out", "comes from channel 1, as in PyTorch"),
    (
        PixelShuffle(2, order="DCR"),
        [(12, 3, 2)],
        "In which order channels are dealt out",
        "from channel 3, as in Tensor",
    ),
    (Permute((1, 2, 0)), [(2, 3, 5)], "Counted with or without the batch", "PyTorch's permute is (0, 2, 3, 1)"),
    (
        Slice(1, 3, axis=1),
        [(2, 7, 3)],
        "Counted with or without the batch",
        "axis=1 is axis 2 where the batch counts, and 1",
    ),
]

NOT_TOLD = [  # layer, shapes of its inputs, and a trap's title
    (Conv2d(2, 3, stride=2, padding=1), [(1, 7, 9)], PAIRS),
    (Conv2d(2, 3, padding=((0, 1), (1, 0))), [(1, 7, 9)], PAIRS),
    (Conv2d(2, 3, padding="same"), [(1, 7, 9)], SAME),
    (Conv2d(2, 3, padding=1, stride=2), [(1, 7, 9)], SAME),
    (Conv2d(2, 3, padding="same"), [(1, 7, 9)], EVEN),
    (Conv2d(2, 4, padding="same", stride=2), [(1, 7, 9)], EVEN),
    (Conv2d(2, 3, padding=1), [(1, 7, 9)], UNEVEN),
    (Conv2d(2, 3, padding="same"), [(1, 7, 9)], UNEVEN),
    (Conv2d(2, 3, stride=2), [(1, 7, 9)], UNREAD),
    (Conv2d(2, 3), [(2, 7, 9)], "Groups"),
    (Conv2d(1, 1), [(1, 7, 9)], LIES),
    (Conv2d(1, 1), [(1, 7, 9)], "The kernel is not turned"),
    (Conv2d(2, 1, dilation=2), [(2, 7, 9)], "Holes in the kernel"),
    (Conv2d(2, 3, padding_mode="reflect"), [(2, 7, 9)], "Padding that is not zeros"),
    (Conv2d(4, 3, padding=1, bias=False), [(1, 4, 4)], "A bias that goes astray"),
    (Conv2d(4, 3, padding=1), [(1, 4, 5)], "A bias that goes astray"),
    (Conv2d(1, 3, padding=1), [(1, 4, 1)], "A bias that goes astray"),
    (ConvTranspose2d(4, 3), [(1, 4, 1)], "Padding takes away"),
    (ConvTranspose2d(4, 1, stride=2, padding="same"), [(1, 4, 4)], "Padding takes away"),
    (MaxPool2d(2, stride=2), [(2, 4, 6)], "The stride that is not said"),
    (MaxPool2d(1), [(2, 4, 6)], "The stride that is not said"),
    (AvgPool2d(3), [(2, 6, 6)], "Whether padding counts"),
    (MaxPool2d(2, ceil_mode=True), [(2, 6, 6)], "Sizes rounded up"),
    (MaxPool2d(2), [(2, 7, 7)], "Sizes rounded up"),
    (MaxPool2d(3, stride=2, ceil_mode=True), [(2, 6, 8)], "A window that is left out"),
    (MaxPool2d(3), [(2, 6, 6)], "Padding that never wins"),
    (MaxPool2d(3, padding=1), [(2, 6, 6)], "More padding than PyTorch takes"),
    (MaxPool2d(3), [(2, 6, 6)], "Holes in the window"),
    (AdaptiveAvgPool2d(3), [(2, 6, 9)], "Parts that are not equal"),
    (Flatten(), [(1, 6, 9)], "The order of a flattened map"),
    (Flatten(), [(4, 1, 1)], "The order of a flattened map"),
    (Flatten(), [(4,)], "The order of a flattened map"),
    (Linear(1), [(5,)], "Scores, not probabilities"),
    (Linear(1), [(1,)], "How the weight lies"),
    (Linear(3), [(5,)], "Which axis is mixed"),
    (Linear(3), [(5,)], "A weight in a flatten's order"),
    (Dropout(0.0), [(5,)], "At rest outside training"),
    (Reshape((3, 10)), [(30,)], "Numbers in another order"),
    (BatchNorm2d(), [(3, 4, 4)], "A bias for nothing"),
    (LayerNorm(), [(5,)], "Which numbers are measured together"),
    (LocalResponseNorm(5), [(7, 3, 2)], "Which side is longer"),
    (ELU(), [(5,)], "Two curves of one alpha"),
    (PReLU(), [(5,)], "How many slopes"),
    (PReLU((0, 1)), [(5, 2, 2)], "How many slopes"),
    (Softplus(), [(5,)], "Beta"),
    (Add(), [(5,), (5,)], "What is spread over what"),
    (Pad2d(1), [(1, 3, 3)], "The order of four sides"),
    (Pad2d(1), [(1, 3, 3)], "Padding that is not zeros"),
    (Upsample(2), [(1, 3, 3)], "Where the places lie"),
    (Upsample(size=(1, 4), mode="bilinear"), [(1, 3, 3)], "Where the places lie"),
    (Upsample(2), [(1, 3, 3)], "Which place is nearest"),
    (PixelShuffle(2), [(4, 3, 3)], "In which order channels are dealt out"),
    (PixelShuffle(1), [(4, 3, 3)], "In which order channels are dealt out"),
    (Permute(0), [(5,)], "Counted with or without the batch"),
    (ReLU(), [(5,)], "The slope below 0"),
]


def told(layer, shapes) -> dict[str, str]:
    """The traps of a network of this layer alone, text by title."""
    nodes = [Input(shape) for shape in shapes]
    net = Network(nodes, layer(*nodes, name="here"))
    found = traps(net, "here")
    assert len({trap.title for trap in found}) == len(found)
    return {trap.title: trap.text for trap in found}


@pytest.mark.parametrize(("layer", "shapes", "title", "words"), TOLD, ids=lambda value: str(value)[:40])
def test_a_trap_is_told_with_its_numbers(layer, shapes, title, words):
    """Where it applies, its text holds this layer's numbers."""
    assert words in told(layer, shapes)[title]


@pytest.mark.parametrize(("layer", "shapes", "title"), NOT_TOLD, ids=lambda value: str(value)[:40])
def test_a_trap_is_not_told_elsewhere(layer, shapes, title):
    """Where it does not apply, nothing is said."""
    assert title not in told(layer, shapes)


def test_every_title_can_be_silent_or_is_always_true():
    """Each trap of the lists above is told somewhere: no title in them is misspelt."""
    titles = {title for _, _, title, _ in TOLD}
    assert {title for _, _, title in NOT_TOLD} <= titles | {"A weight in a flatten's order", "A bias for nothing"}


@pytest.mark.parametrize("kind", REGISTRY)
def test_texts_are_sentences(kind):
    """Of every example of every kind: short titles, whole sentences, no empty numbers."""
    for example in REGISTRY[kind].examples():
        for title, text in told(example.layer, example.shapes).items():
            assert len(title) < 45
            assert text.endswith(".")
            assert not {"  ", "None"} & {text[i : i + n] for n in (2, 4) for i in range(len(text))}
            assert 40 < len(text) < 330


def test_what_a_flatten_laid_out_is_followed_to_the_weight():
    """Behind a flatten, through dropout and activations, a linear layer's weight is in the flatten's order."""
    behind = [Flatten(), ReLU(), Dropout(0.5), Linear(10), Linear(4)]
    net = Network((32, 2, 2), behind)
    (found,) = [trap.text for trap in traps(net, "linear1") if trap.title == "A weight in a flatten's order"]
    assert "Its 128 columns follow flatten1, which lays out (32, 2, 2)" in found
    assert "weight.reshape(10, 32, 2, 2).transpose(2, 3, 1, 0).reshape(128, 10) is Keras's kernel" in found
    assert "A weight in a flatten's order" not in [trap.title for trap in traps(net, "linear2")]
    keras = Network((32, 2, 2), [Flatten("HWC"), Linear(10)])
    texts = [trap.text for trap in traps(keras, "linear1")]
    assert any("weight.reshape(10, 2, 2, 32).transpose(0, 3, 1, 2).reshape(10, 128)" in text for text in texts)
    plain = Network((8, 1, 1), [Flatten(), Linear(10)])  # either order is the same here
    assert "A weight in a flatten's order" not in [trap.title for trap in traps(plain, "linear1")]


def test_a_bias_before_a_batch_norm_is_for_nothing():
    """Told where the norm alone reads a layer with a bias."""
    image = Input((1, 5, 5))
    conv = Conv2d(7, 3)(image, name="conv")
    norm = BatchNorm2d()(conv, name="norm")
    said = {trap.title: trap.text for trap in traps(Network(image, norm), "norm")}
    assert said["A bias for nothing"].startswith("conv adds a bias")
    assert "save 7 parameters" in said["A bias for nothing"]
    assert "A bias for nothing" not in {t.title for t in traps(Network(image, [norm, conv]), "norm")}
    assert "A bias for nothing" not in {t.title for t in traps(Network(image, Add()(norm, conv)), "norm")}
    bare = Network((1, 5, 5), [Conv2d(7, 3, bias=False), BatchNorm2d()])
    assert "A bias for nothing" not in {t.title for t in traps(bare, "norm1")}


def test_the_least_variance_is_the_networks_own():
    """What eps changes is told of the channel where it changes most."""
    net = Network((3, 4, 4), [BatchNorm2d()])
    net.weights["norm1.running_var"] = np.array([2.0, 0.004, 1.0])
    (text,) = [trap.text for trap in traps(net, "norm1") if trap.title == "What is added to the variance"]
    assert "Of channel 1, whose variance 0.004 is the least" in text
    assert f"{1 - ((0.004 + 1e-5) / (0.004 + 1e-3)) ** 0.5:.3%} smaller" in text


def test_zeros_would_do_no_harm_behind_a_relu():
    """The pool knows what it reads."""
    net = Network((1, 6, 6), [ReLU(), MaxPool2d(3, padding=1)])
    (text,) = [trap.text for trap in traps(net, "pool1") if trap.title == "Padding that never wins"]
    assert text.endswith("Here that would do no harm: relu1 gives nothing below 0.")


def test_a_softmax_on_the_way_is_no_trap():
    """Only where it is an output could a loss apply it again."""
    net = Network((5,), [Softmax(), Linear(3)])
    assert [trap.title for trap in traps(net, "softmax1")] == ["Counted with or without the batch"]


def test_what_is_no_layer_is_refused():
    """Inputs have no traps; names that are not there are refused."""
    net = Network((5,), [Linear(3)])
    with pytest.raises(ParameterError, match="an input is given; ask for what reads it"):
        traps(net, "input")
    with pytest.raises(UnknownNameError, match="linear2"):
        traps(net, "linear2")
