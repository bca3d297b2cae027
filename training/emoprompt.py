"""EmoPrompt: the prompt's body, and answers composed for training from what is known of an item.

`prompt_body` is the twin of src/engine/emoprompt.ts; parity.json holds cases that both must meet.
`compose` writes the four steps from measured evidence and the label alone: a cue that was not
measured is never named. The paper (arXiv 2406.16442) had GPT-4V write these; we have a grammar.
"""

import math
import random
import re
from dataclasses import dataclass, field

from ferplus import LABELS

PICTURE_EMOTIONS = ["happiness", "love", "anger", "sorrow", "fear", "hate", "surprise"]
INTENTS = ["entertaining", "expressive", "offensive", "interactive"]
YES_NO = ["yes", "no"]
TASKS = {
    "emotion": {"line": "Task: emotion. Options: {options}.", "options": LABELS, "readsWords": False},
    "emotion-open": {"line": "Task: emotion, in your own words.", "options": [], "readsWords": False},
    "intent": {"line": "Task: intent. Options: {options}.", "options": INTENTS, "readsWords": True},
    "hate": {"line": "Task: hate. Options: {options}.", "options": YES_NO, "readsWords": True},
    "sarcasm": {"line": "Task: sarcasm. Options: {options}.", "options": YES_NO, "readsWords": True},
    "humor": {"line": "Task: humor. Options: {options}.", "options": YES_NO, "readsWords": True},
}
TEMPLATE = "<|im_start|>user\n{image}\n{body}<|im_end|>\n<|im_start|>assistant\n"
HEADS = ["Observe:", "Cues:", "Reason:", "Answer:"]
CUE_THRESHOLD = 0.5
MAX_CUES = 6
"""Cues that a prompt names in all; several faces share them."""
MAX_WORDS = 30
MAX_FACES = 4


@dataclass
class Face:
    """Evidence of one face: action units by code, valence and arousal from the affect head."""

    units: dict[str, float]
    valence: float
    arousal: float


@dataclass
class Wording:
    """What the words lean to by themselves (text_classifier.py): options with their shares, likeliest first, and the terms that lean so most."""

    shares: list[tuple[str, float]]
    terms: list[str]


@dataclass
class Item:
    """All that is known of one picture. `words` is None where nobody looked for words."""

    task: str
    answer: str
    faces: list[Face] = field(default_factory=list)
    face_count: int | None = None
    words: str | None = None
    options: list[str] | None = None
    votes: list[float] | None = None
    """FER+ vote shares in LABELS order, if the item has them."""
    wording: Wording | None = None
    traits: list[str] = field(default_factory=list)
    """Measured picture-level features: "dark", "bright", "blurred", "tilted", "close", "small"."""


def unsigned(value: float) -> str:
    text = f"{value:.1f}"
    return "1" if text == "1.0" else text.removeprefix("0")


def signed(value: float) -> str:
    text = f"{abs(value):.1f}"
    if text == "0.0":
        return "0"
    return ("-" if value < 0 else "+") + ("1" if text == "1.0" else text.removeprefix("0"))


def shown_units(item: Item, face: Face) -> list[str]:
    """Units that the prompt names for a face: sure enough, the surest first, fewer where faces share the room."""
    room = math.ceil(MAX_CUES / max(1, min(len(item.faces), MAX_FACES)))
    sure = [code for code, p in face.units.items() if p >= CUE_THRESHOLD]
    return sorted(sure, key=lambda code: (-face.units[code], code))[:room]


def options_of(item: Item) -> list[str]:
    """The options that it is decided among; empty for an open task."""
    return item.options if item.options is not None else TASKS[item.task]["options"]


def prompt_body(item: Item) -> str:
    lines = [TASKS[item.task]["line"].replace("{options}", ", ".join(options_of(item)))]
    count = item.face_count if item.face_count is not None else len(item.faces)
    if count > MAX_FACES:
        lines.append(f"Faces: {count} in all.")
    for number, face in enumerate(item.faces[:MAX_FACES], 1):
        named = [f"{CUES[code][0]} ({code}) {unsigned(face.units[code])}" for code in shown_units(item, face)]
        cues = ", ".join(named) if named else "no clear cue"
        lines.append(f"Face {number}: {cues}; valence {signed(face.valence)}, arousal {signed(face.arousal)}.")
    if count == 0:
        lines.append("No face.")
    if item.words is not None:
        words = item.words.replace('"', "'").replace("<|", "< |").split()[:MAX_WORDS]  # no chat marker from outside
        lines.append(f'Words: "{" ".join(words)}"' if words else "Words: none.")
        if words and item.wording:
            lines.append(wording_line(item.wording))
    return "\n".join(lines)


