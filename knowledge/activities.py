"""Activities by what they are about: by pairs of characters that few others have (冬季果树的讲座, 量血压的那个)."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from itertools import chain, pairwise

from knowledge.catalogue import Activity
from nlu.text import fold

RELATED, MEANT = 1.0, 2.0  # pairs of its own that a text shares with what is about the same, and with what it names
# What any of them may be called.
_ANY = {
    "活动", "动周", "周末", "社区", "街道", "学院", "学校", "学习", "讲座", "讲坛", "参加", "报名", "免费", "现场", "居民", "市民",
}  # fmt: skip
_BETWEEN = re.compile("[、，。；,;. ]")
_PARTS = re.compile("[:：]")  # of a name: a series, and what it is about this time
_A_NAME = 4  # characters of a part that is a name by itself


class Subjects:
    """What some activities are about."""

    def __init__(self, activities: Collection[Activity]) -> None:
        self._pairs = {each.id: _pairs(each.name + each.summary) for each in activities}
        self._names = {each.id: _pairs(each.name) for each in activities}
        self._called = _by_name(activities)
        self._done = {each.id: _done(each.summary) for each in activities}
        self._common = Counter(chain.from_iterable(self._pairs.values()))
        self._having: defaultdict[str, list[str]] = defaultdict(list)  # activities, by pair
        for id, own in self._pairs.items():
            for pair in own:
                self._having[pair].append(id)

    def named(self, folded: str, least: float) -> list[str]:
        """Those that a text speaks of, with at least so much in common."""
        likeness = dict.fromkeys(self._pairs, 0.0)
        for pair in _pairs(folded) & self._having.keys():
            for id in self._having[pair]:
                likeness[id] += 1 / self._common[pair]
        for id, done in self._done.items():
            if done is not None and done.search(folded):
                likeness[id] += MEANT
        best = max(likeness.values(), default=0.0)
        return [id for id, found in likeness.items() if found >= max(least, best / 2)]

    def spans(self, folded: str) -> dict[tuple[int, int], str]:
        """Those whose name stands in a text, or that of the series that they alone are of, by where it stands."""
        found = ((folded.find(name), name, id) for name, id in self._called.items())
        return {(at, at + len(name)): id for at, name, id in found if at >= 0}

    def hinted(self, folded: str) -> str:
        """The one whose name has a pair in a text that no other activity has in anything; empty where there are more."""
        alone = ((pair, self._having[pair][0]) for pair in _pairs(folded) if self._common[pair] == 1)
        found = {id for pair, id in alone if pair in self._names[id]}
        return found.pop() if len(found) == 1 else ""

    def called(self, id: str, folded: str) -> bool:
        """Whether a text calls it by its name, or half of that."""
        shared = _pairs(folded) & self._names[id]
        return sum(1 / self._common[pair] for pair in shared) >= min(MEANT, len(self._names[id]))


def _by_name(activities: Collection[Activity]) -> dict[str, str]:
    """The activities by their names, by each part of one that no other has, and by the last two words of the English one."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in activities:
        name, english = fold(each.name), fold(each.en.name) if each.en else ""
        for part in (name, *_PARTS.split(name), english, " ".join(english.split()[-2:])):
            found[part].add(each.id)
    return {name: min(ids) for name, ids in found.items() if len(ids) == 1 and len(name) >= _A_NAME}


def _done(summary: str) -> re.Pattern[str] | None:
    """What is done there, each by itself, with a character between: 磨菜刀 of 理发、磨刀、修家电."""
    parts = [part for part in _BETWEEN.split(summary) if 2 <= len(part) <= 3]
    return re.compile("|".join(".?".join(map(re.escape, part)) for part in parts)) if len(parts) > 1 else None


def _pairs(text: str) -> set[str]:
    found = {left + right for left, right in pairwise(text) if "一" <= left <= "鿿" and "一" <= right <= "鿿"}
    return found - _ANY
