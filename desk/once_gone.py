"""What residents hear once an answer is not said any more, and what leads to it: told before it is taken out."""

from collections.abc import Callable, Collection
from datetime import date

from knowledge.catalogue import Catalogue
from knowledge.entries import Entry
from knowledge.held import PASSWORD, RULE
from knowledge.library import Library
from knowledge.words import Words

Named = Callable[[Catalogue, date], Collection[str]]  # standard questions
AS_BEFORE = Words("现在没有在用：居民听到的不变。", "It is not said now: residents hear what they do.")
_OWN = Words(
    "居民再问，有相近的就答相近的，没有就照实说没有登记，可以转人工。",
    "Residents who ask hear what is nearest to it, or that it is not on record and that a person can be asked.",
)
_FROM_RECORDS = Words("居民再问，按目录里登记的答。", "Residents who ask are answered from the catalogue.")
_UNANSWERED = Words(
    "居民再问，会听到“还没有登记”，可以转人工。",
    "Residents who ask hear that it is not on record, and that a person can be asked.",
)
_SAID_ELSEWHERE = Words(
    "别的回答里也要说它，到时候照实说没有登记。", "Other answers say it too, and will say that it is not on record."
)
_AT_FIRST = Words(
    "网页开头的快捷问题里有它，下线后不再列出。", "The page offers it at first; once it is out it does so no more."
)


def once_gone(library: Library, entry: Entry, said: int, today: date, named: tuple[Named, Named]) -> list[Words]:
    """`said` is how often it answered in thirty days; `named` are the standard questions that handlers say the answers of, and
    those that the records answer."""
    told = [Words(f"最近三十天答过 {said} 次。", f"It answered {said} times in thirty days.")] if said else []
    question = library.asks(entry)
    if question is None:
        return [*told, _OWN]
    if other := next(
        (each for each in library.answers(question.id) if each.id != entry.id and each.is_valid(today)), None
    ):
        zh, en = (
            f"居民再问，改答另一条：{other.answer[:60]}",
            f"Residents who ask hear another answer: {other.answer[:60]}",
        )
        return [*told, Words(zh, en)]
    needed, recorded = (of(library.catalogue, today) for of in named)
    told.append(_FROM_RECORDS if question.id in recorded else _UNANSWERED)
    told += [_SAID_ELSEWHERE] if question.id in needed else []
    return [*told, _AT_FIRST] if question.id in (PASSWORD, RULE) and question.id not in recorded else told