def wording_line(wording: Wording) -> str:
    """Of two options the likelier alone, of more the likelier two."""
    shown = wording.shares[: 1 if len(wording.shares) == 2 else 2]
    leans = ", ".join(f"{option} {share:.2f}".replace(" 0.", " .") for option, share in shown)
    terms = ", ".join(f'"{term}"' for term in wording.terms)
    return f"Wording: {leans}{f' ({terms})' if terms else ''}."


def prompt_text(item: Item) -> str:
    """The whole prompt with `{image}` still standing where the image embeddings go."""
    return TEMPLATE.replace("{body}", prompt_body(item))


# ---------------------------------------------------------------- the grammar

# The first wording is the manifest's own (action_units.RULES), with which the prompt names the cue.
CUES: dict[str, list[str]] = {
    "AU01": ["inner brows raised", "the inner ends of the brows drawn up", "brows lifted in the middle"],
    "AU02": ["outer brows raised", "the outer brows lifted", "brows arched at the sides"],
    "AU04": ["brows lowered and drawn together", "brows pulled down", "a knit brow"],
    "AU05": ["eyes open wide", "upper lids raised", "wide eyes"],
    "AU06": ["cheeks raised", "cheeks pushed up under the eyes", "lifted cheeks"],
    "AU07": ["lower lids tightened", "tense lower lids", "lids drawn tight"],
    "AU09": ["nose wrinkled", "a wrinkled nose", "the nose drawn up"],
    "AU10": ["upper lip raised", "the upper lip drawn up", "a lifted upper lip"],
    "AU12": ["lip corners pulled up", "the corners of the mouth turned up", "mouth corners drawn up and back"],
    "AU15": ["lip corners down", "mouth corners pulled down", "a downturned mouth"],
    "AU17": ["chin raised", "the chin pushed up", "a pushed-up chin"],
    "AU20": ["lips stretched sideways", "a mouth pulled wide", "lips drawn tight to the sides"],
    "AU23": ["lips pressed thin", "tight lips", "lips narrowed"],
    "AU25": ["lips parted", "the mouth open a little", "parted lips"],
    "AU26": ["jaw dropped", "the jaw hanging open", "a lowered jaw"],
    "AU43": ["eyes closed", "lids shut or nearly so", "eyes narrowed to a slit"],
}
# Which units go with which emotion: EMFACS as tabulated in Ekman, Friesen & Hager, FACS Investigator's Guide (2002).
TYPICAL: dict[str, set[str]] = {
    "neutral": set(),
    "happiness": {"AU06", "AU12", "AU25"},
    "surprise": {"AU01", "AU02", "AU05", "AU25", "AU26"},
    "sadness": {"AU01", "AU04", "AU15", "AU17", "AU43"},
    "anger": {"AU04", "AU05", "AU07", "AU10", "AU23"},
    "disgust": {"AU04", "AU09", "AU10", "AU15", "AU17"},
    "fear": {"AU01", "AU02", "AU04", "AU05", "AU07", "AU20", "AU25", "AU26"},
    "contempt": {"AU12", "AU23"},
}
# As many for each label, each beginning with another word: where the text decides, no label's weight is split finer.
MEANING: dict[str, list[str]] = {
    "neutral": ["rest", "calm", "composure"],
    "happiness": ["pleasure", "good spirits", "joy"],
    "surprise": ["amazement", "being caught off guard", "something unexpected"],
    "sadness": ["grief", "low spirits", "dejection"],
    "anger": ["temper", "hostility", "irritation"],
    "disgust": ["distaste", "aversion", "revulsion"],
    "fear": ["alarm", "dread", "anxiety"],
    "contempt": ["scorn", "disdain", "mockery"],
}
OPEN_WORDS: dict[str, list[str]] = {
    "neutral": ["calm", "no strong feeling", "a quiet, even mood"],
    "happiness": ["joy", "open delight", "warm happiness", "cheerfulness"],
    "surprise": ["astonishment", "sudden surprise", "amazement"],
    "sadness": ["sorrow", "quiet sadness", "dejection"],
    "anger": ["anger", "open irritation", "rage held in"],
    "disgust": ["disgust", "strong distaste", "revulsion"],
    "fear": ["fear", "alarm", "anxious tension"],
    "contempt": ["contempt", "cool scorn", "disdain"],
}
NUMBER = {1: "One", 2: "Two", 3: "Three", 4: "Four"}


def sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def join(parts: list[str], rng: random.Random) -> str:
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + rng.choice([" and ", ", "]) + parts[-1]


def pick(rng: random.Random, *options: str) -> str:
    return rng.choice(options)


def wording(unit: str, rng: random.Random) -> str:
    """A unit in words: half the time in the prompt's own, which a small model copies without a slip."""
    return CUES[unit][0] if rng.random() < 0.5 else rng.choice(CUES[unit])


def mood(face: Face, rng: random.Random) -> str:
    """Valence and arousal in words: numbers of the affect head, so they are always measured."""
    v = "pleasant" if face.valence >= 0.25 else "unpleasant" if face.valence <= -0.2 else "even"
    a = "stirred" if face.arousal >= 0.35 else "low in energy" if face.arousal <= -0.1 else "calm"
    return pick(rng, f"the tone is {v} and {a}", f"it feels {v} and {a}", f"taken whole it looks {v} and {a}")


def observe_faces(item: Item, rng: random.Random) -> str:
    count = item.face_count if item.face_count is not None else len(item.faces)
    traits = list(item.traits)
    rng.shuffle(traits)
    if count == 0:
        return pick(rng, "No face in the picture", "A scene without a face", "Nobody's face is to be seen")
    if count == 1:
        head = pick(rng, "One face", "A single face", "One person's face")
    else:
        head = f"{NUMBER.get(count, str(count))} " + pick(rng, "faces", "people, faces to be seen")
    tail = traits[:2]
    return head + "".join(f", {t}" for t in tail)


def cues_of_faces(item: Item, rng: random.Random) -> str:
    parts = []
    shown = item.faces[:2]
    for number, face in enumerate(shown, 1):
        units = shown_units(item, face)[: rng.choice([2, 2, 3, 3])]
        if not units:
            text = pick(rng, "no clear cue", "nothing that stands out", "no action unit is sure")
        else:
            text = join([f"{wording(u, rng)} ({u})" for u in units], rng)
        parts.append(text if len(shown) == 1 else f"face {number}: {text}")
    return "; ".join(parts) if parts else pick(rng, "none on a face", "no face to read")


def reason_emotion(item: Item, label: str, rng: random.Random) -> str:
    if not item.faces:
        return pick(rng, "with no face to read, only the scene speaks, and softly", "the scene alone has to carry the mood")
    face = item.faces[0]
    units = shown_units(item, face)
    support = [u for u in units if u in TYPICAL[label]][:2]
    against = [u for u in units if u not in TYPICAL[label]][:1]
    votes = item.votes
    split = votes is not None and sorted(votes)[-1] < 0.7
    second = None
    if votes is not None:
        order = sorted(range(8), key=lambda i: -votes[i])
        if votes[order[1]] >= 0.2:
            second = LABELS[order[1]] if LABELS[order[0]] == label else LABELS[order[0]]

    def name(unit: str) -> str:
        return re.sub(r"^(the|a) ", "", wording(unit, rng))

    # Up to the meaning, every label's text is the same: a model that writes its likeliest word would else take the label
    # with the fewest ways to begin. (Cues are singular or plural, so what is said of one takes a modal verb.)
    if len(units) >= 2:
        a, b = name(units[0]), name(units[1])
        seen = pick(rng, f"{a} and {b} stand out", f"{a} and {b} count most", f"most of it lies in {a} and {b}")
    elif units:
        a = name(units[0])
        seen = pick(rng, f"one sees {a}", f"most of it lies in {a}", f"the sign to go by would be {a}")
    else:
        seen = pick(rng, "no cue settles it", "the cues are weak", "the units alone say little", "nothing measured is decisive")
    whole = pick(rng, ", and the face as a whole", "; the whole face", ", and all in all it")
    clauses = [seen + whole + pick(rng, " speaks for ", " comes nearest to ", " suggests ") + rng.choice(MEANING[label])]
    if support and rng.random() < 0.7:
        fits = name(rng.choice(support))
        clauses.append(pick(rng, f"{fits} would fit that", f"{fits} would go with it", f"that may well come with {fits}"))
    elif not support and label == "neutral" and rng.random() < 0.7:
        still = ["brows and mouth stay in place", "it holds still", "the features are level", "little moves in it"]
        if against:
            x = name(against[0])
            still += [f"apart from {x} nothing moves", f"{x} may be the face's own shape", f"{x} alone would be too little for a feeling"]
        clauses.append(rng.choice(still))
    if against and label != "neutral" and rng.random() < 0.4:
        x = name(against[0])
        clauses.append(pick(rng, f"{x} would not, but must weigh less", f"{x} may pull elsewhere, but less strongly", f"against that one could set {x}"))
    if rng.random() < 0.45:
        clauses.append(mood(face, rng))
    if split and second is not None and second != label:
        clauses.append(pick(rng, f"some of it could be {second}", f"{second} is near", f"it is mixed with {second}"))
    text = clauses[0]
    for clause in clauses[1:]:
        text += pick(rng, "; ", ". ", ", and ") + clause
    return re.sub(r"\. ([a-z])", lambda m: ". " + m.group(1).upper(), text)


