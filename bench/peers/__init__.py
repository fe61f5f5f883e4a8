"""Who is measured: `PEERS` is the table. A peer's own packages are imported in its own process only."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from ..ready import Peer


@dataclass(frozen=True)
class Entry:
    """A peer's title, its module here, and the packages whose versions the page names."""

    title: str
    module: str
    packages: tuple[str, ...]

    def load(self, threads: int) -> Peer:
        """Import the peer."""
        return import_module(f"{__name__}.{self.module}").PEER(threads)


OURS = "pellucid"
PEERS: dict[str, Entry] = {
    OURS: Entry("Pellucid", "pellucid", ("pellucid", "llvmlite")),
    "torch": Entry("PyTorch", "torch", ("torch",)),
    "keras": Entry("Keras/TensorFlow", "keras", ("keras", "tensorflow-cpu")),
    "jax": Entry("JAX", "jax", ("jax", "jaxlib")),
    "onnxruntime": Entry("ONNX Runtime", "onnxruntime", ("onnxruntime",)),
    "openvino": Entry("OpenVINO", "openvino", ("openvino",)),
    "ncnn": Entry("ncnn", "ncnn", ("ncnn",)),
}
