"""ONNX Runtime: a session run as documented, and with its arrays bound before."""

from __future__ import annotations

from typing import Any

from ..foreign import foreign
from ..onnx_file import onnx_model
from ..ready import Ready
from ..works import Work


class OnnxRuntime:
    """ONNX Runtime's CPU provider."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return two ways of calling a tiny work, which may be faster on one thread. It does not train."""
        if work.training:
            return ()
        ways = ("session.run", "bound arrays") if work.tiny else ("session.run",)
        return ways + (tuple(f"{way}, 1 thread" for way in ways) if work.tiny and self._threads > 1 else ())

    def make(self, work: Work, setting: str) -> Ready:
        """Open a session; spinning, which makes it faster, is its default."""
        ort = foreign("onnxruntime")
        net = work.network()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1 if setting.endswith("1 thread") else self._threads
        options.inter_op_num_threads = 1
        session = ort.InferenceSession(onnx_model(net, work.batch), options, ["CPUExecutionProvider"])
        images = work.images(net)
        if setting.startswith("session.run"):
            return Ready(lambda: session.run(None, {"x": images}), lambda: session.run(None, {"x": images})[0])
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", ort.OrtValue.ortvalue_from_numpy(images))
        binding.bind_output("y")

        def run() -> None:
            session.run_with_iobinding(binding)

        def result() -> Any:
            run()
            return binding.copy_outputs_to_cpu()[0]

        return Ready(run, result)


PEER = OnnxRuntime
