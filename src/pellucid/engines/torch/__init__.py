"""The PyTorch engine: runs and trains networks as ordinary modules of PyTorch, which is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from ...needs import missing
from ...network import Network
from ..base import Engine, LossRule, OptimizerRule, Program, Trainer

if TYPE_CHECKING:
    from .program import TorchProgram


class TorchEngine(Engine):
    """PyTorch, on its CPU kernels or on a GPU; there with full float32 precision, TF32 off.

    Args:
        device: PyTorch's name of a device, such as "cpu" or "cuda"; None: the CPU.

    >>> TorchEngine("cpu").device
    'cpu'
    """

    name: ClassVar[str] = "torch"
    about: ClassVar[str] = "PyTorch, as you would write the network there"

    def __init__(self, device: str | None = None) -> None:
        self.device = device or "cpu"
        self._kept: WeakKeyDictionary[Network, TorchProgram] = WeakKeyDictionary()

    def unavailable(self) -> str | None:
        """Return that PyTorch is missing, or None; nothing is imported."""
        name = missing("torch")
        return None if name is None else f'no package {name!r}; pip install "pellucid[torch]"'

    def setup(self) -> dict[str, Any]:
        """Return the device."""
        return {"device": self.device}

    def program(self, net: Network) -> Program:
        """Make `net` ready to run; a network's program is made once."""
        from .program import TorchProgram

        kept = self._kept.get(net)
        return self._kept.setdefault(net, TorchProgram(net, self.device)) if kept is None else kept

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""
        from .trainer import TorchTrainer

        return TorchTrainer(net, loss, optimizer, seed, self.device)

    def module(self, net: Network) -> Any:
        """Return the network as an ordinary torch.nn.Module with its weights, in eval mode, on the CPU."""
        from .graph import Graph

        return Graph(net).pull(net).eval()
