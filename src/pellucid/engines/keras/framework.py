"""Keras and TensorFlow, imported quietly and as values of any type: their own types say less than they seem to."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or TensorFlow tells about itself on every import

tf: Any = import_module("tensorflow")
keras: Any = import_module("keras")
ops: Any = keras.ops
