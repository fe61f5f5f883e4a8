"""The native engine: a network becomes one program of this machine. README.md beside this file tells the way."""

from __future__ import annotations

from .engine import NativeEngine

__all__ = ["NativeEngine"]
