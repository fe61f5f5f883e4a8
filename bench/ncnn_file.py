"""Write a network in ncnn's format as its own optimizer would: batch norms folded, ReLUs in the layer before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import Network
from pellucid.wiring import name_of

from .graph import Step, folded, margin, steps

MAGIC = "7767517"
RELU = 1  # ncnn's number of the activation
RAW = b"\0\0\0\0"  # the mark of plain float32 before a kernel


@dataclass
class Line:
    """One layer of the text: its kind, what it reads and writes, its parameters, its weights."""

    kind: str
    reads: list[str]
    writes: list[str]
    parameters: dict[int, int]
    weights: bytes = b""

    def text(self, number: int) -> str:
        """Return the line."""
        ends = " ".join([*self.reads, *self.writes])
        settings = " ".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{self.kind} l{number} {len(self.reads)} {len(self.writes)} {ends} {settings}"


def ncnn_files(net: Network) -> tuple[str, bytes]:
    """Return the text of the .param file and the bytes of the .bin; input "x", output "y"."""
    lines = [Line("Input", [], ["x"], {}), *_split(list(_fused(net)), name_of(net.inputs[0]))]
    renamed = {name_of(net.inputs[0]): "x", name_of(net.outputs[0]): "y"}
    for line in lines:
        line.reads = [renamed.get(name, name) for name in line.reads]
        line.writes = [renamed.get(name, name) for name in line.writes]
    blobs = sum(len(line.writes) for line in lines)
    text = "\n".join([MAGIC, f"{len(lines)} {blobs}", *(line.text(number) for number, line in enumerate(lines))])
    return text + "\n", b"".join(line.weights for line in lines)


def _fused(net: Network) -> Iterator[Line]:
    """Yield the layers; what follows a layer and can be done in it is not a layer."""
    every = list(steps(net))
    readers: dict[str, list[Step]] = {}
    for step in every:
        for name in step.reads:
            readers.setdefault(name, []).append(step)
    same: dict[str, str] = {}  # what is done within an earlier layer, and under which name
    done: set[str] = set()
    for step in every:
        if step.name in done:
            continue
        reads = [same.get(name, name) for name in step.reads]
        if step.kind in ("Identity", "Flatten"):  # ncnn's matrix products flatten what they read
            same[step.name] = reads[0]
            continue
        last = step
        norm = relu = None
        if step.kind == "Conv2d" and (norm := _only(readers, last, "BatchNorm2d")) is not None:
            last = norm
        if step.kind in ("Conv2d", "Linear") and (relu := _only(readers, last, "ReLU")) is not None:
            last = relu
        done |= {also.name for also in (norm, relu) if also is not None}
        yield _line(step, reads, last.name, norm, RELU if relu is not None else 0)


def _only(readers: dict[str, list[Step]], step: Step, kind: str) -> Step | None:
    """Return the only reader of a value if it is of that kind."""
    found = readers.get(step.name, [])
    return found[0] if len(found) == 1 and found[0].kind == kind else None


def _line(step: Step, reads: list[str], writes: str, norm: Step | None, activation: int) -> Line:
    layer = step.layer
    match step.kind:
        case "Conv2d":
            weight, bias = folded(step, norm) if norm else (step.weights["weight"], step.weights["bias"])
            window = _window(layer, 1, 3, 4)
            return Line(
                "Convolution",
                reads,
                [writes],
                {0: layer.out_channels, **window, 5: 1, 6: weight.size, 9: activation},
                _weights(weight, bias),
            )
        case "Linear":
            weight, bias = step.weights["weight"], step.weights["bias"]
            parameters = {0: layer.out_features, 1: 1, 2: weight.size, 9: activation}
            return Line("InnerProduct", reads, [writes], parameters, _weights(weight, bias))
        case "MaxPool2d":
            return Line("Pooling", reads, [writes], {0: 0, **_window(layer, 1, 2, 3), 5: 1})
        case "AvgPool2d":
            return Line("Pooling", reads, [writes], {0: 1, **_window(layer, 1, 2, 3), 5: 1})
        case "GlobalAvgPool2d":
            return Line("Pooling", reads, [writes], {0: 1, 4: 1})
        case "ReLU":
            return Line("ReLU", reads, [writes], {})
        case "Tanh":
            return Line("TanH", reads, [writes], {})
        case "Add":
            return Line("BinaryOp", reads, [writes], {0: 0})
        case _:
            raise NotImplementedError(step.kind)


def _window(layer: Any, kernel: int, stride: int, padding: int) -> dict[int, int]:
    """Return a square window's parameters under ncnn's numbers for them."""
    by = layer.stride or layer.kernel_size
    return {kernel: layer.kernel_size[0], stride: by[0], padding: margin(layer)[0]}


def _weights(weight: NDArray[Any], bias: NDArray[Any]) -> bytes:
    return RAW + np.ascontiguousarray(weight, "<f4").tobytes() + np.ascontiguousarray(bias, "<f4").tobytes()


def _split(lines: list[Line], source: str) -> Iterator[Line]:
    """Put a Split behind every value that is read more than once: ncnn wants one reader each."""
    count: dict[str, int] = {}
    for line in lines:
        for name in line.reads:
            count[name] = count.get(name, 0) + 1
    handed: dict[str, int] = {}
    for line in lines:
        reads: list[str] = []
        for name in line.reads:
            if count[name] > 1:
                reads.append(f"{name}_{handed.get(name, 0)}")
                handed[name] = handed.get(name, 0) + 1
            else:
                reads.append(name)
        line.reads = reads
        yield line
        for name in line.writes:
            if count.get(name, 0) > 1:
                yield Line("Split", [name], [f"{name}_{i}" for i in range(count[name])], {})
