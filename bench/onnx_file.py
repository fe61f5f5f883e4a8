"""Write a network as an ONNX model, for the runtimes that read it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import Network
from pellucid.wiring import name_of

from .foreign import foreign
from .graph import Step, margin, steps

OPSET = 17
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def onnx_model(net: Network, batch: int) -> bytes:
    """Return the model, serialized; input "x" (batch, C, H, W), output "y"."""
    onnx = foreign("onnx")
    helper, numpy_helper, real = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
    names = {name_of(net.inputs[0]): "x", name_of(net.outputs[0]): "y"}
    nodes: list[Any] = []
    tensors: list[Any] = []
    for step in steps(net):
        kind, attributes, order = _operator(step)
        own = [f"{step.name}.{weight}" for weight in order]
        tensors += [
            numpy_helper.from_array(np.array(step.weights[weight]), name)
            for weight, name in zip(order, own, strict=True)
        ]
        read = [names.get(name, name) for name in step.reads]
        nodes.append(helper.make_node(kind, [*read, *own], [names.get(step.name, step.name)], step.name, **attributes))
    graph = helper.make_graph(
        nodes,
        net.name.replace(" ", "_"),
        [helper.make_tensor_value_info("x", real, [batch, *net.inputs[0].shape])],
        [helper.make_tensor_value_info("y", real, [batch, *net.outputs[0].shape])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _operator(step: Step) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Return ONNX's operator, its attributes, and the order of its weights."""
    layer = step.layer
    weights = ("weight", "bias") if step.weights.get("bias") is not None else ("weight",)
    match step.kind:
        case "Conv2d":
            return "Conv", _window(layer), weights
        case "Linear":
            return "Gemm", {"transB": 1}, weights
        case "BatchNorm2d":
            return "BatchNormalization", {"epsilon": layer.eps}, BATCH_NORM
        case "MaxPool2d":
            return "MaxPool", _window(layer), ()
        case "AvgPool2d":
            return "AveragePool", _window(layer), ()
        case "GlobalAvgPool2d":
            return "ReduceMean", {"axes": [2, 3], "keepdims": 0}, ()
        case "ReLU":
            return "Relu", {}, ()
        case "Tanh" | "Flatten" | "Add" | "Identity":
            return step.kind, {}, ()
        case _:
            raise NotImplementedError(step.kind)


def _window(layer: Any) -> dict[str, Any]:
    return {
        "kernel_shape": layer.kernel_size,
        "strides": layer.stride or layer.kernel_size,
        "pads": [*margin(layer), *margin(layer)],
    }
