"""The standard questions as people meet them: with a few natural examples each, and by names that are nearly right."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from knowledge.entries import Entry
from knowledge.files import KnowledgeError
from knowledge.topics import Topics
from nlu.questions import FAQ, DataError, Question
from nlu.questions import read as read_data

IN_DANGER = frozenset({"fraud-tip"})  # what somebody hears who is being defrauded: two people take it out
EXAMPLES = 4
FIRST = 24  # examples among which they are chosen: the plainest stand first
SHORTEST = 5  # characters of one that says by itself what is meant


@dataclass(frozen=True, slots=True)
class Standard:
    """All of them, in the data's order; `examples` by id."""

    questions: Mapping[str, Question]
    examples: Mapping[str, tuple[str, ...]]


@cache
def standard() -> Standard:
    """Read once from the data that comes with us, in a quarter of a second. Raises `KnowledgeError`."""
    try:
        data = read_data()
    except DataError as error:
        raise KnowledgeError(error.problems) from error
    said: dict[str, list[str]] = {id: [] for id in data.questions}
    for label, text in data.examples:
        if label.startswith(FAQ):
            said[label.removeprefix(FAQ)].append(text)
    return Standard(data.questions, {id: _few(texts, data.questions[id].zh) for id, texts in said.items()})


def _few(texts: list[str], wording: str) -> tuple[str, ...]:
    """Some from all over the plain ones, so that they differ."""
    plain = [text for text in texts if len(text) >= SHORTEST and text != wording][:FIRST]
    return tuple(plain[number * len(plain) // EXAMPLES] for number in range(min(EXAMPLES, len(plain))))


def unknown(id: str, known: Collection[str]) -> str:
    """That there is no such standard question, with those whose names are nearest."""
    near = get_close_matches(id, known, 3, 0.5)
    return f"没有标准问题 {id[:64]}" + (f"；是不是 {'、'.join(near)}" if near else "")


def strangers(entries: Collection[Entry], topics: Topics) -> list[str]:
    """The entries that answer a standard question that there is not, or are of a topic that there is not."""
    lost = [f"entry {each.id}: topic: 没有主题 {each.topic}" for each in entries if each.topic not in topics]
    named = {entry.id: entry.standard for entry in entries if entry.standard is not None}
    known = standard().questions if named else {}
    return lost + [f"entry {id}: standard: {unknown(name, known)}" for id, name in named.items() if name not in known]
