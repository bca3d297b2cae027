"""Export every stage to ONNX as the engine wants it: port names, dims, weights as float16 or 4 bit.

    python export.py [--face …] [--language-model …]

Reads work/face/face.pt, work/scene, work/language/settled (projection and language model); writes work/export/<graph>.onnx
(and the language model's external data). Two cores: two minutes.
"""

import argparse
import copy
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper
from torch.nn.utils.fusion import fuse_conv_bn_eval
from transformers import LlamaForCausalLM

from common import DEVICE, SEED, WORK
from convert import ONNX
from face_encoder import FaceEncoder
from onnx_tools import constants_to_initializers, port, set_dims, store_half
from quantize import BLOCK, pack, quantize

EXPORT = WORK / "export"
OPSET = 18
CONTEXT_LENGTH = 2048
"""Positions that the language model's graph has tables for: a prompt is a few hundred tokens."""
FLOAT32_ACTIVATIONS = 1
"""MatMulNBits' `accuracy_level`: 0 leaves the choice to the kernel, 4 is 8 bits."""
DATA_FILE_LIMIT = 45_000_000
ALIGN = 64


@dataclass
class ExportedGraph:
    """A graph's files, all in one folder, and what the manifest says of it."""

    name: str
    folder: Path
    dtype: str
    inputs: list[dict]
    outputs: list[dict]
    data: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        return f"{self.name}.onnx"

    def entry(self) -> dict:
        return {"file": self.file, "data": self.data, "dtype": self.dtype, "inputs": self.inputs, "outputs": self.outputs}


def finish(name: str, model: onnx.ModelProto, out: Path, inputs: dict[str, list], outputs: dict[str, list]) -> ExportedGraph:
    """Fixes ports and stores weights as float16; `inputs` and `outputs` give each port's dims."""
    constants_to_initializers(model)
    store_half(model)
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
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(model, out / f"{name}.onnx")
    graph = model.graph
    return ExportedGraph(name, out, "fp16", [port(value) for value in graph.input], [port(value) for value in graph.output])


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """Folds each batch norm into the convolution that stands before it among its parent's children."""
    for child in module.children():
        fold_batch_norms(child)
    previous: tuple[str, nn.Module] | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and previous is not None and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            setattr(module, name, nn.Identity())
        previous = (name, child)
    return module


def export_module(
    name: str,
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: dict[str, list],
    outputs: dict[str, list],
    out: Path,
    shapes: tuple[dict | None, ...] | None = None,
) -> ExportedGraph:
    """torch → ONNX. A dim given as a name in `inputs` is free; the example must have another size there than 1.

    `shapes`: torch.export's dynamic shapes where a plain free dim does not say enough (multiples of 32).
    """
    module = fold_batch_norms(copy.deepcopy(module).eval().cpu())
    if shapes is None:
        shapes = tuple({index: torch.export.Dim(dim) for index, dim in enumerate(dims) if isinstance(dim, str)} or None for dims in inputs.values())
    program = torch.onnx.export(
        module, example, dynamo=True, opset_version=OPSET, input_names=list(inputs), output_names=list(outputs),
        dynamic_shapes=shapes if any(shapes) else None, verbose=False,
    )
    assert program is not None
    return finish(name, program.model_proto, out, inputs, outputs)


def export_face_encoder(model: FaceEncoder, out: Path) -> ExportedGraph:
    size, width = model.config.size, model.config.token_width
    return export_module(
        "face-encoder", model, (torch.randn(2, 1, size, size),),
        {"pixel_values": ["N", 1, size, size]}, {"logits": ["N", model.config.classes], "face_tokens": ["N", 10, width]}, out,
    )


def export_scene_encoder(model: nn.Module, size: int, width: int, out: Path) -> ExportedGraph:
    return export_module(
        "scene-encoder", model, (torch.randn(1, 3, size, size),),
        {"pixel_values": [1, 3, size, size]}, {"patch_tokens": [1, 49, width], "affect": [1, 2]}, out,
    )


