"""Trains the classifier: linear support vectors over TF-IDF for the words, a softmax over sentence vectors for the
meaning, and what it takes to know how far to trust them.

scikit-learn (100 MB, 0.8 s to import) is needed here alone, and runs in a process of its own: the server never
imports this module.

How sure one may be is learnt from texts that the experts have not seen. Where the examples come with strangers (texts of
authors who had not seen the others), those teach it, one part after the other; else rows that are held back in turn,
and, to know a stray question, whole labels that are left out.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as replace_in
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from nlu.classifier import Classifier, Model
from nlu.encoder import Encoder
from nlu.experts import Labels, Rows, Seen, arrays, fit, targets
from nlu.features import read
from nlu.judgement import OUTSIDE, Blend, Evidence, Figures, Groups, Judgement, Logistic, Opinion, Scheme, Tried

FOLDS = 3
RARE, MANY = 3, 20_000  # texts that a feature must occur in: what is rarer is mostly noise, and half of the memory
KEPT = 0.95  # share of in-scope texts that the line lets through at least
TOLD = 50  # examples labelled `OUTSIDE` from which on they alone teach the rejection
# What is served has learnt from half as many strangers again as what was tried on the others, and is right more often:
# by about so much, in log-odds, on the sentences of a further author.
GAIN = 0.4
DIFFERS = 0.02  # share of texts decided by words alone of which the meaning would say something else
HEAVIER = 2.0  # what a stranger's text counts beside an example: it is nearer to what residents say
TRIED = 2000  # texts that the lines are drawn by
FEW = 2  # features of a label at least, to be learnt

# Where labels that were left out stand for strays, shares among the others say little of them: the signs that do.
_UNTOLD = np.array([0.0, 0, 0, 1, 1, 1, 1, 1])


class TrainingError(Exception):
    """The examples cannot be learnt from."""


def train(
    examples: Sequence[tuple[str, str]],
    scheme: Scheme = Scheme(),  # noqa: B008 - frozen
    strangers: Sequence[tuple[str, str]] = (),
    encoder: Encoder | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Classifier:
    """Learns from `(label, text)`; same rows, same model. `tell` hears what is being done. Raises `TrainingError`."""
    rows = [*examples, *strangers]
    if len({label for label, _ in rows if scheme.asks(label)} - {OUTSIDE}) < FEW:
        raise TrainingError("at least two intents with examples are needed")
    tell(f"reading {len(rows)} examples")
    readings = [read(text) for _, text in rows]
    vectorizer = TfidfVectorizer(
        analyzer=lambda reading: reading.features, binary=True, min_df=_rare(len(rows)), dtype=np.float32
    )
    try:
        words = vectorizer.fit_transform(readings)
    except ValueError as error:  # it says so of nothing else
        raise TrainingError("no two examples have a word or a character in common") from error
    points = np.zeros((len(rows), 0), dtype=np.float32)
    if encoder is not None:
        tell(f"encoding {len(rows)} examples")
        points = encoder.encode([reading.text for reading in readings])
    strange = np.arange(len(rows)) >= len(examples)
    weights = np.where(strange, HEAVIER, 1.0).astype(np.float32)
    seen = Seen(np.array([label for label, _ in rows]), words, points, readings, weights)
    tell("learning how sure to be")
    held = list(_held_back(seen, strange, scheme))
    words_only = _judge(held, scheme, meaning=False)
    both = _judge(held, scheme, meaning=True) if encoder is not None else None
    tell(f"learning {len(set(seen.labels))} labels")
    final = fit(seen, scheme)
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    model = Model(final.groups, terms, words_only, both, encoder.name if encoder else "", _sure(held, words_only, both))
    return Classifier(model, arrays(final, vectorizer.idf_), encoder)


def _rare(rows: int) -> int:
    """Where there are few texts, what is rare is all there is."""
    return RARE if rows >= MANY else RARE - 1


# -- how sure to be


@dataclass(frozen=True, slots=True)
class _Held:
    """What experts say of rows they have not seen. `strays` says that all of these belong to no label of theirs; only
    those that count as `questions` teach how far labels can be trusted."""

    groups: Groups
    truth: Labels
    words: Figures
    known: Figures
    sizes: Figures
    meaning: Figures
    nearest: Figures
    questions: Rows
    strays: bool = False


def _held_back(seen: Seen, strange: Rows, scheme: Scheme) -> Iterator[_Held]:
    for part in _parts(seen.labels, strange) if strange.any() else ():
        yield _unseen(seen[~part], seen[part], scheme)
    told = int(np.isin(seen.labels, sorted(scheme.nothing)).sum()) >= TOLD
    for number, (trained, tested) in enumerate(_folds(seen.labels, FOLDS)):
        # Beside strangers, who are harder to understand than most, one part of all stands for everyday sentences.
        asked = not strange.any() or number == 0
        held = _unseen(seen[trained], seen[tested], scheme, asked=asked)
        yield held if asked else replace(held, questions=np.zeros(len(held.truth), dtype=bool))
    if not told and not strange.any():
        for left_out in _some_labels(seen.labels, scheme):
            yield replace(_unseen(seen[~left_out], seen[left_out], scheme), strays=True)


def _unseen(trained: Seen, tested: Seen, scheme: Scheme, *, asked: bool = True) -> _Held:
    experts = fit(trained, scheme, asked=asked)
    words = np.asarray(tested.words @ experts.weights.T + experts.bias, dtype=np.float32)
    meaning = (tested.points @ experts.meaning + experts.constants).astype(np.float32)
    has = experts.examples.shape[1] > 0 and len(experts.examples) > 0
    nearest = (tested.points @ experts.examples.T).max(axis=1) if has else np.zeros(len(words), np.float32)
    lengths = np.array([max(1, len(set(reading.features))) for reading in tested.readings])
    # What the trained rows do not have is unknown to them, though the vocabulary is that of all.
    had = np.asarray((trained.words > 0).sum(axis=0)).ravel() > 0
    known = np.asarray((tested.words > 0) @ had.astype(np.float32)).ravel() / lengths
    sizes = np.array([len(reading.essence) for reading in tested.readings], dtype=np.float32)
    questions = np.array([scheme.asks(str(label)) for label in tested.labels])
    return _Held(experts.groups, tested.labels, words, known.astype(np.float32), sizes, meaning, nearest, questions)


def _judge(held: Sequence[_Held], scheme: Scheme, *, meaning: bool) -> Judgement:
    labels = _blend([each for each in held if not each.strays], 0, scheme, meaning)
    red = _blend(held, 2, scheme, meaning)
    moves = _blend(held, 3, scheme, meaning)
    never = Logistic([], 0.0)
    unfinished = Judgement(labels, Blend(), red, moves, never, never, 0.0)
    topics = _blend_topics(held, unfinished, scheme, meaning)
    found = [_table(each, unfinished, scheme, meaning) for each in held if each.questions.any()]
    if not found:
        raise TrainingError("at least two examples of a label are needed: one to learn from, one to try it on")
    signs, right, inside = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # Labels left out stand for strays, but nobody knows how many there will be: they teach what is inside alone.
    real = np.concatenate(
        [np.full(int(each.questions.sum()), not each.strays) for each in held if each.questions.any()]
    )
    telling = np.ones(signs.shape[1]) if real.all() else _UNTOLD[: signs.shape[1]]
    trusted, within = _logistic(signs[real], right[real]), _logistic(signs * telling, inside)
    if any(each.groups.topics for each in held):
        trusted = Logistic(trusted.weights, trusted.bias + GAIN)
    judgement = Judgement(labels, topics, red, moves, trusted, within, _line(within(signs), inside))
    judgement = replace_in(judgement, topic_right=_topic_right(held, judgement, scheme, meaning))
    tried = [row for each in held if each.questions.any() for row in _try(each, judgement, scheme, meaning)]
    return replace_in(judgement, tried=tried[:: len(tried) // TRIED + 1])


def _try(each: _Held, judgement: Judgement, scheme: Scheme, meaning: bool) -> Iterator[Tried]:
    """How likely the likeliest answer to each question is, and whether it is right."""
    opinion = _opinion(each, judgement, meaning)
    probabilities = opinion.probabilities(judgement.right(opinion.signs))
    answers = [number for number, label in enumerate(each.groups.labels) if label not in scheme.nothing]
    best = probabilities[:, answers].argmax(axis=1)
    for row in np.flatnonzero(each.questions).tolist():
        label = each.groups.labels[answers[best[row]]]
        inside = str(each.truth[row]) not in scheme.nothing and not each.strays
        truth = str(each.truth[row])
        right = inside and (label == truth or (label, truth) in scheme.same)
        yield Tried(round(float(probabilities[row, answers[best[row]]]), 4), right, inside)


def _opinion(each: _Held, judgement: Judgement, meaning: bool) -> Opinion:
    beside = (each.meaning, each.nearest) if meaning else (None, None)
    return Opinion(each.groups, judgement, Evidence(each.words, each.known, each.sizes, *beside))


def _table(each: _Held, judgement: Judgement, scheme: Scheme, meaning: bool) -> tuple[NDArray[np.float64], Rows, Rows]:
    """Signs, whether the best label is right, whether there is an answer at all; of the rows that are questions."""
    opinion = _opinion(each, judgement, meaning)
    best = np.array(each.groups.labels)[opinion.shares.argmax(axis=1)]
    inside = ~np.isin(each.truth, sorted(scheme.nothing)) & (not each.strays)
    same = [(str(a), str(b)) in scheme.same for a, b in zip(best, each.truth, strict=True)]
    right = ((best == each.truth) | same) & inside
    return opinion.signs[each.questions], right[each.questions], inside[each.questions]


def _blend(held: Sequence[_Held], number: int, scheme: Scheme, meaning: bool) -> Blend:
    """The weights that make the held-back rows likeliest."""
    parts: list[tuple[Figures, Figures, Figures | None, NDArray[np.int64], Figures]] = []
    for each in held:
        names, truth, rows = targets(each.groups, each.truth, scheme)[number]
        column = {name: at for at, name in enumerate(names)}
        rows = rows & np.isin(truth, names) & (each.questions if number == 0 else True)
        if not names or not rows.any():
            continue
        part = each.groups.parts[number]
        behind = len(each.groups.topics) if number > 1 else 0
        topics = (
            each.words[rows][:, each.groups.parts[1]][:, each.groups.topic_of]
            if number == 0 and each.groups.topics
            else None
        )
        parts.append(
            (each.words[rows][:, part], each.meaning[rows][:, part.start - behind : part.stop - behind], topics,
             np.array([column[str(label)] for label in truth[rows]]),
             np.log(np.array(each.groups.sizes, dtype=np.float32)) if number == 0 else np.zeros(len(names), np.float32))
        )  # fmt: skip

    def loss(weights: NDArray[np.float64]) -> float:
        total, count = 0.0, 0
        for words, meant, topics, right, often in parts:
            odds = (
                weights[0] * words
                + (weights[1] * meant if meaning else 0)
                + (weights[2] * topics if topics is not None else 0)
            )
            odds = odds + weights[3] * often
            odds = odds - odds.max(axis=1, keepdims=True)
            total += float((np.log(np.exp(odds).sum(axis=1)) - odds[np.arange(len(right)), right]).sum())
            count += len(right)
        return total / max(1, count) + 1e-4 * float(np.square(weights).sum())

    if not parts:
        return Blend()
    bounds = [
        (0.1, 40),
        (0, 4) if meaning else (0, 0),
        (0, 20) if parts[0][2] is not None else (0, 0),
        (-3, 3) if number == 0 else (0, 0),
    ]
    found = minimize(
        loss, np.array([5.0, 0.5 if meaning else 0, 1.0 if parts[0][2] is not None else 0, 0.0]), bounds=bounds
    )
    return Blend(*(round(float(each), 4) for each in found.x))


def _blend_topics(held: Sequence[_Held], judgement: Judgement, scheme: Scheme, meaning: bool) -> Blend:
    """The weights, of the topics' own margins and of what their labels say, that make the held-back rows likeliest."""
    parts = []
    for each in held:
        if each.groups.topics and each.questions.any() and not each.strays:
            said = _opinion(each, judgement, meaning).topic_shares()[each.questions]
            own = each.words[each.questions][:, each.groups.parts[1]]
            topics = [each.groups.topics.index(scheme.topics[str(label)]) for label in each.truth[each.questions]]
            parts.append((own, said, np.array(topics)))
    if not parts:
        return Blend()
    own, said, truth = (np.concatenate(each) for each in zip(*parts, strict=True))

    def loss(weights: NDArray[np.float64]) -> float:
        odds = weights[0] * own + weights[1] * said
        odds = odds - odds.max(axis=1, keepdims=True)
        return float((np.log(np.exp(odds).sum(axis=1)) - odds[np.arange(len(truth)), truth]).mean())

    found = minimize(loss, np.array([2.0, 1.0]), bounds=[(0, 20), (0, 4)])
    return Blend(round(float(found.x[0]), 4), round(float(found.x[1]), 4))


