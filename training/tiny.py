"""The tiny pack: the same graphs and names with small seeded random weights; what tests of the machinery use.

    python tiny.py [--out public/models/tiny]

Real are the face detectors, the landmarks, the tokenizer and the word lists, so that faces are found and
text is text. Everything else is noise of the right shape. One minute; needs fetch.py, convert.py and
language_model.py to have run.
"""

import argparse
import base64
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM

import int8
from action_units import FACS, OFFSET, RULES, SLOPE
from caches import CROP_SCALE, CROP_SHIFT
from common import PACKS, SEED, WORK, seed_everything
from convert import ONNX
from emoprompt import TASKS
from export import (
    CONTEXT_LENGTH,
    ExportedGraph,
    copy_converted,
    export_face_encoder,
    export_language_model,
    export_module,
    export_projection,
    export_scene_encoder,
)
from face_encoder import FaceEncoder, FaceEncoderConfig
from fetch import BASE
from language_model import SMOLLM2
from pack import PackParts, build_pack, credits
from projection import Projection, ProjectionConfig
from scene_encoder import MEAN, SIZE, STD

SCENE_WIDTH = 16
HIDDEN = 64
VOCABULARY = 49152
CLASSES = 6625


class TinyScene(nn.Module):
    """pixel values [1, 3, 224, 224] → patch tokens [1, 49, 16], affect [1, 2]"""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 8, 8)
        self.head = nn.Conv2d(8, SCENE_WIDTH, 4, 4)
        self.affect = nn.Linear(SCENE_WIDTH, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.head(F.relu(self.conv(x))).flatten(2).transpose(1, 2)
        return tokens, torch.tanh(self.affect(tokens.mean(1)))


class TinyTextDetector(nn.Module):
    """[1, 3, H, W] → probability [1, 1, H, W]: high in cells of 32 px that hold fine, strong contrast, as print does."""

    def __init__(self):
        super().__init__()
        self.edges = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        with torch.no_grad():
            self.edges.weight -= self.edges.weight.mean((2, 3), keepdim=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        energy = F.avg_pool2d(self.edges(x).abs().mean(1, keepdim=True), 16)
        return F.interpolate(torch.sigmoid(60 * energy - 6), scale_factor=32.0, mode="nearest")


class TinyTextRecognizer(nn.Module):
    """[1, 3, 48, W] → [1, W / 8, classes], softmax over random logits of each column of pixels."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, (48, 8), (48, 8))
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        columns = torch.tanh(self.conv(x)).squeeze(2).transpose(1, 2)  # [1, T, 8]
        return (self.head(columns) * 40).softmax(2)


def random_face_encoder() -> FaceEncoder:
    """Small and random, its activations within ReLU6's reach."""
    model = FaceEncoder(FaceEncoderConfig(stem=8, blocks=((12, 2), (16, 2), (16, 2)), token_width=16, zoom=1))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 1.0, 2.0)
            nn.init.uniform_(module.bias, 0.2, 1.0)
            nn.init.constant_(module.running_var, 0.3)
    nn.init.normal_(model.head.weight, std=0.25)
    return model


def random_language_model(folder: Path, tokenizer: Path) -> None:
    """A two-layer Llama with the real vocabulary, as a Hugging Face folder; `tokenizer` is a folder with the two files."""
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=128, num_hidden_layers=2, num_attention_heads=1,
        num_key_value_heads=1, head_dim=HIDDEN, max_position_embeddings=CONTEXT_LENGTH, rms_norm_eps=1e-5,
        rope_parameters={"rope_theta": 100000.0, "rope_type": "default"}, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )
    model = LlamaForCausalLM(config)
    # Wide enough apart that greedy choices do not hang on the last bit; what layers add outweighs the token itself,
    # which the tied table would otherwise repeat for ever.
    nn.init.normal_(model.model.embed_tokens.weight, std=0.5)
    for layer in model.model.layers:
        for name, module in layer.named_modules():
            if isinstance(module, nn.Linear):
                gain = 4 if name.endswith(("o_proj", "down_proj")) else 1
                nn.init.normal_(module.weight, std=gain / math.sqrt(module.in_features))
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((tokenizer / name).read_bytes())


