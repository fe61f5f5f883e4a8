"""The Keras engine: runs and trains networks as Keras models on TensorFlow, which are imported on first use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from ...needs import missing
from ...network import Network
from ..base import Engine, LossRule, OptimizerRule, Program, Trainer

if TYPE_CHECKING:
    from .program import KerasProgram


class KerasEngine(Engine):
    """Keras on TensorFlow.

    Args:
        device: TensorFlow's name of a device, such as "CPU:0"; None leaves the choice to it.

    >>> KerasEngine("CPU:0").device
    'CPU:0'
    """

    name: ClassVar[str] = "keras"
    about: ClassVar[str] = "Keras on TensorFlow, as you would write the network there"

    def __init__(self, device: str | None = None) -> None:
        self.device = device
        self._kept: WeakKeyDictionary[Network, KerasProgram] = WeakKeyDictionary()

    def unavailable(self) -> str | None:
        """Return which package is missing, or which other backend Keras is told to use; nothing is imported."""
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        if backend != "tensorflow":
            return f"KERAS_BACKEND is {backend!r}, and this engine is for 'tensorflow'"
        name = missing("keras", "tensorflow")
        return None if name is None else f'no package {name!r}; pip install "pellucid[keras]"'

    def setup(self) -> dict[str, Any]:
        """Return the device."""
        return {"device": self.device or "TensorFlow's choice"}

    def program(self, net: Network) -> Program:
        """Make `net` ready to run; a network's program is made once."""
        from .program import KerasProgram

        kept = self._kept.get(net)
        return self._kept.setdefault(net, KerasProgram(net, self.device)) if kept is None else kept

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""
        from .trainer import KerasTrainer

        return KerasTrainer(net, loss, optimizer, seed, self.device)

    def model(self, net: Network) -> Any:
        """Return the network as an ordinary keras.Model, channels last, with its weights."""
        from .model import ordinary

        return ordinary(net)

    def opened(self, path: str | os.PathLike[str]) -> Any:
        """Return the keras.Model of a file as Keras itself reads it, not compiled, and nothing of Lambda layers run."""
        from .framework import keras

        return keras.saving.load_model(path, compile=False, safe_mode=True)
