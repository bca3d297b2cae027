"""FER+ rules and augmentation, crops, and one step of each trainer's arithmetic."""

import json

import numpy as np
import torch

import caches
import ferplus
from caches import CROP_SCALE, CROP_SHIFT, box_of_crop
from calibrate_face import CONDITIONS, accuracy_by_light
from face_encoder import EightBits, FaceEncoder, FaceEncoderConfig, in_8_bits
from vision import face_crop


def test_majority_rule():
    votes = np.zeros((4, 10), np.float32)
    votes[0, 1], votes[0, 0] = 6, 4  # happiness, 6 of 10
    votes[1, 1], votes[1, 0] = 5, 5  # no class over half
    votes[2, 3], votes[2, 0:3] = 4, 1  # single votes are dropped: 4 of 4
    votes[3, 9], votes[3, 0] = 8, 2  # not a face
    label, usable = ferplus.majority(votes)
    assert label.tolist() == [1, -1, 3, -1]
    assert usable.tolist() == [True, False, True, False]


def test_soft_targets_are_shares_of_the_eight():
    votes = np.zeros((1, 10), np.float32)
    votes[0, 1], votes[0, 0], votes[0, 8] = 5, 3, 2
    shares, usable = ferplus.soft_targets(votes)
    assert usable[0] and np.allclose(shares[0, :2], [3 / 8, 5 / 8])


def test_augmentation_keeps_form_and_moves_pixels():
    torch.manual_seed(0)
    x = torch.rand(6, 1, 48, 48) * 255
    y = ferplus.augment(x)
    assert y.shape == x.shape and y.min() >= 0 and y.max() <= 255
    assert (y - x).abs().mean() > 5


def test_in_8_bits_an_encoder_reads_nearly_the_same_and_stays_what_it_was():
    torch.manual_seed(3)
    model = FaceEncoder(FaceEncoderConfig(stem=8, blocks=((64, 2), (256, 2), (512, 2)), token_width=256))
    x = torch.randn(16, 1, 48, 48)
    for norm in (module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.momentum = 1.0
    model.train()(x)
    model.eval()
    with torch.no_grad():
        model.body[-1].conv.weight[0] = 0  # a channel without a largest weight
        before, tokens = model(x)
        rounded = in_8_bits(model)
        assert [name for name, layer in rounded.named_modules() if isinstance(layer, EightBits)] == ["body.4", "body.6", "neck"]
        logits, rounded_tokens = rounded(x)
        assert 0 < (logits - before).abs().max() < 0.05 * before.abs().max()
        assert 0 < (rounded_tokens - tokens).abs().mean() < 0.02 * tokens.abs().mean()
        torch.testing.assert_close(model(x)[0], before, rtol=0, atol=0)


def test_a_picture_and_its_mirror_image_are_read_alike_and_have_tokens_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(caches, "WORK", tmp_path)
    torch.manual_seed(2)
    config = FaceEncoderConfig(stem=8, blocks=((12, 2), (16, 2), (16, 2)), token_width=16)
    images = np.random.default_rng(2).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    model = FaceEncoder(config)
    for norm in (module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.momentum = 1.0
    model.train()(ferplus.normalise(torch.from_numpy(images)[:, None]))  # else what it says of all pictures is nearly nothing
    (tmp_path / "face").mkdir()
    torch.save({"config": config, "model": model.state_dict()}, tmp_path / "face" / "face.pt")
    (tmp_path / "face" / "calibration.json").write_text(json.dumps({"temperature": 0.5}))
    there, tokens = caches.read_faces(images, augmented=False)
    back, mirrored = caches.read_faces(np.ascontiguousarray(images[:, :, ::-1]), augmented=False)
    np.testing.assert_allclose(there, back, atol=1e-5)
    assert np.abs(tokens.astype(np.float32) - mirrored).max() > 1e-2
    assert np.abs(there[0] - there[1]).max() > 1e-4


def test_encoder_shapes_and_light_invariance():
    model = FaceEncoder(FaceEncoderConfig(stem=8, blocks=((12, 2), (16, 2), (16, 2)), token_width=16)).eval()
    picture = torch.rand(2, 1, 48, 48) * 120
    logits, tokens = model(ferplus.normalise(picture))
    assert logits.shape == (2, 8) and tokens.shape == (2, 10, 16)
    brighter = model(ferplus.normalise(picture * 1.5 + 20))[0]
    assert torch.allclose(logits, brighter, atol=1e-3)


def test_cropped_face_comes_back_whole():
    """A picture that is a face crop already, entered by its would-be box, is cropped to itself."""
    picture = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)
    assert np.abs(face_crop(picture, box_of_crop(48), CROP_SCALE, CROP_SHIFT, 48).astype(int) - picture).max() <= 1


def test_spoilt_pictures_are_of_the_same_form_and_differ():
    x = torch.rand(3, 1, 48, 48, generator=torch.Generator().manual_seed(1)) * 255
    spoilt = {name: spoil(x) for name, spoil in CONDITIONS.items()}
    assert all(y.shape == x.shape and y.min() >= 0 and y.max() <= 255 and (y - x).abs().mean() > 3 for y in spoilt.values())
    assert spoilt["dark: a quarter of the light, in 8 bits"].max() < 64
    torch.testing.assert_close(spoilt["mouth covered"][:, :, :31], x[:, :, :31])


def test_accuracy_by_light_takes_the_thirds_in_order():
    images = np.full((9, 48, 48), 10, np.uint8) * np.arange(1, 10, dtype=np.uint8)[:, None, None]
    right = np.array([1, 0, 0, 1, 1, 0, 1, 1, 1], bool)
    assert [(row["n"], row["accuracy"]) for row in accuracy_by_light(images, right)] == [(3, 0.3333), (3, 0.6667), (3, 1.0)]
