"""Teachers' readings are their mean, mirror image included; what is kept of them stands for as many as there were."""

import json

import numpy as np
import pytest
import torch

import ferplus
import teachers
from calibrate_face import logits_of
from tiny import random_face_encoder


@pytest.fixture
def images() -> np.ndarray:
    return torch.randint(0, 256, (5, 48, 48), generator=torch.Generator().manual_seed(2), dtype=torch.uint8).numpy()


@pytest.fixture
def readings(tmp_path, monkeypatch, images) -> list[np.ndarray]:
    """Of three encoders in folders one, two, three."""
    monkeypatch.setattr(teachers, "WORK", tmp_path)
    monkeypatch.setattr(teachers, "KEPT", tmp_path / "teachers.npz")
    monkeypatch.setattr(teachers, "fast_dtype", lambda: torch.float32)  # the sums are what is tested
    out = []
    for seed, name in enumerate(("one", "two", "three")):
        torch.manual_seed(seed)
        model = random_face_encoder()
        (tmp_path / name).mkdir()
        torch.save({"config": model.config, "model": model.state_dict()}, tmp_path / name / "face.pt")
        out.append(logits_of(model, images, mirrored=True).softmax(1).numpy())
    return out


def test_teachers_are_read_with_their_mirror_image_and_averaged(images, readings):
    taught = teachers.taught(["one", "two"], images)
    assert abs(readings[0] - readings[1]).max() > 0.01
    assert taught == pytest.approx((readings[0] + readings[1]) / 2, abs=1e-5)
    assert taught.sum(1) == pytest.approx(1, abs=1e-5)


def test_kept_readings_stand_for_their_teachers(images, readings):
    np.savez(teachers.KEPT, readings=((readings[0] + readings[1]) / 2).astype(np.float16), told=json.dumps({"teachers": ["one", "two"]}))
    assert teachers.taught(["kept"], images) == pytest.approx((readings[0] + readings[1]) / 2, abs=1e-3)
    assert teachers.taught(["kept", "three"], images) == pytest.approx(sum(readings) / 3, abs=1e-3)
    with pytest.raises(SystemExit, match="5 faces, not of these 4"):
        teachers.taught(["kept"], images[:4])


def test_what_is_committed_is_of_all_training_faces():
    """Row by row: a shifted one would teach a face what another shows."""
    if not ferplus.DATA.is_dir():
        pytest.skip("no data folder: nothing to set the readings beside")
    _, votes = ferplus.load("train")
    shares, usable = ferplus.soft_targets(votes)
    with np.load(teachers.HERE / "teachers.npz") as kept:
        read = kept["readings"].astype(np.float32)
    assert read.shape == (usable.sum(), 8) and read.sum(1) == pytest.approx(1, abs=0.01)
    assert (read.argmax(1) == shares[usable].argmax(1)).mean() > 0.8
