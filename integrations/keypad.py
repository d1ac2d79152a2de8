"""The menu by keys, for callers who do not speak: three choices at a time, and every task within three presses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.offering import is_answered, leads_somewhere
from knowledge.library import Library

TOP = "#"  # leads here, wherever one is


@dataclass(frozen=True, slots=True)
class KeypadItem:
    """What may be keyed in: `label` is a text's key; either it opens what is `below`, or it is what the caller means."""

    label: str
    intent: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    below: tuple["KeypadItem", ...] = ()


def _task(intent: str, label: str = "") -> KeypadItem:
    return KeypadItem(label or f"label.{intent}", intent)


def _question(id: str) -> KeypadItem:
    """A standard question, answered as this centre answers it."""
    return KeypadItem(f"voice.menu.{id}", "not_answered", {"question": id})


def _group(name: str, *below: KeypadItem) -> KeypadItem:
    return KeypadItem(f"voice.menu.{name}", below=below)


MENU = _group(
    "all",
    _group(
        "training",
        _group("classes", _task("find_class"), _task("find_course"), _task("village_training")),
        _group("enrolment", _task("enrol"), _task("enrolment_status"), _task("withdraw")),
        _group("activities", _task("find_activity"), _task("volunteer"), _task("activity_week")),
    ),
    _group(
        "credits",
        _group("account", _task("balance"), _task("my_record"), _task("points_lapsing", "voice.menu.lapsing")),
        _group("redemption", _task("redemption_items"), _task("order_status"), _task("redemption_dispute")),
        _group("wrong", _task("missing_credit"), _task("record_dispute"), _question("credit-rule")),
    ),
    _group(
        "rest",
        _group("sites", _task("site_hours"), _task("nearest_site"), _task("site_phone")),
        _group("platform", _question("g-register"), _question("g-password"), _task("card_lost_act")),
        _group("people", _task("complaint"), _task("callback"), _task("leave_message")),
    ),
)


def entry(path: str) -> KeypadItem:
    """What the keys of a path lead to."""
    found = MENU
    for key in path:
        found = found.below[int(key) - 1]
    return found


def offered(path: str, library: Library, today: date) -> Mapping[str, KeypadItem]:
    """What may be keyed in there, by its key: what the centre holds nothing on is left out, and no key moves for that."""
    return {str(key): item for key, item in enumerate(entry(path).below, 1) if _leads_somewhere(item, library, today)}


def _leads_somewhere(item: KeypadItem, library: Library, today: date) -> bool:
    if item.below:
        return any(_leads_somewhere(each, library, today) for each in item.below)
    if (question := item.slots.get("question")) is not None:
        return is_answered(question, library, today)
    return leads_somewhere(item.intent, library, today)
