"""4-bit blocks for MatMulNBits: symmetric, rounded to nearest. Ignorant of models and graphs.

    python quantize.py TEXT…      # perplexity of work/smollm2 on text files: fp32, nearest, asymmetric, GPTQ (gptq.py)

Layout: a row of K values is K / 32 blocks; value = (nibble − 8) · scale; two nibbles a byte, low one first.
The value furthest from zero takes the level −8, so the scale may be negative. (Scales searched for the least
squared error gave smaller errors of the weights and a worse perplexity.)
"""

import math
import sys
from pathlib import Path

import numpy as np

BLOCK = 32
ROWS = 4096


def to_blocks(weight: np.ndarray) -> np.ndarray:
    rows, width = weight.shape
    if width % BLOCK:
        raise ValueError(f"rows of {width} values are not whole blocks of {BLOCK}")
    return np.ascontiguousarray(weight, np.float32).reshape(rows, width // BLOCK, BLOCK)


def nearest(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """blocks [R, B, 32] → (levels int8 in −8..7, scales float16 [R, B])"""
    index = np.abs(blocks).argmax(2)[..., None]
    scale = (np.take_along_axis(blocks, index, 2)[..., 0] / -8).astype(np.float16)
    wide = scale.astype(np.float32)[..., None]
    level = np.rint(np.divide(blocks, wide, out=np.zeros_like(blocks), where=wide != 0)).clip(-8, 7)
    return level.astype(np.int8), scale


def pack(levels: np.ndarray) -> np.ndarray:
    """int8 −8..7 [R, B, 32] → uint8 [R, B, 16]"""
    nibbles = (levels + 8).astype(np.uint8)
    return nibbles[..., 0::2] | (nibbles[..., 1::2] << 4)


def unpack(packed: np.ndarray) -> np.ndarray:
    """The inverse: uint8 [R, B, 16] → int8 −8..7 [R, B, 32]"""
    return np.stack([packed & 15, packed >> 4], -1).reshape(*packed.shape[:2], -1).astype(np.int8) - 8


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[R, K] → (packed uint8 [R, K / 32, 16], scales float16 [R, K / 32])"""
    packed, scales = [], []
    for start in range(0, len(weight), ROWS):
        levels, scale = nearest(to_blocks(weight[start : start + ROWS]))
        packed.append(pack(levels))
        scales.append(scale)
    return np.concatenate(packed), np.concatenate(scales)


def dequantize(packed: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """packed uint8 [R, B, 16], scales [R, B] → float32 [R, B · 32]"""
    return (unpack(packed).astype(np.float32) * scales.astype(np.float32)[..., None]).reshape(len(packed), -1)


def nearest_asymmetric(weight: np.ndarray) -> np.ndarray:
    """For comparison: the same rounding with a 4-bit zero point a block."""
    blocks = to_blocks(weight)
    low, high = np.minimum(blocks.min(2, keepdims=True), 0), np.maximum(blocks.max(2, keepdims=True), 0)
    scale = np.maximum((high - low) / 15, 1e-12)
    zero = np.rint(-low / scale).clip(0, 15)
    level = (np.rint(blocks / scale) + zero).clip(0, 15)
    return ((level - zero) * scale).reshape(weight.shape)


def main() -> None:
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    from gptq import round_decoder
    from language_model import SMOLLM2

    tokenizer = AutoTokenizer.from_pretrained(SMOLLM2)
    ids = [torch.tensor(tokenizer(Path(path).read_text()).input_ids) for path in sys.argv[1:]]
    texts, calibration = [line[:400] for line in ids], [line[400:900] for line in ids if len(line) > 500]

    def each(rounding):
        def apply(model: LlamaForCausalLM) -> None:
            for value in model.parameters():
                if value.ndim == 2:
                    value.data.copy_(torch.from_numpy(rounding(value.detach().numpy())))

        return apply

    variants = {
        "fp32": lambda model: None,
        "GPTQ, symmetric": lambda model: round_decoder(model, [model.model.embed_tokens(line).detach() for line in calibration]),
        "nearest, symmetric": each(lambda weight: dequantize(*quantize(weight))),
        "nearest, asymmetric": each(nearest_asymmetric),
    }
    for name, apply in variants.items():
        model = LlamaForCausalLM.from_pretrained(SMOLLM2, dtype=torch.float32).eval()
        apply(model)
        with torch.no_grad():
            losses = [float(model(line[None], labels=line[None]).loss) for line in texts]
        print(f"{name:20} perplexity {math.exp(sum(losses) / len(losses)):.2f}", flush=True)


if __name__ == "__main__":
    main()
