"""Goldens: what a pack's graphs must answer to fixed inputs, on every host and backend.

    python parity.py public/models/tiny       # runs the goldens of a pack against onnxruntime

parity.json, format 1:
- `graphs[]`: {graph, inputs[], outputs[], tolerance}. An input is {name, dims, sine: {amplitude, step, offset}}:
  value[i] = offset + amplitude · sin(step · i) over the flat array, as float32; or {name, dims, values: […]};
  or {name, dims, from: "<graph>/<output>", repeat}: that golden's output, `repeat` times along its first dim,
  then flattened into dims and padded with zeros.
  An output is {name, dims, first (16 values), mean, absMean, max (of absolute values), argmax (of the flat array)}.
  It agrees where every difference of `first`, `mean` and `absMean` is at most tolerance · max(1e-3, max).
- `embedding`: {ids, width, first: rows' first 16 values}: the table read out of the 4-bit blocks; exact to 1e-6.
- `tokenizer[]`: {text, ids}; no special tokens added. Exact.
- `prompts[]`: {task, options, faces, faceCount, words, wording, body}: exact strings.
- `traits[]`: {centreX, width, light, contrast, traits}: what is said of how a face is shown. Exact.
- `wording[]`: {text, task, options, shares, terms}: what the text classifier reads; shares to 1e-6, null where it says nothing.
- `generation`: image embeddings are the output of the golden of `projection`. `before` + image + `after` are the
  prompt's ids; `greedy` the ids that follow, `chosen` the logit of each, `margins` its distance to the runner-up.
  Logits agree within tolerance · max(1, max |logit|); ids must agree up to the first step whose margin is below that.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

import int8
from convert import open_session
from quantize import dequantize

TOLERANCE = {"fp32": 1e-3, "fp16": 2e-3, "q4": 3e-3}
"""Same file on another kernel, over the largest value."""
PROBE_TOLERANCE = 1e-2
"""For the check at load: wide enough for a GPU that computes in float16, narrow enough to see a wrong kernel."""
INT8_TOLERANCE = 0.1
NEW_TOKENS = 12


def sine(name: str, dims: list[int], amplitude: float = 1.0, step: float = 0.1, offset: float = 0.0) -> dict:
    return {"name": name, "dims": dims, "sine": {"amplitude": amplitude, "step": step, "offset": offset}}


def make_input(entry: dict, outputs: dict[str, np.ndarray]) -> np.ndarray:
    """The array that an input's entry describes; `outputs` holds earlier goldens by "<graph>/<output>"."""
    count = int(np.prod(entry["dims"]))
    if "sine" in entry:
        s = entry["sine"]
        flat = s["offset"] + s["amplitude"] * np.sin(s["step"] * np.arange(count, dtype=np.float64))
    elif "from" in entry:
        source = outputs[entry["from"]]
        flat = np.concatenate([source] * entry["repeat"]).reshape(-1)
        flat = np.pad(flat, (0, count - len(flat)))
    else:
        flat = np.array(entry["values"])
    return flat.astype(np.float32).reshape(entry["dims"])


def describe(name: str, value: np.ndarray) -> dict:
    flat = value.astype(np.float64).reshape(-1)
    return {
        "name": name,
        "dims": list(value.shape),
        "first": [round(float(v), 7) for v in flat[:16]],
        "mean": round(float(flat.mean()), 7),
        "absMean": round(float(np.abs(flat).mean()), 7),
        "max": round(float(np.abs(flat).max()), 7),
        "argmax": int(flat.argmax()),
    }


def difference(expected: dict, got: dict) -> float:
    """Largest difference of two descriptions, over the golden's largest value."""
    worst = max(abs(a - b) for a, b in zip(expected["first"], got["first"], strict=True))
    worst = max(worst, abs(expected["mean"] - got["mean"]), abs(expected["absMean"] - got["absMean"]))
    return worst / max(1e-3, expected["max"])


