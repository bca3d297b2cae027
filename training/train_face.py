"""Train the face encoder and affect head on FER+ vote shares.

    python train_face.py --out face-first                                                   # from the face-recognition network
    python train_face.py --out face-second --start face-first --teachers face-first \\
        --epochs 10 --rate 6e-4                                                             # on, with its own readings as half the target
    python train_face.py --start face-second --teachers face-first face-second --epochs 12 --rate 6e-4

Writes work/<out>/checkpoint.pt (resumable), work/<out>/face.pt (averaged weights) and
work/<out>/log.jsonl. Two cores: two and a half minutes an epoch; a GPU: seconds.
"""

import argparse
import copy
import json
import time

import numpy as np
import torch
import torch.nn.functional as F

import ferplus
import tfjs
from calibrate_face import logits_of
from common import DEVICE, SEED, WORK, fast_dtype, load_checkpoint, save_checkpoint, seed_everything
from face_encoder import FaceEncoder, FaceEncoderConfig, load_start


def accuracy(model: FaceEncoder, images: np.ndarray, votes: np.ndarray) -> float:
    label, usable = ferplus.majority(votes)
    return float((logits_of(model, images[usable]).argmax(1).numpy() == label[usable]).mean())


def taught(folders: list[str], images: np.ndarray) -> np.ndarray:
    """[N, 8] mean probabilities of several trained encoders, each with the mirror image: what ten voters leave to chance, they even
    out (Hinton et al., arXiv 1503.02531).
    """
    readings = []
    for folder in folders:
        state = torch.load(WORK / folder / "face.pt", map_location="cpu", weights_only=False)
        model = FaceEncoder(state["config"])
        model.load_state_dict(state["model"])
        readings.append(logits_of(model.to(DEVICE), images, mirrored=True).softmax(1).numpy())
    return np.mean(readings, 0)


def strength_at(progress: float) -> float:
    """Of the augmentation: full for two thirds, then down to 0.4, nearer to what is read (the gap of Touvron et al., FixRes)."""
    return 1.0 - 0.6 * max(0.0, (progress - 2 / 3) * 3)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak, of what comes from the start; the neck and the head learn four times as fast")
    parser.add_argument("--minutes", type=float, default=0, help="stop after this long (0: never); a later call goes on")
    parser.add_argument("--out", default="face")
    parser.add_argument("--start", help="folder in work/ whose face.pt to go on from, instead of the face-recognition network")
    parser.add_argument("--teachers", nargs="*", default=[], help="folders in work/ whose face.pt are distilled: half of the target is their mean reading")
    parser.add_argument("--tiny", action="store_true", help="two epochs of 256 faces: does the recipe run at all?")
    args = parser.parse_args()
    out = WORK / args.out
    out.mkdir(parents=True, exist_ok=True)
    seed_everything()

    images, votes = ferplus.load("train")
    shares, usable = ferplus.soft_targets(votes)
    images, shares = images[usable], shares[usable]
    valid_images, valid_votes = ferplus.load("valid")
    if args.tiny:
        args.epochs = 2
        images, shares = images[:256], shares[:256]
        valid_images, valid_votes = valid_images[:64], valid_votes[:64]
    if args.teachers:
        shares = (shares + taught(args.teachers, images)) / 2
    images = torch.from_numpy(images)[:, None].to(DEVICE)
    shares = torch.from_numpy(shares.astype(np.float32)).to(DEVICE)

    model = FaceEncoder(FaceEncoderConfig())
    if args.start:
        model.load_state_dict(torch.load(WORK / args.start / "face.pt", map_location="cpu", weights_only=False)["model"])
    else:
        load_start(model, tfjs.read(WORK / "base" / "face-start.json"), ferplus.normalise(images[:192].cpu()))
    model = model.to(DEVICE).to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    steps = args.epochs * (len(images) // args.batch)
    new = {*model.neck.parameters(), *model.head.parameters()}
    groups = []
    for parameters, rate in ([p for p in model.parameters() if p not in new], args.rate), (list(new), args.rate * 4):
        groups.append({"params": [p for p in parameters if p.ndim > 1], "lr": rate, "weight_decay": 0.05})
        groups.append({"params": [p for p in parameters if p.ndim <= 1], "lr": rate, "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [g["lr"] for g in groups], total_steps=steps + 1, pct_start=0.15)
    first = 0
    if state := load_checkpoint(out / "checkpoint.pt"):
        if state["steps"] != steps:
            raise SystemExit(f"work/{args.out}/checkpoint.pt is of a run with {state['steps']} steps, not {steps}: move it away")
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["epoch"]

    began = time.time()
    for epoch in range(first, args.epochs):
        generator = torch.Generator().manual_seed(SEED + epoch)
        torch.manual_seed(SEED + epoch)
        order = torch.randperm(len(images), generator=generator).to(DEVICE)
        model.train()
        losses = []
        for start in range(0, len(order) - args.batch + 1, args.batch):
            index = order[start : start + args.batch]
            x = ferplus.augment(images[index].float(), strength_at(schedule.last_epoch / steps))
            with torch.autocast(DEVICE.type, fast_dtype(), enabled=fast_dtype() != torch.float32):
                logits, _ = model(ferplus.normalise(x))
            loss = -(shares[index] * F.log_softmax(logits.float(), 1)).sum(1).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            step = schedule.last_epoch
            keep = min(0.998, (1 + step) / (10 + step))
            with torch.no_grad():
                for a, p in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                    if a.dtype.is_floating_point:
                        a.lerp_(p, 1 - keep)
                    else:
                        a.copy_(p)
        row = {"epoch": epoch + 1, "loss": float(np.mean(losses)), "valid": accuracy(average, valid_images, valid_votes), "seconds": round(time.time() - began)}
        print(json.dumps(row), flush=True)
        with open(out / "log.jsonl", "a") as handle:
            handle.write(json.dumps(row) + "\n")
        state = {"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        save_checkpoint(out / "checkpoint.pt", state | {"epoch": epoch + 1, "steps": steps})
        save_checkpoint(out / "face.pt", {"config": average.config, "model": average.state_dict(), "epoch": epoch + 1})
        if args.minutes and time.time() - began > args.minutes * 60:
            break


if __name__ == "__main__":
    main()
