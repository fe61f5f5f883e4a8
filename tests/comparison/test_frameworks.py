"""Models of other frameworks are sides too: opened here, on any engine, or run in their own framework."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from pellucid import Network, compare, load
from pellucid.engines import ENGINES
from pellucid.errors import EngineError, ParameterError
from pellucid.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU

SHAPE = (3, 13, 17)
FORMS = ("safetensors", "keras")


def small() -> Network:
    """A network that all frameworks have."""
    layers = [
        ("conv", Conv2d(5, 3, stride=2)), ("norm", BatchNorm2d()), ("relu", ReLU()), ("pool", MaxPool2d(2)),
        ("flatten", Flatten()), ("drop", Dropout(0.5)), ("fc", Linear(7)),
    ]  # fmt: skip
    net = Network(SHAPE, layers, name="small")
    rng = np.random.default_rng(5)
    net.weights["norm.running_mean"] = rng.normal(size=5)
    net.weights["norm.running_var"] = rng.uniform(0.5, 2, 5)
    return net


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "reference"])
def test_every_engine_rounds_and_no_more(engine):
    """Each engine that runs here gives what the definitions give, on all chosen inputs."""
    why = ENGINES[engine].unavailable()
    if why is not None:
        pytest.skip(why)
    assert compare(small(), small(), engines=("reference", engine)).sentence == "the same, but for rounding"


def test_a_module_of_pytorch():
    """A torch.nn.Module is opened with the other side's shape, and run by PyTorch itself: the same."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    module = small().to_torch()
    found = compare(small(), module)
    assert found.same
    found = compare(module, small(), engines=("itself", "reference"))
    assert found.same, found.sentence
    assert found.a.endswith("on itself")
    image = np.random.default_rng(1).normal(size=SHAPE)
    assert compare(module, module, image, engines=("itself", "itself")).same
    with pytest.raises(ParameterError, match="without input_shape"):
        compare(module, module)


def test_a_module_of_pytorch_that_is_training():
    """A module that nobody switched to evaluation is found, when it runs itself; and it is left as it was."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module = small().to_torch().train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    found = compare(small(), module, engines=("reference", "itself")).differences
    assert [(one.layer.a, one.findings[0].rule) for one in found] == [
        ("norm", "training mode"),
        ("drop", "dropout active"),
    ]
    assert module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_functions_of_pytorch_are_seen_through():
    """What a module computes with functions has no name there: it is compared at the next layer that has one."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 5, 3)
            self.last = torch.nn.Conv2d(5, 2, 3)

        def forward(self, x):
            return self.last(torch.nn.functional.leaky_relu(self.conv(x), 0.2))

    torch.manual_seed(0)
    model = Model()
    net = load(model, input_shape=SHAPE)
    assert compare(net, model, engines=("reference", "itself")).same
    slope = next(name for name, layer in net.layers.items() if layer.kind == "LeakyReLU")
    other = load(model, input_shape=SHAPE)
    from planting import with_parameters

    found = compare(with_parameters(other, slope, negative_slope=0.3), model).differences[0]
    assert found.findings[0].rule == "negative_slope"


def test_a_function_that_drops_is_blamed_itself():
    """A dropout that is a function, and active in evaluation too, is named, and not the layer behind it."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    function = torch.nn.functional

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 5, 3)
            self.last = torch.nn.Conv2d(5, 2, 3)
            self.drop = torch.nn.Dropout(0.25)

        def forward(self, x):
            return self.drop(self.last(function.dropout2d(function.dropout(torch.relu(self.conv(x)), 0.5))))

    torch.manual_seed(0)
    model = Model().eval()
    found = compare(load(model, input_shape=SHAPE), model, engines=("reference", "itself")).differences
    assert [(one.layer.kind, one.findings[0].rule) for one in found[:1]] == [("Dropout", "dropout active")]
    assert {one.layer.kind for one in found} == {"Dropout", "Dropout2d"}


def test_a_model_of_keras():
    """A keras.Model is opened channels first, and run by Keras itself: the same."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((13, 17, 3)),
            keras.layers.Conv2D(5, 3, strides=2, padding="same", activation="relu", name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.AveragePooling2D(2, padding="same", name="pool"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(4, activation="softmax", name="fc"),
        ]
    )
    net = load(model)
    found = compare(model, net, engines=("itself", "reference"))
    assert found.same, found.sentence
    ours = net.weights["fc.weight"].reshape(4, 4, 5, 5).transpose(0, 3, 1, 2).reshape(4, -1)
    from planting import rebuilt

    right = rebuilt(net, layers={"flatten": Flatten()}, weights={"fc.weight": ours})
    assert compare(model, right).same
    wrong = compare(model, rebuilt(net, layers={"flatten": Flatten()})).differences[0]
    assert (wrong.layer.a, wrong.findings[0].rule) == ("fc", "flatten order")


