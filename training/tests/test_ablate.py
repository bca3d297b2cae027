"""Variants differ in what they are meant to differ in and in nothing else; the table says what was measured and no more."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import ablate
import emoprompt
import train_language
from common import PACKS
from emoprompt import Face, Item, Wording
from ferplus import LABELS
from items import Sample
from projection import Projection, ProjectionConfig
from train_language import Batches, Shelf, Tokens, prompt_embeddings

WIDTHS = {"scene_width": 12, "face_width": 8, "width": 16, "hidden": 32}


@pytest.fixture
def tokens(monkeypatch) -> Tokens:
    monkeypatch.setattr(train_language, "BASE", PACKS / "tiny")  # its tokenizer is the base model's
    return Tokens()


def sample(index: int, task: str = "emotion", words: str | None = None) -> Sample:
    rng = np.random.default_rng(index)
    share = rng.dirichlet(np.ones(8)).astype(np.float32)
    answer = LABELS[int(share.argmax())] if task == "emotion" else ("yes", "no")[index % 2]
    face = Face({"AU12": 0.9, "AU06": 0.2} if index % 2 else {}, 0.3, 0.1)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in ((49, 12), (40, 8), (4, 4))]
    mask = np.array([1, 0, 0, 0], np.float32)
    votes = share.tolist() if task == "emotion" else None
    return Sample(Item(task, answer, [face], words=words, votes=votes), *arrays, mask, "faces", share if votes else None)


@torch.no_grad()
def tiny() -> tuple[LlamaForCausalLM, Projection]:
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True
    )
    model = LlamaForCausalLM(config).eval()
    for p in model.parameters():
        if p.ndim == 2:
            torch.nn.init.normal_(p, std=0.3)
    model.model.embed_tokens.weight[198] *= 4  # the newline: now and then it is the likeliest, and lines end at different lengths
    return model, Projection(ProjectionConfig(**WIDTHS)).eval()


@pytest.mark.parametrize("left_out", ["content", "relation"])
def test_a_perspective_can_be_left_out(left_out):
    queries = {"content_queries": 24, "relation_queries": 24} | {f"{left_out}_queries": 0}
    module = Projection(ProjectionConfig(**WIDTHS, **queries))
    s = [sample(0), sample(1)]
    inputs = [torch.from_numpy(np.stack([getattr(x, name) for x in s])) for name in ("scene", "faces", "boxes", "mask")]
    out = module(*inputs)
    assert out.shape == (2, 24, 32) == Projection(ProjectionConfig(**WIDTHS))(*inputs).shape
    assert not [name for name, _ in module.named_parameters() if name.startswith(left_out) or (left_out == "relation" and name.startswith("geometry"))]
    out.square().sum().backward()
    unused = [name for name, p in module.named_parameters() if p.grad is None]
    # A relation layer attends to its own input and never norms a memory: so it was before a perspective could be left out.
    assert all(name.startswith("relation.") and "norm_memory" in name for name in unused)


def test_every_variant_sees_the_same_in_the_same_order(tokens):
    memes = {task: [] for task in train_language.MIX if task not in ("faces", "open")}
    memes["hate"] = [sample(i, "hate", "when " * (i + 1)) for i in range(10)]
    faces = [sample(i) for i in range(30)]
    Shelf([*faces, *memes["hate"]])
    forms = ({}, {"answer_only": True}, {"answer_only": True, "told": False}, {"own_word": False})
    whole, short, untold, other_word = (iter(Batches(faces, memes, 24, 4, 5, **form)) for form in forms)
    tasks = set()
    for _ in range(9):  # over the edge of what is drawn at once
        a, b, c, d = next(whole), next(short), next(untold), next(other_word)
        assert a.tasks == b.tasks == c.tasks == d.tasks
        tasks |= set(a.tasks)
        for other in (b, c, d):
            np.testing.assert_array_equal(a.pictures, other.pictures)
            np.testing.assert_array_equal(a.shares, other.shares)
        for row in range(4):
            taught = [batch.ids[row][batch.weight[row] > 0].tolist() for batch in (a, b, c)]
            assert taught[1] == taught[2] == taught[0][-len(taught[1]) :] and len(taught[1]) > len(tokens.encode("Answer:")) + 1
            assert tokens.tokenizer.decode(taught[1]).startswith("Answer:") and tokens.tokenizer.decode(taught[0]).startswith("Observe:")
            prompts = [tokens.tokenizer.decode(batch.ids[row][: (batch.weight[row] > 0).argmax()]) for batch in (a, b, c)]
            assert prompts[0] == prompts[1] and "valence" in prompts[0] and "valence" not in prompts[2]
            lines = [tokens.tokenizer.decode(batch.ids[row][batch.weight[row] > 0]).split("\n") for batch in (a, d)]
            assert [lines[0][i] == lines[1][i] for i in range(4)] == [True, True, False, True]  # Reason names another word
            assert prompts[0].startswith(prompts[2].split("Words")[0].removesuffix("<|im_end|>\n<|im_start|>assistant\n"))
    assert {"emotion", "hate"} <= tasks


@torch.no_grad()
def test_blanking_changes_the_image_tokens_and_nothing_else(tokens):
    model, projection = tiny()
    samples = [sample(i) for i in range(5)]
    blank = ablate.Blank(projection, samples)
    items = [s.item for s in samples]
    (seen, mask), (blanked, mask2) = (prompt_embeddings(model, p, tokens, samples, items) for p in (projection, blank))
    assert torch.equal(mask, mask2)
    for row, item in enumerate(items):
        before, after = tokens.prompt(item)
        start = seen.shape[1] - len(after) - 24
        changed = (seen[row] != blanked[row]).any(1).nonzero().flatten().tolist()
        assert changed == list(range(start, start + 24))
        assert mask[row].sum() == len(before) + 24 + len(after)
    image = projection(*train_language.visual_batch(samples))
    torch.testing.assert_close(blank(*train_language.visual_batch(samples[:2]))[1], image.mean(0))


@torch.no_grad()
@pytest.mark.parametrize("answer_only", [False, True])
def test_decoding_in_a_batch_is_decoding_alone(tokens, answer_only):
    model, projection = tiny()
    samples = [sample(i, "hate", "and then " * (3 * i)) for i in range(4)]
    answers, lines, formed = ablate.decode(model, projection, tokens, samples, answer_only)
    for index, one in enumerate(samples):
        alone = ablate.decode(model, projection, tokens, [one], answer_only)
        assert (alone[0][0], alone[1][0], alone[2][0]) == (answers[index], lines[index], formed[index])
    assert [len(each) for each in lines] == [0 if answer_only else 3] * 4
    assert answer_only or len({len(tokens.encode(each[0])) for each in lines}) > 1


@torch.no_grad()
def test_decoding_is_what_the_model_says_without_a_cache(tokens):
    """A line is the greedy one up to its limit, written anew from the whole text at every token."""
    model, projection = tiny()
    one = sample(1, "hate", "what a day")
    _, lines, formed = ablate.decode(model, projection, tokens, [one], False)
    embeds, _ = prompt_embeddings(model, projection, tokens, [one], [one.item])
    embed = model.model.embed_tokens
    embeds = torch.cat([embeds, embed(torch.tensor([tokens.encode("Observe:")]))], 1)
    written: list[int] = []
    while len(written) < 24:  # a quarter of 96
        id = int(model(inputs_embeds=embeds).logits[0, -1].argmax())
        if id == tokens.stop or "\n" in tokens.tokenizer.decode([id]):
            break
        written.append(id)
        embeds = torch.cat([embeds, embed(torch.tensor([[id]]))], 1)
    assert lines[0][0] == tokens.tokenizer.decode(written, skip_special_tokens=True).strip()
    assert not (formed[0] and len(written) == 24)


def test_steps_share_the_new_tokens_as_in_the_engine(tokens):
    model, projection = tiny()
    model.get_input_embeddings().weight.data[[198, tokens.stop]] = 0  # no line ends by itself
    runs = []
    model.register_forward_hook(lambda *_: runs.append(1))
    _, _, formed = ablate.decode(model, projection, tokens, [sample(1, "hate")], False)
    assert len(runs) == 1 + 4 + 32 + 38 + 45  # prompt, heads, then ⌊128·.25⌋, ⌊96·.3/.75⌋, ⌊58·.35/.45⌋
    assert formed == [False]


@torch.no_grad()
def test_without_an_image_the_prompt_has_no_line_for_it(tokens):
    model, _ = tiny()
    one = sample(1)
    embeds, mask = prompt_embeddings(model, None, tokens, [one], [one.item])
    text = emoprompt.prompt_text(one.item).replace("{image}\n", "")
    assert "{image}" not in text and "\n\n" not in text
    assert embeds.shape[1] == len(tokens.encode(text)) == int(mask.sum())


@torch.no_grad()
@pytest.mark.parametrize("answer_only", [True, False])
def test_what_decides_is_read_where_the_text_decides(tokens, answer_only):
    """The same whatever the answer is and beside whom it is read, and what the model says behind the text so far."""
    model, projection = tiny()
    samples = [sample(1, "hate", "what a day"), sample(2, "hate", "when you see a man who is not there at all"), sample(3, "hate", "you")]
    said = ablate.deciding(model, projection, tokens, samples, answer_only)
    others = [replace(s, item=replace(s.item, answer="no" if s.item.answer == "yes" else "yes")) for s in samples]
    np.testing.assert_allclose(ablate.deciding(model, projection, tokens, others, answer_only), said, atol=1e-5)
    for alone, beside in zip(samples, said, strict=True):  # of several lengths: a shorter one has padding behind it
        np.testing.assert_allclose(ablate.deciding(model, projection, tokens, [alone], answer_only)[0], beside, atol=1e-5)
    item, lines = samples[1].item, emoprompt.compose(samples[1].item).split("\n")
    before = ["Answer:"] if answer_only else ["Observe:", lines[0][8:], "\n", "Cues:", lines[1][5:], "\n", "Reason:", tokens.choices(item)[0]]
    first = [tokens.encode(" " + word)[0] for word in ("yes", "no")] if answer_only else list(tokens.choices(item)[1].values())
    embeds, _ = prompt_embeddings(model, projection, tokens, samples[1:2], [item])
    ids = [id for piece in before for id in tokens.encode(piece)]
    logits = model(inputs_embeds=torch.cat([embeds, model.model.embed_tokens(torch.tensor([ids]))], 1)).logits[0, -1, first]
    np.testing.assert_allclose(said[1], logits.softmax(0), atol=1e-5)


def test_what_was_measured_is_the_reading_of_a_face_and_the_leaning_of_words():
    faces = [sample(0), replace(sample(1), reading=np.arange(8) / 28)]
    np.testing.assert_allclose(ablate.measured(faces), [np.full(8, 1 / 8), np.arange(8) / 28])
    lean = Wording([("no", 0.7), ("yes", 0.3)], [])
    memes = [sample(1, "hate", "what a day"), sample(2, "hate", "you"), sample(3, "hate", "")]
    memes[1:] = [replace(s, item=replace(s.item, wording=lean)) for s in memes[1:]]
    np.testing.assert_allclose(ablate.measured(memes), [[0.5, 0.5], [0.3, 0.7], [0.5, 0.5]])  # in the options' order; nothing leans without words


@torch.no_grad()
def test_what_was_measured_decides_as_far_as_it_was_right_before(tokens):
    model, projection = tiny()

    def lean(index: int, right: bool) -> Sample:
        s = sample(index, "hate", "what a day " * (index % 4 + 1))
        other = "no" if s.item.answer == "yes" else "yes"
        first, second = (s.item.answer, other) if right else (other, s.item.answer)
        return replace(s, item=replace(s.item, wording=Wording([(first, 0.9), (second, 0.1)], [])))

    samples = [lean(i, True) for i in range(12)]
    variant = ablate.VARIANTS["ew"]
    alone, weights = ablate.weighed(None, None, tokens, samples, [], ablate.VARIANTS["w"])
    assert all(item["answer"] == item["label"] for item in alone) and weights == {}
    trusted, high = ablate.weighed(model, projection, tokens, samples, samples, variant)
    assert all(item["answer"] == item["label"] for item in trusted)
    doubted, low = ablate.weighed(model, projection, tokens, samples, [lean(i, False) for i in range(12)], variant)
    assert high["evidence"] > 1 > low["evidence"]
    told = [s.item.answer for s in samples]
    own = [("yes", "no")[i] for i in ablate.deciding(model, projection, tokens, ablate.as_shown(samples, variant), False).argmax(1)]
    assert high["alone_accuracy"] == low["alone_accuracy"] == pytest.approx(np.mean([a == b for a, b in zip(own, told, strict=True)]))
    assert high["alone_macro_f1"] == ablate.figures(own, told, ["yes", "no"])["macro_f1"]
    own = ablate.deciding(model, projection, tokens, ablate.as_shown(samples, variant), False).argmax(1)
    assert low["evidence"] == 0 and [item["answer"] for item in doubted] == [("yes", "no")[i] for i in own]  # then the model decides alone


def test_a_variant_is_tested_on_what_it_was_taught():
    items = {name: ablate.as_shown([sample(1, "hate", "what a day")], ablate.VARIANTS[name])[0].item for name in ("b", "e", "o", "ow")}
    assert "valence" not in emoprompt.prompt_text(items["b"]) and "valence" in emoprompt.prompt_text(items["o"])
    reasons = {name: emoprompt.compose(item).split("\n")[2] for name, item in items.items()}
    assert reasons["o"] == reasons["ow"] != reasons["e"] and "together suggest no," in reasons["o"].replace("come nearest to", "suggest")


def test_codes_that_were_not_measured_are_counted():
    assert ablate.unsupported(sample(1), ["One face.", "lifted cheeks (AU06), smile (AU12).", "By AU04."]) == (3, 2)


def report(variant: str, seed: int, macro_f1: float, accuracy: float = 0.5, **other) -> dict:
    steps = {} if variant in ("a", "b", "b+") else {"formed": 0.75, "codes": 4, "unsupported": 1}
    tasks = {name: {"n": 10, "accuracy": accuracy, "macro_f1": macro_f1, **steps} for name in ablate.TASKS}
    terms = {"steps": 8, "batch": 4, "decision_weight": 8.0, "terms": "x"}
    return {"variant": variant, "seed": seed, **terms, "tasks": tasks, "accuracy": accuracy, "macro_f1": macro_f1} | other


def table(*reports: dict) -> list[str]:
    """The table's rows and the gains below it."""
    text = ablate.table_text({name: [r for r in reports if r["variant"] == name] for name in ablate.VARIANTS})
    return [line for line in text.splitlines() if line.startswith(("| (", "- ("))]


