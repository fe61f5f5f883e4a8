"""No kernel reads or writes a byte beyond its buffers: whole networks run with forbidden pages around each of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.engines.native.machine import available

from .children import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forbids pages as Linux does")

HERE = Path(__file__).parent
COUNTS = [1, 5, 16, 17]
TARGETS = [target.name for target in available()]
IMPORTED = f"import sys\nsys.path.insert(0, {str(HERE)!r})\nimport guarded\n"
OTHERS = [pytest.param(name, side, marks=pytest.mark.slow) for name in TARGETS[1:] for side in ("left", "right")]


@pytest.mark.parametrize(("target", "side"), [(TARGETS[0], "left"), (TARGETS[0], "right"), *OTHERS])
def test_no_byte_beyond_a_buffer(target: str, side: str, tmp_path: Path) -> None:
    """Running, tracing and training networks of all kinds stay within every buffer, and give the bits of any other run.

    On one side a buffer touches a forbidden page to the byte, or to the 64 bytes that all memory of ours is rounded to.
    """
    told = run(f"{IMPORTED}guarded.main({target!r}, {side!r}, {COUNTS})", tmp_path, prepared=False).splitlines()
    assert len(told) == 2 * 4 * len(COUNTS)
    assert [line for line in told if not line.endswith(": same")] == []


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_pages_are_forbidden(side: str, tmp_path: Path) -> None:
    """A buffer that lies 64 bytes nearer to a forbidden page ends the process: the test above would see it."""
    script = f"""
plain = guarded.laid_apart

def shifted(plan, left):
    sizes, pages = plain(plan, left)
    first = next(buffer for buffer in plan.buffers if buffer.base in pages and buffer.size >= 128 and not buffer.kept)
    first.offset += -64 if left else 64
    return sizes, pages

guarded.laid_apart = shifted
guarded.main({TARGETS[0]!r}, {side!r}, [5])
"""
    (tmp_path / "script.py").write_text(IMPORTED + script)
    done = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGSEGV
