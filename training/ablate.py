"""Ablations on equal terms: what each part of EmoLLM-S is worth.

    python ablate.py train --variant e [--seed 1] [--steps 240] [--batch 16]     # b, b+, c, d, e, o → work/ablate/<variant>-<seed>/
    python ablate.py test --variant e [--seed 1] [--faces 200] [--memes 100]     # all → work/ablate/<variant>-<seed>.json
    python ablate.py table [--to ABLATIONS.md]                                   # from those reports; rows of variants without one stay

Every trained variant begins at the base model, is aligned for one epoch, and then sees the same samples in the same batches
for as many steps at the same rates; all have 24 image tokens. `train` goes on where it was cut off. Tests decode as the
engine does (src/engine/steps.ts), the same items of the test split for all; the model decides alone but where a variant says otherwise.
On two free cores a step of 16 samples takes 3.3 s for (b), 5 s for (b+), 6 to 8 s for the others; tests of the latter ten minutes.
"""

import argparse
import hashlib
import json
import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn
from transformers import DynamicCache, LlamaForCausalLM
from transformers.generation.logits_process import NoRepeatNGramLogitsProcessor

import emoprompt
import train_language
from common import DEVICE, HERE, SEED, WORK, commit, fast_dtype, write_json
from decision import fit_weights, pooled
from emobench import figures
from items import Sample, face_samples, meme_samples
from pack import MAX_NEW_TOKENS
from train_language import CODE, Tokens, prompt_embeddings, sampler, visual_batch

TASKS = ("faces", "emotion", "intent", "hate", "sarcasm", "humor")
GAINS = (("b", "e"), ("b", "b+"), ("b+", "c"), ("c", "d"), ("d", "e"), ("f", "e"), ("b", "o"), ("e", "o"), ("b", "ew"), ("bw", "ew"), ("b", "ow"), ("bw", "ow"))
"""Which variants the table sets over which."""
GOAL = 0.121
"""What EmoLLM's parts brought on EmoBench, relative (arXiv 2406.16442)."""
SHARES = (0.25, 0.3, 0.35, 0.1)
"""How the steps share the new tokens, as in steps.ts."""
NO_REPEAT_NGRAM = 24
FITTED = 200
"""Items of the valid split, a task, that the say of what was measured is fitted on."""


@dataclass(frozen=True)
class Variant:
    text: str
    projection: str = "mvp"
    queries: dict[str, int] = field(default_factory=dict)
    answer_only: bool = False
    told: bool = True
    own_word: bool = False
    """Whether the Reason's meaning begins with the answer's own word (emoprompt.own_word)."""
    weights_of: str | None = None
    """The variant whose weights it has, if it is not trained itself."""
    weighed: bool = False
    """Whether what was measured has its say beside the model where the text decides (src/engine/decision.ts)."""


VARIANTS = {
    "a": Variant("SmolLM2 as it comes, zero-shot, told the evidence in words", answer_only=True),
    "b": Variant("fine-tuned, linear projection, no EmoPrompt: nothing measured in the prompt, answer only", "linear", answer_only=True, told=False),
    "b+": Variant("(b) with half of EmoPrompt: told the evidence in words, answer only", "linear", answer_only=True),
    "c": Variant("(b) + EmoPrompt: told the evidence, four steps", "linear"),
    "d": Variant("(c) with the content perspective for the linear projection", queries={"content_queries": 24, "relation_queries": 0}),
    "e": Variant("(d) + relation perspective = EmoLLM-S"),
    "f": Variant("(e), image tokens blanked", weights_of="e"),
    "o": Variant("(e), its Reason naming the answer's own word", own_word=True),
    "w": Variant("what was measured, by itself: the affect head's reading, what the words lean to", weighed=True),
    "bw": Variant("(b), decided together with what was measured", "linear", answer_only=True, told=False, weights_of="b", weighed=True),
    "ew": Variant("(e), decided together with what was measured", weights_of="e", weighed=True),
    "ow": Variant("(o), decided together with what was measured", own_word=True, weights_of="o", weighed=True),
}
TRAINED = ("b", "b+", "c", "d", "e", "o")
WITHOUT_TRAINING = ("a", "w")


