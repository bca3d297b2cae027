"""What the training texts have after the same tokens: guesses for the engine's drafts (src/model/draft-table.ts).

    python drafts.py         # work/export/language-model-drafts.json

The texts of emoprompt.compose repeat themselves wherever evidence does not differ, and a model that has learned them writes
them so. An entry says which id follows a context of two to four ids. Kept are contexts that were seen often enough and are
mostly followed by the same id, and of longer ones those that know better than what is left when their first id is dropped.
"""

import json
import random
from collections import Counter, defaultdict

import emoprompt
from common import SEED
from export import EXPORT
from items import face_samples, meme_samples
from train_language import Tokens, sampler

FILE = EXPORT / "language-model-drafts.json"
TEXTS = 6000
LENGTHS = (2, 3, 4)
SEEN = 3
SHARE = 0.5

Table = dict[int, dict[tuple[int, ...], int]]


def count(texts: list[list[int]]) -> Table:
    """By length of context: what follows it mostly."""
    table: Table = {length: {} for length in LENGTHS}
    for length in LENGTHS:
        after: dict[tuple[int, ...], Counter] = defaultdict(Counter)
        for ids in texts:
            for at in range(length, len(ids)):
                after[tuple(ids[at - length : at])][ids[at]] += 1
        for context, followers in after.items():
            best, times = followers.most_common(1)[0]
            shorter = next((table[k].get(context[-k:]) for k in range(length - 1, LENGTHS[0] - 1, -1) if context[-k:] in table[k]), None)
            if times >= SEEN and times >= SHARE * followers.total() and best != shorter:
                table[length][context] = best
    return table


def main() -> None:
    tokens = Tokens()
    stream = sampler(face_samples("train"), meme_samples("train"), random.Random(SEED))
    table = count([tokens.encode(emoprompt.compose(next(stream)[0])) for _ in range(TEXTS)])
    after = {str(length): [id for context, best in sorted(entries.items()) for id in (*context, best)] for length, entries in table.items()}
    FILE.write_text(json.dumps({"format": 1, "after": after}, separators=(",", ":")) + "\n")
    record = json.loads((EXPORT / "export.json").read_text())
    record["languageModel"]["drafts"] = FILE.name
    (EXPORT / "export.json").write_text(json.dumps(record, indent=1) + "\n")
    print({length: len(entries) for length, entries in table.items()}, FILE.stat().st_size)


if __name__ == "__main__":
    main()
