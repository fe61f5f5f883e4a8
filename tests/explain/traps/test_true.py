"""What traps say of PyTorch and of numbers is true: it is computed both ways."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    PixelShuffle,
    ReLU,
    Upsample,
)

torch = pytest.importorskip("torch")
F = torch.nn.functional


def image(*shape: int, seed: int = 0):
    """Numbers of both signs, (1, *shape)."""
    return np.random.default_rng(seed).normal(size=(1, *shape)).astype(np.float32)


def ours(net: Network, x) -> np.ndarray:
    """The network's first output."""
    return net.predict(x, engine="reference")


def weight(net: Network, name: str):
    """A weight as a tensor."""
    return torch.from_numpy(net.weights[name].copy())


def close(a, b) -> bool:
    """Whether two arrays hold the same numbers but for rounding."""
    return a.shape == b.shape and bool(np.abs(np.asarray(a) - np.asarray(b)).max() < 1e-5)


def test_same_with_a_stride_is_no_padding_of_pytorchs() -> None:
    """PyTorch refuses it; half a kernel of padding gives the shape and other numbers; the pads told are right."""
    net = Network((2, 8, 8), [Conv2d(4, 3, stride=2, padding="same")])
    x = image(2, 8, 8)
    w, b = weight(net, "conv1.weight"), weight(net, "conv1.bias")
    with pytest.raises(ValueError, match="not supported for strided"):
        torch.nn.Conv2d(2, 4, 3, stride=2, padding="same")
    halved = F.conv2d(torch.from_numpy(x), w, b, stride=2, padding=1).numpy()
    wanted = ours(net, x)
    assert halved.shape == wanted.shape
    assert not close(halved, wanted)
    assert close(F.conv2d(F.pad(torch.from_numpy(x), (0, 1, 0, 1)), w, b, stride=2).numpy(), wanted)


def test_an_even_kernel_pads_after() -> None:
    """PyTorch's "same" puts the extra place where ours does, and not before."""
    net = Network((1, 6, 6), [Conv2d(2, 4, padding="same")])
    x = torch.from_numpy(image(1, 6, 6))
    w, b = weight(net, "conv1.weight"), weight(net, "conv1.bias")
    wanted = ours(net, x.numpy())
    with pytest.warns(UserWarning, match="even kernel lengths"):
        assert close(F.conv2d(x, w, b, padding="same").numpy(), wanted)
    assert close(F.conv2d(F.pad(x, (1, 2, 1, 2)), w, b).numpy(), wanted)
    assert not close(F.conv2d(F.pad(x, (2, 1, 2, 1)), w, b).numpy(), wanted)


def test_uneven_padding_in_the_order_of_pytorch() -> None:
    """(left, right, top, bottom), the last axis first."""
    net = Network((2, 5, 6), [Conv2d(3, 3, padding=((0, 2), (1, 0)))])
    x = torch.from_numpy(image(2, 5, 6))
    w, b = weight(net, "conv1.weight"), weight(net, "conv1.bias")
    assert close(F.conv2d(F.pad(x, (1, 0, 0, 2)), w, b).numpy(), ours(net, x.numpy()))


@pytest.mark.parametrize(("layer", "rows"), [(Conv2d(2, 3, stride=2), [7]), (MaxPool2d(1, stride=3), [1, 2, 4, 5, 7])])
def test_what_nobody_reads_changes_nothing(layer, rows) -> None:
    """Rows that are said to be unread may hold anything; all others matter."""
    net = Network((1, 8, 7), [layer])
    x = image(1, 8, 7)
    for row in range(8):
        changed = x.copy()
        changed[:, :, row] += 100
        assert bool((ours(net, changed) == ours(net, x)).all()) == (row in rows)


def test_a_transposed_convolution_is_shifted_by_one() -> None:
    """PyTorch's nearest words have the shape of "same", and every number one place further."""
    net = Network((1, 4, 4), [ConvTranspose2d(1, 3, stride=2, padding="same", bias=False)])
    x = image(1, 4, 4)
    theirs = F.conv_transpose2d(
        torch.from_numpy(x), weight(net, "conv1.weight"), stride=2, padding=1, output_padding=1
    ).numpy()
    wanted = ours(net, x)
    assert theirs.shape == wanted.shape
    assert not close(theirs, wanted)
    assert close(theirs[..., :-1, :-1], wanted[..., 1:, 1:])


@pytest.mark.parametrize(("counts", "divisor"), [(True, 9), (False, 4)])
def test_the_corner_of_a_mean(counts: bool, divisor: int) -> None:
    """A corner's sum is divided by 9 or by 4, as PyTorch does with and without count_include_pad."""
    x = np.ones((1, 1, 7, 7), np.float32)
    net = Network((1, 7, 7), [AvgPool2d(3, stride=2, padding=1, count_include_pad=counts)])
    theirs = F.avg_pool2d(torch.from_numpy(x), 3, 2, 1, count_include_pad=counts).numpy()
    assert close(theirs, ours(net, x))
    assert theirs[0, 0, 0, 0] == pytest.approx(4 / divisor)
    assert torch.nn.AvgPool2d(3).count_include_pad