def terms() -> str:
    """A hash over samples drawn as for training: of what is shown, told and taught. Runs of another one are not on equal terms."""
    rng = random.Random(SEED)
    stream = sampler(face_samples("valid"), meme_samples("valid"), rng)
    digest = hashlib.sha256()
    for _ in range(300):
        item, sample = next(stream)
        digest.update(sample.scene.tobytes() + sample.faces.tobytes())
        digest.update((emoprompt.prompt_text(item) + emoprompt.compose(item)).encode())
    return digest.hexdigest()[:16]


def arguments(variant: str, args: argparse.Namespace) -> argparse.Namespace:
    """What train_language's stages read."""
    fixed = {"base": True, "epochs": 1, "minutes": 0, "rate": 0.0, "keep_every": 30 if DEVICE.type == "cpu" else 0}
    return argparse.Namespace(**vars(args) | fixed, out=f"ablate/{variant}-{args.seed}", projection=VARIANTS[variant].projection)


def train(args: argparse.Namespace) -> None:
    variant = VARIANTS[args.variant]
    stage = arguments(args.variant, args)
    folder = WORK / stage.out
    run = {"variant": args.variant, "seed": args.seed, "steps": args.steps, "batch": args.batch, "workers": args.workers, "terms": terms()}
    run["decision_weight"] = train_language.DECISION_WEIGHT = args.decision_weight
    if (folder / "run.json").exists():
        begun = json.loads((folder / "run.json").read_text())
        if any(begun.get(key) != value for key, value in run.items()):
            raise SystemExit(f"work/{stage.out} was begun on other terms, {begun} and not {run}: move it away to train anew")
    write_json(folder / "run.json", run | {"arithmetic": str(fast_dtype()), "commit": commit()})
    if not (folder / "aligned.pt").exists():
        train_language.align(stage, **variant.queries)
    train_language.tune(stage, {key: getattr(variant, key) for key in ("answer_only", "told", "own_word")}, **variant.queries)


