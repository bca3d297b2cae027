"""Tiny foundation models: the modules that are exported compute what Transformers computes, and the committed graphs write what PyTorch wrote."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer

import foundation_graphs
import tiny_foundation
from foundation_graphs import SUFFIXES, Decoder, Idefics3Vision, Qwen2VLVision, sectioned_angles, simple_angles
from tiny_foundation import FAMILIES, ORGANISATION, OUT

IDEFICS3, QWEN = FAMILIES


def random_model(family: tiny_foundation.Family) -> torch.nn.Module:
    torch.manual_seed(1)
    model = family.model().eval()
    tiny_foundation.spread(model)
    return model


@torch.no_grad()
def test_tiles_become_the_tokens_that_idefics3_makes_of_them():
    model = random_model(IDEFICS3).model
    pixels = torch.randn(2, 3, 3, 64, 64)
    mask = torch.ones(2, 3, 64, 64, dtype=torch.bool)
    wanted = torch.cat(list(model.get_image_features(pixels, mask, return_dict=True).pooler_output)).reshape(6, 4, -1)
    torch.testing.assert_close(Idefics3Vision(model)(pixels, mask), wanted, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_pictures_of_several_sizes_become_the_tokens_that_qwen2_vl_makes_of_them():
    visual = random_model(QWEN).model.visual
    grid = torch.tensor([[1, 4, 6], [2, 6, 4]])
    pixels = torch.randn(int(grid.prod(1).sum()), 3 * 2 * 14 * 14)
    torch.testing.assert_close(Qwen2VLVision(visual)(pixels, grid), visual(pixels, grid_thw=grid).pooler_output, atol=1e-4, rtol=1e-4)


def decoder(family: tiny_foundation.Family, model: torch.nn.Module) -> tuple[Decoder, torch.nn.Module]:
    if family is IDEFICS3:
        body = model.model.text_model
        return Decoder(body, model.lm_head, simple_angles(body.rotary_emb.inv_freq)), body
    body = model.model.language_model
    return Decoder(body, model.lm_head, sectioned_angles(body.rotary_emb.inv_freq, [2, 3, 3])), body


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@torch.no_grad()
def test_decoder_in_two_parts_is_the_model_in_one(family):
    model = random_model(family)
    graph, body = decoder(family, model)
    embeds = body.embed_tokens(torch.randint(0, 512, (2, 12)))
    mask = torch.ones(2, 12, dtype=torch.int64)
    mask[1, :3] = 0  # padded on the left
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    if family is QWEN:  # time, row and column apart
        positions = torch.stack((positions, positions * 2, positions // 2))
    wanted = model.lm_head(body(inputs_embeds=embeds, attention_mask=mask, position_ids=positions).last_hidden_state)
    past = [torch.zeros(2, graph.groups, 0, graph.dim) for _ in range(2 * len(graph.layers))]
    first, *past = graph(embeds[:, :7], mask[:, :7], positions[..., :7], past)
    second, *_ = graph(embeds[:, 7:], mask, positions[..., 7:], past)
    got = torch.cat((first, second), 1)
    seen = mask.bool()
    torch.testing.assert_close(got[seen], wanted[seen], atol=1e-4, rtol=1e-4)


def test_weights_that_cannot_be_taught_are_not_shipped(monkeypatch, tmp_path):
    """A dtype that writes another text than PyTorch stops the script."""
    monkeypatch.setattr(tiny_foundation, "graph_greedy", lambda *_: ([1, 2, 3], []))
    model = random_model(IDEFICS3)
    made = IDEFICS3.tokenizer()
    tokenizer = tiny_foundation.PreTrainedTokenizerFast(tokenizer_object=made, chat_template=IDEFICS3.template)
    with pytest.raises(SystemExit, match="another seed or more steps"):
        tiny_foundation.golden(IDEFICS3, model, tokenizer, tmp_path, "dark", True, "Task: emotion.")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_committed_graphs_write_what_pytorch_wrote_in_every_dtype(family):
    folder = OUT / ORGANISATION / family.name
    told = json.loads((folder / "goldens.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    image_token, end = tokenizer.token_to_id(family.image_token), tokenizer.token_to_id(family.end_token)
    texts = set()
    for golden in told["goldens"]:
        assert tokenizer.encode(family.expand(golden["prompt"], golden["tiles"]), add_special_tokens=False).ids == golden["inputIds"]
        shown = np.asarray(Image.open(folder / golden["picture"]).convert("RGB"))
        inputs = {"input_ids": torch.tensor([golden["inputIds"]]), **family.pixels([shown], golden["tiles"])}
        for dtype, said in golden["dtypes"].items():
            ids, logits = tiny_foundation.graph_greedy(folder / "onnx", dtype, inputs, image_token, end)
            assert ids == golden["ids"], dtype
            assert np.abs(logits[0] - golden["firstLogits"]).max() < said["farthest"] + 0.01, dtype
            # Another runtime's rounding is a hundredth of what 4 bits do: it cannot turn a step.
            assert said["margin"] > 0.1, dtype
        texts.add(golden["output"])
        assert set(golden["dtypes"]) == set(SUFFIXES)
    assert len(texts) == 2  # the picture decides


def test_files_are_small():
    sizes = [path.stat().st_size for path in (OUT / ORGANISATION).rglob("*") if path.is_file()]
    assert 0 < sum(sizes) < 3_000_000


def test_a_mask_hides_a_patch():
    """What padding would be: changing what is hidden changes nothing of what is seen."""
    model = random_model(IDEFICS3).model
    graph = foundation_graphs.Idefics3Vision(model)
    pixels = torch.randn(1, 1, 3, 64, 64)
    mask = torch.ones(1, 1, 64, 64, dtype=torch.bool)
    mask[..., 32:, :] = False
    other = pixels.clone()
    other[..., 32:, :] += 1
    with torch.no_grad():
        before, after = graph(pixels, mask), graph(other, mask)
    torch.testing.assert_close(before[:, :2], after[:, :2])  # tokens of the upper half
    assert (before[:, 2:] - after[:, 2:]).abs().max() > 1e-3
