"""FER+ faces: pictures, vote distributions, the majority rule, and training augmentation.

Rule and classes: Barsoum et al., "Training Deep Networks for Facial Expression Recognition
with Crowd-Sourced Label Distribution", ICMI 2016 (arXiv 1608.01041).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from common import DATA

LABELS = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]

# Where each label lies on the circumplex, (valence, arousal) in [-1, 1]: mean pleasure and arousal of
# the emotion terms in Russell & Mehrabian, "Evidence for a three-factor theory of emotions", Journal of
# Research in Personality 11 (1977). Neutral is the origin; contempt is our own placement (negative,
# mildly aroused), since no value for it was at hand.
CIRCUMPLEX = {
    "neutral": (0.0, 0.0),
    "happiness": (0.81, 0.51),
    "surprise": (0.40, 0.67),
    "sadness": (-0.63, -0.27),
    "anger": (-0.51, 0.59),
    "disgust": (-0.60, 0.35),
    "fear": (-0.64, 0.60),
    "contempt": (-0.5, 0.3),
}


def load(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 [N, 48, 48] and votes float32 [N, 10] of `train`, `valid` or `test`."""
    with np.load(DATA / "faces" / f"ferplus_{split}.npz") as archive:
        return archive["images"], archive["votes"].astype(np.float32)


def clean(votes: np.ndarray) -> np.ndarray:
    """Single votes are taken as noise and zeroed."""
    return np.where(votes <= 1, 0, votes)


def majority(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(index of the class with over half of the cleaned votes, or -1; mask of usable items)."""
    cleaned = clean(votes)
    top = cleaned.argmax(1)
    sure = cleaned.max(1) > 0.5 * cleaned.sum(1)
    label = np.where(sure & (top < 8), top, -1)
    return label, label >= 0


def soft_targets(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(vote shares over the eight emotions [N, 8], mask of items that are a readable face)."""
    cleaned = clean(votes)
    emotions = cleaned[:, :8]
    total = emotions.sum(1)
    usable = (total > 0) & (cleaned.argmax(1) < 8)
    return emotions / np.maximum(total, 1)[:, None], usable


def normalise(images: torch.Tensor) -> torch.Tensor:
    """uint8 or float [N, 1, 48, 48] in 0..255 → per-picture zero mean, unit deviation (floor 8 grey levels)."""
    x = images.float()
    mean = x.mean((2, 3), keepdim=True)
    deviation = (x - mean).pow(2).mean((2, 3), keepdim=True).sqrt()
    return (x - mean) / deviation.clamp(min=8.0)


def augment(images: torch.Tensor, strength: float = 1.0) -> torch.Tensor:
    """Random mirror, tilt, crop tightness, light, blur, JPEG-like grain and cut-out.

    float [N, 1, 48, 48] in 0..255 → same. Tightness goes from a crop at 0.7 of the picture
    (a tight detector box) to one at 1.35 of it (a loose one, edges repeated).
    """
    n = images.shape[0]
    dev = images.device
    u = lambda low, high: torch.rand(n, device=dev) * (high - low) + low  # noqa: E731
    angle = u(-1, 1) * math.radians(20) * strength
    scale = torch.exp(torch.randn(n, device=dev) * 0.15 * strength).clamp(0.68, 1.38)
    aspect = torch.exp(u(-0.10, 0.10) * strength)
    mirror = torch.where(torch.rand(n, device=dev) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(n, 2, 3, device=dev)
    theta[:, 0, 0] = cos * scale * aspect * mirror
    theta[:, 0, 1] = -sin * scale
    theta[:, 1, 0] = sin * scale * mirror
    theta[:, 1, 1] = cos * scale / aspect
    theta[:, :, 2] = torch.randn(n, 2, device=dev) * 0.07 * strength
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    x = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    # Light: gain, offset and gamma; a gradient across the face as from a window.
    gamma = torch.exp(torch.randn(n, device=dev) * 0.25 * strength)
    x = (x / 255).clamp(0, 1).pow(gamma[:, None, None, None]) * 255
    side = torch.linspace(-1, 1, 48, device=dev)
    ramp = side[None, None, None, :] * u(-40, 40)[:, None, None, None] + side[None, None, :, None] * u(-40, 40)[:, None, None, None]
    x = x + ramp * (torch.rand(n, device=dev) < 0.3)[:, None, None, None] * strength
    # Blur for small faces: down and up again.
    small = torch.rand(n, device=dev) < 0.2 * strength
    if small.any():
        size = int(torch.randint(20, 36, ()).item())
        low = F.interpolate(x[small], size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        x[small] = F.interpolate(low, size=(48, 48), mode="bilinear", align_corners=False)
    x = x + torch.randn_like(x) * (u(0, 8) * (torch.rand(n, device=dev) < 0.3) * strength)[:, None, None, None]
    # Cut-out: a hand, hair, the frame's edge.
    covered = torch.rand(n, device=dev) < 0.5 * strength
    cy, cx, half = u(0, 48), u(0, 48), u(4, 10)
    rows = torch.arange(48, device=dev)
    inside = ((rows[None, :, None] - cy[:, None, None]).abs() < half[:, None, None]) & ((rows[None, None, :] - cx[:, None, None]).abs() < half[:, None, None])
    fill = u(0, 255)[:, None, None, None]
    return torch.where((inside & covered[:, None, None])[:, None], fill, x).clamp(0, 255)
