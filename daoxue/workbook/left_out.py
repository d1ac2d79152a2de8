"""What is gone from the sheets, and what still names it: told before it goes, and kept from going where that would be left
without it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.registering import Registered
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.records import name_of
from daoxue.workbook.sheets import (
    ACTIVITIES,
    CLASSES,
    COURSES,
    ITEMS,
    LEARNERS,
    ORGANISATIONS,
    QUESTIONS,
    SEATS,
    SHEETS,
)
from desk.staff import StaffAccount
from knowledge.catalogue import Activity, Course, Organisation, Record, RedemptionItem, TrainingClass
from knowledge.entries import Entry
from knowledge.headings import Category, Theme
from knowledge.topics import Topic
from knowledge.words import Words

MOST = 5  # that are named
Naming = dict[BookSheet, list[str]]  # what names something, by its sheet


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is there when all that is gone from the sheets has gone."""

    records: Iterable[Record]
    staff: Iterable[StaffAccount]
    learners: Iterable[Registered]
    entries: Iterable[Entry]


def naming(record: Record, there: Remaining) -> Naming:
    """What still names a record."""
    found: Naming = {}
    for sheet, name in _naming(record, there):
        found.setdefault(sheet, []).append(name)
    return {sheet: found[sheet] for sheet in SHEETS if sheet in found}


def needs(record: Record) -> bool:
    """Whether what names a record cannot be without it; a theme or a category may be a word alone."""
    return not isinstance(record, Theme | Category)


def told(found: Naming) -> Words:
    """The same in words. Learners are counted, and not named."""
    return Words("；".join(_listed(sheet, names) for sheet, names in found.items()), _in_english(found))


def _naming(record: Record, there: Remaining) -> Iterator[tuple[BookSheet, str]]:
    for each in there.records:
        match record, each:
            case (Theme(name=name), Course(theme=under)) if under == name:
                yield COURSES, each.name
            case (Category(name=name), RedemptionItem(category=under)) if under == name:
                yield ITEMS, each.name
            case (Course(id=id), TrainingClass(course=of)) if of == id:
                yield CLASSES, each.name
            case (Organisation(id=id), Organisation(parent=of)) if of == id:
                yield ORGANISATIONS, each.name
            case (Organisation(id=id), TrainingClass()) if id in (each.organisation, *each.schools):
                yield CLASSES, each.name
            case (Organisation(id=id), Activity(organisation=of)) if of == id:
                yield ACTIVITIES, each.name
    if isinstance(record, Organisation):
        yield from ((SEATS, each.name) for each in there.staff if each.active and each.place == record.id)
        yield from ((LEARNERS, "") for each in there.learners if each.status != "void" and each.school == record.id)
    if isinstance(record, Topic):
        yield from ((QUESTIONS, each.title) for each in there.entries if each.topic == record.id)


def _listed(sheet: BookSheet, names: list[str]) -> str:
    if sheet is LEARNERS:
        return f"{sheet.name} {len(names)} 名"
    more = f" 等 {len(names)} 个" if len(names) > MOST else ""
    return f"{sheet.name} {'、'.join(names[:MOST])}{more}"


def _in_english(found: Naming) -> str:
    return "; ".join(
        f"{len(names)} of {sheet.key}" if sheet is LEARNERS else f"{sheet.key} {', '.join(names[:MOST])}"
        for sheet, names in found.items()
    )


def left(record: Record, found: Naming) -> str:
    """How what is gone from its sheet is listed."""
    named = f"，还有{told(found).zh}写着它" if found else ""
    return f"{name_of(record)}（{record.id}{named}）"


def kept(record: Record, found: Naming) -> Words:
    """Why it cannot go."""
    zh, en = told(found).zh, told(found).en
    return Words(
        f"{name_of(record)} 不能删：还有{zh}写着它，请先改，或者一起删",
        f"{record.id} cannot go: it is named by {en}; change them first, or remove them too",
    )
