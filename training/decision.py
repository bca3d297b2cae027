"""Where a text decides: the word of Reason that names what the evidence means, chosen by the model and by what was measured, each as far
as it was found reliable. The twin of src/engine/decision.ts; how reliable, is fitted here.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

LEAST_SHARE = 1e-6
"""Of a share of the evidence that is next to nothing."""
LEAST_SCALE = 0.01


def pooled(probabilities: np.ndarray, shares: np.ndarray | None, entry: dict) -> np.ndarray:
    """softmax(scale · log p + evidence · log share + bias) of p and shares [..., C], by an entry of the manifest's `prompt.calibration`."""
    logits = entry["scale"] * np.log(probabilities.clip(1e-12)) + np.array(entry["bias"])
    if shares is not None:
        logits += entry.get("evidence", 0) * np.log(shares.clip(LEAST_SHARE))
    return softmax(logits, axis=-1)


class Decision:
    """The word of Reason that decides: chosen among the options' meanings, by the model and the evidence's shares."""

    def __init__(self, encode: Callable[[str], list[int]], prompt: dict, entry: dict, shares: np.ndarray | None):
        self.entry, self.shares = entry, shares
        self.turns = [
            (encode(f" {phrase}"), [encode(f" {meaning[strength]}")[0] for meaning in entry["meanings"]])
            for strength, phrases in enumerate(prompt["meaningAfter"])
            for phrase in phrases
        ]
        self.probabilities: np.ndarray | None = None

    def next(self, written: list[int], logits: np.ndarray) -> int | None:
        meanings = next((ids for after, ids in self.turns if written[-len(after) :] == after), None)
        if meanings is None or self.probabilities is not None:
            return None
        self.probabilities = pooled(np.exp(log_softmax_over(logits, meanings)), self.shares, self.entry)
        return meanings[int(self.probabilities.argmax())]


def log_softmax_over(logits: np.ndarray, ids: list[int]) -> np.ndarray:
    values = logits[ids].astype(np.float64)
    return values - values.max() - np.log(np.exp(values - values.max()).sum())


def fit_weights(probabilities: np.ndarray, shares: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """(scale, evidence) of softmax(scale · log p + evidence · log share) on p and shares [N, C] and truth [N]: the likeliest where each is
    taken to be about a half (± a half) beforehand. A few hundred faces do not say for sure that one of two who say much the same has
    nothing to say; where there is no evidence, the model's own likeliest answer must still be the likeliest.
    """
    logs = np.stack([np.log(probabilities.clip(1e-12)), np.log(shares.clip(LEAST_SHARE))])  # [2, N, C]
    rows = np.arange(len(truth))

    def cost(weights: np.ndarray) -> float:
        misses = -log_softmax(np.tensordot(weights, logs, 1), axis=1)[rows, truth].sum()
        return float(misses + ((weights - 0.5) ** 2).sum() / (2 * 0.5**2)) / len(truth)

    found = minimize(cost, x0=[0.5, 0.5], bounds=[(LEAST_SCALE, 5), (0, 5)], method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])
