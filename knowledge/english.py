"""The catalogue as it is told in English: each record with its English words in the places of the Chinese ones."""

from msgspec.structs import asdict, replace

from knowledge.catalogue import Catalogue, Course, CreditRule, Organisation, Record

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_KEPT = frozenset({"name", "teacher", "address"})  # what keeps its Chinese in brackets


def in_english(record: Record) -> Record:
    """The record in English, as far as it is translated; names and addresses keep their Chinese in brackets."""
    if isinstance(record, CreditRule) or record.en is None:
        return record
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
        catalogue.items, catalogue.offices,
    )  # fmt: skip
    return Catalogue.of(in_english(record) for kind in kinds for record in kind.values())
