"""The language model's second layout: 8-bit matrices, for WebAssembly, whose 4-bit kernel is ten times slower.

    python int8.py          # work/export: language-model-int8.{onnx,json,bin}, from the 4-bit graph there

The pack holds no weights twice. `.onnx` is the decoder with DynamicQuantizeMatMul for MatMulNBits and without its matrices;
`.json` says how each is made of the 4-bit blocks (the twin of `matrices` below is src/model/int8-layout.ts), and `.bin` holds
the factors for that. A matrix W [N, K] of the 4-bit graph becomes

    V = W · column factors,  scale[n] = max |V[n]| / 127,  int8 [K, N] = round(V / scale)ᵀ,  scale[n] ·= row factor[n]

Column factors move what is hard to round from activations, which share one scale a run, to weights, which have one a row
(SmoothQuant, Xiao et al. 2023). What they take away is given back where it costs nothing: in the norm's weights
before a matrix (stored divided in the graph), or in the row factors of the matrix that makes the activations (values for
the attention's output, "up" for "down").
"""

import copy
import json
import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from common import WORK
from quantize import BLOCK, dequantize

STEM = "language-model-int8"
ALIGN = 64
ALPHA = 0.5
DOWN_ALPHA = 0.6
"""The MLP's inner activations have the furthest outliers and were what rounding hurt most: at the tokens that decide a meme's answer the
distribution was off by 0.08 nat with 0.5 for all, by 0.02 with this (0.6 to 0.65 are alike, 0.8 gives 0.04; with all "down" maps in
float32 it would be 0.008)."""
SEQUENCES = 24
"""Prompts with their answers whose activations are looked at."""

Peaks = dict[str, np.ndarray]
"""Hugging Face's name of a linear map → largest |activation| of each of its inputs [K]."""


@torch.no_grad()
def activation_peaks(folder: Path, sequences: list[torch.Tensor]) -> Peaks:
    """Over sequences of embeddings [T, hidden]. The first position is left out: its activations are a hundred times as large, and the
    engine runs it by itself."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    peaks: dict[str, torch.Tensor] = {}

    def watch(name: str):
        def hook(_, inputs):
            top = inputs[0][0, 1:].abs().amax(0)
            peaks[name] = torch.maximum(peaks[name], top) if name in peaks else top

        return hook

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(watch(name))
    for sequence in sequences:
        model(inputs_embeds=sequence[None])
    return {name: value.numpy() for name, value in peaks.items()}


def smooth(peaks: np.ndarray, weights: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Column factors [K] for weights [N, K]: activation^α / weight^(1 − α), their geometric mean 1, as float16 holds them."""
    factors = np.maximum(peaks, 1e-4) ** alpha / np.maximum(np.abs(weights).max(0), 1e-6) ** (1 - alpha)
    return (factors / np.exp(np.log(factors).mean())).clip(1e-3, 1e3).astype(np.float16).astype(np.float32)


