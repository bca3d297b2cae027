"""EmoPrompt: the prompt's body, and answers composed for training from what is known of an item.

`prompt_body` is the twin of src/engine/emoprompt.ts; parity.json holds cases that both must meet.
`compose` writes the four steps from measured evidence and the label alone: a cue that was not
measured is never named. The paper (arXiv 2406.16442) had GPT-4V write these; we have a grammar.
"""

import math
import re
from dataclasses import dataclass, field

import numpy as np

from action_units import RULES
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
DECIMALS = 2
"""Of a face's figures, in prompts and texts. With two, fewer faces have the same text."""
OWN_WORD = True
"""Whether a Reason's meaning begins with the answer's own word, whatever the strength of the evidence."""
MAX_CUES = 6
"""Cues that a prompt names in all; several faces share them."""
MAX_WORDS = 30
MAX_TRAITS = 2
MAX_FEATURES = 3
"""What a prompt says of the words on a picture: as many as the text may need."""
MAX_FACES = 4


@dataclass
class Face:
    """Evidence of one face: action units by code, valence and arousal from the affect head."""

    units: dict[str, float]
    valence: float
    arousal: float
    traits: tuple[str, ...] = ()
    """Of `traits_of`."""


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
    told: bool = True
    """Whether the prompt names what was measured: faces and their cues, what the words lean to."""
    own_word: bool = OWN_WORD
    """Of its Reason; see OWN_WORD."""


def traits_of(centre_x: float, width: float, light: float, contrast: float) -> tuple[str, ...]:
    """What can be said of how a face is shown: its place and size over the picture's width, mean and deviation of its crop's grey levels."""
    found = []
    if width >= 0.6:
        found.append("close")
    elif width <= 0.25:
        found.append("small in the picture")
    if centre_x < 0.36:
        found.append("to the left")
    elif centre_x > 0.64:
        found.append("to the right")
    if light < 75:
        found.append("dark")
    elif light > 180:
        found.append("in bright light")
    if contrast < 30:
        found.append("in flat light")
    return tuple(found[:MAX_TRAITS])


def unsigned(value: float) -> str:
    text = f"{value:.{DECIMALS}f}"
    return "1" if float(text) == 1 else text.removeprefix("0")


def signed(value: float) -> str:
    text = unsigned(abs(value))
    return "0" if float(text) == 0 else ("-" if value < 0 else "+") + text


def shown_units(item: Item, face: Face) -> list[str]:
    """Units that the prompt names for a face: sure enough, the surest by the figure that is shown first, fewer where faces share the room."""
    room = math.ceil(MAX_CUES / max(1, min(len(item.faces), MAX_FACES)))
    sure = [code for code, p in face.units.items() if p >= CUE_THRESHOLD]
    return sorted(sure, key=lambda code: (-round(face.units[code], DECIMALS), code))[:room]


def options_of(item: Item) -> list[str]:
    """The options that it is decided among; empty for an open task."""
    return item.options if item.options is not None else TASKS[item.task]["options"]


def prompt_body(item: Item) -> str:
    lines = [TASKS[item.task]["line"].replace("{options}", ", ".join(options_of(item)))]
    count, faces = count_of(item), item.faces[:MAX_FACES] if item.told else []
    if item.told and count > MAX_FACES:
        lines.append(f"Faces: {count} in all.")
    for number, face in enumerate(faces, 1):
        named = [f"{CUES[code]} ({code}) {unsigned(face.units[code])}" for code in shown_units(item, face)]
        cues = ", ".join(named) if named else "no clear cue"
        shown = f" ({', '.join(face.traits)})" if number == 1 and face.traits else ""
        lines.append(f"Face {number}{shown}: {cues}; valence {signed(face.valence)}, arousal {signed(face.arousal)}.")
    if item.told and count == 0:
        lines.append("No face.")
    if item.words is not None:
        clean = re.sub(r"<(?=[|A-Za-z])", "< ", item.words.replace('"', "'"))  # no marker of the tokenizer from outside
        words = [word for word in re.split(r"[\s\x00-\x1f\x7f-\x9f\ufeff]+", clean) if word][:MAX_WORDS]
        lines.append(f'Words: "{" ".join(words)}"' if words else "Words: none.")
        if words and item.told:
            lines.append(f"Text: {', '.join(word_features(item.words)[:MAX_FEATURES])}.")
        if words and item.told and item.wording:
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
#
# Nothing in it is drawn by lot: what a text says, and how surely, follows from evidence that the model sees. A model that
# writes its likeliest word writes the commonest of several ways to say a thing anyway, and lots would be noise to it.

