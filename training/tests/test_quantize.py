"""4-bit blocks: the layout that the manifest promises is the one that MatMulNBits computes with."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import LlamaConfig, LlamaForCausalLM

from convert import open_session
from gptq import round_decoder, round_matrix
from quantize import BLOCK, dequantize, pack, quantize, unpack


def test_values_on_the_grid_come_back_exactly():
    rng = np.random.default_rng(0)
    levels = rng.integers(-8, 8, (6, 3, BLOCK)).astype(np.int8)
    levels[..., 0] = -8
    scales = (2.0 ** -rng.integers(3, 9, (6, 3))).astype(np.float16)
    weight = dequantize(pack(levels), scales)
    packed, found = quantize(weight)
    np.testing.assert_array_equal(dequantize(packed, found), weight)


def test_error_is_at_most_half_a_level_but_at_the_far_end():
    weight = np.random.default_rng(1).normal(size=(50, 4 * BLOCK)).astype(np.float32)
    packed, scales = quantize(weight)
    error = np.abs(dequantize(packed, scales) - weight).reshape(50, 4, BLOCK)
    # The end opposite to the extreme has one level fewer (7): a value there may lose a whole level.
    assert (error <= np.abs(scales.astype(np.float32))[..., None] * 1.01).all()
    assert (error <= np.abs(scales.astype(np.float32))[..., None] * 0.51).mean() > 0.97


def test_a_block_of_zeros_stays_zero():
    weight = np.zeros((2, 2 * BLOCK), np.float32)
    weight[1, BLOCK:] = 0.5
    packed, scales = quantize(weight)
    assert np.isfinite(scales).all()
    assert not dequantize(packed, scales)[0].any()


def test_rows_that_are_no_whole_blocks_are_refused():
    with pytest.raises(ValueError, match="whole blocks"):
        quantize(np.zeros((1, BLOCK + 1), np.float32))


def test_dequantize_is_what_matmulnbits_multiplies_by():
    rng = np.random.default_rng(2)
    weight = rng.normal(size=(40, 2 * BLOCK)).astype(np.float32)
    packed, scales = quantize(weight)
    node = helper.make_node("MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=2 * BLOCK, N=40, bits=4, block_size=BLOCK, accuracy_level=1)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2 * BLOCK])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 40])],
        [numpy_helper.from_array(packed, "w"), numpy_helper.from_array(scales.astype(np.float32), "s")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)], ir_version=10)
    got = open_session(model.SerializeToString()).run(None, {"x": np.eye(2 * BLOCK, dtype=np.float32)})[0]
    np.testing.assert_allclose(got.T, dequantize(packed, scales), atol=1e-5)


def test_gptq_loses_less_of_what_flows_through_than_nearest():
    torch.manual_seed(0)
    weight = torch.randn(48, 4 * BLOCK)
    x = torch.randn(400, 4 * BLOCK) @ torch.randn(4 * BLOCK, 4 * BLOCK)  # correlated inputs, as real ones are
    levels, scales = round_matrix(weight, x.T @ x)
    assert levels.min() >= -8 and levels.max() <= 7
    np.testing.assert_array_equal(unpack(pack(levels)), levels)
    ours = torch.from_numpy(dequantize(pack(levels), scales))
    nearest = torch.from_numpy(dequantize(*quantize(weight.numpy())))
    assert (x @ (ours - weight).T).square().mean() < 0.7 * (x @ (nearest - weight).T).square().mean()


def test_a_whole_decoder_is_rounded_and_still_says_much_the_same():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=96, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=32, tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    ids = torch.randint(96, (6, 20))
    sequences = [model.model.embed_tokens(row).detach() for row in ids]
    with torch.no_grad():
        before = model(ids).logits
    rounded = round_decoder(model, sequences)
    assert set(rounded) == {name for name, value in model.named_parameters() if value.ndim == 2}
    with torch.no_grad():
        after = model(ids).logits
    assert torch.corrcoef(torch.stack([before.flatten(), after.flatten()]))[0, 1] > 0.98
    for name, (levels, scales) in rounded.items():  # what is returned is what the model now computes with
        np.testing.assert_allclose(dequantize(pack(levels), scales), model.get_parameter(name).detach().numpy(), atol=1e-7)
