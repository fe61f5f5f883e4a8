"""Atlases: what excites each channel of a network, as one page to look through."""

from .cutouts import cutout
from .making import Atlas, atlas

__all__ = ["Atlas", "atlas", "cutout"]
