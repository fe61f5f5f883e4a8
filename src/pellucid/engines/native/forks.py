"""Locks and forks: what another thread held at a fork, nobody would ever give back in the child."""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


class Shared:
    """What several threads use in turn. Its `lock` is a new one in a forked child."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        _ALL.add(self)


_ALL: WeakSet[Shared] = WeakSet()


def _begin_again() -> None:
    for each in _ALL:
        each.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_again)
