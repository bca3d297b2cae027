"""What every stage of the training shares: folders, seeds, device, resumable checkpoints, hashes.

Ignorant of any model or data set.
"""

import functools
import hashlib
import json
import os
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = Path(os.environ.get("EMOLLM_WORK", HERE / "work"))
"""Scratch: base weights, caches, checkpoints. Ignored by git."""
DATA = Path(os.environ.get("EMOLLM_DATA", ROOT.parent / "shared" / "data"))
"""The data folder; see training/README.md for its layout."""
PACKS = ROOT / "public" / "models"

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SEED = 20261123
torch.set_float32_matmul_precision("high")  # GPUs only: 19 bits of a float32 are enough where bfloat16 is


def seed_everything(seed: int = SEED) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def sha256_file(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def data_hash(paths: list[Path]) -> str:
    """One sha256 over the sha256 of each file, in name order: what the manifest calls `data`."""
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        digest.update(f"{path.name} {sha256_file(path)}\n".encode())
    return digest.hexdigest()


def commit() -> str:
    """The commit this runs from, `-dirty` if the tree differs from it, `unknown` outside git."""
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return out.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@functools.cache
def fast_dtype() -> torch.dtype:
    """bfloat16 where its matrix product is the faster one, else float32: CPUs without AVX-512 BF16 emulate it, and slowly."""
    if DEVICE.type == "cuda":
        return torch.bfloat16
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.ones(512, 576, dtype=dtype), torch.ones(576, 576, dtype=dtype)
        a @ b  # the first product prepares the kernel
        began = time.perf_counter()
        for _ in range(5):
            a @ b
        seconds[dtype] = time.perf_counter() - began
    return torch.bfloat16 if seconds[torch.bfloat16] < 0.8 * seconds[torch.float32] else torch.float32


def save_checkpoint(path: Path, state: dict) -> None:
    """Write atomically: a run that is cut off leaves the previous checkpoint whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path) -> dict | None:
    if not path.exists():
        return None
    return torch.load(path, map_location="cpu", weights_only=False)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