def test_the_table_leaves_out_what_was_not_measured():
    lines = table()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(ablate.VARIANTS)
    for line in rows:
        assert set(cell.strip() for cell in line.strip("|").split("|")[1:]) == {"–"}
        assert line.count("|") == len(ablate.TASKS) + 9
    assert not any(char.isdigit() for line in lines if line.startswith("-") for char in line)


def test_the_table_s_means_spreads_and_gains():
    reports = [report("b", 1, 0.30), report("b", 2, 0.34), report("e", 1, 0.36, 0.55), report("e", 2, 0.44, 0.65), report("f", 1, 0.2)]
    by = {line[2:5]: line for line in table(*reports) if line.startswith("|")}
    cells = [cell.strip() for cell in by["(e)"].strip("|").split("|")]
    assert cells[1:6] == ["2 seeds", "8 × 4 = 32", "10, 10, 10, 10, 10, 10", "60.0 ± 7.1 %", "0.400 ± 0.057"]
    assert cells[-2:] == ["75.0 %", "12 of 48"]
    assert "one seed" in by["(f)"] and "±" not in by["(f)"]
    head = ablate.table_text({name: [r for r in reports if r["variant"] == name] for name in ablate.VARIANTS})
    assert "weighed 8.0 in the loss of (e), prose 1." in head and "loss of (b)" not in head
    text = ablate.gain({"b": reports[:2], "e": reports[2:4]}, "b", "e")
    assert text == "- (e) over (b), relative: mean macro-F1 +25.0 %, mean accuracy +20.0 % (seeds 1, 2)"
    assert "(seed 1)" in ablate.gain({"b": reports[:1], "e": reports[2:4]}, "b", "e")  # only what both have


