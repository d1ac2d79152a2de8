"""What residents call the things of a catalogue, for the gazetteer; and what they offer to do for others."""

import re
from collections.abc import Iterable
from datetime import date

from knowledge.called import courses_called, ends, towns, without_place
from knowledge.catalogue import Catalogue
from knowledge.hours import festivals
from nlu.entities import Entity
from nlu.gazetteer import Name
from nlu.text import known_words
from nlu.when import When

_VOUCHER = re.compile("[一-鿿]{2}券$")
# Where an item's name goes over to its amount.
_PLAIN = re.compile(r"\d|[一两二三四五六七八九十半][套条次个把桶盒瓶袋张双斤只本支包份件卷打箱罐副]")
_AMOUNT = re.compile(r"^\d+ ?[a-z]+ (?:of )?", re.IGNORECASE)  # how much of it an item's English name begins with
# What volunteers offer to do.
_SERVICES = (
    "教老人用手机", "教老年人用手机", "教用手机", "教手机", "教电脑", "课堂助教", "助教", "活动引导", "引导", "上门办卡", "理发", "剪发",
    "修电器", "修家电", "修电脑", "教书法", "教剪纸", "教太极", "讲故事", "教唱歌", "教跳舞", "打扫卫生", "照顾老人", "陪老人",
)  # fmt: skip
_SERVICE = re.compile("|".join(sorted(_SERVICES, key=len, reverse=True)))


def names_of(catalogue: Catalogue, today: date) -> Iterable[Name]:
    """All that is named in it; days by what they are called are those to come."""
    for place in catalogue.organisations.values():
        known = (place.name, *place.aliases, *((place.en.name,) if place.en else ()))
        yield from (Name("org", place.id, text) for text in known)
    yield from (Name("org", id, name) for name, id in (towns(catalogue) | ends(catalogue)).items())
    yield from (
        Name("day", str(When(*days)), name) for name, days in festivals(catalogue.organisations.values(), today)
    )
    yield from (Name("rule", each.id, each.name) for each in catalogue.rules.values())
    for course in catalogue.courses.values():
        known = (course.name, *course.aliases, *((course.en.name,) if course.en else ()))
        yield from (Name("course", course.id, text) for text in known)
    yield from (Name("course", id, name) for name, id in courses_called(catalogue).items())
    yield from _class_names(catalogue)
    for teacher, english in {(group.teacher, group.en and group.en.teacher) for group in catalogue.classes.values()}:
        yield Name("teacher", teacher, teacher)
        if english:
            yield Name("teacher", teacher, english)
    for item in catalogue.items.values():
        yield Name("item", item.id, item.name)
        if item.en:
            yield Name("item", item.id, item.en.name)
            yield Name("item", item.id, _AMOUNT.sub("", item.en.name))
        if len(plain := plain_item(item.name)) > 1:
            yield Name("item", item.id, plain)
    yield from _last_words(catalogue)
    for office in catalogue.offices.values():
        yield from (Name("matter", office.id, text) for text in office.matters)
    for theme, words in catalogue.words_of_themes.items():
        yield from (Name("theme", theme, word) for word in words)


def plain_item(name: str) -> str:
    """The name without how much of it: 米 of 米10斤."""
    return _PLAIN.split(name)[0]


def _class_names(catalogue: Catalogue) -> Iterable[Name]:
    """低压电工取证班, 低压电工取证: a class by its own name means its course, where it is not called as the course is."""
    taken = {text for course in catalogue.courses.values() for text in (course.name, *course.aliases)}
    courses: dict[str, set[str]] = {}
    for group in catalogue.classes.values():
        plain = group.plain_name
        short = without_place(group, catalogue)
        for text in {plain, group.name, short, *((group.en.name,) if group.en else ())} - taken:
            courses.setdefault(text, set()).add(group.course)
    yield from (Name("course", min(ids), text) for text, ids in courses.items() if len(ids) == 1 and len(text) > 1)


def _last_words(catalogue: Catalogue) -> Iterable[Name]:
    """理发券 of 街角理发店理发券, 雨伞 of 折叠雨伞: what an item is, where no other is one."""
    names = [
        (item.id, name)
        for item in catalogue.items.values()
        for name in (*_endings(plain_item(item.name)), *_VOUCHER.findall(item.name))
    ]
    for id, name in dict.fromkeys(names):
        if len(name) > 1 and sum(name in item.name for item in catalogue.items.values()) == 1:
            yield Name("item", id, name)


def _endings(name: str) -> Iterable[str]:
    """The last word of a name, and what of that is a word: 雨伞 of 晴雨伞."""
    for last in known_words(name)[-1:]:
        yield from (last[at:] for at in range(len(last) - 1) if not at or known_words(last[at:]) == [last[at:]])


def services_in(folded: str) -> Iterable[Entity]:
    """What somebody offers to do for others; 教书法 names what is learnt as well."""
    return (Entity("service", each[0], each.start(), each.end()) for each in _SERVICE.finditer(folded))
