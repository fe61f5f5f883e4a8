"""OpenVINO: one inference request with its arrays set before, in float32."""

from __future__ import annotations

from typing import Any

from ..foreign import foreign
from ..onnx_file import onnx_model
from ..ready import Ready
from ..works import Work


class OpenVino:
    """OpenVINO's CPU plugin."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return the hint for one request at a time; tiny works may be faster on one thread. It does not train."""
        if work.training:
            return ()
        return ("latency", "latency, 1 thread") if work.tiny and self._threads > 1 else ("latency",)

    def make(self, work: Work, setting: str) -> Ready:
        """Compile the model."""
        openvino = foreign("openvino")
        net = work.network()
        images = work.images(net)
        core = openvino.Core()
        compiled = core.compile_model(
            core.read_model(onnx_model(net, work.batch)),
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": 1 if setting.endswith("1 thread") else self._threads,
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
        request = compiled.create_infer_request()
        request.set_input_tensor(openvino.Tensor(images, shared_memory=True))

        def result() -> Any:
            request.infer()
            return request.get_output_tensor().data.copy()

        def run(images: Any = images) -> None:  # the request holds no reference to the array that it shares
            request.infer()

        return Ready(run, result)


PEER = OpenVino
