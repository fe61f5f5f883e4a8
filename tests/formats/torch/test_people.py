"""Networks as people write them are opened: with their names, their numbers, and as they are when they are used."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from formats.torch.foreign import does
from formats.torch.people import PEOPLE, ResNet
from torch import nn

import pellucid
from pellucid.errors import ModelFileError, ParameterError, UnmappedError
from pellucid.formats import OpeningWarning


def used(make: type[nn.Module]) -> nn.Module:
    """Return a module whose running averages are no zeros and ones, as after training."""
    torch.manual_seed(1)
    module = make()
    module(torch.randn(8, 3, 32, 40))
    return module


@pytest.mark.parametrize("make", PEOPLE, ids=lambda make: make.__name__)
def test_peoples_networks_compute_the_same(make: type[nn.Module]) -> None:
    """Outputs are PyTorch's; the weights have their names there; the module is left as it was."""
    module = used(make)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    modes = [inner.training for inner in module.modules()]
    net = pellucid.load(module, input_shape=(3, 32, 40))
    assert net.name == make.__name__
    assert [inner.training for inner in module.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    theirs = {name for name in before if not name.endswith("num_batches_tracked") and not name.startswith("aux")}
    assert set(net.weights) >= theirs
    assert all(np.array_equal(net.weights[name], before[name].numpy()) for name in theirs)
    x = torch.randn(3, 3, 32, 40)
    with torch.no_grad():
        wanted = module.eval()(x).numpy()
    np.testing.assert_allclose(net.predict(x.numpy()), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_names_are_the_modules_paths() -> None:
    """A module that does one thing gives its name, others the name of what they do; a second call is numbered."""
    net = pellucid.load(ResNet(), input_shape=(3, 32, 40))
    assert list(net.layers)[:12] == [
        "conv1", "bn1", "relu", "max_pool2d", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2",
        "layer1.0.bn2", "layer1.0.add", "layer1.0.relu_2", "layer1.1.conv1",
    ]  # fmt: skip
    assert list(net.layers)[-3:] == ["adaptive_avg_pool2d", "view", "fc"]


def test_a_module_called_twice_has_one_set_of_weights() -> None:
    """Both calls are one layer."""
    net = pellucid.load(does(lambda m, x: m.conv(m.conv(x)), conv=nn.Conv2d(3, 3, 3))(), input_shape=(3, 9, 8))
    assert list(net.layers) == ["conv", "conv_2"]
    assert net.layers["conv"] is net.layers["conv_2"]
    assert list(net.weights) == ["conv.weight", "conv.bias"]


def test_constants_are_not_shared_by_accident() -> None:
    """Two factors that are the same number are two layers."""
    net = pellucid.load(does(lambda m, x: x * 2 * 2)(), input_shape=(3,))
    first, second = net.layers.values()
    assert first is not second


def test_a_value_changed_in_place_is_read_as_it_is_then() -> None:
    """What reads a value after it was changed in place reads the changed one."""

    def forward(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        y = x * 1.5
        torch.relu_(y)
        y.add_(1.0)
        return y + x

    net = pellucid.load(does(forward)(), input_shape=(4,))
    assert net.predict([[-2.0, -1.0, 1.0, 2.0]]).tolist() == [[-1.0, 0.0, 3.5, 6.0]]


def test_a_view_of_what_was_changed_in_place_is_refused() -> None:
    """Where a part is changed in place, the whole is no value that a layer gives: it is told, never read as it was."""

    def forward(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        y = x * 1.5
        y[:, :2].relu_()
        return y + 1

    with pytest.raises(UnmappedError, match=r"was changed in place by aten.relu_.default, through another view of it"):
        pellucid.load(does(forward)(), input_shape=(4,))


def test_all_that_has_no_layer_is_listed_at_once() -> None:
    """Every operation without a layer is told, also behind others; what can be opened still can."""
    module = does(lambda m, x: torch.cumsum(torch.erf(m.conv(x)), 1).relu(), conv=nn.Conv2d(3, 2, 3))()
    with pytest.raises(UnmappedError) as refused:
        pellucid.load(module, input_shape=(3, 5, 5))
    assert [(item.node, item.op) for item in refused.value.unmapped] == [
        ("erf", "aten.erf.default"),
        ("cumsum", "aten.cumsum.default"),
    ]
    assert refused.value.where == "Does"
    with pytest.warns(OpeningWarning, match="2 nodes that no layer here computes"):
        assert list(pellucid.load(module, input_shape=(3, 5, 5), partial=True).layers) == ["conv"]


def test_statistics_of_the_batch_are_refused() -> None:
    """A norm without running averages has no value for one image."""
    with pytest.raises(UnmappedError, match="statistics of the batch"):
        pellucid.load(nn.BatchNorm2d(3, track_running_stats=False), input_shape=(3, 5, 5))


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda m, x: x.permute(1, 0, 2, 3), "that moves the batch"),
        (lambda m, x: x.reshape(-1, 4), "which does not leave the batch"),
        (lambda m, x: x[1:], "a part of the batch"),
        (lambda m, x: x.mean(1), "a mean over other axes"),
        (lambda m, x: x.sum(), "no layer computes it"),
        (lambda m, x: torch.softmax(x, 0), "where one without the batch is expected"),
        (lambda m, x: x @ x, "a product other than with a constant matrix"),
        (lambda m, x: x / x, "a division by a computed value"),
        (lambda m, x: 1 / x, "no layer computes it"),
        (lambda m, x: torch.add(x, x, alpha=2), "a sum with a factor"),
        (lambda m, x: x + torch.ones(7, 1, 4, 4), "a constant of shape"),
        (lambda m, x: x.int().float(), "a conversion to"),
        (lambda m, x: torch.zeros(3), "it does not depend on the inputs"),
    ],
)
def test_what_no_network_here_can_be_is_refused(function: object, says: str) -> None:
    """Whatever mixes samples, or is another operation than a layer's, is told with its reason."""
    with pytest.raises(UnmappedError) as refused:
        pellucid.load(does(function)(), input_shape=(4, 4, 4))  # pyright: ignore[reportArgumentType]
    assert says in str(refused.value)


def test_a_path_that_depends_on_values_is_refused() -> None:
    """What torch.export cannot follow is an error of ours that names the module, and leaves it as it was."""
    module = does(lambda m, x: x if x.sum() > 0 else -x, conv=nn.Conv2d(3, 2, 3))().train()
    with pytest.raises(ModelFileError, match="a path that depends on values cannot be followed"):
        pellucid.load(module, input_shape=(3, 4, 4))
    assert module.training


def test_the_wrong_shape_is_told() -> None:
    """PyTorch's own words about shapes that do not fit are in the error."""
    with pytest.raises(ModelFileError, match=r"Linear\n  got       RuntimeError: .*7.*\n"):
        pellucid.load(nn.Linear(4, 2), input_shape=(3,))


def test_a_module_does_not_say_what_it_reads() -> None:
    """Without input_shape one error says how to give it; nonsense is refused, and so is one that is not asked for."""
    with pytest.raises(ParameterError, match=r"fix       load\(module, input_shape=\(3, 224, 224\)\)"):
        pellucid.load(nn.Linear(4, 2))
    for nonsense in ((), (3, 0), "3x4", [(3, 4), ()], 2.5):
        with pytest.raises(ParameterError, match="input_shape="):
            pellucid.load(nn.Linear(4, 2), input_shape=nonsense)
    with pytest.raises(ParameterError, match="for a file, which says its own"):
        pellucid.load("net.onnx", input_shape=(3, 4, 4))


def test_torchscript_is_refused_by_name() -> None:
    """A scripted or traced module is another kind of program."""
    with pytest.warns(DeprecationWarning, match=r"torch\.jit\.trace"):
        script = torch.jit.trace(nn.ReLU(), torch.zeros(1, 3))
    with pytest.raises(ModelFileError, match="got       TorchScript"):
        pellucid.load(script)


def test_a_program_exported_in_training_is_the_same_network() -> None:
    """Norms go by their running averages, and dropout is a layer, as in the module."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)).train()
    exported = torch.export.export(copy.deepcopy(module), (torch.zeros(2, 3, 6, 6),))
    assert pellucid.load(exported).layers == pellucid.load(module, input_shape=(3, 6, 6)).layers


@pytest.mark.filterwarnings("ignore:.isinstance.treespec:FutureWarning")  # PyTorch's own, in run_decompositions
@pytest.mark.parametrize("make", PEOPLE[:1] + PEOPLE[-2:], ids=lambda make: make.__name__)
def test_decomposed_programs_compute_the_same(make: type[nn.Module]) -> None:
    """What torch.export has taken apart further is opened too: convolution, addmm, squeeze of all."""
    module = used(make).eval()
    exported = torch.export.export(module, (torch.zeros(2, 3, 32, 40),)).run_decompositions()
    x = torch.randn(3, 3, 32, 40)
    with torch.no_grad():
        wanted = module(x).numpy()
    found = pellucid.load(exported).predict(x.numpy())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_a_batch_of_one_is_not_squeezed_away() -> None:
    """Where the batch is one, squeezing all takes it away, which no network here does."""
    exported = torch.export.export(does(lambda m, x: x.squeeze())(), (torch.zeros(1, 3, 1, 1),))
    with pytest.raises(UnmappedError, match="the batch among the axes of one number"):
        pellucid.load(exported)


def test_halves_are_opened_as_float32() -> None:
    """A module in half precision is followed in its own type."""
    module = nn.Conv2d(3, 2, 3).half()
    net = pellucid.load(module, input_shape=(3, 5, 5))
    assert net.weights["conv2d.weight"].dtype == np.float32
    assert np.array_equal(net.weights["conv2d.weight"], module.weight.detach().float().numpy())


def test_a_size_that_is_not_known_is_refused() -> None:
    """A program for images of any height has no shapes to compute with."""
    sizes = ({0: torch.export.Dim("n"), 2: torch.export.Dim("h")},)
    exported = torch.export.export(nn.ReLU(), (torch.zeros(2, 3, 6, 6),), dynamic_shapes=sizes)
    with pytest.raises(ModelFileError, match=r"input 'input'\n  got       shape \(batch, 3, \?, 6\)"):
        pellucid.load(exported)
