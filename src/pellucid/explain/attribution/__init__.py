"""Attribution: how much each pixel counts for a class, or for any other number. `METHODS` is the table by name."""

from __future__ import annotations

from .attribution import Attribution, Strong
from .grad_cam import GradCAM
from .gradient import Gradient
from .gradient_times_input import GradientTimesInput
from .integrated_gradients import IntegratedGradients
from .method import Method
from .occlusion import Occlusion

__all__ = [
    "METHODS",
    "Attribution",
    "GradCAM",
    "Gradient",
    "GradientTimesInput",
    "IntegratedGradients",
    "Method",
    "Occlusion",
    "Strong",
]

METHODS: dict[str, type[Method]] = {
    method.name: method for method in (Gradient, GradientTimesInput, IntegratedGradients, Occlusion, GradCAM)
}
