"""What residents' matters are about. The topics that come with us are the rows of `topics.yml`; a centre's own are records
of the catalogue, made at the desk or imported. Whoever needs their names asks this."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

ROWS = Path(__file__).parent / "topics.yml"
Word = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]


class Topic(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="topic"):
    """`skill` is what a seat needs for what is handed over after an answer of this topic; `colour` (CSS) how the desk marks
    it, empty for not at all; `also` are other names of it in tables of knowledge."""

    id: Word
    zh: Name
    en: Name
    skill: Word = "general"
    colour: Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?$")] = ""
    also: tuple[Name, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.zh, self.en, *self.also)


Topics = Mapping[str, Topic]


@cache
def ours() -> Topics:
    """The topics that come with us, by id."""
    rows = yaml.load(ROWS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {each.id: each for each in msgspec.convert(rows, tuple[Topic, ...])}


def problems(topic: Topic, others: Iterable[Topic]) -> list[str]:
    """Why a centre may not have this topic beside the others: none has its id, or one of its names."""
    known = {name: each.id for each in others for name in (each.id, *each.names)}
    said = [("id", topic.id), ("zh", topic.zh), ("en", topic.en), *(("also", each) for each in topic.also)]
    return [f"topic {topic.id}: {field}: {name} is taken by {known[name]}" for field, name in said if name in known]


def by_name(topics: Topics) -> dict[str, str]:
    """The ids of topics by the names that tables have for them; the first one of a topic is the one to write."""
    return {name: each.id for each in topics.values() for name in (each.zh, *each.also)}
