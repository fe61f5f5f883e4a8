"""What must be measured in a process that does nothing else: first steps, an epoch, memory.

python -m bench.alone TASK [ARGUMENT...] prints what it found as JSON.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import engines
from pellucid.train import SGD, CrossEntropy, data
from pellucid.zoo import lenet5, resnet50

from .foreign import foreign
from .peak import peak
from .peers import PEERS
from .peers.pellucid import ENGINE
from .torch_module import module
from .works import WORKS

BATCH, RATE, MOMENTUM = 64, 0.05, 0.9
MEBI = 2**20


def first_training_step() -> float:
    """Return the seconds from LeNet-5 to its first step."""
    net = lenet5()
    images, labels = np.zeros((BATCH, 1, 28, 28), np.float32), np.zeros(BATCH, np.int64)
    start = time.perf_counter()
    trainer = engines.get(ENGINE).trainer(net, CrossEntropy(), SGD(RATE, momentum=MOMENTUM), seed=0)
    trainer.step((images,), labels, np.arange(BATCH), rate=RATE)
    return time.perf_counter() - start


def first_outputs() -> float:
    """Return the seconds from ResNet-50, its weights made, to its first outputs."""
    net = resnet50()
    for name in net.weights:
        _ = net.weights[name]
    images = np.zeros((1, 3, 224, 224), np.float32)
    start = time.perf_counter()
    engines.get(ENGINE).program(net).run((images,))
    return time.perf_counter() - start


def trace() -> float:
    """Return how many times a forward pass of one image a trace, which keeps every value, takes on LeNet-5."""
    net = lenet5()
    images = (np.random.default_rng(0).standard_normal((1, 1, 28, 28), np.float32),)
    program = engines.get(ENGINE).program(net)

    def once(run: Callable[[Any], Any]) -> float:
        start = time.perf_counter()
        run(images)
        return time.perf_counter() - start

    once(program.trace)  # compile
    once(program.run)
    return statistics.median(once(program.trace) / once(program.run) for _ in range(300))


def memory(peer: str, setting: str) -> dict[str, float]:
    """Return the peak of resident memory in MiB before small VGG is built, and after ten training steps."""
    work = WORKS["smallvgg-train"]
    loaded = PEERS[peer].load(2)
    before = _resident()
    run = loaded.make(work, setting).run
    for _ in range(10):
        run()
    return {"before": before, "peak": _resident()}


def _resident() -> float:
    """Return the most memory that this process had, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # the other count goes on from the process that started this one
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", status.read_text("ascii"))
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEBI


def epoch(peer: str, folder: str) -> dict[str, float]:
    """Return the seconds of one epoch of LeNet-5 on Fashion-MNIST, and the accuracy on its test images."""
    train, test = data.load(Path(folder))
    net = lenet5()
    start = time.perf_counter()
    if peer == "torch":
        _torch_epoch(net, train.images, np.asarray(train.labels))
    else:
        net.fit(train, epochs=1, batch_size=BATCH, optimizer=SGD(RATE, momentum=MOMENTUM), engine=ENGINE)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "accuracy": net.evaluate(test, engine=ENGINE).accuracy}


def _torch_epoch(net: Any, images: Any, labels: Any) -> None:
    """Train as a careful user of PyTorch would: the data in memory, batches by index, channels last."""
    torch = foreign("torch")
    model = module(net).to(memory_format=torch.channels_last)
    x, y = torch.from_numpy(np.array(images)), torch.from_numpy(np.array(labels))
    x = x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM, fused=True)
    for chosen in torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).split(BATCH):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
    for name, weight in zip(net.weights, model.state_dict().values(), strict=True):
        net.weights[name] = weight.numpy()


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task for task in (first_training_step, first_outputs, trace, memory, epoch, peak)
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
