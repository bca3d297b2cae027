"""Export: weights stored as float16 fold away at load, external data is split as the pack promises, numbers stay."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import LlamaForCausalLM

import export
from common import PACKS
from convert import open_session
from face_encoder import FaceEncoder, FaceEncoderConfig
from onnx_tools import constants_to_initializers, port, rename, reshape_output, store_half
from parity import Decoder
from quantize import dequantize
from scene_encoder import SceneEncoder
from tiny import random_face_encoder, random_language_model


def matmul_model(weight: np.ndarray) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(weight, "w")), helper.make_node("MatMul", ["x", "w"], ["y"])],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, weight.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, weight.shape[1]])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_half_storage_halves_the_file_and_leaves_no_cast_to_run(tmp_path):
    weight = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    model = matmul_model(weight)
    before = len(model.SerializeToString())
    constants_to_initializers(model)
    assert store_half(model) == 1
    assert len(model.SerializeToString()) < 0.55 * before
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    assert [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node] == ["MatMul"]
    x = np.ones((1, 64), np.float32)
    np.testing.assert_allclose(session.run(None, {"x": x})[0], x @ weight, atol=2e-2)


def test_half_storage_leaves_alone_what_does_not_fit_or_does_not_pay():
    model = matmul_model(np.full((64, 64), 1e6, np.float32))
    constants_to_initializers(model)
    assert store_half(model) == 0
    model = matmul_model(np.ones((8, 8), np.float32))
    constants_to_initializers(model)
    assert store_half(model) == 0


def test_ports_are_renamed_and_reshaped():
    model = matmul_model(np.ones((4, 6), np.float32))
    rename(model, {"x": "pixel_values"})
    reshape_output(model, "y", "points", [2, 3])
    assert port(model.graph.input[0]) == {"name": "pixel_values", "type": "float32", "dims": [1, 4]}
    assert port(model.graph.output[0]) == {"name": "points", "type": "float32", "dims": [2, 3]}
    out = open_session(model.SerializeToString()).run(["points"], {"pixel_values": np.ones((1, 4), np.float32)})[0]
    np.testing.assert_array_equal(out, np.full((2, 3), 4))


def test_exported_face_encoder_is_the_trained_one_for_any_number_of_faces(tmp_path):
    torch.manual_seed(0)
    model = random_face_encoder().eval()
    graph = export.export_face_encoder(model, tmp_path)
    assert graph.inputs == [{"name": "pixel_values", "type": "float32", "dims": ["N", 1, 48, 48]}]
    session = open_session(str(tmp_path / graph.file))
    for count in (1, 5):
        x = torch.randn(count, 1, 48, 48)
        with torch.no_grad():
            expected = model(x)  # also: exporting must not have changed the model that was passed
        got = session.run(["logits", "face_tokens"], {"pixel_values": x.numpy()})
        for a, b in zip(expected, got, strict=True):
            assert np.abs(a.numpy() - b).max() < 1e-2


def test_folding_batch_norms_keeps_the_numbers():
    torch.manual_seed(1)
    model = FaceEncoder(FaceEncoderConfig(stem=8, blocks=((12, 2), (16, 2), (16, 2)), token_width=16)).train()
    for _ in range(3):
        model(torch.randn(8, 1, 48, 48))
    model.eval()
    x = torch.randn(2, 1, 48, 48)
    with torch.no_grad():
        expected = model(x)[1]
        got = export.fold_batch_norms(model)(x)[1]
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_scene_encoder_answers_in_its_shape_before_training():
    tokens, affect = SceneEncoder().eval()(torch.randn(1, 3, 224, 224))
    assert tokens.shape == (1, 49, 320)
    assert affect.tolist() == [[0.0, 0.0]]


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    """A random two-layer Llama, exported as a real one is, its data split into small files."""
    folder = tmp_path_factory.mktemp("language")
    torch.manual_seed(3)
    random_language_model(folder / "source", PACKS / "tiny")
    limit, export.DATA_FILE_LIMIT = export.DATA_FILE_LIMIT, 1_600_000
    try:
        graph, entry = export.export_language_model(folder / "source", folder)
    finally:
        export.DATA_FILE_LIMIT = limit
    return folder, graph, entry


def test_external_data_is_split_and_every_tensor_lies_in_one_file(language_model):
    folder, graph, entry = language_model
    assert [name.rsplit("-", 1)[0] for name in graph.data] == ["language-model-weights", "language-model-weights", "language-model-scales"]
    sizes = {name: (folder / name).stat().st_size for name in graph.data}
    assert max(sizes.values()) <= 1_600_000
    for tensor in onnx.load(folder / graph.file, load_external_data=False).graph.initializer:
        if tensor.external_data:
            where = export.external_range(tensor)
            assert where["offset"] + where["bytes"] <= sizes[where["file"]]
            assert ("scales" in where["file"]) == (tensor.data_type == TensorProto.FLOAT16)
    assert entry["stopIds"] == [0, 2]


def test_no_symbol_stands_for_a_width(language_model):
    _, graph, _ = language_model
    names = {dim for entry in [*graph.inputs, *graph.outputs] for dim in entry["dims"] if isinstance(dim, str)}
    assert names == {"T", "past", "total", "kept"}


def test_decoder_with_looked_up_embeddings_is_the_model_with_rounded_weights(language_model):
    folder, graph, entry = language_model
    decoder = Decoder(folder, {"languageModel": entry, "graphs": {"language-model": graph.entry()}})
    model = LlamaForCausalLM.from_pretrained(folder / "source", dtype=torch.float32).eval()
    tensors = {tensor.name: tensor for tensor in onnx.load(folder / graph.file).graph.initializer}
    state = dict(model.named_parameters())
    with torch.no_grad():
        for name, tensor in tensors.items():
            if tensor.data_type != TensorProto.UINT8:
                continue
            scales = next(t for other, t in tensors.items() if other.startswith(name.split(".MatMul.")[0] + ".MatMul.") and other.endswith("_half"))
            blocks = numpy_helper.to_array(tensor)
            weight = torch.from_numpy(dequantize(blocks, numpy_helper.to_array(scales).reshape(blocks.shape[:2])))
            for part in export.weight_names(name):
                rows = len(state[part])
                state[part].copy_(weight[:rows])
                weight = weight[rows:]
        ids = [1, 4093, 198, 8906, 30]
        expected = model(torch.tensor([ids])).logits[0, -1].numpy()
        np.testing.assert_allclose(decoder.embed(ids), model.model.embed_tokens(torch.tensor(ids)).numpy(), atol=1e-6)
    got = decoder.step(decoder.embed(ids[:2]))
    for index in ids[2:]:
        got = decoder.step(decoder.embed([index]))  # through the cache, a token at a time
    assert np.corrcoef(expected, got)[0, 1] > 0.999
    assert np.abs(expected - got).max() < 0.03 * np.abs(expected).max()
    assert json.dumps(entry)