def test_unequal_terms_give_no_gain():
    for other in ({"steps": 9}, {"terms": "y"}, {"tasks": {"faces": {"n": 5, "accuracy": 1.0, "macro_f1": 1.0}}}):
        assert "not on equal terms" in ablate.gain({"b": [report("b", 1, 0.3)], "e": [report("e", 1, 0.4, **other)]}, "b", "e")


def test_rows_of_an_earlier_round_stay_until_there_are_new_ones():
    def text(*reports: dict, earlier: str = "") -> str:
        return ablate.table_text({name: [r for r in reports if r["variant"] == name] for name in ablate.VARIANTS}, earlier)

    first = text(report("b", 1, 0.4), report("b+", 1, 0.42), report("e", 1, 0.36, decision_weight=64.0))
    second = text(report("o", 1, 0.44, 0.6, decision_weight=64.0), report("b+", 1, 0.5), earlier=first)
    before, after = first.splitlines(), second.splitlines()
    for start in ("| (b) ", "| (e) ", "- (e) over (b),", "The token that decides weighed 64.0 in the loss of (e)"):
        (line,) = [line for line in before if line.startswith(start)]
        assert line in after
    assert "weighed 64.0 in the loss of (o), prose 1." in second and second.count("| (b+) ") == 1 and "0.500" in second
    assert "- (o) over (b), relative: mean macro-F1 +10.0 %, mean accuracy +20.0 % (by the rows above, of two rounds)" in after
    assert "- (b+) over (b), relative: mean macro-F1 +25.0 %, mean accuracy +0.0 % (by the rows above, of two rounds)" in after
    assert len(after) == len(before) + 1  # what is said of (o)'s weight
    assert "- (o) over (b): –" in text(report("o", 1, 0.44, steps=9), earlier=first).splitlines()  # not as many steps
