"""The teacher of another family: its start says the same after its norms were given statistics, and it takes part like any encoder."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import facenet
import ferplus
from calibrate_face import logits_of
from face_encoder import FaceEncoder, restore


def constants(model: facenet.FaceNet) -> dict[str, np.ndarray]:
    """As a frozen graph has them: three colours, norms folded into convolutions."""
    rng = np.random.default_rng(1)
    out = {}
    for name, layer in model.convolutions():
        outside, inside, *kernel = layer.conv.weight.shape
        shape = (*kernel, 3 if name == "Conv2d_1a_3x3" else inside, outside)
        out[f"{facenet.SCOPE}/{name}/weights"] = rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape).astype(np.float32)
        out[f"{facenet.SCOPE}/{name}/Conv2D_bn_offset"] = rng.normal(0, 0.1, outside).astype(np.float32)
    for name, block in model.blocks.items():
        if isinstance(block, facenet.Residual):
            width, inside = block.mix.weight.shape[:2]
            out[f"{facenet.SCOPE}/{name}/Conv2d_1x1/weights"] = rng.normal(0, 0.05, (1, 1, inside, width)).astype(np.float32)
            out[f"{facenet.SCOPE}/{name}/Conv2d_1x1/biases"] = rng.normal(0, 0.1, width).astype(np.float32)
    return out


@pytest.fixture(scope="module")
def started() -> tuple[facenet.FaceNet, dict[str, np.ndarray], torch.Tensor]:
    torch.manual_seed(1)
    model = facenet.FaceNet(facenet.FaceNetConfig(side=80))
    weights = constants(model)
    x = ferplus.normalise(torch.rand(6, 1, 48, 48) * 255)
    facenet.load_start(model, weights, x[:4])
    return model.eval(), weights, x


@torch.no_grad()
def test_a_start_is_the_frozen_graph(started):
    """On pictures whose statistics its norms were not given, too: convolution, offset, ReLU."""
    model, weights, x = started
    plain = facenet.FaceNet(model.config).eval()
    plain.head.load_state_dict(model.head.state_dict())
    for name, layer in plain.convolutions():
        weight = torch.from_numpy(weights[f"{facenet.SCOPE}/{name}/weights"].transpose(3, 2, 0, 1).copy())
        layer.conv.weight.copy_(weight.sum(1, keepdim=True) * facenet.START_GAIN if name == "Conv2d_1a_3x3" else weight)
        layer.norm.running_var.fill_(1 - layer.norm.eps)
        layer.norm.bias.copy_(torch.from_numpy(weights[f"{facenet.SCOPE}/{name}/Conv2D_bn_offset"]))
    for name, block in plain.blocks.items():
        if isinstance(block, facenet.Residual):
            block.mix.load_state_dict(model.blocks[name].mix.state_dict())
    logits, tokens = model(x)
    assert logits.shape == (6, 8) and tokens.shape == (6, 1, 1792) and tokens.std() > 1e-3
    torch.testing.assert_close(plain(x)[1], tokens, rtol=1e-3, atol=1e-3 * float(tokens.abs().max()))
    assert (tokens < 0).any()  # the last block has no ReLU


def test_norms_have_the_statistics_of_what_passes(started):
    model, _, x = started
    layer = model.stem["Conv2d_1a_3x3"]
    y = layer.conv(F.interpolate(x[:4], size=(80, 80), mode="bilinear", align_corners=False))
    torch.testing.assert_close(layer.norm.running_mean, y.mean((0, 2, 3)))
    torch.testing.assert_close(layer.norm.running_var, y.var((0, 2, 3)).clamp(min=1e-4))
    model(x[4:])  # reading others later changes nothing
    torch.testing.assert_close(layer.norm.running_mean, y.mean((0, 2, 3)))


def test_a_checkpoint_comes_back_as_what_it_was(started):
    model, _, x = started
    again = restore({"config": model.config, "model": model.state_dict()})
    assert isinstance(again, facenet.FaceNet)
    images = (x[:, 0] * 40 + 128).clamp(0, 255).byte().numpy()
    torch.testing.assert_close(logits_of(again, images), logits_of(model, images))
    encoder = FaceEncoder()
    assert isinstance(restore({"config": encoder.config, "model": encoder.state_dict()}), FaceEncoder)
