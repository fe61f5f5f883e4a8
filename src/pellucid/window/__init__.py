"""What layers do to one axis: the only place where the arithmetic of windows lives. A kind of window a file.

Shapes, "same" padding, receptive fields, explanations, importers and the explorer all ask a window.
"""

from .branches import JoinedWindow, SpreadWindow
from .parts import AdaptiveWindow, SlicedWindow
from .resized import ResizedWindow
from .sliding import Pads, Window
from .transposed import TransposedWindow

__all__ = [
    "AdaptiveWindow",
    "AnyWindow",
    "JoinedWindow",
    "Pads",
    "ResizedWindow",
    "SlicedWindow",
    "SpreadWindow",
    "TransposedWindow",
    "Window",
]

AnyWindow = Window | AdaptiveWindow | TransposedWindow | ResizedWindow | SlicedWindow | SpreadWindow | JoinedWindow
