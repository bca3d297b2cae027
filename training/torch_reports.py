"""The PyTorch models on the files that the pack is judged on in Node: reports of the same shape, for what the export costs.

    python evaluate.py run --in pytorch [--sample 40] [--model settled|merged]     # work/eval/pytorch[-merged]/<task>.json

Pictures and evidence are made here in Python; limits, options, thresholds and calibration are the committed pack's manifest's.
`guided` is the twin of src/engine/steps.ts and of scoreOptions in src/model/language-model.ts.
"""

import copy
import csv
import json
import time
from argparse import Namespace
from collections.abc import Callable
from functools import cached_property, reduce
from operator import add
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import nn
from transformers import DynamicCache, LlamaForCausalLM

import action_units
import ferplus
import train_language
from ablate import NO_REPEAT_NGRAM, SHARES
from caches import CROP_SCALE, CROP_SHIFT, box_of_crop, read_faces
from calibrate_face import expected_calibration_error
from common import DEVICE, sha256_file
from decision import Decision, log_softmax_over, pooled
from emoprompt import PICTURE_EMOTIONS, TASKS, Face, Item, prompt_body
from items import Sample, visual
from scene_encoder import MEAN, SIZE, STD, load_scene_encoder
from text_classifier import TextClassifier
from train_language import Tokens, visual_batch
from vision import FaceBox, FaceFinder, face_crop, grey

STEPS = ("observe", "cues", "reason", "answer")
BATCH = 16


# ---------------------------------------------------------------- decoding


