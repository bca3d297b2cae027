"""What words lean to: learned from labelled captions, read without having seen them, named by words that explain."""

import numpy as np
import pytest

import text_classifier
from emobench import options_of

MEAN, KIND = "you stupid fool", "what a wonderful garden"


def rows() -> list[dict[str, str]]:
    """Captions where "stupid" is offensive and "wonderful" is not; all have the labels of both collections."""
    filler = ["today again", "we went there", "look at that", "the end of it", "nobody knows"]
    out = []
    for i in range(60):
        bad = i % 3 == 0
        out.append(
            {
                "id": str(i), "split": "train", "text": f"{MEAN if bad else KIND} {filler[i % 5]} the the", "emotion": "anger" if bad else "love",
                "intent": "offensive" if bad else "expressive", "offensiveness": "very" if bad else "non", "offensive": "",
                "sarcasm": "not_sarcastic" if bad else "general", "humour": "not_funny" if bad else "funny",
            }
        )  # fmt: skip
    others = {"happiness": "entertaining", "sorrow": "interactive", "fear": "entertaining", "hate": "offensive", "surprise": "interactive"}
    for emotion, intent in others.items():
        out += [out[1] | {"id": f"{emotion}{i}", "text": f"{emotion} word", "emotion": emotion, "intent": intent} for i in range(3)]
    return out


@pytest.fixture(scope="module")
def reader() -> text_classifier.TextClassifier:
    return text_classifier.fit(rows())


@pytest.mark.parametrize(
    ("task", "mean", "kind"), [("hate", "yes", "no"), ("intent", "offensive", "expressive"), ("sarcasm", "no", "yes"), ("humor", "no", "yes")]
)
def test_words_lean_as_their_labels_did(reader, task, mean, kind):
    options = options_of(task)
    assert reader.read("So STUPID!", task, options).shares[0][0] == mean
    found = reader.read("a wonderful day", task, options)
    assert found.shares[0][0] == kind
    assert sum(share for _, share in found.shares) == pytest.approx(1)
    assert sorted(option for option, _ in found.shares) == sorted(options)


def test_named_are_words_that_pull_and_are_rare(reader, monkeypatch):
    monkeypatch.setattr(text_classifier, "NAMED_IDF", 1.9)
    terms = reader.read("the stupid end of it", "hate", ["yes", "no"]).terms
    assert "stupid" in terms
    assert "the" not in terms and all(" " not in term for term in terms) and len(terms) <= text_classifier.MAX_TERMS


def test_nothing_is_said_of_unknown_words_or_options(reader):
    assert reader.read("zzz qqq", "hate", ["yes", "no"]) is None
    assert reader.read("stupid", "hate", ["no", "yes"]) is None
    assert reader.read("stupid", "faces", ["yes", "no"]) is None


def test_eight_bits_keep_what_was_fitted(reader):
    """The stored weights give the shares of the regression itself."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [row["text"] for row in rows()]
    vectorizer = TfidfVectorizer(analyzer=text_classifier.terms_of, min_df=3, sublinear_tf=True)
    x = vectorizer.fit_transform(texts)
    model = LogisticRegression(class_weight="balanced", C=1.0, max_iter=500).fit(x, [row["emotion"] for row in rows()])
    for text in ("stupid stupid garden", "wonderful happiness"):
        wanted = dict(zip(model.classes_, model.predict_proba(vectorizer.transform([text]))[0], strict=True))
        got = dict(reader.read(text, "emotion", options_of("emotion")).shares)
        assert all(np.isclose(wanted[name], got[name], atol=5e-3) for name in wanted)


def test_words_are_letters_and_digits_with_apostrophes_between():
    assert text_classifier.words_of("Don’t _STOP_ 2day, café! rock 'n' roll") == ["don't", "stop", "2day", "café", "rock", "n", "roll"]
