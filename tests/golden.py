"""Texts that people read, kept beside the tests: `make golden` writes them anew, and the difference is looked at."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare `text` with the file of that name; with PELLUCID_GOLDEN=write, write it instead."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("PELLUCID_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n", f"{name} reads differently now; see `make golden`"
