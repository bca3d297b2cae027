"""The twin of the engine's guided decoding on a tiny random model, figures as the engine has them, faces of a still."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import torch_reports
from common import PACKS
from decision import Decision, pooled
from torch_reports import Sequence, banned, figures, guided, options_for, score_options, write_line
from vision import FaceBox, area_weights, lies_inside, merge_scales, shrink, tile_levels

MANIFEST = {"prompt": {"heads": ["Observe:", "Cues:", "Reason:", "Answer:"], "maxNewTokens": 40}, "languageModel": {"stopIds": [0, 2]}}
OPTIONS = ["happiness", "happy", "hate", "love"]


@pytest.fixture(scope="module")
def tokens() -> SimpleNamespace:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(PACKS / "tiny" / "tokenizer.json")))
    return SimpleNamespace(tokenizer=tokenizer, encode=lambda text: tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.fixture(scope="module")
def model(tokens) -> LlamaForCausalLM:
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(tokens.tokenizer), hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, initializer_range=0.3,
        tie_word_embeddings=False,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def prompt(model, tokens) -> Sequence:
    sequence = Sequence(model)
    sequence.append(tokens.encode("<|im_start|>user\nTask: emotion.<|im_end|>\n"))
    return sequence


@torch.no_grad()
def logits_after(model: LlamaForCausalLM, ids: list[int]) -> np.ndarray:
    """Without a cache."""
    return model(torch.tensor([ids])).logits[0, -1].numpy()


def test_a_line_is_the_likeliest_ids_in_turn(model, tokens):
    ids = tokens.encode("Observe:")
    sequence = Sequence(model)
    sequence.append(ids)
    text, count = write_line(sequence, tokens.tokenizer.decode, [], 12)
    wanted = []
    while len(wanted) < count:
        wanted.append(int(logits_after(model, ids + wanted).argmax()))
    assert text.removesuffix("…") == tokens.tokenizer.decode(wanted).replace("\ufffd", "").lstrip().split("\n")[0]


class Scripted:
    """Says what it was told to, then begins again; nothing is computed."""

    def __init__(self, ids: list[int], size: int):
        self.ids, self.size, self.written = ids, size, []

    @property
    def logits(self) -> np.ndarray:
        out = np.zeros(self.size, np.float32)
        out[self.ids[len(self.written) % len(self.ids)]] = 1
        return out

    def append(self, ids: list[int]) -> None:
        self.written += ids


def test_a_line_ends_at_a_newline_a_stop_or_its_budget(tokens):
    size = len(tokens.tokenizer)

    def line(text: str, budget: int, stop_ids: list[int]) -> tuple[str, int]:
        return write_line(Scripted(tokens.encode(text), size), tokens.tokenizer.decode, stop_ids, budget)

    stop = tokens.encode("<|im_end|>")
    assert line(" One face.\nCues", 20, stop) == ("One face.", 3)
    assert line(" One face.<|im_end|>", 20, stop) == ("One face.", 3)
    assert line(" One face, close.", 2, stop) == ("One face…", 2)


def test_loops_are_broken(tokens):
    assert banned([*range(1, 25), *range(1, 24)]) == {24}
    assert banned([1] * 23) == set() and banned([1] * 24) == {1}
    text, _ = write_line(Scripted(tokens.encode(" so"), len(tokens.tokenizer)), tokens.tokenizer.decode, [], 40)
    assert text.startswith("so" + " so" * 23) and " so" * 24 not in text.removeprefix("so")


def test_the_four_steps_keep_their_limit(model, tokens, prompt, monkeypatch):
    budgets, counts = [], []

    def watched(*args):
        budgets.append(args[3])
        text, count = write_line(*args)
        counts.append(count)
        return text, count

    monkeypatch.setattr(torch_reports, "write_line", watched)
    texts, shares = guided(prompt, tokens, MANIFEST, OPTIONS, None, None)
    assert list(texts) == ["observe", "cues", "reason", "answer"]
    assert budgets[0] == 10 and sum(counts) <= MANIFEST["prompt"]["maxNewTokens"]
    assert all(count <= budget for count, budget in zip(counts, budgets, strict=True))
    for text, count, budget in zip(texts.values(), counts, budgets, strict=False):
        assert "\n" not in text and text.endswith("…") == (count == budget)
    assert list(shares) == OPTIONS and sum(shares.values()) == pytest.approx(1)
    assert shares[texts["answer"]] == max(shares.values())


def test_options_share_what_may_follow(model, tokens, prompt):
    """One option's ids are the start of another's: there the ends count, too. Against a sum without a cache."""
    ids = tokens.encode("<|im_start|>user\nTask: emotion.<|im_end|>\n")
    options, ends = [[5], [5, 6], [5, 7, 8], [9]], [2, 198]
    first, second = logits_after(model, ids), logits_after(model, [*ids, 5])
    root = np.exp(first[[5, 9]]) / np.exp(first[[5, 9]]).sum()
    inner = np.exp(second[[6, 7, *ends]]) / np.exp(second[[6, 7, *ends]]).sum()
    before = prompt.logits.copy()
    wanted = [root[0] * inner[2:].sum(), root[0] * inner[0], root[0] * inner[1], root[1]]
    np.testing.assert_allclose(score_options(prompt, options, ends), wanted, rtol=1e-4)
    # What was tried left the text as it was.
    assert prompt.cache.get_seq_length() == len(ids) and (prompt.logits == before).all()
    np.testing.assert_allclose(score_options(prompt, [[5], [5]], ends), [0.5, 0.5])


def test_calibration_and_evidence_may_turn_an_answer():
    raw = np.array([0.6, 0.4])
    np.testing.assert_allclose(pooled(raw, None, {"scale": 1, "bias": [0, 0]}), raw)
    turned = pooled(raw, None, {"scale": 2.0, "bias": [0.0, 1.0]})
    np.testing.assert_allclose(turned, np.array([0.36, 0.16 * np.e]) / (0.36 + 0.16 * np.e))
    with_evidence = pooled(raw, np.array([0.2, 0.8]), {"scale": 1.0, "evidence": 0.5, "bias": [0.0, 0.0]})
    np.testing.assert_allclose(with_evidence, np.array([0.6 * 0.2**0.5, 0.4 * 0.8**0.5]) / (0.6 * 0.2**0.5 + 0.4 * 0.8**0.5))


def test_evidence_decides_which_meaning_is_written(tokens):
    entry = {"scale": 1.0, "evidence": 2.0, "bias": [0.0, 0.0], "meanings": [["irony", "teasing"], ["sober talk", "plain speech"]]}
    prompt = {"meaningAfter": [["suggests"], ["speaks for", "speak for"]]}
    text = " words and picture together speak for teasing.\n"

    def line(shares: list[float]) -> tuple[str, np.ndarray]:
        decision = Decision(tokens.encode, prompt, entry, np.array(shares))
        # It goes on as it was told to, whatever was decided.
        written, _ = write_line(Scripted(tokens.encode(text), len(tokens.tokenizer)), tokens.tokenizer.decode, [], 40, decision)
        return written, decision.probabilities

    same, sure = line([0.5, 0.5])
    assert same == text.strip() and sure[0] == pytest.approx(1 / (1 + np.exp(-1)))
    turned, against = line([0.1, 0.9])
    assert "speak for plain" in turned and against[1] == max(against)


def test_figures_are_over_the_classes_that_occur():
    def item(label: str, answer: str) -> dict:
        return {"label": label, "answer": answer, "probabilities": {name: 0.8 if name == answer else 0.1 for name in "abc"}}

    found = figures([item("a", "a"), item("a", "b"), item("b", "b"), item("a", "a")], ["a", "b", "c"])
    assert found["n"] == 4 and found["accuracy"] == 0.75 and found["majority_accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)  # c does not occur
    assert found["confusion"]["rows"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert found["expected_calibration_error"] == pytest.approx(0.05)


def test_options_come_from_the_labels():
    assert "love" in options_for("emotion", [{"label": "anger"}, {"label": "love"}])
    assert "love" not in options_for("emotion", [{"label": "anger"}])
    assert options_for("hate", []) == ["yes", "no"]


def test_shrinking_averages_what_a_pixel_covers():
    np.testing.assert_allclose(area_weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(area_weights(2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    picture = np.arange(4 * 6 * 3).reshape(4, 6, 3).astype(np.uint8)
    np.testing.assert_allclose(shrink(picture, 3, 2), np.rint(picture.reshape(2, 2, 3, 2, 3).mean((1, 3))))


def test_tiles_cover_a_large_picture_and_cut_faces_are_left_out():
    assert tile_levels(200, 200, 192) == []
    levels = tile_levels(900, 600, 192)
    assert [tiles[0][2] for tiles in levels] == [400, 200]
    for tiles in levels:
        seen = np.zeros((600, 900), bool)
        for x, y, w, h in tiles:
            seen[y : y + h, x : x + w] = True
        assert seen.all()
    tile = (250, 0, 400, 400)
    assert lies_inside((300, -5, 50, 50), tile, 900, 600)  # over the picture's own edge
    assert not lies_inside((252, 100, 50, 50), tile, 900, 600)


def test_a_face_found_twice_is_one():
    sure, twice, inside, other = (
        FaceBox(box, 0.0, score) for box, score in (((0, 0, 10, 10), 0.9), ((1, 0, 10, 10), 0.8), ((2, 2, 4, 4), 0.7), ((30, 0, 9, 9), 0.6))
    )
    assert merge_scales([other, inside, twice, sure]) == [sure, other]
