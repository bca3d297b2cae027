"""Write the test splits as folders with labels.csv, run the command line over them, and write RESULTS.md.

    python evaluate.py sets                     # work/eval/<task>/{labels.csv, pictures}
    python evaluate.py run [--limit 200]        # needs `npm run build`; work/eval/<task>.json
    python evaluate.py results                  # training/RESULTS.md from the reports

The figures are those of the exported pack in Node, the same code as in the page. `--limit` bounds
the language model's items a task (about one second each on two cores); the affect head reads all.
"""

import argparse
import json
import subprocess
import time

import numpy as np
from PIL import Image

import ferplus
from common import HERE, ROOT, WORK

EVAL = WORK / "eval"
TASKS = ("emotion", "intent", "hate", "sarcasm", "humor")


def write_labels(folder, header: list[str], rows: list[list[str]]) -> None:
    import csv

    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)


def sets() -> None:
    from caches import pictures, rows_of
    from items import meme_labels

    rng = np.random.default_rng(7)
    faces = EVAL / "faces"
    faces.mkdir(parents=True, exist_ok=True)
    images, votes = ferplus.load("test")
    label, sure = ferplus.majority(votes)
    rows = []
    for i in rng.permutation(np.where(sure)[0]):
        Image.fromarray(images[i]).save(faces / f"{i:05d}.png")
        rows.append([f"{i:05d}.png", ferplus.LABELS[label[i]]])
    write_labels(faces, ["file", "label"], rows)

    data = pictures("memes")
    test = [row for row in rows_of("memes") if row["split"] == "test"]
    rng.shuffle(test)
    for task in TASKS:
        folder = EVAL / task
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for row in test:
            if answer := meme_labels(row).get(task):
                (folder / f"{row['id']}.jpg").write_bytes(data[row["id"]])
                rows.append([f"{row['id']}.jpg", answer, row["text"]])
        write_labels(folder, ["file", "label", "text"], rows)

    data = pictures("scenes")
    folder = EVAL / "scene"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in rows_of("scenes"):
        if row["split"] == "test":
            (folder / f"{row['id']}.jpg").write_bytes(data[row["id"]])
            rows.append([f"{row['id']}.jpg", *(f"{(float(row[k]) - 4) / 3:.4f}" for k in ("valence_mean", "arousal_mean"))])
    write_labels(folder, ["file", "valence", "arousal"], rows)


def runs(limit: int) -> dict[str, list[str]]:
    """Name of each report → the command line's arguments that make it."""
    out = {
        "faces": ["--task", "faces", "--data", "faces", "--cropped"],
        "faces-language-model": ["--task", "faces", "--data", "faces", "--cropped", "--by", "language-model", "--limit", str(limit)],
        "scene": ["--task", "scene", "--data", "scene"],
    }
    for task in TASKS:
        out[task] = ["--task", task, "--data", task, "--limit", str(limit)]
    return out


def run(limit: int, only: list[str]) -> None:
    for name, arguments in runs(limit).items():
        if only and name not in only:
            continue
        began = time.time()
        at = arguments.index("--data") + 1
        command = [
            "node",
            str(ROOT / "dist-node" / "cli.js"),
            "evaluate",
            *arguments[:at],
            str(EVAL / arguments[at]),
            *arguments[at + 1 :],
            "--out",
            str(EVAL / f"{name}.json"),
        ]
        subprocess.run(command, check=True)
        print(name, f"{time.time() - began:.0f} s", flush=True)


def unsupported(cues: dict[str, int]) -> str:
    return f"{cues['unsupported']} of {cues['named']}"


def results() -> None:
    calibration = json.loads((WORK / "face" / "calibration.json").read_text())
    affect = json.loads((WORK / "scene" / "affect.json").read_text())
    language = WORK / "language" / "test.json"
    lines = [
        "# Results",
        "",
        "Written by `python training/evaluate.py results`; do not edit. Test splits of the data described in `training/README.md`.",
        "The pack's figures are those of the exported pack run by the command line in Node (the code of the page):",
        "`python training/evaluate.py sets && python training/evaluate.py run`. Seconds an item depend on what else ran; they are no benchmark.",
        "",
    ]
    packs = sorted({json.loads(p.read_text())["pack"]["hash"] for p in EVAL.glob("*.json")})
    lines += [
        "Pack: " + ", ".join(f"`{h}`" for h in packs),
        "",
        "## The pack, by task",
        "",
        "| task | decided by | n | accuracy | macro-F1 | majority class | calibration error | unsupported cues | s an item |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in runs(0):
        path = EVAL / f"{name}.json"
        if name == "scene" or not path.exists():
            continue
        r = json.loads(path.read_text())
        by = "affect head" if name == "faces" else "language model, EmoPrompt"
        task = "faces (FER+)" if name.startswith("faces") else f"{name} (memes)"
        cells = [
            task, by, str(r["n"]), f"{100 * r['accuracy']:.1f} %", f"{r['macro_f1']:.3f}", f"{100 * r['majority_accuracy']:.1f} %",
            f"{r['expected_calibration_error']:.3f}", "–" if r["cues"] is None else unsupported(r["cues"]), f"{r['seconds'] / max(1, r['n']):.2f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    path = EVAL / "scene.json"
    if path.exists():
        lines += [
            "",
            "## Scenes (OASIS), valence and arousal",
            "",
            "```json",
            json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "pack"}, indent=1),
            "```",
        ]
    t = calibration["test"]
    lines += [
        "",
        "## The affect head in PyTorch (`python training/calibrate_face.py`)",
        "",
        f"FER+ test, majority rule, n {t['n']}: accuracy {100 * t['accuracy']:.2f} %, macro-F1 {t['macro_f1']:.3f}, expected calibration error "
        f"{t['expected_calibration_error']:.3f} after temperature {calibration['temperature']}, {t['n_parameters'] / 1e6:.2f} M parameters.",
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
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["sets", "run", "results"])
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args()
    {"sets": sets, "run": lambda: run(args.limit, args.only), "results": results}[args.stage]()


if __name__ == "__main__":
    main()
