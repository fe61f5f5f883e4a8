"""Writes `opinfo.json` anew: PyTorch's own samples of its operations, and what PyTorch gives for them.

Run `python tests/opinfo_freezing.py`, with PyTorch and the package expecttest, which its samples need. The samples'
list is a private part of PyTorch: hence it is frozen. Numbers in tensors are made by a rule, so that none are kept.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from opinfo_samples import ExcludedError, called, digest, numbers
from opinfo_table import OPERATIONS

from pellucid.errors import PellucidError

LIST = Path(__file__).with_name("opinfo.json")
POSITIVE = {"nn.functional.batch_norm": (1,), "nn.functional.instance_norm": ("running_var",)}
GRAD = 99  # the key of the gradient in the output


def described(value: Any, *, positive: bool = False) -> Any:
    """A sample's argument as JSON can hold it: of a tensor its shape."""
    if isinstance(value, torch.Tensor):
        if not value.is_floating_point():
            raise ExcludedError("tensors of whole numbers")
        return {"tensor": list(value.shape)} | ({"positive": True} if positive else {})
    if isinstance(value, tuple | list):
        return [described(one) for one in value]
    if isinstance(value, torch.dtype):
        return str(value)
    return value


def filled(value: Any, found: list[torch.Tensor]) -> Any:
    """The same arguments for PyTorch, with our numbers."""
    if isinstance(value, dict) and "tensor" in value:
        array = numbers(tuple(value["tensor"]), len(found), positive=value.get("positive", False))
        found.append(torch.tensor(array, requires_grad=True))
        return found[-1]
    if isinstance(value, dict):
        return {name: filled(one, found) for name, one in value.items()}
    return [filled(one, found) for one in value] if isinstance(value, list) else value


def samples() -> Iterator[tuple[str, Any, tuple[Any, ...], dict[str, Any], Any]]:
    """Every sample of the operations that are layers here: name, input, arguments, and what computes it."""
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

    for op in sorted(op_db, key=lambda op: (op.name, op.variant_test_name)):
        if op.name in OPERATIONS and not op.variant_test_name.startswith(("without", "with_dtype", "complex")):
            for one in op.sample_inputs("cpu", torch.float64, requires_grad=True):
                yield op.name, one.input, tuple(one.args), dict(one.kwargs), op.op
    for module in module_db:
        if module.name == "nn.LPPool2d":
            for one in module.module_inputs_func(module, "cpu", torch.float64, True, False):
                (x,), words = one.forward_input.args, one.constructor_input
                yield "nn.functional.lp_pool2d", x, tuple(words.args), dict(words.kwargs), torch.nn.functional.lp_pool2d


def answer(sample: dict[str, Any], op: Any, running: list[int]) -> dict[str, Any]:
    """What PyTorch gives: the output's shape, and one number each for it, the gradients and the running averages."""
    found: list[torch.Tensor] = []
    x, args, named = filled([sample["input"], sample["args"], sample["kwargs"]], found)
    for number in running:
        found[number].requires_grad_(False)  # PyTorch writes into it
    y = op(x, *args, **named)
    y = y[0] if isinstance(y, tuple) else y
    learned = [number for number in range(len(found)) if number not in running]
    grad = torch.tensor(numbers(tuple(y.shape), GRAD))
    grads = torch.autograd.grad(y, [found[number] for number in learned], grad)
    told = {"shape": list(y.shape), "y": _rounded(y), "grads": {}, "running": {}}
    told["grads"] = {str(number): _rounded(one) for number, one in zip(learned, grads, strict=True)}
    told["running"] = {str(number): _rounded(found[number]) for number in running}
    return {name: one for name, one in told.items() if one != {}}


def _rounded(tensor: torch.Tensor) -> float:
    return float(f"{digest(tensor.detach().numpy()):.12g}")


def main() -> None:
    """Write the list."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)  # a few samples draw their words
    kept: dict[str, dict[str, Any]] = {}
    excluded: dict[str, dict[str, list[str]]] = {}
    for name, x, args, named, op in samples():
        words = [*(str(_brief(one)) for one in (x, *args)), *(f"{key}={_brief(one)}" for key, one in named.items())]
        where = POSITIVE.get(name, ())
        try:
            sample = {
                "input": described(x),
                "args": [described(one, positive=place in where) for place, one in enumerate(args)],
                "kwargs": {key: described(one, positive=key in where) for key, one in named.items()},
            }
            called(name, sample)
        except (ExcludedError, PellucidError) as why:
            reason = f"{why.where}: {why.expected}" if isinstance(why, PellucidError) else str(why)
            excluded.setdefault(name, {}).setdefault(reason, []).append(", ".join(words))
            continue
        told: dict[str, Any] = sample | answer(sample, op, _running(name, args, named))
        told["kwargs"].pop("return_indices", None)  # the places of the winners are not compared: one sample twice
        told["args"] = told["args"][:1] if name.endswith("adaptive_max_pool2d") else told["args"]
        told = {key: one for key, one in told.items() if one not in ([], {})}
        entry = kept.setdefault(name, {}).setdefault(json.dumps(told), told | {"times": 0})
        entry["times"] += 1
    LIST.write_text(_compact(kept, excluded), encoding="utf-8")


def _running(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> list[int]:
    """The numbers of the running averages among the tensors."""
    order = [*(f"args{i}" for i, one in enumerate(args) if isinstance(one, torch.Tensor))]
    order += [key for key, one in named.items() if isinstance(one, torch.Tensor)]
    wanted = {"args0", "args1", "running_mean", "running_var"} if "batch" in name else {"running_mean", "running_var"}
    return [number for number, key in enumerate(order, 1) if key in wanted]


def _brief(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return f"tensor{tuple(value.shape)}"
    return [_brief(one) for one in value] if isinstance(value, list) else value


def _compact(kept: dict[str, dict[str, Any]], excluded: dict[str, dict[str, list[str]]]) -> str:
    """JSON with one line a sample."""
    groups = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(one) for one in some.values()) + "\n]"
        for name, some in kept.items()
    ]
    without = [f"{json.dumps(name)}: {json.dumps(some, indent=1)}" for name, some in excluded.items()]
    version = json.dumps(torch.__version__.split("+")[0])
    return "\n".join(
        [f'{{"torch": {version},', '"passing": {', ",\n".join(groups), '},\n"excluded": {', ",\n".join(without), "}}\n"]
    )


if __name__ == "__main__":
    main()