class Source:
    """The 4-bit graph, and its matrices by their node's name."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.model = onnx.load(folder / "language-model.onnx", load_external_data=False)
        self.tensors = {tensor.name: tensor for tensor in self.model.graph.initializer}
        self.nodes = {node.name.removesuffix("/MatMul_Q4"): node for node in self.model.graph.node if node.op_type == "MatMulNBits"}

    def place(self, name: str) -> dict:
        """{file, offset} of an external tensor."""
        entry = {item.key: item.value for item in self.tensors[name].external_data}
        return {"file": entry["location"], "offset": int(entry["offset"])}

    def dims(self, node: onnx.NodeProto) -> tuple[int, int]:
        attributes = {item.name: item.i for item in node.attribute}
        return attributes["N"], attributes["K"]

    def matrix(self, name: str) -> np.ndarray:
        """float32 [N, K]"""
        node = self.nodes[name]
        rows, columns = self.dims(node)
        blocks = columns // BLOCK
        weights, scales = self.place(node.input[1]), self.place(f"{node.input[2]}_half")
        packed = np.fromfile(self.folder / weights["file"], np.uint8, rows * columns // 2, offset=weights["offset"])
        halves = np.fromfile(self.folder / scales["file"], np.float16, rows * blocks, offset=scales["offset"])
        return dequantize(packed.reshape(rows, blocks, BLOCK // 2), halves.reshape(rows, blocks))


def factors_of(source: Source, peaks: Peaks | None, kv_heads: int, head_dim: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """→ column factors, row factors (where they are not one) by matrix; divisors by norm weight."""
    columns, rows, norms = {}, {}, {}
    if peaks is None:  # a pack of noise: nothing to smooth
        return {name: np.ones(source.dims(node)[1], np.float32) for name, node in source.nodes.items()}, rows, norms
    layers = sorted({int(match[1]) for name in source.nodes if (match := re.match(r"/model/layers\.(\d+)/", name))})
    for layer in layers:
        at, name = f"/model/layers.{layer}", f"model.layers.{layer}"
        qkv = source.matrix(f"{at}/attn/qkv_proj")
        columns[f"{at}/attn/qkv_proj"] = norms[f"{name}.input_layernorm.weight"] = smooth(peaks[f"{name}.self_attn.q_proj"], qkv)
        # Query heads of a group read the same values, so a group shares its factors.
        out = source.matrix(f"{at}/attn/o_proj")
        group = (kv_heads, -1, head_dim)
        shared = smooth(
            peaks[f"{name}.self_attn.o_proj"].reshape(group).max(1).reshape(-1), np.abs(out).max(0).reshape(group).max(1).reshape(1, -1)
        )
        columns[f"{at}/attn/o_proj"] = np.repeat(shared.reshape(kv_heads, 1, head_dim), out.shape[1] // shared.size, 1).reshape(-1)
        rows[f"{at}/attn/qkv_proj"] = np.concatenate([np.ones(len(qkv) - shared.size, np.float32), 1 / shared])
        both = np.concatenate([source.matrix(f"{at}/mlp/gate_proj"), source.matrix(f"{at}/mlp/up_proj")])
        gate = smooth(peaks[f"{name}.mlp.gate_proj"], both)
        columns[f"{at}/mlp/gate_proj"] = columns[f"{at}/mlp/up_proj"] = norms[f"{name}.post_attention_layernorm.weight"] = gate
        columns[f"{at}/mlp/down_proj"] = smooth(peaks[f"{name}.mlp.down_proj"], source.matrix(f"{at}/mlp/down_proj"), DOWN_ALPHA)
        rows[f"{at}/mlp/up_proj"] = 1 / columns[f"{at}/mlp/down_proj"]
    final = f"model.layers.{len(layers)}.final_norm_layernorm.weight"
    columns["/lm_head"] = norms[final] = smooth(peaks["lm_head"], source.matrix("/lm_head"))
    return columns, rows, norms


def write(folder: Path, peaks: Peaks | None, kv_heads: int, head_dim: int) -> dict:
    """Writes graph, plan and factors beside the 4-bit graph. → the manifest's `languageModel.int8`, without its tolerance."""
    source = Source(folder)
    columns, rows, norms = factors_of(source, peaks, kv_heads, head_dim)
    model = copy.deepcopy(source.model)
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for name, divisor in norms.items():
        tensors[name].CopyFrom(numpy_helper.from_array((numpy_helper.to_array(tensors[name]) / divisor).astype(np.float32), name))

    factors, matrices, at, gone = bytearray(), [], 0, set()

    def keep(values: np.ndarray) -> int:
        offset = len(factors)
        factors.extend(values.astype("<f4").tobytes())
        return offset

    def place(dims: list[int], data_type: int, width: int, name: str) -> int:
        """A tensor of the data file that the engine makes. → its offset"""
        nonlocal at
        at += -at % ALIGN
        tensor = graph.initializer.add()
        tensor.name, tensor.data_type, tensor.data_location = name, data_type, TensorProto.EXTERNAL
        tensor.dims.extend(dims)
        for key, value in {"location": f"{STEM}-weights.bin", "offset": at, "length": int(np.prod(dims)) * width}.items():
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)
        start, at = at, at + int(np.prod(dims)) * width
        return start

    for name, node in source.nodes.items():
        n, k = source.dims(node)
        weight, scale = f"{name}.int8", f"{name}.scale"
        matrices.append(
            {
                "rows": n, "columns": k, "blockSize": BLOCK,
                "weights": source.place(node.input[1]), "scales": source.place(f"{node.input[2]}_half"),
                "columnFactors": keep(columns[name]), "rowFactors": keep(rows[name]) if name in rows else None,
                "int8": place([k, n], TensorProto.INT8, 1, weight), "scale": place([n], TensorProto.FLOAT, 4, scale),
            }
        )  # fmt: skip
        gone |= {node.input[1], node.input[2], f"{node.input[2]}_half"}
        index = next(i for i, other in enumerate(graph.node) if other.name == node.name)
        graph.node[index].CopyFrom(
            helper.make_node("DynamicQuantizeMatMul", [node.input[0], weight, scale], list(node.output), name=f"{name}/MatMul_int8", domain="com.microsoft")
        )
    nodes = [node for node in graph.node if not (node.op_type == "Cast" and node.output[0] in gone)]
    del graph.node[:]
    graph.node.extend(nodes)
    kept = [tensor for tensor in graph.initializer if tensor.name not in gone]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    (folder / f"{STEM}.onnx").write_bytes(model.SerializeToString())
    (folder / f"{STEM}.bin").write_bytes(bytes(factors))
    plan = {"format": 1, "data": f"{STEM}-weights.bin", "bytes": at, "factors": f"{STEM}.bin", "matrices": matrices}
    (folder / f"{STEM}.json").write_text(json.dumps(plan) + "\n")
    return {"file": f"{STEM}.onnx", "plan": f"{STEM}.json", "factors": f"{STEM}.bin"}


