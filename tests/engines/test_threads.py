"""The same seed gives the same bits, whatever number of threads NumPy's BLAS may use."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from pellucid.engines.threads import _controller, one_thread

# Products large enough that OpenBLAS shares them: forward, both gradients, a batch norm and a dropout on the way.
TRAINED = """
import hashlib, sys
import numpy as np
from pellucid import Network
from pellucid.engines import get
from pellucid.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from pellucid.train import SGD, CrossEntropy

net = Network((3, 32, 32), [
    Conv2d(32, 3, padding=1), BatchNorm2d(), ReLU(), Conv2d(32, 3, padding=1), MaxPool2d(4),
    Flatten(), Linear(500), ReLU(), Dropout(0.5), Linear(10),
])
rng = np.random.default_rng(0)
images, labels = rng.standard_normal((32, 3, 32, 32), np.float32), rng.integers(0, 10, 32)
trainer = get("reference").trainer(net, CrossEntropy(), SGD(0.1), seed=0)
for step in range(2):
    trainer.step((images,), labels, np.arange(32), rate=0.1)
print(hashlib.sha256(b"".join(net.weights[name].tobytes() for name in net.weights)).hexdigest())
"""


def trained(threads: int) -> str:
    """The digest of weights trained in a process whose BLAS may use so many threads."""
    variables = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, str(threads))
    return subprocess.run(
        [sys.executable, "-c", TRAINED], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_number_of_threads_changes_no_bit() -> None:
    """Weights trained with one, two and five threads are equal bit by bit."""
    assert trained(1) == trained(2) == trained(5)
    assert len(trained(1)) == 65


def test_threads_of_python_keep_each_others_limit() -> None:
    """While several threads of Python come and go, each has one thread of the BLAS; afterwards there are as before."""

    def allowed() -> list[int]:
        return [library["num_threads"] for library in _controller().info() if library["user_api"] == "blas"]

    def work(_: int) -> list[int]:
        with one_thread(), one_thread():
            first = allowed()
            return first + allowed()

    before = allowed()
    with ThreadPoolExecutor(4) as pool:
        found = [number for numbers in pool.map(work, range(200)) for number in numbers]
    assert set(found) == {1}
    assert allowed() == before
