"""What running a network by an engine on another framework takes beyond the same network written by hand there.

Both are in one process, have turns by turns, read arrays and give arrays; the figure is the median of the rounds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.engines import ENGINES
from pellucid.train import SGD, CrossEntropy

from .foreign import foreign
from .ratios import Ratio, disagreement
from .works import MOMENTUM, RATE, WORKS, Floats, Work

ROOT = Path(__file__).resolve().parents[1]
# LeNet-5 takes less than a millisecond: there calling counts, and nothing is promised.
MEASURED = {"smallvgg-64": "<= 3 %", "resnet18": "<= 3 %", "smallvgg-train": "<= 3 %", "lenet-64": "-"}
SECONDS = 10.0  # of turns a work
ENGINES_OF = {"keras": "Keras", "torch": "PyTorch"}
Row = tuple[str, str, str]
Run = Callable[[], Any]


def by_hand_in_keras(work: Work, images: Floats) -> Run:
    """Return a run of the model as someone writes it in Keras, compiled."""
    from .peers.keras import model

    keras, tf = foreign("keras"), foreign("tensorflow")
    net = work.network()
    network = model(net)
    turned = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    if not work.training:
        forward = tf.function(lambda x: network(x, training=False)).get_concrete_function(tf.constant(turned))
        return lambda: forward(tf.constant(turned)).numpy()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    optimizer.build(network.trainable_variables)

    @tf.function
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            lost = loss(y, network(x, training=True))
        optimizer.apply(tape.gradient(lost, network.trainable_variables))
        return lost

    labels = work.labels(net)
    return lambda: step(tf.constant(turned), tf.constant(labels)).numpy()


def by_hand_in_torch(work: Work, images: Floats) -> Run:
    """Return a run of the module as someone writes it in PyTorch."""
    from .torch_module import module

    torch = foreign("torch")
    net = work.network()
    network = module(net).train(work.training)
    if not work.training:

        def forward() -> Any:
            with torch.inference_mode():
                return network(torch.from_numpy(images)).numpy()

        return forward
    labels = work.labels(net)
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=MOMENTUM)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(torch.from_numpy(images)), torch.from_numpy(labels))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def by_engine(name: str, work: Work, images: Floats) -> Run:
    """Return a run of the same network by an engine."""
    net, engine = work.network(), ENGINES[name]
    if not work.training:
        program = engine.program(net)
        return lambda: program.run((images,))[0]
    trainer = engine.trainer(net, CrossEntropy(), SGD(RATE, momentum=MOMENTUM), seed=0)
    labels, samples = work.labels(net), np.arange(len(images))
    return lambda: trainer.step((images,), labels, samples, rate=RATE).losses.mean()


def measure(name: str, work: Work, seconds: float) -> Ratio:
    """Return how many times the time by hand an engine's time is, both by turns in this process."""
    images = work.images(work.network())
    write = by_hand_in_keras if name == "keras" else by_hand_in_torch
    runs = [write(work, images), by_engine(name, work, images)]
    first, second = (np.asarray(run(), np.float32) for run in runs)
    wrong = disagreement(second.reshape(first.shape), first)
    if wrong is not None:
        raise AssertionError(f"{name}, {work.name}: {wrong}")
    for run in runs:
        run()
    times: list[list[float]] = [[], []]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for number in (0, 1) if len(times[0]) % 2 else (1, 0):
            start = time.perf_counter()
            runs[number]()
            times[number].append(time.perf_counter() - start)
    return Ratio.of(times[1], times[0])


def overhead() -> list[Row]:
    """Measure every engine on another framework, each work in a fresh process."""
    rows: list[Row] = []
    for name, title in ENGINES_OF.items():
        why = ENGINES[name].unavailable()
        for work, promised in MEASURED.items():
            what = f"{WORKS[work].title}: engine `{name}`, beyond the same network written by hand in {title}"
            rows.append((what, promised, f"not measured: {why}" if why is not None else _measured(name, work)))
    return rows


def _measured(name: str, work: str) -> str:
    command = [sys.executable, "-m", "bench.overhead", name, work]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    low, median, high = (float(ratio) - 1 for ratio in done.stdout.split())
    return f"{median:+.1%} (half of the rounds from {low:+.1%} to {high:+.1%})"


if __name__ == "__main__":
    found = measure(sys.argv[1], WORKS[sys.argv[2]], SECONDS)
    print(found.low, found.median, found.high)
