"""What stands under a heading goes along when that is called otherwise."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from knowledge.catalogue import Course, Record, RedemptionItem
from knowledge.headings import Category, Heading, Theme


def renamed(records: Iterable[Record], heading: Heading, name: str) -> Iterator[Course | RedemptionItem]:
    """Those of the records that stand under a heading, as they are when that is called by another name."""
    for each in records:
        if isinstance(each, Course) and isinstance(heading, Theme) and each.theme == heading.name != name:
            yield replace(each, theme=name)
        if isinstance(each, RedemptionItem) and isinstance(heading, Category) and each.category == heading.name != name:
            yield replace(each, category=name)
