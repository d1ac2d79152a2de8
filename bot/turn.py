"""What a handler sees of one turn, and what it gathers to be done. Nothing here is written until the turn commits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import msgspec

from accounts.accounts import Accounts
from accounts.limits import TICKETS, TICKETS_FROM, Once
from bot import about
from bot.blame import Blame, Blamed, Saying
from bot.catalogues import as_it_is
from bot.comprehension import Understanding
from bot.conversation import Conversation, Danger, Offer, Task
from bot.language import is_left_chinese
from bot.messages import Card, Handover, Inbound, Option, Priority, Reply
from bot.offering import leads_somewhere, offers
from bot.redlines import Alarm
from bot.slots import NeedsAnswer, Slot
from bot.texts import Texts
from bot.waiting import COMPLAINT, GENERAL, GOES_ON, HeldPlace, Need, SeatAvailability, TicketStatus, both, reference
from knowledge.catalogue import Catalogue
from knowledge.entries import IMPORTED, Entry
from knowledge.library import Library
from knowledge.sessions import Calendar
from nlu.text import fold
from store.bank import NewDispute
from store.ticket_events import TO_CALL

CHOICES = 3  # a caller keeps no more in mind
_NOT_TOLD = {"detail", "of", "way"}  # slots that say how a task began
Kept = Literal["organisations", "courses", "activities", "items"]  # what a catalogue may have none of


@dataclass(slots=True)
class Turn:
    """One message on its way to an answer."""

    inbound: Inbound
    state: Conversation
    heard: Understanding
    library: Library
    calendar: Calendar  # when classes are held, by what was on record when the thinking began
    revision: int  # of what was known then
    texts: Texts
    desk: SeatAvailability
    accounts: Accounts
    limits: Once
    now: datetime
    reproaches: Callable[[str], bool]  # whether words are likely to complain of the person who hears them
    ticket: str | None = None  # reference of the open ticket
    seat: str | None = None
    alarm: Alarm | None = None  # the red line that the message touches, or may
    outlived: bool = False  # something was open that was left lying too long
    rules: list[str] = field(default_factory=list)  # of the dialogue, that had a say; the last one answered
    cautioned: bool = False  # what the message holds was met with a word, and that may be all there is to say
    described: str | None = None  # the course that is taken to be meant, though it is not named
    silent: bool = False  # nothing is said and nothing is remembered
    keeps: bool = False  # nothing new is said: what was said, offered and asked before it stays so
    task: Task = field(default_factory=lambda: Task(""))
    said: list[Reply] = field(default_factory=list)
    offered: list[Offer] = field(default_factory=list)
    confirming: bool = False  # what is said ends with a question that yes or no answers
    private: bool = False  # what was asked is nobody else's business, and others read along
    wanted: str = ""  # why a person would have been called, had nobody read along
    handover: Handover | None = None
    reference: str | None = None  # of the ticket that `handover` opens, or opens again
    joined: HeldPlace | None = None  # `ticket`, where the same person has it from another channel
    person: str = ""  # whose ticket it is, as tickets keep it; known where one is opened or gone on with
    goes_on: bool = False  # it is for what they had before, so that it may be one that a seat has
    queued: Reply | None = None  # what was said of waiting for a seat
    after_hours: bool = False  # that no seat answers at this time
    rating: tuple[str, int] | None = None  # a closed ticket, and one to five stars for it
    entry_before: str | None = None  # the entry that answered in the turn before
    unanswered: bool = False  # nothing we know answers it: for editors to see
    asked_back: bool = False  # which of the things that may be meant
    standards: dict[str, str | None] = field(default_factory=dict)  # asked beside the task, with what answered
    told_of: list[str] = field(default_factory=list)  # the entries that were said
    shows: bool = False  # whether a thing was told that a follow-up may mean
    audits: list[tuple[str, str]] = field(default_factory=list)
    secret: str | None = None  # the answer to a slot that is kept nowhere
    dispute: NewDispute | None = None  # the ledger as it is now, to be kept with the ticket
    before: Mapping[int, bytes] = field(default_factory=dict)  # bodies for pieces of a number that was said
    blames: dict[tuple[str | bool | None, ...], Blamed] = field(default_factory=dict)  # by how that was asked
    unbind: bool = False  # the resident takes back who they have proven to be

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def catalogue(self) -> Catalogue:
        """What there is, in the resident's language, with as many places taken as are by now."""
        return as_it_is(self.calendar.catalogue, self.accounts, self.state.lang)

    @property
    def recorded(self) -> Catalogue:
        """What there is as it is on record, in Chinese."""
        return self.calendar.catalogue

    @property
    def offers(self) -> str:
        """What residents are told that they can ask."""
        return offers(self.texts, self.library, self.state.lang, self.today)

    @property
    def red_line(self) -> str | None:
        """The red line that is acted on before everything else."""
        return self.alarm.kind if self.alarm and self.alarm.sure else None

    def listen(self) -> None:
        """Takes in what the message says of somebody; what is chosen was said by us."""
        if self.inbound.choice is None:
            self.state.people, self.state.person = about.listen(
                self.state.people, self.state.person, self.heard.folded, self.heard.entities, self.today
            )

    def get(self, name: str) -> str | None:
        """The value of a slot, if the resident named it for this task."""
        return self.task.slots.get(name)

    @property
    def told(self) -> str:
        """What the task is about in the resident's words, folded: those that began it, where it was asked about."""
        return fold(self.task.slots.get("detail") or self.heard.text)

    async def ask(self, slot: Slot) -> str:
        """The value of a slot; a question to the resident where it is not known yet."""
        value = self.task.slots.get(slot.name)
        if value is None:
            raise NeedsAnswer(slot)
        return value

    def waits(self, slot: Slot) -> NeedsAnswer:
        """To be raised where what is said asks for the slot already."""
        return NeedsAnswer(slot, quiet=True)

    def _named(self, source: str | None) -> str | None:
        """A source, by its words or by the key of its text."""
        return self.line(source) if source and self.texts.has(source) else source

    def line(self, key: str, **values: object) -> str:
        """A text in the resident's language, to be part of what is said."""
        return self.texts.line(self.state.lang, key, **values)

    def named(self, kind: str, word: str) -> str:
        """A word of the catalogue in the resident's language, where its record or the texts know it."""
        if self.state.lang == "en" and (said := self.catalogue.in_english(kind, word)) is not None:
            return said
        key = f"{kind}.{word}"
        return self.line(key) if self.texts.has(key) else word

    def say(self, key: str, *, source: str | None = None, cards: tuple[Card, ...] = (), **values: object) -> None:
        """Says a text."""
        reply = self.texts.reply(self.state.lang, self.texts.on(self.inbound.channel, key), **values)
        self.tell(msgspec.structs.replace(reply, source=self._named(source), cards=cards))

    def tell(self, reply: Reply) -> None:
        """Says something that is not from the texts; nothing is said twice in a turn. That an answer was imported is no
        source that tells a resident anything."""
        source = reply.source if reply.source != IMPORTED else None
        if all(each.text != reply.text for each in self.said):
            self.said.append(msgspec.structs.replace(reply, lang=self.state.lang, source=source))

    def answer(self, entry: Entry) -> None:
        """Says a reviewed entry."""
        self.told_of.append(entry.id)
        said = entry.said(self.state.lang)
        self.tell(Reply(text=said.answer, spoken=said.spoken, short=said.sms, source=said.source))

    def title(self, entry: Entry) -> str:
        """What an entry is offered as, in the resident's language."""
        question = self.library.asks(entry)
        if self.state.lang != "en":
            return self.library.title(entry).rstrip("？?")
        if question is not None and not entry.questions:
            return self.wording(question.id)
        return (entry.en and entry.en.question) or self.library.title(entry).rstrip("？?")

    def recall(self, entry: Entry, part: str) -> None:
        """Says a part of a reviewed entry once more."""
        self.told_of.append(entry.id)
        self.tell(Reply(text=part, source=entry.said(self.state.lang).source))

    def wording(self, standard: str) -> str:
        """A standard question, as it is asked in the resident's language."""
        question = self.library.questions[standard]
        if self.texts.has(f"question.{standard}"):
            return self.line(f"question.{standard}")
        return (question.en if self.state.lang == "en" else question.zh).rstrip("？?")

    def answer_standard(self, standard: str) -> None:
        """Says what this centre answers to a standard question; honestly, where it has no answer on record."""
        entry = self.library.answer(standard, self.today)
        self.standards[standard] = entry.id if entry else None
        if entry is not None:
            self.answer(entry)
            return
        self.unanswered = True
        self.say("not_answered", question=self.wording(standard))
        self.suggest("human")
        if self.catalogue.college is not None:
            self.suggest("site_phone")

    def answer_if_known(self, standard: str) -> bool:
        """Says what this centre answers to a standard question, where it does; whether it does."""
        known = self.library.answer(standard, self.today) is not None
        if known:
            self.answer_standard(standard)
        return known

    def lacks(self, *kinds: Kept) -> bool:
        """Whether something that the answer needs is not on record: said to be so, never asked for and never made up, with
        a person one key away."""
        lacking = next((kind for kind in kinds if not getattr(self.catalogue, kind)), None)
        if lacking is None:
            return False
        self.unanswered = True
        self.say(f"lacking.{lacking}")
        self.suggest("human")
        return True

    def offer_answer(self, label: str, standard: str) -> None:
        """Offers what this centre answers to a standard question, where it does; `label` is a text's key."""
        if (entry := self.library.answer(standard, self.today)) is not None:
            self.offer(self.line(label), "entry", entry=entry.id)

    def offer(self, label: str, intent: str | None = None, **slots: str) -> None:
        """Offers something to choose with what was said last; its key is its place among the offers."""
        if all((each.label, each.intent, each.slots) != (label, intent, slots) for each in self.offered):
            self.offered.append(Offer(str(len(self.offered) + 1), label, intent, slots))

    def offer_unseen(self, label: str, intent: str, **slots: str) -> None:
        """Offers what is on another page of a list."""
        self.offer(label, intent, **slots)
        self.offered[-1] = msgspec.structs.replace(self.offered[-1], shown=False)

    def suggest(self, intent: str, **slots: str) -> None:
        """Offers an intent under its own label, the text `label.<intent>`, where choosing it leads to anything."""
        if leads_somewhere(intent, self.library, self.today):
            self.offer(self.line(f"label.{intent}"), intent, **slots)

    def focus(self, kind: str, id: str) -> None:
        """What the talk is about now, so that 它 and 那个班 have a referent. Never for anything personal."""
        self.state.focus[kind] = id
        self.state.focus_age = 0

    def show(self, kind: str, *ids: str) -> None:
        """Which things were told, so that 多少钱 and 便宜那个 mean them."""
        self.shows = True
        if kind == "org" and any(self._is_at(each, ids) for each in self.state.shown):
            return  # where a class is does not end the talk about it
        told = [f"{kind}:{id}" for id in ids]
        if not set(told) & set(self.state.shown):
            self.state.before = self.state.shown
        self.state.shown = told
        if len(ids) > 1 or not set(self.state.shown) <= set(self.state.listed):
            self.state.listed = self.state.shown if len(ids) > 1 else []
        self.state.focus_age = 0

    def _is_at(self, shown: str, places: tuple[str, ...]) -> bool:
        group = self.catalogue.classes.get(shown.removeprefix("class:"))
        return group is not None and group.organisation in places

    def in_danger(self, kind: str) -> None:
        """Remembers what danger there is, for as long as its ticket is open."""
        ticket = self.ticket or self.reference
        assert ticket is not None
        self.state.danger = Danger(kind, ticket)

    def once(self, key: str, effect: Callable[[], None]) -> None:
        """Does it at the first run of the handler for this task, and at no later one."""
        if key not in self.task.memo:
            effect()
            self.task.memo[key] = "done"

    async def hand_over(
        self, reason: str, *, priority: Priority = Priority.ORDINARY, skill: str | None = None, topic: str = "human_agent",
        quiet: bool = False,
    ) -> None:  # fmt: skip
        """Puts the conversation into the seats' queue and says honestly what happens; `quiet` leaves the saying to
        the handler. Without a `skill` it is about what was answered last, where it is of no topic itself, and the skill is
        that topic's. With a ticket already open, its priority rises instead. However often this is done in a turn, there is
        one ticket, for what weighs most, and one number is told. Where too many were opened, or others read along and nothing
        is urgent, that is said instead."""
        if self.inbound.public and priority > Priority.TODAY:
            self.said.clear()  # what a handler has promised of it
            self.wanted = reason
            self.say("in_private")
            return
        if self.ticket is None and self.handover is None:
            await self._find_place(reason)
        if self._is_crowded(priority):
            if priority > Priority.TODAY:
                self.said.clear()  # what a handler has promised of it; what is urgent is good advice all the same
            self.say("queue.too_many")
            return
        topic = topic if skill else self._meant(topic)
        found = self.recorded.topics.get(topic)
        about = await self._about(reason, priority, skill or (found.skill if found else GENERAL), topic)
        self.handover = both(self.handover, about) if self.handover else about
        if self.ticket is None:
            self.reference = self._reference(self.handover)
        if self.queued or not quiet:
            await self.tell_of_waiting()

    async def _find_place(self, reason: str) -> None:
        """One person has one place, on whatever channels they have proven who they are: the ticket that they have already.
        A call waits for itself."""
        said, self.goes_on = self.inbound, reason in GOES_ON
        self.person = await self.accounts.identity.owner(said.channel, said.address, said.at, said.session)
        if self.state.merged_for not in ("", self.person, self.accounts.identity.reached(said.channel, said.address)):
            self.state.closed = None  # who writes now has not proven to be who had that
        self.joined = None if said.session else await self.desk.held(self.person, goes_on=self.goes_on)
        self.ticket = self.joined.ref if self.joined else None

    def _is_crowded(self, priority: Priority) -> bool:
        """Whether this person, on all channels together, or whoever is where they are, has opened too many tickets: never for a
        life in danger."""
        if priority == Priority.DANGER or self.ticket or self.handover:
            return False
        asked = self.limits.both(TICKETS, self.person, TICKETS_FROM, self.inbound.origin)
        return self.limits.take(*asked) > 0

    def _meant(self, topic: str) -> str:
        """The topic that it is about: who asks for a person after an answer means what was answered."""
        last = self.state.last
        told = self.library.entries.get(last.slots.get("entry", "")) if last and topic == "human_agent" else None
        return told.topic if told else topic

    async def _about(self, reason: str, priority: Priority, skill: str, topic: str) -> Handover:
        closed, blamed = self.state.just_closed(self.inbound.at), await self.blamed(complains=reason == COMPLAINT)
        accused = await self._blame().accused_lately() if self.ticket is None or self.joined else ()
        spared = self.seat and not blamed.of_hearer  # who has it hears of a colleague
        return Handover(
            topic=topic, reason=reason, skill=skill, priority=priority, to_call=reason in TO_CALL,
            named=tuple(dict.fromkeys((*blamed.named, *accused))),
            summary=self.task.slots.get("detail") or self.inbound.text[:200],
            place=self.task.slots.get("org") or self.state.focus.get("org"),
            slots={name: value for name, value in self.task.slots.items() if name not in _NOT_TOLD},
            tried=tuple(reply.source for reply in self.state.said if reply.source),
            against=tuple(ref for ref in (self.ticket, closed) if ref) if blamed.complains and not spared else (),
        )  # fmt: skip

    async def blamed(self, *, complains: bool = False) -> Blamed:
        """Of whom of the seats it complains; `complains` where it is read as a complaint, whatever its words."""
        asked = (detail := self.task.slots.get("detail", "")), complains, self.ticket, self.seat, self.state.complaint
        if asked not in self.blames:
            self.blames[asked] = await self._blame().of_whom(detail, complains=complains)
        return self.blames[asked]

    def _blame(self) -> Blame:
        talk = Saying(self.inbound, self.state, self.ticket, self.seat)
        return Blame(self.desk, talk, self.recorded, self.reproaches)

    def _reference(self, about: Handover) -> str:
        closed = self.state.just_closed(self.inbound.at)
        if closed and about.reason in GOES_ON and not (about.against or about.named):
            return closed
        return self.reference if self.reference and self.reference != closed else reference(self.now)

    async def tell_of_waiting(self) -> None:
        """Says how the ticket stands, in place of what was said of it before in this turn."""
        standing = await self._standing()
        self.said = [each for each in self.said if each is not self.queued]
        self.tell(standing)
        self.queued = self.said[-1]

    async def _standing(self) -> Reply:
        about, ref = self.handover, self.ticket or self.reference
        if self.state.elsewhere and ref == self.state.just_closed(self.inbound.at) and self.joined is None:
            return self.texts.reply(self.state.lang, "handover.merged", ref=ref)
        need = Need(about.skill, self.state.lang, about.place, about.against, about.named) if about else Need()
        if self.ticket:
            seats = await self.desk.place(self.now, self.ticket, need)
        else:
            seats = await self.desk.seats(self.now, about.priority if about else Priority.ORDINARY, need)
        self.after_hours = not seats.open
        urgent = about is not None and about.priority == Priority.DANGER
        return TicketStatus(seats, ref, urgent, self.ticket is not None, self.joined).told(self.texts, self.state.lang)

    def warn_of_chinese(self) -> None:
        """Once in an English talk, before what our centre has in Chinese only."""
        left = any(each.lang == "en" and is_left_chinese(each.text) for each in self.said)
        if self.state.lang == "en" and left and not self.state.warned:
            self.state.warned = True
            self.said.insert(0, self.texts.reply("en", "language.only_chinese"))

    def finished_replies(self) -> list[Reply]:
        """What was said, the offers on the last of it."""
        if self.offered and self.said:
            options = tuple(Option(offer.key, offer.label) for offer in self.offered if offer.shown)
            self.said[-1] = msgspec.structs.replace(self.said[-1], options=options)
        return self.said
