"""Calibration of answers: what was over-sure becomes as sure as it is right, a shifted prior is set right. Figures of texts."""

import numpy as np
from scipy.special import softmax

import emoprompt
from decision import fit_weights
from emobench import figures, instruction
from emoprompt import INTENTS
from evaluate import agreement, agreement_table, entry_of, fit_scale, reliability, text_quality


def cross_entropy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


def test_fit_undoes_a_known_distortion():
    rng = np.random.default_rng(4)
    right = softmax(rng.normal(0, 1.5, (4000, 3)), axis=1)
    truth = np.array([rng.choice(3, p=p) for p in right])
    distorted = softmax(3 * np.log(right), axis=1)  # three times as sure as it may be
    blind = softmax(rng.normal(0, 1.5, (4000, 3)), axis=1)  # evidence that knows nothing
    scale, evidence = fit_weights(distorted, blind, truth)
    np.testing.assert_allclose([scale, evidence], [1 / 3, 0], atol=0.04)
    mended = softmax(scale * np.log(distorted), axis=1)
    assert cross_entropy(mended, truth) < cross_entropy(right, truth) + 0.01 < cross_entropy(distorted, truth)


def test_two_who_know_different_things_are_better_together_than_each():
    rng = np.random.default_rng(6)
    parts = rng.normal(0, 1, (2, 4000, 3))
    truth = np.array([rng.choice(3, p=p) for p in softmax(parts.sum(0), axis=1)])
    model, evidence = softmax(parts[0] * 2, axis=1), softmax(parts[1], axis=1)  # the model is twice as sure as it may be
    weights = fit_weights(model, evidence, truth)
    np.testing.assert_allclose(weights, [0.5, 1], atol=0.06)
    both = weights[0] * np.log(model) + weights[1] * np.log(evidence)
    right = [np.mean(values.argmax(1) == truth) for values in (model, evidence, both)]
    assert right[2] > max(right[:2]) + 0.05


def test_answers_that_know_nothing_are_not_sure():
    rng = np.random.default_rng(5)
    truth = (rng.random(2000) < 0.5).astype(int)
    said = [softmax(rng.normal(0, 3, (2000, 2)), axis=1) for _ in range(2)]
    scale, evidence = fit_weights(*said, truth)
    assert softmax(scale * np.log(said[0]) + evidence * np.log(said[1]), axis=1).max() < 0.75


def test_entries_of_faces_name_their_meanings_by_strength():
    entry = entry_of("faces-language-model", 0.5, 1.25)
    assert entry["task"] == "emotion" and [len(meanings) for meanings in entry["meanings"]] == [len(emoprompt.MEANING_AFTER)] * 8
    assert entry_of("faces-language-model", 1, 0, "emotion-open")["task"] == "emotion-open"
    assert "meanings" not in entry_of("intent", 0.5, 0) and entry_of("intent", 0.5, 0)["options"] == INTENTS


def test_a_scale_changes_no_answer():
    rng = np.random.default_rng(5)
    truth = (rng.random(2000) < 0.25).astype(int)
    probabilities = softmax(rng.normal(0, 3, (2000, 2)), axis=1)
    mended = softmax(fit_scale(probabilities, truth) * np.log(probabilities), axis=1)
    assert mended.max() < 0.7
    np.testing.assert_array_equal(mended.argmax(1), probabilities.argmax(1))


def test_figures_of_texts():
    def text(observe: str, reason: str) -> dict[str, str]:
        return {"observe": observe, "cues": "", "reason": reason, "answer": "x"}

    same = text_quality([text("One face.", "a b c d.")] * 4)
    assert same == {"distinct2": 5 / 20, "commonest": 1.0, "repeated": 0.0, "cut": 0.0}
    mixed = text_quality([text("One face.", "a b c d and a b c d"), text("Two", "ends with…")])
    assert mixed["commonest"] == 0.5 and mixed["repeated"] == 0.5 and mixed["cut"] == 0.5 and mixed["distinct2"] == 9 / 12


def test_reliability_groups_by_how_sure():
    def item(sure: float, right: bool) -> dict:
        return {"label": "yes", "answer": "yes" if right else "no", "probabilities": {"yes": sure if right else 1 - sure, "no": 1 - sure if right else sure}}

    items = [item(0.92, True), item(0.98, True), item(0.96, False), item(0.55, False), {"label": "yes", "answer": None, "probabilities": None}]
    assert reliability(items) == [{"confidence": 0.55, "accuracy": 0.0, "n": 1}, {"confidence": 0.9533, "accuracy": 0.6667, "n": 3}]


def test_an_item_s_instruction_and_a_baseline_s_figures():
    assert instruction("intent", INTENTS) == "Task: intent. Options: entertaining, expressive, offensive, interactive."
    # Two of four right; F1 of a: 2/3, of b: 0, of c, which never occurs: 0.
    assert figures(["a", "a", "a", "b"], ["a", "a", "b", "a"], ["a", "b", "c"]) == {"accuracy": 0.5, "macro_f1": round(2 / 9, 4)}


def runtime_report(answers: dict[str, str], sure: float = 0.8) -> dict:
    """Of files whose label is always yes."""
    return {
        "items": [
            {"file": file, "label": "yes", "answer": answer, "probabilities": {name: sure if name == answer else 1 - sure for name in ("yes", "no")}}
            for file, answer in answers.items()
        ]
    }


def test_runtimes_agree_on_the_items_that_all_have():
    one = runtime_report({"a": "yes", "b": "yes", "c": "no", "d": "no"})
    other = runtime_report({"d": "yes", "a": "yes", "b": "yes", "e": "no"}, sure=0.75)
    found = agreement([one, other])
    assert found["n"] == 3 and found["accuracy"] == [2 / 3, 1.0] and found["same"] == 2 / 3
    np.testing.assert_allclose([found["apart"], found["share"]], [1 / 3, 0.55])


def test_what_is_missing_leaves_a_dash_in_the_table():
    one, other = runtime_report({"a": "yes", "b": "no"}), runtime_report({"a": "yes"})
    unanswered = {"items": [{"file": "a", "label": "yes", "answer": None, "probabilities": None}]}
    columns = {"PyTorch": {"hate": one, "intent": unanswered}, "Node": {"hate": other, "humor": one, "intent": other}, "Chromium": {"sarcasm": {"items": []}}}
    table = agreement_table(columns, ["hate", "humor", "sarcasm", "intent", "faces"])
    assert table[2:] == [
        "| hate | 1 | 100.0 % | 100.0 % | – | 100.0 % | 0.0 | 0.000 |",
        "| humor | 2 | – | 50.0 % | – | – | – | – |",
        "| sarcasm | – | – | – | – | – | – | – |",
        "| intent | 1 | 0.0 % | 100.0 % | – | 0.0 % | 100.0 | 0.000 |",
        "| faces | – | – | – | – | – | – | – |",
    ]
    assert all(line.count("|") == table[0].count("|") for line in table)
