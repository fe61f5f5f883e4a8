"""The layers' arithmetic in plain NumPy, on (batch, channels, height, width): copied into programs from here."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false

from __future__ import annotations

from math import erf

import numpy as np


def windows_of(x, kernel, stride, dilation=(1, 1)):
    """All windows of the maps: (batch, channels, rows, columns, kernel height, kernel width)."""
    span = [(size - 1) * step + 1 for size, step in zip(kernel, dilation)]
    windows = np.lib.stride_tricks.sliding_window_view(x, span, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def padded(x, padding, value=0.0):
    """The maps with (top, bottom), (left, right) places around them."""
    return np.pad(x, ((0, 0), (0, 0), *padding), constant_values=value)


def conv2d(
    x,
    weight,
    bias=None,
    *,
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    dilation=(1, 1),
    groups=1,
    mode="constant",
):
    """Each number is the sum of the products of a window and a kernel, plus the kernel's bias."""
    x = np.pad(x, ((0, 0), (0, 0), *padding), mode=mode)
    maps = []
    for part, kernels in zip(np.split(x, groups, axis=1), np.split(weight, groups)):
        windows = windows_of(part, weight.shape[2:], stride, dilation)
        maps.append(np.tensordot(windows, kernels, axes=((1, 4, 5), (1, 2, 3))))
    y = np.concatenate(maps, axis=-1).transpose(0, 3, 1, 2)  # the products leave the channels last
    return y if bias is None else y + bias[:, None, None]


def conv_transpose2d(
    x,
    weight,
    bias=None,
    *,
    size,
    before=(0, 0),
    stride=(1, 1),
    dilation=(1, 1),
    groups=1,
):
    """Each number is spread over a window of the output; `size` places are kept, from `before` on."""
    full = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(x.shape[2:], stride, weight.shape[2:], dilation)]
    room = [max(total, start + kept) for total, start, kept in zip(full, before, size)]
    maps = []
    for part, kernels in zip(np.split(x, groups, axis=1), np.split(weight, groups)):
        whole = np.zeros((len(x), kernels.shape[1], *room), x.dtype)
        for i, j in np.ndindex(*weight.shape[2:]):
            rows = slice(i * dilation[0], i * dilation[0] + (x.shape[2] - 1) * stride[0] + 1, stride[0])
            columns = slice(j * dilation[1], j * dilation[1] + (x.shape[3] - 1) * stride[1] + 1, stride[1])
            spread = np.tensordot(part, kernels[:, :, i, j], axes=(1, 0))
            whole[:, :, rows, columns] += spread.transpose(0, 3, 1, 2)
        maps.append(whole[:, :, before[0] : before[0] + size[0], before[1] : before[1] + size[1]])
    y = np.concatenate(maps, axis=1)
    return y if bias is None else y + bias[:, None, None]


def max_pool2d(x, kernel, stride, padding=((0, 0), (0, 0)), dilation=(1, 1)):
    """The largest number of each window; padding never wins."""
    return windows_of(padded(x, padding, -np.inf), kernel, stride, dilation).max((4, 5))


def avg_pool2d(
    x,
    kernel,
    stride,
    padding=((0, 0), (0, 0)),
    *,
    counts_padding=True,
    beyond=((0, 0), (0, 0)),
):
    """The mean of each window; places `beyond` the padding are not counted."""
    counted = padded(np.ones_like(x[:1, :1]), padding, float(counts_padding))
    sums = windows_of(padded(padded(x, padding), beyond), kernel, stride).sum((4, 5))
    return sums / windows_of(padded(counted, beyond), kernel, stride).sum((4, 5))


def adaptive_avg_pool2d(x, size):
    """The means of `size` parts of the maps, whose ends are rounded outwards."""
    height, width = x.shape[2:]
    rows = [slice(i * height // size[0], -(-(i + 1) * height // size[0])) for i in range(size[0])]
    columns = [slice(j * width // size[1], -(-(j + 1) * width // size[1])) for j in range(size[1])]
    means = [[x[:, :, row, column].mean((2, 3)) for column in columns] for row in rows]
    return np.moveaxis(np.array(means), (0, 1), (2, 3))


def batch_norm(x, w, name, eps=1e-5):
    """Each channel less its running mean, over its deviation, then scaled and shifted."""
    shape = (-1, *[1] * (x.ndim - 2))
    y = x - w[f"{name}.running_mean"].reshape(shape)
    y = y / np.sqrt(w[f"{name}.running_var"].reshape(shape) + x.dtype.type(eps))
    if f"{name}.weight" in w:
        y = y * w[f"{name}.weight"].reshape(shape) + w[f"{name}.bias"].reshape(shape)
    return y


def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    part = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, part) / (1 + part)


def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x, alpha=1.0):
    """x, and alpha * (exp(x) - 1) below zero."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def celu(x, alpha=1.0):
    """x, and below zero an exponential that leaves zero with the slope 1."""
    return np.maximum(x, 0) + np.minimum(alpha * np.expm1(x / alpha), 0)


def selu(x):
    """ELU with the scale and the alpha that keep mean 0 and variance 1 from layer to layer."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x):
    """X times the share of a normal distribution below x."""
    share = 0.5 * (1 + np.vectorize(erf, otypes=[float])(x / np.sqrt(2)))
    return x * share.astype(x.dtype)


def gelu_tanh(x):
    """GELU with a tanh in the place of the distribution."""
    return 0.5 * x * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + 0.044715 * x**3)))


