"""The native engine as the rest of the house sees it."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from ...checks import check_count
from ...errors import EngineError, unknown_name
from ...network import Network
from ..base import Engine, LossRule, OptimizerRule, Program, Trainer
from .threads import checked_threads

if TYPE_CHECKING:
    from .machine import Target
    from .plan_facts import PlanFacts
    from .program import Kept


class NativeEngine(Engine):
    """Our own machine code, made for the network on this machine.

    Args:
        threads: how many threads share the work; None: PELLUCID_THREADS, or the cores that this process may use. The
            same bits come out for any number.
        exact: only direct sums of products, never Winograd's algorithm.
        target: an instruction set, such as `machine.x86("avx2")`; None: the best that this machine has.

    Raises:
        ParameterError: a number of threads that cannot be.

    >>> NativeEngine(threads=2).name
    'native'
    """

    name: ClassVar[str] = "native"
    about: ClassVar[str] = "machine code made for the network on this machine"

    def __init__(self, *, threads: int | None = None, exact: bool = False, target: Target | None = None) -> None:
        self._threads = None if threads is None else checked_threads(threads)
        self.exact, self._target = exact, target
        self._kept: WeakKeyDictionary[Network, Kept] = WeakKeyDictionary()

    @property
    def threads(self) -> int:
        """How many threads share the work."""
        return checked_threads(self._threads)

    @property
    def target(self) -> Target:
        """The instruction set."""
        from .machine import host

        return self._target or host()

    def unavailable(self) -> str | None:
        """Return why the engine cannot run on this machine, or None."""
        return _unavailable()

    def setup(self) -> dict[str, Any]:
        """Return the instruction set, and how many threads share the work."""
        return {"instructions": self.target.name, "threads": self.threads}

    def program(self, net: Network) -> Program:
        """Make `net` ready to run."""
        from .memory import check_values
        from .pool import pool
        from .program import Kept, NativeProgram

        kept = self._kept.get(net)
        if kept is None:  # of several threads that come here at once, all take the first one's
            check_values(net, self.target)
            kept = self._kept.setdefault(net, Kept())
        return NativeProgram(net, kept, target=self.target, pool=pool(self.threads), exact=self.exact)

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""
        from .memory import check_values
        from .pool import pool
        from .trainer import NativeTrainer

        check_values(net, self.target)
        return NativeTrainer(net, loss, optimizer, seed, target=self.target, pool=pool(self.threads), exact=self.exact)

    def plan(self, net: Network, *, training: bool = False, batch: int = 64, lanes: str | None = None) -> PlanFacts:
        """Return what running a network would be, or a step of training it, as facts; no machine code is made.

        Args:
            net: the network.
            training: a step of training, by cross-entropy and SGD with momentum.
            batch: how many samples.
            lanes: what fills a vector, "samples" or "channels"; None: what the engine chooses.

        Raises:
            ParameterError, UnknownNameError: a batch or lanes that cannot be.
            EngineError: a layer without a kernel in the lanes that were asked for.

        >>> from pellucid.layers import Linear
        >>> NativeEngine().plan(Network(3, [Linear(2)])).macs
        6
        """
        from .planned import LANES, run_facts, training_facts

        check_count("plan", "batch", batch)
        if lanes not in (None, *LANES):
            raise unknown_name("lanes", lanes, LANES)
        facts = training_facts if training else run_facts
        return facts(net, self.target, batch=batch, lanes=lanes, exact=self.exact)


@cache
def _unavailable() -> str | None:
    """Return what is missing, found out once."""
    if importlib.util.find_spec("llvmlite") is None:
        return "the package llvmlite is not installed"
    from .machine import host

    try:
        host()
    except EngineError as error:
        return error.got
    except (ImportError, OSError, RuntimeError) as error:
        return f"LLVM does not start: {error}"
    return None
