"""ncnn: one image at a time, in float32."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..foreign import foreign
from ..ncnn_file import ncnn_files
from ..ready import Ready
from ..works import Work


class Ncnn:
    """ncnn on the CPU."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return thread counts, none for batches: it has no such axis; nor does it train."""
        if work.training or work.batch > 1:
            return ()
        return ("default", "default, 1 thread") if work.tiny and self._threads > 1 else ("default",)

    def make(self, work: Work, setting: str) -> Ready:
        """Write the network to files and load them: Winograd and packing are its defaults."""
        ncnn = foreign("ncnn")
        net = work.network()
        text, weights = ncnn_files(net)
        loaded = ncnn.Net()
        loaded.opt.num_threads = 1 if setting.endswith("1 thread") else self._threads
        loaded.opt.use_fp16_packed = loaded.opt.use_fp16_storage = loaded.opt.use_fp16_arithmetic = False
        loaded.opt.use_bf16_storage = False
        with tempfile.TemporaryDirectory() as folder:
            param, model = Path(folder, "net.param"), Path(folder, "net.bin")
            param.write_text(text, encoding="utf-8")
            model.write_bytes(weights)
            if loaded.load_param(str(param)) or loaded.load_model(str(model)):
                raise RuntimeError("ncnn could not load the network")
        first = work.images(net)[0]  # a Mat does not keep the array that it was made of
        image = ncnn.Mat(first).clone()

        def run() -> Any:
            extractor = loaded.create_extractor()
            extractor.input("x", image)
            return extractor.extract("y")[1]

        return Ready(run, lambda: np.array(run())[None])


PEER = Ncnn
