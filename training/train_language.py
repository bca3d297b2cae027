"""Teach the language model EmoPrompt: projection and low-rank updates, on cached tokens.

    python train_language.py align [--epochs 4]            # projection alone: faces onto label words
    python train_language.py tune [--minutes 60]           # projection + LoRA, all six prompts
    python train_language.py teach [--minutes 8]           # on a GPU instead of tune, merge and settle: all weights, then at 4 bits
    python train_language.py test [--limit 200]            # free-running accuracy and form on test
    python train_language.py merge                         # work/language/merged (fp32)
    python train_language.py retarget --before FILE        # after a new face encoder: the projection meets its tokens
    python train_language.py settle [--minutes 11]         # 4 bits, then their scales trained: work/language/settled, for export.py

`tune` begins at work/language/start (see committed.py) where that is, else at the base model.

Options for all: --projection mvp|linear, --out NAME, --tiny. Each stage resumes from work/<out>/.
Two cores: align five minutes, tune an hour (about one sample a second); a GPU: minutes.
"""

import argparse
import json
import math
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import AutoTokenizer, LlamaForCausalLM

import emoprompt
from caches import CACHE
from common import DEVICE, SEED, WORK, fast_dtype, load_checkpoint, save_checkpoint, seed_everything, write_json
from emoprompt import MAX_FACES
from ferplus import LABELS
from items import Sample, face_samples, meme_samples
from projection import LinearProjection, Projection, ProjectionConfig
from quantize import BLOCK, nearest, to_blocks

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the processes that make batches are forked
WORKERS = 0 if DEVICE.type == "cpu" else min(8, os.cpu_count() or 1)
BASE = WORK / "smollm2"
START = WORK / "language" / "start"
STOP = "<|im_end|>"
TARGETS = ("q_proj", "v_proj", "o_proj", "down_proj")
# Share of each task in a training batch; the answer's own tokens weigh more than the prose.
MIX = {"faces": 0.40, "open": 0.05, "emotion": 0.12, "intent": 0.13, "hate": 0.10, "sarcasm": 0.10, "humor": 0.10}
ANSWER_WEIGHT = 4.0
# The first token of the Reason's meaning decides the answer (see emoprompt.opening): it weighs most of all.
DECISION_WEIGHT = 32.0
# How often a class comes: its count to this power. Faces come nearly as often as they are, since what decides an answer is written
# before it can be calibrated. Where nearly all is one class and labels are noisy, that class would be all that is ever written:
# there classes come alike.
POWER = {"faces": 0.85, "open": 0.85, "emotion": 0.4, "intent": 0.4, "hate": 0.0, "sarcasm": 0.0, "humor": 0.0}
# Share of pictures of faces that show several, and of those with as many as a prompt describes, how many show still more: users' do.
SEVERAL, CROWDS = 0.3, 0.5
# Share of memes that are shown without their words: pictures without any are rare among them, not among users'.
NO_WORDS = 0.12
# Of the others, how many lose a part of their words, and how large a part: the same captions come often.
FEWER_WORDS, WORDS_LOST = 0.3, 0.2


class LowRank(nn.Module):
    """A frozen linear map plus scale · B·A (Hu et al., LoRA, arXiv 2106.09685)."""

    def __init__(self, base: nn.Linear, rank: int = 16, scale: float = 2.0):
        super().__init__()
        self.base = base
        self.scale = scale
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + F.linear(F.linear(x, self.a), self.b) * self.scale

    def merged(self) -> torch.Tensor:
        return self.base.weight + self.scale * self.b @ self.a


class Rounded(nn.Module):
    """A linear map whose weights are 4-bit levels times a scale a block; the levels stay, the scales learn.

    Scales alone recover most of what rounding costs, and what is trained is what is shipped, to the bit of a float16
    (Kim et al., PEQA, arXiv 2305.14152).
    """

    def __init__(self, levels: np.ndarray, scales: np.ndarray):
        super().__init__()
        self.register_buffer("levels", torch.from_numpy(levels.astype(np.float32)), persistent=False)  # [N, B, 32]
        self.register_buffer("first", torch.from_numpy(scales.astype(np.float32)), persistent=False)  # [N, B]
        self.change = nn.Parameter(torch.zeros(scales.shape))

    def scales(self) -> torch.Tensor:
        return self.first * (1 + self.change)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, (self.levels * self.scales()[..., None]).flatten(1))


def through_rounding(weight: torch.Tensor) -> torch.Tensor:
    """[N, K] as `quantize.nearest` rounds it; backwards as if it had not been (straight through, Bengio et al., arXiv 1308.3432)."""
    with torch.no_grad():
        blocks = weight.view(len(weight), -1, BLOCK)
        low, high = blocks.amin(2, keepdim=True), blocks.amax(2, keepdim=True)
        scale = (torch.where(-low >= high, low, high) / -8).half().float()
        level = (blocks / torch.where(scale == 0, 1.0, scale)).round().clamp(-8, 7) * (scale != 0)
        change = (level * scale).view_as(weight) - weight
    return weight + change


