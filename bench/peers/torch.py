"""PyTorch: eager in both layouts, and compiled."""

from __future__ import annotations

from typing import Any

from pellucid import Network
from pellucid.wiring import name_of

from ..foreign import foreign
from ..graph import Step, is_chain, margin, steps
from ..ready import Ready
from ..works import MOMENTUM, RATE, Work


class Torch:
    """PyTorch on the CPU."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._torch = foreign("torch")
        self._torch.set_num_threads(threads)

    def settings(self, work: Work) -> tuple[str, ...]:
        """Return layouts, with and without the compiler; small works may be faster on one thread."""
        ways = ("eager, NCHW", "eager, channels_last", "compiled, NCHW", "compiled, channels_last")
        one = (
            tuple(f"{way}, 1 thread" for way in ways[:3]) if self._threads > 1 and work.name.startswith("lenet") else ()
        )
        return ways + one

    def make(self, work: Work, setting: str) -> Ready:
        """Build the module, and compile it if asked to."""
        torch, inductor = self._torch, foreign("torch._inductor.config")
        threads = 1 if setting.endswith("1 thread") else self._threads
        torch.set_num_threads(threads)
        net = work.network()
        layout = torch.channels_last if "channels_last" in setting else torch.contiguous_format
        model = module(net).to(memory_format=layout).train(work.training)
        images = torch.from_numpy(work.images(net)).to(memory_format=layout)
        inductor.freezing = not work.training  # weights become constants: the compiler's best for inference
        run: Any = torch.compile(model) if "compiled" in setting else model
        if not work.training:

            def forward() -> Any:
                with torch.inference_mode():
                    return run(images)

            made = Ready(forward, lambda: forward().numpy())
        else:
            labels = torch.from_numpy(work.labels(net))
            optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM, fused=True)

            def step() -> Any:
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(run(images), labels)
                loss.backward()
                optimizer.step()
                return loss

            made = Ready.training(step)

        def with_threads() -> Any:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            return made.run()

        return made if threads == self._threads else Ready(with_threads, made.result)


def module(net: Network) -> Any:
    """Return the network as PyTorch's own module, with the same weights."""
    torch = foreign("torch")
    layers = {step.name: _layer(step) for step in steps(net)}
    if is_chain(net):
        return torch.nn.Sequential(*layers.values())
    wiring = [(number, step.name, step.reads) for number, step in enumerate(steps(net))]
    source, target = name_of(net.inputs[0]), name_of(net.outputs[0])

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(layers.values())

        def forward(self, x: Any) -> Any:
            values = {source: x}
            for number, name, reads in wiring:
                values[name] = self.parts[number](*(values[read] for read in reads))
            return values[target]

    return Graph()


def _layer(step: Step) -> Any:
    torch = foreign("torch")
    nn = torch.nn

    class Sum(nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return x + y

    layer = step.layer
    match step.kind:
        case "Conv2d":
            made = nn.Conv2d(
                step.shapes[0][0], layer.out_channels, layer.kernel_size, layer.stride, margin(layer), bias=layer.bias
            )
        case "Linear":
            made = nn.Linear(step.shapes[0][0], layer.out_features)
        case "BatchNorm2d":
            made = nn.BatchNorm2d(step.shape[0], eps=layer.eps, momentum=layer.momentum)
        case "MaxPool2d":
            made = nn.MaxPool2d(layer.kernel_size, layer.stride, margin(layer))
        case "AvgPool2d":
            made = nn.AvgPool2d(layer.kernel_size, layer.stride, margin(layer))
        case "GlobalAvgPool2d":
            made = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "ReLU":
            made = nn.ReLU(inplace=True)
        case _:
            plain = {"Tanh": nn.Tanh, "Flatten": nn.Flatten, "Add": Sum, "Identity": nn.Identity}
            made = plain[step.kind]()
    found = {name: torch.from_numpy(weight.copy()) for name, weight in step.weights.items()}
    made.load_state_dict(found, strict=False)
    return made


PEER = Torch
