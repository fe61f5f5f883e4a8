"""The explorer's page as one file: to send, to keep, to put into a lecture; it needs no server and no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ... import disk
from ..session import Session
from .contents import MOST, gathered, shown
from .document import document

SAMPLES = 20  # images in a page, of those that are there

__all__ = ["MOST", "SAMPLES", "write_page"]


def write_page(
    session: Session,
    path: str | Path,
    *,
    samples: Sequence[int] | None = None,
    layers: Sequence[str] | None = None,
    most: int = MOST,
) -> list[str]:
    """Write a page on a network and some images, which can be opened from disk, without this program.

    Args:
        session: the network and its images.
        path: the file to write.
        samples: the numbers of the images in it; None: up to 20 of them, evenly apart.
        layers: the layers whose numbers are in it; None: the outputs, and from the image on as many as there is room
            for.
        most: bytes that values, weights and tables may take before they are compressed.

    Returns:
        the layers whose numbers are not in the page.

    Raises:
        UnknownNameError: there is no such layer.
        OSError: the file cannot be written.
    """
    chosen = shown(session.samples, SAMPLES) if samples is None else samples
    carried = gathered(session, chosen, layers=layers, most=most)
    pieces = {"facts": carried.facts, "weights": carried.weights}
    pieces |= {f"run-{number}": run for number, run in enumerate(carried.runs)}
    page = document("onefile/js/page.js", pieces)
    disk.replace_file(Path(path), [page.encode()])
    return carried.left_out
