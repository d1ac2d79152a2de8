"""What a centre holds anything on: what residents are told of at first, and offered, is no more than that."""

from datetime import date
from typing import Literal

from knowledge.library import Library

Matter = Literal["classes", "courses", "sites", "credits", "items", "activities", "guides", "credit_rule", "password"]
RULE, PASSWORD = "credit-rule", "g-password"  # the standard questions whose answers are matters by themselves


def held(library: Library, today: date) -> frozenset[Matter]:
    """The matters that there is something on today."""
    known, guides = library.catalogue, (each for each in library.questions.values() if each.topic == "operation_guide")
    reckoned = bool(known.rules) or library.answer(RULE, today) is not None
    there: dict[Matter, bool] = {
        "classes": bool(known.classes),
        "courses": bool(known.courses),
        "sites": bool(known.organisations),
        "activities": bool(known.activities),
        "items": bool(known.items),
        "credits": reckoned or bool(known.bank) or library.credits_elsewhere,
        "credit_rule": reckoned,
        "guides": any(library.answer(each.id, today) for each in guides),
        "password": library.answer(PASSWORD, today) is not None,
    }
    return frozenset(matter for matter, is_there in there.items() if is_there)
