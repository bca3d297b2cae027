"""What comes back from a committed pack computes what the pack computes."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import committed
from common import PACKS

PACK = PACKS / "emollm-s"


def graph_and_session(name: str) -> tuple[onnx.GraphProto, onnxruntime.InferenceSession]:
    path = PACK / f"{name}.onnx"
    return onnx.load(path, load_external_data=False).graph, onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def agree(module: torch.nn.Module, session: onnxruntime.InferenceSession, inputs: list[torch.Tensor]) -> None:
    names = [port.name for port in session.get_inputs()]
    wanted = session.run(None, {name: value.numpy() for name, value in zip(names, inputs, strict=True)})
    with torch.no_grad():
        got = module(*inputs)
    for a, b in zip(wanted, got if isinstance(got, tuple) else (got,), strict=True):
        np.testing.assert_allclose(b.numpy(), a, atol=1e-4 * np.abs(a).max())


def test_face_encoder_comes_back():
    graph, session = graph_and_session("face-encoder")
    agree(committed.face_encoder(graph), session, [torch.randn(2, 1, 48, 48, generator=torch.Generator().manual_seed(1))])


def test_projection_comes_back():
    graph, session = graph_and_session("projection")
    g = torch.Generator().manual_seed(2)
    faces, boxes = torch.randn(1, 40, 192, generator=g), torch.rand(1, 4, 4, generator=g)
    agree(committed.projection(graph), session, [torch.randn(1, 49, 320, generator=g), faces, boxes, torch.tensor([[1.0, 1, 0, 0]])])


def test_a_graph_that_lacks_a_weight_is_refused():
    graph, _ = graph_and_session("projection")
    kept = [tensor for tensor in graph.initializer if tensor.name != "scene_in.0.weight"]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    with pytest.raises(SystemExit, match="scene_in"):
        committed.projection(graph)


@pytest.mark.skipif(not (committed.BASE / "config.json").exists(), reason="needs work/smollm2 (python language_model.py)")
def test_language_model_comes_back():
    graph, session = graph_and_session("language-model")
    model, rounded = committed.language_model(PACK, graph)
    x = model.model.embed_tokens(torch.tensor([[1, 4093, 198, 8906]])).detach()
    feeds = {"inputs_embeds": x.numpy(), "attention_mask": np.ones((1, 4), np.int64), "num_logits_to_keep": np.array([1])}
    feeds |= {port.name: np.zeros((1, 3, 0, 64), np.float32) for port in session.get_inputs() if port.name.startswith("past")}
    wanted = session.run(["logits"], feeds)[0][0, -1]
    with torch.no_grad():
        got = model(inputs_embeds=x).logits[0, -1].numpy()
    np.testing.assert_allclose(got, wanted, atol=1e-3 * np.abs(wanted).max())
    matrices = {name: p.detach().numpy() for name, p in model.named_parameters() if p.ndim == 2}
    assert set(rounded) == set(matrices)  # what goes on from it has every matrix's levels and scales
    for name, (levels, scales) in rounded.items():
        np.testing.assert_array_equal((levels.astype(np.float32) * scales.astype(np.float32)[..., None]).reshape(matrices[name].shape), matrices[name])