class Sequence:
    """A text that grows, one of a batch of one: its cache and the logits of what may come next [vocabulary]."""

    def __init__(self, model: LlamaForCausalLM):
        self.model = model
        self.cache = DynamicCache()
        self.logits = np.empty(0, np.float32)

    @torch.no_grad()
    def append_embeddings(self, rows: torch.Tensor) -> None:
        """[T, hidden]"""
        out = self.model(inputs_embeds=rows[None], past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        self.logits = out.logits[0, -1].float().cpu().numpy()

    @torch.no_grad()
    def append(self, ids: list[int]) -> None:
        self.append_embeddings(self.model.get_input_embeddings()(torch.tensor(ids, device=DEVICE)))

    def fork(self) -> "Sequence":
        branch = Sequence(self.model)
        branch.cache, branch.logits = copy.deepcopy(self.cache), self.logits
        return branch


def banned(written: list[int]) -> set[int]:
    """Ids that would complete a run of ids which already stands in `written`."""
    n = NO_REPEAT_NGRAM
    tail = written[len(written) - n + 1 :]
    return {written[i + n - 1] for i in range(len(written) - n + 1) if written[i : i + n - 1] == tail}


def write_line(
    sequence: Sequence, decode: Callable[[list[int]], str], stop_ids: list[int], budget: int, decision: Decision | None = None
) -> tuple[str, int]:
    """Greedy text up to a newline, a stop id or the budget, where `…` says that it was cut. → text, ids written"""
    written: list[int] = []
    text = ""
    while len(written) < budget:
        logits = sequence.logits.copy()
        logits[list(banned(written))] = -np.inf
        decided = decision.next(written, sequence.logits) if decision else None
        chosen = int(logits.argmax()) if decided is None else decided
        if chosen in stop_ids:
            return text.lstrip(), len(written)
        whole = decode([*written, chosen]).replace("\ufffd", "")
        line, newline, _ = whole[len(text) :].partition("\n")
        if newline:
            return (text + line.rstrip()).lstrip(), len(written)
        sequence.append([chosen])
        written.append(chosen)
        text = max(text, whole, key=len)
    return text.lstrip() + "…", len(written)


def score_options(sequence: Sequence, options: list[list[int]], end_ids: list[int]) -> np.ndarray:
    """Probabilities of the options' ids when nothing else may follow: along their trie, each branching among its own ids."""
    scores = np.full(len(options), -np.inf)

    def visit(at: Sequence, members: list[int], depth: int, score: float) -> None:
        if len(members) == 1:
            scores[members[0]] = score
            return
        ended = [m for m in members if len(options[m]) == depth]
        branches: dict[int, list[int]] = {}
        for m in members:
            if len(options[m]) > depth:
                branches.setdefault(options[m][depth], []).append(m)
        shares = log_softmax_over(at.logits, [*branches, *(end_ids if ended else [])])
        for m in ended:
            scores[m] = score + (np.log(np.exp(shares[len(branches) :]).sum()) if branches else 0) - np.log(len(ended))
        for (chosen, inside), share in zip(branches.items(), shares, strict=False):
            if len(inside) == 1:
                scores[inside[0]] = score + share
            else:
                branch = at.fork()
                branch.append([chosen])
                visit(branch, inside, depth + 1, score + float(share))

    visit(sequence, list(range(len(options))), 0, 0.0)
    return np.exp(scores)


def guided(
    sequence: Sequence, tokens: Tokens, manifest: dict, options: list[str], calibration: dict | None, evidence: np.ndarray | None
) -> tuple[dict[str, str], dict[str, float]]:
    """The four steps onto `sequence`, which holds the prompt: heads given, lines greedy, the answer an option. → texts, shares"""
    prompt, stop_ids = manifest["prompt"], manifest["languageModel"]["stopIds"]
    left = prompt["maxNewTokens"]

    def decode(ids: list[int]) -> str:
        return tokens.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    texts = {}
    decision = Decision(tokens.encode, prompt, calibration, evidence) if calibration and calibration.get("meanings") else None
    for index, (step, head) in enumerate(zip(STEPS, prompt["heads"], strict=True)):
        if step == "answer" and decision and decision.probabilities is not None:
            break
        sequence.append(tokens.encode(head if index == 0 else f"\n{head}"))
        if step == "answer":
            break
        ahead = reduce(add, SHARES[index:])  # as JavaScript adds: sum() rounds otherwise
        budget = max(1, int(left * SHARES[index] / ahead))
        texts[step], count = write_line(sequence, decode, stop_ids, budget, decision if step == "reason" else None)
        left -= count
    if decision and decision.probabilities is not None:
        said = decision.probabilities
    else:
        ends = list(dict.fromkeys([*stop_ids, *tokens.encode("\n")[:1]]))
        raw = score_options(sequence, [tokens.encode(f" {option}") for option in options], ends)
        said = pooled(raw, evidence, calibration) if calibration else raw
    shares = {option: float(share) for option, share in zip(options, said, strict=True)}
    return texts | {"answer": max(shares, key=shares.__getitem__)}, shares


# ---------------------------------------------------------------- evidence


def open_picture(path: Path) -> np.ndarray:
    """Upright RGB [H, W, 3], on white."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def crop_of(picture: np.ndarray, face: FaceBox) -> np.ndarray:
    """What the face encoder sees of a face: grey levels float32 [48, 48]."""
    return grey(face_crop(picture, face, CROP_SCALE, CROP_SHIFT, 48)).astype(np.float32)


class Eyes:
    """What is measured on pictures, as the engine does: faces, their tokens and readings, scene tokens, the words' leaning."""

    def __init__(self, pack: Path, manifest: dict):
        self.manifest = manifest
        self.finder = FaceFinder()
        self.scene = load_scene_encoder().to(DEVICE).eval()
        classifier = manifest["text"].get("classifier")
        self.classifier = TextClassifier(json.loads((pack / classifier).read_text())) if classifier else None

    @torch.no_grad()
    def scene_tokens(self, picture: np.ndarray) -> np.ndarray:
        """→ [49, D_s]"""
        small = np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.float32)
        x = ((small / 255 - np.array(MEAN, np.float32)) / np.array(STD, np.float32)).transpose(2, 0, 1)
        return self.scene(torch.from_numpy(np.ascontiguousarray(x))[None].to(DEVICE))[0][0].cpu().numpy()

    def samples(self, pictures: list[np.ndarray], rows: list[dict], task: str, options: list[str]) -> list[Sample]:
        """`rows` of labels.csv and their pictures; those of `faces` are square crops, in which nothing is detected."""
        rules, presence = self.manifest["actionUnits"], self.manifest["landmarks"]["presenceThreshold"]
        crops, units, boxes, owner = [], [], [], []
        for i, picture in enumerate(pictures):
            h, w = picture.shape[:2]
            for face in [box_of_crop(w)] if task == "faces" else self.finder.detect_still(picture):
                points, seen = self.finder.landmarks(picture, face)
                crops.append(crop_of(picture, face))
                units.append(action_units.probabilities(rules, points[None].astype(np.float64))[0] if seen >= presence else {})
                x, y, bw, bh = face.box
                boxes.append([(x + bw / 2) / w, (y + bh / 2) / h, bw / w, bh / h])
                owner.append(i)
        # A blank one is read behind the faces, so that pictures without any need no other way.
        probabilities, face_tokens = read_faces(np.stack([*crops, np.zeros((48, 48), np.float32)]), augmented=False)
        affect = probabilities @ np.array([ferplus.CIRCUMPLEX[name] for name in ferplus.LABELS])
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        out = []
        for i, (picture, row) in enumerate(zip(pictures, rows, strict=True)):
            index = [j for j, o in enumerate(owner) if o == i]
            words, asked = row.get("text"), "emotion" if task == "faces" else task
            wording = self.classifier.read(words, asked, options) if self.classifier and words else None
            found = [Face(units[j], float(affect[j][0]), float(affect[j][1])) for j in index]
            item = Item(asked, row["label"], found, len(index), words, options, wording=wording)
            reading = probabilities[index[0]] if index and options == ferplus.LABELS else None
            out.append(Sample(item, *visual(self.scene_tokens(picture), face_tokens[index], boxes[index]), "file", reading=reading))
        return out


# ---------------------------------------------------------------- reports


