"""How likely what is said to somebody complains of that very person, of somebody or something else, or of nothing: learnt from
sentences (`nlu/data/reproaches`) by `daoxue.learning_reproach`.

A sentence is seen as its pieces (one to three characters, and where a clause begins and ends), as what the classifier's words
say of it, and as the encoder's point. Without that encoder the first two decide, with weights of their own.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import Classifier
from nlu.dialect import standard
from nlu.features import read
from nlu.judgement import Figures, Groups
from nlu.questions import FAQ, OTHER

LEARNT = Path(__file__).with_name("reproach.npz")
LABELS = ("HEARER", "OTHER", "NONE")
LINE, LINE_OF_WORDS = 0.7, 0.75  # the probability from which it is the hearer; by words alone, who knows less
OF_PIECES, OF_COLUMNS = 1.5, 0.2  # what these count for beside the point
_LONGEST = 3  # characters of a piece
_STOPS = re.compile(r"[,，。;；!！?？:：\n]+")
# Who is spoken to, of whom, and the commonest small words: told apart by these more than by any others.
_SAID = {
    "侬": "你", "倷": "你", "您": "你", "阁下": "你", "伊拉": "他们", "伊": "他", "她": "他", "佢": "他", "勿": "不", "闲话": "话", "哪能": "怎么",
    "迭": "这", "今朝": "今天", "咁": "这么", "𠮶": "那", "呢个": "这个", "哋": "们", "係": "是", "系咪": "是不是", "点解": "为什么", "成日": "老是",
    "俾": "给", "吾": "我", "凭啥": "凭什么", "干嘛": "干什么", "干吗": "干什么", "做啥": "干什么", "忒": "太", "压根": "根本",
}  # fmt: skip
_WORDS = re.compile("|".join(map(re.escape, sorted(_SAID, key=len, reverse=True))))


class Scales(NamedTuple):
    """Of each of the `terms` its rarity, and a row for each sign and column for each label: of the pieces, of the classifier's
    `columns`, of the point; behind them what is so before anything is known. `by_words` has no rows for the point."""

    terms: NDArray[np.str_]
    rarity: Figures
    columns: NDArray[np.str_]
    both: NDArray[np.float16]
    by_words: NDArray[np.float16]
    encoder: str


class Reproach:
    """Reads sentences with what the `classifier` knows of words, and by its encoder, where the weights are of that."""

    def __init__(self, classifier: Classifier, weights: Scales) -> None:
        self.weights, self._classifier = weights, classifier
        encoder = classifier.encoder
        self._encoder = encoder if encoder and encoder.name == weights.encoder else None
        self._number = {str(term): at for at, term in enumerate(weights.terms)}
        there = {name: at for at, name in enumerate(columns(classifier.model.groups))}
        self._columns = [there.get(str(name), -1) for name in weights.columns]
        self._remembered = lru_cache(256)(self._of_hearer)

    def of_hearer(self, folded: str) -> bool:
        """Whether it is likely enough to complain of who hears it."""
        return self._remembered(folded)

    def _of_hearer(self, folded: str) -> bool:
        line = LINE if self._encoder else LINE_OF_WORDS
        return float(self.shares(folded)[0]) >= line

    def shares(self, folded: str) -> Figures:
        """The probability of each label."""
        signs = self.signs(folded)
        weights = self.weights.both if self._encoder else self.weights.by_words
        odds = signs @ weights[:-1].astype(np.float32) + weights[-1].astype(np.float32)
        shares = np.exp(odds - odds.max())
        found: Figures = shares / shares.sum()
        return found

    def signs(self, folded: str) -> Figures:
        said = spoken(folded)
        found = sorted(self._number[each] for each in pieces(said) if each in self._number)
        of_pieces = np.zeros(len(self._number), dtype=np.float32)
        of_pieces[found] = self.weights.rarity[found]
        of_pieces *= OF_PIECES / max(float(np.linalg.norm(of_pieces)), 1.0)
        margins = np.append(self._classifier.of_words([read(folded)])[0][0], np.float32(0))
        point = self._encoder.encode([said])[0] if self._encoder else np.zeros(0, np.float32)
        return np.concatenate([of_pieces, OF_COLUMNS * margins[self._columns], point])


def spoken(folded: str) -> str:
    """In standard words."""
    return standard(_WORDS.sub(lambda match: _SAID[match[0]], folded))


def pieces(said: str) -> set[str]:
    clauses = (f"^{each}$" for part in _STOPS.split(said) if (each := part.strip(" \"'“”")))
    whole = "".join(clauses)
    return {whole[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(whole) - size + 1)}


def columns(groups: Groups) -> list[str]:
    """The names of the classifier's columns; none of those that come and go with what centres are asked."""
    names: Iterable[tuple[str, list[str]]] = (
        ("label", groups.labels), ("topic", groups.topics), ("red", groups.red), ("move", groups.moves),
    )  # fmt: skip
    return ["" if name.startswith((FAQ, OTHER)) else f"{part}:{name}" for part, each in names for name in each]


def reading(classifier: Classifier) -> Callable[[str], bool]:
    """`of_hearer` of what is read when somebody first asks: as long as no seat has a talk nobody does."""
    read_once = cache(partial(load, classifier))
    return lambda folded: read_once().of_hearer(folded)


def load(classifier: Classifier) -> Reproach:
    with np.load(LEARNT, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in Scales._fields}
    return Reproach(classifier, Scales(**arrays | {"encoder": str(arrays["encoder"])}))
