"""4-bit blocks for MatMulNBits: symmetric, the scale of each block searched for the least squared error.

    python quantize.py TEXT…      # perplexity of work/smollm2 on text files: fp32, rounding variants, ours

Layout: a row of K values is K / 32 blocks; value = (nibble − 8) · scale; two nibbles a byte, low one first.
Ignorant of models and graphs.
"""

import math
import sys
from pathlib import Path

import numpy as np

BLOCK = 32
# Scales tried, over the one that just reaches the block's largest value; the sign says at which end the extra level −8 lies.
FACTORS = np.array([1.0], np.float32)
ROWS = 4096


def to_blocks(weight: np.ndarray) -> np.ndarray:
    rows, width = weight.shape
    if width % BLOCK:
        raise ValueError(f"rows of {width} values are not whole blocks of {BLOCK}")
    return np.ascontiguousarray(weight, np.float32).reshape(rows, width // BLOCK, BLOCK)


def search(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """blocks [R, B, 32] → (levels int8 in −8..7, scales float16 [R, B]); squared error least over FACTORS."""
    index = np.abs(blocks).argmax(2)[..., None]
    extreme = np.take_along_axis(blocks, index, 2)[..., 0]  # signed, [R, B]
    best_error = np.full(extreme.shape, np.inf, np.float32)
    best_scale = np.zeros(extreme.shape, np.float16)
    for factor in FACTORS:
        scale = (extreme * (factor / -8)).astype(np.float16)
        wide = scale.astype(np.float32)[..., None]
        level = np.rint(np.divide(blocks, wide, out=np.zeros_like(blocks), where=wide != 0)).clip(-8, 7)
        error = np.square(level * wide - blocks).sum(2)
        better = error < best_error
        best_error[better] = error[better]
        best_scale[better] = scale[better]
    wide = best_scale.astype(np.float32)[..., None]
    level = np.rint(np.divide(blocks, wide, out=np.zeros_like(blocks), where=wide != 0)).clip(-8, 7)
    return level.astype(np.int8), best_scale


def pack(levels: np.ndarray) -> np.ndarray:
    """int8 −8..7 [R, B, 32] → uint8 [R, B, 16]"""
    nibbles = (levels + 8).astype(np.uint8)
    return nibbles[..., 0::2] | (nibbles[..., 1::2] << 4)


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[R, K] → (packed uint8 [R, K / 32, 16], scales float16 [R, K / 32])"""
    packed, scales = [], []
    for start in range(0, len(weight), ROWS):
        levels, scale = search(to_blocks(weight[start : start + ROWS]))
        packed.append(pack(levels))
        scales.append(scale)
    return np.concatenate(packed), np.concatenate(scales)


def dequantize(packed: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The inverse: packed uint8 [R, B, 16], scales [R, B] → float32 [R, B · 32]"""
    nibbles = np.stack([packed & 15, packed >> 4], -1).reshape(*packed.shape[:2], -1)
    return ((nibbles.astype(np.float32) - 8) * scales.astype(np.float32)[..., None]).reshape(len(packed), -1)


def nearest_symmetric(weight: np.ndarray) -> np.ndarray:
    """What onnxruntime's default quantiser makes: the largest value of a block at level −8, no search."""
    blocks = to_blocks(weight)
    index = np.abs(blocks).argmax(2)[..., None]
    scale = np.take_along_axis(blocks, index, 2) / -8
    level = np.rint(np.divide(blocks, scale, out=np.zeros_like(blocks), where=scale != 0)).clip(-8, 7)
    return (level * scale).reshape(weight.shape)


def nearest_asymmetric(weight: np.ndarray) -> np.ndarray:
    """The same with a 4-bit zero point a block."""
    blocks = to_blocks(weight)
    low, high = np.minimum(blocks.min(2, keepdims=True), 0), np.maximum(blocks.max(2, keepdims=True), 0)
    scale = np.maximum((high - low) / 15, 1e-12)
    zero = np.rint(-low / scale).clip(0, 15)
    level = (np.rint(blocks / scale) + zero).clip(0, 15)
    return ((level - zero) * scale).reshape(weight.shape)


def main() -> None:
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    from language_model import SMOLLM2

    def ours(weight: np.ndarray) -> np.ndarray:
        return dequantize(*quantize(weight))

    tokenizer = AutoTokenizer.from_pretrained(SMOLLM2)
    texts = [torch.tensor(tokenizer(Path(path).read_text()).input_ids[:512]) for path in sys.argv[1:]]
    for name, rounding in [("fp32", None), ("nearest, symmetric", nearest_symmetric), ("nearest, asymmetric", nearest_asymmetric), ("search, symmetric", ours)]:
        model = LlamaForCausalLM.from_pretrained(SMOLLM2, dtype=torch.float32).eval()
        error = 0.0
        with torch.no_grad():
            for key, value in model.named_parameters():
                if rounding is not None and value.ndim == 2:
                    rounded = torch.from_numpy(rounding(value.numpy()))
                    error += float((rounded - value).square().sum())
                    value.copy_(rounded)
            losses = [float(model(ids[None], labels=ids[None]).loss) for ids in texts]
        print(f"{name:22} perplexity {math.exp(sum(losses) / len(losses)):.2f}, squared error of weights {error:.0f}", flush=True)


if __name__ == "__main__":
    main()
