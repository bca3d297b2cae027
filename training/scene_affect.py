"""Fit the scene encoder's affect head: ridge from its pooled features to the valence and arousal of OASIS pictures.

    python scene_affect.py [--tiny]

Writes work/scene/affect.pt and work/scene/affect.json (concordance on the test split). Needs data/scenes;
features are cached. Two cores: one minute.
OASIS: Kurdi, Lozano, Banaji, "Introducing the Open Affective Standardized Image Set", 2017.
Concordance: Lin 1989, the measure of the AffectNet and Aff-Wild challenges.
"""

import argparse
import csv
import io
import json
import tarfile

import numpy as np
import torch
from PIL import Image

from common import DATA, DEVICE, SEED, WORK, data_hash, seed_everything, write_json
from scene_encoder import POOLED_WIDTH, load_scene_encoder, pixel_values

OUT = WORK / "scene"
STRENGTHS = [float(value) for value in np.logspace(1, 6, 21)]
FOLDS = 8


def concordance(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * np.mean((a - a.mean()) * (b - b.mean())) / (a.var() + b.var() + (a.mean() - b.mean()) ** 2))


@torch.no_grad()
def features() -> dict[str, np.ndarray]:
    """Every OASIS picture's pooled features [N, 2, 1280] (as it is, mirrored), targets [N, 2], splits, theme groups."""
    sources = [DATA / "scenes" / "images.tar", DATA / "scenes" / "labels.csv"]
    key = data_hash(sources)
    cache = OUT / "features.npz"
    if cache.exists():
        with np.load(cache) as archive:
            if str(archive["key"]) == key:
                return dict(archive)
    with open(sources[1], newline="") as handle:
        rows = list(csv.DictReader(handle))
    model = load_scene_encoder(affect=False).to(DEVICE)
    pooled = []
    with tarfile.open(sources[0]) as tar:
        members = {member.name.rsplit("/", 1)[-1]: member for member in tar.getmembers() if member.isfile()}
        for row in rows:
            source = tar.extractfile(members[f"{row['id']}.jpg"])
            assert source is not None, row["id"]
            x = pixel_values(Image.open(io.BytesIO(source.read()))).to(DEVICE)
            pair = torch.stack([x, x.flip(2)])
            pooled.append(model.backbone.pooled(model.backbone.last_map(pair)).cpu().numpy())
    scale = [[(float(row[f"{name}_mean"]) - 4) / 3 for name in ("valence", "arousal")] for row in rows]
    out = {
        "key": np.array(key),
        "x": np.stack(pooled).astype(np.float32),
        "y": np.array(scale, np.float32),
        "split": np.array([row["split"] for row in rows]),
        "theme": np.array([row["theme"].rstrip("0123456789 ") for row in rows]),
    }
    OUT.mkdir(parents=True, exist_ok=True)
    np.savez(cache, **out)
    return out


def ridge(x: np.ndarray, y: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Standardised ridge in its dual form: weight [features], bias, so that x @ weight + bias ≈ y."""
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    z = (x - mean) / deviation
    alpha = np.linalg.solve(z @ z.T + strength * np.eye(len(z)), y - y.mean())
    weight = (z.T @ alpha) / deviation
    return weight, y.mean() - mean @ weight


def stretch(predicted: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(gain, offset) that give held-out predictions the spread of the ratings: ridge shrinks towards the mean."""
    gain = float(y.std() / predicted.std())
    return gain, float(y.mean() - gain * predicted.mean())


def fit(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> tuple[np.ndarray, float, dict]:
    """Strength and stretch by cross-validation over themes, then a fit on everything. x [N, 2, D], y [N]."""
    best = None
    for strength in STRENGTHS:
        held = np.zeros(len(y))
        for index in range(FOLDS):
            inside, outside = fold != index, fold == index
            weight, bias = ridge(x[inside].reshape(-1, x.shape[2]), np.repeat(y[inside], 2), strength)
            held[outside] = (x[outside] @ weight + bias).mean(1)
        gain, offset = stretch(held, y)
        score = concordance(gain * held + offset, y)
        if best is None or score > best[0]:
            best = (score, strength, gain, offset)
    assert best is not None
    score, strength, gain, offset = best
    weight, bias = ridge(x.reshape(-1, x.shape[2]), np.repeat(y, 2), strength)
    return weight * gain, float(bias * gain + offset), {"strength": strength, "gain": gain, "concordance_folds": score}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiny", action="store_true", help="64 pictures: does the recipe run at all?")
    args = parser.parse_args()
    seed_everything()
    data = features()
    x, y, train = data["x"].astype(np.float64), data["y"].astype(np.float64), data["split"] != "test"
    if args.tiny:
        train &= np.cumsum(train) <= 64
    themes = sorted(set(data["theme"][train]))
    order = np.random.default_rng(SEED).permutation(len(themes))
    fold_of = {theme: int(order[index]) % FOLDS for index, theme in enumerate(themes)}
    fold = np.array([fold_of[theme] for theme in data["theme"][train]])
    test = data["split"] == "test"
    head = torch.nn.Linear(POOLED_WIDTH, 2)
    report: dict = {"train": int(train.sum()), "test": int(test.sum()), "data": str(data["key"])}
    for index, name in enumerate(("valence", "arousal")):
        weight, bias, facts = fit(x[train], y[train, index], fold)
        head.weight.data[index] = torch.from_numpy(weight)
        head.bias.data[index] = bias
        predicted = np.clip(x[test, 0] @ weight + bias, -1, 1)
        report[name] = facts | {
            "concordance_test": concordance(predicted, y[test, index]),
            "correlation_test": float(np.corrcoef(predicted, y[test, index])[0, 1]),
            "mean_absolute_error_test": float(np.abs(predicted - y[test, index]).mean()),
        }
    torch.save({"affect": head.state_dict()}, OUT / "affect.pt")
    write_json(OUT / "affect.json", report)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