def softmax(x, axis):
    """Shares that add up to 1 along an axis."""
    part = np.exp(x - x.max(axis, keepdims=True))
    return part / part.sum(axis, keepdims=True)


def channel_shuffle(x, groups):
    """The first channel of every group, then the second of every group, and so on."""
    n, c, height, width = x.shape
    return x.reshape(n, groups, c // groups, height, width).swapaxes(1, 2).reshape(x.shape)


def pixel_shuffle(x, factor, *, blocks_first=False):
    """Channels laid out in space, in blocks of factor x factor places."""
    n, c, height, width = x.shape
    r, left = factor, c // factor**2
    if blocks_first:
        parts = x.reshape(n, r, r, left, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = x.reshape(n, left, r, r, height, width).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, left, height * r, width * r)


def separable_conv2d(
    x,
    depthwise,
    pointwise,
    bias=None,
    *,
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    dilation=(1, 1),
):
    """One convolution a channel, then one over the channels at each place."""
    x = conv2d(x, depthwise, stride=stride, padding=padding, dilation=dilation, groups=x.shape[1])
    return conv2d(x, pointwise, bias)


def resized(x, size, rows, columns, *, bilinear=False):
    """Maps of another size. `rows` and `columns` are (a, b, c): output i lies at place (a + b * i) / c."""
    for axis, count, (first, step, whole) in zip((2, 3), size, (rows, columns)):
        last = x.shape[axis] - 1
        at = np.clip(first + step * np.arange(count), 0, last * whole)
        near = np.take(x, at // whole, axis)
        if bilinear:
            share = (at % whole / whole).astype(x.dtype)
            share = share[:, None] if axis == 2 else share
            far = np.take(x, np.minimum(at // whole + 1, last), axis)
            near = near * (1 - share) + far * share
        x = near
    return x


def adaptive_max_pool2d(x, size):
    """The largest numbers of `size` parts of the maps, whose ends are rounded outwards."""
    height, width = x.shape[2:]
    rows = [slice(i * height // size[0], -(-(i + 1) * height // size[0])) for i in range(size[0])]
    columns = [slice(j * width // size[1], -(-(j + 1) * width // size[1])) for j in range(size[1])]
    most = [[x[:, :, row, column].max((2, 3)) for column in columns] for row in rows]
    return np.moveaxis(np.array(most), (0, 1), (2, 3))


def lp_pool2d(x, power, kernel, stride, padding=((0, 0), (0, 0)), dilation=(1, 1)):
    """The length of each window: the root of the sum of its sizes to a power."""
    return windows_of(padded(np.abs(x) ** power, padding), kernel, stride, dilation).sum((4, 5)) ** (1 / power)


def layer_norm(x, axes, *, weight=None, bias=None, eps=1e-5):
    """Numbers along some axes less their mean, over their deviation, then scaled and shifted place by place."""
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + x.dtype.type(eps))
    shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def group_norm(x, groups, *, weight=None, bias=None, eps=1e-5):
    """Groups of channels less their mean, over their deviation, then scaled and shifted channel by channel."""
    parts = x.reshape(len(x), groups, -1)
    deviation = np.sqrt(parts.var(2, keepdims=True) + x.dtype.type(eps))
    y = ((parts - parts.mean(2, keepdims=True)) / deviation).reshape(x.shape)
    shape = (-1, *[1] * (x.ndim - 2))
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def local_response_norm(x, sides, *, alpha=1e-4, beta=0.75, k=1.0):
    """Each number over a power of the squares of so many channels before and after it."""
    size = sides[0] + 1 + sides[1]
    squares = np.pad(x * x, ((0, 0), sides, *[(0, 0)] * (x.ndim - 2)))
    sums = sum(squares[:, first : first + x.shape[1]] for first in range(size))
    return x / (k + alpha / size * sums) ** beta


def log_softmax(x, axis):
    """Logarithms of shares that add up to 1 along an axis."""
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))
