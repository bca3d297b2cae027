"""A linear classifier of the words on a picture, for each task on memes: what the wording leans to, and by which words.

    python text_classifier.py     # work/text-classifier.json (a file of the pack), work/cache/wording.json

Evidence for the prompt, as the action units are for faces: TF-IDF of words and pairs of words, multinomial logistic
regression with balanced classes. The twin of `read` is src/model/text-classifier.ts.

text-classifier.json, format 1: `terms` (words or pairs, joined by a space), `idf` of each, `heads`: {task, options, bias,
scale, weights}; `weights` is base64 of int8 [terms, options], logit = bias + scale · Σ value · weight. A term's value is
(1 + ln count) · idf, over the root of the sum of all values' squares.
"""

import base64
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

import emoprompt
from caches import rows_of
from common import WORK, write_json
from emobench import MEME_TASKS, options_of
from emoprompt import Wording
from items import WORDING, meme_labels

FILE = WORK / "text-classifier.json"
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
NAMED_IDF = 4.0
"""A word is named as evidence where it stands on one picture of twenty or fewer: "the" explains nothing. Pairs never are."""
MAX_TERMS = 2


def words_of(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("’", "'"))


def terms_of(text: str) -> list[str]:
    """Words and pairs of neighbours."""
    words = words_of(text)
    return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]


@dataclass
class TextClassifier:
    """text-classifier.json, as it is read."""

    data: dict

    @cached_property
    def place(self) -> dict[str, int]:
        return {term: i for i, term in enumerate(self.data["terms"])}

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """[terms, options] by task."""
        return {
            head["task"]: np.frombuffer(base64.b64decode(head["weights"]), np.int8).reshape(-1, len(head["options"])) * head["scale"]
            for head in self.data["heads"]
        }

    def read(self, text: str, task: str, options: list[str]) -> Wording | None:
        """What the words lean to; None where the task with these options has no head, or no term of the text is known."""
        head = next((h for h in self.data["heads"] if h["task"] == task and h["options"] == options), None)
        counts = Counter(self.place[term] for term in terms_of(text) if term in self.place)
        if head is None or not counts:
            return None
        index = np.array(list(counts))
        idf = np.array(self.data["idf"])[index]
        values = (1 + np.log(np.array(list(counts.values())))) * idf
        values /= np.sqrt((values**2).sum())
        weights = self.weights[task][index]  # [found, options]
        logits = np.array(head["bias"]) + values @ weights
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        top = int(shares.argmax())
        pull = values * (weights[:, top] - weights.mean(1))
        named: list[str] = []
        for i in np.argsort(-pull, kind="stable"):
            term = self.data["terms"][index[i]]
            if pull[i] > 0 and idf[i] >= NAMED_IDF and " " not in term:
                named.append(term)
            if len(named) == MAX_TERMS:
                break
        order = sorted(range(len(options)), key=lambda k: -shares[k])
        return Wording([(options[k], float(shares[k])) for k in order], named)


def fit(rows: list[dict[str, str]]) -> TextClassifier:
    """All tasks' heads from rows of memes/labels.csv."""
    vectorizer = TfidfVectorizer(analyzer=terms_of, min_df=3, sublinear_tf=True)
    vectorizer.fit([row["text"] for row in rows])
    heads = []
    for task in MEME_TASKS:
        known = [(row["text"], label[task]) for row in rows if task in (label := meme_labels(row))]
        texts, labels = zip(*known, strict=True)
        model = LogisticRegression(class_weight="balanced", C=1.0, max_iter=500).fit(vectorizer.transform(texts), labels)
        weights, bias = model.coef_.T, model.intercept_  # [terms, classes]
        if weights.shape[1] == 1:  # the logit of the second class; half of it to each side
            weights, bias = np.concatenate([-weights, weights], 1) / 2, np.array([-bias[0], bias[0]]) / 2
        order = [list(model.classes_).index(option) for option in options_of(task)]
        weights, bias = weights[:, order], bias[order]
        scale = float(np.abs(weights).max() / 127)
        packed = np.round(weights / scale).astype(np.int8)
        heads.append(
            {
                "task": task, "options": options_of(task), "bias": [round(float(b), 5) for b in bias], "scale": round(scale, 8),
                "weights": base64.b64encode(packed.tobytes()).decode(),
            }
        )  # fmt: skip
    terms, idf = list(vectorizer.get_feature_names_out()), [round(float(i), 4) for i in vectorizer.idf_]
    return TextClassifier({"format": 1, "terms": terms, "idf": idf, "heads": heads})


def stored(wording: Wording | None) -> dict | None:
    return wording and {"shares": wording.shares, "terms": wording.terms}


def main() -> None:
    rows = rows_of("memes")
    train = [row for row in rows if row["split"] == "train"]
    # A training picture is read by a classifier that has not seen its text: else its wording would look surer than a new one's.
    readers: dict[str, TextClassifier] = {}
    groups = [" ".join(words_of(row["text"])) for row in train]
    for seen, unseen in GroupKFold(5).split(train, groups=groups):
        reader = fit([train[i] for i in seen])
        readers |= {train[i]["id"]: reader for i in unseen}
    final = fit(train)
    write_json(FILE, final.data)
    found = {
        row["id"]: {task: stored(readers.get(row["id"], final).read(row["text"], task, options_of(task))) for task in MEME_TASKS} for row in rows
    }
    write_json(WORDING, found)
    for split in ("train", "valid", "test"):
        for task in MEME_TASKS:
            judged = [(found[row["id"]][task], label[task]) for row in rows if row["split"] == split and task in (label := meme_labels(row))]
            guess = [wording["shares"][0][0] if wording else options_of(task)[-1] for wording, _ in judged]
            truth = [label for _, label in judged]
            f1 = f1_score(truth, guess, labels=options_of(task), average="macro", zero_division=0)
            print(f"{split} {task}: n {len(truth)}, accuracy {np.mean(np.array(guess) == truth):.3f}, macro-F1 {f1:.3f}")
    print(f"{len(final.data['terms'])} terms, {FILE.stat().st_size:,} bytes; {emoprompt.MAX_WORDS} words of a picture go into the prompt")


if __name__ == "__main__":
    main()
