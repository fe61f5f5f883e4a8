"""Networks written the way people write them for PyTorch: functional calls, sums in place, lists that grow."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

F: Any = nn.functional


def conv_norm(inputs: int, outputs: int, kernel: int, act: Any = nn.ReLU, **named: Any) -> nn.Sequential:
    """Return a convolution, its norm and an activation in place."""
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False, **named)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), act(inplace=True))


class BasicBlock(nn.Module):
    """A residual block with one ReLU for all, and a sum in place."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return maps."""
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """The stem, four blocks, and a view by the batch's size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(BasicBlock(8, 8), BasicBlock(8, 8))
        self.layer2 = nn.Sequential(BasicBlock(8, 12, 2), BasicBlock(12, 12))
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer2(self.layer1(x))
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.fc(x.view(x.size(0), -1))


class InvertedResidual(nn.Module):
    """MobileNetV2's block: wide within, a sum where shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, wider: int) -> None:
        super().__init__()
        hidden = inputs * wider
        self.use_res_connect = stride == 1 and inputs == outputs
        first = [conv_norm(inputs, hidden, 1, nn.ReLU6)] if wider > 1 else []
        self.conv = nn.Sequential(
            *first,
            conv_norm(hidden, hidden, 3, nn.ReLU6, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return maps."""
        if self.use_res_connect:
            return x + self.conv(x)
        return self.conv(x)


class MobileNetV2(nn.Module):
    """Three blocks and a mean over height and width."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv_norm(3, 8, 3, nn.ReLU6, stride=2),
            InvertedResidual(8, 8, 1, 1),
            InvertedResidual(8, 12, 2, 4),
            InvertedResidual(12, 12, 1, 4),
            conv_norm(12, 20, 1, nn.ReLU6),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(20, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        return self.classifier(self.features(x).mean([2, 3]))


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Mix the channels of groups, as it was written before PyTorch had it."""
    n, channels, height, width = x.size()
    x = x.view(n, groups, channels // groups, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(n, -1, height, width)


class ShuffleUnit(nn.Module):
    """ShuffleNetV2's unit: half of the channels pass by."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.stride = stride
        self.branch1 = nn.Sequential()
        if stride > 1:
            self.branch1 = nn.Sequential(
                nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
                nn.BatchNorm2d(inputs),
                conv_norm(inputs, half, 1),
            )
        self.branch2 = nn.Sequential(
            conv_norm(inputs if stride > 1 else half, half, 1),
            nn.Conv2d(half, half, 3, stride, 1, groups=half, bias=False),
            nn.BatchNorm2d(half),
            conv_norm(half, half, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return maps."""
        if self.stride == 1:
            x1, x2 = x.chunk(2, dim=1)
            out = torch.cat((x1, self.branch2(x2)), dim=1)
        else:
            out = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


class ShuffleNet(nn.Module):
    """Two units."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = conv_norm(3, 8, 3, stride=2)
        self.stage2 = nn.Sequential(ShuffleUnit(8, 12, 2), ShuffleUnit(12, 12, 1))
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        return self.fc(self.stage2(self.conv1(x)).mean(3).mean(2))


class DenseLayer(nn.Module):
    """DenseNet's layer, which reads all that came before it in its block."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 8, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 4, 3, padding=1, bias=False)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return new maps."""
        x = self.conv1(F.relu(self.norm1(torch.cat(features, 1)), inplace=True))
        return F.dropout(self.conv2(F.relu(self.norm2(x))), p=0.1, training=self.training)


class DenseNet(nn.Module):
    """One dense block and a transition."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.block = nn.ModuleDict({f"denselayer{i + 1}": DenseLayer(8 + 4 * i) for i in range(3)})
        self.transition = nn.Sequential(
            nn.BatchNorm2d(20), nn.ReLU(inplace=True), nn.Conv2d(20, 6, 1), nn.AvgPool2d(2, 2)
        )
        self.classifier = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        features = [self.conv0(x)]
        for layer in self.block.values():
            features.append(layer(features))
        out = F.relu(self.transition(torch.cat(features, 1)), inplace=True)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(out, 1), 1))


class InceptionBlock(nn.Module):
    """Branches of convolutions and of a pool, joined."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch1 = conv_norm(inputs, 4, 1)
        self.branch2 = nn.Sequential(conv_norm(inputs, 3, 1), conv_norm(3, 5, 3))
        self.branch_pool = conv_norm(inputs, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps."""
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        return torch.cat([self.branch1(x), self.branch2(x), self.branch_pool(pooled)], 1)


class GoogLeNet(nn.Module):
    """Two blocks, the input mixed as in others' weights, and a second head that only training has."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = conv_norm(3, 8, 3, stride=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = InceptionBlock(8)
        self.inception3b = InceptionBlock(12)
        self.aux = nn.Linear(12, 10)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Any:
        """Return scores; in training those of the second head too."""
        x0 = torch.unsqueeze(x[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5
        x1 = torch.unsqueeze(x[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
        x2 = torch.unsqueeze(x[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
        x = self.inception3a(self.maxpool1(self.conv1(torch.cat((x0, x1, x2), 1))))
        aux = self.aux(x.mean((2, 3))) if self.training else None
        x = torch.flatten(self.avgpool(self.inception3b(x)), 1)
        return (self.fc(x), aux) if self.training else self.fc(x)


class Fire(nn.Module):
    """SqueezeNet's module."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps."""
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Two modules, and classes as maps."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2),
            nn.ReLU(True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(8, 3, 4),
            Fire(8, 4, 6),
        )
        self.final_conv = nn.Conv2d(12, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return probabilities."""
        x = F.relu(self.final_conv(F.dropout(self.features(x), training=self.training)))
        return F.softmax(F.avg_pool2d(x, x.size()[2:]).squeeze(), dim=1)


class SqueezeExcite(nn.Module):
    """A gate for each channel, by matrices and an expanded product, and a swish written out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Sequential(nn.Linear(8, 3, bias=False), nn.ReLU(inplace=True), nn.Linear(3, 8), nn.Sigmoid())
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = self.conv(x)
        x = x * torch.sigmoid(x)
        b, c, _, _ = x.size()
        y = self.fc(F.adaptive_avg_pool2d(x, 1).view(b, c)).view(b, c, 1, 1)
        x = x * y.expand_as(x)
        return self.head(x.mean(dim=(-2, -1)))


PEOPLE: tuple[type[nn.Module], ...] = (
    ResNet, MobileNetV2, ShuffleNet, DenseNet, GoogLeNet, SqueezeNet, SqueezeExcite,
)  # fmt: skip
