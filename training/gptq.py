"""4-bit rounding of a decoder that looks at what flows through it: GPTQ, layer after layer.

Rounds a matrix column by column and lets the columns still to come make up for the error, as measured on
calibration sequences (Frantar et al., arXiv 2210.17323). Blocks and scales are those of quantize.py; the
embedding table, which is also the output layer, is rounded to nearest: both of its uses want the plain values.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn as nn
from transformers import LlamaForCausalLM

from quantize import BLOCK, dequantize, quantize, unpack

DAMPING = 0.02
# Scales tried for a block, over the one that just reaches its largest value.
FACTORS = (0.85, 0.9, 0.95, 1.0, 1.05)
# Which matrices read the same input: its second moments are gathered once, at the first.
GROUPS = [
    ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    ["self_attn.o_proj"],
    ["mlp.gate_proj", "mlp.up_proj"],
    ["mlp.down_proj"],
]


def block_scale(block: torch.Tensor, importance: torch.Tensor) -> torch.Tensor:
    """block [N, 32], importance [32] → float16 scales as float32 [N, 1], weighted squared error least over FACTORS."""
    extreme = block.gather(1, block.abs().argmax(1, keepdim=True))
    best, error = torch.ones_like(extreme), torch.full_like(extreme, torch.inf)
    for factor in FACTORS:
        scale = (extreme * (factor / -8)).half().float()
        scale = torch.where(scale == 0, 1.0, scale)
        off = ((block / scale).round().clamp(-8, 7) * scale - block).square().mul(importance).sum(1, keepdim=True)
        best = torch.where(off < error, scale, best)
        error = torch.minimum(off, error)
    return best


def round_matrix(weight: torch.Tensor, moments: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """weight [N, K], second moments of its input [K, K] → (levels int8 [N, K / 32, 32], scales float16 [N, K / 32])"""
    width = weight.shape[1]
    moments = moments.double()
    moments = moments + torch.eye(width, dtype=torch.double, device=moments.device) * (moments.diagonal().mean() * DAMPING)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(moments)), upper=True).float()
    importance = moments.diagonal().float()
    weight = weight.clone()
    levels, scales = [], []
    for start in range(0, width, BLOCK):
        here = slice(start, start + BLOCK)
        block, corner = weight[:, here].clone(), inverse[here, here]
        scale = block_scale(block, importance[here])
        errors, level = torch.zeros_like(block), torch.zeros_like(block)
        for column in range(BLOCK):
            level[:, column : column + 1] = (block[:, column : column + 1] / scale).round().clamp(-8, 7)
            error = (block[:, column] - level[:, column] * scale[:, 0]) / corner[column, column]
            block[:, column:] -= error[:, None] * corner[column, column:]
            errors[:, column] = error
        weight[:, start + BLOCK :] -= errors @ inverse[here, start + BLOCK :]
        levels.append(level)
        scales.append(scale)
    return torch.stack(levels, 1).to(torch.int8).cpu().numpy(), torch.cat(scales, 1).half().cpu().numpy()


def gather_moments(layer: nn.Module, names: list[str], run: Callable[[], None]) -> dict[str, torch.Tensor]:
    """Second moments [K, K] of what flows into each named child while `run` runs."""
    moments: dict[str, torch.Tensor] = {}

    def watch(name: str) -> Callable:
        def hook(_module: nn.Module, inputs: tuple[torch.Tensor, ...], _output: torch.Tensor) -> None:
            x = inputs[0].reshape(-1, inputs[0].shape[-1])
            moments[name] = moments.get(name, 0) + x.T @ x

        return hook

    handles = [layer.get_submodule(name).register_forward_hook(watch(name)) for name in names]
    run()
    for handle in handles:
        handle.remove()
    return moments


@torch.no_grad()
def round_decoder(model: LlamaForCausalLM, sequences: list[torch.Tensor]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rounds `model` in place; `sequences` are embeddings [T, hidden]. → {parameter: (levels [N, B, 32], scales [N, B])}

    Each layer is calibrated on what the rounded layers before it pass on.
    """
    out: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    table = model.model.embed_tokens.weight
    packed, scales = quantize(table.cpu().numpy())
    out["model.embed_tokens.weight"] = (unpack(packed), scales)
    table.copy_(torch.from_numpy(dequantize(packed, scales)))
    states = [sequence[None].to(table.device) for sequence in sequences]
    places = [model.model.rotary_emb(state, torch.arange(state.shape[1], device=table.device)[None]) for state in states]

    def forward(layer: nn.Module) -> list[torch.Tensor]:
        results = [layer(state, position_embeddings=place, attention_mask=None) for state, place in zip(states, places, strict=True)]
        return [result[0] if isinstance(result, tuple) else result for result in results]

    for number, layer in enumerate(model.model.layers):
        moments = gather_moments(layer, [group[0] for group in GROUPS], lambda layer=layer: forward(layer))
        for group in GROUPS:
            for name in group:
                weight = layer.get_submodule(name).weight
                levels, scales = round_matrix(weight, moments[group[0]])
                out[f"model.layers.{number}.{name}.weight"] = (levels, scales)
                rounded = levels.astype(np.float32) * scales.astype(np.float32)[..., None]
                weight.copy_(torch.from_numpy(rounded.reshape(weight.shape)))
        states = forward(layer)
    return out
