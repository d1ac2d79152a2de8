"""The catalogue: organisations, courses, classes, activities, rules, redemption items, other offices.

Records are immutable; a `Catalogue` is one consistent view of all of them, built anew when one changes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from accounts.rules import Rules, RuleSet
from knowledge.centre import Centre
from knowledge.headings import Category, Heading, Id, Label, Theme, words
from knowledge.topics import Topic, ours
from nlu.text import fold

Words = Annotated[str, Meta(min_length=1, max_length=400)]
UNWRITTEN = "请来电询问"  # stands where nobody has written down what a record has to say


def is_written(words: str) -> bool:
    """Whether there is anything on record."""
    return not words.startswith(UNWRITTEN)


Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")]
Count = Annotated[int, Meta(ge=0, le=100_000)]
Weekday = Annotated[int, Meta(ge=1, le=7)]  # 1 is Monday


class OfficeInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a record says in English; what is not given stays Chinese. Where a record has a name, its Chinese name follows
    in brackets, for signs and for those whom one asks."""

    name: Words
    phone: Words | None = None


class ItemInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Words


class PlaceInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Words
    address: Words | None = None
    route: Words | None = None
    facilities: Words | None = None
    accessible: Words | None = None


class CourseInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Words
    prerequisite: Words | None = None
    summary: Words | None = None
    assessment: Words | None = None


class ClassInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Words
    room: Words | None = None
    teacher: Words | None = None
    eligibility: Words | None = None
    materials: Words | None = None


class ActivityInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Words
    place: Words | None = None
    summary: Words | None = None
    enrol: Words | None = None
    campaign: Words | None = None


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """Open on these weekdays from one time to another. A day with a break has two of them."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    opens: Clock
    closes: Clock


class SpecialDay(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day that differs from the week: closed, or open at other times (two of them where it has a break). It wins
    over the week."""

    day: date
    reason: Words
    opens: Clock | None = None
    closes: Clock | None = None
    en: Words | None = None  # the reason in English


class Organisation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="organisation"):
    """The college, a street's school, or a site of it."""

    id: Id
    name: Words
    level: Literal["college", "school", "site"]
    parent: Id | None = None
    aliases: tuple[Words, ...] = ()
    address: Words
    route: Words | None = None
    phone: Words
    hours: tuple[Opening, ...]
    special_days: tuple[SpecialDay, ...] = ()
    computers: Count = 0
    facilities: Words
    accessible: Words
    certifies: bool = False  # a certification point: attendance is swiped here
    redeems: bool = False
    north: float  # degrees
    east: float
    checked_on: date
    en: PlaceInEnglish | None = None


class Lesson(Struct, frozen=True, forbid_unknown_fields=True):
    """A micro-lesson: one point of knowledge, 15 minutes at most."""

    title: Words
    minutes: Annotated[int, Meta(ge=1, le=15)]
    en: Words | None = None  # the title in English


class Course(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="course"):
    """A course of a theme, learnt online, in a class, or both."""

    id: Id
    name: Words
    theme: Label
    aliases: tuple[Words, ...] = ()
    level: Label
    prerequisite: Words
    mode: Literal["线上", "线下", "线上线下"]
    summary: Words
    assessment: Words
    lessons: tuple[Lesson, ...]
    en: CourseInEnglish | None = None


_BRACKETS = re.compile(r"[（(][^）)]*[）)]")
_CLASS = re.compile("(?:周末|晚间|夜校|早|日间)?班$")


@lru_cache(maxsize=4096)
def _alone(name: str) -> str:
    return _BRACKETS.sub("", name)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return _CLASS.sub("", _alone(name))


ANY_AGE = 150  # years: nobody is too old


class TrainingClass(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="class"):
    """A training class: a course taught at a place, on certain weekdays, from a first day on. On which days that is
    `knowledge.sessions` says."""

    id: Id
    name: Words
    course: Id
    organisation: Id
    first_day: date  # no session is before it
    sessions: Annotated[int, Meta(ge=1, le=60)]
    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    starts: Clock
    ends: Clock
    room: Words
    teacher: Words
    capacity: Annotated[int, Meta(ge=1, le=500)]
    enrolled: Count = 0
    waiting: Count = 0
    fee: Count = 0  # yuan
    material_fee: Count = 0
    audience: Words
    eligibility: Words
    youngest: Annotated[int, Meta(ge=0, le=120)] = 0  # years of age, where the conditions name any
    oldest: Annotated[int, Meta(ge=0, le=ANY_AGE)] = ANY_AGE
    materials: Words
    enrol_from: date
    enrol_until: date
    village: bool = False  # 送教下乡
    ballot: bool = False  # places are drawn by lot when enrolment ends, not given to whoever comes first
    minors: bool = False  # under-14s may be enrolled, by their guardian
    schools: tuple[Id, ...] = ()  # only learners of these; empty is all
    en: ClassInEnglish | None = None

    @property
    def name_alone(self) -> str:
        """Without where it is: 亲子烘焙周末班 of 亲子烘焙周末班（学院）."""
        return _alone(self.name)

    @property
    def plain_name(self) -> str:
        """Without where, when and that it is a class: 亲子烘焙."""
        return _plain(self.name)

    @property
    def places(self) -> int:
        return max(0, self.capacity - self.enrolled)

    def enrols(self, today: date) -> bool:
        return self.enrol_from <= today <= self.enrol_until

    def comes(self, today: date) -> bool:
        """Whether one can be enrolled now or later."""
        return today <= self.enrol_until


