"""Knowledge as files: YAML of entries and of catalogue records, read strictly, each error with its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import UnionType

import msgspec
import yaml

from knowledge.catalogue import KIND_OF, Catalogue, Record
from knowledge.consistency import inconsistencies
from knowledge.entries import Entry, following

SAMPLE = Path(__file__).parent / "sample"
OTHERS = frozenset({"learners.yml"})  # of the sample, that are not knowledge
LARGEST = 8_000_000  # bytes of one file
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RELATIVE = re.compile(rf"^today([+-]\d{{1,4}})(?: ({'|'.join(_WEEKDAYS)}))?$")


class KnowledgeError(Exception):
    """Files that cannot be taken in. `problems` says where and why, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Content:
    """What a set of files holds."""

    entries: list[Entry]
    records: list[Record]


def read(paths: Sequence[Path], today: date) -> Content:
    """Entries (a mapping with `defaults` and `entries`) and records (a list) of YAML files.

    `today+3` stands for a date counted from `today`, `today+3 sat` for the first Saturday from then. Raises `KnowledgeError` with every problem of every file.
    """
    problems: list[str] = []
    entries: dict[str, Entry] = {}
    records: dict[tuple[str, str], Record] = {}
    for path in paths:
        for place, value in _items(path, today, problems):
            if isinstance(value, Entry):
                if value.id in entries:
                    problems.append(f"{place}: id: {value.id} stands twice")
                entries[value.id] = value
                problems += [f"{place}: {problem.en}" for problem in value.problems()]
            else:
                key = (KIND_OF[type(value)], value.id)
                if key in records:
                    problems.append(f"{place}: id: {value.id} stands twice")
                records[key] = value
    if problems:
        raise KnowledgeError(problems)
    return Content(list(entries.values()), list(records.values()))


def read_sample(today: date) -> Content:
    """The sample centre, its days counted from `today`, checked as a whole."""
    content = read([path for path in sorted(SAMPLE.glob("*.yml")) if path.name not in OTHERS], today)
    if found := inconsistencies(Catalogue.of(content.records)):
        raise KnowledgeError(found)
    return content


def load_yaml(path: Path) -> object:
    """The document in a YAML file; raises `KnowledgeError` where it is none."""
    if path.stat().st_size > LARGEST:
        raise KnowledgeError([f"{path.name}: larger than {LARGEST // 1_000_000} MB"])
    try:
        document: object = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise KnowledgeError([f"{path.name}: not readable as YAML in UTF-8: {str(error)[:200]}"]) from error
    return document


def dated(value: object, today: date) -> object:
    """The same document with each `today+3` replaced by that date, and `today+3 sat` by the first Saturday from then."""
    if isinstance(value, str) and (match := _RELATIVE.match(value)):
        day = today + timedelta(days=int(match[1]))
        return day + timedelta(days=(_WEEKDAYS.index(match[2]) - day.weekday()) % 7) if match[2] else day
    if isinstance(value, dict):
        return {key: dated(each, today) for key, each in value.items()}
    if isinstance(value, list):
        return [dated(each, today) for each in value]
    return value


def _items(path: Path, today: date, problems: list[str]) -> Iterator[tuple[str, Entry | Record]]:
    try:
        document = dated(load_yaml(path), today)
    except KnowledgeError as error:
        problems += error.problems
        return
    except RecursionError:
        problems.append(f"{path.name}: refers to itself")
        return
    if isinstance(document, dict) and isinstance(document.get("entries"), list):
        unknown = set(document) - {"defaults", "entries"}
        problems += [f"{path.name}: {key}: not known here" for key in sorted(map(str, unknown))]
        defaults = document.get("defaults") or {}
        for number, raw in enumerate(document["entries"], 1):
            merged = {**defaults, **raw} if isinstance(raw, dict) and isinstance(defaults, dict) else raw
            yield from _convert(f"{path.name}: entry {number}", merged, Entry, problems)
    elif isinstance(document, list):
        for number, raw in enumerate(document, 1):
            yield from _convert(f"{path.name}: record {number}", raw, Record, problems)
    else:
        problems.append(f"{path.name}: neither a list of records nor a mapping with `entries`")


def _convert(
    place: str, raw: object, kind: type[Entry] | UnionType, problems: list[str]
) -> Iterator[tuple[str, Entry | Record]]:
    try:
        value: Entry | Record = msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        name = raw.get("id") if isinstance(raw, dict) else None
        problems.append(f"{place}{f' ({name})' if name else ''}: {error}")
        return
    yield place, following(value) if isinstance(value, Entry) else value
