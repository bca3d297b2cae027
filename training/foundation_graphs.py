"""A vision-language model as the graphs that @huggingface/transformers runs: vision_encoder, embed_tokens, decoder_model_merged, in several dtypes.

Names of files and ports are those of the hub's ONNX repositories. "Merged" is one graph that takes a past of any length, none included.
The modules here share their weights with a model of the Python package transformers and compute what it computes, in a form that can be
exported: no Python loop over the data. Ignorant of sizes, of weights, of what the model says.
"""

import copy
import logging
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
import torch.nn as nn
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16
from transformers import Idefics3ForConditionalGeneration, Qwen2VLForConditionalGeneration

from onnx_tools import constants_to_initializers, set_dims

OPSET = 18
SUFFIXES = {"fp32": "", "fp16": "_fp16", "q8": "_quantized", "q4": "_q4", "q4f16": "_q4f16"}
"""File name endings by dtype, as transformers.js has them."""
TABLES = {"q4": "fp32", "q4f16": "fp16"}
"""Whose embed_tokens goes with a dtype: 4 bits are for matrices, and would leave the table as it is."""
BLOCK = 32
"""Weights that share one scale in 4 bits."""
HIDDEN = -1e4
"""What hides a position before the softmax; float16 holds it."""

for logger in (logging.getLogger(), logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer")):
    logger.setLevel(logging.ERROR)  # the quantizers tell every node


def half_turn(x: torch.Tensor) -> torch.Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


def turned(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Rotary positions. x [..., positions, head dim], angles [..., positions, head dim / 2]"""
    angles = torch.cat((angles, angles), -1)
    return x * angles.cos() + half_turn(x) * angles.sin()


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias, -1) @ v


class EmbedTokens(nn.Module):
    """input_ids [B, S] → inputs_embeds [B, S, hidden]"""

    def __init__(self, table: nn.Embedding):
        super().__init__()
        self.table = table

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.table(input_ids)


class Decoder(nn.Module):
    """inputs_embeds [B, S, hidden], attention_mask [B, P + S], position_ids, past keys and values [B, heads, P, dim] → logits, present ones.

    `angles`: position_ids → rotary angles [B, S, dim / 2].
    """

    def __init__(self, body: nn.Module, head: nn.Linear, angles: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        self.layers, self.norm, self.head, self.angles = body.layers, body.norm, head, angles
        self.heads, self.groups = body.config.num_attention_heads, body.config.num_key_value_heads
        self.dim = body.config.hidden_size // self.heads

    def split(self, x: torch.Tensor, heads: int) -> torch.Tensor:
        return x.unflatten(-1, (heads, self.dim)).transpose(1, 2)

    def forward(self, inputs_embeds: torch.Tensor, attention_mask: torch.Tensor, position_ids: torch.Tensor, past: list[torch.Tensor]):
        x, present = inputs_embeds, []
        angles = self.angles(position_ids)[:, None]
        reach = torch.arange(attention_mask.shape[1])[None, :] <= torch.arange(inputs_embeds.shape[1])[:, None] + past[0].shape[2]
        bias = torch.where(reach[None, None] & (attention_mask[:, None, None] > 0), 0.0, HIDDEN)
        for index, layer in enumerate(self.layers):
            own, normed = layer.self_attn, layer.input_layernorm(x)
            q = turned(self.split(own.q_proj(normed), self.heads), angles)
            k = torch.cat((past[2 * index], turned(self.split(own.k_proj(normed), self.groups), angles)), 2)
            v = torch.cat((past[2 * index + 1], self.split(own.v_proj(normed), self.groups)), 2)
            present += [k, v]
            # Heads that share keys and values stand in a dim of their own.
            mixed = attend(q.unflatten(1, (self.groups, -1)), k[:, :, None], v[:, :, None], bias[:, None])
            x = x + own.o_proj(mixed.flatten(1, 2).transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return self.head(self.norm(x)), *present


class Idefics3Vision(nn.Module):
    """pixel_values [B, N, 3, side, side], pixel_attention_mask [B, N, side, side] → image_features [B · N, tokens, hidden]"""

    def __init__(self, model: nn.Module):
        super().__init__()
        vision = model.vision_model
        self.embeddings, self.layers, self.norm = vision.embeddings, vision.encoder.layers, vision.post_layernorm
        self.projection, self.factor = model.connector.modality_projection.proj, model.config.scale_factor
        self.patch = self.embeddings.patch_size
        self.side = self.embeddings.num_patches_per_side
        # A convolution whose windows do not overlap, as one matrix: quantizers know it, and its 8-bit form runs in every runtime.
        self.register_buffer("matrix", self.embeddings.patch_embedding.weight.detach().flatten(1).T.contiguous())

    def forward(self, pixel_values: torch.Tensor, pixel_attention_mask: torch.Tensor) -> torch.Tensor:
        pixels = pixel_values.flatten(0, 1)
        cells = pixels.unflatten(2, (self.side, self.patch)).unflatten(4, (self.side, self.patch)).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        x = cells @ self.matrix + self.embeddings.patch_embedding.bias + self.embeddings.position_embedding.weight
        seen = pixel_attention_mask.flatten(0, 1).float()
        seen = seen.unflatten(1, (self.side, self.patch)).unflatten(3, (self.side, self.patch)).amax((2, 4)).flatten(1)
        bias = (1 - seen)[:, None, None] * HIDDEN
        for layer in self.layers:
            own, normed = layer.self_attn, layer.layer_norm1(x)
            q, k, v = (proj(normed).unflatten(-1, (own.num_heads, -1)).transpose(1, 2) for proj in (own.q_proj, own.k_proj, own.v_proj))
            x = x + own.out_proj(attend(q, k, v, bias).transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.layer_norm2(x))
        x, small, f = self.norm(x), self.side // self.factor, self.factor
        x = x.unflatten(1, (small, f, small, f)).transpose(2, 3).flatten(3).flatten(1, 2)
        return self.projection(x)


class Qwen2VLVision(nn.Module):
    """pixel_values [patches, 3 · 2 · 14 · 14], grid_thw [pictures, 3] → image_features [patches / 4, hidden]"""

    def __init__(self, visual: nn.Module):
        super().__init__()
        self.visual, self.merge = visual, visual.spatial_merge_size
        self.heads = visual.config.num_heads
        self.register_buffer("frequencies", visual.rotary_pos_emb.inv_freq.clone())
        self.register_buffer("matrix", visual.patch_embed.proj.weight.detach().flatten(1).T.contiguous())

    def places(self, count: int, grid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Row, column and frame of every patch; patches come in squares that are merged into one token."""
        ends = (grid[:, 0] * grid[:, 1] * grid[:, 2]).cumsum(0)
        index = torch.arange(count)
        later = index[:, None] >= ends[None, :]
        picture = later.sum(1)
        start = (later * (grid[:, 0] * grid[:, 1] * grid[:, 2])[None, :]).sum(1)
        height, width = grid[:, 1][picture], grid[:, 2][picture]
        local = index - start
        inside = local % (height * width)
        square, corner, wide = inside // self.merge**2, inside % self.merge**2, width // self.merge
        row = square // wide * self.merge + corner // self.merge
        column = square % wide * self.merge + corner % self.merge
        return row, column, picture * 1_000_000 + local // (height * width)

    def forward(self, pixel_values: torch.Tensor, grid_thw: torch.Tensor) -> torch.Tensor:
        row, column, frame = self.places(pixel_values.shape[0], grid_thw)
        angles = torch.cat((row[:, None] * self.frequencies, column[:, None] * self.frequencies), -1)[None, None]
        bias = torch.where(frame[:, None] == frame[None, :], 0.0, HIDDEN)[None, None]
        x = (pixel_values @ self.matrix)[None]
        for block in self.visual.blocks:
            qkv = block.attn.qkv(block.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            mixed = attend(turned(qkv[0], angles), turned(qkv[1], angles), qkv[2], bias)
            x = x + block.attn.proj(mixed.transpose(1, 2).flatten(2))
            x = x + block.mlp(block.norm2(x))
        merger = self.visual.merger
        # Kept three-dimensional, so that linear layers become MatMul, which the quantizers know.
        return merger.mlp(merger.ln_q(x).unflatten(1, (-1, self.merge**2)).flatten(2))[0]


def simple_angles(frequencies: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """position_ids [B, S]"""
    return lambda positions: positions[..., None].float() * frequencies


def sectioned_angles(frequencies: torch.Tensor, sections: list[int]) -> Callable[[torch.Tensor], torch.Tensor]:
    """position_ids [3, B, S] (time, row, column), each of which turns the frequencies of its section."""

    def angles(positions: torch.Tensor) -> torch.Tensor:
        parts = (positions[..., None].float() * frequencies).split(sections, -1)
        return torch.cat([part[index % 3] for index, part in enumerate(parts)], -1)

    return angles


def trim(model: onnx.ModelProto, inputs: dict[str, list], outputs: dict[str, list]) -> onnx.ModelProto:
    """Dims of ports as the hub's files name them, and nothing that only the exporter needs."""
    constants_to_initializers(model)
    for value in model.graph.input:
        set_dims(value, inputs[value.name])
    for value in model.graph.output:
        set_dims(value, outputs[value.name])
    del model.graph.value_info[:]
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    return model


def exported(module: nn.Module, example: tuple, shapes: tuple, inputs: dict[str, list], outputs: dict[str, list]) -> onnx.ModelProto:
    program = torch.onnx.export(
        copy.deepcopy(module).eval(), example, dynamo=True, opset_version=OPSET, input_names=list(inputs), output_names=list(outputs),
        dynamic_shapes=shapes, verbose=False,
    )
    assert program is not None
    return trim(program.model_proto, inputs, outputs)


def decoder_ports(layers: int, groups: int, dim: int, vocabulary: int, hidden: int, positions: list) -> tuple[dict[str, list], dict[str, list]]:
    inputs: dict[str, list] = {
        "inputs_embeds": ["batch_size", "sequence_length", hidden],
        "attention_mask": ["batch_size", "total_sequence_length"],
        "position_ids": positions,
    }
    outputs: dict[str, list] = {"logits": ["batch_size", "sequence_length", vocabulary]}
    for layer in range(layers):
        for kind in ("key", "value"):
            inputs[f"past_key_values.{layer}.{kind}"] = ["batch_size", groups, "past_sequence_length", dim]
            outputs[f"present.{layer}.{kind}"] = ["batch_size", groups, "total_sequence_length", dim]
    return inputs, outputs


def export_decoder(module: Decoder, hidden: int, vocabulary: int, sectioned: bool) -> onnx.ModelProto:
    auto = torch.export.Dim.DYNAMIC
    count = 2 * len(module.layers)
    positions = ["batch_size", "sequence_length"]
    inputs, outputs = decoder_ports(len(module.layers), module.groups, module.dim, vocabulary, hidden, [3, *positions] if sectioned else positions)
    example = (
        torch.randn(2, 5, hidden), torch.ones(2, 12, dtype=torch.int64),
        torch.arange(5).expand(3, 2, 5).clone() if sectioned else torch.arange(5).expand(2, 5).clone(),
        [torch.randn(2, module.groups, 7, module.dim) for _ in range(count)],
    )
    shapes = (
        {0: auto, 1: auto}, {0: auto, 1: auto}, {1: auto, 2: auto} if sectioned else {0: auto, 1: auto}, [{0: auto, 2: auto}] * count,
    )
    return exported(module, example, shapes, inputs, outputs)


def export_embed_tokens(table: nn.Embedding) -> onnx.ModelProto:
    auto = torch.export.Dim.DYNAMIC
    return exported(
        EmbedTokens(table), (torch.ones(2, 5, dtype=torch.int64),), ({0: auto, 1: auto},),
        {"input_ids": ["batch_size", "sequence_length"]}, {"inputs_embeds": ["batch_size", "sequence_length", table.embedding_dim]},
    )


def idefics3_graphs(model: Idefics3ForConditionalGeneration) -> dict[str, onnx.ModelProto]:
    """Graphs by name, in float32."""
    auto = torch.export.Dim.DYNAMIC
    text, side = model.config.text_config, model.config.vision_config.image_size
    body = model.model.text_model
    tokens = (side // model.config.vision_config.patch_size // model.config.scale_factor) ** 2
    free = ["batch_size", "num_images"]
    vision = exported(
        Idefics3Vision(model.model), (torch.randn(2, 3, 3, side, side), torch.ones(2, 3, side, side, dtype=torch.bool)),
        ({0: auto, 1: auto}, {0: auto, 1: auto}),
        {"pixel_values": [*free, 3, side, side], "pixel_attention_mask": [*free, side, side]},
        {"image_features": ["batch_size*num_images", tokens, text.hidden_size]},
    )
    decoder = Decoder(body, model.lm_head, simple_angles(body.rotary_emb.inv_freq.clone()))
    return {
        "vision_encoder": vision,
        "embed_tokens": export_embed_tokens(body.embed_tokens),
        "decoder_model_merged": export_decoder(decoder, text.hidden_size, text.vocab_size, sectioned=False),
    }


def qwen2_vl_graphs(model: Qwen2VLForConditionalGeneration) -> dict[str, onnx.ModelProto]:
    """Graphs by name, in float32."""
    auto = torch.export.Dim.DYNAMIC
    text, vision = model.config.text_config, model.config.vision_config
    body = model.model.language_model
    width = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
    graph = exported(
        Qwen2VLVision(model.model.visual), (torch.randn(4 * 6 + 4 * 4, width), torch.tensor([[1, 4, 6], [1, 4, 4]])), ({0: auto}, {0: auto}),
        {"pixel_values": ["num_patches", width], "grid_thw": ["num_images", 3]}, {"image_features": ["num_tokens", text.hidden_size]},
    )
    sections = text.rope_parameters["mrope_section"]
    decoder = Decoder(body, model.lm_head, sectioned_angles(body.rotary_emb.inv_freq.clone(), sections))
    return {
        "vision_encoder": graph,
        "embed_tokens": export_embed_tokens(body.embed_tokens),
        "decoder_model_merged": export_decoder(decoder, text.hidden_size, text.vocab_size, sectioned=True),
    }


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """float16 inside and in keys and values; other ports stay float32, as in the hub's files."""
    model = copy.deepcopy(model)
    ports = [value.name for value in [*model.graph.input, *model.graph.output] if value.type.tensor_type.elem_type == TensorProto.FLOAT]
    kept = [name for name in ports if not name.startswith(("past_key_values", "present"))]
    return convert_float_to_float16(model, keep_io_types=kept)


def quartered(model: onnx.ModelProto) -> onnx.ModelProto:
    """Matrices in 4 bits, blocks of 32 with a scale each."""
    quantizer = MatMulNBitsQuantizer(copy.deepcopy(model), algo_config=DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=0))
    quantizer.process()
    return quantizer.model.model


def graph_file(name: str, dtype: str) -> str:
    return f"{name}{SUFFIXES[TABLES.get(dtype, dtype) if name == 'embed_tokens' else dtype]}.onnx"


def save_dtypes(graphs: dict[str, onnx.ModelProto], out: Path) -> None:
    """Writes every graph in every dtype."""
    out.mkdir(parents=True, exist_ok=True)
    for name, graph in graphs.items():
        for dtype in SUFFIXES:
            path = out / graph_file(name, dtype)
            if path.exists():
                continue
            if dtype == "q8":
                quantize_dynamic(out / f"{name}.onnx", path, op_types_to_quantize=["MatMul", "Gather"], weight_type=QuantType.QUInt8)
            else:
                make = {"fp32": copy.deepcopy, "fp16": halved, "q4": quartered, "q4f16": lambda model: halved(quartered(model))}[dtype]
                onnx.save(make(graph), path)
