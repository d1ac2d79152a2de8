"""How a value stands in a cell: read as people write it, written so that it is read as the same value again."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from daoxue.workbook.words import CellError
from knowledge.columns import NO_WORDS, YES_WORDS
from knowledge.columns import day as as_day

Cell = str | int | float
_WEEKDAYS = "一二三四五六日"
_BETWEEN = re.compile(r"[、，,;；]")
_LINES = re.compile(r"\n")
_BARS = re.compile(r"[|｜]")
_SEPARATORS = re.compile(r"[、，,;；|｜\n]")
_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：]00)?")
_GROUPS = re.compile(r"[\s\-]")
_NUMBER = re.compile(r"\d[\d \-]{4,}")
_WHOLE = re.compile(r"(-?\d+)(?:\.0+)?\s*(?:元|次|人|名|个|台|分|份|周?岁|分钟|天|年)?")  # 300元, with what it counts
_RANGE = re.compile(
    r"(?:周|星期|礼拜)?([一二三四五六日天1-7])\s*(?:到|至|-|—|–|~|～)\s*(?:周|星期|礼拜)?([一二三四五六日天1-7])"
)
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)?([一二三四五六日天1-7])")


def echoed(text: str) -> str:
    """What may be said of a cell that is not understood: a number in the wrong column stays unsaid."""
    return _NUMBER.sub("…", text[:40])


@dataclass(slots=True)
class Names:
    """What things are called, by their kind and id: cells name them by name, or by id where two bear one name."""

    _names: dict[str, dict[str, str]] = field(default_factory=dict)
    _ids: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, kind: str, id: str, name: str) -> None:
        """From here on it is called so, and not as it was before."""
        names, ids = self._names.setdefault(kind, {}), self._ids.setdefault(kind, {})
        if id in names:
            ids[names[id]].remove(id)
        names[id] = name
        ids.setdefault(name, []).append(id)

    def called(self, kind: str, name: str) -> list[str]:
        """The ids of those with this name."""
        return self._ids.get(kind, {}).get(name, [])

    def has(self, kind: str, id: str) -> bool:
        return id in self._names.get(kind, {})

    def id_of(self, kind: str, text: str) -> str:
        """Raises `CellError`."""
        if self.has(kind, text):
            return text
        found = self.called(kind, text)
        if len(found) == 1:
            return found[0]
        if found:
            raise CellError(f"有 {len(found)} 个同名，请改写编号", f"{len(found)} are called so; write the id")
        shown = echoed(text)
        near = get_close_matches(text, [name for name, ids in self._ids.get(kind, {}).items() if ids], 3, 0.5)
        raise CellError(
            f"没有“{shown}”" + (f"；是不是 {'、'.join(near)}" if near else ""),
            f"there is no “{shown}”" + (f"; is it {', '.join(near)}?" if near else ""),
        )

    def name_of(self, kind: str, id: str) -> str:
        """What `id_of` takes back as this id."""
        name = self._names.get(kind, {}).get(id, id)
        return name if not self.has(kind, name) and len(self.called(kind, name)) == 1 else id


@dataclass(frozen=True, slots=True)
class Form:
    """`choices` are all that may stand there, `of` the kind of what it names: either is offered as a list."""

    read: Callable[[str, Names], object]
    write: Callable[[object, Names], Cell]
    choices: tuple[str, ...] = ()
    of: str = ""


def _same(text: str, _: Names) -> object:
    return text


def _plain(value: object, _: Names) -> Cell:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def ungrouped(text: str) -> str:
    """The number of a card or a telephone, however it is grouped."""
    return _GROUPS.sub("", text)


def _whole(text: str, _: Names) -> object:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise CellError("要写整数", "a whole number is wanted")
    return int(match[1])


def _decimal(text: str, _: Names) -> object:
    try:
        return float(text)
    except ValueError:
        raise CellError("要写数字", "a number is wanted") from None


def _day(text: str, _: Names) -> object:
    try:
        return date.fromisoformat(as_day(text))
    except ValueError:
        raise CellError("要写日期，如 2026-12-31", "a day is wanted, e.g. 2026-12-31") from None


def _clock(text: str, _: Names) -> object:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise CellError("要写时间，如 08:30", "a time is wanted, e.g. 08:30")
    return f"{match[1]:0>2}:{match[2]}"


def _yes(text: str, _: Names) -> object:
    if text.lower() in YES_WORDS | NO_WORDS:
        return text.lower() in YES_WORDS
    raise CellError("要写 是 或 否", "是 (yes) or 否 (no) is wanted")


def listed(text: str) -> list[str]:
    """The words of a cell: on lines of their own, else between bars, else between commas."""
    between = _LINES if "\n" in text else _BARS if "|" in text or "｜" in text else _BETWEEN
    return [each for part in between.split(text) if (each := part.strip())]


def joined(words: Iterable[str]) -> str:
    """What `listed` takes apart again."""
    found = list(words)
    if not any(_SEPARATORS.search(each) for each in found):
        return "、".join(found)
    return "\n".join(found) if len(found) > 1 else f"{found[0]}|"


def _listable(name: str, id: str) -> str:
    """A name, where it can stand among others in a cell."""
    return name if listed(joined([name])) == [name] else id


def _several(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, tuple | list) else []


def weekdays(text: str) -> tuple[int, ...]:
    """周一到周五, 周一、周三, 1-5, 每天. Raises `CellError`."""
    if text in ("每天", "天天"):
        return tuple(range(1, 8))
    found: list[int] = []
    for part in listed(text):
        if match := _RANGE.fullmatch(part):
            first, last = _weekday(match[1]), _weekday(match[2])
            found += range(first, last + 1) if first <= last else [*range(first, 8), *range(1, last + 1)]
        elif match := _WEEKDAY.fullmatch(part):
            found.append(_weekday(match[1]))
        else:
            raise CellError("要写星期，如 周一到周五，或 周一、周三", "weekdays are wanted, e.g. 周一到周五, or 1-5")
    return tuple(found)


def _weekday(text: str) -> int:
    return int(text) if text.isdigit() else _WEEKDAYS.index(text.replace("天", "日")) + 1


def in_weekdays(days: Iterable[int]) -> str:
    found = list(days)
    named = [f"周{_WEEKDAYS[day - 1]}" for day in found]
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{named[0]}到{named[-1]}"
    return "、".join(named)


def choice(words: Mapping[str, str]) -> Form:
    """One of these; what stands in the cell, by value. What is no word of them is the value itself."""
    by_word = {word: value for value, word in words.items()}

    def read(text: str, _: Names) -> object:
        if text not in by_word and text not in words:
            raise CellError(f"可以是 {'、'.join(by_word)}", f"may be {', '.join(by_word)}")
        return by_word.get(text, text)

    return Form(read, lambda value, _: words[str(value)], tuple(by_word))


def naming(kind: str) -> Form:
    """Names one thing of a kind."""
    return Form(
        lambda text, names: names.id_of(kind, text), lambda value, names: names.name_of(kind, str(value)), of=kind
    )


def naming_several(kind: str) -> Form:
    """Names several."""
    return Form(
        lambda text, names: [names.id_of(kind, each) for each in listed(text)],
        lambda value, names: joined(_listable(names.name_of(kind, each), each) for each in _several(value)),
    )


TEXT = Form(_same, _plain)
NUMBER = Form(lambda text, _: ungrouped(text), _plain)
WHOLE = Form(_whole, _plain)
DECIMAL = Form(_decimal, _plain)
DAY = Form(_day, _plain)
CLOCK = Form(_clock, _plain)
YES = Form(_yes, lambda value, _: "是" if value else "否", ("是", "否"))
WORDS = Form(lambda text, _: listed(text), lambda value, _: joined(_several(value)))
COMMON_WEEKDAYS = ("每天", "周一到周五", "周一到周六", "周六、周日", *(f"周{each}" for each in _WEEKDAYS))
WEEKDAYS = Form(
    lambda text, _: list(weekdays(text)),
    lambda value, _: in_weekdays(value) if isinstance(value, tuple) else "",
)
