"""Waiting for a seat: what may be asked about the desk, what a ticket is for, and what is told of how it stands."""

import random
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from bot.messages import Handover, Priority, Reply
from bot.texts import Texts

# Reasons that go on with the ticket that was closed last; every other is a matter of its own.
GOES_ON = frozenset({"asked_for_person", "file", "not_done_yet", "not_understood"})
GENERAL = "general"  # the skill that every seat has
COMPLAINT = "complaint"  # a reason: whoever had the resident's ticket before never gets this one


def reference(now: datetime) -> str:
    """A ticket's number, to be told."""
    return f"{now:%m%d}-{random.randrange(100_000):05d}"  # noqa: S311 - not a secret


def both(first: Handover, second: Handover) -> Handover:
    """What is handed over for both: as what weighs more, a matter of its own more than a person asked for."""
    main, other = sorted((first, second), key=lambda each: (each.priority, each.reason in GOES_ON))
    return msgspec.structs.replace(
        main, place=main.place or other.place, slots=other.slots | main.slots, to_call=main.to_call or other.to_call,
        against=tuple(dict.fromkeys(main.against + other.against)), named=tuple(dict.fromkeys(main.named + other.named)),
    )  # fmt: skip


class Reach(Enum):
    """Who of the seats is at the desk for somebody who waits."""

    ABLE = "able"  # one with the skill and the language, at the place: that may be promised
    OTHERS = "others"  # others, who are asked when nobody with these has come for a while
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Need:
    """What a seat must have to be offered a ticket; `against` are tickets whose seats will not do, `named` seats that will not."""

    skill: str = GENERAL
    lang: str = "zh"
    place: str | None = None
    against: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seats:
    """Whether seats answer now, when they do next, and how many wait already: a hundred stands for more, too. `priority`
    is that of who waits."""

    open: bool
    hours: str
    next_opening: str
    waiting: int
    minutes: tuple[int, int] | None = None  # how long that may take, from and to; None when nobody can honestly say
    reach: Reach = Reach.NOBODY
    priority: Priority = Priority.ORDINARY
    english: tuple[str, str] = ("", "")  # `hours` and `next_opening` in English

    def words(self, language: str) -> tuple[str, str]:
        """When seats answer, and when they do next."""
        return self.english if language == "en" else (self.hours, self.next_opening)


# How a seat's answer may come to who does not look (phone, text, mail), and the channel that carries it.
Ways = Mapping[str, str]
RUNG_UP = "phone"
ANSWER, STAYS = "answer_by", "here"  # the intent that asks how, and the answer to it that changes nothing


class HeldPlace(NamedTuple):
    """What somebody has at the desk already, from whatever channel: the ticket, and whether it still waits for a seat."""

    ref: str
    waiting: bool


class Uttered(NamedTuple):
    """A message of a talk; its author is a kind of person: resident, seat, bot, system."""

    author: str
    text: str


class SeatAvailability(Protocol):
    """What a turn may ask about the seats, and of whom they have; `named` are those that a text calls by name, `had` those that
    have had a ticket, `barred` those that are kept from it, `said_before` what was said not long ago. `ways` are those
    of a channel on which one has to come and look, empty on others; `works` says whether seats answer at some time."""

    def ways(self, channel: str) -> Ways: ...
    def works(self, at: datetime) -> bool: ...
    async def held(self, person: str, *, goes_on: bool) -> HeldPlace | None: ...
    async def named(self, said: str, teachers: Set[str], *, surely: bool) -> tuple[str, ...]: ...
    async def had(self, ref: str) -> tuple[str, ...]: ...
    async def barred(self, ref: str) -> tuple[str, ...]: ...
    async def said_before(self, channel: str, address: str, since: int) -> list[Uttered]: ...
    async def seats(self, now: datetime, priority: Priority, need: Need = ...) -> Seats: ...
    async def place(self, now: datetime, ref: str, need: Need = ...) -> Seats: ...


@dataclass(frozen=True, slots=True)
class TicketStatus:
    """How a ticket stands. `urgent` is one that is opened, or raised, for danger to life; `known` one that was open before;
    `elsewhere` one that the same person has from another channel."""

    seats: Seats
    ref: str | None
    urgent: bool
    known: bool
    elsewhere: HeldPlace | None = None

    def told(self, texts: Texts, lang: str) -> Reply:
        """Told honestly; nobody whose life is in danger is told how many come before them."""
        if self.urgent:
            return texts.reply(lang, f"handover.urgent{self._lacking()}", ref=self.ref)
        if self.seats.priority == Priority.DANGER:
            return texts.reply(lang, "emergency.known", ref=self.ref)
        if not self.known and not self.seats.open:
            hours, opens = self.seats.words(lang)
            return texts.reply(lang, "handover.closed", ref=self.ref, hours=hours, opens=opens)
        if self.elsewhere and not self.elsewhere.waiting:
            return texts.reply(lang, "handover.elsewhere_taken", ref=self.ref)
        key = "handover.elsewhere" if self.elsewhere else "handover.already" if self.known else "handover.queue"
        return texts.reply(lang, key, ref=self.ref, standing=self._place(texts, lang), wait=self._wait(texts, lang))

    def when(self, texts: Texts, lang: str) -> Reply:
        """When seats answer, and what is owed."""
        hours, opens = self.seats.words(lang)
        key = "seats.when_open" if self.seats.open else "seats.when_closed"
        standing, wait = self._place(texts, lang), self._wait(texts, lang)
        return texts.reply(lang, key, hours=hours, opens=opens, ref=self.ref, standing=standing, wait=wait)

    def _lacking(self) -> str:
        """The ending of the text's key, by whether anybody is there at all."""
        if not self.seats.open:
            return "_closed"
        return "_nobody" if self.seats.reach is Reach.NOBODY else ""

    def _place(self, texts: Texts, lang: str) -> str:
        """Where in the queue."""
        if not self.seats.waiting:
            return texts.line(lang, "handover.first")
        return texts.line(lang, "handover.behind", waiting=self.seats.waiting)

    def _wait(self, texts: Texts, lang: str) -> str:
        """How long it may take, honestly; nobody is promised a seat that is not there."""
        seats = self.seats
        if not seats.open:
            return texts.line(lang, "handover.opens", opens=seats.words(lang)[1])
        if seats.reach is not Reach.ABLE:
            return texts.line(lang, f"handover.{seats.reach.value}")
        if not seats.waiting:
            return texts.line(lang, "handover.soon")
        if seats.minutes is None:
            return texts.line(lang, "handover.unknown")
        return texts.line(lang, "handover.minutes", low=seats.minutes[0], high=seats.minutes[1])
