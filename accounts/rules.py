"""How the credit bank reckons: versions of rules, each valid from a day on. Every line of the ledger names its version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

TENTHS = 10  # credits are counted in tenths


class Earning(Struct, frozen=True, forbid_unknown_fields=True):
    """Credits for one time, or for so many minutes; no more than `cap` in a period."""

    credits: Annotated[float, Meta(gt=0, le=100)]
    cap: Annotated[float, Meta(gt=0, le=1000)]
    per: Literal["day", "month", "year"]
    minutes: Annotated[int, Meta(ge=1, le=100_000)] | None = None

    @property
    def tenths(self) -> int:
        return round(self.credits * TENTHS)

    def period(self, day: date) -> tuple[date, date]:
        """The first and the last day of the period that this day is in."""
        if self.per == "day":
            return day, day
        if self.per == "month":
            first = day.replace(day=1)
            return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return date(day.year, 1, 1), date(day.year, 12, 31)


class RuleSet(Struct, frozen=True, forbid_unknown_fields=True):
    """One version. Points lapse at the end of the year in which they are so many years old."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    valid_from: date
    earn: Annotated[dict[str, Earning], Meta(min_length=1)]
    points_per_credit: Annotated[int, Meta(ge=1, le=1000)]
    points_last_years: Annotated[int, Meta(ge=1, le=50)]
    order_days: Annotated[int, Meta(ge=1, le=90)]

    def lapses(self, earned: date) -> date:
        """The last day of points that arrived on that day."""
        return date(earned.year + self.points_last_years, 12, 31)


class RuleError(ValueError):
    """Rules that contradict each other, or that there are none for a day."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All versions, the oldest first."""

    versions: tuple[RuleSet, ...]

    def at(self, day: date) -> RuleSet:
        """The rules of a day. Raises `RuleError`."""
        found = [each for each in self.versions if each.valid_from <= day]
        if not found:
            raise RuleError(f"there are no rules for {day}")
        return found[-1]


def read(document: object) -> Rules:
    """Raises `RuleError` with everything that is wrong."""
    try:
        versions = sorted(msgspec.convert(document, list[RuleSet]), key=lambda each: each.valid_from)
    except msgspec.ValidationError as error:
        raise RuleError(f"bank: {error}") from error
    if found := problems(versions) if versions else ["bank: no rules"]:
        raise RuleError("; ".join(found))
    return Rules(tuple(versions))


def problems(versions: Sequence[RuleSet]) -> list[str]:
    """What is wrong with them, each with the version or the field that it is about."""
    found = []
    for what, values in (("version", [each.version for each in versions]), ("valid_from", [each.valid_from for each in versions])):  # fmt: skip
        if len(set(values)) < len(values):
            found.append(f"bank: {what}: stands twice")
    for each in versions:
        found += [f"bank: {each.version}: earn.{name}: {problem}" for name, rule in each.earn.items() if (problem := _wrong(rule))]  # fmt: skip
    return found


def _wrong(rule: Earning) -> str:
    if rule.cap < rule.credits:
        return "cap: less than one time earns"
    if any(abs(value * TENTHS - round(value * TENTHS)) > 1e-9 for value in (rule.credits, rule.cap)):
        return "credits have one decimal at most"
    return ""


def amounts(tenths: int) -> str:
    """20, or 0.5: tenths of credits as people write them."""
    whole, rest = divmod(abs(tenths), TENTHS)
    return f"{'-' if tenths < 0 else ''}{whole}" + (f".{rest}" if rest else "")


def half_year(day: date) -> date:
    """The first day of the day's half-year."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)