def _topic_right(held: Sequence[_Held], judgement: Judgement, scheme: Scheme, meaning: bool) -> Logistic:
    """How often the likeliest topic is the right one, by its log-odds: shares that fit best are too sure of what is
    plain and not sure enough of what is not."""
    signs, right = [], []
    for each in held:
        if each.groups.topics and each.questions.any() and not each.strays:
            best, odds = _opinion(each, judgement, meaning).likeliest_topics()
            truth = np.array([scheme.topics.get(str(label), "") for label in each.truth])
            signs.append(odds[each.questions])
            right.append((np.array(each.groups.topics)[best] == truth)[each.questions])
    if not signs:
        return judgement.topic_right
    learnt = _logistic(np.concatenate(signs), np.concatenate(right))
    return Logistic(learnt.weights, learnt.bias + GAIN)


def _logistic(signs: NDArray[np.float64], truth: Rows) -> Logistic:
    if truth.all() or not truth.any():
        return Logistic([0.0] * signs.shape[1], 30.0 if truth.any() else -30.0)
    middle, spread = signs.mean(axis=0), signs.std(axis=0)
    spread[spread < 1e-6] = 1.0
    learnt = LogisticRegression(C=1.0, max_iter=500).fit((signs - middle) / spread, truth)
    weights = learnt.coef_[0] / spread
    return Logistic([float(each) for each in weights], float(learnt.intercept_[0] - weights @ middle))