CUES = {code: cue for code, (cue, _) in RULES.items()}
"""As the manifest words them, with which the prompt names the cue: a small model copies them without a slip."""
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
# By strength of the evidence: weak, middling, strong. As many for each label, each beginning with another word: where the text
# decides, no label's weight is split finer.
MEANING: dict[str, list[str]] = {
    "neutral": ["rest", "calm", "composure"],
    "happiness": ["good spirits", "pleasure", "joy"],
    "surprise": ["something unexpected", "being caught off guard", "amazement"],
    "sadness": ["low spirits", "dejection", "grief"],
    "anger": ["irritation", "temper", "hostility"],
    "disgust": ["distaste", "aversion", "revulsion"],
    "fear": ["anxiety", "alarm", "dread"],
    "contempt": ["disdain", "mockery", "scorn"],
}
OPEN_WORDS: dict[str, list[str]] = {
    "neutral": ["calm", "a quiet, even mood", "no strong feeling"],
    "happiness": ["cheerfulness", "warm happiness", "open delight"],
    "surprise": ["mild surprise", "sudden surprise", "astonishment"],
    "sadness": ["quiet sadness", "dejection", "sorrow"],
    "anger": ["irritation", "anger", "rage held in"],
    "disgust": ["distaste", "disgust", "revulsion"],
    "fear": ["anxious tension", "alarm", "fear"],
    "contempt": ["disdain", "cool scorn", "contempt"],
}
NUMBER = {1: "One", 2: "Two", 3: "Three", 4: "Four"}
SPEAKS = ("comes nearest to", "suggests", "speaks for")
SPEAK = ("come nearest to", "suggest", "speak for")


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    text = text.strip()
    return capitalised(text) + ("" if text.endswith((".", "!", "?")) else ".")


def strength_of_face(face: Face) -> int:
    """0 weak, 1 middling, 2 strong: how far from the circumplex's middle the affect head sees it."""
    return int(np.digitize(math.hypot(face.valence, face.arousal), [0.35, 0.6]))


def strength_of_words(wording: Wording | None) -> int:
    """0 weak, 1 middling, 2 strong: by how much the words lean to the likeliest option rather than to the next."""
    return 0 if wording is None else int(np.digitize(wording.shares[0][1] - wording.shares[1][1], [0.08, 0.2]))


def mood(face: Face) -> str:
    """Valence and arousal in words and numbers: the affect head's, so they are always measured."""
    v = "pleasant" if face.valence >= 0.25 else "unpleasant" if face.valence <= -0.2 else "even"
    a = "stirred" if face.arousal >= 0.35 else "tired" if face.arousal <= -0.1 else "calm"
    return f"its tone is {v} ({signed(face.valence)}), {a} ({signed(face.arousal)})"


def count_of(item: Item) -> int:
    return item.face_count if item.face_count is not None else len(item.faces)


def of_faces(item: Item) -> bool:
    """Whether it asks what a face feels, and not what a captioned picture does."""
    return item.task in ("emotion", "emotion-open") and item.options is None


def observe_faces(item: Item) -> str:
    count = count_of(item)
    if count == 0:
        return "No face in the picture"
    return ", ".join(["One face", *item.faces[0].traits]) if count == 1 else f"{NUMBER.get(count, str(count))} faces"


def listed(units: list[str]) -> str:
    parts = [f"{CUES[unit]} ({unit})" for unit in units]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def cues_of_faces(item: Item) -> str:
    shown = item.faces[:2]
    parts = []
    for face in shown:
        units = shown_units(item, face)[: 3 if len(shown) == 1 else 2]
        parts.append(listed(units) if units else f"no clear cue, valence {signed(face.valence)}, arousal {signed(face.arousal)}")
    if len(parts) == 1:
        return parts[0]
    return "; ".join(f"face {number}: {text}" for number, text in enumerate(parts, 1)) or "no face to read"


