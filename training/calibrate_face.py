"""Temperature and the abstention threshold of the affect head, on FER+ valid; accuracy on test, also of spoilt pictures.

All of it as the engine reads a picture, with its mirror image; what a frame alone reads, as a live one is, stands beside, and what both are
in 8 bits, as WebAssembly multiplies where the encoder bears it.

    python calibrate_face.py     # work/face/face.pt → work/face/calibration.json

Temperature scaling: Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

import json
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score

import ferplus
from common import DEVICE, WORK, write_json
from face_encoder import FaceEncoder, in_8_bits, read_both_ways, restore


@torch.no_grad()
def logits_of(model: FaceEncoder, images: np.ndarray, mirrored: bool = False) -> torch.Tensor:
    """uint8 [N, 48, 48] → logits [N, 8], of the picture alone as the engine reads a live frame, or averaged with its mirror image, as it reads pictures."""
    model.eval()
    out = []
    for start in range(0, len(images), 256):
        x = ferplus.normalise(torch.from_numpy(images[start : start + 256])[:, None].to(DEVICE))
        out.append((read_both_ways(model, x) if mirrored else model(x))[0].cpu())
    return torch.cat(out)


def turned(images: torch.Tensor, degrees: float, zoom: float = 1.0) -> torch.Tensor:
    """[N, 1, 48, 48] turned about the middle and enlarged by `zoom`; edges repeat."""
    cos, sin = math.cos(math.radians(degrees)) / zoom, math.sin(math.radians(degrees)) / zoom
    theta = torch.tensor([[cos, -sin, 0], [sin, cos, 0]], dtype=torch.float32)[None].expand(len(images), -1, -1)
    return F.grid_sample(images, F.affine_grid(theta, list(images.shape), align_corners=False), padding_mode="border", align_corners=False)


def small(images: torch.Tensor, side: int) -> torch.Tensor:
    low = F.interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(low, size=(48, 48), mode="bilinear", align_corners=False)


def covered(images: torch.Tensor) -> torch.Tensor:
    """The mouth's third in flat grey, as behind a mask."""
    out = images.clone()
    out[:, :, 31:] = 128
    return out


CONDITIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "dark: a quarter of the light, in 8 bits": lambda x: (x / 4).floor(),
    "small: 24 px, enlarged": lambda x: small(x, 24),
    "tilted by 20 degrees": lambda x: turned(x, 20),
    "cropped tighter by a quarter": lambda x: turned(x, 0, 1.25),
    "cropped looser by a fifth": lambda x: turned(x, 0, 0.83),
    "mouth covered": covered,
}
"""What a camera does to faces; each is done to every picture of the test split."""


def accuracy_by_light(images: np.ndarray, right: np.ndarray) -> list[dict]:
    """Accuracy of the darker, middle and brighter third of the pictures as they are."""
    light = images.mean((1, 2))
    edges = np.quantile(light, [1 / 3, 2 / 3])
    third = np.digitize(light, edges)
    return [
        {"name": f"as they are, the {name} third", "n": int((third == i).sum()), "accuracy": round(float(right[third == i].mean()), 4)}
        for i, name in enumerate(("darkest", "middle", "brightest"))
    ]


def expected_calibration_error(probabilities: np.ndarray, label: np.ndarray, bins: int = 15) -> float:
    top, right = probabilities.max(1), probabilities.argmax(1) == label
    index = np.minimum((top * bins).astype(int), bins - 1)
    return float(sum(abs(top[index == b].mean() - right[index == b].mean()) * (index == b).mean() for b in range(bins) if (index == b).any()))


BORNE = 0.001
"""The encoder bears 8 bits where they cost no more of the valid split than this: three pictures."""


def main() -> None:
    state = torch.load(WORK / "face" / "face.pt", map_location="cpu", weights_only=False)
    model = restore(state)
    model.to(DEVICE, memory_format=torch.channels_last).eval()
    images, votes = ferplus.load("valid")
    label, sure = ferplus.majority(votes)
    logits, target = logits_of(model, images[sure], mirrored=True), torch.from_numpy(label[sure])
    grid = torch.linspace(0.3, 3, 271)
    temperature = float(grid[int(torch.stack([F.cross_entropy(logits / t, target) for t in grid]).argmin())])
    probabilities = (logits / temperature).softmax(1).numpy()
    rounded = in_8_bits(model)
    lost = float((logits.argmax(1) == target).float().mean() - (logits_of(rounded, images[sure], mirrored=True).argmax(1) == target).float().mean())
    top, right = probabilities.max(1), probabilities.argmax(1) == label[sure]
    # The lowest threshold below which fewer than half of the readings are right.
    threshold = 0.3
    for t in np.arange(0.3, 0.7, 0.01):
        below = (top >= t - 0.05) & (top < t)
        if below.sum() >= 5 and right[below].mean() < 0.5:
            threshold = float(round(t, 2))
    images, votes = ferplus.load("test")
    label, sure = ferplus.majority(votes)
    label, pictures = label[sure], images[sure]
    by = {mirrored: (logits_of(model, pictures, mirrored) / temperature).softmax(1).numpy() for mirrored in (True, False)}
    probabilities, alone = by[True], by[False]
    predicted, top = probabilities.argmax(1), probabilities.max(1)
    by_int8 = {mirrored: logits_of(rounded, pictures, mirrored).argmax(1).numpy() for mirrored in (True, False)}
    kept = top >= threshold

    def condition(name: str, right: np.ndarray) -> dict:
        return {"name": name, "n": len(right), "accuracy": round(float(right.mean()), 4)}

    conditions = [condition("as they are", predicted == label)]
    conditions.append(condition("as they are, without the mirror image, as a live frame is read", alone.argmax(1) == label))
    conditions.append(condition("as they are, in 8 bits, as WebAssembly computes", by_int8[True] == label))
    conditions.append(condition("a live frame, in 8 bits", by_int8[False] == label))
    conditions += accuracy_by_light(pictures, predicted == label)
    for name, spoil in CONDITIONS.items():
        spoilt = spoil(torch.from_numpy(pictures)[:, None].float()).round().to(torch.uint8)[:, 0].numpy()
        conditions.append(condition(name, logits_of(model, spoilt, mirrored=True).argmax(1).numpy() == label))
    report = {
        "temperature": round(temperature, 3),
        "uncertainBelow": threshold,
        "int8": lost <= BORNE,
        "epoch": state["epoch"],
        "test": {
            "n": int(sure.sum()),
            "accuracy": round(float((predicted == label).mean()), 4),
            "macro_f1": round(float(f1_score(label, predicted, labels=range(8), average="macro", zero_division=0)), 4),
            "expected_calibration_error": round(expected_calibration_error(probabilities, label), 4),
            "coverage": round(float(kept.mean()), 4),
            "accuracy_kept": round(float((predicted == label)[kept].mean()), 4),
            "accuracy_abstained": round(float((predicted == label)[~kept].mean()), 4) if (~kept).any() else None,
            "accuracy_alone": round(float((alone.argmax(1) == label).mean()), 4),
            "macro_f1_alone": round(float(f1_score(label, alone.argmax(1), labels=range(8), average="macro", zero_division=0)), 4),
            "expected_calibration_error_alone": round(expected_calibration_error(alone, label), 4),
            "accuracy_int8": round(float((by_int8[True] == label).mean()), 4),
            "accuracy_alone_int8": round(float((by_int8[False] == label).mean()), 4),
            "n_parameters": sum(p.numel() for p in model.parameters()),
        },
        "conditions": conditions,
    }
    write_json(WORK / "face" / "calibration.json", report)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