def action_units() -> list[dict]:
    """The fitted rules where action_units.py has run, else the same geometry with round numbers for a neutral face."""
    fitted = WORK / "action_units.json"
    if fitted.exists():
        return json.loads(fitted.read_text())
    return [
        {
            "code": code, "cue": cue, "source": f"{FACS}; statistics not fitted",
            "terms": [{"kind": kind, "from": start, "to": end, "weight": weight} for kind, start, end, weight in terms],
            "mean": 0.2, "deviation": 0.1, "slope": SLOPE, "offset": OFFSET,
        }
        for code, (cue, terms) in RULES.items()
    ]


def export_tiny(out: Path) -> tuple[list[ExportedGraph], dict, ProjectionConfig]:
    projection = ProjectionConfig(
        scene_width=SCENE_WIDTH, face_width=16, width=32, heads=2, relation_layers=1, content_queries=3, relation_queries=3, hidden=HIDDEN, scale=0.5,
    )
    graphs = [copy_converted(name, out) for name in ("face-detector-short", "face-detector-full", "face-landmarks")]
    graphs.append(export_face_encoder(random_face_encoder(), out))
    graphs.append(export_scene_encoder(TinyScene(), SIZE, SCENE_WIDTH, out))
    graphs.append(export_projection(Projection(projection), out))
    graphs.append(export_text("text-detector", TinyTextDetector(), [1, 3, "H", "W"], "probability", [1, 1, "H", "W"], out))
    graphs.append(export_text("text-recognizer", TinyTextRecognizer(), [1, 3, 48, "W"], "probabilities", [1, "T", CLASSES], out))
    random_language_model(out / "llama", SMOLLM2)
    language, entry = export_language_model(out / "llama", out)
    entry["int8"] = int8.write(out, None, entry["kvHeads"], entry["headDim"])
    return [*graphs, language], entry, projection


def export_text(name: str, module: nn.Module, dims_in: list, output: str, dims_out: list, out: Path) -> ExportedGraph:
    free = [dim for dim in dims_in if isinstance(dim, str)]
    example = torch.rand(1, 3, *(64 if dim == "H" else 160 if dim == "W" else dim for dim in dims_in[2:]))
    step = 32 if len(free) == 2 else 8
    shapes = {index: step * torch.export.Dim(f"{dim}_steps", min=2) for index, dim in enumerate(dims_in) if isinstance(dim, str)}
    return export_module(name, module, (example,), {"pixel_values": dims_in}, {output: dims_out}, out, shapes=(shapes,))


def small_text_classifier(folder: Path) -> Path:
    """A few words that decide, for two of the tasks; the others have no head."""
    terms, columns = ["calm", "keep", "keep calm", "stupid", "the"], {"intent": 4, "hate": 2}
    rng = np.random.default_rng(SEED)
    heads = [
        {
            "task": task, "options": TASKS[task]["options"], "bias": [0.0] * count, "scale": 0.02,
            "weights": base64.b64encode(rng.integers(-127, 128, (len(terms), count)).astype(np.int8).tobytes()).decode(),
        }
        for task, count in columns.items()
    ]  # fmt: skip
    path = folder / "text-classifier.json"
    path.write_text(json.dumps({"format": 1, "terms": terms, "idf": [5.0, 4.5, 6.0, 6.5, 1.2], "heads": heads}) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=PACKS / "tiny")
    parser.add_argument("--work", type=Path, default=WORK / "tiny")
    args = parser.parse_args()
    seed_everything(SEED)
    graphs, language, projection = export_tiny(args.work)
    parts = PackParts(
        id="tiny",
        version="1.0.0",
        title="Tiny random pack",
        licence="Apache-2.0",
        credits=[*credits(), {"part": "everything else", "from": "seeded random numbers (training/tiny.py)", "licence": "Apache-2.0"}],
        notes=["Random weights: what it says means nothing. For tests of the machinery."],
        data="none",
        graphs=graphs,
        language_model=language,
        face_encoder={
            "size": 48, "cropScale": CROP_SCALE, "cropShift": list(CROP_SHIFT), "flip": True, "temperature": 1, "uncertainBelow": 0.4, "int8": True,
        },
        action_units=action_units(),
        scene={"size": SIZE, "mean": MEAN, "std": STD},
        projection={"imageTokens": projection.image_tokens, "maxFaces": projection.max_faces, "faceTokens": projection.face_tokens},
        calibration=[],
        tokenizer=SMOLLM2,
        dictionary=ONNX / "dictionary.txt",
        vocabulary=BASE / "vocabulary.txt",
        text_classifier=small_text_classifier(args.work),
    )
    manifest = build_pack(args.out, parts)
    print(f"{args.out}: {sum(entry['bytes'] for entry in manifest['files']) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