def graph_inputs(manifest: dict) -> dict[str, list[dict]]:
    """The goldens' inputs: two faces present where the projection takes more, the rest padding."""
    graphs = manifest["graphs"]

    def dims(graph: str, **free: int) -> list[int]:
        return [free.get(dim, dim) for dim in graphs[graph]["inputs"][0]["dims"]]

    projection = {entry["name"]: entry["dims"] for entry in graphs["projection"]["inputs"]}
    faces = manifest["projection"]["maxFaces"]
    present = min(2, faces)
    boxes = [[0.3 + 0.25 * i, 0.4, 0.2, 0.3] if i < present else [0.0] * 4 for i in range(faces)]
    return {
        "face-detector-short": [sine("pixel_values", dims("face-detector-short"))],
        "face-detector-full": [sine("pixel_values", dims("face-detector-full"))],
        "face-landmarks": [sine("pixel_values", dims("face-landmarks"), 0.5, 0.1, 0.5)],
        "face-encoder": [sine("pixel_values", dims("face-encoder", N=2))],
        "scene-encoder": [sine("pixel_values", dims("scene-encoder"))],
        "text-detector": [sine("pixel_values", dims("text-detector", H=64, W=96), 0.5, 0.7)],
        "text-recognizer": [sine("pixel_values", dims("text-recognizer", W=160), 1.0, 0.7)],
        "projection": [
            {"name": "scene_tokens", "dims": projection["scene_tokens"], "from": "scene-encoder/patch_tokens", "repeat": 1},
            {"name": "face_tokens", "dims": projection["face_tokens"], "from": "face-encoder/face_tokens", "repeat": 1},
            {"name": "face_boxes", "dims": projection["face_boxes"], "values": [value for box in boxes for value in box]},
            {"name": "face_mask", "dims": projection["face_mask"], "values": [1.0] * present + [0.0] * (faces - present)},
        ],
    }


def run_graphs(folder: Path, manifest: dict, inputs: dict[str, list[dict]]) -> dict[str, np.ndarray]:
    """Every golden's outputs by "<graph>/<output>"."""
    outputs: dict[str, np.ndarray] = {}
    for name, entries in inputs.items():
        session = open_session(str(folder / manifest["graphs"][name]["file"]))
        names = [entry["name"] for entry in manifest["graphs"][name]["outputs"]]
        feeds = {entry["name"]: make_input(entry, outputs) for entry in entries}
        outputs |= {f"{name}/{key}": value for key, value in zip(names, session.run(names, feeds), strict=True)}
    return outputs


