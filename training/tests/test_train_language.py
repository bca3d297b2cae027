"""Rounded weights compute what the pack's blocks compute, and only their scales learn."""

import numpy as np
import torch

from quantize import BLOCK, dequantize, pack
from train_language import Rounded


def layer() -> tuple[Rounded, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    levels = rng.integers(-8, 8, (6, 2, BLOCK)).astype(np.int8)
    scales = rng.normal(0, 0.1, (6, 2)).astype(np.float16)
    return Rounded(levels, scales), levels, scales


def test_rounded_is_the_pack_s_matrix():
    module, levels, scales = layer()
    x = torch.randn(3, 2 * BLOCK, generator=torch.Generator().manual_seed(4))
    wanted = x.numpy() @ dequantize(pack(levels), scales).T
    np.testing.assert_allclose(module(x).detach().numpy(), wanted, atol=1e-5)


def test_training_moves_scales_and_keeps_levels():
    module, levels, scales = layer()
    x = torch.randn(64, 2 * BLOCK, generator=torch.Generator().manual_seed(5))
    wanted = x @ torch.from_numpy(dequantize(pack(levels), scales * np.float16(1.25))).T
    optimizer = torch.optim.Adam(module.parameters(), 0.02)
    first = None
    for _ in range(200):
        loss = (module(x) - wanted).square().mean()
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first * 1e-3
    np.testing.assert_array_equal(module.levels.numpy(), levels)
    np.testing.assert_allclose(module.scales().detach().numpy(), scales * 1.25, atol=0.01)
