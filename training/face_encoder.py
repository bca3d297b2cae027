"""The face encoder with its affect head: a small residual net with squeeze-and-excitation.

Ignorant of where its crops come from.
"""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class FaceEncoderConfig:
    widths: tuple[int, ...] = (32, 96, 192)
    blocks: tuple[int, ...] = (1, 2, 2)
    classes: int = 8
    dropout: float = 0.3
    size: int = 48

    @property
    def token_width(self) -> int:
        return self.widths[-1]


class Block(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        squeeze = max(8, outside // 8)
        self.squeeze = nn.Conv2d(outside, squeeze, 1)
        self.excite = nn.Conv2d(squeeze, outside, 1)
        self.skip = None
        if stride != 1 or inside != outside:
            self.skip = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        return F.relu(y * gate + (x if self.skip is None else self.skip(x)))


class FaceEncoder(nn.Module):
    """pixel values [N, 1, 48, 48] → logits [N, 8], face tokens [N, 10, D_f].

    Face tokens: the last map pooled to 3×3, row by row, then the mean of the whole map.
    """

    def __init__(self, config: FaceEncoderConfig | None = None):
        super().__init__()
        self.config = config = config or FaceEncoderConfig()
        first = config.widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, first // 2, 3, 1, 1, bias=False),
            nn.BatchNorm2d(first // 2),
            nn.ReLU(),
            nn.Conv2d(first // 2, first, 3, 2, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        layers, inside = [], first
        for stage, (width, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for index in range(count):
                layers.append(Block(inside, width, 2 if index == 0 and stage > 0 else 1))
                inside = width
        self.body = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(inside, config.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if isinstance(module, Block):
                nn.init.zeros_(module.bn2.weight)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        feature = self.body(self.stem(x))  # [N, D_f, 6, 6]
        pooled = feature.mean((2, 3))  # [N, D_f]
        parts = F.avg_pool2d(feature, 2).flatten(2).transpose(1, 2)  # [N, 9, D_f]
        tokens = torch.cat([parts, pooled[:, None]], 1)  # [N, 10, D_f]
        return self.head(self.dropout(pooled)), tokens