def test_sizes_rounded_up_as_pytorch_rounds_them() -> None:
    """The last window hangs over, and one in the padding alone is left out."""
    assert F.max_pool2d(torch.zeros(1, 2, 6, 8), 3, 2, ceil_mode=True).shape == (1, 2, 3, 4)
    assert F.max_pool2d(torch.zeros(1, 1, 9, 9), 4, 4, 2, ceil_mode=True).shape == (1, 1, 3, 3)
    with pytest.raises(RuntimeError, match="at most half"):
        F.max_pool2d(torch.zeros(1, 1, 9, 9), 3, 1, 2)


def test_zeros_win_where_padding_does_not() -> None:
    """Zeros before a pool change it, unless nothing there is below 0."""
    bare, bent = (Network((1, 6, 6), [*before, MaxPool2d(3, padding=1)]) for before in ([], [ReLU()]))
    x = -np.abs(image(1, 6, 6))
    zeros = F.max_pool2d(F.pad(torch.from_numpy(x), (1, 1, 1, 1)), 3).numpy()
    assert not close(ours(bare, x), zeros)
    y = image(1, 6, 6)
    relu = F.relu(torch.from_numpy(y))
    assert close(ours(bent, y), F.max_pool2d(F.pad(relu, (1, 1, 1, 1)), 3).numpy())


def test_kernels_are_not_turned() -> None:
    """Entry [0, 0] meets the upper left number."""
    net = Network((1, 3, 3), [Conv2d(1, 3, bias=False)])
    kernel = np.zeros((1, 1, 3, 3))
    kernel[0, 0, 0, 0] = 1
    net.weights["conv1.weight"] = kernel
    x = image(1, 3, 3)
    assert ours(net, x)[0, 0, 0, 0] == x[0, 0, 0, 0]
    assert F.conv2d(torch.from_numpy(x), torch.from_numpy(kernel.astype(np.float32)))[0, 0, 0, 0] == x[0, 0, 0, 0]


def test_the_weight_behind_a_flatten_changes_order() -> None:
    """The permutations that are told carry a network from one order to the other, both ways."""
    torchs = Network((3, 2, 5), [Flatten(), Linear(4)])
    kerass = Network((3, 2, 5), [Flatten("HWC"), Linear(4)])
    x = image(3, 2, 5)
    w = torchs.weights["linear1.weight"]
    kernel = w.reshape(4, 3, 2, 5).transpose(2, 3, 1, 0).reshape(30, 4)
    kerass.weights["linear1.weight"] = kernel.T
    kerass.weights["linear1.bias"] = torchs.weights["linear1.bias"]
    assert close(ours(kerass, x), ours(torchs, x))
    back = kernel.T.reshape(4, 2, 5, 3).transpose(0, 3, 1, 2).reshape(4, 30)
    assert (back == w).all()


def test_softmax_twice_flattens() -> None:
    """However sure a network is, the second softmax leaves a factor of e; a second logarithm changes nothing."""
    scores = torch.tensor([[50.0, 0.0, -20.0]])
    twice = scores.softmax(1).softmax(1)
    assert float(twice.max() / twice.min()) == pytest.approx(np.e, rel=1e-5)
    assert torch.allclose(scores.log_softmax(1).log_softmax(1), scores.log_softmax(1))


def test_the_default_axis_of_pytorchs_softmax() -> None:
    """Without dim it takes axis 1 of maps with a batch, and axis 0 of those without."""
    maps = torch.from_numpy(image(3, 2, 4))
    with pytest.warns(UserWarning, match="Implicit dimension"):
        assert torch.equal(torch.nn.Softmax()(maps), maps.softmax(1))
    with pytest.warns(UserWarning, match="Implicit dimension"):
        assert torch.equal(torch.nn.Softmax()(maps[0]), maps[0].softmax(0))


def test_functional_dropout_always_drops() -> None:
    """Unless it is told not to; what is left is scaled."""
    torch.manual_seed(0)
    dropped = F.dropout(torch.ones(1000), 0.25)
    assert set(np.round(dropped.numpy(), 3).tolist()) == {0.0, np.float32(1.333)}
    assert torch.equal(F.dropout(torch.ones(10), 0.25, training=False), torch.ones(10))


