"""EmoBench-S: the test splits as instruction items in one schema, and what simple models make of them.

    python emobench.py     # work/eval/emobench-s.jsonl, work/eval/baselines.json

An item: {"id", "media", "task", "instruction", "options", "answer", "evidence"}. `media` is the picture's place below the
data folder (file or archive, then member); `instruction` is the prompt's own line; `options` is empty where the answer is
free or a number; `answer` is an option, or {"valence", "arousal"} in [-1, 1]; `evidence` is what the data gives beside the
picture: words on it, vote shares over the eight emotions. Media stay where they are: their rights forbid passing them on.
After EmoBench of EmoLLM (arXiv 2406.16442), in the small.
"""

import json
from collections.abc import Iterator

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

import emoprompt
import ferplus
from caches import rows_of
from common import SEED, WORK, write_json
from items import meme_labels

EVAL = WORK / "eval"
MEME_TASKS = ("emotion", "intent", "hate", "sarcasm", "humor")


def options_of(task: str) -> list[str]:
    """The closed set of a task on memes."""
    return emoprompt.PICTURE_EMOTIONS if task == "emotion" else emoprompt.TASKS[task]["options"]


def instruction(task: str, options: list[str]) -> str:
    return emoprompt.TASKS[task]["line"].replace("{options}", ", ".join(options))


def items(split: str) -> Iterator[dict]:
    _, votes = ferplus.load(split)
    label, sure = ferplus.majority(votes)
    shares, _ = ferplus.soft_targets(votes)
    for i in np.where(sure)[0]:
        evidence = {"votes": {name: round(float(share), 3) for name, share in zip(ferplus.LABELS, shares[i], strict=True)}}
        media = ["faces", f"ferplus_{split}.npz", int(i)]
        answer = ferplus.LABELS[label[i]]
        for name, task, options in (("faces", "emotion", ferplus.LABELS), ("emotion-open", "emotion-open", [])):
            yield {
                "id": f"{name}-{i}", "media": media, "task": name, "instruction": instruction(task, options),
                "options": options, "answer": answer, "evidence": evidence,
            }  # fmt: skip
    for row in rows_of("memes"):
        if row["split"] == split:
            for task, answer in meme_labels(row).items():
                options = options_of(task)
                yield {
                    "id": f"{task}-{row['id']}", "media": ["memes", "images.tar", f"{row['id']}.jpg"], "task": task,
                    "instruction": instruction(task, options), "options": options, "answer": answer, "evidence": {"words": row["text"]},
                }  # fmt: skip
    for row in rows_of("scenes"):
        if row["split"] == split:
            answer = {name: round((float(row[f"{name}_mean"]) - 4) / 3, 4) for name in ("valence", "arousal")}
            media = ["scenes", "images.tar", f"{row['id']}.jpg"]
            yield {"id": f"scene-{row['id']}", "media": media, "task": "scene", "instruction": "", "options": [], "answer": answer, "evidence": {}}


def figures(predicted: list[str], truth: list[str], options: list[str]) -> dict[str, float]:
    right = float(np.mean([p == t for p, t in zip(predicted, truth, strict=True)]))
    return {"accuracy": round(right, 4), "macro_f1": round(float(f1_score(truth, predicted, labels=options, average="macro", zero_division=0)), 4)}


def baselines(rows: list[dict[str, str]]) -> dict[str, dict]:
    """For each task on memes the majority class of train, and TF-IDF with logistic regression on the words alone, on test."""
    out = {}
    for task in MEME_TASKS:
        data = {split: [(r["text"], label[task]) for r in rows if r["split"] == split and task in (label := meme_labels(r))] for split in ("train", "test")}
        (words, labels), (test_words, truth) = (list(zip(*data[split], strict=True)) for split in ("train", "test"))
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode"),
            LogisticRegression(class_weight="balanced", max_iter=2000, random_state=SEED % 2**31),
        )
        model.fit(words, labels)
        common = max(set(labels), key=labels.count)
        out[task] = {
            "n": len(truth),
            "majority": figures([common] * len(truth), list(truth), options_of(task)),
            "text": figures(list(model.predict(test_words)), list(truth), options_of(task)),
        }
    return out


def main() -> None:
    EVAL.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with open(EVAL / "emobench-s.jsonl", "w", encoding="utf-8") as handle:
        for item in items("test"):
            handle.write(json.dumps(item, ensure_ascii=False) + "\n")
            counts[item["task"]] = counts.get(item["task"], 0) + 1
    report = baselines(rows_of("memes"))
    write_json(EVAL / "baselines.json", report)
    print(json.dumps(counts))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
