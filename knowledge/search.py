"""Search over short texts: which of them asks what this question asks, and how sure that is.

One set of postings over characters, character pairs and words serves two scores. BM25 ranks; the cosine of TF-IDF
vectors says how sure, for it means the same for every query, which a rank or a fusion of ranks does not. Measured on
LCQMC as a knowledge base: Recall@1 97.2 %, AUROC of answerable against not 0.959 (BM25's own score: 0.939).
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nlu.dialect import standard
from nlu.text import fold, syllables, without_fillers, words

PIECES = re.compile(r"[一-鿿㐀-䶿]+|[a-z]+(?:'[a-z]+)?")
K1, B = 1.2, 0.75  # BM25's usual ones
NEAR = 0.2  # share of the best rank below which nothing is a candidate


def grams(text: str) -> list[str]:
    """Characters, pairs of them and words of Chinese; words and character trigrams of the rest."""
    found: list[str] = []
    for piece in PIECES.findall(standard(without_fillers(fold(text)))):
        if piece[0] > "\u3000":
            found += piece
            found += [piece[i : i + 2] for i in range(len(piece) - 1)]
            found += ["w:" + word for word in words(piece) if len(word) > 1]
        else:
            padded = f" {piece} "
            found.append("w:" + piece)
            found += ["c:" + padded[i : i + 3] for i in range(len(piece))]
    return found


def sounds(text: str) -> list[str]:
    """Syllables and pairs of them: what is left of a text that was misheard or typed by sound."""
    found: list[str] = []
    for piece in PIECES.findall(standard(without_fillers(fold(text)))):
        if piece[0] > "\u3000":
            heard = syllables(piece)
            found += heard
            found += [f"{left} {right}" for left, right in pairwise(heard)]
        else:
            found.append(piece)
    return found


class Hit(Struct, frozen=True, gc=False):
    """An entry that may answer. `score` is the cosine, 0 to 1, of its best variant `text`."""

    id: str
    score: float
    text: str


class Index:
    """An immutable index over `(id, text)` pairs; an id may have many texts."""

    def __init__(self, texts: Sequence[tuple[str, str]], cut: Callable[[str], list[str]] = grams) -> None:
        self._cut = cut
        self._texts = texts
        ids = list(dict.fromkeys(id for id, _ in texts))
        number = {id: position for position, id in enumerate(ids)}
        self._ids = ids
        self._owner = [number[id] for id, _ in texts]
        self._terms: dict[str, int] = {}
        self._build([Counter(cut(text)) for _, text in texts])

    def _build(self, counted: Sequence[Counter[str]]) -> None:
        terms = self._terms
        term = np.array([terms.setdefault(gram, len(terms)) for each in counted for gram in each], dtype=np.int64)
        count = np.array([times for each in counted for times in each.values()], dtype=np.float64)
        document = np.repeat(np.arange(len(counted)), [len(each) for each in counted])
        total = max(1, len(counted))
        frequency = np.bincount(term, minlength=len(terms))
        rarities = np.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
        self._rarity: list[float] = rarities.tolist()
        self._unknown = math.log(1 + (total + 0.5) / 0.5)
        length = np.bincount(document, weights=count, minlength=total)
        mean = max(1.0, float(length.mean()))
        rarity = rarities[term]
        matching = rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length[document] / mean))
        weight = (1 + np.log(count)) * rarity
        norm = np.sqrt(np.bincount(document, weights=weight**2, minlength=total))
        likeness = weight / np.maximum(norm[document], 1e-9)
        order = np.argsort(term, kind="stable")
        cuts = np.cumsum(frequency)[:-1]
        # For each term: its documents, what it adds to BM25 there, and to the cosine when the query has it once.
        self._postings = list(
            zip(
                np.split(document[order], cuts),
                np.split(matching[order], cuts),
                np.split((likeness * rarity)[order], cuts),
                strict=True,
            )
        )

    def search(self, text: str, most: int = 10) -> list[Hit]:
        """The best entries, best first; none where nothing is shared."""
        norm = 0.0
        documents, matching, likeness = [], [], []
        for gram, times in Counter(self._cut(text)).items():
            term = self._terms.get(gram)
            rarity = self._unknown if term is None else self._rarity[term]
            factor = 1.0 if times == 1 else 1 + math.log(times)
            norm += (factor * rarity) ** 2
            if term is not None:
                where, match, like = self._postings[term]
                documents.append(where)
                matching.append(match)
                likeness.append(like if times == 1 else like * factor)
        if not documents:
            return []
        found = np.concatenate(documents)
        size = len(self._texts)
        cosine: NDArray[np.float64] = np.bincount(found, np.concatenate(likeness), size) / math.sqrt(norm)
        rank = np.bincount(found, np.concatenate(matching), size).astype(np.float64, copy=False)
        return self._best(rank, cosine, most)

    def _best(self, rank: NDArray[np.float64], cosine: NDArray[np.float64], most: int) -> list[Hit]:
        # Sorting the few that come near the best is cheaper than finding the first n of all.
        nearest = np.flatnonzero(rank >= NEAR * rank.max())
        hits: dict[int, Hit] = {}
        for document in nearest[rank[nearest].argsort()[::-1]].tolist():
            owner = self._owner[document]
            if owner not in hits:
                hits[owner] = Hit(self._ids[owner], min(1.0, float(cosine[document])), self._texts[document][1])
                if len(hits) == most:
                    break
        return list(hits.values())


def by_variants(entries: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, str]]:
    """`(id, texts)` as the pairs that an `Index` takes."""
    return [(id, text) for id, texts in entries for text in texts]
