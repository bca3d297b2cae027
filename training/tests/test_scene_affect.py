"""The affect head's fit, and the scene encoder's weights where they have been fetched."""

import numpy as np
import pytest
import torch

from common import WORK
from scene_affect import concordance, ridge, stretch
from scene_encoder import SameConv2d, load_scene_encoder


def test_concordance_counts_shift_and_spread():
    y = np.linspace(-1, 1, 50)
    assert concordance(y, y) == pytest.approx(1)
    assert concordance(y + 1, y) < 0.5
    assert concordance(0.1 * y, y) < 0.3
    assert concordance(-y, y) == pytest.approx(-1)


def test_ridge_finds_a_linear_map_and_stretch_its_spread():
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (60, 200))
    y = x[:, 0] * 0.2 - 0.4
    weight, bias = ridge(x, y, 1e-3)
    np.testing.assert_allclose(x @ weight + bias, y, atol=1e-3)
    gain, offset = stretch(0.5 * y + 1, y)
    np.testing.assert_allclose(gain * (0.5 * y + 1) + offset, y)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(224, 3, 2), (7, 5, 1), (15, 3, 2), (56, 5, 2)])
def test_padding_is_tensorflows_same(size, kernel, stride):
    conv = SameConv2d(1, 1, kernel, stride, bias=False)
    torch.nn.init.ones_(conv.weight)
    with torch.no_grad():
        out = conv(torch.ones(1, 1, size, size))[0, 0]
    assert out.shape[0] == -(-size // stride)
    total = max((out.shape[0] - 1) * stride + kernel - size, 0)
    assert out[0, 0] == (kernel - total // 2) ** 2  # the smaller half of the padding lies left and above
    assert out[-1, -1] == (kernel - (total - total // 2)) ** 2


@pytest.mark.skipif(not (WORK / "base" / "efficientnet-lite0.pth").exists(), reason="base weights are not fetched (make fetch)")
def test_fetched_weights_fill_every_parameter():
    model = load_scene_encoder()
    tokens, affect = model(torch.zeros(1, 3, 224, 224))
    assert tokens.shape == (1, 49, 320)
    assert affect.abs().max() <= 1
