"""Go on from a committed pack: its weights back into the checkpoints that the training scripts read.

    python committed.py [../public/models/emollm-s]

Writes work/face/{face.pt,calibration.json}, work/scene/affect.pt, work/action_units.json and
work/language/{start/,aligned.pt,settled/}: `train_language.py tune` begins at start/ instead of the base model where
it is there, `settle --go-on` at settled/, which is also what `evaluate.py run --in pytorch` judges. Graphs other than
the language model come back as float16 stored them; the language model comes back as 4 bits left it. Batch norms were
folded into their convolutions at export, so those that come back do nothing (`train_face.py --start` gives them their
statistics again). Half a minute.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import numpy_helper
from transformers import AutoTokenizer, LlamaForCausalLM

import norms
from common import PACKS, WORK, save_checkpoint, write_json
from face_encoder import ConvNorm, FaceEncoder, FaceEncoderConfig
from projection import Projection, ProjectionConfig
from quantize import dequantize, unpack

BASE = WORK / "smollm2"
START = WORK / "language" / "start"
SETTLED = WORK / "language" / "settled"


def initializers(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """Every initializer as it is used: those stored as float16 under the name that their Cast gives them."""
    found = {}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        found[tensor.name.removesuffix("_half")] = value.astype(np.float32) if value.dtype == np.float16 else value
    return found


def linear_weights(graph: onnx.GraphProto, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights of the linear layers that the exporter stripped of their names: those whose product meets `<layer>.bias`.

    → {"<layer>.weight": [out, in]}
    """
    weight_of = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            weight_of[node.output[0]] = values[node.input[1]].T
    found = {}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for product, bias in (tuple(node.input), tuple(node.input)[::-1]):
            if product in weight_of and bias.endswith(".bias"):
                found[bias.removesuffix("bias") + "weight"] = weight_of[product]
    return found


def load_state(module: nn.Module, values: dict[str, np.ndarray], unused: str) -> None:
    """Fills every parameter of `module` from `values`, but those whose name holds `unused`: no graph reads them."""
    state = {name: torch.from_numpy(np.array(values[name], np.float32)) for name, _ in module.named_parameters() if name in values}
    left = [name for name in module.load_state_dict(state, strict=False).missing_keys if unused not in name]
    if left:
        raise SystemExit(f"not in the pack: {left}")


def face_encoder(graph: onnx.GraphProto) -> FaceEncoder:
    """The encoder with its folded batch norms made to pass everything through."""
    values = initializers(graph)
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in values.items()}
    model = FaceEncoder(FaceEncoderConfig())
    for name, layer in model.named_modules():
        if isinstance(layer, ConvNorm):
            norms.pass_through(layer.norm, tensors[f"{name}.conv.bias"])
    state = {name: tensors[name] for name in model.state_dict() if name in tensors}
    missing = [name for name in model.load_state_dict(state, strict=False).missing_keys if ".norm." not in name]
    if missing:
        raise SystemExit(f"not in the pack: {missing}")
    return model.eval()


def projection(graph: onnx.GraphProto) -> Projection:
    values = initializers(graph)
    config = ProjectionConfig()
    # What the exporter computed ahead has names of its own: queries laid out for a batch of one, parts for each face.
    queries = [value[0] for name, value in values.items() if value.ndim == 3 and value.shape == (1, config.content_queries, config.width)]
    kinds = [value for name, value in values.items() if name.startswith("select")]
    if len(queries) != 2 or len(kinds) != 2:
        raise SystemExit("the projection's graph is not laid out as this script knows it")
    geometry = [value.T for value in values.values() if value.shape in ((4, 16), (16, 4))]
    gain = next(value for value in values.values() if value.shape == (config.image_tokens, 1))
    model = Projection(config)
    load_state(
        model,
        values
        | linear_weights(graph, values)
        | {
            "content_query": queries[0], "relation_query": queries[1], "kind": np.stack(kinds), "part": values["repeat"][: config.face_tokens],
            "geometry.0.weight": geometry[0], "geometry.2.weight": geometry[1], "gain": gain / config.scale,
        },
        unused="norm_memory",  # of the relation layers, which attend to themselves
    )
    return model.eval()


def language_model(pack: Path, graph: onnx.GraphProto) -> tuple[LlamaForCausalLM, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """The decoder's 4-bit blocks and norms back in a Hugging Face model, fp32; its matrices' levels int8 [N, B, 32] and scales [N, B]."""
    from export import weight_names

    model = LlamaForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    tensors = {tensor.name: numpy_helper.to_array(tensor, str(pack)) for tensor in graph.initializer}
    parameters = dict(model.named_parameters())
    filled = set()
    rounded = {}

    def put(name: str, value: np.ndarray) -> None:
        parameters[name].data.copy_(torch.from_numpy(np.array(value, np.float32)))
        filled.add(name)

    for node in graph.node:
        if node.op_type == "MatMulNBits":
            blocks = tensors[node.input[1]]
            scales = tensors[f"{node.input[2]}_half"].reshape(blocks.shape[:2])
            names = weight_names(node.input[1])
            rows = np.cumsum([parameters[name].shape[0] for name in names])[:-1]
            for name, part, scale in zip(names, np.split(blocks, rows), np.split(scales, rows), strict=True):
                put(name, dequantize(part, scale))
                rounded[name] = (unpack(part), scale)
    for name in parameters:
        stem = name.replace("model.norm.", f"model.layers.{model.config.num_hidden_layers}.final_norm_layernorm.")
        if name not in filled and stem in tensors:
            put(name, tensors[stem])
    if left := set(parameters) - filled:
        raise SystemExit(f"not in the pack: {sorted(left)}")
    return model, rounded


def main() -> None:
    pack = Path(sys.argv[1]) if len(sys.argv) > 1 else PACKS / "emollm-s"
    manifest = json.loads((pack / "manifest.json").read_text())

    def graph(name: str) -> onnx.GraphProto:
        return onnx.load(pack / f"{name}.onnx", load_external_data=False).graph

    entry = manifest["faceEncoder"]
    encoder = face_encoder(graph("face-encoder"))
    save_checkpoint(WORK / "face" / "face.pt", {"config": encoder.config, "model": encoder.state_dict(), "epoch": None})
    write_json(WORK / "face" / "calibration.json", {"int8": False} | {key: entry[key] for key in ("temperature", "uncertainBelow", "int8") if key in entry})
    write_json(WORK / "action_units.json", manifest["actionUnits"])
    scene = initializers(graph("scene-encoder"))
    save_checkpoint(WORK / "scene" / "affect.pt", {"affect": {name: torch.from_numpy(np.array(scene[f"affect.{name}"])) for name in ("weight", "bias")}})
    mvp = projection(graph("projection"))
    saved = {"config": mvp.config, "kind": "mvp", "projection": mvp.state_dict()}
    save_checkpoint(WORK / "language" / "aligned.pt", saved)
    model, rounded = language_model(pack, graph("language-model"))
    for folder in (START, SETTLED):
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(BASE).save_pretrained(folder)
    save_checkpoint(SETTLED / "projection.pt", saved)
    save_checkpoint(SETTLED / "rounded.pt", {"rounded": rounded, "step": 0})


if __name__ == "__main__":
    main()
