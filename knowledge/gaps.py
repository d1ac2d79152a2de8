"""Whether what must be answered is: what somebody should know of a question's answers, before residents ask in vain."""

from collections.abc import Iterable
from datetime import date, timedelta

from knowledge.entries import Entry
from knowledge.words import Words

SOON = timedelta(days=30)  # before the end of an answer's validity, in which it is to be looked at
NO_ANSWER = Words("没有答案，居民会听到“还没有登记”", "no answer: residents hear that it is not on record")


def gap(answers: Iterable[Entry], today: date) -> Words | None:
    """What is amiss with the answers to a question: there is none, none yet, none any more, or soon none. None where
    there is one for the next thirty days."""
    known = list(answers)
    if not known:
        return NO_ANSWER
    if not any(each.is_valid(today) for each in known):
        coming = min((each.valid_from for each in known if each.valid_from > today), default=None)
        if coming is not None:
            return Words(f"答案从 {coming} 起才有效", f"the answer holds from {coming} only")
        ended = max(each.valid_until for each in known)
        return Words(f"答案 {ended} 已过期", f"the answer ended on {ended}")
    last = _covered(known, today)
    return Words(f"答案 {last} 到期", f"the answer ends on {last}") if last < today + SOON else None


def _covered(known: list[Entry], today: date) -> date:
    """The last day until which one or another is valid without a break."""
    last = today
    for each in sorted(known, key=lambda each: each.valid_from):
        if each.valid_from <= last + timedelta(days=1):
            last = max(last, each.valid_until)
    return last


def about(id: str, wording: Words, said: Words) -> Words:
    """The same with the question that it is about."""
    return Words(f"{id}（{wording.zh}）：{said.zh}", f"{id} ({wording.en}): {said.en}")
