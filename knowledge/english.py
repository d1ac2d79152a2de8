"""What is told in English: the catalogue with its English words in the places of the Chinese ones, days and months, and
whether a translation says the same figures."""

import re

from msgspec.structs import asdict, replace

from knowledge.catalogue import BankRules, Catalogue, Course, CreditRule, Organisation, Record
from knowledge.centre import Centre
from knowledge.headings import Heading
from knowledge.topics import Topic

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_KEPT = frozenset({"name", "teacher", "address"})  # what keeps its Chinese in brackets


_NUMBER = re.compile(r"\d+")


def lacking(chinese: str, english: str) -> list[str]:
    """The numbers that a translation lacks; a month may be named."""
    said = set(_NUMBER.findall(english))
    said |= {str(number) for number, month in enumerate(MONTHS, 1) if month in english}
    return [number for number in dict.fromkeys(_NUMBER.findall(chinese)) if number not in said]


def in_english(record: Record) -> Record:
    """The record in English, as far as it is translated; names and addresses keep their Chinese in brackets."""
    if isinstance(record, CreditRule | BankRules | Topic | Centre | Heading) or record.en is None:
        return record  # what courses and items are sorted by is known by its Chinese name
    given = {name: words for name, words in asdict(record.en).items() if words is not None}
    told = {name: f"{words} ({getattr(record, name)})" if name in _KEPT else words for name, words in given.items()}
    found = replace(record, **told)
    if isinstance(found, Organisation):
        days = tuple(replace(day, reason=day.en or day.reason) for day in found.special_days)
        return replace(found, special_days=days)
    if isinstance(found, Course):
        lessons = tuple(replace(lesson, title=lesson.en or lesson.title) for lesson in found.lessons)
        return replace(found, lessons=lessons)
    return found


def told_in_english(catalogue: Catalogue) -> Catalogue:
    kinds = (
        catalogue.organisations, catalogue.courses, catalogue.classes, catalogue.activities, catalogue.rules,
        catalogue.items, catalogue.offices, catalogue.topics, catalogue.themes, catalogue.categories,
    )  # fmt: skip
    return Catalogue.of(in_english(record) for kind in kinds for record in kind.values())
