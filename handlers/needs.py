"""What handlers say from what the centre answers, by standard question. Where it has no answer on record they say so, or
leave it out; `daoxue check` names what is lacking, over, or soon to be."""

from knowledge.catalogue import Catalogue

# What the records say where the centre has written no answer of its own, by the standard question.
OF_THE_RULES = frozenset({"credit-rule", "credit-external", "credit-online-hours", "credit-cap", "credit-volunteer"})
OF_THE_RATE = frozenset({"redeem-convert-rate", "credit-semester-settle"})
OF_THE_LAPSE = frozenset({"points-expire"})
OF_THE_KEEPING = frozenset({"redeem-late"})
OF_OURSELVES = frozenset({"who-made"})

NEEDS = frozenset({
    "age-limit-old", "course-kids", "course-suggest", "credit-forgot-swipe", "credit-post-time", "credit-rule",
    "enrol-first-day", "enrol-health", "enrol-local", "enrol-proxy", "enrol-refund", "enrol-withdraw", "fee-free-who", "fraud-tip", "g-bind",
    "g-card-lost", "g-enrol-online", "g-cancel-online", "g-phone-change", "points-expire", "redeem-how", "redeem-late",
    "redeem-time", "week-about",
})  # fmt: skip


def needed(catalogue: Catalogue) -> frozenset[str]:
    """The standard questions that somebody has to answer, beside what the records say."""
    return NEEDS - on_record(catalogue)


def on_record(catalogue: Catalogue) -> frozenset[str]:
    """The standard questions that the records answer though nobody has written an answer."""
    rules = OF_THE_RULES if catalogue.rules else frozenset()
    bank = OF_THE_RATE | OF_THE_LAPSE | OF_THE_KEEPING if catalogue.bank else frozenset()
    return rules | bank | (OF_OURSELVES if catalogue.college else frozenset())
