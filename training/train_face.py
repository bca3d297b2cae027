"""Train the face encoder and affect head on FER+ vote shares.

    python train_face.py --out face-first                                                   # from the face-recognition network
    python train_face.py --out face-second --start face-first --teachers face-first \\
        --epochs 10 --rate 6e-4                                                             # on, with its own readings as half the target
    python train_face.py --start face-second --teachers face-first face-second --epochs 12 --rate 6e-4
    python train_face.py --out face-more --start face --teachers kept --keep-tokens 0.2 --frozen 8 --minutes 45 \\
        --epochs 40 --rate 3e-4                                                             # the encoder alone; then pack.py face

Writes work/<out>/checkpoint.pt (resumable), work/<out>/face.pt (averaged weights) and
work/<out>/log.jsonl. Two cores: two and a half minutes an epoch; a GPU: seconds.
"""

import argparse
import copy
import json
import math
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import facenet
import ferplus
import norms
import tfjs
from calibrate_face import logits_of
from common import DEVICE, SEED, WORK, fast_dtype, load_checkpoint, save_checkpoint, seed_everything
from face_encoder import FaceEncoder, FaceEncoderConfig, load_start
from teachers import taught


def accuracy(model: FaceEncoder, images: np.ndarray, votes: np.ndarray) -> float:
    label, usable = ferplus.majority(votes)
    return float((logits_of(model, images[usable]).argmax(1).numpy() == label[usable]).mean())


