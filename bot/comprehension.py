"""What a message means, as far as the text alone tells: candidates with their sureness, entities, topic.

A candidate is an intent (a handler answers) or a knowledge entry (it is the answer). Two witnesses speak for each: the
classifier, which generalises, and the nearest example or question variant, which does not stray. Half and half they
make the sureness that the dialogue's lines are drawn through.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from msgspec import Struct

from knowledge.catalogue import Catalogue
from knowledge.library import INTENT, Library
from nlu import entities
from nlu.classifier import Classifier
from nlu.entities import Entity
from nlu.features import essence
from nlu.gazetteer import Gazetteer, Name
from nlu.text import fold

T = TypeVar("T")
REMEMBERED = 8192  # texts; what residents ask is much the same, and buttons say the same to the letter
# The likeness that an answer needs at least. The classifier knows an entry's topic, not which of its entries is meant.
NEAR_ENTRY, NEAR_INTENT = 0.45, 0.25
DOUBT = 0.65
FAQ = "faq:"  # labels of entries' questions in the training data: one a topic


class Candidate(Struct, frozen=True, gc=False):
    """`intent` names a handler; or `entry` names what answers. `score` is 0 to 1."""

    score: float
    topic: str
    intent: str | None = None
    entry: str | None = None


class Understanding(Struct, frozen=True):
    """`candidates` best first; `inside` is the classifier's probability that the text is any of ours."""

    text: str
    folded: str
    entities: tuple[Entity, ...]
    candidates: tuple[Candidate, ...]
    inside: float

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None

    def values(self, kind: str) -> list[str]:
        return [entity.value for entity in self.entities if entity.kind == kind and not self.denies(entity)]

    def denies(self, entity: Entity) -> bool:
        """不是书法，是国画: what stands behind the not is not meant."""
        return _DENIAL.search(self.folded, 0, entity.start) is not None

    def first(self, kind: str) -> str | None:
        return next(iter(self.values(kind)), None)


class Comprehension:
    """Understands texts; keeps a gazetteer in step with the catalogue.

    `topics` maps intents to topics.
    """

    def __init__(self, classifier: Classifier, topics: Mapping[str, str], library: Library) -> None:
        self._classifier = classifier
        self._topics = topics
        self._library = library
        self._gazetteer = Gazetteer([])
        self._known: tuple[int, date] | None = None
        self._understood: dict[str, Understanding] = {}
        self._meant: dict[str, tuple[tuple[Candidate, ...], float]] = {}

    def understand(self, text: str, today: date) -> Understanding:
        """Pure for a given state of knowledge and day: what is asked again is understood at once, and what is asked
        again in the same words, with other numbers and courtesies, nearly so."""
        if self._known != (self._library.revision, today):
            self._known = (self._library.revision, today)
            self._gazetteer = Gazetteer(_names(self._library.catalogue))
            self._understood.clear()
            self._meant.clear()
        if (known := self._understood.get(text)) is None:
            known = self._understand(text, today)
            _keep(self._understood, text, known)
        return known

    def _understand(self, text: str, today: date) -> Understanding:
        folded = fold(text)
        words = essence(_MASKED.sub("", text))
        if (meant := self._meant.get(words)) is None:
            meant = self._candidates(words, today) if words else ((), 0.0)
            _keep(self._meant, words, meant)
        return Understanding(text, folded, entities.find(folded, self._gazetteer, today), *meant)

    def _candidates(self, words: str, today: date) -> tuple[tuple[Candidate, ...], float]:
        verdict = self._classifier.classify(words, 8)
        probability = {each.label: each.probability for each in verdict.ranked}
        hits = self._library.search(words, today)
        near = {hit.id[1:]: hit.score for hit in hits if hit.id[0] == INTENT}
        found = [
            Candidate(
                _sureness(near.get(intent, 0.0), probability.get(intent, 0.0), verdict.inside, NEAR_INTENT),
                topic,
                intent,
            )
            for intent in {*near, *probability}
            if (topic := self._topics.get(intent))
        ]
        for hit in hits:
            if hit.id[0] != INTENT:
                topic = self._library.entries[hit.id].topic
                score = _sureness(hit.score, probability.get(FAQ + topic, 0.0), verdict.inside, NEAR_ENTRY)
                found.append(Candidate(score, topic, entry=hit.id))
        found.sort(key=lambda candidate: -candidate.score)
        return tuple(found), verdict.inside


def _keep(known: dict[str, T], key: str, value: T) -> None:
    """Remembers it; forgets everything when that has become too much."""
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value


def _sureness(likeness: float, probability: float, inside: float, near: float) -> float:
    """An exact example is right whatever the classifier thinks; what nobody wrote nearly so is at most asked about."""
    score = max(0.5 * likeness + 0.5 * probability * min(1.0, 0.4 + inside), likeness**2)
    return score if likeness >= near else DOUBT * score


def _names(catalogue: Catalogue) -> Iterable[Name]:
    for place in catalogue.organisations.values():
        yield from (Name("org", place.id, text) for text in (place.name, *place.aliases))
    for course in catalogue.courses.values():
        yield from (Name("course", course.id, text) for text in (course.name, *course.aliases))
        yield Name("theme", course.theme, course.theme)
    for item in catalogue.items.values():
        yield Name("item", item.id, item.name)
        if len(plain := _PLAIN.split(item.name)[0]) > 1:
            yield Name("item", item.id, plain)
    for office in catalogue.offices.values():
        yield from (Name("matter", office.id, text) for text in office.matters)
    for theme, words in _THEME_WORDS.items():
        yield from (Name("theme", theme, word) for word in words)
    yield from (Name("service", word, word) for word in _SERVICES)


_DENIAL = re.compile(r"(?:不是|不要|不想要|不想学|别)(?:去|报|学|上)?$")
_MASKED = re.compile(r"\[(?:证件号|卡号)\]")
_PLAIN = re.compile(r"\d|一套|两条")  # where an item's name goes over to its amount
# What volunteers offer to do.
_SERVICES = (
    "教老人用手机", "教老年人用手机", "教用手机", "教手机", "教电脑", "课堂助教", "助教", "活动引导", "引导", "上门办卡", "理发", "剪发",
    "修电器", "修家电", "修电脑", "教书法", "教剪纸", "教太极", "讲故事", "教唱歌", "教跳舞", "打扫卫生", "照顾老人", "陪老人",
)  # fmt: skip
# How residents name the ten themes.
_THEME_WORDS = {
    "科学素质与互联网学习": ("互联网", "科学素质", "科普类"),
    "职业技能": ("技能培训", "职业培训", "技能班", "手艺", "学门技术", "学个技术", "学技术", "一技之长"),
    "老年智慧生活": ("老年课程", "智慧生活", "智慧助老"),
    "家庭教育指导": ("家庭教育", "教育孩子", "辅导孩子", "育儿", "带孩子", "亲子课"),
    "乡村振兴": ("农业技术", "农技", "农村实用技术", "实用技术", "农民培训"),
    "非遗传承": ("非遗", "手工", "传统工艺"),
    "道德与法治": ("法律方面", "普法"),
    "人文艺术": ("艺术", "音乐", "才艺", "乐器"),
    "康养健身": ("健身", "锻炼", "养生保健", "运动类", "体育"),
    "社区治理与应急管理": ("应急", "社区治理", "安全知识"),
}