def test_a_model_of_onnx():
    """An onnx.ModelProto is opened, and run by onnxruntime itself: the same, also on a file of it."""
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = saved(onnx)
    image = np.random.default_rng(1).normal(size=SHAPE)
    found = compare(small(), model, image, engines=("reference", "itself"))
    assert found.same, found.sentence
    image[0, 4, 5] = np.nan  # which onnxruntime's max pool drops, with what it had read of the window before
    found = compare(small(), model, image, engines=("reference", "itself")).differences[0]
    assert (found.layer.a, found.findings[0].rule) == ("pool", "NaN dropped")
    assert "drops NaN with all that came before it" in found.words


def test_a_file_of_onnx_runs_itself(tmp_path, monkeypatch):
    """An ONNX file is run by onnxruntime, if that is there, and if all its weights are in the file."""
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "small.onnx"
    small().save(path)
    image = np.random.default_rng(1).normal(size=SHAPE)
    found = compare(path, path, image, engines=("reference", "itself"))
    assert found.same, found.sentence
    assert found.b == "small.onnx: 7 layers, 577 parameters, on itself"
    with monkeypatch.context() as patched:
        patched.setattr("pellucid.comparison.itself.missing", lambda name: name)
        with pytest.raises(EngineError, match="no package 'onnxruntime'"):
            compare(path, path, image, engines=("itself", "itself"))
    onnx.save(onnx.load(path), tmp_path / "big.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises(EngineError, match="weights in files beside the model"):
        compare(path, tmp_path / "big.onnx", image, engines=("reference", "itself"))


def saved(onnx):
    """The small network as a model of ONNX."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        small().save(f"{folder}/small.onnx")
        return onnx.load(f"{folder}/small.onnx")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_of_keras_runs_itself(tmp_path, monkeypatch, suffix):
    """A Keras file is run by Keras, if that is there and opens it."""
    pytest.importorskip("keras", reason="Keras is not installed")
    keras = pytest.importorskip("pellucid.engines.keras.framework", reason="TensorFlow is not installed").keras
    path = tmp_path / f"small{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TensorFlow's tensors, when NumPy 2 copies them
        small().to_keras().save(path)
    image = np.random.default_rng(1).normal(size=SHAPE)
    found = compare(path, load(path), image, engines=("itself", "reference"))
    assert found.same, found.sentence
    assert found.a.startswith(f"small{suffix}: ")
    assert found.a.endswith("on itself")

    def fail(*given, **more):
        raise ValueError("no such layer\nand much more")

    monkeypatch.setattr(keras.saving, "load_model", fail)
    with pytest.raises(EngineError, match="a file that Keras does not open: no such layer\n"):
        compare(path, path, image, engines=("reference", "itself"))


def test_keras_says_nothing_of_itself(tmp_path):
    """Whatever TensorFlow writes about itself when it is imported, nothing of it comes out with ours."""
    for name in ("keras", "tensorflow"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    small().save(tmp_path / "small.safetensors")
    command = [sys.executable, "-m", "pellucid", "convert", *(str(tmp_path / f"small.{s}") for s in FORMS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_model_objects_run_themselves(tmp_path):
    """A network of ours, and a file, have no framework that runs them: an engine does."""
    with pytest.raises(EngineError, match="which has no framework of its own here"):
        compare(small(), small(), engines=("itself", "reference"))
    small().save(tmp_path / "small.safetensors")
    with pytest.raises(EngineError, match="a model object of torch, keras, onnx, or a file of ONNX or Keras"):
        compare(small(), tmp_path / "small.safetensors", engines=("reference", "itself"))
