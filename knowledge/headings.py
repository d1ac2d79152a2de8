"""What courses and items stand under: words of the centre's own, each with what it is called in English and by residents.
A course or an item names its heading; one that has no record yet is known by that name alone."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from nlu.text import fold

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Label = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]  # a word of the centre's own


class HeadingInEnglish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Label


class Heading(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`aliases` are how residents call it."""

    id: Id
    name: Label
    aliases: tuple[Label, ...] = ()
    en: HeadingInEnglish | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.name, *self.aliases, *((self.en.name,) if self.en else ()))


class Theme(Heading, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="theme"):
    """What courses are about: those that say its name as their theme."""


class Category(Heading, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="category"):
    """Which kind of thing items are that points buy."""


def words(named: Iterable[str], records: Iterable[Heading]) -> dict[str, tuple[str, ...]]:
    """What each heading is called, by its name: those that are named somewhere, and those on record."""
    return {name: (name,) for name in named} | {each.name: each.words for each in records}


def problems(headings: Iterable[Heading]) -> list[str]:
    """No two are called the same, as words are compared."""
    found, taken = [], dict[str, str]()
    for each in headings:
        for name in dict.fromkeys(each.words):
            if (other := taken.setdefault(fold(name), each.id)) != each.id:
                field = "name" if name == each.name else "aliases" if name in each.aliases else "en.name"
                found.append(f"{each.id}: {field}: {name} is taken by {other}")
    return found
