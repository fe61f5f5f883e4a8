"""Losses and optimizers in PyTorch's operations, by our formulas, so that states fit every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..base import LossRule, OptimizerRule

Slots = dict[str, Tensor]


def compare(loss: LossRule, outputs: Tensor, targets: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Return each sample's loss, (N,), and the gradient of their mean in the outputs.

    A loss whose formula is not here is computed by its own definition, in NumPy.
    """
    count = len(outputs)
    if loss.kind == "CrossEntropy":
        labels = torch.from_numpy(np.array(targets, np.int64)).to(outputs.device)
        chosen = labels[:, None]
        if not loss.config()["probabilities"]:
            logarithms = outputs.log_softmax(1)
            slopes = logarithms.exp() - functional.one_hot(labels, outputs.shape[1])
            return -logarithms.gather(1, chosen)[:, 0], slopes / count
        floored = outputs.gather(1, chosen).clamp(min=torch.finfo(outputs.dtype).tiny)
        return -floored.log()[:, 0], torch.zeros_like(outputs).scatter(1, chosen, -1 / floored / count)
    if loss.kind == "MeanSquaredError":
        wanted = torch.from_numpy(np.array(targets)).to(outputs.device)
        if not wanted.is_floating_point() and wanted.ndim == 1 and outputs.ndim == 2:
            wanted = functional.one_hot(wanted.long(), outputs.shape[1])
        apart = outputs - wanted.to(outputs.dtype)
        return apart.square().flatten(1).mean(1), 2 * apart / outputs.numel()
    array = outputs.cpu().numpy()
    found = (np.asarray(part, np.float32) for part in (loss.values(array, targets), loss.gradient(array, targets)))
    each, slopes = (torch.from_numpy(np.array(part)).to(outputs.device) for part in found)
    return each, slopes


def update(optimizer: OptimizerRule, weight: Tensor, grad: Tensor, slots: Slots, *, step: int, rate: float) -> None:
    """Move a weight and its slots by one step, in place; an optimizer that is not here by its own definition."""
    if optimizer.kind not in ("SGD", "Adam", "AdamW"):
        _defined(optimizer, weight, grad, slots, step, rate)
        return
    said = optimizer.config()
    decay = said["weight_decay"]
    if decay and optimizer.kind == "AdamW":
        weight.mul_(1 - rate * decay)
    elif decay:
        grad = grad.add(weight, alpha=decay)
    if optimizer.kind == "SGD":
        if said["momentum"]:
            velocity = slots["velocity"].mul_(said["momentum"]).add_(grad)
            grad = grad.add(velocity, alpha=said["momentum"]) if said["nesterov"] else velocity
        weight.sub_(grad, alpha=rate)
        return
    first, second = said["betas"]
    mean, square = slots["mean"], slots["square"]
    mean.add_(grad - mean, alpha=1 - first)
    square.mul_(second).addcmul_(grad, grad, value=1 - second)
    deviation = square.sqrt().div_((1 - second ** (step + 1)) ** 0.5).add_(said["eps"])
    weight.addcdiv_(mean, deviation, value=-rate / (1 - first ** (step + 1)))


def _defined(optimizer: OptimizerRule, weight: Tensor, grad: Tensor, slots: Slots, step: int, rate: float) -> None:
    there = {name: slot.cpu().numpy() for name, slot in slots.items()}
    moved, kept = optimizer.update(weight.cpu().numpy(), grad.cpu().numpy(), there, step=step, rate=rate)
    weight.copy_(torch.from_numpy(np.array(moved, np.float32)))
    for name, slot in kept.items():
        slots[name].copy_(torch.from_numpy(np.array(slot, np.float32)))
