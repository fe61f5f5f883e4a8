"""How long a ResNet-50 takes from PyTorch, beyond importing it, and how much memory, in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
from importlib.util import find_spec

WHAT = "ResNet-50 from PyTorch: `pellucid.load(module, input_shape=...)`, beyond `import torch`"
MEASURED = """
import resource, time
import torch
import torch.export
import pellucid
from pellucid.zoo import resnet50

module = resnet50().to_torch()
weights = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
net = pellucid.load(module, input_shape=(3, 224, 224))
print(time.perf_counter() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / weights)
"""
Row = tuple[str, str, str]


def torch_opening(times: int = 5) -> list[Row]:
    """Measure it, a row for the time and one for the memory that is taken besides the module's."""
    if find_spec("torch") is None:
        return [(WHAT, "< 3 s", "not measured: PyTorch is not on this machine")]
    found: list[list[float]] = []
    for _ in range(times):
        done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)
        found.append([float(number) for number in done.stdout.split()])
    seconds, sizes = zip(*found, strict=True)
    told = f"{statistics.median(seconds):.1f} s median, {max(seconds):.1f} s worst of {times}"
    memory = f"{max(sizes):.2f} times its weights, the network's own included"
    return [(WHAT, "< 3 s", told), ("the same: memory beyond the module's", "<= 2 times its weights", memory)]
