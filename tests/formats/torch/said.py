"""What PyTorch can say of a layer: networks that went there and came back are compared by it.

PyTorch has no words for first values, for "same" padding with a stride, for a running variance that is biased, for a
stride that follows the window, or for axes counted from the end; it has one word for reshaping and flattening, and for
padding with zeros.
"""

from __future__ import annotations

from typing import Any

from pellucid import Network
from pellucid.layers import GlobalMaxPool2d, Layer, Node
from pellucid.layers.node import Shape

PADDED = ("AvgPool2d", "Conv2d", "ConvTranspose2d", "LpPool2d", "MaxPool2d", "SeparableConv2d")


def said(layer: Layer, shapes: tuple[Shape, ...]) -> tuple[str, dict[str, Any]] | None:
    """Return a layer's kind and parameters as PyTorch says them; None: it changes nothing, and is not said at all."""
    config: dict[str, Any] = {name: value for name, value in layer.config().items() if not name.endswith("_init")}
    config.pop("unbiased", None)
    kind, out = layer.kind, layer.output_shape(*shapes)
    if "axis" in config:
        config["axis"] %= len(shapes[0])
    if kind in PADDED:
        config = windowed(layer, config, shapes[0])
    if kind == "LayerNorm":
        config["axes"] = sorted(axis % len(shapes[0]) for axis in config["axes"] or range(len(shapes[0])))
    if "output_size" in config:
        config["output_size"] = out[1:]
    if kind == "AdaptiveMaxPool2d" and out[1:] == (1, 1):
        return said(GlobalMaxPool2d(keepdims=True), shapes)
    if kind == "Pad2d" and (config["channels"], config["mode"], config["value"]) == ((0, 0), "constant", 0.0):
        return "ZeroPad2d", {"padding": config["padding"]}
    if kind == "Reshape" or (kind == "Flatten" and config["order"] == "CHW"):
        return None if kind == "Reshape" and out == shapes[0] else ("Reshape", {"shape": out})
    order = config.get("order", ())
    if (kind == "Slice" and out == shapes[0]) or (kind == "Permute" and order == tuple(sorted(order))):
        return None
    return kind, config


def windowed(layer: Any, config: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Return the parameters of a layer with windows: how much is padded or cropped for this input, and what comes out.

    Rounding up, and what counts in an average, matter as far as they show.
    """
    windows: Any = layer.windows(shape)
    each = list(zip(windows, shape[1:], strict=True))
    config["stride"] = config["stride"] or config["kernel_size"]
    if "output_padding" in config:
        crops = [window.crops(size) for window, size in each]
        return config | {"padding": crops, "output_padding": None}
    config["padding"] = [window.pads(size) for window, size in each]
    if "count_include_pad" in config:
        counts = [window.counts(size, include_pad=layer.padding_counts) for window, size in each]
        config["count_include_pad"] = [count.tolist() for count in counts]
    if "ceil_mode" in config:  # zeros and what never wins are the same as no places
        config |= {"ceil_mode": None, "padding": [before for before, _ in config["padding"]]}
    return config


def assert_same(net: Network, back: Network) -> None:
    """Kinds, parameters, names, wiring, and the weights' bits are equal; inputs are told apart by their places."""
    names = {str(one.name): str(other.name) for one, other in zip(net.inputs, back.inputs, strict=True)}
    ours: list[tuple[Any, ...]] = []
    for node in net.nodes:
        read = [names[str(before.name)] for before in node.inputs]
        words = said(wired(node), tuple(before.shape for before in node.inputs))
        names[str(node.name)] = str(node.name) if words else read[0]
        if words:
            ours.append((node.name, read, node.shape, words))
    theirs: list[tuple[Any, ...]] = [
        (node.name, [n.name for n in node.inputs], node.shape, said(wired(node), tuple(n.shape for n in node.inputs)))
        for node in back.nodes
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert one == other
    assert [names[str(node.name)] for node in net.outputs] == [node.name for node in back.outputs]
    assert list(net.weights) == list(back.weights)
    for name in net.weights:
        assert net.weights[name].tobytes() == back.weights[name].tobytes(), name


def wired(node: Node) -> Layer:
    """Return a node's layer."""
    assert node.layer is not None
    return node.layer