class Rounding(nn.Linear):
    """A linear map that computes with its weights rounded to 4 bits while `on` and learns them in full: in the end they are what
    their rounding needs (quantisation-aware training; Jacob et al., arXiv 1712.05877).
    """

    on = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, through_rounding(self.weight) if Rounding.on else self.weight)


def load_language_model(base: bool = False) -> LlamaForCausalLM:
    """`base`: the base model even where work/language/start is there."""
    folder = START if START.exists() and not base else BASE
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    model.requires_grad_(False)
    return model


def add_low_rank(model: LlamaForCausalLM) -> None:
    for layer in model.model.layers:
        for parent in (layer.self_attn, layer.mlp):
            for name in TARGETS:
                if hasattr(parent, name):
                    setattr(parent, name, LowRank(getattr(parent, name)))


class Tokens:
    """Text → ids in the pieces in which the engine feeds them: head, line, newline, head, …"""

    def __init__(self):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.stop = self.tokenizer.convert_tokens_to_ids(STOP)
        self.newline = self.encode("\n")

    def encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def prompt(self, item: emoprompt.Item) -> tuple[list[int], list[int]]:
        before, after = emoprompt.prompt_text(item).split("{image}")
        return self.encode(before), self.encode(after)

    def choices(self, item: emoprompt.Item) -> tuple[str, dict[str, int]]:
        """(the Reason up to its deciding token, that token by answer)"""
        first = {answer: self.encode(f" {meaning}")[0] for answer, meaning in emoprompt.meanings(item).items()}
        if len(set(first.values())) < len(first):
            raise ValueError(f"two meanings begin with the same token: {emoprompt.meanings(item)}")
        return f" {emoprompt.capitalised(emoprompt.opening(item))}", first

    def tables(self, item: emoprompt.Item) -> dict[float, np.ndarray]:
        """By weight, the tokens that tell each answer [8] at the deciding place and as the answer; -1: none does."""
        deciding = list(self.choices(item)[1].values())
        closed = [self.encode(f" {option}")[0] for option in emoprompt.options_of(item)]
        return {weight: np.array([*ids, *[-1] * (len(LABELS) - len(ids))]) for weight, ids in ((DECISION_WEIGHT, deciding), (ANSWER_WEIGHT, closed))}

    def answer(self, text: str, item: emoprompt.Item) -> tuple[list[int], list[float]]:
        """(ids, weight of each in the loss) of the four lines or the last ones: heads are given by the engine, so they count little."""
        ids: list[int] = []
        weights: list[float] = []
        lines = text.split("\n")
        opening = self.choices(item)[0]
        for index, (head, line) in enumerate(zip(emoprompt.HEADS[-len(lines) :], lines, strict=True)):
            head_ids = self.encode(head)
            body = self.encode(line.removeprefix(head))
            last = index == len(lines) - 1
            ids += head_ids + body + ([self.stop] if last else self.newline)
            own = [ANSWER_WEIGHT if last else 1.0] * len(body)
            if head == "Reason:":
                own[len(self.encode(opening))] = DECISION_WEIGHT
            weights += [0.1] * len(head_ids) + own + [1.0] * (1 if last else len(self.newline))
        return ids, weights


def shares_of(item: emoprompt.Item, sample: Sample) -> np.ndarray:
    """[8] how much each answer of `emoprompt.meanings` is taught, padded with zeros: the voters' shares; on memes, whose labels are
    noisy, half the label and half what the words lean to where they are shown.
    """
    if sample.share is not None:
        return sample.share.astype(np.float32)
    answers = list(emoprompt.meanings(item))
    shares = np.zeros(len(LABELS), np.float32)
    shares[answers.index(item.answer)] = 1
    if item.words and item.wording:
        shares /= 2
        for answer, share in item.wording.shares:
            shares[answers.index(answer)] += share / 2
    return shares


VISUALS = ("scene", "faces", "boxes", "mask")


def visual_batch(samples: list[Sample]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(np.stack([getattr(s, name) for s in samples])).to(DEVICE) for name in VISUALS)