def weights(folder: Path) -> bytearray:
    """The data file that the engine makes, by the plan."""
    plan = json.loads((folder / f"{STEM}.json").read_text())
    factors = (folder / plan["factors"]).read_bytes()
    data = bytearray(plan["bytes"])
    for entry in plan["matrices"]:
        n, k, block = entry["rows"], entry["columns"], entry["blockSize"]
        packed = np.fromfile(folder / entry["weights"]["file"], np.uint8, n * k // 2, offset=entry["weights"]["offset"])
        halves = np.fromfile(folder / entry["scales"]["file"], np.float16, n * k // block, offset=entry["scales"]["offset"])
        wide = dequantize(packed.reshape(n, k // block, block // 2), halves.reshape(n, -1)) * np.frombuffer(factors, "<f4", k, entry["columnFactors"])
        scale = np.abs(wide).max(1) / np.float32(127)
        levels = np.rint(wide / np.where(scale == 0, 1, scale)[:, None]).astype(np.int8)
        data[entry["int8"] : entry["int8"] + n * k] = np.ascontiguousarray(levels.T).tobytes()
        if entry["rowFactors"] is not None:
            scale = scale * np.frombuffer(factors, "<f4", n, entry["rowFactors"])
        data[entry["scale"] : entry["scale"] + 4 * n] = scale.astype("<f4").tobytes()
    return data


def main() -> None:
    from export import EXPORT, calibration_sequences
    from projection import Projection

    folder = WORK / "language" / "settled"
    saved = torch.load(folder / "projection.pt", map_location="cpu", weights_only=False)
    projection = Projection(saved["config"])
    projection.load_state_dict(saved["projection"], strict=False)
    record = json.loads((EXPORT / "export.json").read_text())
    entry = record["languageModel"]
    peaks = activation_peaks(folder, calibration_sequences(folder, projection.eval(), SEQUENCES))
    entry["int8"] = write(EXPORT, peaks, entry["kvHeads"], entry["headDim"])
    (EXPORT / "export.json").write_text(json.dumps(record, indent=1) + "\n")
    print({path.name: path.stat().st_size for path in sorted(EXPORT.glob(f"{STEM}*"))})


if __name__ == "__main__":
    main()
