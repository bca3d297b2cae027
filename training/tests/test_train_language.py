"""Rounded weights compute what the pack's blocks compute, and only their scales learn. A projection meets new face tokens. What
decides an answer is one token, before which all answers' texts are alike.
"""

import itertools
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
import torch

import emoprompt
import train_language
from common import PACKS
from emoprompt import Face, Item, Wording
from ferplus import LABELS
from items import Sample
from projection import Projection, ProjectionConfig
from quantize import BLOCK, dequantize, pack, quantize
from train_language import ANSWER_WEIGHT, DECISION_WEIGHT, Rounded, Tokens, collate, loss_of, shares_of, through_rounding


@pytest.fixture
def tokens(monkeypatch) -> Tokens:
    monkeypatch.setattr(train_language, "BASE", PACKS / "tiny")  # its tokenizer is the base model's
    return Tokens()


def items() -> list[Item]:
    """Each task at each strength of its evidence."""
    faces = [Face(units, size, 0) for units, size in itertools.product(({}, {"AU12": 0.9}, {"AU12": 0.9, "AU25": 0.6}), (0.1, -0.4, 0.9))]
    made = [Item(task, "fear", [face], votes=[0, 0, 0.3, 0, 0, 0, 0.7, 0]) for task in ("emotion", "emotion-open") for face in faces]
    for task, options in (("emotion", emoprompt.PICTURE_EMOTIONS), *((t, emoprompt.TASKS[t]["options"]) for t in ("intent", "hate", "sarcasm", "humor"))):
        for lead in (0.0, 0.1, 0.4):
            shares = [(option, lead + (1 - lead) / len(options) if i == 0 else (1 - lead) / len(options)) for i, option in enumerate(options)]
            made.append(Item(task, options[-1], [], words="you again", options=options if task == "emotion" else None, wording=Wording(shares, ["again"])))
        made.append(replace(made[-1], words=""))
    return [replace(item, own_word=own_word) for item in made for own_word in (False, True)]


def test_one_token_decides_and_before_it_all_answers_texts_are_alike(tokens):
    for item in items():
        _, choices = tokens.choices(item)
        before = set()
        for answer, deciding in choices.items():
            ids, weights = tokens.answer(emoprompt.compose(replace(item, answer=answer)), item)
            place = weights.index(DECISION_WEIGHT)
            assert ids[place] == deciding and weights.count(DECISION_WEIGHT) == 1
            before.add(tuple(ids[:place]))
        assert len(before) == 1 and len(set(choices.values())) == len(choices)


def test_what_is_taught_of_an_answer():
    arrays = [np.zeros(1)] * 4
    face = items()[0]
    np.testing.assert_allclose(shares_of(face, Sample(face, *arrays, "faces", np.array(face.votes, np.float32))), face.votes)
    meme = Item("hate", "no", words="you again", wording=Wording([("yes", 0.8), ("no", 0.2)], []))
    np.testing.assert_allclose(shares_of(meme, Sample(meme, *arrays, "memes"))[:3], [0.4, 0.6, 0], rtol=1e-6)
    np.testing.assert_allclose(shares_of(replace(meme, words=""), Sample(meme, *arrays, "memes"))[:3], [0, 1, 0])


def test_shares_are_taught_where_the_answer_is_told_and_nowhere_else(tokens):
    from test_ablate import sample, tiny

    model, projection = tiny()
    s = sample(1)
    text = emoprompt.compose(s.item)
    batch = collate([(*tokens.prompt(s.item), *tokens.answer(text, s.item))], 24, tokens.stop)
    words = {weight: ids[None] for weight, ids in tokens.tables(s.item).items()}
    nowhere = {weight: np.full_like(ids, -1) for weight, ids in words.items()}
    alone = np.eye(8, dtype=np.float32)[[LABELS.index(s.item.answer)]]
    with torch.no_grad():
        visuals = train_language.visual_batch([s])
        plain = loss_of(model, projection, batch, visuals, alone, nowhere).item()
        assert loss_of(model, projection, batch, visuals, alone, words).item() == pytest.approx(plain, rel=1e-5)
        other = {weight: loss_of(model, projection, batch, visuals, np.roll(alone, 1, 1), nowhere | {weight: words[weight]}).item() for weight in words}
    assert all(abs(value - plain) > 1e-3 for value in other.values()) and set(other) == {DECISION_WEIGHT, ANSWER_WEIGHT}


