"""A model run by its own framework: the engine "itself" sees the outputs, and those layers that have a name here."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine, KerasEngine, LossRule, OptimizerRule, Program, Trainer
from ..errors import EngineError
from ..layers import Dropout
from ..needs import missing, need
from ..network import Network
from ..wiring import name_of

ITSELF = "itself"
Floats = NDArray[np.float32]
Seen = tuple[Mapping[str, Any], list[Any]]  # values by the framework's names, and the outputs in order
Watch = Callable[[Any, Network, tuple[Floats, ...]], Seen]


class Itself(Engine):
    """Runs the model that a network was opened from, in its framework; the model is left as it is.

    Args:
        model: the model object.
        framework: what it is of: a key of `WATCHES`.
    """

    name: ClassVar[str] = ITSELF
    about: ClassVar[str] = "the model itself, in its own framework"

    def __init__(self, model: Any, framework: str) -> None:
        self.model, self.framework = model, framework

    def program(self, net: Network) -> Program:
        """Make the model ready to run as `net`."""
        return _Watched(self.model, net, WATCHES[self.framework])

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Refuse: a comparison trains nothing."""
        raise refused("to train the model itself", "train it in its framework, or its network here")


def itself(model: Any, kind: str) -> Itself:
    """Return the engine that runs a model object in its framework.

    Raises:
        EngineError: there is no such engine for this.
    """
    if kind not in WATCHES:
        raise refused(f"{type(model).__name__}, which has no framework of its own here", "name an engine")
    return Itself(model, kind)


def onnx_file(path: Any) -> Itself:
    """Return the engine that runs an ONNX file in onnxruntime; no file beside it is read.

    Raises:
        MissingPackageError: onnx is not installed.
    """
    need("running an ONNX file itself", "onnx", "onnx")
    import onnx

    return Itself(onnx.load(path, load_external_data=False), "onnx")


def keras_file(path: Any) -> Itself:
    """Return the engine that runs a Keras file in Keras.

    Raises:
        MissingPackageError: Keras, TensorFlow or h5py is not installed.
        EngineError: Keras does not open it.
    """
    need("running a Keras file itself", "keras", "keras", "tensorflow", "h5py")
    try:
        return Itself(KerasEngine().opened(path), "keras")
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise refused(f"a file that Keras does not open: {said}", "name an engine, such as 'reference'") from None


def refused(got: str, fix: str) -> EngineError:
    """Return the error of what the engine cannot do."""
    return EngineError(
        f"engine {ITSELF!r}",
        got=got,
        expected=f"a model object of {', '.join(WATCHES)}, or a file of ONNX or Keras",
        fix=fix,
    )


class _Watched(Program):
    """A model with its layers' values seen, as far as they have the names and shapes of a network's."""

    def __init__(self, model: Any, net: Network, watch: Watch) -> None:
        self._model, self._net, self._watch = model, net, watch

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs."""
        found = self.trace(inputs)
        return tuple(found[name_of(node)] for node in self._net.outputs)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return the inputs, the outputs, and every other value that was seen."""
        net = self._net
        seen, outputs = self._watch(self._model, net, inputs)
        found = {name_of(node): x for node, x in zip(net.inputs, inputs, strict=True)}
        ends = {name_of(node): value for node, value in zip(net.outputs, outputs, strict=True)}
        for name in net.layers:
            value = {**seen, **ends}.get(name)
            if value is None:
                continue
            array = np.asarray(value, np.float32)
            if array.size == len(inputs[0]) * np.prod(net.shapes[name]):
                found[name] = array.reshape(len(inputs[0]), *net.shapes[name])
        return found


def _torch(model: Any, net: Network, inputs: tuple[Floats, ...]) -> Seen:
    """Run a torch.nn.Module in the mode that it is in: a copy, whose statistics may move."""
    import torch

    model = copy.deepcopy(model)
    seen: dict[str, Any] = {}
    often: set[str] = set()

    def keep(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(module: Any, given: Any, value: Any) -> None:
            if name in seen:
                often.add(name)
            if isinstance(value, torch.Tensor):
                seen[name] = value.detach().clone().numpy()  # what follows may change it in place

        return hook

    for name, module in model.named_modules():
        if name in net.layers:
            module.register_forward_hook(keep(name))
    dropped: list[Any] = []  # what each dropout gave, in order: that of a function has no module to be seen by

    class Dropouts(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            value = func(*args, **(kwargs or {}))
            if func in (torch.nn.functional.dropout, torch.nn.functional.dropout2d):
                dropped.append(value.detach().clone().numpy())
            return value

    with torch.no_grad(), torch.random.fork_rng(), Dropouts():
        found: Any = model(*(torch.from_numpy(x.copy()) for x in inputs))
    outputs: Any = found if type(found) in (tuple, list) else (found,)
    drops = [name for name, layer in net.layers.items() if isinstance(layer, Dropout)]
    functions = dict(zip(drops, dropped, strict=True)) if len(drops) == len(dropped) else {}
    told = {name: value for name, value in seen.items() if name not in often}
    return {**functions, **told}, [value.numpy() for value in outputs]


def _keras(model: Any, net: Network, inputs: tuple[Floats, ...]) -> Seen:
    """Run a Functional or Sequential keras.Model, all of its layers' outputs asked for."""
    import keras

    last = any(getattr(layer, "data_format", None) == "channels_last" for layer in model.layers)
    watched: dict[str, Any] = {}
    for layer in model.layers:
        own = [name for name in net.layers if name == layer.name or name.startswith(f"{layer.name}/")]
        if own and len(layer._inbound_nodes) == 1:
            watched[own[-1]] = layer.output
    whole: Any = keras.Model(model.inputs, [list(watched.values()), model.outputs])
    given = [np.moveaxis(x, 1, -1) if last and x.ndim == 4 else x for x in inputs]
    values, outputs = whole(given, training=False)
    laid = [_channels_first(value, last) for value in (*values, *outputs)]
    return dict(zip(watched, laid, strict=False)), laid[len(watched) :]


def _channels_first(value: Any, last: bool) -> Any:
    array = np.asarray(value)
    return np.moveaxis(array, -1, 1) if last and array.ndim == 4 else array


def _onnx(model: Any, net: Network, inputs: tuple[Floats, ...]) -> Seen:
    """Run an onnx.ModelProto in onnxruntime, a copy with every node's first output asked for."""
    if missing("onnxruntime") is not None:
        raise refused("no package 'onnxruntime'", "pip install onnxruntime, or name an engine, such as 'reference'")
    import onnx
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise refused("weights in files beside the model", "name an engine, such as 'reference'")
    outputs = [value.name for value in model.graph.output]
    named = {node.name or node.output[0]: node.output[0] for node in model.graph.node if node.output}
    watched = {name: value for name, value in named.items() if name in net.layers and value not in outputs}
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.output.extend(onnx.helper.make_empty_tensor_value_info(value) for value in watched.values())
    session: Any = onnxruntime.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    types = {given.name: np.float16 if "float16" in given.type else np.float32 for given in session.get_inputs()}
    feed = {name: x.astype(kind) for (name, kind), x in zip(types.items(), inputs, strict=True)}
    found: list[Any] = session.run([*outputs, *watched.values()], feed)
    return dict(zip(watched, found[len(outputs) :], strict=True)), found[: len(outputs)]


WATCHES: dict[str, Watch] = {"torch": _torch, "keras": _keras, "onnx": _onnx}
FILES: dict[str, Callable[[Any], Itself]] = {".onnx": onnx_file, ".keras": keras_file, ".h5": keras_file}