def options_for(task: str, rows: list[dict]) -> list[str]:
    """The closed set that a labels.csv's labels come from, as in src/engine/evaluate.ts."""
    if task == "faces":
        return ferplus.LABELS
    if task == "emotion":
        return PICTURE_EMOTIONS if any(row["label"] not in ferplus.LABELS for row in rows) else ferplus.LABELS
    return TASKS[task]["options"]


def figures(items: list[dict], options: list[str]) -> dict:
    """As src/engine/metrics.ts has them: macro-F1 over the classes that occur."""
    truth, guess = [item["label"] for item in items], [item["answer"] for item in items]
    precision, recall, f1, support = precision_recall_fscore_support(truth, guess, labels=options, zero_division=0)
    occurs = np.isin(options, truth + guess)
    probabilities = np.array([[item["probabilities"][option] for option in options] for item in items])
    columns = zip(options, precision, recall, f1, support, strict=True)
    return {
        "n": len(items),
        "accuracy": float(np.mean([a == b for a, b in zip(truth, guess, strict=True)])),
        "macro_f1": float(f1[occurs].mean()),
        "majority_accuracy": float(support.max() / len(items)),
        "per_class": {name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)} for name, p, r, f, s in columns},
        "confusion": {"labels": options, "columns": options, "rows": confusion_matrix(truth, guess, labels=options).tolist()},
        "expected_calibration_error": expected_calibration_error(probabilities, np.array([options.index(label) for label in truth])),
    }


class Judge:
    """The models, loaded once for all tasks. `model`: `settled`, whose weights the pack holds, or `merged`, before they were rounded:
    comparable where `settle` began at it, not after `retarget`.
    """

    def __init__(self, pack: Path, sets: Path, model: str = "settled"):
        self.pack, self.sets, self.model = pack, sets, model
        self.manifest = json.loads((pack / "manifest.json").read_text())

    @cached_property
    def eyes(self) -> Eyes:
        return Eyes(self.pack, self.manifest)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens()

    @cached_property
    def language(self) -> tuple[LlamaForCausalLM, nn.Module]:
        load = {"settled": train_language.load_settled, "merged": train_language.load_trained}[self.model]
        model, projection, _ = load(Namespace(out="language", base=False))
        return model, projection

    def report(self, task: str, by: str, limit: int) -> dict:
        """The first `limit` rows of a task's labels.csv, by `affect-head` or `language-model`."""
        began = time.time()
        with open(self.sets / task / "labels.csv", newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        options = options_for(task, rows)
        rows = rows[:limit]
        judge = self.by_head if by == "affect-head" else self.by_language_model
        judged = []
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            judged += judge(part, [open_picture(self.sets / task / row["file"]) for row in part], task, options)
        items = [{"file": row["file"], "label": row["label"], **answer} for row, answer in zip(rows, judged, strict=True)]
        return {
            "runtime": "pytorch",
            "model": self.model if by == "language-model" else "face",
            "task": task, "by": by, "cropped": task == "faces", "seconds": time.time() - began,
            # The pack that was committed then; its weights are those judged here only if it was made from them.
            "pack": {"id": self.manifest["id"], "version": self.manifest["version"], "hash": sha256_file(self.pack / "manifest.json")},
            "backends": {"pytorch": DEVICE.type},
            **figures(items, options),
            "options": options, "without_face": 0, "unmapped": None, "cues": None, "items": items,
        }  # fmt: skip

    def by_head(self, _: list[dict], pictures: list[np.ndarray], __: str, options: list[str]) -> list[dict]:
        probabilities, _ = read_faces(np.stack([crop_of(picture, box_of_crop(picture.shape[1])) for picture in pictures]), augmented=False)
        return [
            {"answer": options[int(p.argmax())], "probabilities": {o: float(v) for o, v in zip(options, p, strict=True)}, "text": None} for p in probabilities
        ]

    @torch.no_grad()
    def by_language_model(self, rows: list[dict], pictures: list[np.ndarray], task: str, options: list[str]) -> list[dict]:
        model, projection = self.language
        out = []
        for sample in self.eyes.samples(pictures, rows, task, options):
            before, after = (part.replace("{body}", prompt_body(sample.item)) for part in self.manifest["prompt"]["template"].split("{image}"))
            embed = model.get_input_embeddings()
            around = [embed(torch.tensor(self.tokens.encode(text), device=DEVICE)) for text in (before, after)]
            image = projection(*visual_batch([sample]))[0]  # [T_image, hidden]
            sequence = Sequence(model)
            sequence.append_embeddings(torch.cat([around[0], image, around[1]]))
            entries = self.manifest["prompt"]["calibration"]
            calibration = next((e for e in entries if e["task"] == sample.item.task and e["options"] == options), None)
            texts, shares = guided(sequence, self.tokens, self.manifest, options, calibration, sample.reading)
            out.append({"answer": texts["answer"], "probabilities": shares, "text": texts})
        return out