def _line(values: NDArray[np.float64], inside: Rows) -> float:
    """Where most texts are rightly kept or rightly rejected, keeping at least `KEPT`."""
    if inside.all() or not inside.any():
        return 0.0
    candidates = np.quantile(values[inside], np.linspace(0.0, 1 - KEPT, 26))
    gains = [float((values[inside] >= line).mean() + (values[~inside] < line).mean()) for line in candidates]
    return float(candidates[int(np.argmax(gains))])


def _sure(held: Sequence[_Held], words: Judgement, both: Judgement | None) -> float:
    """The confidence of words alone from which on the meaning hardly ever says anything else."""
    if both is None:
        return 0.0
    if not any(each.groups.topics for each in held):
        return 1.0  # not a service: quality comes before speed
    found: list[tuple[float, bool]] = []
    for each in held:
        if each.questions.any():
            alone, together = _opinion(each, words, False), _opinion(each, both, True)
            same = alone.shares.argmax(axis=1) == together.shares.argmax(axis=1)
            sure = words.right(alone.signs)
            found += [(float(sure[row]), bool(same[row])) for row in np.flatnonzero(each.questions)]
    found.sort(reverse=True)
    differs = np.cumsum([not same for _, same in found]) / np.arange(1, len(found) + 1)
    within = np.flatnonzero(differs <= DIFFERS)
    return found[int(within[-1])][0] if len(within) else 1.0