def export_projection(model: nn.Module, out: Path) -> ExportedGraph:
    """`model.config` is a ProjectionConfig."""
    c = model.config
    nodes = c.max_faces * c.face_tokens
    inputs = {
        "scene_tokens": [1, 49, c.scene_width], "face_tokens": [1, nodes, c.face_width],
        "face_boxes": [1, c.max_faces, 4], "face_mask": [1, c.max_faces],
    }
    example = tuple(torch.rand(*dims) for dims in inputs.values())
    return export_module("projection", model, example, inputs, {"image_embeddings": [1, c.image_tokens, c.hidden]}, out)


def copy_converted(name: str, out: Path) -> ExportedGraph:
    """A graph of convert.py with its weights as float16 (the tflite files held float16 to begin with)."""
    model = onnx.load(ONNX / f"{name}.onnx")
    dims = {value.name: port(value)["dims"] for value in [*model.graph.input, *model.graph.output]}
    return finish(name, model, out, dims, dims)


# ---------------------------------------------------------------- the language model


def build_decoder(folder: Path, out: Path) -> onnx.ModelProto:
    """onnxruntime-genai's decoder graph of a Hugging Face folder: fused attention, MatMulNBits, no embedding table."""
    source = out / "source"
    shutil.rmtree(out, ignore_errors=True)
    source.mkdir(parents=True)
    for path in folder.iterdir():
        if path.name != "config.json":
            (source / path.name).symlink_to(path.resolve())
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = min(CONTEXT_LENGTH, config["max_position_embeddings"])
    (source / "config.json").write_text(json.dumps(config))
    options = ["use_webgpu_fp32=true", "exclude_embeds=true", "prune_lm_head=true", f"block_size={BLOCK}", "is_symmetric=true"]
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", source, "-o", out, "-p", "int4", "-e", "webgpu"]
    subprocess.run([*command, "-c", out / "cache", "--extra_options", *options], check=True, capture_output=True)
    return onnx.load(out / "model.onnx")


def weight_names(name: str) -> list[str]:
    """Hugging Face's names of the matrices that the builder's weight `name` stacks, e.g. model.layers.3.attn.qkv_proj.MatMul.weight_Q4."""
    stem = name.split(".MatMul.")[0]
    if stem == "lm_head":
        return ["model.embed_tokens.weight"]
    if stem.endswith("attn.qkv_proj"):
        return [stem.replace("attn.qkv_proj", f"self_attn.{letter}_proj.weight") for letter in "qkv"]
    return [stem.replace(".attn.", ".self_attn.") + ".weight"]


Rounded = dict[str, tuple[np.ndarray, np.ndarray]]
"""Hugging Face's name of a matrix → (packed blocks uint8 [N, B, 16], scales float16 [N, B])."""


def round_to_nearest(folder: Path) -> Rounded:
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return {name: quantize(value.detach().numpy()) for name, value in model.named_parameters() if value.ndim == 2}


def keep_activations(model: onnx.ModelProto) -> None:
    """Activations stay float32 in every MatMulNBits.

    The builder's level lets kernels round them to 8 bits. That moved this model's logits by up to 1.1 of 39, made it copy
    codes wrongly, and gave each kernel numbers of its own; without it every host agrees with PyTorch to 1e-4.
    """
    for node in model.graph.node:
        if node.op_type == "MatMulNBits":
            kept = [item for item in node.attribute if item.name != "accuracy_level"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("accuracy_level", FLOAT32_ACTIVATIONS)])


