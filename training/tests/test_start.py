"""What the face encoder starts from: a TensorFlow.js model is read as it is, and its function survives the batch norms put back."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import tfjs
from face_encoder import START_GAIN, FaceEncoder, FaceEncoderConfig, load_start

CONFIG = FaceEncoderConfig(stem=4, blocks=((6, 1), (8, 2), (8, 2)), token_width=4, zoom=1)


def mobile_net(rng: np.random.Generator) -> tuple[tfjs.GraphModel, list[tuple[np.ndarray, np.ndarray]]]:
    """A folded MobileNet as the package lays it out, one block longer than CONFIG, and its layers as plain (weight, bias)."""
    nodes, weights, layers = [], {}, []

    def add(op: str, name: str, value: np.ndarray) -> None:
        nodes.append({"op": op, "name": name, "input": ["x", f"{name}/w"]})
        weights[f"{name}/w"] = value.astype(np.float32)

    inside = 3
    for index, width in enumerate((4, None, 6, None, 8, None, 8, None, 10)):
        if width is None:
            kernel, scale = rng.normal(0, 0.4, (3, 3, inside, 1)), rng.uniform(0.5, 2, inside)
            add("DepthwiseConv2dNative", f"dw{index}", kernel)
            add("Mul", f"scale{index}", scale)
            folded = kernel.transpose(2, 3, 0, 1) * scale[:, None, None, None]
            width = inside
        else:
            side = 3 if index == 0 else 1
            kernel = rng.normal(0, 0.4, (side, side, inside, width))
            add("Conv2D", f"pw{index}", kernel)
            folded = kernel.transpose(3, 2, 0, 1)
        bias = rng.normal(1, 0.5, width)
        add("Add", f"bias{index}", bias)
        nodes.append({"op": "Relu", "name": f"relu{index}", "input": [f"bias{index}"]})
        layers.append((folded, bias))
        inside = width
    return tfjs.GraphModel(nodes, weights), layers


def test_the_start_computes_what_the_folded_model_computes():
    graph, layers = mobile_net(np.random.default_rng(2))
    model = FaceEncoder(CONFIG)
    sample = torch.randn(6, 1, 48, 48, generator=torch.Generator().manual_seed(3))
    load_start(model, graph, sample)
    x = sample.expand(-1, 3, -1, -1) * START_GAIN
    for (weight, bias), layer in zip(layers, model.body, strict=False):
        kernel = torch.from_numpy(weight.astype(np.float32))
        x = F.pad(x, (0, 1, 0, 1)) if layer.stride == 2 else x
        padding = kernel.shape[2] // 2 if layer.stride == 1 else 0
        x = F.relu6(F.conv2d(x, kernel, torch.from_numpy(bias.astype(np.float32)), layer.stride, padding, groups=layer.conv.groups))
    with torch.no_grad():
        got = model.eval().body(sample)
    assert x.std() > 0.5 and (x > 0).float().mean() > 0.2  # there is something to compare
    torch.testing.assert_close(got, x, atol=2e-3, rtol=1e-3)


def test_a_start_of_another_shape_is_refused():
    graph, _ = mobile_net(np.random.default_rng(2))
    with pytest.raises(ValueError, match="start's layer"):
        load_start(FaceEncoder(FaceEncoderConfig(stem=4, blocks=((12, 2), (8, 2)), token_width=4)), graph, torch.randn(2, 1, 48, 48))


def test_a_map_that_cannot_be_pooled_is_refused():
    with pytest.raises(ValueError, match="pooled"):
        FaceEncoder(FaceEncoderConfig(blocks=((8, 2), (8, 2), (8, 2), (8, 2)), zoom=1, size=64))


def test_weights_are_read_in_either_precision_and_none_is_left_over(tmp_path):
    whole, half = np.arange(6, dtype=np.float32).reshape(2, 3) / 7, np.array([0.5, -2, 1024], np.float16)
    entries = [{"name": "a", "shape": [2, 3], "dtype": "float32"}, {"name": "b", "shape": [3], "dtype": "float32", "quantization": {"dtype": "float16"}}]
    nodes = [{"op": "Const", "name": "a"}, {"op": "Relu", "name": "r", "input": ["a"]}]
    (tmp_path / "m.json").write_text(json.dumps({"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": entries}]}))
    (tmp_path / "m.bin").write_bytes(whole.tobytes() + half.tobytes())
    graph = tfjs.read(tmp_path / "m.json")
    np.testing.assert_array_equal(graph.weights["a"], whole)
    np.testing.assert_array_equal(graph.weights["b"], half.astype(np.float32))
    assert [node["name"] for node in graph.nodes] == ["r"]
    (tmp_path / "m.bin").write_bytes(whole.tobytes() + half.tobytes() + b"\0\0")
    with pytest.raises(ValueError, match="described"):
        tfjs.read(tmp_path / "m.json")
