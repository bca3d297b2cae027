"""Reads a TensorFlow.js graph model: its nodes and its weights by name. Runs nothing."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class GraphModel:
    nodes: list[dict]
    """In the order in which they compute."""
    weights: dict[str, np.ndarray]


def read(path: Path) -> GraphModel:
    """`path`: the .json; its .bin lies beside it. Weights as they are or as float16."""
    model = json.loads(path.read_text())
    raw = path.with_suffix(".bin").read_bytes()
    weights, at = {}, 0
    for group in model["weightsManifest"]:
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            count = math.prod(entry["shape"])
            weights[entry["name"]] = np.frombuffer(raw, stored, count, at).astype(entry["dtype"]).reshape(entry["shape"])
            at += count * stored.itemsize
    if at != len(raw):
        raise ValueError(f"{path.name}: {len(raw)} bytes of weights, {at} described")
    return GraphModel([node for node in model["modelTopology"]["node"] if node["op"] != "Const"], weights)
