"""Temperature and the abstention threshold of the affect head, on FER+ valid; accuracy on test.

    python calibrate_face.py     # work/face/face.pt → work/face/calibration.json

Temperature scaling: Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

import ferplus
from common import DEVICE, WORK, write_json
from face_encoder import FaceEncoder


@torch.no_grad()
def logits_of(model: FaceEncoder, images: np.ndarray) -> torch.Tensor:
    """uint8 [N, 48, 48] → logits [N, 8], averaged with the mirror image as the engine does."""
    out = []
    for start in range(0, len(images), 256):
        x = ferplus.normalise(torch.from_numpy(images[start : start + 256])[:, None].to(DEVICE))
        out.append(((model(x)[0] + model(x.flip(3))[0]) / 2).cpu())
    return torch.cat(out)


def expected_calibration_error(probabilities: np.ndarray, label: np.ndarray, bins: int = 15) -> float:
    top, right = probabilities.max(1), probabilities.argmax(1) == label
    index = np.minimum((top * bins).astype(int), bins - 1)
    return float(sum(abs(top[index == b].mean() - right[index == b].mean()) * (index == b).mean() for b in range(bins) if (index == b).any()))


def macro_f1(predicted: np.ndarray, label: np.ndarray) -> float:
    scores = []
    for c in range(8):
        hit = ((predicted == c) & (label == c)).sum()
        scores.append(2 * hit / max(1, (predicted == c).sum() + (label == c).sum()))
    return float(np.mean(scores))


def main() -> None:
    state = torch.load(WORK / "face" / "face.pt", map_location="cpu", weights_only=False)
    model = FaceEncoder(state["config"])
    model.load_state_dict(state["model"])
    model.to(DEVICE).eval()
    images, votes = ferplus.load("valid")
    label, sure = ferplus.majority(votes)
    logits, target = logits_of(model, images[sure]), torch.from_numpy(label[sure])
    grid = torch.linspace(0.3, 3, 271)
    temperature = float(grid[int(torch.stack([F.cross_entropy(logits / t, target) for t in grid]).argmin())])
    probabilities = (logits / temperature).softmax(1).numpy()
    top, right = probabilities.max(1), probabilities.argmax(1) == label[sure]
    # The lowest threshold below which fewer than half of the readings are right.
    threshold = 0.3
    for t in np.arange(0.3, 0.7, 0.01):
        below = (top >= t - 0.05) & (top < t)
        if below.sum() >= 5 and right[below].mean() < 0.5:
            threshold = float(round(t, 2))
    images, votes = ferplus.load("test")
    label, sure = ferplus.majority(votes)
    label = label[sure]
    probabilities = (logits_of(model, images[sure]) / temperature).softmax(1).numpy()
    predicted, top = probabilities.argmax(1), probabilities.max(1)
    kept = top >= threshold
    report = {
        "temperature": round(temperature, 3),
        "uncertainBelow": threshold,
        "epoch": state["epoch"],
        "test": {
            "n": int(sure.sum()),
            "accuracy": round(float((predicted == label).mean()), 4),
            "macro_f1": round(macro_f1(predicted, label), 4),
            "expected_calibration_error": round(expected_calibration_error(probabilities, label), 4),
            "coverage": round(float(kept.mean()), 4),
            "accuracy_kept": round(float((predicted == label)[kept].mean()), 4),
            "accuracy_abstained": round(float((predicted == label)[~kept].mean()), 4) if (~kept).any() else None,
            "n_parameters": sum(p.numel() for p in model.parameters()),
        },
    }
    write_json(WORK / "face" / "calibration.json", report)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