class Shelf:
    """What the projection is shown of each picture, once on the device: samples, and the batches made of them, name their `row`."""

    def __init__(self, samples: list[Sample]):
        pictures = list({id(s.scene): s for s in samples}.values())
        rows = {id(s.scene): row for row, s in enumerate(pictures)}
        for sample in samples:
            sample.row = rows[id(sample.scene)]
        self.parts = []
        for name in VISUALS:  # scene and face tokens were cached as float16
            dtype = torch.float16 if name in ("scene", "faces") else torch.float32
            self.parts.append(torch.from_numpy(np.stack([getattr(s, name) for s in pictures])).to(DEVICE, dtype))

    def take(self, rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        index = torch.from_numpy(rows).to(DEVICE)
        return tuple(part[index].float() for part in self.parts)


def make_projection(kind: str, embedding: torch.Tensor, samples: list[Sample], **queries: int) -> nn.Module:
    config = ProjectionConfig(
        scene_width=samples[0].scene.shape[-1],
        face_width=samples[0].faces.shape[-1],
        hidden=embedding.shape[1],
        scale=float(embedding.pow(2).mean().sqrt()),
        **queries,
    )
    return (Projection if kind == "mvp" else LinearProjection)(config).to(DEVICE)


def sampler(face: list[Sample], memes: dict[str, list[Sample]], rng: random.Random):
    """Endless samples by MIX and POWER."""
    pools: dict[str, dict[str, list[Sample]]] = {"faces": {}, "open": {}}
    for sample in face:
        pools["faces"].setdefault(sample.item.answer, []).append(sample)
        pools["open"].setdefault(sample.item.answer, []).append(sample)
    for task, samples in memes.items():
        pools[task] = {}
        for sample in samples:
            pools[task].setdefault(sample.item.answer, []).append(sample)
    names = [name for name in MIX if pools[name]]
    several = {label: found for label, samples in pools["faces"].items() if (found := [s for s in samples if len(s.item.faces) > 1])}
    while True:
        name = rng.choices(names, [MIX[n] for n in names])[0]
        classes = list(pools[name])
        label = rng.choices(classes, [len(pools[name][c]) ** POWER[name] for c in classes])[0]
        sample = rng.choice(pools[name][label])
        if name in ("faces", "open") and several.get(label) and rng.random() < SEVERAL:
            sample = rng.choice(several[label])
        item = sample.item
        if len(item.faces) == MAX_FACES and item.face_count is None and rng.random() < CROWDS:
            item = replace(item, face_count=rng.randint(MAX_FACES + 1, 20))
        if name == "open":
            item = replace(item, task="emotion-open")
        elif name in memes and rng.random() < NO_WORDS:
            item = replace(item, words="")
        elif name in memes and rng.random() < FEWER_WORDS:
            item = replace(item, words=" ".join(word for word in item.words.split() if rng.random() >= WORDS_LOST) or item.words)
        yield item, sample


def collate(batch: list[tuple[list[int], list[int], list[int], list[float]]], image_tokens: int, stop: int) -> tuple[np.ndarray, ...]:
    """Right-padded ids with a hole for the image: ids [B, T], hole mask, targets' weights (0 where nothing is taught)."""
    length = max(len(a) + image_tokens + len(b) + len(c) for a, b, c, _ in batch)
    ids = np.full((len(batch), length), stop)
    hole = np.zeros((len(batch), length), bool)
    weight = np.zeros((len(batch), length), np.float32)
    for row, (before, after, answer, weights) in enumerate(batch):
        line = before + [stop] * image_tokens + after + answer
        ids[row, : len(line)] = line
        hole[row, len(before) : len(before) + image_tokens] = True
        weight[row, len(line) - len(answer) : len(line)] = weights
    return ids, hole, weight


@dataclass
class Batch:
    ids: np.ndarray  # [B, T]
    hole: np.ndarray  # [B, T]
    weight: np.ndarray  # [B, T]
    pictures: np.ndarray  # [B] rows of the shelf
    shares: np.ndarray  # [B, 8]
    words: dict[float, np.ndarray]  # [B, 8]
    tasks: list[str]


def loss_of(model: LlamaForCausalLM, projection: nn.Module, batch: tuple[np.ndarray, ...], visuals, shares: np.ndarray, words: dict[float, np.ndarray]):
    """Weighted cross-entropy of the answers' tokens. The two that tell a label are learned against `shares` [B, 8] of all labels and
    not against the winner alone; `words` [B, 8] are the labels' ids there by weight, the deciding token's and the answer's.
    """
    ids, hole, weight, shares = (torch.from_numpy(part).to(DEVICE, non_blocking=True) for part in (*batch, shares))
    words = {of: torch.from_numpy(table).to(DEVICE, non_blocking=True) for of, table in words.items()}
    image = projection(*visuals)
    embeds = model.model.embed_tokens(ids)
    embeds = embeds.masked_scatter(hole[..., None], image.reshape(-1, image.shape[-1]))
    wanted = weight[:, 1:] > 0  # only the answer's positions go through the wide output layer
    with torch.autocast(DEVICE.type, fast_dtype(), enabled=fast_dtype() != torch.float32):
        # Padding lies behind what is read: without a mask attention is plainly causal, which has the fastest kernels.
        hidden = model.model(inputs_embeds=embeds, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[:, :-1][wanted])
    logits = logits.float()
    targets, w = ids[:, 1:][wanted], weight[:, 1:][wanted]
    losses = F.cross_entropy(logits, targets, reduction="none")
    row = torch.arange(len(ids), device=ids.device)[:, None].expand(-1, ids.shape[1] - 1)[wanted]  # [positions]
    for weight_of, table in words.items():
        split = (w == weight_of) & (targets[:, None] == table[row]).any(1)
        if split.any():
            said = F.log_softmax(logits[split], 1).gather(1, table[row[split]].clamp(min=0))  # [split, 8]
            losses = losses.masked_scatter(split, -(shares[row[split]] * said).sum(1))
    return (losses * w).sum() / w.sum()


def align(args: argparse.Namespace, **queries: int) -> None:
    """Brings the image embeddings near the words for what they show, before the language model looks:
    the mean of the first embedding of each perspective (linear: of the face as a whole, which comes last) against the
    label words' own embeddings, by vote share."""
    seed_everything(args.seed)
    tokens = Tokens()
    model = load_language_model(args.base)
    embedding = model.model.embed_tokens.weight.detach().to(DEVICE)
    samples = face_samples("train")
    projection = make_projection(args.projection, embedding, samples, **queries)
    words = F.normalize(embedding[[tokens.encode(" " + name)[0] for name in LABELS]], dim=1)  # [8, hidden]
    words = words - words.mean(0)
    scale = nn.Parameter(torch.tensor(12.0, device=DEVICE))
    optimizer = torch.optim.AdamW([*projection.parameters(), scale], lr=6e-4, weight_decay=0.02)
    steps = args.epochs * (len(samples) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-4, total_steps=steps + 1, pct_start=0.1)
    rng = np.random.default_rng(args.seed)
    c = projection.config
    taught = [c.image_tokens - 1] if args.projection == "linear" else [0, c.image_tokens // 2]
    began = time.time()
    for epoch in range(args.epochs):
        order = rng.permutation(len(samples))
        losses, hits = [], []
        for start in range(0, len(order) - 63, 64):
            batch = [samples[i] for i in order[start : start + 64]]
            share = torch.from_numpy(np.stack([s.share for s in batch])).float().to(DEVICE)
            image = projection(*visual_batch(batch))
            logits = scale * (F.normalize(image[:, taught], dim=2) @ words.T)  # [B, taught, 8]
            loss = -(share[:, None] * F.log_softmax(logits, 2)).sum(2).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(projection.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            hits.append((logits.mean(1).argmax(1) == share.argmax(1)).float().mean().item())
        print(
            json.dumps(
                {
                    "stage": "align",
                    "epoch": epoch + 1,
                    "loss": round(np.mean(losses), 4),
                    "top1": round(np.mean(hits), 4),
                    "seconds": round(time.time() - began),
                }
            ),
            flush=True,
        )
    save_checkpoint(WORK / args.out / "aligned.pt", {"config": projection.config, "kind": args.projection, "projection": projection.state_dict()})


def retarget(args: argparse.Namespace) -> None:
    """After a new face encoder: refits `face_in` of the settled projection by ridge regression, so that it says of the new face
    tokens what it said of the old ones, whose cached features are --before. `settle --go-on` follows.
    """
    path = WORK / args.out / "settled" / "projection.pt"
    saved = torch.load(path, map_location="cpu", weights_only=False)
    projection = Projection(saved["config"])
    projection.load_state_dict(saved["projection"], strict=False)
    with np.load(args.before) as before, np.load(CACHE / "features_faces_train.npz") as after:
        old, new = (torch.from_numpy(cache["tokens"].astype(np.float32)) for cache in (before, after))
    held = torch.arange(len(new)) % 10 == 0
    with torch.no_grad():
        wanted = projection.face_in(old)  # [N, 10, width]
        x = F.layer_norm(new, new.shape[-1:])
        design = torch.cat([x, torch.ones_like(x[..., :1])], 2)
        a, b = design[~held].flatten(0, 1).double(), wanted[~held].flatten(0, 1).double()
        weight = torch.linalg.solve(a.T @ a + 1e-3 * len(a) * torch.eye(a.shape[1]).double(), a.T @ b).float()  # [D_f + 1, width]
        explained = 1 - (design[held] @ weight - wanted[held]).square().sum() / (wanted[held] - wanted[held].mean((0, 1))).square().sum()
        nn.init.ones_(projection.face_in[0].weight)
        nn.init.zeros_(projection.face_in[0].bias)
        projection.face_in[1].weight.copy_(weight[:-1].T)
        projection.face_in[1].bias.copy_(weight[-1])
    save_checkpoint(path, saved | {"projection": projection.state_dict()})
    print(f"explained on held-out faces: {float(explained):.3f}")


def load_trained(args: argparse.Namespace) -> tuple[LlamaForCausalLM, nn.Module, dict]:
    state = load_checkpoint(WORK / args.out / "tuned.pt")
    if state is None:
        raise SystemExit(f"work/{args.out}/tuned.pt is not there: run `tune` first")
    model = load_language_model(args.base)
    add_low_rank(model)
    model.load_state_dict(state["low_rank"], strict=False)
    projection = (Projection if state["kind"] == "mvp" else LinearProjection)(state["config"])
    projection.load_state_dict(state["projection"], strict=False)
    return model.to(DEVICE).eval(), projection.to(DEVICE).eval(), state


FULL_SHARE = 0.4
"""Of `teach`: how long weights are learned in full before they are learned through their rounding."""


class Batches(IterableDataset):
    """Endless training batches by MIX, drawn four at a time and cut by length: little padding.

    With `answer_only` the same batches, their texts cut to the last line; without `told` nothing measured in their prompts; `own_word` is
    emoprompt.OWN_WORD where nothing is said.
    Each worker of a loader draws its own: batches depend on how many there are.
    """

    def __init__(self, faces: list[Sample], memes: dict[str, list[Sample]], image_tokens: int, size: int, seed: int, **shown: bool):
        self.faces, self.memes, self.image_tokens, self.size, self.seed = faces, memes, image_tokens, size, seed
        self.answer_only, self.told, self.own_word = shown.get("answer_only", False), shown.get("told", True), shown.get("own_word", emoprompt.OWN_WORD)

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        rng = random.Random(self.seed if worker is None else f"{self.seed} {worker.id}")
        tokens, stream = Tokens(), sampler(self.faces, self.memes, rng)
        while True:
            drawn = []
            for _ in range(self.size * 4):
                item, sample = next(stream)
                prompt, text = tokens.prompt(item), emoprompt.compose(item)
                whole = tokens.answer(text, item)
                length = sum(len(part) for part in (*prompt, whole[0]))  # of the default: the same order, whatever is shown
                if not self.told:
                    prompt = tokens.prompt(replace(item, told=False))
                if self.own_word != item.own_word:
                    item = replace(item, own_word=self.own_word)
                    whole = tokens.answer(emoprompt.compose(item), item)
                taught = tokens.answer(text.split("\n")[-1], item) if self.answer_only else whole
                drawn.append((length, (*prompt, *taught), sample.row, shares_of(item, sample), tokens.tables(item), item.task))
            drawn.sort(key=lambda d: d[0])
            pool = [drawn[i : i + self.size] for i in range(0, len(drawn), self.size)]
            rng.shuffle(pool)
            for rows in pool:
                _, texts, pictures, shares, tables, tasks = zip(*rows, strict=True)
                words = {weight: np.stack([table[weight] for table in tables]) for weight in (DECISION_WEIGHT, ANSWER_WEIGHT)}
                yield Batch(*collate(list(texts), self.image_tokens, tokens.stop), np.array(pictures), np.stack(shares), words, list(tasks))


def unchanged(batch: Batch) -> Batch:
    return batch


def train(args: argparse.Namespace, stage: str, model: LlamaForCausalLM, projection: nn.Module, groups: list[dict], path: Path, **shown: bool) -> int:
    """Trains `groups` by a warmed-up cosine rate for --minutes or --steps; checkpoints to `path` and resumes from it. `shown`: see Batches."""
    print(json.dumps({"stage": stage, "arithmetic": str(fast_dtype())}), flush=True)
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(groups, fused=DEVICE.type == "cuda")
    peaks = [group["lr"] for group in optimizer.param_groups]
    step, spent = 0, 0.0
    if state := load_checkpoint(path):
        model.load_state_dict(state["low_rank"], strict=False)
        projection.load_state_dict(state["projection"], strict=False)
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["seconds"]

    def checkpoint(seconds: float) -> None:
        state = {"step": step, "seconds": seconds, "kind": args.projection, "config": projection.config, "projection": projection.state_dict()}
        save_checkpoint(path, state | {"low_rank": {n: p.detach() for n, p in parameters.items()}, "optimizer": optimizer.state_dict()})

    faces, memes = face_samples("train"), meme_samples("train")
    shelf = Shelf([*faces, *(sample for samples in memes.values() for sample in samples)])
    batches = Batches(faces, memes, projection.config.image_tokens, args.batch, args.seed, **shown)
    ahead = {"num_workers": args.workers, "prefetch_factor": 8, "multiprocessing_context": "fork"} if args.workers else {}
    stream = iter(DataLoader(batches, batch_size=None, collate_fn=unchanged, **ahead))
    for _ in range(step):  # what was seen before it was cut off
        next(stream)
    seen: Counter[str] = Counter()
    began, window = time.time(), []
    while True:
        seconds = spent + time.time() - began
        progress = max(seconds / (args.minutes * 60) if args.minutes else 0.0, step / args.steps if args.steps else 0.0)
        if progress >= 1:
            break
        Rounding.on = progress >= FULL_SHARE
        factor = min(1.0, (step + 1) / (50 if stage == "teach" else 12)) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * factor
        batch = next(stream)
        seen.update(batch.tasks)
        loss = loss_of(model, projection, (batch.ids, batch.hole, batch.weight), shelf.take(batch.pictures), batch.shares, batch.words)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*parameters.values(), *projection.parameters()], 1.0)
        optimizer.step()
        step += 1
        window.append(loss.detach())
        if step % 10 == 0:
            mean = round(torch.stack(window).mean().item(), 4)
            print(json.dumps({"stage": stage, "step": step, "loss": mean, "progress": round(progress, 3), "seconds": round(seconds)}), flush=True)
            window = []
        if args.keep_every and step % args.keep_every == 0:
            checkpoint(seconds)
    checkpoint(spent + time.time() - began)
    print(json.dumps({"stage": stage, "done": step, "samples": dict(seen)}), flush=True)
    return step


def tune(args: argparse.Namespace, shown: dict[str, bool] | None = None, **queries: int) -> None:
    """`shown`: see Batches."""
    seed_everything(args.seed)
    model = load_language_model(args.base)
    add_low_rank(model)
    projection = make_projection(args.projection, model.model.embed_tokens.weight.detach(), face_samples("valid"), **queries)
    if aligned := load_checkpoint(WORK / args.out / "aligned.pt"):
        projection.load_state_dict(aligned["projection"], strict=False)
    model.to(DEVICE).train()
    low_rank = [p for name, p in model.named_parameters() if name.endswith((".a", ".b"))]
    for p in low_rank:
        p.requires_grad_(True)
    rate = args.rate or 5e-4
    groups = [{"params": low_rank, "lr": rate, "weight_decay": 0.0}, {"params": list(projection.parameters()), "lr": rate * 1.2, "weight_decay": 0.02}]
    train(args, "tune", model, projection, groups, WORK / args.out / "tuned.pt", **(shown or {}))


def settle(args: argparse.Namespace) -> None:
    """Rounds the merged model to 4 bits (gptq.py) and trains the scales, the norms and the projection on top.

    With --go-on it takes up a settled model again: scales alone have about as many values as the low-rank updates.
    """
    from export import calibration_sequences
    from gptq import round_decoder

    seed_everything()
    folder = WORK / args.out
    source = folder / "settled" if args.go_on else folder / "merged"
    saved = torch.load((source if args.go_on else folder) / "projection.pt", map_location="cpu", weights_only=False)
    projection = (Projection if saved["kind"] == "mvp" else LinearProjection)(saved["config"])
    projection.load_state_dict(saved["projection"], strict=False)
    model = LlamaForCausalLM.from_pretrained(source, dtype=torch.float32, attn_implementation="sdpa").to(DEVICE)
    if args.go_on:
        rounded = torch.load(source / "rounded.pt", map_location="cpu", weights_only=False)["rounded"]
    else:
        rounded = round_decoder(model, calibration_sequences(source, projection.eval(), args.calibration))
    model.requires_grad_(False)
    for name, (levels, scales) in rounded.items():
        if name != "model.embed_tokens.weight":
            parent, child = name.removesuffix(".weight").rsplit(".", 1)
            setattr(model.get_submodule(parent), child, Rounded(levels, scales).to(DEVICE))
    model.train()
    scales = [p for name, p in model.named_parameters() if name.endswith(".change")]
    norms = [p for name, p in model.named_parameters() if "norm" in name]
    for p in [*scales, *norms]:
        p.requires_grad_(True)
    rate = args.rate or 1.5e-3
    projection.to(DEVICE)
    groups = [{"params": [*scales, *norms], "lr": rate, "weight_decay": 0.0}, {"params": list(projection.parameters()), "lr": rate / 8, "weight_decay": 0.02}]
    step = train(args, "settle", model, projection, groups, folder / ("settling-on.pt" if args.go_on else "settling.pt"))

    final: dict[str, tuple[np.ndarray, np.ndarray]] = {"model.embed_tokens.weight": rounded["model.embed_tokens.weight"]}
    for name, (levels, _) in rounded.items():
        if name != "model.embed_tokens.weight":
            final[name] = (levels, model.get_submodule(name.removesuffix(".weight")).scales().detach().cpu().half().numpy())
    norms = {name: p.detach().cpu() for name, p in model.named_parameters() if "norm" in name}
    write_settled(folder, source, final, norms, {"config": projection.config, "kind": saved["kind"], "projection": projection.cpu().state_dict()}, step)


def write_settled(
    folder: Path, source: Path, final: dict[str, tuple[np.ndarray, np.ndarray]], norms: dict[str, torch.Tensor], projection: dict, step: int
) -> None:
    """work/<out>/settled: a model of the shape of `source` with the levels and scales of `final` and the norms."""
    plain = LlamaForCausalLM.from_pretrained(source, dtype=torch.float32)
    target = dict(plain.named_parameters())
    for name, (levels, scale) in final.items():
        target[name].data.copy_(torch.from_numpy((levels.astype(np.float32) * scale.astype(np.float32)[..., None]).reshape(target[name].shape)))
    for name, p in norms.items():
        target[name].data.copy_(p)
    plain.save_pretrained(folder / "settled")
    Tokens().tokenizer.save_pretrained(folder / "settled")
    save_checkpoint(folder / "settled" / "rounded.pt", {"rounded": final, "step": step})
    save_checkpoint(folder / "settled" / "projection.pt", projection)


def round_embedding(model: LlamaForCausalLM) -> tuple[np.ndarray, np.ndarray]:
    """Rounds the table of token embeddings in place, which is lm_head's too. → its levels and scales"""
    table = model.model.embed_tokens.weight
    levels, scales = nearest(to_blocks(table.detach().cpu().numpy()))
    table.data.copy_(torch.from_numpy((levels.astype(np.float32) * scales.astype(np.float32)[..., None]).reshape(table.shape)))
    return levels, scales


def teach(args: argparse.Namespace) -> None:
    """All weights but the embedding table, which is rounded first; after FULL_SHARE of the time through their rounding. What it leaves
    in work/<out>/settled is as `settle` would.
    """
    seed_everything(args.seed)
    model = load_language_model(args.base)
    final = {"model.embed_tokens.weight": round_embedding(model)}
    for layer in model.model.layers:
        for parent in (layer.self_attn, layer.mlp):
            for child in parent.children():
                if isinstance(child, nn.Linear):
                    child.__class__ = Rounding
    projection = make_projection(args.projection, model.model.embed_tokens.weight.detach(), face_samples("valid"))
    if aligned := load_checkpoint(WORK / args.out / "aligned.pt"):
        projection.load_state_dict(aligned["projection"], strict=False)
    model.to(DEVICE).train()
    matrices = [p for name, p in model.model.layers.named_parameters() if p.ndim > 1]
    norms = [p for name, p in model.named_parameters() if "norm" in name]
    for p in [*matrices, *norms]:
        p.requires_grad_(True)
    rate = args.rate or 4e-4
    groups = [
        {"params": matrices, "lr": rate, "weight_decay": 0.05},
        {"params": norms, "lr": rate, "weight_decay": 0.0},
        {"params": list(projection.parameters()), "lr": rate * 1.5, "weight_decay": 0.02},
    ]
    step = train(args, "teach", model, projection, groups, WORK / args.out / "taught.pt")
    for name, p in model.model.layers.named_parameters(prefix="model.layers"):
        if p.ndim > 1:
            final[name] = nearest(to_blocks(p.detach().cpu().numpy()))
    kept = {name: p.detach().cpu() for name, p in model.named_parameters() if "norm" in name}
    saved = {"config": projection.config, "kind": args.projection, "projection": projection.cpu().state_dict()}
    write_settled(WORK / args.out, START if START.exists() and not args.base else BASE, final, kept, saved, step)


def prompt_embeddings(
    model: LlamaForCausalLM, projection: nn.Module | None, tokens: Tokens, samples: list[Sample], items: list[emoprompt.Item]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Left-padded embeddings [B, T, hidden] and their mask [B, T]. Without a projection the prompt has no line for an image."""
    embed = model.model.embed_tokens
    if projection is None:
        rows = [embed(torch.tensor(tokens.encode(emoprompt.prompt_text(item).replace("{image}\n", "")), device=DEVICE)) for item in items]
    else:
        image = projection(*visual_batch(samples))
        rows = []
        for index, item in enumerate(items):
            before, after = tokens.prompt(item)
            rows.append(torch.cat([embed(torch.tensor(before, device=DEVICE)), image[index], embed(torch.tensor(after, device=DEVICE))]))
    length = max(len(r) for r in rows)
    embeds = torch.stack([F.pad(r, (0, 0, length - len(r), 0)) for r in rows])
    mask = torch.stack([F.pad(torch.ones(len(r), dtype=torch.long, device=DEVICE), (length - len(r), 0)) for r in rows])
    return embeds, mask


@torch.no_grad()
def generate(model: LlamaForCausalLM, projection: nn.Module, tokens: Tokens, samples: list[Sample], items: list[emoprompt.Item], new: int = 96) -> list[str]:
    """Greedy and unguided: the model writes all four steps by itself."""
    embeds, mask = prompt_embeddings(model, projection, tokens, samples, items)
    out = model.generate(inputs_embeds=embeds, attention_mask=mask, max_new_tokens=new, do_sample=False, eos_token_id=tokens.stop, pad_token_id=tokens.stop)
    return [t.strip() for t in tokens.tokenizer.batch_decode(out, skip_special_tokens=True)]


def load_settled(args: argparse.Namespace) -> tuple[LlamaForCausalLM, nn.Module, dict]:
    folder = WORK / args.out / "settled"
    state, saved = load_checkpoint(folder / "rounded.pt"), load_checkpoint(folder / "projection.pt")
    if state is None or saved is None:
        raise SystemExit(f"work/{args.out}/settled is not there: run `settle` first")
    projection = (Projection if saved["kind"] == "mvp" else LinearProjection)(saved["config"])
    projection.load_state_dict(saved["projection"], strict=False)
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).to(DEVICE).eval(), projection.to(DEVICE).eval(), state


CODE = re.compile(r"AU\d\d")


def test(args: argparse.Namespace) -> None:
    """Free-running on the test split: accuracy a task, share in the four-step form, cue codes that were not measured. Prints JSON."""
    model, projection, state = load_settled(args) if args.settled else load_trained(args)
    tokens = Tokens()
    groups = {"faces": face_samples("test")[: args.limit], **{task: samples[: args.limit // 4] for task, samples in meme_samples("test").items()}}
    report = {"step": state["step"]}
    for name, samples in groups.items():
        right, formed, named, unmeasured = 0, 0, 0, 0
        for start in range(0, len(samples), 32):
            batch = samples[start : start + 32]
            texts = generate(model, projection, tokens, batch, [s.item for s in batch])
            for text, sample in zip(texts, batch, strict=True):
                formed += [line.split(":")[0] + ":" for line in text.split("\n")] == emoprompt.HEADS
                measured = {code for face in sample.item.faces for code, p in face.units.items() if p >= emoprompt.CUE_THRESHOLD}
                codes = CODE.findall(text)
                named += len(codes)
                unmeasured += sum(code not in measured for code in codes)
                right += text.rsplit("Answer:", 1)[-1].strip() == sample.item.answer
            if start == 0:
                print(name, "\n\n".join(f"[{s.item.answer}] {t}" for s, t in list(zip(batch, texts, strict=True))[:3]), sep="\n", flush=True)
        if samples:
            shares = {"accuracy": round(right / len(samples), 4), "formed": round(formed / len(samples), 4)}
            report[name] = {"n": len(samples), **shares, "cues": named, "unmeasured": unmeasured}
    print(json.dumps(report))
    write_json(WORK / args.out / "test.json", report)


def merge(args: argparse.Namespace) -> None:
    model, projection, state = load_trained(args)
    for layer in model.model.layers:
        for parent in (layer.self_attn, layer.mlp):
            for name in TARGETS:
                if hasattr(parent, name):
                    wrapped = getattr(parent, name)
                    plain = wrapped.base
                    plain.weight.data = wrapped.merged().detach()
                    setattr(parent, name, plain)
    folder = WORK / args.out / "merged"
    model.cpu().save_pretrained(folder)
    Tokens().tokenizer.save_pretrained(folder)
    save_checkpoint(WORK / args.out / "projection.pt", {"config": state["config"], "kind": state["kind"], "projection": projection.cpu().state_dict()})
    print(folder.name, "step", state["step"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["align", "tune", "test", "merge", "retarget", "settle", "teach"])
    parser.add_argument("--projection", choices=["mvp", "linear"], default="mvp")
    parser.add_argument("--out", default="language")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--base", action="store_true", help="from the base model even where work/language/start is there")
    parser.add_argument("--rate", type=float, default=0.0, help="peak rate; 0: the stage's own")
    parser.add_argument("--calibration", type=int, default=48, help="settle: training prompts that the rounding is calibrated on")
    parser.add_argument("--go-on", action="store_true", help="settle: from work/<out>/settled and its levels instead of rounding anew")
    parser.add_argument("--before", type=Path, help="retarget: features_faces_train.npz as it was before `caches.py tokens`")
    parser.add_argument("--settled", action="store_true", help="test: the rounded model and not the tuned one")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that make batches")
    parser.add_argument("--keep-every", type=int, default=30, help="steps between checkpoints; 0: only the last one")
    args = parser.parse_args()
    {"align": align, "tune": tune, "test": test, "merge": merge, "retarget": retarget, "settle": settle, "teach": teach}[args.stage](args)


if __name__ == "__main__":
    main()
