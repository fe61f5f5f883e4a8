"""The explorer: a page in the browser over a network and its traces, served to this machine's user alone."""

from .server import explore, serve, serving

__all__ = ["explore", "serve", "serving"]
