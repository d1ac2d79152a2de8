"""What a centre holds anything on: what residents are told of at first, and offered, is no more than that."""

from datetime import date
from typing import Literal

from knowledge.catalogue import Catalogue
from knowledge.library import Library

Matter = Literal["classes", "courses", "sites", "credits", "items", "activities", "guides", "credit_rule", "password"]
RULE, PASSWORD = "credit-rule", "g-password"  # the standard questions whose answers are matters by themselves

# What the records say where the centre has written no answer of its own, by the standard question.
OF_THE_RULES = frozenset({"credit-rule", "credit-external", "credit-online-hours", "credit-cap", "credit-volunteer"})
OF_THE_RATE = frozenset({"redeem-convert-rate", "credit-semester-settle"})
OF_THE_LAPSE = frozenset({"points-expire"})
OF_THE_KEEPING = frozenset({"redeem-late"})
OF_OURSELVES = frozenset({"who-made"})
OF_THE_COURSES = frozenset({"course-count", "course-themes"})
OF_THE_PLACES = frozenset({"site-list"})
OF_THE_ORDER = frozenset({"enrol-ballot"})
OF_THE_FEES = frozenset({"fee-general"})


def held(library: Library, today: date) -> frozenset[Matter]:
    """The matters that there is something on today."""
    known, guides = library.catalogue, (each for each in library.questions.values() if each.topic == "operation_guide")
    reckoned = bool(known.rules) or library.answer(RULE, today) is not None
    there: dict[Matter, bool] = {
        "classes": any(library.calendar.last(each) >= today for each in known.classes),
        "courses": bool(known.courses),
        "sites": bool(known.organisations),
        "activities": any(each.last_day >= today for each in known.activities.values()),
        "items": bool(known.items),
        "credits": reckoned or bool(known.bank) or library.credits_elsewhere,
        "credit_rule": reckoned,
        "guides": any(library.answer(each.id, today) for each in guides),
        "password": library.answer(PASSWORD, today) is not None,
    }
    return frozenset(matter for matter, is_there in there.items() if is_there)


def on_record(catalogue: Catalogue, today: date) -> frozenset[str]:
    """The standard questions that the records answer though nobody has written an answer."""
    rules = OF_THE_RULES if catalogue.rules else frozenset()
    bank = OF_THE_RATE | OF_THE_LAPSE | OF_THE_KEEPING if catalogue.bank else frozenset()
    courses = OF_THE_COURSES if catalogue.courses else frozenset()
    classes = (
        OF_THE_ORDER | OF_THE_FEES if any(each.comes(today) for each in catalogue.classes.values()) else frozenset()
    )
    places = OF_THE_PLACES if len(catalogue.organisations) > 1 else frozenset()
    return rules | bank | courses | classes | places | (OF_OURSELVES if catalogue.college else frozenset())
