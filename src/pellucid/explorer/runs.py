"""One run of the network on one image, with every value of it."""

from __future__ import annotations

from dataclasses import dataclass

from ..explain import Trace
from .versions import Version


@dataclass(frozen=True, eq=False)
class Run:
    """One run of one version of the network on one image.

    Args:
        name: what the page calls it.
        version: what was run.
        trace: every value.
        sample: the image's number, or None for one that was drawn or brought.
    """

    name: str
    version: Version
    trace: Trace
    sample: int | None

    @property
    def size(self) -> int:
        """Bytes that its values take."""
        return sum(value.nbytes for value in self.trace.values())
