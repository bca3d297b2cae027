"""Rounded weights compute what the pack's blocks compute, and only their scales learn. A projection meets new face tokens."""

from argparse import Namespace

import numpy as np
import torch

import train_language
from projection import Projection, ProjectionConfig
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


def test_retarget_says_of_new_tokens_what_was_said_of_old_ones(tmp_path, monkeypatch, capsys):
    g = torch.Generator().manual_seed(6)
    monkeypatch.setattr(train_language, "WORK", tmp_path)
    monkeypatch.setattr(train_language, "CACHE", tmp_path)
    old = torch.randn(200, 10, 24, generator=g)
    new = old.flip(2) * 3 + 1  # the same, in another order and another range: a linear map leads back
    np.savez(tmp_path / "before.npz", tokens=old.numpy())
    np.savez(tmp_path / "features_faces_train.npz", tokens=new.numpy())
    projection = Projection(ProjectionConfig(face_width=24, width=32, hidden=48))
    torch.nn.init.uniform_(projection.face_in[0].weight, 0.5, 2, generator=g)
    torch.nn.init.uniform_(projection.face_in[0].bias, -1, 1, generator=g)
    path = tmp_path / "language" / "settled" / "projection.pt"
    train_language.save_checkpoint(path, {"config": projection.config, "kind": "mvp", "projection": projection.state_dict()})
    train_language.retarget(Namespace(out="language", before=tmp_path / "before.npz"))
    after = Projection(projection.config)
    after.load_state_dict(torch.load(path, weights_only=False)["projection"], strict=False)
    with torch.no_grad():
        torch.testing.assert_close(after.face_in(new), projection.face_in(old), atol=0.02, rtol=0.02)
    assert float(capsys.readouterr().out.split()[-1]) > 0.99
