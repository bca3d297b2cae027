"""Packs: what is committed is whole, within its limits, and answers as its goldens say."""

import json
import shutil

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

import parity
from common import PACKS, sha256_file
from emoprompt import Face, Item, Wording, prompt_body
from pack import build_manifest, build_pack, model_card

# Ours: a foundation pack is a manifest alone, with no goldens beside it.
FOLDERS = sorted(path.parent for path in PACKS.glob("*/parity.json")) if PACKS.exists() else []
GRAPHS = {
    "face-detector-short", "face-detector-full", "face-landmarks", "face-encoder", "scene-encoder",
    "projection", "language-model", "text-detector", "text-recognizer",
}


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def folder(request):
    return request.param


def read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    return manifest, json.loads((folder / manifest["parity"]).read_text())


def test_the_tiny_pack_is_there():
    assert PACKS / "tiny" in FOLDERS


def test_every_file_is_listed_with_its_size_and_hash(folder):
    manifest, _ = read(folder)
    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert {path.name for path in folder.iterdir()} - {"manifest.json", "README.md", "card.json"} == set(listed)
    for name, entry in listed.items():
        assert (folder / name).stat().st_size == entry["bytes"], name
        assert sha256_file(folder / name) == entry["sha256"], name
    assert max(entry["bytes"] for entry in listed.values()) <= 48_000_000
    assert sum(entry["bytes"] for entry in listed.values()) <= (8_000_000 if manifest["id"] == "tiny" else 130_000_000)


def test_the_card_is_of_the_pack_and_its_tables_add_up():
    folder = PACKS / "emollm-s"
    card = json.loads((folder / "card.json").read_text())
    assert card["pack"] == sha256_file(folder / "manifest.json"), "python training/evaluate.py run && python training/evaluate.py results"
    assert card["tasks"][0]["task"] == "faces"
    for task in card["tasks"]:
        rows = np.array(task["confusion"]["rows"])
        assert rows.sum() == task["n"]
        assert abs(np.trace(rows) / task["n"] - task["accuracy"]) < 1e-3
    assert sum(point["n"] for point in card["reliability"]) == card["tasks"][0]["n"]


def test_graphs_are_the_nine_and_fit_together(folder):
    manifest, _ = read(folder)
    graphs = manifest["graphs"]
    assert set(graphs) == GRAPHS

    def dims(graph, side, name):
        return next(entry["dims"] for entry in graphs[graph][side] if entry["name"] == name)

    projection = manifest["projection"]
    assert dims("scene-encoder", "outputs", "patch_tokens") == dims("projection", "inputs", "scene_tokens")
    face_width = dims("face-encoder", "outputs", "face_tokens")[2]
    assert dims("projection", "inputs", "face_tokens") == [1, projection["maxFaces"] * projection["faceTokens"], face_width]
    assert dims("projection", "outputs", "image_embeddings") == [1, projection["imageTokens"], manifest["languageModel"]["hidden"]]
    assert dims("face-encoder", "outputs", "logits")[1] == len(manifest["faceEncoder"]["labels"]) == len(manifest["faceEncoder"]["circumplex"])
    characters = (folder / manifest["text"]["recognizer"]["dictionary"]).read_text().splitlines()
    assert dims("text-recognizer", "outputs", "probabilities")[2] == len(characters) + 2


def test_goldens_hold(folder):
    assert parity.check(folder) == []


def test_tokenizer_gives_the_golden_ids(folder):
    manifest, goldens = read(folder)
    tokenizer = Tokenizer.from_file(str(folder / manifest["tokenizer"]["tokenizer"]))
    for case in goldens["tokenizer"]:
        ids = tokenizer.encode(case["text"], add_special_tokens=False).ids
        assert ids == case["ids"]
        assert tokenizer.decode(ids, skip_special_tokens=False) == case["text"]
    digits = tokenizer.encode("a  12", add_special_tokens=False).tokens
    assert digits == ["a", "ĠĠ", "1", "2"]  # digits stand alone, spaces before them stay together


def test_prompt_bodies_are_those_of_emoprompt(folder):
    _, goldens = read(folder)
    for case in goldens["prompts"]:
        faces = [Face(face["units"], face["valence"], face["arousal"], tuple(face.get("traits", []))) for face in case["faces"]]
        found = case["wording"]
        wording = found and Wording([(entry["option"], entry["share"]) for entry in found["shares"]], found["terms"])
        item = Item(case["task"], "", faces, face_count=case["faceCount"], words=case["words"], options=case["options"], wording=wording)
        assert prompt_body(item) == case["body"]


def test_words_lean_as_the_goldens_say(folder):
    manifest, goldens = read(folder)
    classifier = json.loads((folder / manifest["text"]["classifier"]).read_text())
    assert parity.wording_cases(classifier) == goldens["wording"]