def moved(tokens: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """How far face tokens are from what they were, as a share of their variance."""
    return (tokens - before).square().mean() / before.var()


@torch.no_grad()
def tokens_moved(model: FaceEncoder, before: FaceEncoder, images: np.ndarray) -> float:
    x = ferplus.normalise(torch.from_numpy(images)[:, None].to(DEVICE))
    return float(moved(model.eval()(x)[1], before(x)[1]))


def strength_at(progress: float) -> float:
    """Of the augmentation: full for two thirds, then down to 0.4, nearer to what is read (the gap of Touvron et al., FixRes)."""
    return 1.0 - 0.6 * max(0.0, (progress - 2 / 3) * 3)


def one_cycle(progress: float) -> tuple[float, float]:
    """(share of the peak rate, first beta of Adam) at `progress` in [0, 1]: up for 15 % of the time, then down (Smith & Topin, arXiv 1708.07120)."""
    up = 0.15

    def between(a: float, b: float, x: float) -> float:
        return b + (a - b) * (1 + math.cos(math.pi * x)) / 2

    if progress < up:
        return between(1 / 25, 1.0, progress / up), between(0.95, 0.85, progress / up)
    x = (progress - up) / (1 - up)
    return between(1.0, 1e-5, x), between(0.85, 0.95, x)


def fastest(model: FaceEncoder, images: torch.Tensor) -> tuple[torch.dtype, torch.memory_format]:
    """Arithmetic and layout, measured on a GPU, whose depthwise kernels differ by several times between them."""
    if DEVICE.type != "cuda":
        return fast_dtype(), torch.channels_last
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    seconds = {}
    for dtype in (torch.bfloat16, torch.float32):
        for layout in (torch.channels_last, torch.contiguous_format):
            trial = copy.deepcopy(model).to(memory_format=layout).train()
            x = ferplus.normalise(images).to(memory_format=layout)
            for turn in range(9):
                if turn == 3:
                    torch.cuda.synchronize()
                    began = time.time()
                with torch.autocast("cuda", dtype, enabled=dtype != torch.float32):
                    loss = trial(x)[0].float().square().mean()
                loss.backward()
            torch.cuda.synchronize()
            seconds[dtype, layout] = time.time() - began
    chosen = min(seconds, key=seconds.get)
    print(json.dumps({"arithmetic": [str(part) for part in chosen], "ms": {str(k): round(v / 6 * 1000, 2) for k, v in seconds.items()}}), flush=True)
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak, of what comes from the start; the neck and the head learn four times as fast")
    parser.add_argument("--minutes", type=float, default=0, help="the rate comes down after so long, if --epochs are not done before (0: never)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--zoom", type=int, default=FaceEncoderConfig.zoom, help="how often the crop is enlarged; a teacher may look closer")
    parser.add_argument("--backbone", choices=["mobilenet", "facenet"], default="mobilenet", help="facenet: a teacher, ten times as large (facenet.py)")
    parser.add_argument("--out", default="face")
    parser.add_argument("--start", help="folder in work/ whose face.pt to go on from, instead of the face-recognition network")
    parser.add_argument("--teachers", nargs="*", default=[], help="half of the target is the mean reading of these: folders in work/, `kept` (teachers.npz)")
    parser.add_argument("--keep-tokens", type=float, default=0, help="what it costs that face tokens move from those of --start")
    parser.add_argument("--frozen", type=int, default=0, help="convolutions of the body that stay as they are, the first")
    parser.add_argument("--tiny", action="store_true", help="two epochs of 256 faces: does the recipe run at all?")
    args = parser.parse_args()
    if args.keep_tokens and not args.start:
        parser.error("--keep-tokens: those of --start")
    if args.backbone == "facenet" and (args.start or args.frozen or args.zoom != FaceEncoderConfig.zoom):
        parser.error("--backbone facenet has a start and a size of its own: no --start, --frozen or --zoom")
    out = WORK / args.out
    out.mkdir(parents=True, exist_ok=True)
    seed_everything(args.seed)

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

    model = facenet.FaceNet() if args.backbone == "facenet" else FaceEncoder(FaceEncoderConfig(zoom=args.zoom))
    sample = ferplus.normalise(images[:192].cpu())
    if args.backbone == "facenet":
        facenet.load_start(model, dict(np.load(WORK / "base" / "facenet.npz")), sample)
    elif args.start:
        model.load_state_dict(torch.load(WORK / args.start / "face.pt", map_location="cpu", weights_only=False)["model"])
        norms.renew_all(model, [(layer.conv, layer.norm) for layer in (*model.body, model.neck)], sample)
    else:
        load_start(model, tfjs.read(WORK / "base" / "face-start.json"), sample)
    model = model.to(DEVICE)
    dtype, layout = fastest(model, images[: args.batch])
    model = model.to(memory_format=layout)
    average = copy.deepcopy(model)
    before = copy.deepcopy(model).eval() if args.keep_tokens else None
    averaged = [(a, p) for a, p in zip(average.state_dict().values(), model.state_dict().values(), strict=True) if a.dtype.is_floating_point]
    epoch_steps = len(images) // args.batch
    frozen = model.body[: args.frozen].requires_grad_(False) if args.frozen else nn.Sequential()
    new = {*model.head.parameters(), *([] if args.backbone == "facenet" else model.neck.parameters())}
    groups = []
    for parameters, rate in ([p for p in model.parameters() if p not in new and p.requires_grad], args.rate), (list(new), args.rate * 4):
        groups.append({"params": [p for p in parameters if p.ndim > 1], "lr": rate, "weight_decay": 0.05})
        groups.append({"params": [p for p in parameters if p.ndim <= 1], "lr": rate, "weight_decay": 0.0})
    peaks = [group["lr"] for group in groups]
    optimizer = torch.optim.AdamW(groups, fused=DEVICE.type == "cuda")
    step, spent = 0, 0.0
    if state := load_checkpoint(out / "checkpoint.pt"):
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["seconds"]

    began = time.time()

    def progress() -> float:
        by_time = (spent + time.time() - began) / (args.minutes * 60) if args.minutes else 0.0
        return max(step / (args.epochs * epoch_steps), by_time)

    while progress() < 1:
        epoch = step // epoch_steps
        generator = torch.Generator().manual_seed(args.seed + epoch)
        torch.manual_seed(args.seed + epoch)
        order = torch.randperm(len(images), generator=generator).to(DEVICE)
        model.train()
        frozen.eval()
        losses = []
        for start in range(0, epoch_steps * args.batch, args.batch):
            done = min(1.0, progress())
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                share, beta = one_cycle(done)
                group["lr"], group["betas"] = peak * share, (beta, 0.999)
            index = order[start : start + args.batch]
            x = ferplus.normalise(ferplus.augment(images[index].float(), strength_at(done)))
            with torch.autocast(DEVICE.type, dtype, enabled=dtype != torch.float32):
                logits, tokens = model(x.to(memory_format=layout))
            loss = -(shares[index] * F.log_softmax(logits.float(), 1)).sum(1).mean()
            if before and step % 2 == 0:  # half of the batches are enough
                with torch.no_grad(), torch.autocast(DEVICE.type, dtype, enabled=dtype != torch.float32):
                    wanted = before(x.to(memory_format=layout))[1]
                loss = loss + args.keep_tokens * moved(tokens.float(), wanted.float())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.detach())
            step += 1
            keep = min(0.998, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_([a for a, _ in averaged], [p for _, p in averaged], 1 - keep)
        seconds = spent + time.time() - began
        row = {"epoch": epoch + 1, "loss": torch.stack(losses).mean().item(), "valid": accuracy(average, valid_images, valid_votes)}
        row |= {"moved": round(tokens_moved(average, before, valid_images[:512]), 4)} if before else {}
        row["seconds"] = round(seconds)
        print(json.dumps(row), flush=True)
        with open(out / "log.jsonl", "a") as handle:
            handle.write(json.dumps(row) + "\n")
        state = {"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        save_checkpoint(out / "checkpoint.pt", state | {"step": step, "seconds": seconds})
        save_checkpoint(out / "face.pt", {"config": average.config, "model": average.state_dict(), "epoch": epoch + 1})


if __name__ == "__main__":
    main()
