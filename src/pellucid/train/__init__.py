"""Training: data, losses, optimizers, schedules, the loop, evaluation and checkpoints."""

from . import data
from .checkpoints import Checkpoints
from .dataset import Dataset
from .evaluation import Evaluation, evaluate
from .history import Epoch, History, Status
from .loop import fit
from .losses import CrossEntropy, Loss, MeanSquaredError
from .optimizers import SGD, Adam, AdamW, Optimizer
from .schedules import Constant, Cosine, Schedule, StepDecay

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Checkpoints",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Dataset",
    "Epoch",
    "Evaluation",
    "History",
    "Loss",
    "MeanSquaredError",
    "Optimizer",
    "Schedule",
    "Status",
    "StepDecay",
    "data",
    "evaluate",
    "fit",
]