def put_weights(model: onnx.ModelProto, rounded: Rounded) -> None:
    """Replaces the builder's blocks by ours, and its scales by float16 ones with a Cast behind."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    casts = []
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        if len(node.input) > 3 and node.input[3]:
            raise SystemExit(f"{node.name} has zero points: the graph was expected to be symmetric")
        packed, scales = tensors[node.input[1]], tensors[node.input[2]]
        parts = [rounded[part] for part in weight_names(packed.name)]
        blocks, scale = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        assert list(packed.dims) == list(blocks.shape), (node.name, list(packed.dims), blocks.shape)
        packed.CopyFrom(numpy_helper.from_array(blocks, packed.name))
        name = scales.name
        scales.CopyFrom(numpy_helper.from_array(scale.reshape(list(scales.dims)), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def keep_logits(model: onnx.ModelProto) -> None:
    """Logits of as many last positions as the input `num_logits_to_keep` [1] says, for the builder's one: a guessed run of tokens is
    checked at once."""
    graph = model.graph
    (gather,), (unsqueeze,) = ([node for node in graph.node if node.name == f"/lm_head/prune/{kind}"] for kind in ("Gather", "Unsqueeze"))
    hidden, kept = gather.input[0], unsqueeze.output[0]
    for node in (gather, unsqueeze):
        graph.node.remove(node)
    count, start = "num_logits_to_keep", "/lm_head/keep/start"
    constants = {"/lm_head/keep/end": np.iinfo(np.int64).max, "/lm_head/keep/axis": 1}
    graph.initializer.extend(numpy_helper.from_array(np.array([value], np.int64), name) for name, value in constants.items())
    graph.input.append(helper.make_tensor_value_info(count, TensorProto.INT64, [1]))
    index = next(i for i, node in enumerate(graph.node) if kept in node.input)
    graph.node.insert(index, helper.make_node("Neg", [count], [start], name="/lm_head/keep/Neg"))
    graph.node.insert(index + 1, helper.make_node("Slice", [hidden, start, *constants], [kept], name="/lm_head/keep/Slice"))


def name_ports(model: onnx.ModelProto, head_dim: int) -> None:
    """Fixes batch and head width; the names that stay free mean one size each within a run."""
    names = {"batch_size": 1, "kv_cache_dim": head_dim, "sequence_length": "T", "past_sequence_length": "past", "total_sequence_length": "total"}
    for value in [*model.graph.input, *model.graph.output]:
        set_dims(value, [names.get(dim, dim) for dim in port(value)["dims"]])
        if value.name == "logits":
            set_dims(value, [1, "kept", port(value)["dims"][-1]])
    del model.graph.value_info[:]


def split_data(model: onnx.ModelProto, out: Path) -> list[str]:
    """4-bit blocks and scales into files of their own, each tensor wholly in one file of at most DATA_FILE_LIMIT."""
    out.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[onnx.TensorProto]] = {"weights": [], "scales": []}
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_half"):
            groups["scales"].append(tensor)
        elif tensor.data_type == TensorProto.UINT8 and len(tensor.raw_data) >= 1024:
            groups["weights"].append(tensor)
    files: list[str] = []
    for kind, tensors in groups.items():
        parts: list[bytearray] = []
        for tensor in tensors:
            raw = tensor.raw_data
            if not parts or len(parts[-1]) + len(raw) + ALIGN > DATA_FILE_LIMIT:
                parts.append(bytearray())
            part = parts[-1]
            part += bytes(-len(part) % ALIGN)
            where = {"location": f"language-model-{kind}-{len(parts)}.bin", "offset": len(part), "length": len(raw)}
            part += raw
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            del tensor.external_data[:]
            for key, value in where.items():
                entry = tensor.external_data.add()
                entry.key, entry.value = key, str(value)
        for number, part in enumerate(parts, 1):
            files.append(f"language-model-{kind}-{number}.bin")
            (out / files[-1]).write_bytes(part)
    return files


def external_range(tensor: onnx.TensorProto) -> dict:
    entry = {item.key: item.value for item in tensor.external_data}
    return {"file": entry["location"], "offset": int(entry["offset"]), "bytes": int(entry["length"])}


def embedding_entry(model: onnx.ModelProto) -> dict:
    """Where the tied embedding table lies: lm_head's 4-bit blocks and their scales, as the manifest writes it."""
    node = next(node for node in model.graph.node if node.op_type == "MatMulNBits" and node.output[0] == "logits")
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    weights, scales = external_range(tensors[node.input[1]]), external_range(tensors[f"{node.input[2]}_half"])
    return {
        "file": weights["file"],
        "blockSize": next(item.i for item in node.attribute if item.name == "block_size"),
        "weights": {"offset": weights["offset"], "bytes": weights["bytes"]},
        "scales": scales | {"type": "float16"},
        "zeroPoints": None,
    }