def layer() -> tuple[Rounded, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    levels = rng.integers(-8, 8, (6, 2, BLOCK)).astype(np.int8)
    scales = rng.normal(0, 0.1, (6, 2)).astype(np.float16)
    return Rounded(levels, scales), levels, scales


def test_rounded_is_the_pack_s_matrix():
    module, levels, scales = layer()
    x = torch.randn(3, 2 * BLOCK, generator=torch.Generator().manual_seed(4))
    wanted = x.numpy() @ dequantize(pack(levels), scales).T
    np.testing.assert_allclose(module(x).detach().numpy(), wanted, atol=1e-5)


def test_learning_through_rounding_computes_what_rounding_leaves_and_moves_the_weights_behind_it():
    g = torch.Generator().manual_seed(7)
    weight = torch.randn(6, 64, generator=g) * 0.1
    weight[2, :32] = 0  # a block without a scale
    weight[3, 0] = 0.9  # the value furthest from zero is above it, and below it
    weight[4, 0] = -0.9
    weight.requires_grad_(True)
    wanted = dequantize(*quantize(weight.detach().numpy()))
    seen = through_rounding(weight)
    np.testing.assert_allclose(seen.detach().numpy(), wanted, atol=1e-7)
    x = torch.randn(3, 64, generator=g)
    (x @ seen.T).sum().backward()
    torch.testing.assert_close(weight.grad, x.sum(0).expand(6, -1))


def test_training_moves_scales_and_keeps_levels():
    module, levels, scales = layer()
    x = torch.randn(64, 2 * BLOCK, generator=torch.Generator().manual_seed(5))
    wanted = x @ torch.from_numpy(dequantize(pack(levels), scales * np.float16(1.25))).T
    optimizer = torch.optim.Adam(module.parameters(), 0.02)
    first = None
    for _ in range(200):
        loss = (module(x) - wanted).square().mean()
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first * 1e-3
    np.testing.assert_array_equal(module.levels.numpy(), levels)
    np.testing.assert_allclose(module.scales().detach().numpy(), scales * 1.25, atol=0.01)


def test_retarget_says_of_new_tokens_what_was_said_of_old_ones(tmp_path, monkeypatch, capsys):
    g = torch.Generator().manual_seed(6)
    monkeypatch.setattr(train_language, "WORK", tmp_path)
    monkeypatch.setattr(train_language, "CACHE", tmp_path)
    old = torch.randn(200, 10, 24, generator=g)
    new = old.flip(2) * 3 + 1  # the same, in another order and another range: a linear map leads back
    np.savez(tmp_path / "before.npz", tokens=old.numpy())
    np.savez(tmp_path / "features_faces_train.npz", tokens=new.numpy())
    projection = Projection(ProjectionConfig(face_width=24, width=32, hidden=48))
    torch.nn.init.uniform_(projection.face_in[0].weight, 0.5, 2, generator=g)
    torch.nn.init.uniform_(projection.face_in[0].bias, -1, 1, generator=g)
    path = tmp_path / "language" / "settled" / "projection.pt"
    train_language.save_checkpoint(path, {"config": projection.config, "kind": "mvp", "projection": projection.state_dict()})
    train_language.retarget(Namespace(out="language", before=tmp_path / "before.npz"))
    after = Projection(projection.config)
    after.load_state_dict(torch.load(path, weights_only=False)["projection"], strict=False)
    with torch.no_grad():
        torch.testing.assert_close(after.face_in(new), projection.face_in(old), atol=0.02, rtol=0.02)
    assert float(capsys.readouterr().out.split()[-1]) > 0.99