PROFANE = re.compile(r"\b(fuck\w*|shit\w*|bitch\w*|ass|asshole|damn|hell|dick|wtf|crap|piss\w*|whore|slut)\b", re.IGNORECASE)
GROUP = re.compile(
    r"\b(women|woman|men|girls|black|white|asian|mexican\w*|muslim\w*|jew\w*|gay\w*|immigrants?|feminis\w*|christian\w*|liberals?|republicans?|democrats?)\b",
    re.IGNORECASE,
)


def word_features(words: str, rng: random.Random) -> list[str]:
    """What can be seen in a caption without understanding it: verb phrases that are true of the text."""
    found = []
    low = words.lower()
    if re.search(r"\b(when|that moment)\b", low):
        found.append(pick(rng, "sets up a situation", "describes a moment"))
    if "?" in words:
        found.append(pick(rng, "asks a question", "puts a question"))
    if "!" in words:
        found.append(pick(rng, "exclaims", "raises its voice"))
    if re.search(r"\b(i|me|my|i'm|im)\b", low):
        found.append(pick(rng, "speaks in the first person", "speaks of its writer"))
    if re.search(r"\b(you|your|you're)\b", low):
        found.append(pick(rng, "addresses the reader", "talks to somebody"))
    if PROFANE.search(words):
        found.append(pick(rng, "swears", "uses coarse language"))
    if GROUP.search(words):
        found.append("names a group of people")
    if re.search(r"\b(but|not|no|never|don't|can't|isn't)\b", low):
        found.append(pick(rng, "denies something", "takes a turn"))
    if re.search(r"\b(love|best|great|good|happy|nice|thank\w*|lovely|awesome)\b", low):
        found.append(pick(rng, "uses words of praise", "sounds warm on the surface"))
    if len(words.split()) <= 6:
        found.append("is short")
    elif len(words.split()) >= 18:
        found.append(pick(rng, "tells a little story", "is long"))
    rng.shuffle(found)
    return found or [pick(rng, "is plain", "keeps to plain words")]


# As MEANING for faces: three for each answer of a task, no two of a task beginning alike.
TASK_MEANING: dict[str, dict[str, list[str]]] = {
    "intent": {
        "entertaining": ["amusement", "playfulness", "fun for its own sake"],
        "expressive": ["personal feeling", "self-expression", "how somebody feels"],
        "offensive": ["insult", "mockery of somebody", "putting somebody down"],
        "interactive": ["conversation", "calling on the reader", "asking for a reply"],
    },
    "hate": {
        "yes": ["hostility", "degrading somebody", "an attack on people"],
        "no": ["teasing without hatred", "nothing that degrades anyone", "harmless talk"],
    },
    "sarcasm": {
        "yes": ["irony", "saying one thing and meaning another", "praise not to be believed"],
        "no": ["plain speech", "words that mean what they say", "straightforward talk"],
    },
    "humor": {
        "yes": ["absurdity", "comic contrast", "turning a plain thing into a joke"],
        "no": ["earnest comment", "stating a point without wit", "sober talk"],
    },
    "emotion": {
        "happiness": ["pleasure", "good spirits", "joy"],
        "love": ["tenderness", "fondness", "affection"],
        "anger": ["temper", "annoyance", "irritation"],
        "sorrow": ["sadness", "grief", "dejection"],
        "fear": ["unease", "dread", "alarm"],
        "hate": ["dislike", "hostility", "bitterness"],
        "surprise": ["amazement", "disbelief", "something unexpected"],
    },
}