def strength_of(item: Item) -> int:
    """Of the evidence that its meaning is chosen by."""
    if of_faces(item):
        return strength_of_face(item.faces[0]) if item.faces else 0
    return strength_of_words(item.wording if item.words else None)


MEANING_AFTER = [list(phrases) for phrases in zip(SPEAKS, SPEAK, strict=True)]
"""By strength, what stands right before the meaning: where the engine lets a face's reading have its say too."""


def opening(item: Item) -> str:
    """The Reason up to the meaning, which follows after a space. For every answer it is the same: a model that writes its
    likeliest word would else take the answer with the fewest ways to begin.
    """
    strength = strength_of(item)
    if of_faces(item):
        if not item.faces:
            return f"the scene alone {SPEAKS[strength]}"
        units = shown_units(item, item.faces[0])
        if len(units) > 1:
            seen = f"{CUES[units[0]]} and {CUES[units[1]]} count most"
        else:
            seen = f"most of it lies in {CUES[units[0]]}" if units else "no cue settles it"
        return f"{seen}, and the whole face {SPEAKS[strength]}"
    return f"words and picture together {SPEAK[strength]}" if item.words else f"the picture by itself {SPEAKS[strength]}"


def meanings(item: Item) -> dict[str, str]:
    """What follows the opening, by answer."""
    by_answer = MEANING if of_faces(item) else TASK_MEANING[item.task]
    if item.own_word:
        return {answer: own_word(item.task, answer, phrases[strength_of(item)]) for answer, phrases in by_answer.items()}
    return {answer: phrases[strength_of(item)] for answer, phrases in by_answer.items()}


def meanings_by_strength(label: str) -> list[str]:
    """What names an emotion of a face, by the strength of its evidence: as `meanings` has it."""
    return [own_word("emotion", label, phrase) if OWN_WORD else phrase for phrase in MEANING[label]]


def own_word(task: str, answer: str, meaning: str) -> str:
    """A meaning that begins with its answer: a word that the prompt names among the options and, often, as what was measured."""
    if answer in YES_NO:
        return f"{answer}, {meaning}"
    return f"{answer} intent" if task == "intent" else answer


def reason_emotion(item: Item, label: str) -> str:
    text = f"{opening(item)} {meanings(item)[label]}"
    if not item.faces:
        return text
    face = item.faces[0]
    against = next((unit for unit in shown_units(item, face)[:3] if unit not in TYPICAL[label]), None)
    second = second_label(item, label)
    if second:
        return f"{text}; some of it could be {second}"
    if against and label == "neutral":
        return f"{text}; {CUES[against]} may be the face's own shape"
    if against:
        return f"{text}; {CUES[against]} would weigh against it"
    return f"{text}; {mood(face)}"


def second_label(item: Item, label: str) -> str | None:
    """What a quarter of the voters and more saw besides; None where nobody voted or they agreed."""
    if item.votes is None:
        return None
    share, second = max((share, name) for name, share in zip(LABELS, item.votes, strict=True) if name != label)
    return second if share >= 0.25 else None


PROFANE = re.compile(r"\b(fuck\w*|shit\w*|bitch\w*|ass|asshole|damn|hell|dick|wtf|crap|piss\w*|whore|slut)\b", re.IGNORECASE)
GROUP = re.compile(
    r"\b(women|woman|men|girls|black|white|asian|mexican\w*|muslim\w*|jew\w*|gay\w*|immigrants?|feminis\w*|christian\w*|liberals?|republicans?|democrats?)\b",
    re.IGNORECASE,
)


def word_features(words: str) -> list[str]:
    """What can be seen in a caption without understanding it, most telling first: verb phrases that are true of the text."""
    low, count = words.lower(), len(words.split())
    found = [
        (PROFANE.search(words), "swears"),
        (GROUP.search(words), "names a group of people"),
        ("?" in words, "asks a question"),
        (re.search(r"\b(love|best|great|good|happy|nice|thank\w*|lovely|awesome)\b", low), "uses words of praise"),
        (re.search(r"\b(when|that moment)\b", low), "sets up a situation"),
        (re.search(r"\b(you|your|you're)\b", low), "addresses the reader"),
        (re.search(r"\b(i|me|my|i'm|im)\b", low), "speaks in the first person"),
        (re.search(r"\b(but|not|no|never|don't|can't|isn't)\b", low), "takes a turn"),
        ("!" in words, "exclaims"),
        (count <= 6, "is short"),
        (count >= 18, "tells a little story"),
    ]
    return [phrase for there, phrase in found if there] or ["keeps to plain words"]