def test_a_changed_weight_breaks_a_golden(tmp_path):
    source = PACKS / "tiny"
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "scene-encoder.onnx"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 512] = bytes(512)
    path.write_bytes(data)
    assert any(fault.startswith("scene-encoder") for fault in parity.check(tmp_path))


def test_inputs_follow_their_formula():
    x = parity.make_input(parity.sine("x", [2, 3], 2.0, 0.5, 1.0), {})
    np.testing.assert_allclose(x, (1 + 2 * np.sin(0.5 * np.arange(6))).reshape(2, 3), rtol=1e-6)
    padded = parity.make_input({"name": "x", "dims": [1, 4], "from": "a/b", "repeat": 1}, {"a/b": np.ones((1, 3))})
    assert padded.tolist() == [[1, 1, 1, 0]]


def test_building_a_pack_again_from_its_own_graphs_gives_the_same_pack(tmp_path):
    """The whole assembly, from the committed tiny graphs: only commit and date may differ."""
    from export import ExportedGraph
    from pack import PackParts

    source = PACKS / "tiny"
    manifest, goldens = read(source)
    own = ("minDeviation", "labels", "circumplex", "circumplexSource", "graph")
    parts = PackParts(
        id=manifest["id"], version=manifest["version"], title=manifest["title"], licence=manifest["licence"], credits=manifest["credits"],
        notes=manifest["notes"], data=manifest["made"]["data"],
        graphs=[ExportedGraph(name, source, entry["dtype"], entry["inputs"], entry["outputs"], entry["data"]) for name, entry in manifest["graphs"].items()],
        language_model=manifest["languageModel"],
        face_encoder={key: value for key, value in manifest["faceEncoder"].items() if key not in own},
        action_units=manifest["actionUnits"],
        scene={key: value for key, value in manifest["sceneEncoder"].items() if key != "graph"},
        projection={key: value for key, value in manifest["projection"].items() if key != "graph"},
        calibration=manifest["prompt"]["calibration"], tokenizer=source, dictionary=source / "text-dictionary.txt", vocabulary=source / "vocabulary.txt",
        text_classifier=source / "text-classifier.json",
    )
    again = build_pack(tmp_path / "tiny", parts)
    for key in set(manifest) - {"made", "files"}:
        assert again[key] == manifest[key], key
    hashes = {entry["path"]: entry["sha256"] for entry in again["files"]}
    expected = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    assert {name for name in hashes if hashes[name] != expected[name]} <= {manifest["parity"]}
    fresh = json.loads((tmp_path / "tiny" / "parity.json").read_text())
    assert fresh["tokenizer"] == goldens["tokenizer"]
    assert "Random weights" in model_card(build_manifest(parts))


def test_a_prompt_that_is_fitted_anew_leaves_the_files_as_they_are(tmp_path):
    from pack import write_prompt

    before, _ = read(PACKS / "tiny")
    (tmp_path / "manifest.json").write_text(json.dumps(before))
    entry = {"task": "hate", "options": ["yes", "no"], "scale": 0.5, "bias": [0.0, 0.0]}
    write_prompt(tmp_path, "9.9.9", [entry])
    after = json.loads((tmp_path / "manifest.json").read_text())
    assert after["version"] == "9.9.9" and after["prompt"]["calibration"] == [entry]
    assert {key: after[key] for key in set(after) - {"version", "prompt"}} == {key: before[key] for key in set(before) - {"version", "prompt"}}
    assert "9.9.9" in (tmp_path / "README.md").read_text()


def test_another_face_encoder_changes_its_graph_and_the_goldens_alone(tmp_path):
    from pack import write_face
    from tiny import random_face_encoder

    folder = tmp_path / "pack"
    shutil.copytree(PACKS / "tiny", folder)
    torch.manual_seed(5)
    write_face(folder, "9.9.9", random_face_encoder(), {"temperature": 0.7, "uncertainBelow": 0.45, "int8": False, "test": {}})
    (before, old), (after, new) = read(PACKS / "tiny"), read(folder)
    assert parity.check(folder) == []
    assert (after["version"], after["faceEncoder"]["temperature"], after["faceEncoder"]["uncertainBelow"]) == ("9.9.9", 0.7, 0.45)
    assert (before["faceEncoder"]["int8"], after["faceEncoder"]["int8"]) == (True, False)
    changed = [b["path"] for a, b in zip(before["files"], after["files"], strict=True) if a != b]
    assert changed == ["face-encoder.onnx", "parity.json"]
    assert all(sha256_file(folder / entry["path"]) == entry["sha256"] for entry in after["files"])
    graphs = [{entry["graph"]: entry["outputs"] for entry in each["graphs"]} for each in (old, new)]
    assert graphs[0]["face-encoder"] != graphs[1]["face-encoder"] and graphs[0]["scene-encoder"] == graphs[1]["scene-encoder"]
    kept = set(before) - {"version", "faceEncoder", "files"}
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
