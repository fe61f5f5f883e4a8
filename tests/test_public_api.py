"""The public surface is a promise: these names, and no others."""

from __future__ import annotations

import importlib

import pytest

import pellucid

SURFACE = {
    "pellucid": [
        "Input", "Network", "Pair", "compare", "data", "engines", "errors", "explain", "formats", "layers", "load",
        "train", "zoo",
    ],
    "pellucid.layers": [
        "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Add", "AvgPool2d", "BatchNorm1d", "BatchNorm2d", "CELU",
        "ChannelShuffle", "Clip", "Concat", "Conv2d", "ConvTranspose2d", "Dropout", "Dropout2d", "ELU",
        "Flatten", "GELU", "GlobalAvgPool2d", "GlobalMaxPool2d", "GroupNorm", "HardSigmoid", "HardSwish",
        "Input", "InstanceNorm2d", "Layer", "LayerNorm", "LeakyReLU", "Linear", "LocalResponseNorm",
        "LogSoftmax", "LpPool2d", "MaxPool2d", "Mish", "Multiply", "Node", "PReLU", "Pad2d", "Pair", "Permute",
        "PixelShuffle", "REGISTRY", "ReLU", "ReLU6", "Reshape", "SELU", "Scale", "SeparableConv2d", "SiLU",
        "Sigmoid", "Slice", "Softmax", "Softplus", "Softsign", "Subtract", "Tanh", "Upsample", "ZeroPad2d",
    ],
    "pellucid.comparison": [
        "Alone", "Comparison", "Difference", "Finding", "LayerDifference", "Stated", "Trial", "check_inputs",
        "compare",
    ],
    "pellucid.explain": [
        "Attribution", "Excitation", "Excitations", "Explanation", "LayerExcitations", "LayerSummary",
        "ReceptiveField", "Stage", "Summary", "Trace", "Trap", "attribution", "excitations", "facts",
        "receptive_field", "stages", "summarize", "trace", "traps",
    ],
    "pellucid.explain.attribution": [
        "Attribution", "GradCAM", "Gradient", "GradientTimesInput", "IntegratedGradients", "METHODS", "Method",
        "Occlusion", "Strong",
    ],
    "pellucid.engines": [
        "BatchGradients", "ENGINES", "Engine", "EngineWarning", "KerasEngine", "LossRule", "NativeEngine",
        "OptimizerRule", "Program",
        "State", "Step", "TorchEngine", "Trainer", "as_inputs", "available", "decides", "ends_in_softmax",
        "exact_values", "get",
        "part_of", "predict",
        "probabilities",
    ],
}  # fmt: skip

NETWORK = [
    "classes", "code", "evaluate", "explore", "fit", "layers", "load_weights", "node", "params", "predict", "save",
    "summary", "to_keras", "to_torch", "trace", "weight_names", "weights",
]  # fmt: skip


@pytest.mark.parametrize("module", SURFACE)
def test_the_surface_is_pinned(module: str) -> None:
    """A module's __all__ is exactly the list above, and every name of it is there."""
    found = importlib.import_module(module)
    assert sorted(found.__all__) == sorted(SURFACE[module])
    for name in SURFACE[module]:
        assert hasattr(found, name), name


def test_the_methods_of_a_network_are_pinned() -> None:
    """What a network can do is a promise too."""
    assert sorted(name for name in vars(pellucid.Network) if not name.startswith("_")) == NETWORK


def test_errors_are_one_family() -> None:
    """Every public error is a PellucidError, and also the built-in error that people expect."""
    errors = [e for e in vars(pellucid.errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert all(issubclass(error, pellucid.errors.PellucidError) for error in errors)
    others = [error for error in errors if error is not pellucid.errors.PellucidError]
    assert len(others) == 11
    assert all(issubclass(error, ValueError | KeyError | RuntimeError | ImportError) for error in others)
