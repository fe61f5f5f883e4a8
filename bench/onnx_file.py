"""Write a network as an ONNX model, for the runtimes that read it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import Network
from pellucid.wiring import name_of

from .foreign import foreign
from .graph import Step, margin, steps

OPSET = 17
Operator = tuple[str, dict[str, Any], dict[str, Any]]  # its name, its attributes, and the constants that it reads
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def onnx_model(net: Network, batch: int) -> bytes:
    """Return the model, serialized; input "x" (batch, C, H, W), output "y"."""
    onnx = foreign("onnx")
    helper, numpy_helper, real = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
    names = {name_of(net.inputs[0]): "x", name_of(net.outputs[0]): "y"}
    nodes: list[Any] = []
    tensors: list[Any] = []
    for step in steps(net):
        read = [names.get(name, name) for name in step.reads]
        made = _operators(step)
        for number, (kind, attributes, given) in enumerate(made, start=1):
            own = {f"{step.name}.{what}": array for what, array in given.items()}
            tensors += [numpy_helper.from_array(np.array(array), name) for name, array in own.items()]
            name = names.get(step.name, step.name) if number == len(made) else f"{step.name} {number}"
            before = [*read, names.get(step.reads[0], step.reads[0])] if kind == "Mul" and len(read) == 1 else read
            nodes.append(helper.make_node(kind, [*before, *own], [name], name, **attributes))
            read = [name]
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


def _operators(step: Step) -> list[Operator]:
    """Return ONNX's operators, one after another; a product of one value is one with the step's own input."""
    layer = step.layer
    weights = {name: step.weights[name] for name in ("weight", "bias") if step.weights.get(name) is not None}
    match step.kind:
        case "Conv2d":
            return [("Conv", {**_window(layer), "group": layer.groups}, weights)]
        case "Linear":
            return [("Gemm", {"transB": 1}, weights)]
        case "BatchNorm2d":
            return [("BatchNormalization", {"epsilon": layer.eps}, {name: step.weights[name] for name in BATCH_NORM})]
        case "MaxPool2d":
            return [("MaxPool", {**_window(layer), "ceil_mode": int(layer.ceil_mode)}, {})]
        case "AvgPool2d":
            return [("AveragePool", _window(layer), {})]
        case "GlobalAvgPool2d":
            pool: Operator = ("GlobalAveragePool", {}, {})
            return [pool] if layer.keepdims else [pool, ("Flatten", {}, {})]
        case "ReLU6":
            return [("Clip", {}, {"min": np.float32(0), "max": np.float32(6)})]
        case "HardSigmoid":
            return [("HardSigmoid", {"alpha": layer.alpha, "beta": layer.beta}, {})]
        case "SiLU":
            return [("Sigmoid", {}, {}), ("Mul", {}, {})]
        case "Concat":
            return [("Concat", {"axis": 1}, {})]
        case "Slice":
            given = {"starts": layer.start, "ends": layer.stop, "axes": 1}
            return [("Slice", {}, {name: np.array([place], np.int64) for name, place in given.items()})]
        case "ChannelShuffle":
            channels, height, width = step.shape
            cut = np.array([-1, layer.groups, channels // layer.groups, height, width], np.int64)
            whole = np.array([-1, channels, height, width], np.int64)
            turned: Operator = ("Transpose", {"perm": [0, 2, 1, 3, 4]}, {})
            return [("Reshape", {}, {"cut": cut}), turned, ("Reshape", {}, {"whole": whole})]
        case "ReLU" | "Multiply":
            return [({"ReLU": "Relu", "Multiply": "Mul"}[step.kind], {}, {})]
        case "Tanh" | "Sigmoid" | "HardSwish" | "Flatten" | "Add" | "Identity":
            return [(step.kind, {}, {})]
        case _:
            raise NotImplementedError(step.kind)


def _window(layer: Any) -> dict[str, Any]:
    return {
        "kernel_shape": layer.kernel_size,
        "strides": layer.stride or layer.kernel_size,
        "pads": [*margin(layer), *margin(layer)],
    }