def _folds(labels: Labels, count: int) -> Iterator[tuple[Rows, Rows]]:
    """(train, test) masks; each label is spread over the folds, and a label with one row is always trained on."""
    seen: Counter[str] = Counter()
    order = np.random.RandomState(0).permutation(len(labels))
    fold = np.zeros(len(labels), dtype=int)
    for row in order:
        fold[row] = seen[labels[row]] % count
        seen[labels[row]] += 1
    single = np.array([seen[label] == 1 for label in labels])
    for number in range(count):
        test = (fold == number) & ~single
        if test.any() and len(set(labels[~test])) > 1:
            yield ~test, test


def _parts(labels: Labels, among: Rows) -> Iterator[Rows]:
    """Masks of parts of the rows that are among, of every label alike. (Holding a whole author back teaches too much
    doubt: what is served has learnt from them all.)"""
    part = np.zeros(len(labels), dtype=bool)
    rows = np.flatnonzero(among)
    for _, tested in _folds(labels[rows], FOLDS):
        part[rows] = tested
        yield part.copy()


def _some_labels(labels: Labels, scheme: Scheme) -> Iterator[Rows]:
    """Masks of rows, whole labels each."""
    groups = np.random.RandomState(0).permutation(
        sorted({str(each) for each in labels if scheme.asks(str(each))} - scheme.nothing)
    )
    for number in range(FOLDS):
        left_out = np.isin(labels, groups[number::FOLDS])
        if left_out.any() and len(set(labels[~left_out]) - scheme.nothing) > 1:
            yield left_out
