"""A knowledge entry: one thing residents ask, and what we answer once somebody has reviewed it."""

import re
from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from knowledge.english import lacking
from knowledge.topics import Word
from knowledge.words import Words

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
IMPORTED = "导入"  # the source of an answer of which none was named
LONGEST_ANSWER = 2000  # characters
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST_ANSWER)]
SHORT = 134  # characters of two UCS-2 segments of an SMS
Short = Annotated[str, Meta(min_length=1, max_length=SHORT)]
POINTER = 12  # characters of what an SMS ends with where it is not all there is
LATIN = 306  # characters of two segments of an SMS in the alphabet that telephones share
Status = Literal["draft", "in_review", "published", "expired"]
Form = Literal["spoken", "sms", "en"]  # of an answer, that somebody may have written
FORMS: tuple[Form, ...] = ("spoken", "sms", "en")
_FIRST = re.compile(r"[^。；！？!?\n]*[。；！？!?\n]?")


class English(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an entry says in English: the same facts. Forms that are not given are made from `answer` by the channels;
    `question` is what it is offered as where it has questions of its own."""

    answer: Text
    spoken: Text | None = None
    sms: Annotated[str, Meta(min_length=1, max_length=LATIN)] | None = None
    steps: tuple[Text, ...] = ()
    question: Line | None = None


class EntryWords(Struct, frozen=True, kw_only=True):
    """An entry's words in one language."""

    answer: str
    spoken: str | None
    sms: str | None
    steps: tuple[str, ...]
    source: str


class Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One reviewed answer. Whether there is its `topic`, the catalogue says.

    `standard` names the standard question that it answers; `questions` are ways to ask it that are this centre's own, the
    first one its title. One of both it has. `answer` is the screen form, `spoken` the one for the
    ear, `sms` at most two segments: what is not given is made of `answer`. `stale` are the forms that were written for an
    earlier answer and that nobody has looked at since: those for ear and SMS are not said, in neither language.
    A guide has `steps`, said one at a time; `answer` then introduces them.
    `person` marks what a seat must finish: the answer is said and a person offered. `en` is what is said in English,
    `source_en` what its source is called there.
    """

    id: Name
    topic: Word
    kind: Literal["faq", "guide", "announcement"] = "faq"
    standard: Name | None = None
    questions: Annotated[tuple[Line, ...], Meta(max_length=60)] = ()
    answer: Text
    spoken: Text | None = None
    sms: Short | None = None
    stale: tuple[Form, ...] = ()
    steps: tuple[Text, ...] = ()
    person: bool = False
    audience: Line = "所有居民"
    district: Line = "本区"
    source: Line
    owner: Line
    valid_from: date
    valid_until: date
    en: English | None = None
    source_en: Line | None = None

    def said(self, language: str) -> EntryWords:
        """What is said of it; in Chinese where it is not translated."""
        if language != "en" or self.en is None:
            spoken = None if "spoken" in self.stale else self.spoken
            sms = None if "sms" in self.stale else self.sms
            return EntryWords(answer=self.answer, spoken=spoken, sms=sms, steps=self.steps, source=self.source)
        en, source = self.en, self.source_en or f"({self.source})"
        spoken, sms = (None, None) if "en" in self.stale else (en.spoken, en.sms)
        return EntryWords(answer=en.answer, spoken=spoken, sms=sms, steps=en.steps, source=source)

    @property
    def title(self) -> str:
        return self.questions[0] if self.questions else self.standard or self.id

    def is_valid(self, today: date) -> bool:
        return self.valid_from <= today <= self.valid_until

    def problems(self) -> list[Words]:
        """What the types cannot say; each with the field it is about."""
        found = []
        if not self.questions and self.standard is None:
            found.append(Words("问法：没有；请写居民怎么问", "Ways to ask: none; write how it is asked"))
        if self.valid_until < self.valid_from:
            until, since = self.valid_until, self.valid_from
            found.append(Words(f"有效至：{until} 早于生效 {since}", f"Until: {until} is before From, {since}"))
        if len(set(self.questions)) < len(self.questions):
            found.append(Words("问法：有一个写了两遍", "Ways to ask: one stands twice"))
        if self.kind == "guide" and not self.steps:
            found.append(Words("步骤：操作指导要有步骤", "Steps: a guide needs some"))
        if self.en is not None and len(self.en.steps) != len(self.steps):
            here, there = len(self.steps), len(self.en.steps)
            found.append(
                Words(
                    f"英文步骤：{there} 步，中文是 {here} 步", f"Steps in English: {there} where the Chinese has {here}"
                )
            )
        if self.en is not None:
            forms = zip((self.answer, *self.steps), (self.en.answer, *self.en.steps), strict=False)
            missing = [number for zh, en in forms for number in lacking(zh, en)]
            found += [
                Words(
                    f"英文回答：中文里有 {number}，英文里没有",
                    f"Answer in English: the Chinese says {number}, the English does not",
                )
                for number in missing
            ]
        return found


def following(entry: Entry) -> Entry:
    """Without the forms that only repeat the answer or its beginning: they are made of it, also when it changes."""
    spoken = None if entry.spoken == entry.answer else entry.spoken
    sms = None if entry.sms in (entry.answer, entry.answer[:SHORT]) else entry.sms
    en = _following(entry.en) if entry.en else None
    left = tuple(each for each in entry.stale if getattr(entry, each))
    return replace(entry, spoken=spoken, sms=sms, en=en, stale=left)


def _following(en: English) -> English:
    spoken = None if en.spoken == en.answer else en.spoken
    return replace(en, spoken=spoken, sms=None if en.sms in (en.answer, en.answer[:LATIN]) else en.sms)


def changed(entry: Entry, before: Entry | None, looked: Collection[Form] = ()) -> Entry:
    """An entry in the place of an older one: forms that stay as they were, or are as the older answer was, though what
    they say again has changed are `stale`, unless they were `looked` at."""
    entry = following(entry)
    if before is None:
        return replace(entry, stale=())
    before = following(before)
    other = (entry.answer, entry.steps) != (before.answer, before.steps)
    copies = (before.answer, before.answer[:SHORT])  # files hold them still, that were taken in without
    old = [each for each in FORMS if (now := getattr(entry, each)) and now in (getattr(before, each), *copies)]
    stale = {each for each in old if other or each in before.stale}
    if entry.en is not None and before.en is not None and _stays_behind(entry.en, before.en, "en" in before.stale):
        stale.add("en")
    return replace(entry, stale=tuple(each for each in FORMS if each in stale and each not in looked))


def _stays_behind(en: English, before: English, was_stale: bool) -> bool:
    """Whether the English for ear or SMS is still that of another English answer."""
    copies = (before.answer, before.answer[:LATIN])
    old = [now in (then, *copies) for now, then in ((en.spoken, before.spoken), (en.sms, before.sms)) if now]
    return (was_stale or en.answer != before.answer) and any(old)


def too_long_for_sms(entry: Entry) -> int | None:
    """How many characters the first sentence of an answer has, where not even that fits into an SMS and none was written."""
    first = _FIRST.match(entry.answer)
    length = len(first[0].strip()) if first else 0
    fits = len(entry.answer) <= SHORT or length <= SHORT - POINTER
    return None if fits or entry.said("zh").sms else length


def no_text(length: int) -> Words:
    """That no text message can begin with an answer, whose first sentence is so long."""
    return Words(
        f"“回答”的第一句有 {length} 字，短信放不下：请另写“短信”，或把第一句写短一点",
        f"The first sentence of the answer has {length} characters, too many for a text message: write the SMS, or a shorter one",
    )
