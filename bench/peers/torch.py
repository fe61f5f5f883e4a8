"""PyTorch: eager and compiled, in both layouts."""

from __future__ import annotations

from typing import Any

from ..foreign import foreign
from ..ready import Ready
from ..torch_module import module
from ..works import MOMENTUM, RATE, Work

LAYOUTS = ("NCHW", "channels_last")


class Torch:
    """PyTorch on the CPU."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._torch = foreign("torch")

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return layouts, with and without the compiler; tiny works may be faster on one thread."""
        ways = tuple(f"{how}, {layout}" for how in ("eager", "compiled") for layout in LAYOUTS)
        return ways + (tuple(f"{way}, 1 thread" for way in ways) if work.tiny and self._threads > 1 else ())

    def make(self, work: Work, setting: str) -> Ready:
        """Build the module, and compile it if asked to: in training the whole step."""
        torch = self._torch
        torch.set_num_threads(1 if setting.endswith("1 thread") else self._threads)
        torch._dynamo.reset()
        net = work.network()
        layout = torch.channels_last if "channels_last" in setting else torch.contiguous_format
        model = module(net).to(memory_format=layout).train(work.training)
        images = torch.from_numpy(work.images(net)).to(memory_format=layout)
        compiled = "compiled" in setting
        if not work.training:
            return self._forward(model, images, compiled)
        return self._training(model, images, torch.from_numpy(work.labels(net)), compiled)

    def _forward(self, model: Any, images: Any, compiled: bool) -> Ready:
        torch = self._torch
        foreign("torch._inductor.config").freezing = True  # weights become constants: the compiler's best
        run = torch.compile(model) if compiled else model

        def forward() -> Any:
            with torch.inference_mode():
                return run(images)

        return Ready(forward, lambda: forward().numpy())

    def _training(self, model: Any, images: Any, labels: Any, compiled: bool) -> Ready:
        torch = self._torch
        foreign("torch._inductor.config").freezing = False
        optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM, fused=True)

        def step() -> Any:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return Ready.training(torch.compile(step) if compiled else step)


PEER = Torch