def export_language_model(folder: Path, out: Path, rounded: Rounded | None = None) -> tuple[ExportedGraph, dict]:
    """A Hugging Face folder → (4-bit graph with external data, the manifest's `languageModel` entry).

    `rounded`: its matrices if they have been rounded already; else they are rounded to nearest.
    """
    built = out / "language-model.build"
    model = build_decoder(folder, built)
    shutil.rmtree(built)
    config = json.loads((folder / "config.json").read_text())
    put_weights(model, rounded if rounded is not None else round_to_nearest(folder))
    keep_activations(model)
    keep_logits(model)
    name_ports(model, config["head_dim"])
    data = split_data(model, out)
    del model.metadata_props[:]
    onnx.save(model, out / "language-model.onnx")
    stop = config["eos_token_id"]
    entry = {
        "graph": "language-model",
        "layers": config["num_hidden_layers"],
        "kvHeads": config["num_key_value_heads"],
        "headDim": config["head_dim"],
        "hidden": config["hidden_size"],
        "vocab": config["vocab_size"],
        "contextLength": min(CONTEXT_LENGTH, config["max_position_embeddings"]),
        "stopIds": sorted({0, *(stop if isinstance(stop, list) else [stop])}),
        "embedding": embedding_entry(model),
    }
    graph = model.graph
    exported = ExportedGraph("language-model", out, "q4", [port(value) for value in graph.input], [port(value) for value in graph.output], data)
    return exported, entry


@torch.no_grad()
def calibration_sequences(folder: Path, projection: nn.Module, count: int) -> list[torch.Tensor]:
    """What the language model will see: prompts with image embeddings and composed answers, as embeddings [T, hidden]."""
    import random

    import emoprompt
    from items import face_samples, meme_samples
    from train_language import Tokens, sampler, visual_batch

    rng = random.Random(SEED)
    tokens = Tokens()
    table = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).model.embed_tokens
    stream = sampler(face_samples("train"), meme_samples("train"), rng)
    sequences = []
    for _ in range(count):
        item, sample = next(stream)
        before, after = tokens.prompt(item)
        answer, _ = tokens.answer(emoprompt.compose(item), item)
        image = projection.to(DEVICE)(*visual_batch([sample]))[0].cpu()
        sequences.append(torch.cat([table(torch.tensor(before)), image, table(torch.tensor(after + answer))]))
    return sequences


CONVERTED = ["face-detector-short", "face-detector-full", "face-landmarks", "text-detector", "text-recognizer"]


def main() -> None:
    from projection import LinearProjection, Projection
    from scene_encoder import SIZE, TOKEN_WIDTH, load_scene_encoder

    parser = argparse.ArgumentParser()
    parser.add_argument("--face", type=Path, default=WORK / "face" / "face.pt")
    parser.add_argument("--language-model", type=Path, default=WORK / "language" / "settled", help="folder of train_language.py settle")
    parser.add_argument("--out", type=Path, default=EXPORT)
    args = parser.parse_args()
    face = torch.load(args.face, map_location="cpu", weights_only=False)
    encoder = FaceEncoder(face["config"])
    encoder.load_state_dict(face["model"])
    saved = torch.load(args.language_model / "projection.pt", map_location="cpu", weights_only=False)
    projection = (Projection if saved["kind"] == "mvp" else LinearProjection)(saved["config"])
    projection.load_state_dict(saved["projection"], strict=False)  # its constant buffers are not stored

    shutil.rmtree(args.out, ignore_errors=True)
    graphs = [copy_converted(name, args.out) for name in CONVERTED]
    graphs.append(export_face_encoder(encoder, args.out))
    graphs.append(export_scene_encoder(load_scene_encoder(), SIZE, TOKEN_WIDTH, args.out))
    graphs.append(export_projection(projection, args.out))
    settled = torch.load(args.language_model / "rounded.pt", map_location="cpu", weights_only=False)["rounded"]
    rounded = {name: (pack(levels), scales) for name, (levels, scales) in settled.items()}
    language, entry = export_language_model(args.language_model, args.out, rounded)
    graphs.append(language)
    record = {"graphs": {graph.name: graph.entry() for graph in graphs}, "languageModel": entry}
    (args.out / "export.json").write_text(json.dumps(record, indent=1) + "\n")
    for path in sorted(args.out.iterdir()):
        print(f"{path.stat().st_size:>10} {path.name}")


if __name__ == "__main__":
    main()