class Blank(nn.Module):
    """Shows every picture as the mean of what the projection makes of `samples` (a thousand of them). Zeros would be something that the language
    model never saw; the mean lies where its image tokens lie and tells nothing of the picture at hand.
    """

    def __init__(self, projection: nn.Module, samples: list[Sample]):
        super().__init__()
        samples = random.Random(SEED).sample(samples, min(len(samples), 1000))
        sums = [projection(*visual_batch(samples[i : i + 64])).sum(0, keepdim=True) for i in range(0, len(samples), 64)]
        self.register_buffer("mean", torch.cat(sums).sum(0, keepdim=True) / len(samples))

    def forward(self, scene: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return self.mean.expand(len(scene), -1, -1)


@torch.no_grad()
def decode(
    model: LlamaForCausalLM, projection: nn.Module | None, tokens: Tokens, samples: list[Sample], answer_only: bool
) -> tuple[list[str], list[list[str]], list[bool]]:
    """steps.ts for samples of one task at a time: heads given, lines greedy and limited, the answer the likeliest option.

    → answers, the lines before them, whether each of these came to an end of its own.
    """
    embeds, mask = prompt_embeddings(model, projection, tokens, samples, [s.item for s in samples])
    cache, rows = DynamicCache(), len(samples)
    options = emoprompt.options_of(samples[0].item)
    first = [tokens.encode(f" {option}")[0] for option in options]
    if len(set(first)) < len(first):
        raise ValueError(f"of {options} two begin alike: the first token alone does not decide")
    pieces = tokens.tokenizer.convert_ids_to_tokens(range(model.config.vocab_size))
    ends = torch.tensor([piece is None or "Ċ" in piece for piece in pieces], device=DEVICE)  # byte-level BPE's newline
    ends[tokens.stop] = True
    no_repeat = NoRepeatNGramLogitsProcessor(NO_REPEAT_NGRAM)

    def feed(embeds: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Appends [B, T, hidden]; what `seen` [B, T] leaves out stays invisible. → logits [B, vocabulary] after it"""
        nonlocal mask
        mask = seen if cache.get_seq_length() == 0 else torch.cat([mask, seen], 1)
        places = (mask.cumsum(1) - 1).clamp(min=0)[:, -embeds.shape[1] :]
        out = model(inputs_embeds=embeds, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return out.logits[:, -1].float()

    def feed_ids(ids: list[int]) -> torch.Tensor:
        batch = torch.tensor([ids] * rows, device=DEVICE)
        return feed(model.model.embed_tokens(batch), torch.ones_like(batch))

    feed(embeds, mask)
    left = torch.full((rows,), MAX_NEW_TOKENS, device=DEVICE)
    lines: list[list[str]] = [[] for _ in samples]
    whole = torch.ones(rows, dtype=torch.bool, device=DEVICE)
    for index, head in enumerate(emoprompt.HEADS[:0] if answer_only else emoprompt.HEADS[:-1]):
        logits = feed_ids((tokens.newline if index else []) + tokens.encode(head))
        budget = (left * SHARES[index] / sum(SHARES[index:]) + 1e-6).floor().clamp(min=1)
        written = torch.empty(rows, 0, dtype=torch.long, device=DEVICE)
        writing = torch.ones(rows, dtype=torch.bool, device=DEVICE)
        while True:
            cut = writing & (written.shape[1] >= budget)
            whole &= ~cut
            writing &= ~cut
            chosen = no_repeat(written, logits).argmax(1)
            writing &= ~ends[chosen]
            if not writing.any():
                break
            chosen = chosen.where(writing, tokens.stop)
            written = torch.cat([written, chosen[:, None]], 1)
            left -= writing.long()
            logits = feed(model.model.embed_tokens(chosen[:, None]), writing.long()[:, None])
        for row, text in enumerate(tokens.tokenizer.batch_decode(written, skip_special_tokens=True)):
            lines[row].append(text.strip())
    logits = feed_ids(([] if answer_only else tokens.newline) + tokens.encode(emoprompt.HEADS[-1]))
    answers = [options[best] for best in logits[:, first].argmax(1).tolist()]
    return answers, lines, [bool(ended) and all(texts) for ended, texts in zip(whole, lines, strict=True)]


@torch.no_grad()
def deciding(model: LlamaForCausalLM, projection: nn.Module, tokens: Tokens, samples: list[Sample], answer_only: bool, batch: int = 16) -> np.ndarray:
    """[N, C] what the model says of a task's options where its text decides: behind the Reason's opening, or behind `Answer:` where there is
    no Reason. What stands before is composed; it is the same for every answer, and nearly always what the model writes.
    """
    out = np.zeros((len(samples), len(emoprompt.options_of(samples[0].item))))
    for start in range(0, len(samples), batch):
        part = samples[start : start + batch]
        embeds, mask = prompt_embeddings(model, projection, tokens, part, [s.item for s in part])
        rows, choices = [], []
        for sample, prompt, seen in zip(part, embeds, mask.bool(), strict=True):
            options = emoprompt.options_of(sample.item)
            if answer_only:
                ids, first = tokens.encode(emoprompt.HEADS[-1]), [tokens.encode(f" {option}")[0] for option in options]
            else:
                ids, weights = tokens.answer(emoprompt.compose(sample.item), sample.item)
                ids, meanings = ids[: weights.index(train_language.DECISION_WEIGHT)], tokens.choices(sample.item)[1]
                first = [meanings[option] for option in options]
            rows.append(torch.cat([prompt[seen], model.model.embed_tokens(torch.tensor(ids, device=DEVICE))]))
            choices.append(first)
        # Padding lies behind what is read.
        hidden = model.model(inputs_embeds=nn.utils.rnn.pad_sequence(rows, batch_first=True), use_cache=False).last_hidden_state
        last = torch.stack([hidden[row, len(text) - 1] for row, text in enumerate(rows)])
        logits = model.lm_head(last).float().gather(1, torch.tensor(choices, device=DEVICE))
        out[start : start + len(part)] = logits.softmax(1).cpu().numpy()
    return out


def measured(samples: list[Sample]) -> np.ndarray:
    """[N, C] what was measured says of a task's options: the reading of the first face, or what the words on a picture lean to; even where
    there is neither.
    """
    options = emoprompt.options_of(samples[0].item)
    out = np.full((len(samples), len(options)), 1 / len(options))
    for row, sample in zip(out, samples, strict=True):
        if sample.reading is not None:
            row[:] = sample.reading
        elif sample.item.words and sample.item.wording:
            said = dict(sample.item.wording.shares)
            row[:] = [said[option] for option in options]
    return out


Items = list[dict]
"""Of a report: label, answer, and what was written, if anything."""


def as_shown(samples: list[Sample], variant: Variant) -> list[Sample]:
    return [replace(s, item=replace(s.item, told=variant.told, own_word=variant.own_word)) for s in samples]


def weighed(
    model: LlamaForCausalLM | None, projection: nn.Module | None, tokens: Tokens, samples: list[Sample], known: list[Sample], variant: Variant
) -> tuple[Items, dict[str, float]]:
    """Answers decided by the model and by what was measured, each as far as it is found reliable on `known`; without a model by the latter.

    → items, the weights and what the model by itself would have answered there
    """
    options, shares = emoprompt.options_of(samples[0].item), measured(samples)
    more = {}
    if model and projection:
        fit, own = (deciding(model, projection, tokens, as_shown(of, variant), variant.answer_only) for of in (known, samples))
        truth = np.array([options.index(s.item.answer) for s in known])
        more = dict(zip(("scale", "evidence"), fit_weights(fit, measured(known), truth), strict=True))
        shares = pooled(own, shares, more | {"bias": [0.0] * len(options)})
        alone = figures([options[best] for best in own.argmax(1)], [s.item.answer for s in samples], options)
        more |= {f"alone_{key}": alone[key] for key in ("accuracy", "macro_f1")}
    return [{"label": s.item.answer, "answer": options[best]} for s, best in zip(samples, shares.argmax(1), strict=True)], more


def answered(
    model: LlamaForCausalLM, projection: nn.Module | None, tokens: Tokens, samples: list[Sample], variant: Variant, batch: int
) -> tuple[Items, dict[str, float]]:
    """Answers that the model comes to alone. → items, what there is to say of their texts"""
    items, codes = [], np.zeros(2, int)
    for start in range(0, len(samples), batch):
        part = as_shown(samples[start : start + batch], variant)
        for sample, answer, lines, formed in zip(part, *decode(model, projection, tokens, part, variant.answer_only), strict=True):
            codes += unsupported(sample, lines)
            items.append({"label": sample.item.answer, "answer": answer, "formed": formed, "lines": lines})
    if variant.answer_only:
        return items, {}
    return items, {"formed": float(np.mean([i["formed"] for i in items])), "codes": int(codes[0]), "unsupported": int(codes[1])}


def unsupported(sample: Sample, lines: list[str]) -> tuple[int, int]:
    """(cue codes named, those among them that were not measured)"""
    sure = {code for face in sample.item.faces for code, p in face.units.items() if p >= emoprompt.CUE_THRESHOLD}
    codes = CODE.findall("\n".join(lines))
    return len(codes), sum(code not in sure for code in codes)


def chosen_samples(faces: int, memes: int, split: str = "test") -> dict[str, list[Sample]]:
    """The same of a split for every variant, by length for little padding."""
    out = {}
    for name, samples in {"faces": face_samples(split), **meme_samples(split)}.items():
        count = min(faces if name == "faces" else memes, len(samples))
        out[name] = sorted(random.Random(SEED).sample(samples, count), key=lambda s: len(emoprompt.prompt_body(s.item)))
    return {name: samples for name, samples in out.items() if samples}


@torch.no_grad()
def test(args: argparse.Namespace) -> None:
    variant = VARIANTS[args.variant]
    report = {"variant": args.variant, "seed": args.seed, "steps": 0, "batch": 0, "terms": terms(), "commit": commit()}
    if args.variant == "a":
        model, projection = train_language.load_language_model(base=True).to(DEVICE).eval(), None
    elif args.variant == "w":
        model, projection = None, None
    else:
        stage = arguments(variant.weights_of or args.variant, args)
        model, projection, state = train_language.load_trained(stage)
        run = json.loads((WORK / stage.out / "run.json").read_text())
        if state["step"] != run["steps"]:
            raise SystemExit(f"work/{stage.out} is at step {state['step']} of {run['steps']}: go on with `train`")
        if run["terms"] != report["terms"]:
            raise SystemExit(f"what work/{stage.out} was trained on is no longer what the test shows: features, prompts or MIX have changed")
        report |= {key: run[key] for key in ("steps", "batch", "decision_weight", "arithmetic")} | {"train_seconds": round(state["seconds"])}
    tokens, shown = Tokens(), projection
    report["tasks"], began = {}, time.time()
    known = chosen_samples(FITTED, FITTED, "valid") if variant.weighed and model else {}
    for name, samples in chosen_samples(args.faces, args.memes).items():
        if args.variant == "f":  # a task's own mean: faces and captioned pictures differ before anything is looked at
            shown = Blank(projection, face_samples("train") if name == "faces" else meme_samples("train")[name])
        if variant.weighed:
            items, more = weighed(model, shown, tokens, samples, known.get(name, []), variant)
        else:
            items, more = answered(model, shown, tokens, samples, variant, args.batch)
        figure = figures([item["answer"] for item in items], [item["label"] for item in items], emoprompt.options_of(samples[0].item))
        report["tasks"][name] = {"n": len(items), **figure, **more, "items": items}
        print(json.dumps({"task": name, "n": len(items), **figure, **more, "seconds": round(time.time() - began)}), flush=True)
    for key in ("accuracy", "macro_f1"):
        report[key] = float(np.mean([task[key] for task in report["tasks"].values()]))
    write_json(WORK / "ablate" / f"{args.variant}-{args.seed}.json", report | {"test_seconds": round(time.time() - began)})


# ---------------------------------------------------------------- the table


def same_terms(reports: Iterable[dict]) -> bool:
    return len({json.dumps([r["steps"], r["batch"], r["terms"], {name: task["n"] for name, task in r["tasks"].items()}]) for r in reports}) == 1


def spread(values: list[float], form: str, scale: float = 1.0) -> str:
    """Mean, and the standard deviation over seeds where there is more than one."""
    mean = f"{np.mean(values) * scale:{form}}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1) * scale:{form}}"


def row(name: str, reports: list[dict]) -> str:
    if not reports:
        return f"| ({name}) {VARIANTS[name].text} |" + " – |" * (len(TASKS) + 7)
    cells = [f"({name}) {VARIANTS[name].text}"]
    cells.append("not trained" if name in WITHOUT_TRAINING else "one seed" if len(reports) == 1 else f"{len(reports)} seeds")
    cells.append(" / ".join(sorted({"–" if name in WITHOUT_TRAINING else f"{r['steps']} × {r['batch']} = {r['steps'] * r['batch']}" for r in reports})))
    cells.append(" / ".join(sorted({", ".join(str(r["tasks"][t]["n"]) if t in r["tasks"] else "–" for t in TASKS) for r in reports})))
    cells += [spread([r["accuracy"] for r in reports], ".1f", 100) + " %", spread([r["macro_f1"] for r in reports], ".3f")]
    for task in TASKS:
        of = [r["tasks"][task] for r in reports if task in r["tasks"]]
        cells.append(f"{spread([t['accuracy'] for t in of], '.1f', 100)} % / {spread([t['macro_f1'] for t in of], '.3f')}" if of else "–")
    tasks = [task for r in reports for task in r["tasks"].values() if "formed" in task]
    if tasks:
        n = sum(task["n"] for task in tasks)
        cells.append(f"{100 * sum(task['formed'] * task['n'] for task in tasks) / n:.1f} %")
        cells.append(f"{sum(task['unsupported'] for task in tasks)} of {sum(task['codes'] for task in tasks)}")
    else:
        cells += ["–", "–"]
    return f"| {' | '.join(cells)} |"


def gain(reports: dict[str, list[dict]], low: str, high: str) -> str:
    """How much `high` is over `low`, over the seeds that both have."""
    of = {name: {r["seed"]: r for r in reports[name]} for name in (low, high)}
    seeds = sorted(of[low].keys() & of[high].keys())
    pairs = [(of[low][seed], of[high][seed]) for seed in seeds]
    if not pairs:
        return f"- ({high}) over ({low}): –"
    if not same_terms(r for pair in pairs for r in pair):
        return f"- ({high}) over ({low}): – (steps, batches, data or items differ: not on equal terms)"
    told = []
    for key, word in (("macro_f1", "mean macro-F1"), ("accuracy", "mean accuracy")):
        before, after = (float(np.mean([pair[i][key] for pair in pairs])) for i in (0, 1))
        told.append(f"{word} {100 * (after / before - 1):+.1f} %" if before else f"{word} –")
    return f"- ({high}) over ({low}), relative: {', '.join(told)} ({'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))})"


def variants_of(line: str) -> list[str]:
    """[e] of a table's row "| (e) …" and of "… in the loss of (e), …", [e, b] of a gain "- (e) over (b) …"."""
    return list(re.search(r"\((\S+)\) over \((\S+)\)" if line.startswith("- ") else r"\((\S+)\)", line).groups())


def gain_of_rows(low: str, high: str) -> str | None:
    """As `gain`, by the figures of two rows that are not of one round; None where one was not measured or steps, batches or items differ."""
    before, after = ([cell.strip() for cell in line.strip("| ").split(" | ")] for line in (low, high))
    if "–" in (before[4], after[4]) or before[2:4] != after[2:4]:
        return None
    told = [
        f"{word} {100 * (float(after[i].split()[0]) / float(before[i].split()[0]) - 1):+.1f} %" for i, word in ((5, "mean macro-F1"), (4, "mean accuracy"))
    ]
    return f"- ({variants_of(high)[0]}) over ({variants_of(low)[0]}), relative: {', '.join(told)} (by the rows above, of two rounds)"


def table_text(reports: dict[str, list[dict]], earlier: str = "") -> str:
    """`earlier`: the table as it was; of variants without a report its rows stay."""
    lines = [line for line in earlier.splitlines() if line.startswith(("| (", "- (", "The token that decides"))]
    kept = {(line[0], *variants_of(line)): line for line in lines if not any(reports.get(name) for name in variants_of(line))}
    rows = {name: row(name, reports[name]) if reports[name] else kept.get(("|", name), row(name, [])) for name in VARIANTS}
    gains = []
    for low, high in GAINS:
        of_rows = None if reports[low] and reports[high] else gain_of_rows(rows[low], rows[high])
        gains.append(kept.get(("-", high, low)) or of_rows or gain(reports, low, high))
    deciding = sorted({(name, r["decision_weight"]) for name in TRAINED if not VARIANTS[name].answer_only for r in reports[name]})
    weights = [f"The token that decides weighed {weight} in the loss of ({name}), prose 1." for name, weight in deciding]
    weights = [line for (kind, *_), line in kept.items() if kind == "T"] + weights
    lines = [
        "# Ablations",
        "",
        "Written by `python training/ablate.py table [--to FILE]` from the reports of `ablate.py test`; do not edit. – is what was not measured.",
        "",
        "Test split, in PyTorch with float32 weights, decoded as the engine does; the model decides alone in (a) to (f) and (o).",
        "(b) to (e) and (o) begin at the base model, are aligned for one epoch, and see the same samples in the same order, as many",
        "steps at the same rates, through 24 image tokens. (f) has the weights of (e); each image token is its mean over training",
        "pictures of the task. EmoPrompt has two halves:",
        "the prompt names what was measured (cues, valence, arousal, what the words lean to), and the model writes four steps; (b+) has the",
        "first alone. The words on a picture stand in every prompt. ± is the standard deviation over seeds.",
        "In (bw), (ew) and (ow) what was measured has its say beside the model where its text decides, as in the engine on faces (`decision.py`); weights",
        f"are fitted for each on {FITTED} items a task of the valid split; what it says by itself is (w): the affect head's reading of the face, on memes",
        "the leaning of the words. What stands before the decision is composed there, and what would follow is not written.",
        "",
        f"Means are over the tasks ({', '.join(TASKS)}), of which n is given in this order; each task's cell is accuracy / macro-F1.",
        "Four steps: the share of texts whose steps are all there and each came to an end within its limit.",
        "Unsupported cues: action-unit codes that were named but not measured.",
        *weights,
        "",
        f"| variant | seeds | steps × batch = samples | n | mean accuracy | mean macro-F1 | {' | '.join(TASKS)} | four steps | unsupported cues |",
        "|---" * (len(TASKS) + 8) + "|",
        *rows.values(),
        "",
        f"Goal: (e) over (b) by {100 * GOAL:.1f} % or more, relative, in mean macro-F1.",
        "",
        *gains,
    ]
    return "\n".join(lines) + "\n"


def table(args: argparse.Namespace) -> None:
    found = [json.loads(path.read_text()) for path in sorted((WORK / "ablate").glob("*.json"))]
    reports = {name: [r for r in found if r["variant"] == name] for name in VARIANTS}
    target = HERE / args.to
    target.write_text(table_text(reports, target.read_text() if target.exists() else ""))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["train", "test", "table"])
    parser.add_argument("--variant", choices=VARIANTS, default="e")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--decision-weight", type=float, default=train_language.DECISION_WEIGHT, help="train: of the deciding token in the loss, prose 1")
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--memes", type=int, default=100, help="a task")
    parser.add_argument("--to", default="ABLATIONS.md", help="table: a file beside this script")
    parser.add_argument("--workers", type=int, default=min(2, train_language.WORKERS), help="processes that make batches; equal for all variants")
    args = parser.parse_args()
    if args.stage == "train" and args.variant not in TRAINED:
        parser.error(f"({args.variant}) is not trained")
    {"train": train, "test": test, "table": table}[args.stage](args)


if __name__ == "__main__":
    main()
