"""What handlers say from what the centre answers, by standard question. Where it has no answer on record they say so, or
leave it out; `daoxue check` names what is lacking, over, or soon to be."""

from datetime import date

from knowledge.catalogue import Catalogue
from knowledge.held import on_record

NEEDS = frozenset({
    "age-limit-old", "course-kids", "course-suggest", "credit-forgot-swipe", "credit-post-time", "credit-rule",
    "enrol-first-day", "enrol-health", "enrol-local", "enrol-proxy", "enrol-refund", "enrol-withdraw", "fee-free-who", "fee-pay-how", "fraud-tip", "g-bind",
    "g-card-lost", "g-enrol-online", "g-cancel-online", "g-phone-change", "points-expire", "redeem-how", "redeem-late",
    "redeem-time", "week-about",
})  # fmt: skip


def needed(catalogue: Catalogue, today: date) -> frozenset[str]:
    """The standard questions that somebody has to answer, beside what the records say."""
    return NEEDS - on_record(catalogue, today)
