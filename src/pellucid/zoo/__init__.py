"""Famous networks as plain code, one family a file. `NETWORKS` is the table that all who offer a choice read."""

from .alexnet import alexnet
from .builder import Builder, Classes
from .lenet import lenet5
from .resnet import resnet18, resnet34, resnet50
from .vgg import vgg11, vgg13, vgg16, vgg19

__all__ = [
    "NETWORKS",
    "Builder",
    "Classes",
    "alexnet",
    "lenet5",
    "resnet18",
    "resnet34",
    "resnet50",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
]

NETWORKS: dict[str, Builder] = {
    "lenet5": lenet5,
    "alexnet": alexnet,
    "vgg11": vgg11,
    "vgg13": vgg13,
    "vgg16": vgg16,
    "vgg19": vgg19,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
}
