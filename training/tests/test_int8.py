"""The 8-bit layout: what it gives is what the 4-bit graph gives, smoothing changes nothing but the rounding, and drafts are what texts had."""

import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import drafts
import int8
from common import PACKS
from parity import Decoder

TINY = PACKS / "tiny"
IDS = [1, 4093, 198, 8906, 30]


@pytest.fixture(scope="module")
def manifest():
    return json.loads((TINY / "manifest.json").read_text())


def folder_with(tmp_path, peaks):
    for path in TINY.glob("language-model*"):
        if "int8" not in path.name:
            shutil.copyfile(path, tmp_path / path.name)
    entry = int8.write(tmp_path, peaks, kv_heads=1, head_dim=64)
    (tmp_path / f"{int8.STEM}-weights.bin").write_bytes(int8.weights(tmp_path))
    return entry


def last_logits(folder, manifest, graph=None):
    decoder = Decoder(folder, manifest, graph)
    decoder.step(decoder.embed(IDS[:1]))
    return decoder.step(decoder.embed(IDS[1:]))


def test_it_gives_nearly_what_the_4_bit_graph_gives(tmp_path, manifest):
    entry = folder_with(tmp_path, None)
    wanted, got = last_logits(TINY, manifest), last_logits(TINY, manifest, tmp_path / entry["file"])
    assert np.corrcoef(wanted, got)[0, 1] > 0.99
    assert got.argmax() == wanted.argmax()


def peaks_of(source, seed=5):
    """Activations some of which are fifty times as large as others."""
    rng = np.random.default_rng(seed)
    out = {"lm_head": rng.choice([0.2, 10], 64).astype(np.float32)}
    for layer in range(2):
        for name in ("self_attn.q_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj"):
            width = source.dims(source.nodes[f"/model/layers.{layer}/mlp/down_proj"])[1] if name.endswith("down_proj") else 64
            out[f"model.layers.{layer}.{name}"] = rng.choice([0.2, 10], width).astype(np.float32)
    return out


def test_what_smoothing_takes_from_activations_it_gives_back(tmp_path, manifest):
    peaks = peaks_of(int8.Source(TINY))
    entry = folder_with(tmp_path, peaks)
    plan = json.loads((tmp_path / entry["plan"]).read_text())
    factors = np.frombuffer((tmp_path / entry["factors"]).read_bytes(), "<f4")
    assert factors.max() > 3 and factors.min() < 0.5  # something was moved …
    assert sum(matrix["rowFactors"] is not None for matrix in plan["matrices"]) == 4
    wanted, got = last_logits(TINY, manifest), last_logits(TINY, manifest, tmp_path / entry["file"])
    assert np.corrcoef(wanted, got)[0, 1] > 0.97  # … and the function stayed
    # Without the norms' share it is another function: so the test can fail.
    model = onnx.load(tmp_path / entry["file"], load_external_data=False)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("post_attention_layernorm.weight"):
            tensor.CopyFrom(numpy_helper.from_array(np.ones(64, np.float32), tensor.name))
    onnx.save(model, tmp_path / "spoilt.onnx")
    assert np.corrcoef(wanted, last_logits(TINY, manifest, tmp_path / "spoilt.onnx"))[0, 1] < 0.97


def test_several_logits_are_those_of_one_token_at_a_time(manifest):
    decoder = Decoder(TINY, manifest)
    single = [decoder.step(decoder.embed([index])) for index in IDS]
    decoder.reset()
    feeds = {"inputs_embeds": decoder.embed(IDS)[None], "attention_mask": np.ones((1, len(IDS)), np.int64), "num_logits_to_keep": np.array([3])}
    feeds |= {f"past_key_values.{key}": value for key, value in decoder.past.items()}
    (logits,) = decoder.session.run(["logits"], feeds)
    assert logits.shape == (1, 3, manifest["languageModel"]["vocab"])
    np.testing.assert_allclose(logits[0], single[-3:], atol=1e-3 * np.abs(single[-1]).max())


def test_drafts_know_what_mostly_follows_and_longer_contexts_only_what_differs():
    texts = [[1, 2, 3, 4]] * 6 + [[9, 2, 3, 5]] * 3 + [[7, 8, n] for n in range(20, 30)]
    table = drafts.count(texts)
    assert table[2] == {(1, 2): 3, (9, 2): 3, (2, 3): 4}  # 7 8 is followed by anything
    assert table[3] == {(9, 2, 3): 5}  # 1 2 3 says what 2 3 says
    assert table[4] == {}
