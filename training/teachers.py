"""What trained encoders say of FER+'s training faces, kept: half of what a student is taught.

    python teachers.py face-facenet face        # work/<each>/face.pt → teachers.npz

A teacher of 23 M parameters takes an hour on two cores and is never shipped; its readings are half a megabyte and are committed.
teachers.npz holds `readings` float16 [N, 8], probabilities that are the mean of all teachers', each with the mirror image, of the readable
faces of the training split in their order (`ferplus.soft_targets`), and `told`: JSON of who they are and how they read the valid split.
"""

import argparse
import json

import numpy as np
import torch

import ferplus
from calibrate_face import logits_of
from common import DEVICE, HERE, WORK, commit, fast_dtype
from face_encoder import restore

KEPT = HERE / "teachers.npz"


def readings_of(folder: str, images: np.ndarray) -> np.ndarray:
    """[N, 8] probabilities by the encoder of work/<folder>, the mirror image included; in bfloat16 where that is the faster arithmetic."""
    model = restore(torch.load(WORK / folder / "face.pt", map_location="cpu", weights_only=False))
    with torch.autocast(DEVICE.type, fast_dtype(), enabled=fast_dtype() != torch.float32):
        logits = logits_of(model.to(DEVICE, memory_format=torch.channels_last), images, mirrored=True)
    return logits.float().softmax(1).numpy()


def taught(teachers: list[str], images: np.ndarray) -> np.ndarray:
    """[N, 8] mean probabilities of several trained encoders; `kept` are those of teachers.npz, as many as it says. What ten voters leave to
    chance, they even out (Hinton et al., arXiv 1503.02531).
    """
    readings, weights = [], []
    for teacher in teachers:
        if teacher == "kept":
            with np.load(KEPT) as kept:
                readings.append(kept["readings"].astype(np.float32))
                weights.append(len(json.loads(str(kept["told"]))["teachers"]))
            if len(readings[-1]) != len(images):
                raise SystemExit(f"{KEPT.name} holds readings of {len(readings[-1])} faces, not of these {len(images)}")
        else:
            readings.append(readings_of(teacher, images))
            weights.append(1)
    return np.average(readings, axis=0, weights=weights)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("teachers", nargs="+", help="folders in work/")
    teachers = parser.parse_args().teachers
    images, votes = ferplus.load("train")
    images = images[ferplus.soft_targets(votes)[1]]
    valid_images, valid_votes = ferplus.load("valid")
    label, sure = ferplus.majority(valid_votes)
    valid = {name: readings_of(name, valid_images[sure]) for name in teachers}
    valid["all"] = np.mean(list(valid.values()), 0)
    right = {name: round(float((p.argmax(1) == label[sure]).mean()), 4) for name, p in valid.items()}
    told = {"teachers": teachers, "valid": right, "commit": commit()}
    np.savez_compressed(KEPT, readings=taught(teachers, images).astype(np.float16), told=json.dumps(told))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
