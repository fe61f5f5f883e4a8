"""Traps where maps become vectors, and vectors decisions: orders of numbers, how weights lie, chance."""

from __future__ import annotations

import math

import numpy as np

from ...layers import Dropout, Dropout2d, Flatten, Linear, LogSoftmax, Reshape, Softmax
from ...layers.activations import Elementwise
from ...layers.node import Node, Shape
from .trap import Place, Rules, Trap, listed


def order(at: Place, layer: Flatten) -> Trap | None:
    """Keras lays maps out in another order."""
    shape = at.shapes[0]
    moved = _moved(shape, layer.order)
    if moved is None:
        return None
    place, ours, theirs = moved
    here, there = ("PyTorch and ONNX", "Keras") if layer.order == "CHW" else ("Keras", "PyTorch and ONNX")
    said = "channel by channel" if layer.order == "CHW" else "place by place, all channels of each"
    return Trap(
        "The order of a flattened map",
        f"{shape} is laid out {said}, as in {here}: place {place} is channel {ours[0]}, row {ours[1]}, column "
        f"{ours[2]}. In {there} it is channel {theirs[0]}, row {theirs[1]}, column {theirs[2]}.",
    )


def _moved(shape: Shape, order: str) -> tuple[int, list[int], list[int]] | None:
    """Return the first place where the orders differ, with what each has there; None where they never do."""
    if len(shape) != 3:
        return None
    channels, height, width = shape
    numbers = np.arange(math.prod(shape)).reshape(shape)
    theirs = numbers.transpose(1, 2, 0).ravel()
    different = np.flatnonzero(theirs != numbers.ravel())
    if not len(different):
        return None
    place = int(different[0])
    chw = [int(i) for i in np.unravel_index(place, shape)]
    row, column, channel = (int(i) for i in np.unravel_index(place, (height, width, channels)))
    hwc = [channel, row, column]
    return (place, chw, hwc) if order == "CHW" else (place, hwc, chw)


def transposed(at: Place, layer: Linear) -> Trap | None:
    """Keras's weight stands on its side."""
    outputs, inputs = own = at.weight("weight")
    if own == (1, 1):
        return None
    alike = " It is square: the wrong way round it would fit too." if outputs == inputs else ""
    return Trap(
        "How the weight lies",
        f"The weight is {own} here and in PyTorch: outputs, inputs. Keras's Dense holds {(inputs, outputs)}, its "
        f"transpose.{alike}",
    )


def columns(at: Place, layer: Linear) -> Trap | None:
    """A weight behind a flatten is in the flatten's order."""
    found = _flattened(at.before)
    if found is None or len(at.shapes[0]) != 1:
        return None
    node, laid = found
    shape = node.inputs[0].shape
    if _moved(shape, laid.order) is None:
        return None
    channels, height, width = shape
    outputs = at.shape[0]
    turned = (
        f"weight.reshape({outputs}, {channels}, {height}, {width}).transpose(2, 3, 1, 0).reshape({at.shapes[0][0]}, "
        f"{outputs}) is Keras's kernel"
        if laid.order == "CHW"
        else f"weight.reshape({outputs}, {height}, {width}, {channels}).transpose(0, 3, 1, 2).reshape({outputs}, "
        f"{at.shapes[0][0]}) is PyTorch's weight"
    )
    return Trap(
        "A weight in a flatten's order",
        f"Its {at.shapes[0][0]} columns follow {node.name}, which lays out {shape}: between PyTorch and Keras they "
        f"change places. {turned}.",
    )


def _flattened(node: Node) -> tuple[Node, Flatten] | None:
    """Return the flatten whose order a vector still has."""
    while node.layer is not None and isinstance(node.layer, (Dropout, Elementwise)):
        node = node.inputs[0]
    return (node, node.layer) if isinstance(node.layer, Flatten) else None


