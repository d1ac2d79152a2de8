"""What residents are told at first that they can ask, and what is offered to them: no more than there is something on."""

from collections.abc import Mapping
from datetime import date

from bot.texts import Texts
from knowledge.held import Matter, held, on_record
from knowledge.library import Library

# What an offer leads to nothing without, by its intent.
_OF: Mapping[str, Matter] = {
    "find_class": "classes", "enrol": "classes", "find_course": "courses", "site_hours": "sites", "site_phone": "sites",
    "nearest_site": "sites", "balance": "credits", "my_record": "credits", "points_lapsing": "credits", "missing_credit": "credits",
    "record_dispute": "credits", "redemption_items": "items", "order_status": "items", "redemption_dispute": "items",
    "enrolment_status": "classes", "withdraw": "classes", "find_activity": "activities",
}  # fmt: skip
_TOLD: tuple[Matter, ...] = ("classes", "sites", "credits", "guides")  # each in the words of a text, `offer.<matter>`
_STARTS: tuple[Matter, ...] = ("classes", "sites", "credit_rule", "password")  # likewise, `starter.<matter>`


def leads_somewhere(intent: str, library: Library, today: date) -> bool:
    """Whether there is anything to be told where this is chosen."""
    return intent not in _OF or _OF[intent] in held(library, today)


def is_answered(standard: str, library: Library, today: date) -> bool:
    """Whether a standard question has an answer, or the records are one."""
    return library.answer(standard, today) is not None or standard in on_record(library.catalogue, today)


def offers(texts: Texts, library: Library, language: str, today: date) -> str:
    """What stands for `{offers}` where somebody is greeted."""
    there = held(library, today)
    said = [texts.line(language, f"offer.{matter}") for matter in _TOLD if matter in there]
    return (", " if language == "en" else "、").join(said) or texts.line(language, "offer.else")


def starters(texts: Texts, library: Library, language: str, today: date) -> list[str]:
    """Questions that can be asked by one tap before anything was said."""
    there = held(library, today)
    return [
        texts.line(language, f"starter.{matter}")
        for matter in (*_STARTS, "human")
        if matter in there or matter == "human"
    ]