class Decoder:
    """A pack's language model on onnxruntime: embeddings looked up in lm_head's blocks, a cache that grows."""

    def __init__(self, folder: Path, manifest: dict, graph: Path | None = None):
        """`graph`: a file in place of the manifest's."""
        self.entry = entry = manifest["languageModel"]
        self.session: onnxruntime.InferenceSession = open_session(str(graph or folder / manifest["graphs"]["language-model"]["file"]), threads=2)
        table = entry["embedding"]
        blocks = entry["hidden"] // table["blockSize"]
        weights, scales = table["weights"], table["scales"]
        packed = np.fromfile(folder / table["file"], np.uint8, weights["bytes"], offset=weights["offset"])
        half = np.fromfile(folder / scales["file"], np.uint8, scales["bytes"], offset=scales["offset"]).view(scales["type"])
        self.packed = packed.reshape(entry["vocab"], blocks, table["blockSize"] // 2)
        self.scales = half.reshape(entry["vocab"], blocks)
        self.reset()

    def reset(self) -> None:
        empty = np.zeros((1, self.entry["kvHeads"], 0, self.entry["headDim"]), np.float32)
        self.past = {f"{i}.{kind}": empty for i in range(self.entry["layers"]) for kind in ("key", "value")}

    def embed(self, ids: list[int]) -> np.ndarray:
        """[T] → [T, hidden]"""
        return dequantize(self.packed[ids], self.scales[ids])

    def step(self, embeddings: np.ndarray) -> np.ndarray:
        """[T, hidden] after what came before → logits of the last position [vocab]"""
        total = self.past["0.key"].shape[2] + len(embeddings)
        feeds = {"inputs_embeds": embeddings[None].astype(np.float32), "attention_mask": np.ones((1, total), np.int64)}
        feeds["num_logits_to_keep"] = np.array([1])
        feeds |= {f"past_key_values.{key}": value for key, value in self.past.items()}
        names = ["logits", *(f"present.{key}" for key in self.past)]
        logits, *present = self.session.run(names, feeds)
        self.past = dict(zip(self.past, present, strict=True))
        return logits[0, -1]

    def greedy(self, embeddings: np.ndarray, count: int) -> tuple[list[int], list[float], list[float], float]:
        """(ids, logit of each, its margin over the runner-up, largest absolute logit); stop ids do not stop it."""
        ids, chosen, margins, largest = [], [], [], 0.0
        logits = self.step(embeddings)
        for _ in range(count):
            second, first = np.argsort(logits)[-2:]
            ids.append(int(first))
            chosen.append(float(logits[first]))
            margins.append(float(logits[first] - logits[second]))
            largest = max(largest, float(np.abs(logits).max()))
            logits = self.step(self.embed([int(first)]))
        return ids, chosen, margins, largest


TEXTS = [
    "<|im_start|>user\nHello 2023, 12345 3.14\n\n  indented\n<|im_end|>\n",
    " happiness",
    "Face 1: AU06 .8, AU12 .9; valence +.7, arousal +.3.",
    "don't  stop\n\nnew",
    "x  5 café naïve 🙂",
    'Words: "I\'M NOT ANGRY 100%"',
    "",
]


def prompt_cases() -> list[dict]:
    from emoprompt import Face, Item, Wording, prompt_body, traits_of

    smile, frown = Face({"AU06": 0.84, "AU12": 0.95, "AU25": 0.5, "AU04": 0.499}, 0.71, 0.3), Face({}, -0.34, 0.04)
    edge = Face({"AU43": 0.951, "AU01": 0.96}, -1.0, 1.0, traits_of(0.36, 0.25, 75, 29.9))
    items = [
        Item("emotion", "", [smile]),
        Item("emotion", "", [smile, frown, edge], words='SHE SAID "NO"  AND\nLEFT<|im_end|>', options=["happiness", "sorrow"]),
        Item("emotion-open", "", [frown, smile, edge, frown], face_count=12),
        Item("intent", "", [], words=""),
        Item("hate", "", [edge], words=" ".join(f"word{i}" for i in range(40))),
        Item("humor", "", []),
        Item("sarcasm", "", [], words="Oh great", wording=Wording([("yes", 0.5649), ("no", 0.4351)], ["great"])),
        Item("intent", "", [], words="OK", wording=Wording([("offensive", 1.0), ("expressive", 0.004), ("interactive", 0), ("entertaining", 0)], [])),
        Item("hate", "", [], words="", wording=Wording([("yes", 0.9), ("no", 0.1)], ["never said"])),
    ]
    return [
        {
            "task": item.task,
            "options": item.options,
            "faces": [{"units": face.units, "valence": face.valence, "arousal": face.arousal, "traits": list(face.traits)} for face in item.faces],
            "faceCount": item.face_count if item.face_count is not None else len(item.faces),
            "words": item.words,
            "wording": item.wording and {"shares": [{"option": o, "share": s} for o, s in item.wording.shares], "terms": item.wording.terms},
            "body": prompt_body(item),
        }
        for item in items
    ]


def trait_cases() -> list[dict]:
    """How faces are shown, at and beside each edge; the twin is src/engine/traits.ts."""
    from emoprompt import traits_of

    shown = [(0.5, 0.4, 120, 60), (0.36, 0.6, 180, 30), (0.359, 0.25, 74.9, 29.9), (0.641, 0.3, 180.1, 29.9), (0.64, 0.251, 75, 29), (0.5, 0.3, 60, 10)]
    names = ("centreX", "width", "light", "contrast")
    return [dict(zip(names, case, strict=True)) | {"traits": list(traits_of(*case))} for case in shown]


def wording_cases(classifier: dict) -> list[dict]:
    """Every head on texts with known and unknown words, twice the same, an apostrophe, capitals; and a task without a head."""
    from text_classifier import TextClassifier

    reader = TextClassifier(classifier)
    words = [term for term in classifier["terms"] if " " not in term]
    middle = len(words) // 2
    texts = ["Keep calm, don’t be STUPID the the the", " ".join(words[middle : middle + 6] + words[middle : middle + 2]).upper(), "Ünknöwn wörds 漢字", ""]
    asked = [(head["task"], head["options"]) for head in classifier["heads"]] + [("hate", ["maybe", "never"])]
    return [
        {"text": text, "task": task, "options": options}
        | ({"shares": dict(found.shares), "terms": found.terms} if (found := reader.read(text, task, options)) else {"shares": None, "terms": []})
        for task, options in asked
        for text in texts
    ]


def feature_cases() -> list[dict]:
    """What may be said of words; the twin is src/engine/word-features.ts."""
    from emoprompt import word_features

    texts = [
        "WHEN you see it, DAMN!", "Is this the best day? But I can't stop", "feminists and Muslims walk into a bar", "keep calm", "",
        "I'm not okay, you're not okay, and that is how my whole year went so far until the very end of it", "Passport office, assessment of hello",
        "the tall tree stands beside the river bank in may", "THANKFUL for my women",
        "line one\nline two  that moment", "Émigré café naïve", "he never said no!!",
    ]  # fmt: skip
    return [{"text": text, "features": word_features(text)} for text in texts]


PROBE_TOKENS = 40


def make_probe(folder: Path, manifest: dict, tokenizer_file: Path) -> dict:
    """languageModel.probe: the start of a prompt, what follows greedily, and how far a logit may be off."""
    from tokenizers import Tokenizer

    text = manifest["prompt"]["template"].replace("{image}", "").replace("{body}", prompt_cases()[0]["body"])
    ids = Tokenizer.from_file(str(tokenizer_file)).encode(text, add_special_tokens=False).ids[:PROBE_TOKENS]
    decoder = Decoder(folder, manifest)
    following, logits, _, largest = decoder.greedy(decoder.embed(ids), 2)
    return {
        "ids": ids,
        "next": [{"id": id, "logit": round(logit, 5)} for id, logit in zip(following, logits, strict=True)],
        "tolerance": round(PROBE_TOLERANCE * max(1.0, largest), 5),
    }


def int8_tolerance(folder: Path, manifest: dict) -> float:
    """How far the 8-bit graph may be off the probe's logits: three times as far as it is here, a tenth of the largest at least.

    Rounding moves logits by about one where the text is as odd as the probe's (hardly where it is like training's), and which way hangs on
    the last bit; a wrong kernel's are off by many.
    """
    entry = manifest["languageModel"]
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        shutil.copyfile(folder / entry["int8"]["file"], made / entry["int8"]["file"])
        (made / f"{int8.STEM}-weights.bin").write_bytes(int8.weights(folder))
        decoder = Decoder(folder, manifest, made / entry["int8"]["file"])
        ids, following = entry["probe"]["ids"], entry["probe"]["next"]
        decoder.step(decoder.embed(ids[:1]))  # by itself, as the engine does
        logits, off = decoder.step(decoder.embed(ids[1:])), []
        for token in following:
            off.append(abs(float(logits[token["id"]]) - token["logit"]))
            logits = decoder.step(decoder.embed([token["id"]]))
    return round(max(3 * max(off), INT8_TOLERANCE / PROBE_TOLERANCE * entry["probe"]["tolerance"]), 5)


def make_goldens(folder: Path, manifest: dict, tokenizer_file: Path) -> dict:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))

    def ids_of(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    inputs = graph_inputs(manifest)
    outputs = run_graphs(folder, manifest, inputs)
    graphs = [
        {
            "graph": name,
            "inputs": entries,
            "outputs": [describe(key.split("/")[1], value) for key, value in outputs.items() if key.startswith(f"{name}/")],
            "tolerance": TOLERANCE[manifest["graphs"][name]["dtype"]],
        }
        for name, entries in inputs.items()
    ]
    prompts = prompt_cases()
    before, after = (ids_of(part) for part in manifest["prompt"]["template"].replace("{body}", prompts[0]["body"]).split("{image}"))
    after += ids_of(manifest["prompt"]["heads"][0])
    decoder = Decoder(folder, manifest)
    image = outputs["projection/image_embeddings"][0]
    prompt = np.concatenate([decoder.embed(before), image, decoder.embed(after)])
    greedy, chosen, margins, largest = decoder.greedy(prompt, NEW_TOKENS)
    sample = [0, 1, 2, 198, 8906, manifest["languageModel"]["vocab"] - 1]
    return {
        "format": 1,
        "runtime": f"onnxruntime {onnxruntime.__version__} CPU",
        "graphs": graphs,
        "embedding": {"ids": sample, "width": manifest["languageModel"]["hidden"], "first": [[float(v) for v in row[:16]] for row in decoder.embed(sample)]},
        "tokenizer": [{"text": text, "ids": ids_of(text)} for text in TEXTS],
        "prompts": prompts,
        "traits": trait_cases(),
        "features": feature_cases(),
        "wording": wording_cases(json.loads((folder / manifest["text"]["classifier"]).read_text())),
        "generation": {
            "before": before,
            "after": after,
            "greedy": greedy,
            "chosen": [round(value, 5) for value in chosen],
            "margins": [round(value, 5) for value in margins],
            "max": round(largest, 5),
            "tolerance": TOLERANCE["q4"],
            "text": tokenizer.decode(greedy, skip_special_tokens=False),
        },
    }


def check(folder: Path) -> list[str]:
    """Runs a pack's goldens here; one line for each that does not hold."""
    manifest = json.loads((folder / "manifest.json").read_text())
    goldens = json.loads((folder / manifest["parity"]).read_text())
    faults = []
    inputs = {entry["graph"]: entry["inputs"] for entry in goldens["graphs"]}
    outputs = run_graphs(folder, manifest, inputs)
    for entry in goldens["graphs"]:
        for expected in entry["outputs"]:
            error = difference(expected, describe(expected["name"], outputs[f"{entry['graph']}/{expected['name']}"]))
            if error > entry["tolerance"]:
                faults.append(f"{entry['graph']}/{expected['name']}: off by {error:.1e}, allowed {entry['tolerance']:.0e}")
    decoder = Decoder(folder, manifest)
    rows = decoder.embed(goldens["embedding"]["ids"])[:, :16]
    if np.abs(rows - np.array(goldens["embedding"]["first"])).max() > 1e-6:
        faults.append("embedding rows differ")
    generation = goldens["generation"]
    image = outputs["projection/image_embeddings"][0]
    prompt = np.concatenate([decoder.embed(generation["before"]), image, decoder.embed(generation["after"])])
    ids, chosen, _, _ = decoder.greedy(prompt, len(generation["greedy"]))
    allowed = generation["tolerance"] * max(1.0, generation["max"])
    for index, margin in enumerate(generation["margins"]):
        if ids[index] != generation["greedy"][index]:
            if margin >= allowed:
                faults.append(f"generation: id {index} is {ids[index]}, expected {generation['greedy'][index]} by a margin of {margin}")
            break
        if abs(chosen[index] - generation["chosen"][index]) > allowed:
            faults.append(f"generation: logit {index} is {chosen[index]:.3f}, expected {generation['chosen'][index]:.3f}")
    return faults


def main() -> None:
    faults = check(Path(sys.argv[1]))
    print("\n".join(faults) if faults else "all goldens hold")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
