"""Keras and TensorFlow, imported quietly and as values of any type: their own types say less than they seem to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

CHATTER = (b"absl::InitializeLog()", b"oneDNN custom operations are on")  # what is told before it can be asked not to


@contextmanager
def _quiet() -> Generator[None]:
    """Hold back what native code writes to the standard error stream, and then write all of it but the chatter."""
    try:
        stream = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stream, 2)
            os.close(stream)
            aside.seek(0)
            told = [line for line in aside if not any(known in line for known in CHATTER)]
            os.write(2, b"".join(told))


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or TensorFlow tells about itself on every import

with _quiet():
    tf: Any = import_module("tensorflow")
    keras: Any = import_module("keras")
ops: Any = keras.ops
