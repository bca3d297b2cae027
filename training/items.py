"""Cached features → training and evaluation items: what the language model is shown and told.

Ignorant of tokens. An item's visual part is (scene tokens, face tokens, boxes, mask) as numpy.
"""

import json
from dataclasses import dataclass

import numpy as np

import emoprompt
from caches import CACHE, MAX_FACES, rows_of
from emoprompt import Face, Item, Wording, traits_of
from ferplus import LABELS

WORDING = CACHE / "wording.json"
"""By the picture's id and the task, what text_classifier.py has read out of its words."""


@dataclass
class Sample:
    item: Item
    scene: np.ndarray  # [49, D_s]
    faces: np.ndarray  # [40, D_f]
    boxes: np.ndarray  # [4, 4]
    mask: np.ndarray  # [4]
    source: str
    share: np.ndarray | None = None
    """Of the voters, [8]."""
    reading: np.ndarray | None = None
    """The affect head's of the first face, [8], where a face is asked about."""
    row: int = -1
    """Of its picture on the shelf that shows it to the projection (train_language.Shelf)."""


def visual(scene: np.ndarray, tokens: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pads up to four faces [n, 10, D_f] and boxes [n, 4] with zeros."""
    n = min(len(tokens), MAX_FACES)
    faces = np.zeros((MAX_FACES, *tokens.shape[1:]), np.float32)
    where = np.zeros((MAX_FACES, 4), np.float32)
    mask = np.zeros(MAX_FACES, np.float32)
    faces[:n], where[:n], mask[:n] = tokens[:n], boxes[:n], 1
    return scene.astype(np.float32), faces.reshape(-1, tokens.shape[-1]), where, mask


def face_of(values: dict[str, np.ndarray], row: int, box: np.ndarray) -> Face:
    """A row of a features file as evidence of a face at `box`. Without landmarks nothing is said of its action units."""
    units = json.loads(str(values["units"][row])) if "presence" not in values or values["presence"][row] > 0.5 else {}
    valence, arousal = values["affect"][row]
    return Face(units, float(valence), float(arousal), traits_of(float(box[0]), float(box[2]), float(values["light"][row]), float(values["contrast"][row])))


def face_samples(split: str, task: str = "emotion") -> list[Sample]:
    cache = np.load(CACHE / f"features_faces_{split}.npz")
    values = {name: cache[name] for name in cache.files}
    samples = []
    for i in range(len(values["affect"])):
        rows = [i, *(int(j) for j in values["others"][i] if j >= 0)]  # the largest first
        boxes = np.concatenate([values["boxes"][i][None], values["other_boxes"][i][: len(rows) - 1]])
        share = values["shares"][i]
        item = Item(task, LABELS[int(share.argmax())], [face_of(values, j, box) for j, box in zip(rows, boxes, strict=True)], votes=share.tolist())
        samples.append(Sample(item, *visual(values["scene"][i], values["tokens"][rows], boxes), "faces", share, values["readings"][i]))
    return samples


def meme_labels(row: dict[str, str]) -> dict[str, str]:
    """Each task's label of a row of memes/labels.csv, where it has one (proxies of the data's README)."""
    out = {}
    if row["emotion"]:
        out["emotion"] = row["emotion"]
    if row["intent"] in emoprompt.INTENTS:
        out["intent"] = row["intent"]
    if row["offensive"] or row["offensiveness"]:
        out["hate"] = "yes" if row["offensive"] in ("very_offensive", "hateful_offensive") or row["offensiveness"] in ("moderately", "very") else "no"
    if row["sarcasm"]:
        out["sarcasm"] = "no" if row["sarcasm"] == "not_sarcastic" else "yes"
    if row["humour"]:
        out["humor"] = "no" if row["humour"] == "not_funny" else "yes"
    return out


def load_wording() -> dict[str, dict[str, Wording]]:
    return {
        id: {task: Wording([(option, share) for option, share in found["shares"]], found["terms"]) for task, found in tasks.items() if found}
        for id, tasks in json.loads(WORDING.read_text()).items()
    }


def meme_samples(split: str) -> dict[str, list[Sample]]:
    cache = np.load(CACHE / "features_memes.npz")
    values = {name: cache[name] for name in cache.files}
    place = {name: i for i, name in enumerate(values["ids"])}
    wording = load_wording()
    faces_of: dict[int, list[int]] = {}
    for row, owner in enumerate(values["owner"]):
        faces_of.setdefault(int(owner), []).append(row)
    out: dict[str, list[Sample]] = {task: [] for task in ("emotion", "intent", "hate", "sarcasm", "humor")}
    for row in rows_of("memes"):
        if row["split"] != split or row["id"] not in place:
            continue
        i = place[row["id"]]
        index = faces_of.get(i, [])
        faces = [face_of(values, j, values["boxes"][j]) for j in index]
        parts = visual(values["scene"][i], values["tokens"][index], values["boxes"][index])
        for task, label in meme_labels(row).items():
            options = emoprompt.PICTURE_EMOTIONS if task == "emotion" else None
            item = Item(task, label, faces, int(values["counts"][i]), row["text"], options, wording=wording[row["id"]].get(task))
            out[task].append(Sample(item, *parts, "memes"))
    return out
