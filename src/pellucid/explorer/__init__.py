"""The explorer: a page in the browser over a network and its traces, served to this machine's user alone."""

from .numbers import read_numbers
from .onefile import write_page
from .pixels import PIXELS
from .server import explore, serve, serving
from .session import Session

__all__ = ["PIXELS", "Session", "explore", "read_numbers", "serve", "serving", "write_page"]