class Activity(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="activity"):
    """A lecture, an open day, a salon; or a whole campaign such as the lifelong-learning week."""

    id: Id
    name: Words
    organisation: Id
    first_day: date
    last_day: date
    starts: Clock
    ends: Clock
    place: Words
    summary: Words
    enrol: Words
    campaign: Words | None = None
    en: ActivityInEnglish | None = None


class CreditRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="rule"):
    """How one kind of learning earns credits. Answers quote the version."""

    id: Id
    name: Words
    credits: Words
    cap: Words
    version: Words
    valid_from: date


class BankRules(RuleSet, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="bank"):
    """How the credit bank reckons from a day on; what is said about it are the `CreditRule`s."""

    id: Id


class RedemptionItem(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="item"):
    """Something of the redemption shop."""

    id: Id
    name: Words
    category: Label
    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    stock: Count
    en: ItemInEnglish | None = None


class Office(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="office"):
    """Who helps with what is not ours."""

    id: Id
    name: Words
    phone: Words
    matters: tuple[Words, ...]
    en: OfficeInEnglish | None = None


Record = (
    Organisation
    | Theme
    | Course
    | TrainingClass
    | Activity
    | CreditRule
    | BankRules
    | Category
    | RedemptionItem
    | Office
    | Topic
    | Centre
)
KIND_OF: dict[type[Record], str] = {
    Organisation: "organisation", Theme: "theme", Course: "course", TrainingClass: "class", Activity: "activity",
    CreditRule: "rule", BankRules: "bank", Category: "category", RedemptionItem: "item", Office: "office", Topic: "topic",
    Centre: "centre",
}  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """All records by kind and id, in the order they were given. What is reckoned of them is reckoned once: nothing is put
    into one that is in use."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    themes: dict[str, Theme] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    classes: dict[str, TrainingClass] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    rules: dict[str, CreditRule] = field(default_factory=dict)
    bank: dict[str, BankRules] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    items: dict[str, RedemptionItem] = field(default_factory=dict)
    offices: dict[str, Office] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=lambda: dict(ours()))  # those that come with us, and its own
    centres: dict[str, Centre] = field(default_factory=dict)  # one at most

    @staticmethod
    def of(records: Iterable[Record]) -> "Catalogue":
        catalogue = Catalogue()
        for record in records:
            match record:
                case Organisation():
                    catalogue.organisations[record.id] = record
                case Theme():
                    catalogue.themes[record.id] = record
                case Course():
                    catalogue.courses[record.id] = record
                case TrainingClass():
                    catalogue.classes[record.id] = record
                case Activity():
                    catalogue.activities[record.id] = record
                case CreditRule():
                    catalogue.rules[record.id] = record
                case BankRules():
                    catalogue.bank[record.id] = record
                case Category():
                    catalogue.categories[record.id] = record
                case RedemptionItem():
                    catalogue.items[record.id] = record
                case Office():
                    catalogue.offices[record.id] = record
                case Topic():
                    catalogue.topics[record.id] = record
                case Centre():
                    catalogue.centres[record.id] = record
        return catalogue

    @cached_property
    def words_of_themes(self) -> dict[str, tuple[str, ...]]:
        """How residents call each theme, by its name, which is among them; also of those that only courses name."""
        return words((each.theme for each in self.courses.values()), self.themes.values())

    @cached_property
    def words_of_categories(self) -> dict[str, tuple[str, ...]]:
        """The same of categories."""
        return words((each.category for each in self.items.values()), self.categories.values())

    @cached_property
    def category_by_word(self) -> dict[str, str]:
        """The names of categories by what each is called, folded."""
        return {fold(word): name for name, words in self.words_of_categories.items() for word in words}

    def in_english(self, kind: str, name: str) -> str | None:
        """What a theme or a category of this name is called in English, where that is on record."""
        headings: Iterable[Heading] = ()
        if kind == "theme":
            headings = self.themes.values()
        elif kind == "category":
            headings = self.categories.values()
        return next((each.en.name for each in headings if each.name == name and each.en), None)

    @property
    def centre(self) -> Centre | None:
        return next(iter(self.centres.values()), None)

    @property
    def college(self) -> Organisation | None:
        return next((each for each in self.organisations.values() if each.level == "college"), None)

    @property
    def reckoning(self) -> Rules:
        """How the credit bank reckons; no versions where nobody has said it yet."""
        return Rules(tuple(sorted(self.bank.values(), key=lambda each: each.valid_from)))

    def line_up(self, organisation: str) -> list[Organisation]:
        """The organisation, its parent, and so on up. Ends also where parents form a circle."""
        found: list[Organisation] = []
        at = self.organisations.get(organisation)
        while at is not None and at not in found:
            found.append(at)
            at = self.organisations.get(at.parent) if at.parent else None
        return found

    def is_within(self, organisation: str, whole: str) -> bool:
        return any(each.id == whole for each in self.line_up(organisation))

    def is_held_at(self, group: TrainingClass, place: str) -> bool:
        """Whether a class is at a place that is named: all is within the college, whose name means its own house."""
        if self.college is not None and place == self.college.id:
            return group.organisation == place
        return self.is_within(group.organisation, place)