def along_the_width(at: Place, layer: Linear) -> Trap | None:
    """On maps, a linear layer mixes the last axis."""
    if len(at.shapes[0]) < 3:
        return None
    return Trap(
        "Which axis is mixed",
        f"It mixes the last axis, the {at.shapes[0][-1]} columns of each row, as in PyTorch. Keras's Dense on "
        "channels-last maps mixes the channels.",
    )


def logits(at: Place, layer: Linear) -> Trap | None:
    """The last linear layer's numbers are no probabilities yet."""
    if not at.last or len(at.shape) != 1 or at.shape[0] == 1:
        return None
    return Trap(
        "Scores, not probabilities",
        f"Nothing makes probabilities of these {at.shape[0]} numbers: as scores of classes they are logits. PyTorch's "
        "CrossEntropyLoss takes them so; Keras's takes probabilities unless from_logits=True.",
    )


def twice(at: Place, layer: Softmax | LogSoftmax) -> Trap | None:
    """Losses that take logits apply softmax themselves."""
    if not at.last:
        return None
    if isinstance(layer, LogSoftmax):
        return Trap(
            "Logarithms, not logits",
            "PyTorch's NLLLoss takes what comes out here. CrossEntropyLoss would take the logarithm of softmax a "
            "second time, which changes nothing; exp() makes probabilities of it.",
        )
    return Trap(
        "Softmax twice",
        "PyTorch's CrossEntropyLoss, and Keras's with from_logits=True, apply softmax themselves: behind this layer "
        f"they would do it twice, and {at.shape[layer.axis]} classes could never get further apart than a factor of "
        "e = 2.718.",
    )


def axis(at: Place, layer: Softmax | LogSoftmax) -> Trap | None:
    """Axes are counted with the batch in the frameworks."""
    rank, own = len(at.shape), layer.axis % len(at.shape)
    keras = {1: -1}.get(rank, (-1, 1, 2)[own] if rank == 3 else own + 1)
    name = (
        ("the channels", "the rows", "the columns")[own]
        if rank == 3
        else "the only axis"
        if rank == 1
        else f"axis {own}"
    )
    implied = " PyTorch's default is dim=1 for maps with a batch, and dim=0 without." if rank == 3 and own == 0 else ""
    return Trap(
        "Counted with or without the batch",
        f"axis={layer.axis} is {name} where the batch does not count: dim={own + 1} in PyTorch, axis={keras} in "
        f"Keras.{implied}",
    )


def rests(at: Place, layer: Dropout) -> Trap | None:
    """Dropout does nothing outside training, and says so differently everywhere."""
    if layer.p == 0:
        return None
    maps = isinstance(layer, Dropout2d)
    whole = f"whole maps out of {at.shapes[0][0]}" if maps else "single numbers"
    scale = f"multiplies the rest by 1 / (1 - {layer.p:g}) = {1 / (1 - layer.p):.4g}" if layer.p < 1 else "leaves none"
    return Trap(
        "At rest outside training",
        f"In training it drops {whole} with probability {layer.p:g}, and {scale}; otherwise it passes everything on. "
        f"PyTorch's {'F.dropout2d' if maps else 'F.dropout'} drops always, unless it is told training=False.",
    )


def reshaped(at: Place, layer: Reshape) -> Trap | None:
    """Reshaping follows the order in which numbers lie."""
    moves = [where for where, shape in (("before", at.shapes[0]), ("behind", at.shape)) if len(shape) == 3]
    if not moves:
        return None
    return Trap(
        "Numbers in another order",
        f"{at.shapes[0]} becomes {at.shape} in the order channels, rows, columns. Keras, channels last, needs a "
        f"Permute {listed(moves)} it.",
    )


TRAPS: Rules = {
    Flatten: (order,),
    Reshape: (reshaped,),
    Linear: (logits, columns, along_the_width, transposed),
    Softmax: (twice, axis),
    LogSoftmax: (twice, axis),
    Dropout: (rests,),
    Dropout2d: (rests,),
}