def reason_picture(item: Item, features: list[str], rng: random.Random) -> str:
    """Why a captioned picture gets its answer; up to the meaning the text is the same for every answer."""
    if item.words:
        seen = pick(rng, "words and picture together", "taken with the picture, the words", "caption and picture as a whole", "what it says and shows")
    else:
        seen = pick(rng, "the picture by itself", "with no words to read, the picture", "what is shown")
    text = seen + pick(rng, " could speak for ", " might come nearest to ", " would suggest ") + rng.choice(TASK_MEANING[item.task][item.answer])
    more = rng.random()  # one thing more at most: what is written must end before its limit
    if item.words and item.wording and item.wording.terms and more < 0.5:
        terms = quoted(item.wording.terms, rng)
        if item.wording.shares[0][0] == item.answer:
            text += pick(rng, f", by {terms} most of all", f"; {terms} would lean so", f"; {terms} may weigh most")
        else:
            text += pick(rng, f", though {terms} might lean elsewhere", f"; {terms} would weigh less", f", for all of {terms}")
    elif item.words and more < 0.6:
        text += pick(rng, f', as in "{quote(item.words, rng)}"', f"; it {rng.choice(features)}", f'; "{quote(item.words, rng)}" sets the tone')
    elif item.faces and more < 0.8:
        text += "; " + mood(item.faces[0], rng)
    return text


def quoted(terms: list[str], rng: random.Random) -> str:
    return " and ".join(f'"{term}"' for term in terms[: rng.choice([1, 2])])


def quote(words: str, rng: random.Random) -> str:
    parts = words.replace('"', "'").split()[:MAX_WORDS]
    count = min(len(parts), rng.choice([3, 4, 5]))
    return " ".join(parts[:count]) + ("…" if count < len(parts) else "")


def compose(item: Item, rng: random.Random) -> str:
    """The four lines `Observe: …` to `Answer: …` for one item."""
    if item.task in ("emotion", "emotion-open") and item.options is None:
        label = item.answer
        observe, cues, reason = observe_faces(item, rng), cues_of_faces(item, rng), reason_emotion(item, label, rng)
        answer = label
        if item.task == "emotion-open":
            answer = rng.choice(OPEN_WORDS[label])
            if item.votes is not None:
                order = sorted(range(8), key=lambda i: -item.votes[i])
                first, second = LABELS[order[0]], LABELS[order[1]]
                if item.votes[order[1]] >= 0.25 and first == label:
                    answer += pick(rng, ", with a touch of ", ", mixed with ", ", and some ") + rng.choice(OPEN_WORDS[second]).removeprefix("a ")
    else:
        count = item.face_count if item.face_count is not None else len(item.faces)
        seen = {0: pick(rng, "A picture without a face", "No face", "A picture, nobody's face in it"), 1: pick(rng, "One face", "A picture with one face")}.get(
            count, f"{NUMBER.get(count, str(count))} faces"
        )
        features = word_features(item.words, rng) if item.words else []
        if item.words:
            observe = seen + pick(rng, " and a caption", " under a caption", ", with words") + pick(rng, "", f': "{quote(item.words, rng)}"')
            if item.wording and item.wording.terms and rng.random() < 0.7:
                cues = quoted(item.wording.terms, rng) + pick(rng, " in the words; it ", " in the caption; the text ", "; it ") + rng.choice(features)
            else:
                cues = pick(rng, "the caption ", "the text ", "it ") + " and ".join(features[: rng.choice([1, 2, 2])])
        else:
            observe = seen + pick(rng, ", no words", " and no words on it")
            cues = pick(rng, "only the picture itself", "none in words")
        if item.faces and (units := shown_units(item, item.faces[0])[:2]) and rng.random() < 0.5:
            cues += "; " + join([f"{wording(u, rng)} ({u})" for u in units], rng)
        reason = reason_picture(item, features, rng)
        answer = item.answer
    lines = [sentence(observe), sentence(cues), sentence(reason), answer]
    return "\n".join(f"{head} {line}" for head, line in zip(HEADS, lines, strict=True))
