"""What is chosen is what reads the valid split best, and a mean is tried where encoders began alike."""

import numpy as np
import pytest
import torch

import choose_face
from tiny import random_face_encoder


def checkpoint(seed: int) -> dict:
    torch.manual_seed(seed)
    model = random_face_encoder()
    return {"config": model.config, "model": model.state_dict(), "epoch": seed}


def test_a_mean_is_of_the_weights_and_leaves_counters_alone():
    a, b = checkpoint(1), checkpoint(2)
    mean = choose_face.mean_of([a, b])
    name = next(name for name, value in a["model"].items() if value.is_floating_point())
    torch.testing.assert_close(mean["model"][name], (a["model"][name] + b["model"][name]) / 2)
    counter = next(name for name, value in a["model"].items() if not value.is_floating_point())
    assert mean["model"][counter] is a["model"][counter] and mean["epoch"] == 2
    assert set(choose_face.candidates([["a", "b"], ["c"]], {"a": a, "b": b, "c": a})) == {"a", "b", "c", "a + b"}


def test_the_best_on_valid_is_kept(tmp_path, monkeypatch, capsys):
    images = np.random.default_rng(3).integers(0, 256, (40, 48, 48), dtype=np.uint8)
    states = {name: checkpoint(seed) for seed, name in enumerate(("one", "two"), 1)}
    for name, state in states.items():
        (tmp_path / name).mkdir()
        torch.save(state, tmp_path / name / "face.pt")
    model = random_face_encoder()
    model.load_state_dict(states["two"]["model"])
    label = choose_face.logits_of(model, images).argmax(1).numpy()  # the split is as "two" reads it
    monkeypatch.setattr(choose_face, "WORK", tmp_path)
    monkeypatch.setattr(choose_face.ferplus, "load", lambda split: (images, None))
    monkeypatch.setattr(choose_face.ferplus, "majority", lambda votes: (label, np.ones(40, bool)))
    monkeypatch.setattr("sys.argv", ["choose_face.py", "one,two"])
    choose_face.main()
    assert '"chosen": "two"' in capsys.readouterr().out
    kept = torch.load(tmp_path / "face" / "face.pt", weights_only=False)["model"]
    assert all(torch.equal(kept[name], value) for name, value in states["two"]["model"].items())
    assert pytest.approx(1.0) == float((choose_face.logits_of(model, images).argmax(1).numpy() == label).mean())
