"""Packages of others, by name: they are installed for measuring only, and the type checker must not miss them."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def foreign(name: str) -> Any:
    """Import a module."""
    return import_module(name)
