"""The command `pellucid`: one file a command; `app.COMMANDS` is the table of them."""

from .app import app, main

__all__ = ["app", "main"]
