"""Action units by geometry: rules over the 468 landmarks, set against neutral faces.

    python action_units.py     # FER+ train landmarks → work/action_units.json

measure = Σ weight · (dx, dy or length between two landmarks) / inter-ocular distance, in the
face's upright frame (y down); probability = logistic(slope · (measure − neutral mean) / neutral
deviation − offset). Each unit's muscle action is that of Ekman, Friesen & Hager, Facial Action
Coding System (2002); distances between facial points as its measures follow Tian, Kanade & Cohn,
"Recognizing action units for facial expression analysis", PAMI 23(2), 2001, table 1.
"""

import json

import numpy as np

from common import WORK, write_json

EYE_CORNERS = [33, 263]
FACS = "FACS 2002; distances as in Tian, Kanade & Cohn 2001"
# (kind, from, to, weight): dy = to.y − from.y, positive where `to` is lower.
RULES: dict[str, tuple[str, list[tuple[str, int, int, float]]]] = {
    "AU01": ("inner brows raised", [("dy", 107, 133, 0.5), ("dy", 336, 362, 0.5)]),
    "AU02": ("outer brows raised", [("dy", 70, 33, 0.5), ("dy", 300, 263, 0.5)]),
    "AU04": ("brows lowered and drawn together", [("dy", 55, 133, -0.5), ("dy", 285, 362, -0.5), ("length", 55, 285, -0.7)]),
    "AU05": ("eyes open wide", [("length", 159, 145, 0.5), ("length", 386, 374, 0.5)]),
    "AU06": ("cheeks raised", [("dy", 145, 205, -0.5), ("dy", 374, 425, -0.5)]),
    "AU07": ("lower lids tightened", [("dy", 145, 33, 0.25), ("dy", 145, 133, 0.25), ("dy", 374, 362, 0.25), ("dy", 374, 263, 0.25)]),
    "AU09": ("nose wrinkled", [("length", 133, 129, -0.5), ("length", 362, 358, -0.5)]),
    "AU10": ("upper lip raised", [("dy", 2, 0, -1.0)]),
    "AU12": ("lip corners pulled up", [("length", 61, 291, 0.5), ("dy", 61, 13, 0.25), ("dy", 61, 14, 0.25), ("dy", 291, 13, 0.25), ("dy", 291, 14, 0.25)]),
    "AU15": ("lip corners down", [("dy", 61, 13, -0.25), ("dy", 61, 14, -0.25), ("dy", 291, 13, -0.25), ("dy", 291, 14, -0.25)]),
    "AU17": ("chin raised", [("dy", 17, 152, -1.0)]),
    "AU20": (
        "lips stretched sideways",
        [("length", 61, 291, 1.0), ("dy", 61, 13, -0.35), ("dy", 61, 14, -0.35), ("dy", 291, 13, -0.35), ("dy", 291, 14, -0.35)],
    ),
    "AU23": ("lips pressed thin", [("dy", 0, 13, -1.0), ("dy", 14, 17, -1.0)]),
    "AU25": ("lips parted", [("dy", 13, 14, 1.0)]),
    "AU26": ("jaw dropped", [("dy", 2, 152, 1.0)]),
    "AU43": ("eyes closed", [("length", 159, 145, -0.5), ("length", 386, 374, -0.5)]),
}
SLOPE, OFFSET = 1.6, 2.4  # one half at 1.5 deviations from neutral
# Units whose distance also moves with others (a smile narrows the eyes and lifts nose and lip) must move further.
OFFSETS = {"AU43": 4.8, "AU09": 4.0, "AU07": 3.2, "AU10": 3.2, "AU17": 3.2, "AU23": 3.2}


def measure(terms: list[tuple[str, int, int, float]], points: np.ndarray) -> np.ndarray:
    """points [N, 468, 2] in any frame → [N]; turned upright by the eye corners first."""
    right, left = points[:, EYE_CORNERS[0]], points[:, EYE_CORNERS[1]]
    axis = left - right
    distance = np.linalg.norm(axis, axis=1).clip(1e-6)
    cos, sin = axis[:, 0] / distance, axis[:, 1] / distance
    total = np.zeros(len(points))
    for kind, start, end, weight in terms:
        d = points[:, end] - points[:, start]
        dx, dy = d[:, 0] * cos + d[:, 1] * sin, -d[:, 0] * sin + d[:, 1] * cos
        total += weight * {"dx": dx, "dy": dy, "length": np.hypot(dx, dy)}[kind] / distance
    return total


def probabilities(rules: list[dict], points: np.ndarray) -> list[dict[str, float]]:
    """Action units of each face by the stored rules: points [N, 468, 2] → one dict a face."""
    columns = {}
    for rule in rules:
        z = (measure([tuple(t[k] for k in ("kind", "from", "to", "weight")) for t in rule["terms"]], points) - rule["mean"]) / rule["deviation"]
        columns[rule["code"]] = 1 / (1 + np.exp(-(rule["slope"] * z - rule["offset"])))
    return [{code: round(float(column[i]), 4) for code, column in columns.items()} for i in range(len(points))]


def fit(points: np.ndarray) -> list[dict]:
    """Manifest entries from the landmarks of neutral faces [N, 468, 2]; robust mean and deviation."""
    rules = []
    for code, (cue, terms) in RULES.items():
        values = measure(terms, points)
        middle = np.median(values)
        deviation = 1.4826 * np.median(np.abs(values - middle))
        rules.append(
            {
                "code": code,
                "cue": cue,
                "source": FACS,
                "terms": [{"kind": k, "from": a, "to": b, "weight": w} for k, a, b, w in terms],
                "mean": round(float(middle), 5),
                "deviation": round(float(deviation), 5),
                "slope": SLOPE,
                "offset": OFFSETS.get(code, OFFSET),
            }
        )
    return rules


def main() -> None:
    cache = np.load(WORK / "cache" / "faces_train.npz")
    shares, points, presence = cache["shares"], cache["landmarks"].astype(np.float64), cache["presence"]
    sure = presence > 0.5
    rules = fit(points[(shares[:, 0] >= 0.8) & sure])
    write_json(WORK / "action_units.json", rules)
    units = probabilities(rules, points[sure])
    labels = shares[sure].argmax(1)
    names = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
    print("mean probability, a row a label:", json.dumps([r["code"] for r in rules]))
    for index, name in enumerate(names):
        rows = [u for u, label in zip(units, labels, strict=True) if label == index]
        print(f"{name:10}", " ".join(f"{np.mean([u[r['code']] for u in rows]):.2f}" for r in rules), len(rows))


if __name__ == "__main__":
    main()
