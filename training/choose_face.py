"""Of several face encoders, and of the mean of those that began alike, the one that reads the valid split best.

    python choose_face.py face-a,face-b face-c     # work/<one>/face.pt → work/face/face.pt; a comma: their mean is tried, too

The mean of the weights of encoders that went on from the same one reads better than either (Wortsman et al., "Model soups",
arXiv 2203.05482).
"""

import argparse
import json

import torch

import ferplus
from calibrate_face import logits_of
from common import DEVICE, WORK, save_checkpoint
from face_encoder import restore


def mean_of(states: list[dict]) -> dict:
    """Checkpoints {config, model, epoch} → one with the mean of their weights."""
    first = states[0]["model"]
    mean = {name: torch.stack([s["model"][name].float() for s in states]).mean(0) if value.is_floating_point() else value for name, value in first.items()}
    return {**states[0], "model": mean, "epoch": max(s["epoch"] for s in states)}


def candidates(groups: list[list[str]], states: dict[str, dict]) -> dict[str, dict]:
    out = dict(states)
    for group in groups:
        if len(group) > 1:
            out[" + ".join(group)] = mean_of([states[name] for name in group])
    return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("groups", nargs="+", help="folders in work/, those of one start with commas between")
    groups = [group.split(",") for group in parser.parse_args().groups]
    states = {name: torch.load(WORK / name / "face.pt", map_location="cpu", weights_only=False) for group in groups for name in group}
    images, votes = ferplus.load("valid")
    label, sure = ferplus.majority(votes)
    right = {}
    tried = candidates(groups, states)
    for name, state in tried.items():
        model = restore(state)
        right[name] = float((logits_of(model.to(DEVICE), images[sure]).argmax(1).numpy() == label[sure]).mean())
    best = max(right, key=right.get)
    print(json.dumps({"valid": {name: round(share, 4) for name, share in right.items()}, "chosen": best}))
    save_checkpoint(WORK / "face" / "face.pt", tried[best])


if __name__ == "__main__":
    main()