def test_batch_norms_conventions() -> None:
    """Momentum is the batch's share, the followed variance is over n - 1, and a bias before it does nothing."""
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(32, 3, 4, 5)).astype(np.float32))
    norm = torch.nn.BatchNorm2d(3, momentum=0.3)
    y = norm(x)
    n = 32 * 4 * 5
    biased = x.var(dim=(0, 2, 3), unbiased=False)
    assert torch.allclose(norm.running_var, 0.7 + 0.3 * biased * n / (n - 1))
    assert torch.allclose(y, torch.nn.BatchNorm2d(3)(x + torch.tensor([1.0, -2.0, 3.0])[:, None, None]), atol=1e-5)
    small, large = (Network((1, 1, 1), [BatchNorm2d(eps=eps)]) for eps in (1e-5, 1e-3))
    for net in (small, large):
        net.weights["norm1.running_var"] = [0.004]
    one = np.ones((1, 1, 1, 1), np.float32)
    share = 1 - float((ours(large, one) / ours(small, one))[0, 0, 0, 0])
    assert share == pytest.approx(1 - ((0.004 + 1e-5) / (0.004 + 1e-3)) ** 0.5, rel=1e-5)


def test_the_two_gelus_are_as_far_apart_as_is_said() -> None:
    """At most 0.0005, and more than 0.0004 somewhere."""
    x = torch.linspace(-6, 6, 20001, dtype=torch.float64)
    apart = float((F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max())
    assert 0.0004 < apart < 0.0005
    at_two = [float(F.gelu(torch.tensor(2.0, dtype=torch.float64), approximate=how)) for how in ("none", "tanh")]
    assert [f"{value:.6f}" for value in at_two] == ["1.954500", "1.954598"]


def test_pytorchs_defaults_are_as_is_said() -> None:
    """Slopes, momentum, epsilon, axes."""
    nn = torch.nn
    assert nn.LeakyReLU().negative_slope == 0.01
    assert (nn.BatchNorm2d(1).eps, nn.BatchNorm2d(1).momentum) == (1e-5, 0.1)
    assert not nn.InstanceNorm2d(1).affine
    assert float(nn.Hardsigmoid()(torch.ones(()))) == pytest.approx(1 / 6 + 0.5)
    assert torch.cat([torch.zeros(2, 3), torch.zeros(2, 3)]).shape == (4, 3)
    assert float(nn.ELU(0.5)(-torch.ones(()))) == pytest.approx(-0.3161, abs=1e-4)
    assert float(nn.CELU(0.5)(-torch.ones(()))) == pytest.approx(-0.4323, abs=1e-4)
    assert float(nn.Softplus(beta=2)(torch.zeros(()))) == pytest.approx(0.3466, abs=1e-4)


def test_numbers_without_their_axes_meet_the_columns() -> None:
    """A number a channel, without two axes of size 1: PyTorch lines it up with the columns."""
    maps, gate = torch.zeros(1, 3, 5, 3), torch.tensor([[1.0, 2.0, 3.0]])
    assert torch.equal((maps + gate)[0, 0], gate.expand(5, 3))
    assert torch.equal((maps + gate[..., None, None])[0, :, 0, 0], gate[0])


@pytest.mark.parametrize(("aligned", "step"), [(False, 0.5), (True, 0.4)])
def test_neighbours_of_a_resized_ramp(aligned: bool, step: float) -> None:
    """A ramp of 3 rows resized to 6 rises by the distance that is told."""
    ramp = np.arange(3.0, dtype=np.float32).reshape(1, 1, 3, 1).repeat(3, 3)
    net = Network((1, 3, 3), [Upsample(2, mode="bilinear", align_corners=aligned)])
    theirs = F.interpolate(torch.from_numpy(ramp), scale_factor=2, mode="bilinear", align_corners=aligned).numpy()
    assert close(ours(net, ramp), theirs)
    assert theirs[0, 0, 3, 0] - theirs[0, 0, 2, 0] == pytest.approx(step)


def test_the_nearest_places_differ() -> None:
    """From 4 to 6 places the two rules read different ones; from 4 to 8 the same."""
    x = torch.arange(4.0).reshape(1, 1, 1, 4)
    near, exact = (F.interpolate(x, size=(1, 6), mode=mode) for mode in ("nearest", "nearest-exact"))
    assert not torch.equal(near, exact)
    near, exact = (F.interpolate(x, size=(1, 8), mode=mode) for mode in ("nearest", "nearest-exact"))
    assert torch.equal(near, exact)


@pytest.mark.parametrize(("order", "channel"), [("CRD", 1), ("DCR", 2)])
def test_who_a_shuffled_neighbour_was(order: str, channel: int) -> None:
    """The right neighbour of the first number is the channel that is told; PyTorch's is channel 1."""
    x = np.arange(8.0, dtype=np.float32).reshape(1, 8, 1, 1)
    node = Input((8, 1, 1))
    y = ours(Network(node, PixelShuffle(2, order=order)(node)), x)
    assert y[0, 0, 0, 1] == channel
    assert F.pixel_shuffle(torch.from_numpy(x), 2)[0, 0, 0, 1] == 1