# As MEANING for faces: three for each answer of a task, no two of a task beginning alike.
TASK_MEANING: dict[str, dict[str, list[str]]] = {
    "intent": {
        "entertaining": ["amusement", "playfulness", "fun for its own sake"],
        "expressive": ["personal feeling", "self-expression", "how somebody feels"],
        "offensive": ["mockery of somebody", "putting somebody down", "insult"],
        "interactive": ["conversation", "calling on the reader", "asking for a reply"],
    },
    "hate": {
        "yes": ["degrading somebody", "hostility", "an attack on people"],
        "no": ["teasing without hatred", "nothing that degrades anyone", "harmless talk"],
    },
    "sarcasm": {
        "yes": ["praise not to be believed", "saying one thing and meaning another", "irony"],
        "no": ["straightforward talk", "words that mean what they say", "plain speech"],
    },
    "humor": {
        "yes": ["turning a plain thing into a joke", "comic contrast", "absurdity"],
        "no": ["stating a point without wit", "earnest comment", "sober talk"],
    },
    "emotion": {
        "happiness": ["good spirits", "pleasure", "joy"],
        "love": ["fondness", "affection", "tenderness"],
        "anger": ["irritation", "annoyance", "temper"],
        "sorrow": ["dejection", "sadness", "grief"],
        "fear": ["unease", "alarm", "dread"],
        "hate": ["dislike", "bitterness", "hostility"],
        "surprise": ["something unexpected", "disbelief", "amazement"],
    },
}


def reason_picture(item: Item, features: list[str]) -> str:
    """Why a captioned picture gets its answer."""
    text = f"{opening(item)} {meanings(item)[item.answer]}"
    if item.words and item.wording and item.wording.terms:
        if item.wording.shares[0][0] == item.answer:
            return f"{text}; {quoted(item.wording.terms)} would lean so"
        return f"{text}, though {quoted(item.wording.terms)} might lean elsewhere"
    if features:
        return f"{text}; the text {features[0]}"
    return f"{text}; {mood(item.faces[0])}" if item.faces else text


def quoted(terms: list[str]) -> str:
    return " and ".join(f'"{term}"' for term in terms)


def quote(words: str) -> str:
    """The first four words."""
    parts = words.replace('"', "'").split()
    return " ".join(parts[:4]) + ("…" if len(parts) > 4 else "")


def compose(item: Item) -> str:
    """The four lines `Observe: …` to `Answer: …` for one item."""
    if of_faces(item):
        label = item.answer
        observe, cues, reason = observe_faces(item), cues_of_faces(item), reason_emotion(item, label)
        answer = label
        if item.task == "emotion-open":
            answer = OPEN_WORDS[label][strength_of(item)]
            if second := second_label(item, label):
                answer += f", with a touch of {second}"
    else:
        count = count_of(item)
        seen = "No face" if count == 0 else "One face" if count == 1 else f"{NUMBER.get(count, str(count))} faces"
        features = word_features(item.words) if item.words else []
        if item.words:
            observe = f'{seen}, and the words "{quote(item.words)}"'
            terms = f"{quoted(item.wording.terms)} in the words; " if item.wording and item.wording.terms else ""
            cues = f"{terms}the text {' and '.join(features[: 1 if terms else 2])}"
        else:
            observe = f"{seen}, no words"
            cues = "only the picture itself"
        if item.faces and (units := shown_units(item, item.faces[0])[:1]):
            cues += f"; {listed(units)}"
        reason = reason_picture(item, features)
        answer = item.answer
    lines = [sentence(observe), sentence(cues), sentence(reason), answer]
    return "\n".join(f"{head} {line}" for head, line in zip(HEADS, lines, strict=True))
